"""Retention on a real instance: old artifacts, output and empty runs go; what plots and trends are made of stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.runs.schema import RunsTable

from drift_pipeline.history.checks import CheckRecord
from drift_pipeline.orchestration import retention
from tests.orchestration.conftest import instance_in
from tests.orchestration.project import SETTINGS, Project, failures, schedule_of

LONG_AGO = datetime.now(UTC) - timedelta(days=91)


def empty_run(instance: dg.DagsterInstance, project: Project) -> str:
    """A run that failed before anything was made."""
    project.write("shop/models.py", "import nothing_of_that_name\n")
    result = project.execute(instance, "drift_check_staging")
    assert not result.success
    assert not result.get_asset_materialization_events()
    return result.run_id


def full_run(instance: dg.DagsterInstance) -> str:
    """A run that failed after it had materialised something."""

    @dg.asset
    def made() -> None:
        pass

    @dg.asset(deps=[made])
    def failed() -> None:
        raise RuntimeError("on purpose")

    return dg.materialize([made, failed], instance=instance, raise_on_error=False).run_id


def long_ago(instance: dg.DagsterInstance, *run_ids: str) -> None:
    """Let these runs be over for 91 days."""
    with instance.run_storage.connect() as connection:  # type: ignore[attr-defined]
        connection.execute(
            RunsTable.update()
            .where(RunsTable.c.run_id.in_(run_ids))
            .values(update_timestamp=LONG_AGO.replace(tzinfo=None))
        )


def log_of(instance: dg.DagsterInstance, run_id: str) -> Path:
    manager = instance.compute_log_manager
    assert isinstance(manager, LocalComputeLogManager)
    place = Path(manager.get_captured_local_path([run_id, "compute_logs", "step"], "out"))
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("printed")
    return place


def clean(project: Project, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return project.execute(instance, "drift_retention")


@pytest.mark.slow
def test_empty_runs_go_and_those_that_materialised_stay(project: Project, instance_on_disk: dg.DagsterInstance) -> None:
    instance = instance_on_disk
    old, young, full = empty_run(instance, project), empty_run(instance, project), full_run(instance)
    long_ago(instance, old, full)
    logs = {run_id: log_of(instance, run_id) for run_id in (old, young, full)}

    assert clean(project, instance).success
    assert instance.get_run_by_id(old) is None
    assert instance.get_run_by_id(young) is not None
    assert instance.get_run_by_id(full) is not None
    assert instance.get_latest_materialization_event(dg.AssetKey("made")) is not None
    assert {run_id: place.exists() for run_id, place in logs.items()} == {old: False, young: True, full: False}

    # its own runs leave nothing worth keeping
    mine = {run.run_id for run in instance.get_runs(dg.RunsFilter(job_name="drift_retention"))}
    long_ago(instance, *mine)
    clean(project, instance)
    assert not mine & {run.run_id for run in instance.get_runs()}


@pytest.mark.slow
def test_all_of_many_pages_are_looked_at(
    project: Project, instance_on_disk: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = instance_on_disk
    job = project.definitions.resolve_job_def("drift_check_staging")
    runs = [instance.create_run_for_job(job, status=dg.DagsterRunStatus.FAILURE).run_id for _ in range(7)]
    long_ago(instance, *runs)
    monkeypatch.setattr(retention, "PAGE", 2)
    assert clean(project, instance).success
    assert not set(runs) & {run.run_id for run in instance.get_runs()}


def test_old_artifacts_go_and_the_settings_say_how_old(project: Project, instance: dg.DagsterInstance) -> None:
    for age in (1, 10, 100):
        record = CheckRecord(
            "production", f"run-{age}", datetime.now(UTC) - timedelta(days=age), "none", {}, 0, "live", "models"
        )
        project.store.write("production", record.run_id, {"drift-summary.md": "x"}, check=record)
    assert clean(project, instance).success
    assert project.store.runs("production") == ["run-1", "run-10"]
    project.write("drift.toml", SETTINGS + "[retention]\nartifacts = 5\n")
    assert clean(project, instance).success
    assert project.store.runs("production") == ["run-1"]
    assert len(project.store.checks("production")) == 3


@pytest.mark.slow
def test_a_store_that_is_down_keeps_no_log_and_no_run_alive(project: Project, tmp_path: Path) -> None:
    project.artifacts.parent.mkdir(parents=True, exist_ok=True)
    project.artifacts.write_text("in the way")
    with instance_in(project.home) as instance:
        run = empty_run(instance, project)
        long_ago(instance, run)
        result = clean(project, instance)
        assert set(failures(result)) == {"old_artifacts"}
        assert "next step" in failures(result)["old_artifacts"].metadata
        assert instance.get_run_by_id(run) is None


def test_it_runs_every_night_from_the_start(project: Project) -> None:
    schedule = schedule_of(project.definitions, "nightly_retention")
    assert (schedule.cron_schedule, schedule.job_name) == ("30 4 * * *", "drift_retention")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
