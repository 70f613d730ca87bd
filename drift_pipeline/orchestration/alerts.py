"""Alerts from Dagster: the hook on failure, and the drift alert of a report. Neither ever fails a run."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence

import dagster as dg

from drift_pipeline.config import Settings, variables_for
from drift_pipeline.errors import DriftError
from drift_pipeline.notify.alerts import Failure
from drift_pipeline.notify.channels import Channel, channels
from drift_pipeline.notify.deliver import Delivery, Outcome, tell_failure
from drift_pipeline.orchestration.failures import NEXT_STEP, SUBJECT
from drift_pipeline.orchestration.resources import DriftResource
from drift_pipeline.redaction import redact, secrets_in

NOTIFIED_TAG = "drift/notified_by"
"""On a run whose failure was told of, so that nobody tells of it a second time."""


def channels_of(settings: Settings, environment: str) -> tuple[Channel, ...]:
    """The channels that the environment's variables configure, .env files included."""
    return channels(variables_for(settings, environment))


def run_link(run_id: str, environ: Mapping[str, str] = os.environ) -> str:
    """Where people find this run: DRIFT_REPORT_URL (of a CI job), or its page under DAGSTER_WEBSERVER_URL."""
    base = environ.get("DAGSTER_WEBSERVER_URL", "").rstrip("/")
    return environ.get("DRIFT_REPORT_URL", "") or (f"{base}/runs/{run_id}" if base else "")


def failure_hook(identifier: str, environment: str = "") -> dg.HookDefinition:
    """Tells that a stage of this environment failed, after its retries; without one, that the models did.

    It belongs to the asset and not to a job, so that it fires from the UI's Materialize as well.
    """

    @dg.failure_hook(name=f"tell_of_failure_{identifier}", required_resource_keys={"drift"})
    def tell_of_failure(context: dg.HookContext) -> None:
        drift: DriftResource = context.resources.drift
        variables = _variables(drift, environment)
        failure = describe(context.op_exception, environment or "models", context.op.name, variables)
        deliveries = tell_failure(failure, channels(variables), link=run_link(context.run_id))
        log_deliveries(context.log, deliveries)
        if any(delivery.outcome is Outcome.SENT for delivery in deliveries):
            context.instance.add_run_tags(context.run_id, {NOTIFIED_TAG: "hook"})

    return tell_of_failure


def describe(error: BaseException | None, environment: str, stage: str, variables: Mapping[str, str]) -> Failure:
    """A failed step in words. What a DriftError said is shown; of a crash its kind and, redacted, its text."""
    if isinstance(error, dg.Failure):
        metadata = {name: str(value.value) for name, value in error.metadata.items()}
        message, hint = error.description or "", metadata.get(NEXT_STEP, "")
        subject = metadata.get(SUBJECT, environment)
    else:
        message, hint = f"{type(error).__name__}: {error}", "see the run's log; this is a fault of drift_pipeline"
        subject = environment
    return Failure(subject, stage.rpartition("__")[2], redact(message, secrets_in(variables)), hint)


def log_deliveries(log: logging.Logger, deliveries: Sequence[Delivery]) -> None:
    """One line for each channel that was used."""
    for delivery in deliveries:
        if delivery.outcome is Outcome.FAILED:
            log.warning("the alert could not be delivered: %s: %s", delivery.channel, delivery.problem)
        elif delivery.outcome is Outcome.SENT:
            log.info("alert sent: %s", delivery.channel)


def _variables(drift: DriftResource, environment: str) -> Mapping[str, str]:
    # where the settings are what failed, the process's own variables are left
    try:
        return variables_for(drift.settings(), environment)
    except DriftError:
        return os.environ
