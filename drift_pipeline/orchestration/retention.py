"""What is kept for how long: artifacts, captured output, and runs that left nothing to look at.

A run that materialised something stays for ever: to delete a run is to delete its materialisations, and they are the
plots and the history that people look at. Three steps that know nothing of each other, so that a store which is down
keeps no log alive.

No `from __future__ import annotations` here: Dagster looks at the annotations of the functions themselves.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from drift_pipeline.history.retention import prune_artifacts
from drift_pipeline.orchestration.alerts import failure_hook
from drift_pipeline.orchestration.failures import could_not_look
from drift_pipeline.orchestration.resources import DriftResource

RETENTION = "drift_retention"
CRON = "30 4 * * *"
PAGE = 200
"""Runs that are asked for at once."""

_OVER = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_WORTH_KEEPING = {
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_OBSERVATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
}


@dg.op(description="Remove the artifacts of old checks. The newest ones and the index of all checks stay.")
def old_artifacts(context: dg.OpExecutionContext, drift: DriftResource) -> None:
    with could_not_look("retention"):
        settings = drift.settings()
        store = drift.store(settings)
        pruned = prune_artifacts(store, days=settings.retention.artifacts, now=datetime.now(UTC))
    _tell(context, removed=pruned.removed, left=pruned.left)


@dg.op(description="Remove what old runs wrote to their standard output.")
def old_logs(context: dg.OpExecutionContext, drift: DriftResource) -> None:
    with could_not_look("retention"):
        days = drift.settings().retention.logs
        removed = 0
        for run in _runs_before(context.instance, days):
            context.instance.compute_log_manager.delete_logs(prefix=[run.run_id])
            removed += 1
    _tell(context, removed=removed)


@dg.op(description="Remove old runs that materialised nothing: those that failed early, and this job's own.")
def old_runs(context: dg.OpExecutionContext, drift: DriftResource) -> None:
    with could_not_look("retention"):
        days = drift.settings().retention.runs
        removed = left = 0
        for run in _runs_before(context.instance, days):
            if _left_something(context.instance, run):
                left += 1
            else:
                context.instance.delete_run(run.run_id)
                removed += 1
    _tell(context, removed=removed, left=left)


def retention_job() -> dg.JobDefinition:
    """Removes what is older than the settings say; artifacts, output and runs each on their own."""

    @dg.job(
        name=RETENTION,
        hooks={failure_hook("retention")},
        executor_def=dg.in_process_executor,
        description="Remove artifacts, logs and empty runs that are older than the settings say.",
    )
    def drift_retention() -> None:
        old_artifacts()
        old_logs()
        old_runs()

    return drift_retention


def retention_schedule(job: dg.JobDefinition, timezone: str = "UTC") -> dg.ScheduleDefinition:
    """Every night, after the checks."""
    return dg.ScheduleDefinition(
        name="nightly_retention",
        job=job,
        cron_schedule=CRON,
        execution_timezone=timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Remove what is older than the settings say, every night at 04:30.",
    )


def _runs_before(instance: dg.DagsterInstance, days: int) -> Iterator[dg.DagsterRun]:
    """Every run that was over so many days ago, newest first; none for 0 days."""
    if not days:
        return
    wanted = dg.RunsFilter(statuses=_OVER, updated_before=datetime.now(UTC) - timedelta(days=days))
    page = instance.get_runs(wanted, limit=PAGE)
    while page:
        # the next page is asked for before any run of this one is gone: it begins after its last one
        following = instance.get_runs(wanted, cursor=page[-1].run_id, limit=PAGE)
        yield from page
        page = following


def _left_something(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether the run has events that outlive it: materialisations, observations, outcomes of checks."""
    if run.is_success and run.job_name != RETENTION:
        return True  # without a look at each of thousands of runs: every other job that succeeds materialises
    return bool(instance.get_records_for_run(run.run_id, of_type=_WORTH_KEEPING, limit=1).records)


def _tell(context: dg.OpExecutionContext, **numbers: int) -> None:
    context.log.info("%s", ", ".join(f"{name}: {number}" for name, number in numbers.items()))
    context.add_output_metadata({name: dg.MetadataValue.int(number) for name, number in numbers.items()})
