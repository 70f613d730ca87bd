"""Telegram, against a local server that answers like the Bot API."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drift_pipeline.errors import NotifyError
from drift_pipeline.history.trend import Movement
from drift_pipeline.judge.findings import Cause, Impact, Severity
from drift_pipeline.notify.alerts import Failure, all_clear, drift_alert, failure_alert
from drift_pipeline.notify.message import Document
from drift_pipeline.notify.telegram import MAX_DOCUMENT, TelegramSettings, send, telegram_settings
from tests.notify.bot_api import CHAT, TOKEN, BotApi, cut, error, hang
from tests.notify.reports import finding, report

BASE_FORM = """\
🔴 Schema Drift Alert - CRITICAL

🗄️ Environment: production
📊 Severity: critical

Changes Detected:
• 🔴 Critical: 2
• 🟠 Major: 1
• 🟡 Minor: 3
"""

HOSTILE = [
    "a'b--<b>",
    "<script>alert(1)</script>",
    "</b></code>",
    "&amp; & &lt;",
    'quote" onclick="x',
    "_*[]()~`>#+-=|{}.!",
    "line\nbreak\r\x00\x1b[31m",
    "🗄️" * 60,
    "x" * 10_000,
    "\ud83d",
]


@pytest.fixture
def settings(telegram: BotApi) -> TelegramSettings:
    found = telegram_settings(telegram.variables())
    assert found
    return found


def six_findings() -> Any:
    levels = [Severity.CRITICAL] * 2 + [Severity.MAJOR] + [Severity.MINOR] * 3
    return report(*(finding(level, f"table public.t{number} is new") for number, level in enumerate(levels)))


def test_the_drift_alert_has_the_form_that_was_asked_for(telegram: BotApi, settings: TelegramSettings) -> None:
    send(settings, drift_alert(six_findings(), link="https://ci.example/run/1?a=1&b=2"))

    (sent,) = telegram.sent
    assert sent["seen"].startswith(BASE_FORM)
    assert sent["seen"].endswith(
        "🌿 Branch: main\n📝 Commit: abc1234\n\n"
        "⚠️ Action Required:\nReview schema differences and generate migration\n\n"
        "🔗 View Full Report"
    )
    assert '<a href="https://ci.example/run/1?a=1&amp;b=2">View Full Report</a>' in sent["text"]
    assert sent["parse_mode"] == "HTML"
    assert sent["chat_id"] == CHAT
    assert sent["disable_notification"] is False


def test_what_does_not_wait_for_a_review_is_the_action_that_is_required() -> None:
    minor = finding(Severity.MINOR, "column public.t.a is missing", impact=Impact.BREAKS)
    waiting = replace(minor, causes=(Cause.PENDING_MIGRATION,))
    said = drift_alert(replace(report(waiting), pending=("0004 notes", "0005 more"))).to_text()
    first = "Before that, apply with alembic upgrade head: 0004 notes and 1 more"
    assert f"Action Required:\nRepair now what breaks the application\n{first}" in said
    assert "convenience" not in said


def test_the_documentation_shows_the_alert_as_it_is() -> None:
    page = Path(__file__).parents[2] / "docs" / "alerts.md"
    shown = page.read_text().partition("```text\n")[2].partition("```")[0]
    title = "column public.orders.total is numeric(10,2) in production, numeric(12,2) in the models"
    found = report(
        finding(Severity.CRITICAL, "table public.legacy exists in production and not in the models"),
        finding(Severity.MAJOR, title, impact=Impact.BREAKS),
    )
    said = drift_alert(found, link="https://ci.example/run/1").to_text()
    assert shown == said.removesuffix(": https://ci.example/run/1") + "\n"


def test_the_worst_findings_are_named_and_the_others_counted(telegram: BotApi, settings: TelegramSettings) -> None:
    send(settings, drift_alert(six_findings()))
    assert "🔴 table public.t0 is new\n🔴 table public.t1 is new\n🟠 table" in telegram.sent[0]["seen"]
    assert "… and 1 more\n" in telegram.sent[0]["seen"]


def test_what_breaks_the_application_now_is_said_before_the_counts(
    telegram: BotApi, settings: TelegramSettings
) -> None:
    send(settings, drift_alert(report(finding(Severity.MINOR, "column is missing", impact=Impact.BREAKS))))
    seen = telegram.sent[0]["seen"]
    assert seen.index("Breaks the application now: 1") < seen.index("Changes Detected")
    assert telegram.sent[0]["disable_notification"] is False


def test_minor_drift_that_breaks_nothing_makes_no_sound(telegram: BotApi, settings: TelegramSettings) -> None:
    send(settings, drift_alert(report(finding(Severity.MINOR, "comment differs"))))
    assert telegram.sent[0]["disable_notification"] is True


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_reach_the_chat_as_they_are_and_never_as_markup(
    name: str, telegram: BotApi, settings: TelegramSettings
) -> None:
    found = report(*[finding(Severity.CRITICAL, name)] * 8, environment=name, branch=name, commit=name)
    send(settings, drift_alert(found, link=f"https://x.example/{name}"))
    send(settings, all_clear(replace(found, findings=()), link=name))
    send(settings, failure_alert(Failure(name, name, name * 3, name * 3), link=name))

    assert len(telegram.sent) == 3
    if len(name) < 40 and name.isprintable():
        assert f"Environment: {name}\n" in telegram.sent[0]["seen"]
        assert f"🔴 {name}\n" in telegram.sent[0]["seen"]


def test_a_message_never_exceeds_what_telegram_takes_and_keeps_its_end(
    telegram: BotApi, settings: TelegramSettings
) -> None:
    message = drift_alert(six_findings(), link="https://x.example")
    long = replace(message, details=tuple(message.details[1:2]) * 2000)
    send(settings, long)
    seen = telegram.sent[0]["seen"]
    assert 3900 < len(seen.encode("utf-16-le")) // 2 <= 4096
    assert seen.endswith("🔗 View Full Report")
    assert "more, in the full report" in seen


def test_a_report_without_an_address_is_said_by_its_place(telegram: BotApi, settings: TelegramSettings) -> None:
    send(settings, drift_alert(six_findings(), link="/srv/artifacts/production/latest/drift-summary.md"))
    assert "🔗 Full report: /srv/artifacts/production/latest/drift-summary.md" in telegram.sent[0]["seen"]
    send(settings, drift_alert(six_findings(), link="javascript:alert(1)"))
    assert "<a " not in telegram.sent[1]["text"]


def test_a_failure_says_what_happened_to_whom_and_the_next_step(telegram: BotApi, settings: TelegramSettings) -> None:
    failure = Failure("staging", "live_schema", "staging: db:5432 refuses connections", "start it")
    send(settings, failure_alert(failure, link="https://x.example/runs/1"))
    assert telegram.sent[0]["seen"] == (
        "❌ Schema Drift Check Failed\n\n🗄️ Environment: staging\n🔧 Stage: live_schema\n\n"
        "Could not look: staging: db:5432 refuses connections\n\n➡️ Next step: start it\n\n🔗 View Run"
    )


def test_the_all_clear_says_how_much_was_resolved(telegram: BotApi, settings: TelegramSettings) -> None:
    moved = Movement({}, resolved={"a": None, "b": None})  # type: ignore[dict-item]  # only their number is said
    send(settings, all_clear(report(), moved=moved))
    assert "✅ Schema Drift Resolved" in telegram.sent[0]["seen"]
    assert "Resolved since the last check: 2" in telegram.sent[0]["seen"]


def test_a_topic_of_a_forum_is_named_when_it_is_set(telegram: BotApi) -> None:
    chosen = telegram_settings({**telegram.variables(), "TELEGRAM_THREAD_ID": "7"})
    assert chosen
    send(chosen, all_clear(report()))
    assert telegram.sent[0]["message_thread_id"] == "7"


def test_a_topic_that_is_not_there_is_named_as_what_is_wrong(telegram: BotApi) -> None:
    chosen = telegram_settings({**telegram.variables(), "TELEGRAM_THREAD_ID": "7"})
    assert chosen
    telegram.script = [error(400, "Bad Request: message thread not found")]
    with pytest.raises(NotifyError) as caught:
        send(chosen, all_clear(report()))
    assert "TELEGRAM_THREAD_ID" in caught.value.hint


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made between tries; nobody waits for them."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def test_telegram_is_given_exactly_the_time_that_it_asks_for(
    telegram: BotApi, settings: TelegramSettings, slept: list[float]
) -> None:
    telegram.script = [error(429, "Too Many Requests: retry after 7", retry_after=7)]
    send(settings, all_clear(report()))
    assert len(telegram.sent) == 1
    assert slept == [7.0]


def test_a_wait_that_no_check_can_afford_is_an_error_at_once(
    telegram: BotApi, settings: TelegramSettings, slept: list[float]
) -> None:
    telegram.script = [error(429, "Too Many Requests", retry_after=3600)]
    with pytest.raises(NotifyError, match="HTTP 429"):
        send(settings, all_clear(report()))
    assert slept == []


@pytest.mark.parametrize("trouble", [error(502, "Bad Gateway"), (500, "<html>oops"), cut], ids=["502", "500", "cut"])
def test_what_may_be_over_in_a_moment_is_tried_again(
    trouble: Any, telegram: BotApi, settings: TelegramSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    telegram.script = [trouble]
    send(settings, all_clear(report()))
    assert len(telegram.sent) == 1


def test_a_server_that_hangs_is_left_after_the_timeout(
    telegram: BotApi, settings: TelegramSettings, slept: list[float]
) -> None:
    telegram.script = [hang]
    send(replace(settings, timeout=1.0), all_clear(report()))
    assert len(telegram.sent) == 1


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (error(400, "Bad Request: chat not found"), "TELEGRAM_CHAT_ID"),
        (error(401, "Unauthorized"), "TELEGRAM_BOT_TOKEN"),
        (error(403, "Forbidden: bot was kicked from the group chat"), "let the bot into the chat"),
        (error(404, "Not Found"), "TELEGRAM_BOT_TOKEN"),
        ((200, {"ok": False, "description": "odd"}), "reached"),
        ((200, "no json"), "reached"),
        ((302, "moved"), "reached"),
    ],
)
def test_what_will_not_pass_is_an_error_with_its_next_step_at_once(
    answer: Any, hint: str, telegram: BotApi, settings: TelegramSettings
) -> None:
    telegram.script = [answer]
    with pytest.raises(NotifyError) as caught:
        send(settings, all_clear(report()))
    assert hint in caught.value.hint
    assert len(telegram.requests) == 1


def test_a_group_that_became_a_supergroup_is_followed(telegram: BotApi, settings: TelegramSettings) -> None:
    moved = error(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=int(CHAT))
    telegram.script = [moved]
    send(replace(settings, chat="-42"), all_clear(report()))
    assert telegram.sent[0]["chat_id"] == CHAT


@pytest.mark.parametrize("trouble", [cut, hang, error(401, f"bad token {TOKEN}"), error(400, TOKEN), "refused"])
def test_the_token_is_in_no_error_and_no_log(
    trouble: Any, telegram: BotApi, settings: TelegramSettings, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    if trouble == "refused":
        settings = replace(settings, api="http://127.0.0.1:9")
    telegram.script = [trouble] * 4
    settings = replace(settings, timeout=0.2 if trouble is hang else 30.0)
    with caplog.at_level(logging.DEBUG), pytest.raises(NotifyError) as caught:
        send(settings, all_clear(report()))

    told: BaseException | None = caught.value
    while told is not None:
        assert TOKEN not in f"{told!r} {told}"
        assert TOKEN not in str(getattr(told, "hint", ""))
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(settings)
    if trouble != "refused":
        assert "/bot***/sendMessage" in caplog.text or callable(trouble)


# ---------------------------------------------------------------- the report as a file

PAGE = Document("schema-drift-production.html", "<!DOCTYPE html><title>🔴 ümläut</title>".encode())


def with_page(document: Document = PAGE) -> Any:
    return replace(drift_alert(six_findings()), document=document)


def test_the_full_report_follows_the_message_as_a_file_without_a_second_sound(telegram: BotApi) -> None:
    chosen = telegram_settings({**telegram.variables(), "TELEGRAM_THREAD_ID": "7"})
    assert chosen
    assert send(chosen, with_page()) == ""
    (file,) = telegram.documents
    assert file["document"] == {"name": PAGE.name, "kind": "text/html", "content": PAGE.content}
    assert file["caption"] == "🔴 Schema drift: production is critical"
    assert file["disable_notification"] == "true"
    assert file["message_thread_id"] == "7"
    assert len(telegram.sent) == 1


@pytest.mark.parametrize(
    "trouble",
    [error(400, "Bad Request: wrong file"), error(403, "Forbidden: no rights to send documents"), (413, "too large")],
    ids=["400", "403", "413"],
)
def test_a_file_that_is_refused_is_told_and_the_message_counts_as_sent(
    trouble: Any, telegram: BotApi, settings: TelegramSettings
) -> None:
    telegram.file_script = [trouble]
    said = send(settings, with_page())
    assert said.startswith(f"the report was not attached: Telegram did not take the alert: HTTP {trouble[0]}")
    assert len(telegram.sent) == 1
    assert len(telegram.uploads) == 1


@pytest.mark.parametrize("trouble", [error(502, "Bad Gateway"), (500, "<html>oops"), cut], ids=["502", "500", "cut"])
def test_a_file_is_tried_again_alone(
    trouble: Any, telegram: BotApi, settings: TelegramSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    telegram.file_script = [trouble]
    assert send(settings, with_page()) == ""
    assert len(telegram.documents) == 1
    assert len(telegram.sent) == 1


def test_a_file_waits_as_long_as_telegram_asks_for(
    telegram: BotApi, settings: TelegramSettings, slept: list[float]
) -> None:
    telegram.file_script = [error(429, "Too Many Requests: retry after 7", retry_after=7)]
    assert send(settings, with_page()) == ""
    assert slept == [7.0]


def test_a_server_that_hangs_over_the_file_is_left_after_the_timeout(
    telegram: BotApi, settings: TelegramSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the message must get through within the same time
    monkeypatch.setattr("drift_pipeline.notify.telegram.ATTEMPTS", 1)
    monkeypatch.setattr("drift_pipeline.notify.telegram.UPLOADING", 0.2)
    telegram.file_script = [hang]
    assert "no answer within" in send(replace(settings, timeout=2.0), with_page())
    assert len(telegram.sent) == 1


def test_a_file_that_telegram_does_not_take_is_not_even_sent(telegram: BotApi, settings: TelegramSettings) -> None:
    large = replace(PAGE, content=bytes(MAX_DOCUMENT + 1))
    assert send(settings, with_page(large)) == (
        "the report was not attached: it has 50000001 bytes, and Telegram takes 50000000"
    )
    assert not telegram.uploads


def test_without_a_message_there_is_no_file(telegram: BotApi, settings: TelegramSettings) -> None:
    telegram.script = [error(403, "Forbidden: bot was kicked from the group chat")]
    with pytest.raises(NotifyError):
        send(settings, with_page())
    assert not telegram.uploads


def test_the_file_follows_a_group_that_became_a_supergroup(telegram: BotApi, settings: TelegramSettings) -> None:
    telegram.script = [error(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=int(CHAT))]
    assert send(replace(settings, chat="-42"), with_page()) == ""
    assert [upload["chat_id"] for upload in telegram.uploads] == [CHAT]


@pytest.mark.parametrize("trouble", [cut, hang, error(401, f"bad token {TOKEN}"), error(400, TOKEN)])
def test_the_token_is_in_no_word_and_no_log_about_a_file(
    trouble: Any, telegram: BotApi, settings: TelegramSettings, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    if trouble is hang:
        monkeypatch.setattr("drift_pipeline.notify.telegram.ATTEMPTS", 1)
        monkeypatch.setattr("drift_pipeline.notify.telegram.UPLOADING", 0.2)
    telegram.file_script = [trouble] * 4
    with caplog.at_level(logging.DEBUG):
        said = send(replace(settings, timeout=2.0 if trouble is hang else 30.0), with_page())
    assert said
    assert TOKEN not in said
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_in_the_caption_is_plain_text(name: str, telegram: BotApi, settings: TelegramSettings) -> None:
    found = report(finding(Severity.MAJOR, name), environment=name)
    assert send(settings, replace(drift_alert(found), document=PAGE)) == ""
    assert "parse_mode" not in telegram.documents[0]


def test_a_reminder_says_since_when_nothing_has_changed(telegram: BotApi, settings: TelegramSettings) -> None:
    since = datetime(2026, 4, 20, 2, 0, tzinfo=UTC)
    send(settings, drift_alert(six_findings(), unchanged_since=since))
    assert "⏰ Still the same as on 2026-04-20; nobody has resolved it\n" in telegram.sent[0]["seen"]


@pytest.mark.parametrize("missing", ["TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID"])
def test_without_its_variables_telegram_is_off(missing: str, telegram: BotApi) -> None:
    assert telegram_settings({**telegram.variables(), missing: " "}) is None
    assert telegram_settings({}) is None
