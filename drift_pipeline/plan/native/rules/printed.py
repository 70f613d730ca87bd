"""Expressions as the server prints them, so that it prints them alike after reading them."""

from __future__ import annotations

import re

_TEXT = r"E?'(?:[^']|'')*'"
_ELEMENT = rf"{_TEXT}::character varying(?:\(\d+\))?"
_TOKEN = re.compile(rf"\(ARRAY\[(?P<list>{_ELEMENT}(?:, {_ELEMENT})*)\]\)::text\[\]|{_TEXT}|\"(?:[^\"]|\"\")*\"")


def readable_again(printed: str) -> str:
    """The expression with casts where PostgreSQL would otherwise understand its own print differently.

    `status IN ('a', 'b')` on a varchar is printed as `(ARRAY['a'::character varying, …])::text[]`; read again, the cast
    moves into the elements and is printed there. With the array's own type said first it stays where it was.
    """
    return _TOKEN.sub(_with_own_type, printed)


def _with_own_type(found: re.Match[str]) -> str:
    inside = found.group("list")
    return found.group() if inside is None else f"(ARRAY[{inside}]::character varying[])::text[]"
