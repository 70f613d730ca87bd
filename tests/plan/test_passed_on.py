"""Privileges that somebody else than the owner granted: told, and given or taken back as that role, with proof.

Both sides are built on a server; the server's own lists judge what the plan made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.plan.planner import plan_between
from drift_pipeline.plan.statements import Proof
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer
from tests.plan.test_partitioned_indexes import run

NewDatabase = Callable[..., Database]
Run = Callable[..., list[tuple[Any, ...]]]

GRANTED = """
select of, pg_get_userbyid(x.grantor), x.grantee::regrole::text, x.privilege_type, x.is_grantable
from (
    select relname::text as of, coalesce(relacl, acldefault('r', relowner)) as list
    from pg_class where relnamespace = 'public'::regnamespace
    union all
    select c.relname || '.' || a.attname, a.attacl
    from pg_class c join pg_attribute a on a.attrelid = c.oid where c.relnamespace = 'public'::regnamespace
) l
cross join lateral aclexplode(l.list) x order by 1, 2, 3, 4
"""
TABLE = "create table t (a int, b int); create function f() returns int language sql as 'select 1';"
OPTION = "grant select on t to pg_read_all_data with grant option;"
PASSED = OPTION + "set role pg_read_all_data; grant select on t to pg_monitor; reset role;"
CASES = {
    "another grantor": (OPTION + "grant select on t to pg_monitor", PASSED),
    "two grantors": (
        OPTION + "grant select on t to pg_monitor",
        PASSED.replace("pg_monitor;", "pg_monitor with grant option;") + "grant select on t to pg_monitor",
    ),
    "a chain": (
        "",
        "grant select, insert on t to pg_read_all_data with grant option; set role pg_read_all_data;"
        "grant select, insert on t to pg_write_all_data with grant option; set role pg_write_all_data;"
        "grant select on t to pg_monitor; grant insert on t to public; reset role;",
    ),
    "of a column": ("", PASSED.replace("select on", "update (a) on") + "grant select (ctid) on t to pg_monitor"),
    "the end of a chain": (PASSED, OPTION.replace(" with grant option", "")),
    "what is made anew": (
        PASSED.replace(" t ", " v ").replace("grant select", "create view v as select a from t; grant select", 1),
        PASSED.replace(" t ", " v ").replace("grant select", "create view v as select a::text from t; grant select", 1),
    ),
}


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "a chain" else pytest.mark.slow) for name in CASES]
)
def test_what_was_passed_on_is_told_and_repaired_with_proof(
    server: ScratchServer, new_database: NewDatabase, run_sql: Run, name: str, back: bool
) -> None:
    sides = CASES[name][::-1] if back else CASES[name]
    live, wanted = (new_database(TABLE + side) for side in sides)
    plan = plan_between(server, read_schema(live), read_schema(wanted), planes="all", engines=("native",))
    assert (plan.proof, plan.open) == (Proof.PROVEN, ())
    run(live, *(statement.sql for statement in plan.statements))
    assert run_sql(live, GRANTED) == run_sql(wanted, GRANTED)


def test_who_granted_is_a_difference_of_its_own_and_the_owner_needs_no_name(new_database: NewDatabase) -> None:
    one, other = (read_schema(new_database(TABLE + side)) for side in CASES["another grantor"])
    (found,) = diff_schemas(one, other, planes="all").differences
    assert [(item.name, item.before, item.after) for item in found.attributes] == [
        ("granted_by", None, {"SELECT": {"pg_read_all_data": False}})
    ]


def test_a_role_that_was_active_is_active_after_somebody_elses_grant(
    server: ScratchServer, new_database: NewDatabase, run_sql: Run
) -> None:
    live, wanted = (new_database(TABLE + side) for side in CASES["another grantor"])
    plan = plan_between(server, read_schema(live), read_schema(wanted), planes="all", engines=("native",))
    (as_another,) = [statement.sql for statement in plan.statements if "SET LOCAL ROLE" in statement.sql]
    assert run_sql(live, f"set role pg_monitor; {as_another}; select current_user") == [("pg_monitor",)]


@pytest.mark.slow
def test_a_grant_on_what_an_extension_made_is_proven_although_everybody_may_use_it(
    server: ScratchServer, new_database: NewDatabase
) -> None:
    # the server only warns whoever may use a thing and not grant it
    one, other = (
        read_schema(new_database("create extension hstore;" + side))
        for side in ("", "grant execute on function hstore_in(cstring) to pg_monitor")
    )
    for source, target in ((one, other), (other, one)):
        plan = plan_between(server, source, target, planes="all", engines=("native",))
        assert (plan.proof, plan.open) == (Proof.PROVEN, ())
