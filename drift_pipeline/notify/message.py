"""The words of the notify room: span, document, message. What an alert says, before any channel shapes its looks."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line: plain, `b`old, or `code`; with `href`, a link. `text` is data and never markup."""

    text: str
    style: str = ""
    href: str = ""

    def to_html(self) -> str:
        """As HTML that Telegram's parser takes."""
        escaped = html.escape(self.text, quote=False)
        if self.href:
            return f'<a href="{html.escape(self.href)}">{escaped}</a>'
        return f"<{self.style}>{escaped}</{self.style}>" if self.style else escaped

    def to_text(self) -> str:
        """As plain text; a link with its address."""
        return f"{self.text}: {self.href}" if self.href else self.text


ANY_LENGTH = 1_000_000
"""Characters, for channels that do not count."""

Line: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True)
class Document:
    """A file that goes with an alert: the full report. `kind`: its media type."""

    name: str
    content: bytes = field(repr=False)
    kind: str = "text/html"


@dataclass(frozen=True)
class Message:
    """An alert. `details` are left out from their end when a channel has no room for all; `tail` never is.

    `subject`: one line for channels that know subjects. `silent`: no need to make a sound at night. `document`: what
    is attached where a channel takes files.
    """

    subject: str
    head: tuple[Line, ...]
    details: tuple[Line, ...] = ()
    tail: tuple[Line, ...] = ()
    silent: bool = False
    document: Document | None = None

    def to_html(self, limit: int) -> str:
        """As Telegram HTML, at most `limit` characters after its entities are parsed."""
        return "\n".join("".join(span.to_html() for span in line) for line in self._fitting(limit))

    def to_text(self, limit: int = ANY_LENGTH) -> str:
        """As plain text."""
        return "\n".join("".join(span.to_text() for span in line) for line in self._fitting(limit))

    def _fitting(self, limit: int) -> tuple[Line, ...]:
        for kept in range(len(self.details), -1, -1):
            left_out = len(self.details) - kept
            more = (line(f"… and {left_out} more, in the full report"),) if left_out else ()
            lines = (*self.head, *self.details[:kept], *more, *self.tail)
            if length(lines) <= limit:
                return lines
        raise ValueError(f"head and tail alone exceed {limit} characters")


def line(*parts: Span | str) -> Line:
    """A line of spans and plain texts."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def length(lines: Sequence[Line]) -> int:
    """Characters as Telegram counts them: UTF-16 units of what is seen, without markup."""
    text = "\n".join("".join(span.text for span in spans) for spans in lines)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def one_line(text: str, limit: int) -> str:
    """Text on one line, without control characters, cut to `limit` characters with an ellipsis."""
    clean = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
