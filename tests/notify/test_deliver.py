"""When alerts are sent: once for each change of what was found, whatever happened to the alert before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.judge.findings import Impact, Severity
from drift_pipeline.notify.alerts import Failure
from drift_pipeline.notify.channels import channels
from drift_pipeline.notify.deliver import Delivery, Outcome, tell, tell_failure
from drift_pipeline.notify.message import Document
from drift_pipeline.report.report import Report
from tests.notify.bot_api import BotApi, error
from tests.notify.reports import finding, report

ONE = report(finding(Severity.MAJOR, "one"))
TWO = report(finding(Severity.MAJOR, "one"), finding(Severity.CRITICAL, "two"))
NONE = report()


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(str(tmp_path))


def test_the_same_findings_are_told_once_and_others_again_and_their_end_as_well(
    telegram: BotApi, store: ArtifactStore
) -> None:
    ways = channels(telegram.variables())
    outcomes = [
        tell(found, ways, store=store, run_id=f"run-{number}")[0].outcome
        for number, found in enumerate([NONE, ONE, ONE, TWO, ONE, NONE, NONE, ONE])
    ]
    assert [outcome.value for outcome in outcomes] == [
        "not needed",
        "sent",
        "not needed",
        "sent",
        "sent",
        "sent",
        "not needed",
        "sent",
    ]
    assert "✅ Schema Drift Resolved" in telegram.sent[3]["seen"]


def test_an_alert_that_was_not_taken_is_sent_by_the_next_check(telegram: BotApi, store: ArtifactStore) -> None:
    ways = channels(telegram.variables())
    telegram.script = [error(403, "Forbidden: bot was blocked")]
    (failed,) = tell(ONE, ways, store=store, run_id="1")
    assert failed.outcome is Outcome.FAILED
    assert failed.problem == (
        "Telegram did not take the alert: HTTP 403, Forbidden: bot was blocked; "
        "let the bot into the chat: somebody must add it, or write to it first"
    )
    assert tell(ONE, ways, store=store, run_id="2")[0].outcome is Outcome.SENT


def at(found: Report, day: int) -> Report:
    moment = datetime(2026, 5, 1, 2, 0, tzinfo=UTC) + timedelta(days=day)
    return replace(found, context=replace(found.context, checked_at=moment))


def outcomes(
    found: Report, days: Iterable[int], telegram: BotApi, store: ArtifactStore, remind_after: int
) -> list[int]:
    """The days on which an alert was sent."""
    ways, span = channels(telegram.variables()), timedelta(days=remind_after)
    return [
        day
        for day in days
        if tell(at(found, day), ways, store=store, run_id=f"{day}", remind_after=span)[0].outcome is Outcome.SENT
    ]


def test_drift_that_nobody_resolves_is_told_of_again_after_the_interval(telegram: BotApi, store: ArtifactStore) -> None:
    assert outcomes(ONE, range(16), telegram, store, 7) == [0, 7, 14]
    assert "Still the same" not in telegram.sent[0]["seen"]
    for reminder in telegram.sent[1:]:
        assert "⏰ Still the same as on 2026-05-01" in reminder["seen"]


def test_a_change_begins_the_interval_anew(telegram: BotApi, store: ArtifactStore) -> None:
    assert outcomes(ONE, range(6), telegram, store, 7) == [0]
    assert outcomes(TWO, range(6, 16), telegram, store, 7) == [6, 13]
    assert "⏰ Still the same as on 2026-05-07" in telegram.sent[-1]["seen"]


def test_no_reminder_without_drift_and_none_when_it_is_switched_off(telegram: BotApi, store: ArtifactStore) -> None:
    assert outcomes(NONE, range(0, 40, 5), telegram, store, 7) == []
    assert outcomes(ONE, range(40, 100, 5), telegram, store, 0) == [40]


def test_a_finding_that_got_worse_is_told_though_it_is_the_same(telegram: BotApi, store: ArtifactStore) -> None:
    (only,) = ONE.findings
    worse = replace(ONE, findings=(replace(only, severity=Severity.CRITICAL),))
    breaks = replace(ONE, findings=(replace(only, severity=Severity.CRITICAL, impact=Impact.BREAKS),))
    ways = channels(telegram.variables())
    for number, found in enumerate([ONE, worse, worse, breaks]):
        tell(found, ways, store=store, run_id=str(number))
    assert [sent["seen"].splitlines()[3] for sent in telegram.sent] == [
        "📊 Severity: major",
        "📊 Severity: critical",
        "📊 Severity: critical",
    ]


def test_a_reminder_that_failed_is_sent_by_the_next_check(telegram: BotApi, store: ArtifactStore) -> None:
    outcomes(ONE, [0], telegram, store, 7)
    telegram.script = [error(403, "Forbidden: bot was blocked")]
    assert outcomes(ONE, [8, 9], telegram, store, 7) == [9]


def test_the_report_goes_with_an_alert_of_drift_and_with_nothing_else(telegram: BotApi, store: ArtifactStore) -> None:
    ways = channels(telegram.variables())
    page = Document("schema-drift-production.html", b"<html>")
    for number, found in enumerate([ONE, ONE, NONE]):
        tell(found, ways, store=store, run_id=str(number), document=page)
    assert len(telegram.sent) == 2
    assert [file["document"]["name"] for file in telegram.documents] == [page.name]


def test_an_alert_whose_file_was_refused_is_sent_and_says_so(telegram: BotApi, store: ArtifactStore) -> None:
    telegram.file_script = [error(400, "Bad Request: wrong file")]
    page = Document("schema-drift-production.html", b"<html>")
    (sent,) = tell(ONE, channels(telegram.variables()), store=store, run_id="1", document=page)
    assert sent.outcome is Outcome.SENT
    assert "the report was not attached" in sent.problem
    assert tell(ONE, channels(telegram.variables()), store=store, run_id="2")[0].outcome is Outcome.NOT_NEEDED


def test_environments_do_not_know_of_each_others_alerts(telegram: BotApi, store: ArtifactStore) -> None:
    ways = channels(telegram.variables())
    tell(ONE, ways, store=store, run_id="1")
    staging = report(*ONE.findings, environment="staging")
    assert tell(staging, ways, store=store, run_id="1")[0].outcome is Outcome.SENT


def test_without_a_store_every_drift_alerts(telegram: BotApi) -> None:
    ways = channels(telegram.variables())
    assert [tell(found, ways)[0].outcome.value for found in (ONE, ONE, NONE)] == ["sent", "sent", "not needed"]


@pytest.mark.parametrize("state", ["", "{", "[]", '{"telegram": 3}', '{"telegram": {}}', '{"telegram": []}', "null"])
def test_a_damaged_memory_of_alerts_alerts_once_more(state: str, telegram: BotApi, store: ArtifactStore) -> None:
    store.write("production", "0", {"alerts.json": state or " "})
    assert tell(ONE, channels(telegram.variables()), store=store, run_id="1")[0].outcome is Outcome.SENT


def test_a_store_that_cannot_be_written_does_not_keep_the_alert_from_anybody(telegram: BotApi) -> None:
    unwritable = ArtifactStore("/proc/drift")
    sent, unsaved = tell(ONE, channels(telegram.variables()), store=unwritable, run_id="1")
    assert sent.outcome is Outcome.SENT
    assert unsaved.channel == "store"
    assert unsaved.outcome is Outcome.FAILED


def test_without_variables_nothing_is_sent_and_nothing_fails(store: ArtifactStore, tmp_path: Path) -> None:
    assert channels({}) == ()
    assert tell(ONE, (), store=store, run_id="1") == ()
    assert list(tmp_path.iterdir()) == []


def test_a_failure_goes_to_every_channel_and_one_that_is_down_stops_none(telegram: BotApi) -> None:
    variables = {**telegram.variables(), "DRIFT_ALERT_URLS": "json://127.0.0.1:9/"}
    told = tell_failure(Failure("production", "live_schema", "refused", "look"), channels(variables))
    assert told[0] == Delivery("telegram", Outcome.SENT)
    assert (told[1].channel, told[1].outcome) == ("apprise", Outcome.FAILED)
