"""Telegram: a message, and the report as a file, through the Bot API, which answers with JSON whatever happens.

The token is part of the address, so neither addresses nor exceptions of the HTTP library ever leave this module, and
the library's own debug log is redacted while a message is sent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import requests

from drift_pipeline.errors import NotifyError
from drift_pipeline.notify.message import Document, Message, one_line

MAX_LENGTH = 4096
"""Characters of a message after its entities are parsed."""

MAX_CAPTION = 1024
"""Characters of the words below a file."""

MAX_DOCUMENT = 50_000_000
"""Bytes of a file that a bot may send."""

ATTEMPTS = 4
DEADLINE = 60.0
"""Seconds that sending may take with all its waiting; an alert must not hold up a check for longer."""

UPLOADING = 3.0
"""How many times the usual patience a file gets."""

_PASSING = frozenset({500, 502, 503, 504})


@dataclass(frozen=True)
class TelegramSettings:
    """Which bot writes to whom. `thread`: a topic of a forum group. `api`: another server of the Bot API."""

    token: str = field(repr=False)
    chat: str
    thread: str = ""
    api: str = "https://api.telegram.org"
    timeout: float = 10.0


def telegram_settings(variables: Mapping[str, str]) -> TelegramSettings | None:
    """From TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID, or None if either is missing: then nothing is sent.

    TELEGRAM_THREAD_ID and TELEGRAM_API_URL are optional.
    """
    token = variables.get("TELEGRAM_BOT_TOKEN", "").strip()
    chat = variables.get("TELEGRAM_CHAT_ID", "").strip()
    if not token or not chat:
        return None
    api = variables.get("TELEGRAM_API_URL", "").strip().rstrip("/") or TelegramSettings.api
    return TelegramSettings(token, chat, variables.get("TELEGRAM_THREAD_ID", "").strip(), api)


def send(settings: TelegramSettings, message: Message) -> str:
    """Send one message and its document; wait as long as Telegram asks to, try again what may be over in a moment.

    NotifyError, without the token, if the message could not be delivered. Returns why the document was not, if so: the
    alert was read all the same, and is not sent a second time for it.
    """
    deadline = time.monotonic() + DEADLINE
    document = message.document
    with _redacted_logs(settings.token):
        settings = _insist(settings, lambda known: _send_message(known, message), deadline)
        if document is None:
            return ""
        if len(document.content) > MAX_DOCUMENT:
            return (
                f"the report was not attached: it has {len(document.content)} bytes, and Telegram takes {MAX_DOCUMENT}"
            )
        try:
            _insist(settings, lambda known: _send_document(known, document, message.subject), deadline)
        except NotifyError as error:
            return f"the report was not attached: {error.message}"
    return ""


def _insist(
    settings: TelegramSettings, attempted: Callable[[TelegramSettings], _Answer], deadline: float
) -> TelegramSettings:
    """Attempt it until it is delivered, or NotifyError. Returns the settings with the chat that took it."""
    for attempt in range(1, ATTEMPTS + 1):
        answer = attempted(settings)
        if answer.delivered:
            return settings
        if answer.moved_to and answer.moved_to != settings.chat:
            # a group that became a supergroup has another id; the message is for the same people
            settings = replace(settings, chat=answer.moved_to)
            continue
        wait = answer.wait if answer.wait is not None else 2.0 ** (attempt - 1)
        if not answer.passing or attempt == ATTEMPTS or time.monotonic() + wait > deadline:
            raise NotifyError(f"Telegram did not take the alert: {answer.problem}", hint=answer.hint)
        time.sleep(wait)
    raise NotifyError("Telegram did not take the alert: the chat keeps moving", hint="set TELEGRAM_CHAT_ID anew")


@dataclass(frozen=True)
class _Answer:
    """What came of one attempt. `passing`: another try may succeed, after `wait` seconds if Telegram said so."""

    delivered: bool = False
    problem: str = ""
    hint: str = "see whether api.telegram.org can be reached from here"
    passing: bool = False
    wait: float | None = None
    moved_to: str = ""


_TOPIC = "check TELEGRAM_THREAD_ID: the group has no such topic, or no topics at all"

_HINTS = {
    400: "check TELEGRAM_CHAT_ID, and that the bot is a member of that chat",
    401: "check TELEGRAM_BOT_TOKEN: @BotFather shows it",
    403: "let the bot into the chat: somebody must add it, or write to it first",
    404: "check TELEGRAM_BOT_TOKEN: there is no such bot",
    413: "the report is too large to be attached",
    429: "the bot sends too much; give the alerts a bot of their own",
}


def _send_message(settings: TelegramSettings, message: Message) -> _Answer:
    body = {
        **_addressed(settings),
        "text": message.to_html(MAX_LENGTH),
        "parse_mode": "HTML",
        "disable_notification": message.silent,
        "link_preview_options": {"is_disabled": True},
    }
    return _post(settings, "sendMessage", settings.timeout, json=body)


def _send_document(settings: TelegramSettings, document: Document, caption: str) -> _Answer:
    # the message before it made the sound; without a parse_mode a caption is plain text
    fields = {
        **_addressed(settings),
        "caption": one_line(caption, MAX_CAPTION // 2),
        "disable_notification": "true",
    }
    file = (document.name, document.content, document.kind)
    return _post(settings, "sendDocument", settings.timeout * UPLOADING, data=fields, files={"document": file})


def _addressed(settings: TelegramSettings) -> dict[str, Any]:
    thread = {"message_thread_id": settings.thread} if settings.thread else {}
    return {"chat_id": settings.chat, **thread}


def _post(settings: TelegramSettings, method: str, timeout: float, **content: Any) -> _Answer:
    try:
        # a redirect would carry the token to another host
        response = requests.post(
            f"{settings.api}/bot{settings.token}/{method}", timeout=timeout, allow_redirects=False, **content
        )
    except requests.Timeout:
        return _Answer(problem=f"no answer within {timeout:.0f} s", passing=True)
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return _Answer(problem="the connection failed", passing=True)
    except (requests.RequestException, ValueError) as error:
        return _Answer(problem=type(error).__name__, hint="check TELEGRAM_API_URL and TELEGRAM_BOT_TOKEN")
    return _understood(settings, response.status_code, _json(response))


def _understood(settings: TelegramSettings, status: int, answer: Mapping[str, Any]) -> _Answer:
    if status == 200 and answer.get("ok") is True:
        return _Answer(delivered=True)
    parameters = answer.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    retry_after = parameters.get("retry_after")
    said = one_line(str(answer.get("description", "")), 200).replace(settings.token, "***")
    return _Answer(
        problem=f"HTTP {status}" + (f", {said}" if said else ""),
        hint=_TOPIC if settings.thread and "thread" in said.lower() else _HINTS.get(status, _Answer.hint),
        passing=status in _PASSING or status == 429,
        wait=float(retry_after) if isinstance(retry_after, int | float) and retry_after >= 0 else None,
        moved_to=str(parameters.get("migrate_to_chat_id", "")),
    )


def _json(response: requests.Response) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


@contextmanager
def _redacted_logs(token: str) -> Iterator[None]:
    """Keep the token out of the debug log of the HTTP library, which names every path that it asks for."""

    def redact(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if token in text:
            record.msg, record.args = text.replace(token, "***"), ()
        return True

    logger = logging.getLogger("urllib3.connectionpool")
    logger.addFilter(redact)
    try:
        yield
    finally:
        logger.removeFilter(redact)
