"""The body of a revision: statements as Alembic operations, as Python source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from drift_pipeline.plan.revisions.guards import Guard
from drift_pipeline.plan.statements import Statement

_BIND = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")
_ESCAPED = re.compile(r"\\(?=:[\w$]*(?![:\w$]))")
"""`op.execute` goes through sqlalchemy.text(), which reads `:name` as a bound parameter, and `\\:name` as itself."""

INDENT = "    "


_ASK = """\
from sqlalchemy import text

def needed(question):
    # what this database has already is left alone; a script made with --sql cannot ask, and does everything
    return op.get_context().as_sql or bool(op.get_bind().execute(text(question)).scalar())
""".splitlines()


def revision_body(statements: Sequence[Statement], guards: Sequence[Guard] = ()) -> str:
    """Source of a function's body that runs these statements, its first line without indentation, as templates want it.

    `guards`: what to say and to ask before the statements that settle a difference; all questions are asked before
    anything is changed. Statements that cannot run inside a transaction go into an `autocommit_block`. Without
    statements: `pass`.
    """
    settled = {key for statement in statements for key in statement.settles}
    asked = {guard.key: at for at, guard in enumerate(guards, start=1) if guard.question and guard.key in settled}
    lines = list(_questions(guards, asked))
    said = {guard.key: guard.comment for guard in guards}
    for transactional, group in groupby(statements, key=lambda statement: statement.transactional):
        if transactional:
            lines += _calls(group, said, asked, "")
        else:
            lines += ["with op.get_context().autocommit_block():", *_calls(group, said, asked, INDENT)]
    return "\n".join(f"{INDENT}{line}" if line else "" for line in lines).strip() or "pass"


def _questions(guards: Sequence[Guard], asked: Mapping[str, int]) -> Iterator[str]:
    if not asked:
        return
    yield from (*_ASK, "")
    for guard in guards:
        if guard.key in asked:
            yield f"# {_one_line(guard.comment)}"
            yield f"needed_{asked[guard.key]} = needed({_literal(escaped(guard.question))})"
    yield ""


def _calls(
    statements: Iterable[Statement], said: dict[str, str], asked: Mapping[str, int], indent: str
) -> Iterator[str]:
    for statement in statements:
        for key in statement.settles:
            if (comment := said.pop(key, "")) and key not in asked:
                yield f"{indent}# {_one_line(comment)}"
        # a statement for several differences runs where any of them needs it
        conditions = [f"needed_{asked[key]}" for key in statement.settles if key in asked]
        guarded = bool(conditions) and len(conditions) == len(statement.settles)
        if guarded:
            yield f"{indent}if {' or '.join(conditions)}:"
        inner = indent + INDENT if guarded else indent
        yield from (f"{inner}{line}" for line in execute_call(statement.sql))


def execute_call(sql: str) -> list[str]:
    """`op.execute(…)` as lines of source; colons that SQLAlchemy would take for parameters are escaped."""
    lines = escaped(sql.strip().rstrip(";")).splitlines(keepends=True) or [""]
    if len(lines) == 1:
        return [f"op.execute({_literal(lines[0])})"]
    return ["op.execute(", *(f"{INDENT}{_literal(line)}" for line in lines), ")"]


def escaped(sql: str) -> str:
    """The SQL as sqlalchemy.text() must be given it, so that the server gets it to the letter."""
    return _BIND.sub(r"\\:", _ESCAPED.sub(r"\\\\", sql))


def _literal(text: str) -> str:
    """A Python literal in double quotes wherever that needs no more escapes, as formatters write them."""
    single = repr(text)
    if single.startswith("'") and '"' not in text:
        return f'"{single[1:-1]}"'
    return single


def _one_line(text: str) -> str:
    # a comment ends at the first line break, and a name may hold one
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
