"""A local server that answers like Telegram's Bot API: it checks what it is sent as Telegram documents it."""

from __future__ import annotations

import contextlib
import email
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "123456789:AAF-thisIsNotARealTokenButLooksLike_One"
CHAT = "-1001234567890"


class _Entities(HTMLParser):
    """Telegram's HTML: a few tags, all closed; text without markup is what its limit counts."""

    ALLOWED = frozenset({"b", "i", "u", "s", "code", "pre", "a", "blockquote", "tg-spoiler"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""
        self.problem = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.ALLOWED:
            self.problem = f"Unsupported start tag {tag!r}"
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problem = f"Unexpected end tag {tag!r}"

    def handle_data(self, data: str) -> None:
        self.text += data


def parse(text: str) -> tuple[str, str]:
    """What is seen of HTML, and what Telegram would refuse in it."""
    parser = _Entities()
    parser.feed(text)
    parser.close()
    stray = re.search(r"<(?!/?(?:b|i|u|s|code|pre|a|blockquote|tg-spoiler)[ >])", text)
    problem = parser.problem or ("unclosed tag" if parser.open else "") or ("unescaped <" if stray else "")
    return parser.text, problem


@dataclass
class BotApi:
    """Answers in the order of `script`, then with success. `file_script` is the same for files alone.

    What was sent lies in `sent`, files in `documents`, what arrived of messages and files in `requests` and `uploads`.
    """

    url: str = ""
    script: list[Any] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    file_script: list[Any] = field(default_factory=list)
    uploads: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)

    def variables(self) -> dict[str, str]:
        return {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_CHAT_ID": CHAT, "TELEGRAM_API_URL": self.url}

    def answer_file(self, path: str, fields: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """As sendDocument: a chat, a file with a name, a caption that is not too long."""
        self.uploads.append(fields)
        self.times.append(time.monotonic())
        if self.file_script:
            step = self.file_script.pop(0)
            return step(fields) if callable(step) else step
        if path != f"/bot{TOKEN}/sendDocument":
            return error(401, "Unauthorized")
        if fields.get("chat_id") != CHAT:
            return error(400, "Bad Request: chat not found")
        if not fields.get("document", {}).get("name") or not fields["document"]["content"]:
            return error(400, "Bad Request: there is no document in the request")
        if len(fields["document"]["content"]) > 50_000_000:
            return error(413, "Request Entity Too Large")
        if len(fields.get("caption", "").encode("utf-16-le")) // 2 > 1024:
            return error(400, "Bad Request: message caption is too long")
        self.documents.append(fields)
        return 200, {"ok": True, "result": {"message_id": len(self.sent) + len(self.documents)}}

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.requests.append(body)
        self.times.append(time.monotonic())
        if self.script:
            step = self.script.pop(0)
            return step(body) if callable(step) else step
        if path != f"/bot{TOKEN}/sendMessage":
            return error(401, "Unauthorized")
        if body.get("chat_id") != CHAT:
            return error(400, "Bad Request: chat not found")
        seen, problem = parse(body["text"])
        if problem:
            return error(400, f"Bad Request: can't parse entities: {problem}")
        if len(seen.encode("utf-16-le")) // 2 > 4096:
            return error(400, "Bad Request: message is too long")
        self.sent.append({**body, "seen": seen})
        return 200, {"ok": True, "result": {"message_id": len(self.sent)}}


def form(kind: str, content: bytes) -> dict[str, Any]:
    """The fields of a multipart form; a file is a mapping of name, kind and content."""
    message = email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + content, policy=policy.HTTP)
    fields: dict[str, Any] = {}
    for part in message.iter_parts():  # type: ignore[attr-defined]  # the policy makes it an EmailMessage
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        file = part.get_filename()
        fields[name] = {"name": file, "kind": part.get_content_type(), "content": data} if file else data.decode()
    return fields


def error(status: int, description: str, **parameters: Any) -> tuple[int, dict[str, Any]]:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return status, {**body, "parameters": parameters} if parameters else body


def hang(_body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Takes the request and says nothing for longer than anybody waits."""
    threading.Event().wait(60)
    return 200, {"ok": True}


def cut(_body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Takes the request and closes the connection."""
    raise ConnectionAbortedError


@contextlib.contextmanager
def bot_api() -> Iterator[BotApi]:
    api = BotApi()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            kind = self.headers["Content-Type"]
            try:
                if kind.startswith("multipart/form-data"):
                    status, answer = api.answer_file(self.path, form(kind, content))
                else:
                    status, answer = api.answer(self.path, json.loads(content))
            except ConnectionAbortedError:
                self.connection.close()
                return
            payload = json.dumps(answer).encode() if isinstance(answer, dict) else str(answer).encode()
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Length", str(len(payload)))
                if status in (301, 302, 307, 308):
                    self.send_header("Location", f"{api.url}/elsewhere")
                self.end_headers()
                self.wfile.write(payload)

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
