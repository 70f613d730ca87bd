"""What the rules of the online variant are written with: the scene they look at, and what becomes of a statement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from drift_pipeline.plan.native.quote import quote_ident
from drift_pipeline.plan.statements import Statement, Step
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value

BRIEF = ("2s", "10s")
"""Lock and statement timeout of what locks a table against others: it gives up before a queue grows behind it."""
LONG = ("10min", "0")
"""Of what reads a whole table under locks that stand in nobody's way: also while it waits, nobody waits behind."""
BATCHES = ("2s", "0")
"""Of a backfill: as a whole it takes long, while each batch may wait no longer than a brief statement for a row."""
NOT_NULL_CAN_WAIT = 18
"""The first major that has NOT NULL constraints which are NOT VALID yet."""

_WORD = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|(?:::\s*|\.\s*)?[^\x00-@\[-^`{-\x7f][^\x00-#%-/:-@\[-^`{-\x7f]*(?=(?P<call>\s*[(.])?)"""
)
_LONGEST_NAME = 63


@dataclass(frozen=True)
class Scene:
    """Where a plan begins and where it ends. `major`: of the server that the script is for.

    `gone`: facts that statements before this one have dropped.
    """

    source: Schema
    goal: Schema
    major: int
    gone: frozenset[FactId] = frozenset()

    def table(self, name: tuple[str, ...]) -> Fact | None:
        """A table that was there before the plan; None for new ones, which nobody uses yet."""
        return self.source.facts.get(FactId("table", name))

    def is_partitioned(self, name: tuple[str, ...]) -> bool:
        """Whether rows live in partitions of the table."""
        table = self.table(name)
        return table is not None and table.attributes.get("partition_key") is not None

    def column(self, table: tuple[str, ...], name: str) -> tuple[Fact | None, Fact | None]:
        """A column as it was, and as it will be."""
        key = FactId("column", (*table, name))
        return self.source.facts.get(key), self.goal.facts.get(key)

    def not_null_name(self, table: tuple[str, ...], column: str) -> str:
        """What the NOT NULL of a column will be called, where it has a name."""
        for fact in self.goal.of_kind("not_null"):
            if fact.id.name[:2] == table and listed(fact.attributes.get("columns")) == [column]:
                return fact.id.name[-1]
        return beside(f"{table[-1]}_{column}", "_not_null")

    @cached_property
    def needed_by(self) -> dict[FactId, list[FactId]]:
        """What needs a fact of the source."""
        found: dict[FactId, list[FactId]] = {}
        for needs, needed in self.source.depends:
            found.setdefault(needed, []).append(needs)
        return {key: sorted(value) for key, value in found.items()}

    def same(self, key: FactId) -> bool:
        """Whether a fact of the source is the same in the goal."""
        before, after = self.source.facts.get(key), self.goal.facts.get(key)
        return before is not None and after is not None and before.stated == after.stated


@dataclass(frozen=True)
class Ways:
    """What becomes of one statement: steps before, `core`, which takes its place, and steps after.

    `core` is one transaction, alone or with others. `why_not`: why the statement stays as it was. `kept`: what the core
    drops though nothing is lost by it, in the words of `Statement.drops`.
    """

    core: tuple[Statement, ...] = ()
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    title: str = ""
    why_not: str = ""
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Drafted:
    """A step, and which statements of the plain plan it comes from, by their places; `changed`: those that became
    something else."""

    step: Step
    origins: frozenset[int]
    changed: frozenset[int] = frozenset()
    kept: frozenset[str] = field(default_factory=frozenset)


def said(statement: Statement, sql: str) -> Statement:
    """Another statement for the same purpose. Nothing of it was measured, and it loses nothing."""
    return Statement(sql, statement.engine, settles=statement.settles)


def brief(title: str, *statements: Statement) -> Step:
    """One transaction that locks for an instant."""
    return Step(title, statements, True, *BRIEF)


def reading(title: str, *statements: Statement) -> Step:
    """One transaction that reads a whole table while it is in use."""
    return Step(title, statements, True, *LONG)


def outside(title: str, *statements: Statement) -> Step:
    """Statements that PostgreSQL runs outside of transactions only, one by one."""
    return Step(title, tuple(replace(each, transactional=False) for each in statements), False, *LONG)


def beside(name: str, suffix: str) -> str:
    """A name for what stands beside the object until it takes its place."""
    room = _LONGEST_NAME - len(suffix.encode())
    return name.encode()[:room].decode(errors="ignore") + suffix


def label(table: Sequence[str]) -> str:
    """A table's name for people."""
    return ".".join(table)


def listed(value: Value) -> list[str]:
    """A list of names among a fact's attributes."""
    return [str(each) for each in value] if isinstance(value, list) else []


def words_of(expression: str) -> set[str]:
    """The identifiers in an expression that may be columns, as they are stored."""
    return {
        match.group()[1:-1].replace('""', '"') if match.group()[0] == '"' else match.group()
        for match in _WORD.finditer(expression)
        if _may_be_column(match)
    }


def with_column(expression: str, column: str, spelled: str) -> str:
    """The expression, with a column's name replaced wherever it may stand for the column."""
    wanted = {column, quote_ident(column)} if quote_ident(column) == column else {quote_ident(column)}

    def swap(match: re.Match[str]) -> str:
        return spelled if _may_be_column(match) and match.group() in wanted else match.group()

    return _WORD.sub(swap, expression)


def _may_be_column(match: re.Match[str]) -> bool:
    return match.group()[0] not in "':." and not match["call"]


def distinct(items: Iterable[str]) -> tuple[str, ...]:
    """The items without those that were there before."""
    return tuple(dict.fromkeys(items))
