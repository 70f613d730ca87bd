"""Cuts SQL text into its statements, as psql does: at semicolons outside of quotes, comments, brackets and bodies.

Needed because engines hand over several statements in one string, by design or because a name or label in a stranger's
database smuggled one in; each must be run, judged and shown on its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<skip>--[^\n]*|/\*)                                   # comments; blocks nest, so only their beginning is here
    | (?P<dollar>\$(?:[^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*)?\$)  # dollar quotes
    | (?P<escape>\b[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z))            # E'' strings know backslashes
    | (?P<string>'(?:[^']|'')*(?:'|\Z))
    | (?P<name>"(?:[^"]|"")*(?:"|\Z))
    | (?P<word>[^\x00-@\[-^`{-\x7f][^\x00-#%-/:-@\[-^`{-\x7f]*)  # also keeps the $ of a name from opening a quote
    | (?P<sign>[();])
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_SIGN = re.compile(r"/\*|\*/")
_ROUTINE = re.compile(r"\s*create\s+(or\s+replace\s+)?(function|procedure)\b", re.IGNORECASE)


@dataclass
class _Place:
    """Where the cutter stands: start of the statement, open brackets, open blocks (BEGIN ATOMIC, CASE), last word."""

    start: int = 0
    brackets: int = 0
    blocks: int = 0
    last_word: str = ""


def split_statements(sql: str) -> list[str]:
    """The statements of the text, in order, without closing semicolons, surrounding blanks and empty ones."""
    pieces = (_without_leading_comments(piece) for piece in _pieces(sql))
    return [piece for piece in pieces if piece]


def _pieces(sql: str) -> Iterator[str]:
    place, position = _Place(), 0
    while match := _TOKEN.search(sql, position):
        position = match.end()
        if match.lastgroup == "skip" and match.group() == "/*":
            position = _end_of_block_comment(sql, position)
        elif match.lastgroup == "dollar":
            end = sql.find(match.group(), position)
            position = len(sql) if end < 0 else end + len(match.group())
        elif match.lastgroup == "word":
            _take_word(place, match.group().lower(), sql)
        elif match.lastgroup == "sign" and _ends_statement(place, match.group()):
            yield sql[place.start : match.start()]
            place = _Place(start=position)
    yield sql[place.start :]


def _take_word(place: _Place, word: str, sql: str) -> None:
    opens_body = word == "atomic" and place.last_word == "begin" and _ROUTINE.match(sql, place.start)
    if opens_body or (place.blocks and word == "case"):
        place.blocks += 1
    elif place.blocks and word == "end":
        place.blocks -= 1
    place.last_word = word


def _ends_statement(place: _Place, sign: str) -> bool:
    if sign == ";":
        return place.brackets <= 0 and place.blocks == 0
    place.brackets += 1 if sign == "(" else -1
    return False


def _end_of_block_comment(sql: str, position: int) -> int:
    depth = 1
    while depth:
        match = _COMMENT_SIGN.search(sql, position)
        if match is None:
            return len(sql)
        depth += 1 if match.group() == "/*" else -1
        position = match.end()
    return position


def _without_leading_comments(piece: str) -> str:
    piece = piece.strip()
    while piece.startswith(("--", "/*")):
        if piece.startswith("--"):
            piece = piece.partition("\n")[2].strip()
        else:
            piece = piece[_end_of_block_comment(piece, 2) :].strip()
    return piece
