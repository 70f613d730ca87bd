"""Sensors that look after the pipeline itself: runs that failed where no hook could see it, and checks that stay away.

What neither can see is a daemon that does not run, because they are its own: watch it from outside.

No `from __future__ import annotations` here: Dagster looks at the annotations of the functions themselves.
"""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from drift_pipeline.errors import NotifyError
from drift_pipeline.notify.alerts import Failure
from drift_pipeline.notify.channels import channels
from drift_pipeline.notify.deliver import Delivery, Outcome, send_all, tell_failure
from drift_pipeline.notify.message import Message
from drift_pipeline.notify.silence import Watched, from_state, silence_alert, silence_over, to_state
from drift_pipeline.orchestration.alerts import describe, log_deliveries, mark_told, run_link, told_by, variables_of
from drift_pipeline.orchestration.assets import ENVIRONMENT_TAG
from drift_pipeline.orchestration.jobs import EVERYTHING
from drift_pipeline.orchestration.names import tag_value
from drift_pipeline.orchestration.resources import DriftResource
from drift_pipeline.redaction import redact, secrets_in

WILL_RETRY_TAG = "dagster/will_retry"
"""Dagster's own: the daemon starts this run once more."""

HALF_A_MINUTE, TEN_MINUTES = 30, 600

GONE = "its process ended without a word: killed, out of memory, or restarted"
NEVER_STARTED = "it never started"
RUN_AGAIN = "read the run's log, and run it again from the UI; check the machine's memory if this happens often"


def failed_runs_sensor(names: Mapping[str, str]) -> dg.SensorDefinition:
    """Tells of a failed run that no hook told of: its worker was killed, or it never started. Once for each failure.

    A run that Dagster starts once more is not told of; what becomes of that one is. `names`: environment -> identifier.
    """

    @dg.run_failure_sensor(
        name="failed_runs",
        minimum_interval_seconds=HALF_A_MINUTE,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tell of a run that failed where no hook could see it: a killed worker, a run that never started.",
    )
    def failed_runs(context: dg.RunFailureSensorContext, drift: DriftResource) -> dg.SkipReason | None:
        run = context.instance.get_run_by_id(context.dagster_run.run_id) or context.dagster_run
        if told_by(run):
            return dg.SkipReason(f"run {run.run_id[:8]} was told of by its {told_by(run)}")
        if run.tags.get(WILL_RETRY_TAG) == "true":
            return dg.SkipReason(f"run {run.run_id[:8]} is started once more")
        environment = environment_of(run, names)
        variables = variables_of(drift, environment)
        failure = _described(context, environment or "all environments", variables)
        deliveries = tell_failure(failure, channels(variables), link=run_link(run.run_id))
        log_deliveries(context.log, deliveries)
        if not deliveries:
            return dg.SkipReason("no channel for alerts is configured")
        _require_delivery(deliveries)
        mark_told(context.instance, run.run_id, "sensor")
        return None

    return failed_runs


def environment_of(run: dg.DagsterRun, names: Mapping[str, str]) -> str:
    """The environment that a run was about, by its tag, its job or its assets; empty for several."""
    tag = run.tags.get(ENVIRONMENT_TAG, "")
    selected = {key.path[0] for key in run.asset_selection or () if len(key.path) > 1}
    for name, identifier in names.items():
        if (tag and tag == tag_value(name)) or run.job_name == f"{EVERYTHING}_{identifier}" or selected == {identifier}:
            return name
    return ""


def _described(context: dg.RunFailureSensorContext, environment: str, variables: Mapping[str, str]) -> Failure:
    """What failed: the step that said so, else what Dagster says of the run."""
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        told = data.user_failure_data
        if told is not None:
            error = dg.Failure(told.description, metadata=dict(told.metadata))
            return describe(error, environment, event.step_key or "", variables)
    started = context.instance.get_run_stats(context.dagster_run.run_id).start_time
    said = redact(context.failure_event.message or "", secrets_in(variables)).strip()
    what = GONE if started else NEVER_STARTED
    return Failure(environment, f"run of {context.dagster_run.job_name}", f"{what}. Dagster says: {said}", RUN_AGAIN)


def silence_sensor(names: Mapping[str, str], silence_hours: float) -> dg.SensorDefinition:
    """Tells once of an environment whose last successful check is too long ago, and once when it is checked again.

    It is told by whatever channel takes it; what none takes is told at the next tick.
    """
    limit = timedelta(hours=silence_hours)

    @dg.sensor(
        name="overdue_checks",
        minimum_interval_seconds=TEN_MINUTES,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Tell of an environment that no check looked at for {silence_hours:g} hours, and when one does.",
    )
    def overdue_checks(context: dg.SensorEvaluationContext, drift: DriftResource) -> dg.SensorResult:
        now = datetime.now(UTC)
        before = from_state(_json(context.cursor))
        watched, late = {}, []
        for environment, identifier in names.items():
            own = before.get(identifier, Watched(now))
            last = last_check(context.instance, identifier)
            message = _message(own.news(last, now, limit), environment, last, now, link=asset_link(identifier))
            if message:
                deliveries = send_all(message, channels(variables_of(drift, environment)))
                log_deliveries(context.log, deliveries)
                if any(delivery.outcome is Outcome.SENT for delivery in deliveries):
                    own = own.after(own.news(last, now, limit), now)
            watched[identifier] = own
            late += [environment] if own.is_late(last, now, limit) else []
        reason = f"overdue: {', '.join(late)}" if late else "every environment was checked in time"
        return dg.SensorResult(skip_reason=reason, cursor=json.dumps(to_state(watched)))

    def _message(news: str, environment: str, last: datetime | None, now: datetime, *, link: str) -> Message | None:
        if news == "late":
            return silence_alert(environment, last, now, limit, link=link)
        return silence_over(environment, last, link=link) if news and last else None

    return overdue_checks


def last_check(instance: dg.DagsterInstance, identifier: str) -> datetime | None:
    """When the last report of this environment was made, None if never."""
    event = instance.get_latest_materialization_event(dg.AssetKey([identifier, "drift_report"]))
    return datetime.fromtimestamp(event.timestamp, UTC) if event else None


def asset_link(identifier: str, environ: Mapping[str, str] = os.environ) -> str:
    """The page of an environment's report under DAGSTER_WEBSERVER_URL; empty without it."""
    base = environ.get("DAGSTER_WEBSERVER_URL", "").rstrip("/")
    return f"{base}/assets/{identifier}/drift_report" if base else ""


def _require_delivery(deliveries: Sequence[Delivery]) -> None:
    """NotifyError if nobody took it: a failed tick, which the UI shows."""
    if not any(delivery.outcome is Outcome.SENT for delivery in deliveries):
        problems = "; ".join(f"{delivery.channel}: {delivery.problem}" for delivery in deliveries)
        raise NotifyError(f"nobody could be told of a failed run: {problems}")


def _json(text: str | None) -> object:
    try:
        return json.loads(text or "{}")
    except ValueError:
        return {}
