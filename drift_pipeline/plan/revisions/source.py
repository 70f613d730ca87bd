"""Python source as a formatter would write it: literals, and calls that are broken where they get long."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_BIND = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")
_ESCAPED = re.compile(r"\\(?=:[\w$]*(?![:\w$]))")
"""`op.execute` goes through sqlalchemy.text(), which reads `:name` as a bound parameter, and `\\:name` as itself."""

INDENT = "    "
WIDTH = 100
"""How long a line may get, where it can be broken at all."""


def escaped(sql: str) -> str:
    """The SQL as sqlalchemy.text() must be given it, so that the server gets it to the letter."""
    return _BIND.sub(r"\\:", _ESCAPED.sub(r"\\\\", sql))


def literal(text: str) -> str:
    """A Python literal in double quotes wherever that needs no more escapes, as formatters write them."""
    single = repr(text)
    if single.startswith("'") and '"' not in text:
        return f'"{single[1:-1]}"'
    return single


def text_call(sql: str) -> str:
    """`sa.text(…)` of an SQL expression."""
    return f"sa.text({literal(escaped(sql))})"


def call(name: str, arguments: Iterable[str]) -> list[str]:
    """A call as lines of source: one line, or one for each argument."""
    given = list(arguments)
    line = f"{name}({', '.join(given)})"
    if len(line) <= WIDTH - 2 * len(INDENT):
        return [line]
    return [f"{name}(", *(f"{INDENT}{each}," for each in given), ")"]


def broken(text: str, width: int = WIDTH - 4 * len(INDENT)) -> list[str]:
    """A long text as literals that Python joins, broken at blanks."""
    pieces, line = list[str](), ""
    for word in re.findall(r"\S*\s*", text):
        if line and len(line) + len(word.rstrip()) > width:
            pieces.append(line)
            line = ""
        line += word
    return [literal(each) for each in (*pieces, line) if each] or ['""']


def indented(lines: Sequence[str], by: str = INDENT) -> list[str]:
    """Lines of source, further in."""
    return [f"{by}{line}" if line else "" for line in lines]


def one_line(text: str) -> str:
    """Text for a comment: that ends at the first line break, and a name may hold one."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
