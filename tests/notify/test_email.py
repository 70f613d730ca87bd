"""E-mail, through apprise, to a real SMTP server on this machine."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from drift_pipeline.errors import NotifyError
from drift_pipeline.judge.findings import Severity
from drift_pipeline.notify.alerts import drift_alert
from drift_pipeline.notify.channels import channels
from tests.notify.reports import finding, report


class Inbox:
    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
        return "250 taken"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    box = Inbox()
    with socket.socket() as free:
        # the controller connects to the number that it was given, so it must be a real one
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


def test_the_alert_arrives_by_mail_with_its_verdict_as_subject(inbox: tuple[Inbox, int]) -> None:
    box, port = inbox
    url = f"mailto://127.0.0.1:{port}?from=drift@example.org&to=team@example.org&mode=insecure"
    (channel,) = channels({"DRIFT_ALERT_URLS": url})
    message = drift_alert(report(finding(Severity.CRITICAL, "table <b>a'b</b> & co")), link="https://x.example/r/1")
    channel.send(message)

    (mail,) = box.mails
    assert mail["Subject"] == "🔴 Schema drift: production is critical"
    assert "team@example.org" in mail["To"]
    body = mail.get_body(preferencelist=("plain",))
    assert body is not None
    text = body.get_content().replace("\r\n", "\n")
    assert "🔴 Schema Drift Alert - CRITICAL\n\n🗄️ Environment: production\n📊 Severity: critical" in text
    assert "🔴 table <b>a'b</b> & co" in text
    assert "https://x.example/r/1" in text


@pytest.mark.parametrize(
    "url", ["mailto://user:hunter2@127.0.0.1:9?from=a@b.co&to=c@d.co", "nonsense://user:hunter2@x"]
)
def test_a_mail_that_cannot_be_delivered_is_an_error_without_the_password(
    url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    (channel,) = channels({"DRIFT_ALERT_URLS": url})
    with caplog.at_level(0), pytest.raises(NotifyError) as caught:
        channel.send(drift_alert(report(finding(Severity.MINOR, "x"))))
    assert (
        "hunter2" not in f"{caught.value} {caught.value.hint} {caplog.text} {channel!r} {''.join(capfd.readouterr())}"
    )
