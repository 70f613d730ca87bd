"""When to tell: once for each change of the set of findings, and once when all of it is gone.

What each channel was last told lies in the artifact store. It counts what was *delivered*: an alert that Telegram did
not take is sent again by the next check, though the findings are the same by then.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from drift_pipeline.errors import NotifyError, StoreError
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.history.trend import Movement
from drift_pipeline.notify.alerts import Failure, all_clear, drift_alert, failure_alert
from drift_pipeline.notify.channels import Channel
from drift_pipeline.notify.message import Message
from drift_pipeline.report.report import Report

STATE = "alerts.json"

Told = dict[str, list[str]]
"""Channel -> keys of the findings that it was last told of."""


class Outcome(StrEnum):
    """What became of an alert on one channel."""

    SENT = "sent"
    NOT_NEEDED = "not needed"
    FAILED = "failed"


@dataclass(frozen=True)
class Delivery:
    """The outcome on one channel; `problem`: why it failed, and the next step."""

    channel: str
    outcome: Outcome
    problem: str = ""


def tell(
    report: Report,
    channels: Sequence[Channel],
    *,
    store: ArtifactStore | None = None,
    run_id: str = "",
    moved: Movement | None = None,
    link: str = "",
) -> tuple[Delivery, ...]:
    """Alert every channel that was not yet told of exactly these findings. Never raises for a channel's fault.

    Without a store nothing is known of earlier alerts: every drift alerts, and no all-clear is sent.
    """
    if not channels:
        return ()
    environment = report.context.environment
    told = _read(store, environment)
    keys = sorted(finding.difference.key for finding in report.counting)
    deliveries = []
    for channel in channels:
        message = _message(report, keys, told.get(channel.name), moved, link)
        delivery = _send(channel, message) if message else Delivery(channel.name, Outcome.NOT_NEEDED)
        deliveries.append(delivery)
        if delivery.outcome is not Outcome.FAILED:
            told[channel.name] = keys
    return (*deliveries, *_write(store, environment, run_id, told))


def tell_failure(failure: Failure, channels: Sequence[Channel], *, link: str = "") -> tuple[Delivery, ...]:
    """Alert every channel that a check could not look. Never raises for a channel's fault."""
    message = failure_alert(failure, link=link)
    return tuple(_send(channel, message) for channel in channels)


def _message(
    report: Report, keys: Collection[str], told: Collection[str] | None, moved: Movement | None, link: str
) -> Message | None:
    if told is not None and set(told) == set(keys):
        return None
    if keys:
        return drift_alert(report, moved=moved, link=link)
    return all_clear(report, moved=moved, link=link) if told else None


def _send(channel: Channel, message: Message) -> Delivery:
    try:
        channel.send(message)
    except NotifyError as error:
        return Delivery(channel.name, Outcome.FAILED, f"{error.message}; {error.hint}" if error.hint else error.message)
    return Delivery(channel.name, Outcome.SENT)


def _read(store: ArtifactStore | None, environment: str) -> Told:
    try:
        raw = json.loads((store and store.latest(environment, STATE)) or "{}")
        return {str(name): [str(key) for key in keys] for name, keys in raw.items()}
    except (StoreError, ValueError, TypeError, AttributeError):
        # better one alert too many than none
        return {}


def _write(store: ArtifactStore | None, environment: str, run_id: str, told: Told) -> tuple[Delivery, ...]:
    if store is None:
        return ()
    try:
        store.write(environment, run_id, {STATE: json.dumps(told, sort_keys=True) + "\n"})
    except StoreError as error:
        return (Delivery("store", Outcome.FAILED, f"{error.message}; the next check will alert again"),)
    return ()
