"""What goes into a revision: the differences that it settles, with statements that were tried, and what it leaves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from drift_pipeline.diff.differences import Difference
from drift_pipeline.judge.asked import is_named, is_unknown_object
from drift_pipeline.plan.attribution import attributed
from drift_pipeline.plan.ground import Ground, State, all_ids, changed_outside
from drift_pipeline.plan.phrases import stays_open
from drift_pipeline.plan.proof import Leg, walk_natively
from drift_pipeline.plan.revisions.words import Drifted
from drift_pipeline.plan.sandbox import Sandbox
from drift_pipeline.plan.statements import Statement


@dataclass(frozen=True)
class Chosen:
    """`wanted`: what is settled by the `statements`; `withheld`: what is left as it is; `open`: what no statement does.

    The statements carry what was measured of them.
    """

    wanted: tuple[Difference, ...] = ()
    statements: tuple[Statement, ...] = ()
    withheld: tuple[Difference, ...] = ()
    open: tuple[str, ...] = ()


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
        leg, beside = _tried(ground, box, base, wanted, withheld)
        # what only the trial shows: values that a new type cuts, what a drop takes along
        more = _losing(leg.kept) & {each.key for each in wanted if not is_named(each, allow_drop)}
        if destructive or not more:
            return Chosen(wanted, tuple(leg.kept), withheld, (*(stays_open(each) for each in leg.open), *beside))
        lossy |= more


def _losing(statements: Sequence[Statement]) -> set[str]:
    return {key for statement in statements if statement.destructive for key in statement.settles}


def _tried(
    ground: Ground, box: Sandbox, base: State, wanted: Sequence[Difference], withheld: Sequence[Difference]
) -> tuple[Leg, list[str]]:
    ground = replace(ground, tolerated=frozenset(all_ids(withheld) - all_ids(wanted)))
    with ground.copy(box.name, "repair") as copy:
        leg = walk_natively(ground, copy, ground.goal, Leg(base, list(wanted)))
        leg.kept = attributed(leg.kept, wanted)
        beside = [f"{key}, beyond what is compared, changes as well" for key in changed_outside(base, leg.state)]
    return leg, sorted(beside)
