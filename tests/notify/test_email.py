"""E-mail and other services, through apprise, to real servers on this machine."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import apprise
import pytest
from aiosmtpd.controller import Controller

from drift_pipeline.errors import NotifyError
from drift_pipeline.judge.findings import Severity
from drift_pipeline.notify.alerts import drift_alert
from drift_pipeline.notify.channels import channels
from drift_pipeline.notify.message import Document
from tests.notify.reports import finding, report
from tests.ports import free_port


class Inbox:
    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.largest = 10_000_000

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if len(envelope.content) > self.largest:
            return "552 5.3.4 Message size exceeds fixed limit"
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
        return "250 taken"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    box = Inbox()
    port = free_port()  # the controller connects to the number that it was given, so it must be a real one
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


def address(port: int) -> str:
    return f"mailto://127.0.0.1:{port}?from=drift@example.org&to=team@example.org&mode=insecure"


def test_the_alert_arrives_by_mail_with_its_verdict_as_subject(inbox: tuple[Inbox, int]) -> None:
    box, port = inbox
    (channel,) = channels({"DRIFT_ALERT_URLS": address(port)})
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


def test_in_a_mail_of_html_names_are_text_and_lines_stay_lines(
    inbox: tuple[Inbox, int],
) -> None:
    box, port = inbox
    (channel,) = channels({"DRIFT_ALERT_URLS": f"{address(port)}&format=html"})
    channel.send(drift_alert(report(finding(Severity.CRITICAL, "table <b>a'b</b> & co"))))
    body = box.mails[0].get_body(preferencelist=("html",))
    assert body is not None
    html = body.get_content()
    assert "table &lt;b&gt;a'b&lt;/b&gt; &amp; co<br>" in html
    assert "<b>Schema Drift Alert - CRITICAL</b><br>" in html
    assert "<b>a" not in html


def test_the_full_report_is_attached_to_the_mail(inbox: tuple[Inbox, int]) -> None:
    box, port = inbox
    (channel,) = channels({"DRIFT_ALERT_URLS": address(port)})
    page = Document("schema-drift-production.html", "<!DOCTYPE html><title>🔴</title>".encode())
    assert channel.send(replace(drift_alert(report(finding(Severity.MAJOR, "x"))), document=page)) == ""
    (attached,) = box.mails[0].iter_attachments()
    assert attached.get_filename() == page.name
    assert attached.get_content_type() == "text/html"
    assert attached.get_payload(decode=True) == page.content
    assert box.mails[0].get_body(preferencelist=("plain",)) is not None


@pytest.mark.slow  # apprise pauses between two mails of one address
def test_a_server_that_takes_no_files_gets_the_words(inbox: tuple[Inbox, int]) -> None:
    box, port = inbox
    box.largest = 20_000
    (channel,) = channels({"DRIFT_ALERT_URLS": address(port)})
    page = Document("schema-drift-production.html", bytes(100_000))
    said = channel.send(replace(drift_alert(report(finding(Severity.MAJOR, "x"))), document=page))
    assert said == "these of DRIFT_ALERT_URLS did not take the report as a file: 1 (mailto)"
    (mail,) = box.mails
    assert not list(mail.iter_attachments())


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


def test_the_addresses_in_the_documentation_are_ones_that_are_understood() -> None:
    page = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()
    addresses = re.findall(r"^\| [\w -]+ \| `(\w+://[^`]+)` \|$", page, re.MULTILINE)
    assert len(addresses) >= 4
    for address in addresses:
        assert apprise.Apprise().add(re.sub(r"token_\w|webhook_\w+", "T1JJ3T3L2", address)), address


def test_other_services_get_the_alert_and_the_report_by_the_same_variable() -> None:
    taken: list[dict[str, Any]] = []

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Service) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        (channel,) = channels({"DRIFT_ALERT_URLS": f"json://127.0.0.1:{server.server_port}/"})
        page = Document("schema-drift-production.html", b"<!DOCTYPE html>")
        found = report(finding(Severity.MAJOR, "index ix on public.t"))
        assert channel.send(replace(drift_alert(found), document=page)) == ""
        server.shutdown()
    (message,) = taken
    assert message["title"] == "🟠 Schema drift: production is major"
    assert "🟠 index ix on public.t" in message["message"]
    (attached,) = message["attachments"]
    assert attached["filename"] == page.name
    assert base64.b64decode(attached["base64"]) == page.content
