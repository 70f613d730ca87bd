"""Where a difference comes from: the way from live to the models, step by step.

Three schemas are known besides the live one when the project has an Alembic history: the history at the revision that
the live database says it is at, the history at its head, and the models. What changes on the first step was made by
hand, on the second waits for `alembic upgrade`, on the third was never migrated. A difference can have two causes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from drift_pipeline.diff.differences import Difference, SchemaDiff
from drift_pipeline.judge.findings import Cause
from drift_pipeline.schema.facts import FactId


@dataclass(frozen=True)
class Step:
    """One step of the way from live to the models, and what it is called when something changes there."""

    cause: Cause
    diff: SchemaDiff


def causes_of(difference: Difference, steps: Sequence[Step]) -> tuple[Cause, ...]:
    """The causes of one difference, in the order of the steps; `unknown` alone if no step explains it."""
    found = tuple(
        step.cause for step in steps if any(_same_matter(difference, other) for other in step.diff.differences)
    )
    return found or (Cause.UNKNOWN,)


def _same_matter(difference: Difference, other: Difference) -> bool:
    if _ids(difference) & _ids(other):
        # two changes of one fact are the same matter only where they are about the same attribute
        names, others = difference.changed_names, other.changed_names
        return not (names and others) or bool(names & others)
    # a column that was added by hand to a table that a pending revision drops: the table's difference contains it
    return bool(_ids(difference) & set(other.contains)) or bool(_ids(other) & set(difference.contains))


def _ids(difference: Difference) -> set[FactId]:
    facts: Iterable[FactId] = (fact.id for fact in (difference.before, difference.after) if fact is not None)
    return {difference.id, *facts}
