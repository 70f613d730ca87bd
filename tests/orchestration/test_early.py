"""A process that executes one run begins what its first stages wait for while Dagster gets ready; servers do not."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from drift_pipeline.config import load_settings
from drift_pipeline.models import line
from drift_pipeline.models.loader import load_models
from drift_pipeline.models.subprocesses import PROCESS
from drift_pipeline.orchestration.early import begin_early, executes_a_run

RUN = ["/somewhere/bin/dagster", "job", "execute", "-m", "drift_pipeline", "-j", "drift_check"]
SETTINGS = "[models]\ntargets = ['shop:metadata']\n"
MODELS = """\
from sqlalchemy import Column, Integer, MetaData, Table
metadata = MetaData()
Table("a", metadata, Column("id", Integer))
"""


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    standing: dict[object, line._Standby] = {}
    monkeypatch.setattr(line, "_standing", standing)
    yield
    gc.unfreeze()
    for each in standing.values():
        line._end(each)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "drift.toml").write_text(SETTINGS)
    (tmp_path / "shop.py").write_text(MODELS)
    return tmp_path


def of_the_models() -> list[line._Standby]:
    return [each for key, each in line._standing.items() if str(PROCESS) in str(key)]


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        (RUN, True),
        (["python", "-m", "dagster", "job", "execute", "-j", "drift_check"], True),
        (["/bin/dagster", "api", "execute_run", "{}"], True),
        (["/bin/dagster", "api", "grpc", "-m", "drift_pipeline"], False),
        (["/bin/dagster", "dev"], False),
        (["/bin/dagster", "code-server", "start"], False),
        (["/bin/dagster", "definitions", "validate"], False),
        (["/bin/dagster", "job", "list"], False),
        (["pytest"], False),
        ([], False),
    ],
)
def test_only_what_executes_a_run_is_taken_for_it(arguments: list[str], runs: bool) -> None:
    assert executes_a_run(arguments) is runs


@pytest.mark.skipif(not line.FORKS, reason="no process stands by here")
def test_the_first_run_finds_its_models_process_standing_by_and_a_later_one_starts_none(project: Path) -> None:
    settings = load_settings(project)
    begin_early(RUN, settings)
    assert gc.get_freeze_count() > 0  # what was imported is not looked through again
    (standing,) = of_the_models()
    loaded = load_models(settings.models, project)
    assert list(loaded.tables) == ["public.a"]
    assert of_the_models() == [standing]  # the one that stood by answered
    for each in line._standing.values():
        line._end(each)
    line._standing.clear()
    begin_early(RUN, settings)
    assert not line._standing


@pytest.mark.parametrize("arguments", [["dagster", "dev"], ["dagster", "api", "grpc"]])
def test_a_server_starts_nothing(arguments: list[str], project: Path) -> None:
    frozen = gc.get_freeze_count()
    begin_early(arguments, load_settings(project))
    assert not line._standing
    assert gc.get_freeze_count() == frozen


def test_settings_that_cannot_be_read_stop_nothing() -> None:
    begin_early(RUN, None)
    assert not line._standing


def test_an_interpreter_that_does_not_exist_is_told_of_by_the_stage_that_needs_it(project: Path) -> None:
    (project / "drift.toml").write_text(SETTINGS + "python = 'no/such/python'\n")
    begin_early(RUN, load_settings(project))
    assert not of_the_models()
