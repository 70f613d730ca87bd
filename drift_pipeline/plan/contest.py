"""Engines compete: each walks from a copy of the source to the goal; the least harmful of the proven ways wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from drift_pipeline.config import Database
from drift_pipeline.errors import EngineError
from drift_pipeline.plan.attribution import attributed
from drift_pipeline.plan.costs import cost_of, sized
from drift_pipeline.plan.early import Early
from drift_pipeline.plan.engines import NATIVE, engine_named
from drift_pipeline.plan.engines.process import run_engine
from drift_pipeline.plan.ground import Ground, changed_outside, lost_grants
from drift_pipeline.plan.proof import Leg, SpoiltError, screened, walk_natively, walk_with
from drift_pipeline.plan.sandbox import Sandbox, without_sessions
from drift_pipeline.plan.statements import Alternative, Cost, Plan, Proof, Statement
from drift_pipeline.schema.facts import FactId
from drift_pipeline.schema.statistics import Statistics

REFUSALS = 4
"""How often an engine's proposal is tried anew without the statements that did harm."""


@dataclass
class Attempt:
    """How far one engine came."""

    engine: str
    leg: Leg
    harmful: list[Statement] = field(default_factory=list)
    """What was refused because it does harm; told whoever wins."""
    beside: tuple[FactId, ...] = ()
    """Facts beyond what is compared that it changes."""
    cost: Cost = field(init=False)

    def __post_init__(self) -> None:
        self.cost = cost_of(self.leg.kept)

    @property
    def proof(self) -> Proof:
        """Proven if nothing is left open, and nothing else was changed."""
        return Proof.UNPROVEN if self.leg.open or self.beside else Proof.PROVEN

    def as_alternative(self) -> Alternative:
        """What the report says about it when another one was chosen."""
        left = len(self.leg.open)
        rewrites, reads = _touched(self.leg.kept)
        note = f"leaves {left} difference{'' if left == 1 else 's'}" if left else ""
        return Alternative(self.engine, self.proof, self.cost, note, rewrites, reads)


def compete(
    ground: Ground,
    source: Sandbox,
    start: Leg,
    *,
    target: Database,
    engines: Sequence[str],
    early: Early | None = None,
) -> tuple[Attempt, list[Attempt]]:
    """The attempt with the least harm, and the others.

    `source`: a copy that is equal to the source; used up. `target`: a database that is equal to the goal. `early`: an
    engine that was asked already. One that fails is a note of the ground, and no error: the others stand.
    """
    attempts = []
    if early is not None and NATIVE in engines:  # while the engine thinks
        attempts.append(_native_attempt(ground, source, start))
    place, begin = (source, start) if early is None else (early.box, early.start(start))
    for engine in engines:
        if engine == NATIVE:
            continue
        try:
            proposals = early.proposals(engine) if early is not None else None
            if proposals is None:
                proposals = run_engine(engine_named(engine), place.admin, target, timeout=ground.engine_timeout)
            attempts.append(_attempt(ground, place, begin, engine, proposals))
        except EngineError as error:
            without_sessions(place)
            ground.notes.append(f"{error.message} {error.hint}".strip())
    if not attempts or (
        early is None and NATIVE in engines
    ):  # what no engine could do, the planner that needs none can
        attempts.append(_native_attempt(ground, source, start))
    attempts.sort(key=lambda each: engines.index(each.engine) if each.engine in engines else len(engines))
    _weigh(ground, attempts)
    best = min(attempts, key=_merit)  # min keeps the first of equals
    return best, [each for each in attempts if each is not best]


def _merit(attempt: Attempt) -> tuple[int, Cost]:
    return len(attempt.leg.open) + len(attempt.beside), attempt.cost


def _weigh(ground: Ground, attempts: Sequence[Attempt]) -> None:
    """Asks how large the tables are, where that may decide: several ways lead as far, and they cost something else."""
    first = min(_merit(each)[0] for each in attempts)
    tied = [each for each in attempts if _merit(each)[0] == first]
    least = min(each.cost.data_loss for each in tied)
    tied = [each for each in tied if each.cost.data_loss == least and (each.cost.rewrites or each.cost.scans)]
    if ground.sizes is None or len({_touched(each.leg.kept) for each in tied}) < 2:
        return
    statistics = ground.sizes()
    for each in attempts:
        each.cost = cost_of(each.leg.kept, statistics)


def weighed_again(plan: Plan, sizes: Callable[[], Statistics] | None) -> Plan | None:
    """A plan that was proven before, weighed with the sizes of today; None if another way would win by them."""
    rivals = [each for each in plan.alternatives if each.proof is Proof.PROVEN]
    own = _touched(plan.statements)
    tied = [each for each in rivals if each.cost.data_loss == plan.cost.data_loss]
    others = {(each.rewrites, each.reads) for each in tied if each.cost.rewrites or each.cost.scans}
    if sizes is None or not others - {own} or not (plan.cost.rewrites or plan.cost.scans):
        return plan
    statistics = sizes()
    cost = sized(plan.cost, *own, statistics)
    again = {each: sized(each.cost, each.rewrites, each.reads, statistics) for each in plan.alternatives}
    if any(again[each] < cost for each in rivals):
        return None
    alternatives = tuple(replace(each, cost=again[each]) for each in plan.alternatives)
    return replace(plan, cost=cost, alternatives=alternatives)


def _touched(kept: Sequence[Statement]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    rewrites = (table for each in kept for table in each.rewrites)
    return tuple(sorted(rewrites)), tuple(sorted(table for each in kept for table in each.reads))


def _attempt(ground: Ground, source: Sandbox, start: Leg, engine: str, proposals: list[str]) -> Attempt:
    statements, refused = screened(proposals, engine)
    for _ in range(REFUSALS):
        with ground.copy(source.name, engine) as box:
            try:
                leg = walk_with(ground, box, statements, engine=engine, template=source, start=start)
            except SpoiltError as spoilt:
                refused += spoilt.refused
                gone = {each.sql for each in spoilt.refused}
                statements = [each for each in statements if each.sql not in gone]
                continue
            return _finished(ground, box, leg, start=start, refused=refused, engine=engine)
    with ground.copy(source.name, engine) as box:
        refused += [replace(each, note="Refused with the rest of a proposal that did harm.") for each in statements]
        return _finished(ground, box, Leg(start.state, list(start.open)), start=start, refused=refused, engine=engine)


def _native_attempt(ground: Ground, source: Sandbox, start: Leg) -> Attempt:
    """In the source itself, as the last one: that saves a copy."""
    leg = Leg(start.state, list(start.open))
    return _finished(ground, source, leg, start=start, refused=[], engine=NATIVE)


def _finished(ground: Ground, box: Sandbox, leg: Leg, *, start: Leg, refused: list[Statement], engine: str) -> Attempt:
    leg = walk_natively(ground, box, ground.goal, leg)
    closer = len(leg.open) < len(start.open)
    kept = [replace(each, proven=closer) for each in attributed(leg.kept, start.open, leg.open)]
    beside = tuple(sorted(changed_outside(start.state, leg.state) | lost_grants(start.state, leg.state)))
    return Attempt(engine, replace(leg, kept=kept), refused, beside)
