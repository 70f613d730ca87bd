"""Where alerts go: Telegram, and through apprise whatever else the variables name, e-mail first of all."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from drift_pipeline.errors import NotifyError
from drift_pipeline.notify.message import ANY_LENGTH, Message

if TYPE_CHECKING:
    import apprise


class Channel(Protocol):
    """One way to people. `send` raises NotifyError, without secrets, if the message could not be delivered.

    It returns what went wrong though the message arrived, such as a report that was not attached; empty if nothing.
    """

    @property
    def name(self) -> str:
        """What logs and the alert state call it."""

    def send(self, message: Message) -> str:
        """Deliver one message."""


@dataclass(frozen=True)
class Telegram:
    """A chat, through the Bot API."""

    variables: Mapping[str, str] = field(repr=False)
    name: str = "telegram"

    def send(self, message: Message) -> str:
        """Deliver one message."""
        from drift_pipeline.notify import telegram  # noqa: PLC0415 - requests takes 0.1 s to import

        settings = telegram.telegram_settings(self.variables)
        return telegram.send(settings, message) if settings else ""


@dataclass(frozen=True)
class Others:
    """Any service that apprise knows, by its URLs: `mailtos://user:password@mail.example.org?to=...` for e-mail."""

    urls: tuple[str, ...] = field(repr=False)
    name: str = "apprise"

    def send(self, message: Message) -> str:
        """Deliver one message to every address; NotifyError if one of them did not take it.

        The document goes with it where a service takes files; what refuses the file gets the words alone.
        """
        try:
            import apprise  # noqa: PLC0415 - an extra, and slow to import
        except ImportError as error:
            raise NotifyError(
                "DRIFT_ALERT_URLS is set, and the package that serves it is not installed",
                hint="pip install 'drift-pipeline[notify]'",
            ) from error
        refused, bare = [], []
        with _silent_logs():
            for number, url in enumerate(self.urls, start=1):
                service = apprise.Apprise()
                shown = f"{number} ({url.partition(':')[0]})"
                if not service.add(url):
                    refused.append(shown)
                elif not _notify(service, message, attached=True):
                    if message.document and _notify(service, message, attached=False):
                        bare.append(shown)
                    else:
                        refused.append(shown)
        if refused:
            raise NotifyError(
                f"these of DRIFT_ALERT_URLS did not take the alert: {', '.join(refused)}",
                hint="try the URL with apprise's own command line: apprise -v --body test URL",
            )
        return f"these of DRIFT_ALERT_URLS did not take the report as a file: {', '.join(bare)}" if bare else ""


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


def _notify(service: apprise.Apprise, message: Message, *, attached: bool) -> bool:
    import apprise  # noqa: PLC0415 - an extra, and slow to import
    from apprise.attachment.memory import AttachMemory  # noqa: PLC0415

    document = message.document if attached else None
    attach = None
    if document:
        attach = AttachMemory(document.content, name=document.name, mimetype=document.kind)  # type: ignore[no-untyped-call]  # apprise has no types here
    # `format=html` in the URL: apprise would make HTML of text without a space at which a line could break
    html = service[0].resolve_format(apprise.NotifyFormat.TEXT) == apprise.NotifyFormat.HTML
    body = message.to_html(ANY_LENGTH).replace("\n", "<br>\n") if html else message.to_text()
    form = apprise.NotifyFormat.HTML if html else apprise.NotifyFormat.TEXT
    return bool(service.notify(body, title=message.subject, body_format=form, attach=attach))


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
