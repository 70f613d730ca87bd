"""What goes into a revision: the differences that it settles, with statements that were tried, and what it leaves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.differences import Difference
from drift_pipeline.judge.asked import is_named, is_unknown_object
from drift_pipeline.plan.attribution import attributed
from drift_pipeline.plan.ground import Ground, State, all_ids, changed_outside, ids_of
from drift_pipeline.plan.online.prove import plan_online
from drift_pipeline.plan.phrases import stays_open
from drift_pipeline.plan.proof import Leg, walk_natively
from drift_pipeline.plan.revisions.base import without_owners
from drift_pipeline.plan.revisions.guards import question_of
from drift_pipeline.plan.revisions.words import Drifted
from drift_pipeline.plan.sandbox import Sandbox
from drift_pipeline.plan.statements import Plan, Proof, Statement, Step
from drift_pipeline.schema.coverage import ATTACHED
from drift_pipeline.schema.facts import FactId, Schema


@dataclass(frozen=True)
class Chosen:
    """`wanted`: what is settled by the `statements`; `withheld`: what is left as it is; `open`: what no statement does.

    The statements carry what was measured of them. `elsewhere`: what this database has and the history lacks, so that
    the others lack it as well. `steps`: the same repair for databases in use, where that was asked for and proven.
    `reached`: what the statements led to on the copy on which they were tried.
    """

    wanted: tuple[Difference, ...] = ()
    statements: tuple[Statement, ...] = ()
    withheld: tuple[Difference, ...] = ()
    open: tuple[str, ...] = ()
    elsewhere: tuple[Difference, ...] = ()
    steps: tuple[Step, ...] = ()
    reached: Schema | None = None


def chosen_repair(
    ground: Ground, box: Sandbox, base: State, drifted: Drifted, *, destructive: bool, allow_drop: Collection[str]
) -> Chosen:
    """The repair of `base`, which `box` holds and keeps: tried on a copy, and by the native planner alone, since each
    of its statements says which difference it settles.

    Withheld is what loses something, and what drops an object that may be somebody else's, unless it was asked for.
    """
    differences = ground.differences(box, base.inside, drifted.models)
    if not differences:
        return Chosen()
    lossy: set[str] = set()
    if not destructive:
        lossy = {each.key for each in differences if is_unknown_object(each)}
        lossy |= _losing(ground.native(base.inside, drifted.models, differences))
        lossy -= {each.key for each in differences if is_named(each, allow_drop)}
    while True:
        withheld = tuple(each for each in differences if each.key in lossy)
        wanted = tuple(each for each in differences if each.key not in lossy)
        if not wanted:
            return Chosen(withheld=withheld)
        trying = replace(ground, tolerated=frozenset(all_ids(withheld) - all_ids(wanted)))
        leg, beside = _tried(trying, box, base, wanted)
        # what only the trial shows: values that a new type cuts, what a drop takes along
        more = _losing(leg.kept) & {each.key for each in wanted if not is_named(each, allow_drop)}
        if destructive or not more:
            still = (*(stays_open(each) for each in leg.open), *beside)
            chosen = Chosen(wanted, tuple(leg.kept), withheld, still, reached=leg.state.inside)
            return _online(trying, box, base, drifted, chosen) if drifted.online and not still else chosen
        lossy |= more


def _losing(statements: Sequence[Statement]) -> set[str]:
    return {key for statement in statements if statement.destructive for key in statement.settles}


def _online(ground: Ground, box: Sandbox, base: State, drifted: Drifted, chosen: Chosen) -> Chosen:
    """In steps that are committed one after the other; as it was where they could not be proven."""
    plain = Plan(chosen.statements, Proof.PROVEN)
    major = drifted.live.server_major
    online = plan_online(ground, box, Leg(base, list(chosen.wanted)), plain, major=major)
    if online.proof is not Proof.PROVEN:
        return chosen
    return replace(chosen, statements=online.statements, steps=online.steps)


def _tried(ground: Ground, box: Sandbox, base: State, wanted: Sequence[Difference]) -> tuple[Leg, list[str]]:
    with ground.copy(box.name, "repair") as copy:
        leg = walk_natively(ground, copy, ground.goal, Leg(base, list(wanted)))
        leg.kept = attributed(leg.kept, wanted, leg.open)
        beside = [f"{key}, beyond what is compared, changes as well" for key in changed_outside(base, leg.state)]
    return leg, sorted(beside)


def lacking_elsewhere(
    ground: Ground, at_head: Schema, drifted: Drifted, chosen: Chosen, here: Collection[FactId] = ()
) -> Chosen:
    """With what the history lacks and this database has: its statements run where they are needed.

    Without what a database could not be asked about, without what loses something, and without what belongs `here`.
    """
    diff = diff_schemas(at_head, drifted.models, planes=drifted.planes, exact=drifted.exact)
    known = all_ids((*chosen.wanted, *chosen.withheld)) | set(here)
    found = [
        each
        for each in diff.differences
        if not all_ids([each]) & known and question_of(each) and not is_unknown_object(each)
    ]
    statements = ground.native(without_owners(at_head), drifted.models, found) if found else []
    lossy = _losing(statements)
    if lossy:
        found = [each for each in found if each.key not in lossy]
        statements = ground.native(without_owners(at_head), drifted.models, found) if found else []
    return replace(chosen, elsewhere=tuple(found), statements=(*chosen.statements, *statements))


def known_everywhere(at_head: Schema, base: Schema, differences: Sequence[Difference]) -> set[str]:
    """Keys of the differences that the history makes the same way: they are on every database."""

    def alike(difference: Difference) -> bool:
        return all(_stated(at_head, key) == _stated(base, key) for key in (*ids_of(difference), *difference.contains))

    return {each.key for each in differences if alike(each)}


def changed_twice(at_head: Schema, base: Schema, models: Schema, wanted: Sequence[Difference]) -> list[Difference]:
    """What is neither here nor in the history as the models have it, and not the same in both: the way back leads to
    one form, the one that it has here."""
    common = known_everywhere(at_head, base, wanted)
    return [
        each
        for each in wanted
        if each.key not in common and any(_stated(at_head, key) != _stated(models, key) for key in ids_of(each))
    ]


def _stated(schema: Schema, key: FactId) -> object:
    fact = schema.facts.get(key)
    return (
        None
        if fact is None
        else {name: value for name, value in fact.stated.items() if name not in ("owner", ATTACHED)}
    )
