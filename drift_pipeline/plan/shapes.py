"""The shapes of statements: names in SQL text, and what an ALTER TABLE names and does."""

from __future__ import annotations

import re

IDENTIFIER = r'(?:"(?:[^"]|"")+"|[^\x00-@\[-^`{-\x7f][^\x00-#%-/:-@\[-^`{-\x7f]*)'
"""One identifier, quoted or bare: letters, `_`, digits, `$` and whatever is no ASCII. Said by what it is not: for each
range up to the end of Unicode, `re` walks through 65,536 characters, which made imports 0.2 s longer."""

NAME = rf"{IDENTIFIER}(?:\s*\.\s*{IDENTIFIER})*"
"""An identifier, or several joined by dots."""

_PART = re.compile(IDENTIFIER)


def shape(text: str) -> re.Pattern[str]:
    """A pattern for a statement's beginning: a blank stands for any white space, NAME and ID for names.

    `ID:x` and `NAME:x` catch what they match under that name.
    """
    text = re.sub(r"\bNAME:(\w+)", lambda match: f"(?P<{match[1]}>{NAME})", text)
    text = re.sub(r"\bID:(\w+)", lambda match: f"(?P<{match[1]}>{IDENTIFIER})", text)
    text = re.sub(r"\bNAME\b", lambda _: NAME, text)
    text = re.sub(r"\bID\b", lambda _: IDENTIFIER, text)
    return re.compile(text.replace(" ", r"\s+"), re.IGNORECASE | re.DOTALL)


def parts_of(name: str) -> tuple[str, ...]:
    """The identifiers of a dotted name, as they are stored."""
    return tuple(
        part[1:-1].replace('""', '"') if part.startswith('"') else part.lower() for part in _PART.findall(name)
    )
