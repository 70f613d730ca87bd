"""What a later stage needs is begun early, and changes nothing: neither what comes out nor how often it is done."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace

import dagster as dg
import pytest

from drift_pipeline import repair, use_case
from drift_pipeline.config import Database
from drift_pipeline.errors import DriftError
from drift_pipeline.orchestration import assets, beforehand
from drift_pipeline.orchestration.beforehand import AT_ONCE, Beforehand
from drift_pipeline.schema.facts import Schema
from drift_pipeline.stage_values import LiveSchema
from drift_pipeline.threads import QUICKLY, switching_quickly
from tests.orchestration.project import AS_DECLARED, Project, give_history, number

LIVE = LiveSchema("production", Schema({}, 180000), "host:5432/shop")
AT_HEAD = AS_DECLARED + "create table alembic_version (version_num varchar(32) primary key);"
AT_HEAD += "insert into alembic_version values ('0001');"


class Counted:
    """Work that says who did it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.threads: list[str] = []
        self._errors = [error] if error else []

    def __call__(self) -> str:
        self.threads.append(threading.current_thread().name.partition("_")[0])
        if self._errors:
            raise self._errors.pop()
        return "done"


def test_work_that_was_begun_with_the_same_is_not_done_again() -> None:
    early, work = Beforehand(works=True), Counted()
    early.begin("a stage", LIVE, ("the", "same"), work)
    assert early.result("a stage", "production", ("the", "same"), work) == "done"
    assert work.threads == ["beforehand"]


def test_work_that_was_begun_with_something_else_or_for_somebody_else_is_done_now() -> None:
    early, begun, now = Beforehand(works=True), Counted(), Counted()
    early.begin("a stage", LIVE, "before", begun)
    early.begin("a stage", replace(LIVE, environment="staging"), "now", begun)
    assert early.result("a stage", "production", "now", now) == "done"
    assert early.result("another stage", "staging", "now", now) == "done"
    assert now.threads == ["MainThread"] * 2


def test_work_that_failed_is_done_again_where_its_error_is_told() -> None:
    early, work = Beforehand(works=True), Counted(DriftError("for a moment"))
    early.begin("a stage", LIVE, "same", work)
    assert early.result("a stage", "production", "same", work) == "done"
    assert work.threads == ["beforehand", "MainThread"]

    def broken() -> str:
        raise DriftError("for good")

    early.begin("a stage", LIVE, "same", broken)
    with pytest.raises(DriftError, match="for good"):
        early.result("a stage", "production", "same", broken)


def test_a_result_is_given_once() -> None:
    early, work = Beforehand(works=True), Counted()
    early.begin("a stage", LIVE, "same", work)
    for _ in range(2):
        early.result("a stage", "production", "same", work)
    assert work.threads == ["beforehand", "MainThread"]


def test_no_more_is_begun_than_may_lie_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    early, work = Beforehand(works=True), Counted()
    for number_of in range(AT_ONCE + 3):
        early.begin("a stage", replace(LIVE, environment=f"env{number_of}"), "same", work)
    for number_of in range(AT_ONCE + 3):
        early.result("a stage", f"env{number_of}", "same", work)
    assert sorted(work.threads) == ["MainThread"] * 3 + ["beforehand"] * AT_ONCE
    monkeypatch.setattr(beforehand, "MOST_FACTS", -1)
    early.begin("a stage", LIVE, "same", work)
    early.result("a stage", "production", "same", work)
    assert work.threads[-1] == "MainThread"


def test_nothing_is_begun_where_no_run_is_executed() -> None:
    early, work = Beforehand(works=False), Counted()
    early.begin("a stage", LIVE, "same", work)
    assert early.result("a stage", "production", "same", work) == "done"
    assert work.threads == ["MainThread"]


@pytest.mark.slow
def test_a_run_finds_what_was_begun_and_writes_the_same(
    project: Project,
    instance: dg.DagsterInstance,
    new_database: Callable[..., Database],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give_history(project)
    project.connect("PROD", new_database(AT_HEAD + "alter table customers alter name drop not null"))
    project.connect("STAGING", new_database(AT_HEAD + "alter table customers add note text"))
    asked: list[tuple[str, str]] = []

    def watched(what: str, module: object, name: str) -> None:
        work = getattr(module, name)

        def noted(*arguments: object, **options: object) -> object:
            asked.append((what, threading.current_thread().name.partition("_")[0]))
            return work(*arguments, **options)

        monkeypatch.setattr(module, name, noted)

    watched("diff", use_case, "find_drift")
    watched("revision", repair, "make_migration")
    monkeypatch.setattr(assets, "BEFOREHAND", Beforehand(works=True))
    early = project.execute(instance)
    assert early.success
    # staging's revision follows that of production, and has to wait for it
    begun = [("diff", "beforehand"), ("diff", "beforehand"), ("revision", "MainThread"), ("revision", "beforehand")]
    assert sorted(asked) == begun

    monkeypatch.setattr(assets, "BEFOREHAND", Beforehand(works=False))
    project.store.write("production", "none", {"migration.json": "{}"})
    project.store.write("staging", "none", {"migration.json": "{}"})
    again = project.execute(instance)
    for node, name in (
        ("production__drift_report", "total"),
        ("staging__drift_report", "total"),
        ("production__schema_diff", "sql"),
        ("staging__schema_diff", "sql"),
        ("production__migration", "revision"),
        ("staging__migration", "revision"),
    ):
        assert number(early, node, name) == number(again, node, name), (node, name)


def test_threads_that_overlap_leave_the_interpreter_as_it_was() -> None:
    before = sys.getswitchinterval()
    first, second = switching_quickly(), switching_quickly()
    first.__enter__()
    second.__enter__()
    assert sys.getswitchinterval() == pytest.approx(QUICKLY)
    first.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(QUICKLY)
    second.__exit__(None, None, None)
    assert sys.getswitchinterval() == before
