"""What comes of the attempts: the plan, with what is proven, what stays open, and what is said about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from drift_pipeline.diff.differences import Difference, SchemaDiff
from drift_pipeline.plan.contest import Attempt
from drift_pipeline.plan.engines import NATIVE
from drift_pipeline.plan.ground import Ground, all_ids, native_statements
from drift_pipeline.plan.phrases import stays_open
from drift_pipeline.plan.proof import Leg
from drift_pipeline.plan.statements import Plan, Proof, Statement
from drift_pipeline.schema.facts import Schema


def outcome(
    ground: Ground,
    down: Leg,
    start: Leg,
    attempts: tuple[Attempt | None, list[Attempt]],
    *,
    source: Schema,
    diff: SchemaDiff,
) -> Plan:
    """The plan that comes of the attempts to walk on from `start`."""
    best, others = attempts
    unreached = _concerned(diff.differences, down.open)
    if best is None or not start.open:
        return unproven(source, ground.goal, diff, ground.notes)
    # what an engine settled, if only from a start that is not quite the source, needs no second statement
    unwritten = [each for each in unreached if not all_ids([each]) & all_ids(start.open)]
    left = [*best.leg.failed, *(ground.native(source, ground.goal, unwritten) if unwritten else ())]
    plan = _assembled(ground, best, others, left, unreached)
    strange = [each for each in down.open if not all_ids([each]) & all_ids(diff.differences)]
    if not strange:
        return plan
    said = (f"the source could not be rebuilt on scratch: {stays_open(each)}" for each in strange)
    # what only the copy lacked is there: no statement may make it again
    ours = all_ids(diff.differences)
    foreign = {each.key for each in start.open if not all_ids([each]) & ours}
    kept = (each for each in plan.statements if not each.settles or not foreign.issuperset(each.settles))
    return replace(plan, statements=tuple(kept), proof=Proof.UNPROVEN, open=(*plan.open, *said))


def _concerned(differences: Sequence[Difference], still_open: Sequence[Difference]) -> list[Difference]:
    """The differences that a proof could not begin with: their facts could not be made like the source's."""
    ids = all_ids(still_open)
    return [difference for difference in differences if all_ids([difference]) & ids]


def _assembled(
    ground: Ground, best: Attempt, others: list[Attempt], left: list[Statement], unreached: Sequence[Difference]
) -> Plan:
    notes = list(ground.notes)
    if unreached:
        notes.append("Part of the source could not be rebuilt on scratch; what repairs that part is unproven.")
    still_open = [stays_open(each) for each in best.leg.open]
    still_open += [f"{key}, beyond what is compared, changes as well" for key in best.beside]
    still_open += [f"{stays_open(each)} (could not be rebuilt on scratch)" for each in unreached]
    return Plan(
        statements=(*best.leg.kept, *_noted(left)),
        proof=Proof.UNPROVEN if still_open else Proof.PROVEN,
        open=tuple(still_open),
        refused=(*(each for attempt in (best, *others) for each in attempt.harmful), *best.leg.refused),
        engine=best.engine,
        notes=tuple(notes),
        cost=best.cost,
        alternatives=tuple(each.as_alternative() for each in others),
    )


def _noted(statements: Iterable[Statement]) -> list[Statement]:
    return [replace(each, note=each.note or "Not proven on scratch.") for each in statements]


def unproven(source: Schema, target: Schema, diff: SchemaDiff, notes: Sequence[str]) -> Plan:
    """The native planner's word alone: everything is said, nothing is called done."""
    statements = native_statements(source, target, diff.differences, diff.planes)
    return Plan(
        statements=tuple(_noted(statements)),
        proof=Proof.UNPROVEN,
        open=tuple(stays_open(each) for each in diff.differences),
        engine=NATIVE if statements else "",
        notes=tuple(notes),
    )
