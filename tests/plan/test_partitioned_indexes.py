"""Partitioned indexes and keys that not every partition has a part of: made, completed and taken apart by statements.

Such an index is made ON ONLY and is invalid until the last part is attached. Both sides are built on a server; pg_dump
judges what the statements made of the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from itertools import permutations
from typing import Any

import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.plan.native.write import write_statements
from drift_pipeline.plan.planner import plan_between
from drift_pipeline.plan.statements import Proof
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer, scratch_server
from tests.conftest import installation_for
from tests.plan.native.test_round_trip import dumped

NewDatabase = Callable[..., Database]

FLAT = """
create table p (k int not null, c text, d int) partition by list (k);
create table p1 partition of p for values in (1);
create table p2 partition of p for values in (2);
"""
NESTED = """
create table p (k int not null, c text not null) partition by list (k);
create table p1 partition of p for values in (1);
create table m partition of p for values in (2, 3) partition by list (c);
create table m1 partition of m for values in ('a');
create table m2 partition of m for values in ('b');
"""
BARE = FLAT + "create index i on only p (c);"
FIRST = BARE + "create index p1_c_idx on p1 (c); alter index i attach partition p1_c_idx;"
SECOND = "create index p2_c_idx on p2 (c);"
INNER = NESTED + "create index i on only p (c); create index m_c_idx on only m (c);"
INNER_ATTACHED = INNER + "alter index i attach partition m_c_idx;"
INNER_PART = "create index m1_c_idx on m1 (c); alter index m_c_idx attach partition m1_c_idx;"
ONLY_UNIQUE = FLAT + "alter table only p add constraint u unique (k, c);"
UNIQUE_PART = "alter table p1 add constraint p1_k_c_key unique (k, c); alter index u attach partition p1_k_c_key;"
ONLY_PRIMARY = FLAT + "alter table only p add primary key (k);"
FOREIGN_KIND = (
    FLAT
    + "create unique index ui on only p (k); alter table p1 add constraint u1 unique (k);"
    + "alter index ui attach partition u1;"
)

INDEXES: Mapping[str, str] = {
    "nothing": "",
    "no index": FLAT,
    "nothing attached": BARE,
    "one attached": FIRST,
    "one attached, one beside": FIRST + SECOND,
    "the other attached": BARE
    + "create index p1_c_idx on p1 (c);"
    + SECOND
    + "alter index i attach partition p2_c_idx;",
    "two alike, the second attached": BARE
    + "create index p1_c_idx on p1 (c); create index again on p1 (c); alter index i attach partition again;",
    "complete": FLAT + "create index i on p (c);",
    "each on its own": FLAT + "create index p1_c_idx on p1 (c);" + SECOND,
    "another definition": FLAT
    + "create unique index i on only p (k, lower(c)) include (d) where d > 0;"
    + "create unique index p1_k_lower_d_idx on p1 (k, lower(c)) include (d) where d > 0;"
    + "alter index i attach partition p1_k_lower_d_idx;",
    "a partition more": FIRST + SECOND + "create table p3 partition of p for values in (3);",
    "a partition left with its part": FLAT + "create index p1_c_idx on p1 (c); alter table p detach partition p1;",
    "a partition left": FIRST + SECOND + "alter table p detach partition p1; drop index p1_c_idx;",
}
KEYS: Mapping[str, str] = {
    "nothing": "",
    "no key": FLAT,
    "unique, nothing attached": ONLY_UNIQUE,
    "unique, one attached": ONLY_UNIQUE + UNIQUE_PART,
    "unique, one attached, one beside": ONLY_UNIQUE
    + UNIQUE_PART
    + "alter table p2 add constraint p2_k_c_key unique (k, c);",
    "unique, complete": FLAT + "alter table p add constraint u unique (k, c);",
    "primary, nothing attached": ONLY_PRIMARY,
    "primary, one attached": ONLY_PRIMARY
    + "alter table p1 add primary key (k); alter index p_pkey attach partition p1_pkey;",
    "primary, complete": FLAT + "alter table p add primary key (k); create table f (k int references p);",
    "a key as part of an index": FOREIGN_KIND,
    "keys as the parts of an index": FOREIGN_KIND
    + "alter table p2 add constraint u2 unique (k); alter index ui attach partition u2;",
}
TWO_DEEP: Mapping[str, str] = {
    "nothing": "",
    "no index": NESTED,
    "above alone": NESTED + "create index i on only p (c);",
    "attached, with nothing below": INNER_ATTACHED,
    "attached, with one below": INNER_ATTACHED + INNER_PART,
    "one below, not attached": INNER + INNER_PART,
    "complete below": NESTED
    + "create index i on only p (c); create index m_c_idx on m (c); alter index i attach partition m_c_idx;",
    "incomplete below alone": INNER_ATTACHED
    + INNER_PART
    + "create index p1_c_idx on p1 (c); alter index i attach partition p1_c_idx;",
    "below alone": NESTED + "create index m_c_idx on only m (c);" + INNER_PART,
    "complete": NESTED + "create index i on p (c);",
    "unique": NESTED
    + "alter table only p add constraint u unique (k, c);"
    + "alter table only m add constraint m_k_c_key unique (k, c); alter index u attach partition m_k_c_key;"
    + "alter table m1 add constraint m1_k_c_key unique (k, c); alter index m_k_c_key attach partition m1_k_c_key;",
    "unique, complete": NESTED + "alter table p add constraint u unique (k, c);",
    "primary": NESTED
    + "alter table only p add primary key (k, c);"
    + "alter table only m add primary key (k, c); alter index p_pkey attach partition m_pkey;"
    + "alter table m1 add primary key (k, c); alter index m_pkey attach partition m1_pkey;",
}
WORLDS = {"indexes": INDEXES, "keys": KEYS, "two deep": TWO_DEEP}

IN_TWO_ROUNDS = {("two alike, the second attached", "complete")}
"""Pairs that take a second round of statements: the name that a part shall have is taken as long as the first runs."""

SHORT = [
    ("indexes", "nothing", "one attached, one beside"),
    ("indexes", "complete", "one attached"),
    ("keys", "no key", "primary, one attached"),
    ("two deep", "attached, with one below", "complete"),
]


def run(database: Database, *statements: str) -> None:
    connection = psycopg2.connect(**database.parameters)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for sql in filter(str.strip, statements):
                cursor.execute(sql)
    finally:
        connection.close()


def planned(live: Database, wanted: Database, *, whole: bool = True) -> list[str]:
    """The statements; unless `whole` is False, each difference of the two is settled by one of them."""
    source, target = read_schema(live), read_schema(wanted)
    differences = diff_schemas(source, target, planes="all", exact=True).differences
    statements = write_statements(source, target, differences)
    settled = {key for statement in statements for key in statement.settles}
    assert not whole or [str(item.id) for item in differences if item.key not in settled] == []
    return [statement.sql for statement in statements]


@pytest.mark.parametrize(("world", "before", "after"), SHORT)
def test_statements_lead_from_one_state_of_the_parts_to_another(
    new_database: NewDatabase, world: str, before: str, after: str
) -> None:
    live, wanted = new_database(WORLDS[world][before]), new_database(WORLDS[world][after])
    run(live, *planned(live, wanted))
    assert dumped(live) == dumped(wanted)


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_statements_lead_from_any_state_of_the_parts_to_any_other(server: ScratchServer, world: str) -> None:
    states = list(WORLDS[world])
    # a quarter of all ways, each state on both ends of some of them
    numbers = [pair for pair in permutations(range(len(states)), 2) if sum(pair) % 4 == 0]
    assert failures(server, world, [(states[one], states[other]) for one, other in numbers]) == []


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_statements_lead_there_and_back_on_an_older_server(world: str) -> None:
    installation = installation_for(15)
    if installation is None:
        pytest.skip("PostgreSQL 15 is not installed on this machine")
    states = list(WORLDS[world])
    ways = list(zip(states, [*states[1:], states[0]], strict=True))
    with scratch_server(installation=installation) as older:
        assert failures(older, world, [*ways, *((after, before) for before, after in ways)]) == []


def failures(server: ScratchServer, world: str, ways: Iterable[tuple[str, str]]) -> list[str]:
    """What went wrong on these ways; each state is built once."""
    with ExitStack() as stack:
        built: dict[str, tuple[Database, list[str]]] = {}
        for state in dict.fromkeys(state for way in ways for state in way):
            database = stack.enter_context(server.create(label="state"))
            run(database, WORLDS[world][state])
            built[state] = database, dumped(database)
        return [words for way in ways for words in _walked(server, way, built)]


def _walked(server: ScratchServer, way: tuple[str, str], built: Mapping[str, tuple[Database, list[str]]]) -> list[str]:
    (source, _), (wanted, expected) = (built[state] for state in way)
    with server.create(template=source.parameters["dbname"], label="live") as live:
        try:
            if way in IN_TWO_ROUNDS:
                run(live, *planned(live, wanted, whole=False))
            run(live, *planned(live, wanted))
        except (psycopg2.Error, AssertionError) as error:
            return [f"{way}: {error}"]
        return [] if dumped(live) == expected else [f"{way}: the dumps differ"]


@pytest.mark.parametrize("back", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["there", "back"])
def test_an_index_that_is_not_complete_is_rebuilt_on_scratch_and_repaired_with_proof(
    server: ScratchServer, new_database: NewDatabase, back: bool
) -> None:
    sides = FIRST + SECOND, FIRST + SECOND + "alter index i attach partition p2_c_idx"
    live, wanted = map(new_database, reversed(sides) if back else sides)
    plan = plan_between(server, read_schema(live), read_schema(wanted), engines=("native",), exact=True)
    assert (plan.proof, plan.open) == (Proof.PROVEN, ())
    run(live, *(statement.sql for statement in plan.statements))
    assert dumped(live) == dumped(wanted)
    if not back:
        assert [statement.sql for statement in plan.statements] == [
            "ALTER INDEX public.i ATTACH PARTITION public.p2_c_idx"
        ]


def test_an_index_with_a_name_of_its_own_is_created_once(new_database: NewDatabase) -> None:
    named = BARE + "create index mine on p1 (c); alter index i attach partition mine;"
    live, wanted = new_database(), new_database(named)
    statements = planned(live, wanted)
    assert [sql for sql in statements if "INDEX mine" in sql] == ["CREATE INDEX mine ON public.p1 USING btree (c)"]
    run(live, *statements)
    assert dumped(live) == dumped(wanted)


@pytest.mark.slow
def test_a_state_that_no_statement_reaches_is_left_open_and_said(
    server: ScratchServer, new_database: NewDatabase
) -> None:
    # the partition that lacked its part is gone: all have one, and the server has not looked since
    live, wanted = new_database(FLAT), new_database(FIRST + "drop table p2")
    source, target = read_schema(live), read_schema(wanted)
    for one, other in ((source, target), (target, source)):
        plan = plan_between(server, one, other)
        assert plan.proof is Proof.UNPROVEN
        assert [words for words in plan.open if "index public.p.i" in words]


def test_one_that_has_all_parts_and_does_not_know_it_is_made_to_look(
    new_database: NewDatabase, run_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    gone = FIRST + "drop table p2;"
    live = new_database(gone)
    wanted = new_database(gone + "drop index i; create index i on p (c);")
    assert run_sql(live, "select indisvalid from pg_index where indexrelid = 'i'::regclass") == [(False,)]
    statements = planned(live, wanted)
    assert statements == ["ALTER INDEX public.i ATTACH PARTITION public.p1_c_idx"]
    run(live, *statements)
    assert run_sql(live, "select indisvalid from pg_index where indexrelid = 'i'::regclass") == [(True,)]
