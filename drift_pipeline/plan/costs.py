"""What plans cost, and which of them does the least harm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from drift_pipeline.plan.attribution import VALUES
from drift_pipeline.plan.effects import HOLDS_DATA
from drift_pipeline.plan.statements import Cost, Statement
from drift_pipeline.schema.statistics import Statistics

LEAST_BYTES = 32
"""What a row takes at least: for tables whose size is not known."""


def cost_of(statements: Sequence[Statement], statistics: Statistics | None = None) -> Cost:
    """The cost of a plan from what was measured of its statements. `statistics`: how large the live tables are."""
    return Cost(
        data_loss=sum(_holds_data(item) for statement in statements for item in statement.drops),
        rewritten_bytes=_bytes((each.rewrites for each in statements), statistics),
        rewrites=sum(len(statement.rewrites) for statement in statements),
        locks=len(_distinct(statement.locks for statement in statements)),
        scanned_bytes=_bytes((each.reads for each in statements), statistics),
        scans=sum(len(statement.scans) for statement in statements),
        statements=len(statements),
    )


def sized(cost: Cost, rewrites: tuple[str, ...], reads: tuple[str, ...], statistics: Statistics) -> Cost:
    """The same cost with other sizes, of a plan that writes these tables anew and reads those through."""
    return replace(cost, rewritten_bytes=_bytes((rewrites,), statistics), scanned_bytes=_bytes((reads,), statistics))


def _bytes(tables: Iterable[tuple[str, ...]], statistics: Statistics | None) -> int:
    """How much is read or written in all; what is done twice counts twice."""
    if statistics is None:
        return 0
    found = (statistics.relations.get((schema, name)) for schema, _, name in _names(tables))
    return sum(relation.bytes or relation.rows * LEAST_BYTES for relation in found if relation is not None)


def _names(tables: Iterable[tuple[str, ...]]) -> Iterable[tuple[str, str, str]]:
    return (table.partition(".") for each in tables for table in each)


def _holds_data(dropped: str) -> bool:
    return any(dropped.startswith(f"{kind} ") for kind in (*HOLDS_DATA, VALUES))


def _distinct(names: Iterable[tuple[str, ...]]) -> set[str]:
    return {name for each in names for name in each}
