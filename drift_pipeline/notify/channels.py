"""Where alerts go: Telegram, and through apprise whatever else the variables name, e-mail first of all."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from drift_pipeline.errors import NotifyError
from drift_pipeline.notify.message import Message


class Channel(Protocol):
    """One way to people. `send` raises NotifyError, without secrets, if the message could not be delivered."""

    @property
    def name(self) -> str:
        """What logs and the alert state call it."""

    def send(self, message: Message) -> None:
        """Deliver one message."""


@dataclass(frozen=True)
class Telegram:
    """A chat, through the Bot API."""

    variables: Mapping[str, str] = field(repr=False)
    name: str = "telegram"

    def send(self, message: Message) -> None:
        """Deliver one message."""
        from drift_pipeline.notify import telegram  # noqa: PLC0415 - requests takes 0.1 s to import

        settings = telegram.telegram_settings(self.variables)
        if settings:
            telegram.send(settings, message)


@dataclass(frozen=True)
class Others:
    """Any service that apprise knows, by its URLs: `mailtos://user:password@mail.example.org?to=...` for e-mail."""

    urls: tuple[str, ...] = field(repr=False)
    name: str = "apprise"

    def send(self, message: Message) -> None:
        """Deliver one message to every address; NotifyError if one of them did not take it."""
        try:
            import apprise  # noqa: PLC0415 - an extra, and slow to import
        except ImportError as error:
            raise NotifyError(
                "DRIFT_ALERT_URLS is set, and the package that serves it is not installed",
                hint="pip install 'drift-pipeline[notify]'",
            ) from error
        refused = []
        with _silent_logs():
            for number, url in enumerate(self.urls, start=1):
                service = apprise.Apprise()
                # said to be text, it is escaped for services that take HTML, and keeps its lines
                if not service.add(url) or not service.notify(
                    message.to_text(), title=message.subject, body_format=apprise.NotifyFormat.TEXT
                ):
                    refused.append(f"{number} ({url.partition(':')[0]})")
        if refused:
            raise NotifyError(
                f"these of DRIFT_ALERT_URLS did not take the alert: {', '.join(refused)}",
                hint="try the URL with apprise's own command line: apprise -v --body test URL",
            )


def channels(variables: Mapping[str, str]) -> tuple[Channel, ...]:
    """The channels that the variables configure; none without them.

    TELEGRAM_BOT_TOKEN with TELEGRAM_CHAT_ID; DRIFT_ALERT_URLS, separated by white space.
    """
    found: list[Channel] = []
    if variables.get("TELEGRAM_BOT_TOKEN", "").strip() and variables.get("TELEGRAM_CHAT_ID", "").strip():
        found.append(Telegram(variables))
    urls = tuple(variables.get("DRIFT_ALERT_URLS", "").split())
    if urls:
        found.append(Others(urls))
    return tuple(found)


@contextmanager
def _silent_logs() -> Iterator[None]:
    """apprise logs the URLs that it cannot use, passwords included."""
    logger = logging.getLogger("apprise")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
