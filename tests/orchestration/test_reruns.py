"""Runs beside and after each other: one at a time for an environment, reruns from a failure, what stays fresh."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.instance.config import PoolGranularity
from dagster._core.loader import LoadingContextForTest
from dagster._core.op_concurrency_limits_counter import GlobalOpConcurrencyLimitsCounter

from drift_pipeline.config import Database
from drift_pipeline.orchestration import assets
from tests.orchestration.project import DRIFTED, Project, number

TOP = Path(__file__).parents[2]


def job_of_everything() -> dg.JobDefinition:
    """For Dagster's reexecution, which finds a job by the name of the function that makes it."""
    root = Path(os.environ["DRIFT_ROOT"])
    project = Project(root, Path(os.environ["DRIFT_ARTIFACTS"]), root)
    return project.definitions.resolve_job_def("drift_check")


@pytest.fixture
def found(both: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("DRIFT_ROOT", str(both.root))
    monkeypatch.setenv("DRIFT_ARTIFACTS", str(both.artifacts))
    monkeypatch.setattr(assets, "READ_RETRIES", dg.RetryPolicy(max_retries=0))
    return both


# ---------------------------------------------------------------- reruns


@pytest.mark.slow
def test_a_rerun_from_failure_makes_what_failed_and_nothing_else(
    found: Project, instance: dg.DagsterInstance, new_database: Callable[..., Database]
) -> None:
    there = dict(found.variables)
    found.variables |= {"STAGING_DB_HOST": "127.0.0.1", "STAGING_DB_PORT": "1"}
    found.save_variables()
    job = dg.reconstructable(job_of_everything)
    with dg.execute_job(job, instance=instance) as first:
        assert not first.success
    assert instance.get_run_by_id(first.run_id).tags["drift/severity"] == "critical"  # type: ignore[union-attr]

    found.variables = there
    found.save_variables()
    again = dg.ReexecutionOptions.from_failure(first.run_id, instance)
    with dg.execute_job(job, instance=instance, reexecution_options=again) as second:
        assert second.success
        done = {event.step_key for event in second.all_events if event.is_step_success}
    # production was made by the first run; the trend waited for both
    assert done == {
        *(f"staging__{stage}" for stage in ("live_schema", "schema_diff", "drift_report", "migration")),
        "drift_trend",
    }
    assert [check.run_id for check in found.store.checks("production")] == [first.run_id]
    assert [check.run_id for check in found.store.checks("staging")] == [second.run_id]


# ---------------------------------------------------------------- one at a time


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance with the limits of dagster.yaml."""
    concurrency = yaml.safe_load((TOP / "dagster.yaml").read_text())["concurrency"]
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides={"concurrency": concurrency}) as own:
        yield own


def test_a_run_of_one_environment_waits_for_the_run_of_all_and_never_the_other_way_round_for_ever(
    limited: dg.DagsterInstance, project: Project
) -> None:
    def run(job: str, status: dg.DagsterRunStatus) -> dg.DagsterRun:
        return limited.create_run_for_job(project.definitions.resolve_job_def(job), status=status)

    def blocked(queued: dg.DagsterRun, *, beside: dg.DagsterRun) -> bool:
        storage = limited.event_log_storage
        return GlobalOpConcurrencyLimitsCounter(
            limited,
            [queued],
            limited.get_run_records(dg.RunsFilter(run_ids=[beside.run_id])),
            set(storage.get_concurrency_keys()),
            storage.get_pool_limits(),
            pool_granularity=limited.get_concurrency_config().pool_config.pool_granularity,
        ).is_blocked(queued)

    assert limited.get_concurrency_config().pool_config.pool_granularity is PoolGranularity.RUN
    queued, started = dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED
    production, everything = run("drift_check_production", queued), run("drift_check", started)
    blocked(production, beside=everything)  # the first look at a pool makes it known
    assert blocked(production, beside=everything)
    staging = run("drift_check_staging", started)
    assert not blocked(production, beside=staging)
    blocked(run("drift_check", queued), beside=staging)
    assert blocked(run("drift_check", queued), beside=staging)
    # a run that was killed holds nothing once it is marked as failed
    limited.report_run_failed(everything)
    assert not blocked(production, beside=everything)


# ---------------------------------------------------------------- tags


def test_a_run_tells_the_commit_that_it_judged_by(found: Project, instance: dg.DagsterInstance) -> None:
    for command in (
        ["init", "-q"],
        ["remote", "add", "origin", "git@github.com:acme/shop.git"],
        ["add", "."],
        ["-c", "user.name=T", "-c", "user.email=t@e.c", "commit", "-qm", "1"],
    ):
        subprocess.run(["git", *command], cwd=found.root, check=True, capture_output=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=found.root, check=True, capture_output=True, text=True)
    result = found.execute(instance, "drift_check_staging")
    (run,) = instance.get_runs(
        dg.RunsFilter(tags={"drift/checked_commit": head.stdout.strip(), "drift/env": "staging"})
    )
    assert run.run_id == result.run_id
    assert run.tags["drift/severity"] == "none"
    assert number(result, "staging__drift_report", "commit") == head.stdout.strip()
    page = f"https://github.com/acme/shop/commit/{head.stdout.strip()}"
    assert number(result, "staging__drift_report", "commit_page") == page


# ---------------------------------------------------------------- data versions


def stale(project: Project, instance: dg.DagsterInstance) -> dict[str, StaleStatus]:
    graph = project.definitions.resolve_asset_graph()
    loading = LoadingContextForTest(instance)
    resolver = CachingStaleStatusResolver(instance=instance, asset_graph=graph, loading_context=loading)
    return {key.to_user_string(): resolver.get_status(key) for key in graph.get_all_asset_keys()}


@pytest.mark.slow
def test_a_read_that_finds_nothing_new_leaves_everything_downstream_fresh(
    found: Project, instance: dg.DagsterInstance, new_database: Callable[..., Database]
) -> None:
    live = dg.AssetKey(["production", "live_schema"])

    def read_again() -> None:
        job = found.definitions.resolve_implicit_global_asset_job_def()
        assert job.execute_in_process(instance=instance, asset_selection=[live]).success

    assert found.execute(instance).success
    assert set(stale(found, instance).values()) == {StaleStatus.FRESH}
    read_again()
    assert set(stale(found, instance).values()) == {StaleStatus.FRESH}

    found.connect("PROD", new_database(DRIFTED + "create index on leftovers (id);"))
    found.save_variables()
    read_again()
    after = stale(found, instance)
    assert {key for key, status in after.items() if status is StaleStatus.STALE} == {
        "production/schema_diff",
        "production/drift_report",
        "production/migration",
    }
