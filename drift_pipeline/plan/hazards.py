"""What running a plan costs, in words: what was measured on scratch, with the sizes of the live tables.

The sizes are estimates of the live server's own statistics; no table is read for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from drift_pipeline.judge.amounts import bytes_text, count_text
from drift_pipeline.plan.claims import AX, SUX, claimed
from drift_pipeline.plan.costs import cost_of
from drift_pipeline.plan.statements import OnlinePlan, Plan, Statement
from drift_pipeline.schema.statistics import RelationStatistics, Statistics

_USUAL_SCHEMA = "public."


def with_hazards(plan: Plan, statistics: Statistics, failing: Mapping[str, Sequence[str]] | None = None) -> Plan:
    """The plan, each of its statements with its hazards in words, and its cost with the sizes of the tables.

    `failing`: by the difference's key, why the live database may refuse its repair; said before it begins.
    """
    statements = tuple(_warned((_told(each, statistics) for each in plan.statements), failing or {}))
    cost = replace(cost_of(statements, statistics), data_loss=plan.cost.data_loss)
    online = None if plan.online is None else _online(plan.online, statistics, failing or {})
    return replace(plan, statements=statements, cost=cost if plan.statements else plan.cost, online=online)


def _warned(statements: Iterable[Statement], failing: Mapping[str, Sequence[str]]) -> Iterator[Statement]:
    """The statements; the first of each difference says why its repair may be refused."""
    unsaid = dict(failing)
    for statement in statements:
        lines = [line for key in statement.settles for line in unsaid.pop(key, ())]
        yield replace(statement, hazards=(*lines, *statement.hazards)) if lines else statement


def _online(plan: OnlinePlan, statistics: Statistics, failing: Mapping[str, Sequence[str]]) -> OnlinePlan:
    warned = _warned((_told(each, statistics) for each in plan.statements), failing)
    steps = tuple(replace(step, statements=tuple(islice(warned, len(step.statements)))) for step in plan.steps)
    cost = cost_of([each for step in steps for each in step.statements], statistics)
    return replace(plan, steps=steps, cost=cost if steps else plan.cost)


def hazards_of(statement: Statement, statistics: Statistics) -> tuple[str, ...]:
    """One line for each table that the statement rewrites, reads through or locks, the worst first.

    Such as `rewrites orders: about 12.3 M rows, 4.1 GB, ACCESS EXCLUSIVE meanwhile`.
    """
    known = [".".join(name) for name, relation in statistics.relations.items() if not relation.index]
    measured = statement.holds or statement.proven
    seen = statement if measured else claimed(statement, known)
    lines = tuple(_lines(seen, statistics))
    return lines if measured or not lines else tuple(f"{line} (by its kind; it was not measured)" for line in lines)


def _told(statement: Statement, statistics: Statistics) -> Statement:
    return replace(statement, hazards=hazards_of(statement, statistics))


def _lines(statement: Statement, statistics: Statistics) -> Iterator[str]:
    modes = {each.table: each.mode for each in statement.holds}
    for table in statement.rewrites:
        yield f"rewrites {_size(table, statistics)}, {_meanwhile(modes.get(table, AX))}"
    for table in statement.reads:
        if table not in statement.rewrites:
            yield f"reads all of {_size(table, statistics)}, {_meanwhile(modes.get(table, ''))}"
    busy = {*statement.rewrites, *statement.reads}
    for table, mode in modes.items():
        if table not in busy and mode != SUX:
            yield f"locks {_called(table)} for an instant, {mode}"


def _meanwhile(mode: str) -> str:
    if not mode or mode == SUX:
        return "while reads and writes go on"
    return f"{mode} meanwhile"


def _size(table: str, statistics: Statistics) -> str:
    relation = _relation(table, statistics)
    if relation is None:
        return _called(table)
    if not relation.rows:
        return f"{_called(table)}: no rows, as far as the statistics know"
    size = f", {bytes_text(relation.bytes)}" if relation.bytes else ""
    return f"{_called(table)}: about {count_text(relation.rows)} rows{size}"


def _relation(table: str, statistics: Statistics) -> RelationStatistics | None:
    schema, _, name = table.partition(".")
    return statistics.relations.get((schema, name))


def _called(table: str) -> str:
    return table.removeprefix(_USUAL_SCHEMA)
