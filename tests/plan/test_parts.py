"""What partitions have of their parent's indexes and keys: another name or option is a difference, and is repaired.

Both sides are built on a server; a person's expectation says what is told, pg_dump judges what the plan made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.plan.planner import plan_between
from drift_pipeline.plan.statements import Proof
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer
from tests.plan.native.test_round_trip import dumped
from tests.plan.test_partitioned_indexes import run

NewDatabase = Callable[..., Database]

TABLES = """
create table p (k int not null, a int, b int, c text) partition by list (k);
create table p1 partition of p for values in (1);
create table p2 partition of p for values in (2) partition by range (k);
create table p21 partition of p2 default;
"""
KEY = "alter table p add primary key (k); "
INDEX = "create index i on p (a); "
BARE_KEY = "alter table only p add primary key (k);"
ATTACH_SECOND = "alter table p2 add primary key (k); alter index p_pkey attach partition p2_pkey;"


@dataclass(frozen=True)
class Case:
    """`one`, `other`: what follows the tables on the two sides; `told`: the differences from the one to the other."""

    name: str
    one: str
    other: str
    told: frozenset[str]


def case(name: str, one: str, other: str, *told: str) -> Case:
    return Case(name, one, other, frozenset(told))


CASES = (
    case(
        "two deep",
        KEY + INDEX,
        KEY + INDEX + "alter index p21_a_idx rename to n1; alter index p2_a_idx rename to n2; "
        "alter index p21_pkey rename to n3; comment on index n1 is 'x'; comment on index n3 is 'y'",
        "renamed index public.p21.n1",
        "renamed index public.p2.n2",
        "renamed primary_key public.p21.n3",
        "added comment index.public.p21.n1",
        "added comment index.public.p21.n3",
    ),
    case(
        "the parent's, too",
        INDEX + "comment on index p1_a_idx is 'x'",
        INDEX + "alter index i rename to j; alter index p1_a_idx rename to n1; comment on index n1 is 'x'",
        "renamed index public.p.j",
        "renamed index public.p1.n1",
    ),
    case(
        "a new index",
        "",
        INDEX + KEY + "alter index p1_a_idx rename to n1; alter index p21_pkey rename to n2",
        "added index public.p.i",
        "added primary_key public.p.p_pkey",
    ),
    case(
        "another index",
        INDEX,
        "create index i on p (b); alter index p1_b_idx rename to n1",
        "changed index public.p.i",
    ),
    case(
        "a new partition",
        KEY + INDEX,
        KEY + INDEX + "create table q partition of p for values in (7); alter index q_a_idx rename to w; "
        "alter index q_pkey rename to ww",
        "added table public.q",
    ),
    case(
        "a partition that leaves",
        KEY + INDEX,
        KEY + INDEX + "alter index p1_a_idx rename to n1; alter index p1_pkey rename to n2; "
        "alter table p detach partition p1",
        "renamed index public.p1.n1",
        "renamed primary_key public.p1.n2",
        "changed table public.p1",
    ),
    case(
        "another order",
        INDEX,
        "create index i on only p (a); create index p1_a_idx on p1 (a desc); "
        "alter index i attach partition p1_a_idx; create index p2_a_idx on p2 (a); "
        "alter index i attach partition p2_a_idx",
        "changed index public.p1.p1_a_idx",
    ),
    case(
        "another moment",
        KEY,
        BARE_KEY + "alter table p1 add primary key (k) deferrable initially deferred;"
        "alter index p_pkey attach partition p1_pkey;" + ATTACH_SECOND,
        "changed primary_key public.p1.p1_pkey",
    ),
    case(
        "other options",
        KEY + INDEX,
        KEY + INDEX + "alter index p1_pkey set (fillfactor = 50); alter index p21_a_idx set (fillfactor = 60)",
        "changed primary_key public.p1.p1_pkey",
        "changed index public.p21.p21_a_idx",
    ),
    case(
        "a name that others hold",
        KEY + INDEX,
        KEY + INDEX + "alter index p1_pkey rename to z; alter index p1_a_idx rename to zz; "
        "alter table p1 cluster on zz; alter table p1 replica identity using index z",
        "renamed primary_key public.p1.z",
        "renamed index public.p1.zz",
        "changed table public.p1",
    ),
)
QUICK = ("two deep", "another order")


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
@pytest.mark.parametrize(
    "each", [pytest.param(each, marks=() if each.name in QUICK else pytest.mark.slow, id=each.name) for each in CASES]
)
def test_a_part_that_is_not_the_same_is_told_and_repaired_with_proof(
    server: ScratchServer, new_database: NewDatabase, each: Case, back: bool
) -> None:
    sides = (each.other, each.one) if back else (each.one, each.other)
    live, wanted = (new_database(TABLES + side) for side in sides)
    source, target = read_schema(live), read_schema(wanted)
    if not back:
        found = diff_schemas(source, target, planes="all").differences
        assert {f"{item.change} {item.id}" for item in found} == each.told
    plan = plan_between(server, source, target, planes="all", engines=("native",))
    assert (plan.proof, plan.open) == (Proof.PROVEN, ())
    run(live, *(statement.sql for statement in plan.statements))
    assert dumped(live) == dumped(wanted)


def test_another_option_of_a_part_is_no_difference_of_structure(new_database: NewDatabase) -> None:
    options = "alter index p1_a_idx set (fillfactor = 50); alter index p1_pkey set (fillfactor = 50)"
    one, other = (read_schema(new_database(TABLES + KEY + INDEX + more)) for more in ("", options))
    assert diff_schemas(one, other).differences == diff_schemas(other, one).differences == ()


@pytest.mark.slow
def test_names_that_two_parts_have_exchanged_are_told_and_left_open(
    server: ScratchServer, new_database: NewDatabase
) -> None:
    two = TABLES + INDEX + "create index j on p (b);"
    exchanged = (
        "alter index p1_a_idx rename to x; alter index p1_b_idx rename to p1_a_idx; alter index x rename to p1_b_idx;"
    )
    plan = plan_between(server, read_schema(new_database(two)), read_schema(new_database(two + exchanged)))
    assert (plan.proof, len(plan.open)) == (Proof.UNPROVEN, 2)
    assert all("should be called" in words for words in plan.open)
