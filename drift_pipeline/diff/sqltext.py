"""Reading the SQL expressions that PostgreSQL prints: tokens, literals, identifiers.

Only what the server itself printed goes through here (pg_get_expr and its kin, with standard_conforming_strings on), so
a short tokenizer is exact: no comments, no dollar quotes, no E'' strings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_TOKEN = re.compile(
    r"""\s+
    | (?P<token>
        [A-Za-z]?'(?:[^']|'')*'           # literal, with a prefix such as B or X
      | (?:[Uu]&)?"(?:[^"]|"")*"          # quoted identifier
      | [^\W\d][\w$]*                     # word
      | \d+(?:\.\d+)?(?:[eE][+-]?\d+)?    # number
      | \$\d+                             # parameter
      | ::
      | [-+*/<>=~!@\#%^&|`?]+             # operator
      | .
    )""",
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """The tokens of an expression, without white space."""
    return tuple(match["token"] for match in _TOKEN.finditer(text) if match["token"])


def is_literal(token: str) -> bool:
    """True for a plain string literal."""
    return token.startswith("'")


def literal_text(token: str) -> str:
    """What a plain string literal says."""
    return token[1:-1].replace("''", "'")


def identifier(token: str) -> str:
    """The name that a word or a quoted identifier stands for; empty if it is neither."""
    if token.startswith('"'):
        return token[1:-1].replace('""', '"')
    return token if re.fullmatch(r"[^\W\d][\w$]*", token) else ""


def qualified_name(text: str) -> tuple[str, ...]:
    """The parts of a name such as `public."Orders_id_seq"`; empty if the text is no name."""
    parts = tokens(text)
    names = tuple(identifier(part) for part in parts[::2])
    dots = set(parts[1::2]) <= {"."} and len(parts) % 2 == 1
    return names if dots and all(names) else ()


def closing(parts: Sequence[str], start: int) -> int:
    """Index of the parenthesis or bracket that closes the one at `start`; -1 if there is none."""
    depth = 0
    for index in range(start, len(parts)):
        depth += (parts[index] in "([") - (parts[index] in ")]")
        if depth == 0:
            return index
    return -1


def without_parentheses(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The tokens without parentheses around the whole."""
    while len(parts) > 1 and parts[0] == "(" and closing(parts, 0) == len(parts) - 1:
        parts = parts[1:-1]
    return parts


def cast_literal(parts: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    """A literal, number or NULL with its casts, innermost first: `('x'::text)::varchar` is `('x', (text, varchar))`.

    None for anything else.
    """
    parts = without_parentheses(parts)
    if not parts:
        return None
    if parts[0] == "(":
        end = closing(parts, 0)
        inner, rest = cast_literal(parts[1:end]), parts[end + 1 :]
    else:
        simple = is_literal(parts[0]) or re.fullmatch(r"NULL|\d+(\.\d+)?", parts[0])
        inner, rest = (parts[0], ()) if simple else None, parts[1:]
    if inner is None:
        return None
    casts = " ".join(rest).split(":: ")
    if casts[0].strip() or any(
        not re.fullmatch(r"[\w\". ]+( \( [\d ,]+ \))?( \[ \])?", cast.strip()) for cast in casts[1:]
    ):
        return None
    return inner[0], (*inner[1], *(cast.strip() for cast in casts[1:]))


def replace(parts: tuple[str, ...], pattern: tuple[str, ...], replacement: tuple[str, ...]) -> tuple[str, ...]:
    """The tokens with each run that equals `pattern` replaced; a name after a dot belongs to a schema and is none."""
    out: list[str] = []
    index = 0
    while index < len(parts):
        if parts[index : index + len(pattern)] == pattern and (not out or out[-1] != "."):
            out.extend(replacement)
            index += len(pattern)
        else:
            out.append(parts[index])
            index += 1
    return tuple(out)
