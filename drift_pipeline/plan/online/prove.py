"""The online variant, proven like the plain plan: its steps are run on a copy of the source, and the facts decide."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from drift_pipeline.diff.differences import Difference
from drift_pipeline.plan.attribution import attributed
from drift_pipeline.plan.costs import cost_of
from drift_pipeline.plan.ground import Ground, State, changed_outside
from drift_pipeline.plan.online.draft import Drafted
from drift_pipeline.plan.online.transform import as_they_are, steps_of
from drift_pipeline.plan.phrases import stays_open
from drift_pipeline.plan.proof import Leg, walk_natively
from drift_pipeline.plan.sandbox import Sandbox
from drift_pipeline.plan.stage import Stage
from drift_pipeline.plan.statements import OnlinePlan, Plan, Proof, Statement, Step
from drift_pipeline.schema.facts import Schema

ATTEMPTS = 6
"""How often it is begun, each time with more statements left as they are; the last time all of them are."""
ROUNDS = 3
"""How often what is left after all steps is looked at and repaired."""


@contextmanager
def spare_copy(ground: Ground, source: Sandbox) -> Iterator[Sandbox | None]:
    """A copy of the source for the online variant, since the plain plan uses the source up; None if nobody asks."""
    if not ground.online_for:
        yield None
        return
    with ground.copy(source.name, "online") as spare:
        yield spare


def with_online(ground: Ground, spare: Sandbox | None, down: Leg, plan: Plan) -> Plan:
    """The plan with its online variant, if it is asked for. `spare`: a copy of what `down` led to."""
    if spare is None or plan.proof is Proof.NOT_NEEDED:
        return plan
    state = down.state
    start = Leg(state, ground.differences(spare, state.inside, ground.goal))
    online = plan_online(ground, spare, start, plan, major=ground.online_for)
    if down.open:  # the steps were proven from somewhere else than the source
        left = (f"{stays_open(each)} (could not be rebuilt on scratch)" for each in down.open)
        online = replace(online, proof=Proof.UNPROVEN, open=(*online.open, *left))
    return replace(plan, online=online)


def plan_online(ground: Ground, source: Sandbox, start: Leg, plan: Plan, *, major: int) -> OnlinePlan:
    """The variant of a plan for a database in use.

    `source`: a copy that is equal to the source, with nobody connected to it. `start`: what it holds, and what differs
    from the goal. `plan`: the plain one; its statements serve where the native planner alone does not reach the goal.
    `major`: of the server that the steps are for.
    """
    if not start.open:
        return OnlinePlan()
    statements, notes = _base(ground, source, start, plan)
    plain: frozenset[int] = frozenset()
    for attempt in range(ATTEMPTS):
        last = attempt == ATTEMPTS - 1
        drafts = steps_of(statements, start.state.inside, ground.goal, major=major, plain=plain)
        with ground.copy(source.name, "online") as box:
            walk = _Walk(ground, box, start, major)
            stuck = walk.take(as_they_are(statements) if last else drafts)
            if stuck is not None and not last:
                plain |= (stuck.changed - plain) or stuck.origins
                continue
            if stuck is None:
                walk.finish()
            return _finished(walk, notes, start)
    raise AssertionError("the last attempt returns")


def _base(ground: Ground, source: Sandbox, start: Leg, plan: Plan) -> tuple[tuple[Statement, ...], list[str]]:
    """The native planner's statements, measured: their text is the project's own, whoever won the plain plan."""
    with ground.copy(source.name, "online") as box:
        leg = walk_natively(ground, box, ground.goal, Leg(start.state, list(start.open)))
    if leg.open and len(plan.open) < len(leg.open):
        return plan.statements, []
    return tuple(attributed(leg.kept, start.open, leg.open)), []


@dataclass
class _Walk:
    """The steps that were run in one copy, and where they led."""

    ground: Ground
    box: Sandbox
    start: Leg
    major: int
    steps: list[Step] = field(default_factory=list)
    words: str = ""
    state: State = field(init=False)
    open: list[Difference] = field(init=False)

    def __post_init__(self) -> None:
        self.state, self.open = self.start.state, list(self.start.open)

    def take(self, drafts: Sequence[Drafted]) -> Drafted | None:
        """Runs the steps; the one that did not run, if any."""
        stage = Stage(self.box)
        try:
            ran, self.words = stage.run_steps([draft.step for draft in drafts])
        finally:
            stage.close()
        used = {".".join(fact.id.name) for fact in self.start.state.inside.of_kind("table", "materialized_view")}
        self.steps += [_as_meant(step, draft, used) for step, draft in zip(ran, drafts, strict=False)]
        self.state = self.ground.read(self.box, self.state)
        found = self.ground.differences(self.box, self.state.inside, self.ground.goal)
        self.open = [item for item in found if not self._only_named_otherwise(item)]
        return drafts[len(ran)] if len(ran) < len(drafts) else None

    def finish(self) -> None:
        """Repairs what the steps left different, such as the comment of a column that took another's place."""
        for _ in range(ROUNDS):
            if not self.open:
                return
            left = len(self.open)
            inside: Schema = self.state.inside
            statements = self.ground.native(inside, self.ground.goal, self.open)
            steps = steps_of(statements, inside, self.ground.goal, major=self.major)
            if self.take(steps) is not None or len(self.open) >= left:
                return

    def _only_named_otherwise(self, item: Difference) -> bool:
        """Before 18 a NOT NULL has no name; scratch may be younger than the server that the steps are for."""
        return self.major < 18 and item.id.kind == "not_null"


def _as_meant(step: Step, draft: Drafted, used: Collection[str]) -> Step:
    """The step as it was measured; what a core drops after its values moved on is not lost. `used`: tables."""
    pairs = zip(step.statements, draft.step.statements, strict=True)
    statements = (
        replace(measured, drops=meant.drops, destructive=meant.destructive) if draft.kept else measured
        for measured, meant in pairs
    )
    return _as_measured(replace(step, statements=tuple(_among(each, used) for each in statements)))


def _among(statement: Statement, used: Collection[str]) -> Statement:
    """What the statement does to tables that others use; those that the plan has made are nobody's yet."""
    return replace(
        statement,
        rewrites=tuple(table for table in statement.rewrites if table in used),
        reads=tuple(table for table in statement.reads if table in used),
        locks=tuple(table for table in statement.locks if table in used),
        holds=tuple(each for each in statement.holds if each.table in used),
    )


def _as_measured(step: Step) -> Step:
    """The step, and where it was measured to block others for as long as it reads or writes, that it does."""
    hard = {lock.table for each in step.statements for lock in each.holds if lock.mode != "SHARE UPDATE EXCLUSIVE"}
    rewritten = {table for each in step.statements for table in each.rewrites}
    read = {table for each in step.statements for table in each.reads} & hard
    slow = [f"it rewrites {', '.join(sorted(rewritten))}"] if rewritten else []
    slow += [f"it reads {', '.join(sorted(read - rewritten))} under a lock"] if read - rewritten else []
    if not slow or not step.online:
        return step
    return replace(step, online=False, statement_timeout="0", note="; ".join(slow))


def _finished(walk: _Walk, notes: list[str], start: Leg) -> OnlinePlan:
    beside = sorted(changed_outside(start.state, walk.state))
    still_open = [stays_open(each) for each in walk.open]
    still_open += [f"{key}, beyond what is compared, changes as well" for key in beside]
    if walk.words:
        notes.append(f"A step did not run on scratch: {walk.words}")
    proven = not still_open and not walk.words
    steps = tuple(
        replace(step, statements=tuple(replace(each, proven=proven) for each in step.statements)) for step in walk.steps
    )
    notes += [f"{step.title}: {step.note}" for step in steps if not step.online]
    return OnlinePlan(
        steps=steps,
        proof=Proof.PROVEN if proven else Proof.UNPROVEN,
        open=tuple(still_open),
        notes=tuple(notes),
        cost=cost_of([each for step in steps for each in step.statements]),
    )
