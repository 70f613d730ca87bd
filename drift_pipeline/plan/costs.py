"""What plans cost, and which of them does the least harm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from drift_pipeline.plan.attribution import VALUES
from drift_pipeline.plan.effects import HOLDS_DATA
from drift_pipeline.plan.statements import Cost, Statement


def cost_of(statements: Sequence[Statement]) -> Cost:
    """The cost of a plan from what was measured of its statements."""
    return Cost(
        data_loss=sum(_holds_data(item) for statement in statements for item in statement.drops),
        rewrites=sum(len(statement.rewrites) for statement in statements),
        locks=len(_distinct(statement.locks for statement in statements)),
        scans=sum(len(statement.scans) for statement in statements),
        statements=len(statements),
    )


def _holds_data(dropped: str) -> bool:
    return any(dropped.startswith(f"{kind} ") for kind in (*HOLDS_DATA, VALUES))


def _distinct(names: Iterable[tuple[str, ...]]) -> set[str]:
    return {name for each in names for name in each}
