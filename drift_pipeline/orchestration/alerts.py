"""Alerts from Dagster: the hook on failure, and the drift alert of a report. Neither ever fails a run."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import dagster as dg

from drift_pipeline.config import Settings, variables_for
from drift_pipeline.errors import DriftError, StoreError
from drift_pipeline.exit_codes import fails
from drift_pipeline.history.artifacts import PAGE, SUMMARY, Kept, keep_report
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.notify.alerts import Failure
from drift_pipeline.notify.channels import Channel, channels
from drift_pipeline.notify.deliver import Delivery, Outcome, tell, tell_failure
from drift_pipeline.notify.message import Document
from drift_pipeline.orchestration.failures import NEXT_STEP, SUBJECT
from drift_pipeline.orchestration.resources import DriftResource
from drift_pipeline.redaction import redact, secrets_in
from drift_pipeline.report.report import Report

NOTIFIED_TAG = "drift/notified_by"
"""On a run whose failure was told of, so that nobody tells of it a second time."""

_NOTIFIED_RUN_TAG = "drift/notified_run"
"""Whose failure that was: a rerun begins with the tags of the run before it, and its own failure is another one."""


def mark_told(instance: dg.DagsterInstance, run_id: str, teller: str) -> None:
    """Note on a run that its failure was told of. `teller`: hook or sensor."""
    instance.add_run_tags(run_id, {NOTIFIED_TAG: teller, _NOTIFIED_RUN_TAG: run_id})


def told_by(run: dg.DagsterRun) -> str:
    """Who told of the failure of this very run; empty if nobody did."""
    return run.tags.get(NOTIFIED_TAG, "") if run.tags.get(_NOTIFIED_RUN_TAG) == run.run_id else ""


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
        variables = variables_of(drift, environment)
        failure = describe(context.op_exception, environment or "models", context.op.name, variables)
        deliveries = tell_failure(failure, channels(variables), link=run_link(context.run_id))
        log_deliveries(context.log, deliveries)
        if any(delivery.outcome is Outcome.SENT for delivery in deliveries):
            mark_told(context.instance, context.run_id, "hook")

    return tell_of_failure


def alert(log: logging.Logger, settings: Settings, store: ArtifactStore, kept: Kept, run_id: str) -> Kept:
    """Tells the environment's channels of the report that was just kept. An alert that failed fails no check.

    What did not reach anybody stands in the notes of the report that is returned, and in its artifacts.
    """
    report = kept.report
    environment = report.context.environment
    ways = channels_of(settings, environment)
    deliveries = tell(
        report,
        ways,
        store=store,
        run_id=run_id,
        moved=kept.movement,
        link=run_link(run_id) or kept.locations[SUMMARY],
        document=_page(store, environment, run_id) if ways else None,
        remind_after=timedelta(days=settings.remind_after),
    )
    log_deliveries(log, deliveries)
    problems = tuple(f"alert by {item.channel}: {item.problem}" for item in deliveries if item.problem)
    if not problems:
        return kept
    told = replace(report, notes=(*report.notes, *problems))
    try:
        return keep(settings, store, told, run_id)
    except StoreError as error:
        log.warning("the report could not be written again with what became of the alert: %s", error.message)
        return replace(kept, report=told)


def keep(settings: Settings, store: ArtifactStore, report: Report, run_id: str) -> Kept:
    """Puts the report into the store, as the settings want it. StoreError if the store cannot be used."""
    return keep_report(
        store,
        report,
        run_id,
        allow_destructive=settings.allow_destructive,
        fails=partial(fails, fail_on=settings.fail_on),
    )


def _page(store: ArtifactStore, environment: str, run_id: str) -> Document | None:
    """The full report as a file for people."""
    try:
        text = store.read(environment, run_id, PAGE)
    except StoreError:
        return None
    return Document(f"schema-drift-{file_stem(environment)}.html", text.encode()) if text else None


def file_stem(name: str) -> str:
    """The name as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:60].strip("-") or "report"


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
            if delivery.problem:
                log.warning("%s: %s", delivery.channel, delivery.problem)


def variables_of(drift: DriftResource, environment: str) -> Mapping[str, str]:
    """The variables that count for an environment: the process's own alone, where the settings are what failed."""
    try:
        return variables_for(drift.settings(), environment)
    except DriftError:
        return os.environ
