"""What holds for every pair of schemas with rows in them: plans run, reach the target, lose no row in silence."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg2
import pytest
from hypothesis import HealthCheck, currently_in_test_context, given, settings
from hypothesis import event as hypothesis_event

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.plan.native.write import write_statements
from drift_pipeline.plan.planner import plan_between
from drift_pipeline.plan.statements import Plan, Proof, Statement
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer
from tests.diff.test_generated import run as build
from tests.plan.native.test_round_trip import dumped
from tests.plan.rows import fill, held, lost
from tests.plan.worlds import World, dotted, worlds

FEW = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
# the same ones in every run, so that a commit is judged by its own change; DRIFT_EXAMPLES=300 goes looking for new ones
CAMPAIGN = int(os.environ.get("DRIFT_EXAMPLES", "0"))
MANY = settings(
    max_examples=CAMPAIGN or 40,
    derandomize=not CAMPAIGN,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)

ROUNDS = 4
"""How often the planner may look again: what a partition has of its own shows only when it has left its parent."""

ABOUT_ROWS = ("22", "23")
"""SQLSTATE classes by which the server refuses a statement for the sake of existing rows."""


@dataclass(frozen=True)
class Sides:
    """The source, with rows, and the target of a world, as databases and as facts."""

    world: World
    source: Database
    target: Database
    before: Schema
    after: Schema


@contextmanager
def built(server: ScratchServer, world: World) -> Iterator[Sides]:
    with ExitStack() as stack:
        source, target = (stack.enter_context(server.create(label="property")) for _ in range(2))
        build(source, ["create schema s", *world.source])
        build(target, ["create schema s", *world.target])
        fill(source, world.tables)
        yield Sides(world, source, target, read_schema(source), read_schema(target))


@contextmanager
def copied(server: ScratchServer, database: Database) -> Iterator[Database]:
    with server.create(template=database.parameters["dbname"], label="property") as copy:
        yield copy


class RowsRefuseError(Exception):
    """The server refused a statement for the sake of rows that exist."""


def event(text: str) -> None:
    """Counted in Hypothesis' statistics (--hypothesis-show-statistics)."""
    if currently_in_test_context():
        hypothesis_event(text)


def apply(database: Database, statements: Sequence[Statement], *, together: bool) -> None:
    """Runs the statements, each in a transaction of its own or all of them in one."""
    connection = psycopg2.connect(**database.parameters)
    connection.autocommit = not together
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                try:
                    cursor.execute(statement.sql)
                except psycopg2.Error as error:
                    if str(error.pgcode)[:2] in ABOUT_ROWS:
                        raise RowsRefuseError from error
                    listing = "\n".join(each.sql for each in statements)
                    raise AssertionError(f"{error}\n{statement.sql}\n--- of\n{listing}") from error
        if together:
            connection.commit()
    finally:
        connection.close()


def reached(database: Database, goal: Schema, wanted: Database, statements: Sequence[Statement]) -> None:
    listing = "\n".join(each.sql for each in statements)
    left = diff_schemas(read_schema(database), goal, planes="all", exact=True).differences
    assert not left, ([(item.change, str(item.id), item.attributes) for item in left], listing)
    made, asked = dumped(database), dumped(wanted)
    assert made == asked, ([text for text in made if text not in asked], [text for text in asked if text not in made],
                           listing)  # fmt: skip


def keeps_rows(statements: Sequence[Statement], before: Database, after: Database) -> None:
    excused = [text for each in statements if each.destructive for text in each.drops]
    found = lost(held(before), held(after), excused)
    assert not found, (found, excused, "\n".join(each.sql for each in statements))


# ---------------------------------------------------------------- the two properties


def facts_suffice(server: ScratchServer, world: World) -> None:
    """What the native planner writes from facts alone runs, and leaves open what it does not claim to settle."""
    with built(server, world) as sides, copied(server, sides.source) as copy:
        now, unsettled = sides.before, set[str]()
        for _ in range(ROUNDS):
            differences = diff_schemas(now, sides.after, planes="all", exact=True).differences
            up = write_statements(now, sides.after, differences)
            claimed = {key for each in up for key in each.settles}
            unsettled |= {str(item.id) for item in differences if item.key not in claimed}
            if not up:
                break
            try:
                apply(copy, up, together=all(each.transactional for each in up))
            except RowsRefuseError:
                event("rows refuse")
                return
            now = read_schema(copy)
        event(f"all settled: {not unsettled}")
        left = diff_schemas(now, sides.after, planes="all", exact=True).differences
        wrong = [(item.change, str(item.id), item.attributes) for item in left if str(item.id) not in unsettled]
        assert not wrong, (wrong, "\n".join(each.sql for each in up))


def plans_hold(server: ScratchServer, world: World, engines: Sequence[str]) -> None:
    """A proven plan reaches the target over rows and back; one that does not says so."""
    with built(server, world) as sides:
        plan = _plan(server, sides.before, sides.after, sides.target, engines)
        if plan.proof is Proof.NOT_NEEDED:
            assert dumped(sides.source) == dumped(sides.target)
            return
        event(f"{plan.proof} by {plan.engine}")
        if plan.proof is Proof.UNPROVEN:
            assert plan.open
            _open_is_all(server, sides, plan)
            return
        assert plan.open == ()
        try:
            _walk(server, sides, plan.statements)
        except RowsRefuseError:
            event("rows refuse")


def _plan(server: ScratchServer, before: Schema, after: Schema, target: Database, engines: Sequence[str]) -> Plan:
    return plan_between(server, before, after, planes="all", exact=True, target_database=target, engines=tuple(engines))


def _walk(server: ScratchServer, sides: Sides, up: Sequence[Statement]) -> None:
    """Up over the rows, in one transaction and without; then down again over what is left of them."""
    if all(each.transactional for each in up):
        with copied(server, sides.source) as copy:
            apply(copy, up, together=True)
            reached(copy, sides.after, sides.target, up)
            keeps_rows(up, sides.source, copy)
    with copied(server, sides.source) as copy:
        apply(copy, up, together=False)
        reached(copy, sides.after, sides.target, up)
        keeps_rows(up, sides.source, copy)
        back = _plan(server, sides.after, sides.before, sides.source, ("native",))
        if back.proof is Proof.UNPROVEN:
            event("the way back is unproven")
            assert back.open
            return
        with copied(server, copy) as stop:
            apply(stop, back.statements, together=False)
            reached(stop, sides.before, sides.source, back.statements)
            keeps_rows(back.statements, copy, stop)


def _open_is_all(server: ScratchServer, sides: Sides, plan: Plan) -> None:
    """What differs after an unproven plan is what it said would (without rows, which may refuse more)."""
    event("unproven: " + plan.open[0][:60])
    with copied(server, sides.source) as copy:
        build(copy, [f"truncate {dotted(table)} cascade" for table in sides.world.tables])
        build(copy, [each.sql for each in plan.statements])
        left = diff_schemas(read_schema(copy), sides.after, planes="all", exact=True).differences
        said = "\n".join(plan.open)
        unsaid = [str(item.id) for item in left if str(item.id) not in said]
    assert not unsaid, (unsaid, said, plan.sql)


KNOWN: dict[str, tuple[str, str]] = {
    "an index beside the same of the parent that a partition joins": (
        """
        create table s.p (k int, c text) partition by range (k);
        create index i on s.p (c);
        create table s.p1 (k int, c text);
        create index l on s.p1 (c)
        """,
        """
        create table s.p (k int, c text) partition by range (k);
        create index i on s.p (c);
        create table s.p1 (k int, c text);
        alter table s.p attach partition s.p1 default;
        create index l on s.p1 (c)
        """,
    ),
    "heirs that keep what their parent drops": (
        """
        create table s.p (k int, c text, d int, f int);
        create table s.p1 () inherits (s.p);
        create table s.p2 () inherits (s.p);
        create table s.p3 () inherits (s.p2)
        """,
        """
        create table s.p (k int);
        create table s.p1 (c varchar(30), d int) inherits (s.p);
        create table s.p2 (f int) inherits (s.p);
        create table s.p3 () inherits (s.p2)
        """,
    ),
    "a partition that leaves with keys, checks and indexes": (
        """
        create table s.p (k int primary key, c text check (c <> ''), unique (k, c)) partition by range (k);
        create index i on s.p (c);
        create table s.p1 partition of s.p for values from (0) to (100)
        """,
        """
        create table s.p (k int primary key, c text) partition by range (k);
        create table s.p1 (k int, c text)
        """,
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_was_wrong_once_holds(name: str, server: ScratchServer) -> None:
    source, target = (tuple(text.split(";")) for text in KNOWN[name])
    tables = tuple(("s", name) for name in ("p", "p1", "p2", "p3"))
    plans_hold(server, World(source, target, tables), ("native",))


@FEW
@given(world=worlds())
def test_statements_written_from_facts_settle_what_they_claim(server: ScratchServer, world: World) -> None:
    facts_suffice(server, world)


@FEW
@given(world=worlds())
def test_a_proven_plan_reaches_the_target_over_rows_and_back(server: ScratchServer, world: World) -> None:
    plans_hold(server, world, ("native",))


@pytest.mark.slow
@MANY
@given(world=worlds())
def test_many_statements_written_from_facts_settle_what_they_claim(server: ScratchServer, world: World) -> None:
    facts_suffice(server, world)


@pytest.mark.slow
@MANY
@given(world=worlds())
def test_many_proven_plans_reach_the_target_over_rows_and_back(server: ScratchServer, world: World) -> None:
    plans_hold(server, world, ("migra", "native"))
