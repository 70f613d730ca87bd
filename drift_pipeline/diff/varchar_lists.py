"""`IN` on a varchar: printed in one way when it was written by hand, in another one after a restore."""

from __future__ import annotations

from typing import TypeAlias

from drift_pipeline.diff import sqltext

Tokens: TypeAlias = tuple[str, ...]

_VARCHAR = ("::", "character", "varying")


def as_texts(parts: Tokens) -> Tokens:
    """`(ARRAY['x'::varchar, …])::text[]` becomes `ARRAY[('x'::varchar)::text, …]`, in the words of the server."""
    start = 0
    while (start := _find(parts, ("(", "ARRAY", "["), start)) >= 0:
        end = sqltext.closing(parts, start)
        items = parts[start + 3 : end - 1]
        tail = parts[end + 1 : end + 5]
        literals_only = all(
            sqltext.is_literal(items[at])
            and items[at + 1 : at + 4] == _VARCHAR
            and items[at + 4 : at + 5] in ((), (",",))
            for at in range(0, len(items), 5)
        )
        if items and literals_only and tail == ("::", "text", "[", "]"):
            texts = [
                ("(", items[at], *_VARCHAR, ")", "::", "text", *items[at + 4 : at + 5])
                for at in range(0, len(items), 5)
            ]
            inside = tuple(token for text in texts for token in text)
            parts = (*parts[:start], "ARRAY", "[", *inside, "]", *parts[end + 5 :])
        else:
            start += 1
    return parts


def _find(parts: Tokens, pattern: Tokens, start: int) -> int:
    for index in range(start, len(parts) - len(pattern) + 1):
        if parts[index : index + len(pattern)] == pattern:
            return index
    return -1
