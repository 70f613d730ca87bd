"""The proof: statements are run on a copy, and the facts that are read afterwards decide."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from drift_pipeline.diff.differences import Difference
from drift_pipeline.plan.ground import Ground, State, all_ids, changed_outside
from drift_pipeline.plan.guard import objection
from drift_pipeline.plan.sandbox import Sandbox
from drift_pipeline.plan.split import split_statements
from drift_pipeline.plan.stage import Ran, Stage
from drift_pipeline.plan.statements import Statement
from drift_pipeline.schema.facts import FactId, Schema

NATIVE_ROUNDS = 4
"""How often the native planner may look at what is left and go on; each round must bring the facts closer."""

TRACE_SECONDS = 90.0
"""How long may be spent on finding the one statement that does harm; then the whole proposal is refused."""


@dataclass
class Leg:
    """One way from a start to a goal, as far as it was walked.

    `kept`: statements that ran, in their order. `refused`: those that were not taken over, the reason in `note`.
    `failed`: those of the native planner that the server refused to the last. `open`: what still differs.
    """

    state: State
    open: list[Difference]
    kept: list[Statement] = field(default_factory=list)
    refused: list[Statement] = field(default_factory=list)
    failed: list[Statement] = field(default_factory=list)


def perform(box: Sandbox, statements: Sequence[Statement], *, measure: bool = True) -> Ran:
    """Runs statements in the sandbox and leaves it without sessions. `measure`: what each of them costs."""
    stage = Stage(box, measure=measure)
    try:
        return stage.run(statements)
    finally:
        stage.close()


def walk_natively(
    ground: Ground,
    box: Sandbox,
    goal: Schema,
    leg: Leg,
    *,
    measure: bool = True,
    first: Sequence[Statement] | None = None,
) -> Leg:
    """Lets the native planner go on from where the leg stands, until nothing differs or nothing helps.

    `first`: what the planner wrote for the first round, if it was asked already.
    """
    for _ in range(NATIVE_ROUNDS):
        if not leg.open:
            break
        statements = ground.native(leg.state.inside, goal, leg.open) if first is None else first
        first = None
        ran = perform(box, statements, measure=measure)
        if not ran.kept:
            leg.failed = _with_reasons(ran)
            break
        state = ground.read(box, leg.state)
        still_open = ground.differences(box, state.inside, goal)
        # a new index has parts that want another name: all is settled, and something else came to light
        before = {each.key for each in leg.open}
        closer = len(still_open) < len(leg.open) or before.isdisjoint(each.key for each in still_open)
        leg.failed = _with_reasons(ran) if still_open else []
        leg.kept += ran.kept
        leg.state, leg.open = state, still_open
        if not closer:
            break
    return leg


def screened(proposals: Sequence[str], engine: str) -> tuple[list[Statement], list[Statement]]:
    """An engine's text as single statements: those that may be run, and those that may not."""
    allowed, refused = [], []
    for text in proposals:
        for sql in split_statements(text):
            reason = objection(sql)
            statement = Statement(sql, engine)
            if reason:
                refused.append(replace(statement, note=f"Refused: {engine} wrote it, and {reason}."))
            else:
                allowed.append(statement)
    return allowed, refused


def walk_with(
    ground: Ground, box: Sandbox, statements: Sequence[Statement], *, engine: str, template: Sandbox, start: Leg
) -> Leg:
    """Runs an engine's statements in `box`, a fresh copy of `template`, which is where the leg `start` led to.

    What stays open is for `walk_natively`, in the same box. Raises SpoiltError, with the statements to refuse, if one
    changes what is no part of the drift.
    """
    leg = _run_once(ground, start, statements, box)
    wrong = _harm(ground, start, leg)
    if wrong:
        raise SpoiltError(_culprits(ground, leg.kept, engine=engine, template=template, start=start, wrong=wrong))
    return leg


class SpoiltError(Exception):
    """The copy cannot be used any more: a statement changed what is no part of the drift. `refused`: which, and why."""

    def __init__(self, refused: list[Statement]) -> None:
        super().__init__(f"{len(refused)} statements are refused")
        self.refused = refused


def _run_once(ground: Ground, start: Leg, statements: Sequence[Statement], box: Sandbox) -> Leg:
    ran = perform(box, statements)
    if not ran.kept:
        return Leg(start.state, list(start.open), refused=_with_reasons(ran))
    state = ground.read(box, start.state)
    return Leg(state, ground.differences(box, state.inside, ground.goal), ran.kept, _with_reasons(ran))


def _harm(ground: Ground, start: Leg, leg: Leg) -> set[FactId]:
    """Facts that are wrong now and were right, or were nobody's business, at the start."""
    return (all_ids(leg.open) - all_ids(start.open)) | changed_outside(start.state, leg.state)


def _culprits(
    ground: Ground,
    statements: Sequence[Statement],
    *,
    engine: str,
    template: Sandbox,
    start: Leg,
    wrong: set[FactId],
) -> list[Statement]:
    """The statements after which a fact is wrong for good, found by reading the facts after each."""
    blame: dict[FactId, Statement] = {}
    until = time.monotonic() + TRACE_SECONDS
    with ground.copy(template.name, "trace") as box:
        before: set[FactId] = set()
        state = start.state
        for statement in statements:
            if time.monotonic() > until:
                return [_refused(each, engine, wrong) for each in statements]
            perform(box, [statement], measure=False)
            state = ground.read(box, state)
            leg = Leg(state, ground.differences(box, state.inside, ground.goal))
            now = _harm(ground, start, leg) & wrong
            blame.update(dict.fromkeys(now - before, statement))
            before = now
    blamed = [each for each in statements if any(each is culprit for culprit in blame.values())]
    return [
        _refused(each, engine, {key for key, culprit in blame.items() if culprit is each})
        for each in blamed or statements
    ]


def _refused(statement: Statement, engine: str, wrong: set[FactId]) -> Statement:
    facts = ", ".join(str(key) for key in sorted(wrong)[:3]) + (" …" if len(wrong) > 3 else "")
    note = f"Refused: {engine} wrote it, and it changes {facts or 'facts'}, no part of the drift."
    return replace(statement, note=note, proven=False)


def _with_reasons(ran: Ran) -> list[Statement]:
    return [replace(statement, note=f"Does not run on scratch: {words}") for statement, words in ran.failed]
