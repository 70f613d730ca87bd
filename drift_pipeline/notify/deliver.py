"""When to tell: once for each change of what was found, again when it stays for long, and once when it is gone.

What each channel was last told lies in the artifact store. It counts what was *delivered*: an alert that Telegram did
not take is sent again by the next check, though the findings are the same by then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from drift_pipeline.errors import NotifyError, StoreError
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.history.trend import Movement
from drift_pipeline.notify.alerts import Failure, all_clear, drift_alert, failure_alert
from drift_pipeline.notify.channels import Channel
from drift_pipeline.notify.message import Document, Message
from drift_pipeline.report.report import Report

STATE = "alerts.json"


@dataclass(frozen=True)
class Told:
    """What a channel was last told: the findings with severity and impact, when, and since when just these."""

    findings: frozenset[str] = frozenset()
    at: datetime | None = None
    since: datetime | None = None

    def due(self, now: datetime, remind_after: timedelta) -> bool:
        """Whether it is time to tell of the same findings again; never if `remind_after` is zero."""
        return bool(self.findings and remind_after and self.at and now - self.at >= remind_after)

    def then(self, findings: frozenset[str], now: datetime, *, silent: bool) -> Told:
        """What it knows after this check. `silent`: nothing was sent."""
        if findings != self.findings:
            return Told(findings, now, now)
        return Told(findings, (silent and self.at) or now, self.since or now)


class Outcome(StrEnum):
    """What became of an alert on one channel."""

    SENT = "sent"
    NOT_NEEDED = "not needed"
    FAILED = "failed"


@dataclass(frozen=True)
class Delivery:
    """The outcome on one channel; `problem`: why it failed and the next step, or what of it did not arrive."""

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
    document: Document | None = None,
    remind_after: timedelta = timedelta(0),
) -> tuple[Delivery, ...]:
    """Alert every channel that was not yet told of exactly these findings. Never raises for a channel's fault.

    `document`: the full report, attached to alerts of drift. `remind_after`: after so long without a word, findings
    that are still the same are told of again; never if it is zero. Without a store nothing is known of earlier alerts:
    every drift alerts, and no all-clear is sent.
    """
    if not channels:
        return ()
    environment, now = report.context.environment, _utc(report.context.checked_at)
    told = _read(store, environment)
    found = frozenset(f"{item.severity} {item.impact} {item.difference.key}" for item in report.counting)
    deliveries = []
    for channel in channels:
        before = told.get(channel.name, Told())
        message = _message(report, before, found, reminding=before.due(now, remind_after), moved=moved, link=link)
        if message and found:
            message = replace(message, document=document)
        delivery = _send(channel, message) if message else Delivery(channel.name, Outcome.NOT_NEEDED)
        deliveries.append(delivery)
        if delivery.outcome is not Outcome.FAILED:
            told[channel.name] = before.then(found, now, silent=message is None)
    return (*deliveries, *_write(store, environment, run_id, told))


def tell_failure(failure: Failure, channels: Sequence[Channel], *, link: str = "") -> tuple[Delivery, ...]:
    """Alert every channel that a check could not look. Never raises for a channel's fault."""
    return send_all(failure_alert(failure, link=link), channels)


def send_all(message: Message, channels: Sequence[Channel]) -> tuple[Delivery, ...]:
    """Send a message to every channel. Never raises for a channel's fault."""
    return tuple(_send(channel, message) for channel in channels)


def _message(
    report: Report, before: Told, found: frozenset[str], *, reminding: bool, moved: Movement | None, link: str
) -> Message | None:
    """What a channel is to be told; None if it knows."""
    known = before.findings == found
    if known and not reminding:
        return None
    if found:
        return drift_alert(report, moved=moved, link=link, unchanged_since=before.since if known else None)
    return all_clear(report, moved=moved, link=link)


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def _send(channel: Channel, message: Message) -> Delivery:
    try:
        problem = channel.send(message)
    except NotifyError as error:
        return Delivery(channel.name, Outcome.FAILED, f"{error.message}; {error.hint}" if error.hint else error.message)
    return Delivery(channel.name, Outcome.SENT, problem)


def _read(store: ArtifactStore | None, environment: str) -> dict[str, Told]:
    try:
        raw = json.loads((store and store.latest(environment, STATE)) or "{}")
        return {str(name): _told(entry) for name, entry in raw.items()}
    except (StoreError, ValueError, TypeError, LookupError, AttributeError):
        # better one alert too many than none
        return {}


def _told(entry: Any) -> Told:
    at, since = (_utc(datetime.fromisoformat(entry[name])) for name in ("at", "since"))
    return Told(frozenset(map(str, entry["findings"])), at, since)


def _write(
    store: ArtifactStore | None, environment: str, run_id: str, told: Mapping[str, Told]
) -> tuple[Delivery, ...]:
    if store is None:
        return ()
    state = {
        name: {"findings": sorted(item.findings), "at": _moment(item.at), "since": _moment(item.since)}
        for name, item in told.items()
    }
    try:
        store.write(environment, run_id, {STATE: json.dumps(state, sort_keys=True) + "\n"})
    except StoreError as error:
        return (Delivery("store", Outcome.FAILED, f"{error.message}; the next check will alert again"),)
    return ()


def _moment(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
