"""When alerts are sent: once for each change of what was found, whatever happened to the alert before."""

from __future__ import annotations

from pathlib import Path

import pytest

from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.judge.findings import Severity
from drift_pipeline.notify.alerts import Failure
from drift_pipeline.notify.channels import channels
from drift_pipeline.notify.deliver import Delivery, Outcome, tell, tell_failure
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


def test_environments_do_not_know_of_each_others_alerts(telegram: BotApi, store: ArtifactStore) -> None:
    ways = channels(telegram.variables())
    tell(ONE, ways, store=store, run_id="1")
    staging = report(*ONE.findings, environment="staging")
    assert tell(staging, ways, store=store, run_id="1")[0].outcome is Outcome.SENT


def test_without_a_store_every_drift_alerts(telegram: BotApi) -> None:
    ways = channels(telegram.variables())
    assert [tell(found, ways)[0].outcome.value for found in (ONE, ONE, NONE)] == ["sent", "sent", "not needed"]


@pytest.mark.parametrize("state", ["", "{", "[]", '{"telegram": 3}', "null"])
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
