"""What holds for every pair of schemas with rows in them: the steps run, reach the target, lose no row in silence."""

from __future__ import annotations

import psycopg2
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.plan.online.run import run_steps
from drift_pipeline.plan.planner import plan_between
from drift_pipeline.plan.statements import OnlinePlan, Proof
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer
from tests.plan.test_properties import ABOUT_ROWS, CAMPAIGN, built, copied, event, keeps_rows
from tests.plan.worlds import World, worlds

SOME = settings(
    max_examples=CAMPAIGN or 8,
    derandomize=not CAMPAIGN,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
    print_blob=True,
)


@pytest.mark.slow
@SOME
@given(world=worlds())
def test_steps_are_proven_wherever_the_plain_plan_is_and_reach_the_target_over_rows(
    server: ScratchServer, world: World
) -> None:
    with built(server, world) as sides, copied(server, sides.source) as copy:
        plan = plan_between(
            server,
            sides.before,
            sides.after,
            planes="all",
            exact=True,
            target_database=sides.target,
            engines=("native",),
            online=True,
        )
        if plan.proof is not Proof.PROVEN:
            event(f"the plain plan is {plan.proof}")
            return
        online = plan.online
        assert online is not None
        assert online.proof is Proof.PROVEN, (online.open, online.notes, [each.sql for each in plan.statements])
        listing = "\n".join(each.sql for each in online.statements)
        if not _ran(copy, online, listing):
            event("rows refuse")
            return
        left = diff_schemas(read_schema(copy), sides.after, planes="all", exact=True).differences
        assert not left, ([(item.change, str(item.id), item.attributes) for item in left], listing)
        keeps_rows(online.statements, sides.source, copy)


def _ran(database: Database, online: OnlinePlan, listing: str) -> bool:
    """Whether the rows let the steps run; whatever else refuses them is wrong."""
    try:
        run_steps(database, online.steps)
    except psycopg2.Error as error:
        if str(error.pgcode)[:2] not in ABOUT_ROWS:
            raise AssertionError(f"{error}\n--- of\n{listing}") from error
        return False
    return True
