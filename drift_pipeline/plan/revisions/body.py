"""The body of a revision: statements as Alembic operations, as Python source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from drift_pipeline.plan.statements import Statement

_BIND = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")
_ESCAPED = re.compile(r"\\(?=:[\w$]*(?![:\w$]))")
"""`op.execute` goes through sqlalchemy.text(), which reads `:name` as a bound parameter, and `\\:name` as itself."""

INDENT = "    "


def revision_body(statements: Sequence[Statement], comments: Iterable[tuple[str, str]] = ()) -> str:
    """Source of a function's body that runs these statements, its first line without indentation, as templates want it.

    `comments`: a difference's key and what to say above the statements that settle it. Statements that cannot run
    inside a transaction go into an `autocommit_block`. Without statements: `pass`.
    """
    said = dict(comments)
    lines: list[str] = []
    for transactional, group in groupby(statements, key=lambda statement: statement.transactional):
        if transactional:
            lines += _calls(group, said, "")
        else:
            lines += ["with op.get_context().autocommit_block():", *_calls(group, said, INDENT)]
    return f"\n{INDENT}".join(lines) if lines else "pass"


def _calls(statements: Iterable[Statement], said: dict[str, str], indent: str) -> Iterator[str]:
    for statement in statements:
        for key in statement.settles:
            if comment := said.pop(key, ""):
                yield f"{indent}# {_one_line(comment)}"
        yield from (f"{indent}{line}" for line in execute_call(statement.sql))


def execute_call(sql: str) -> list[str]:
    """`op.execute(…)` as lines of source; colons that SQLAlchemy would take for parameters are escaped."""
    escaped = _BIND.sub(r"\\:", _ESCAPED.sub(r"\\\\", sql.strip().rstrip(";")))
    lines = escaped.splitlines(keepends=True) or [""]
    if len(lines) == 1:
        return [f"op.execute({_literal(lines[0])})"]
    return ["op.execute(", *(f"{INDENT}{_literal(line)}" for line in lines), ")"]


def _literal(text: str) -> str:
    """A Python literal in double quotes wherever that needs no more escapes, as formatters write them."""
    single = repr(text)
    if single.startswith("'") and '"' not in text:
        return f'"{single[1:-1]}"'
    return single


def _one_line(text: str) -> str:
    # a comment ends at the first line break, and a name may hold one
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
