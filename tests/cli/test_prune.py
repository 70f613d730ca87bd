"""`drift prune`: old artifacts go, and what trends are made of stays."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drift_pipeline.history.checks import CheckRecord
from drift_pipeline.history.store import ArtifactStore
from tests.cli.conftest import Drift


@pytest.fixture
def store(project: Path) -> ArtifactStore:
    kept = ArtifactStore(str(project / ".drift" / "artifacts"))
    for days in (200, 100, 10, 0):
        when = datetime.now(UTC) - timedelta(days=days)
        record = CheckRecord("production", f"run-{days}", when, "none", {}, 0, "live", "models")
        kept.write("production", record.run_id, {"drift-summary.md": "x"}, check=record)
    return kept


def test_what_is_older_than_the_settings_say_goes_and_every_check_stays_in_the_trend(
    drift: Drift, project: Path, store: ArtifactStore
) -> None:
    ended = drift("prune")
    assert (ended.code, ended.out.strip()) == (0, "artifacts of 2 checks removed, of 2 kept")
    assert store.runs("production") == ["run-0", "run-10"]
    assert len(json.loads(drift("trends", "--env", "production", "--json").out)) == 4

    assert drift("prune", "--days", "5").out.strip() == "artifacts of 1 check removed, of 1 kept"
    (project / "drift.toml").write_text('models = "x:y"\n[retention]\nartifacts = 0\n')
    assert "which is for ever" in drift("prune").out


def test_a_store_that_cannot_be_used_is_3_and_the_next_step(drift: Drift, project: Path) -> None:
    (project / ".drift").mkdir()
    (project / ".drift" / "artifacts").write_text("in the way")
    ended = drift("prune")
    assert ended.code == 3
    assert "DRIFT_ARTIFACTS" in ended.err
