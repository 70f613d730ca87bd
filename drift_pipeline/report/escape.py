"""Names are data: how hostile ones are written in each output without becoming part of it."""

from __future__ import annotations

import re

from drift_pipeline.judge.words import visible

_SPECIAL = re.compile(r"[^\w\s.,;:?%'()/=+\-–…→]|(?<=w)\.(?=\w)|:(?=//)|(?<!\w)_|_(?!\w)|_(?=_)", re.ASCII)
_PLAIN_CODE = re.compile(r"[^\x00-\x1f`\\|<>&]+")
_LINE_START = re.compile(r"\s*([+\-=:]|\d+[.)]|\s{4})")
_MENTIONS = frozenset("@#")


def markdown(text: str) -> str:
    """The text as Markdown that shows just this text, in one line, in a table cell as well.

    Numeric entities are never taken for markup. `@` and `#` go into code: what looks like a mention or a number of an
    issue would notify people, and entities are resolved before that is looked at.
    """
    return _SPECIAL.sub(lambda match: _entity(match[0]), visible(text))


def markdown_line(text: str) -> str:
    """As `markdown`, for text that stands at the start of a line or of a list item."""
    escaped = markdown(text)
    if _LINE_START.match(escaped):
        # a list, a heading's underline or an indented block, where it stands
        escaped = f"&#{ord(escaped[0])};" + escaped[1:]
    return escaped


def _entity(char: str) -> str:
    if ord(char) > 127:
        return char
    return f"<code>{char}</code>" if char in _MENTIONS else f"&#{ord(char)};"


def code(text: str) -> str:
    """The text as code in Markdown, in one line, in a table cell as well."""
    shown = visible(text)
    if shown and shown == shown.strip() and _PLAIN_CODE.fullmatch(shown):
        return f"`{shown}`"
    # backticks, pipes and backslashes each end a code span in some place: entities don't
    inner = "".join(
        char if char.isalnum() or ord(char) > 127 or char in " .,:;()=-" else f"&#{ord(char)};" for char in shown
    )
    return f"<code>{inner}</code>"


def fence(text: str) -> str:
    """A fence of backticks that the text does not contain."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def sql_comment(text: str) -> str:
    """The text as one comment line of SQL; nothing in it can end the line."""
    return f"-- {visible(text)}".rstrip()


def commented_out(sql: str) -> str:
    """The SQL with each of its lines behind a comment sign. PostgreSQL ends a comment at a carriage return, too."""
    return "\n".join(f"-- {line}".rstrip() for line in re.split(r"\r\n|\n|\r", sql))
