"""A table that joins or leaves a parent is one difference about that table, and its statements make the sides equal.

Both sides are built on a server; that the other one's columns are really there is asked of the server.
"""

from __future__ import annotations

from contextlib import closing

import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.differences import SchemaDiff
from drift_pipeline.plan.native.write import write_statements
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import NewDatabase

PARENT = """
create table r (id int primary key);
create table t (
    a int not null, b text default 'x', c int check (c > 0), d int references r, primary key (a), unique (b, a)
) partition by range (a);
create index t_c on t (c desc) where c > 5;
"""
PARTITION = PARENT + "create table t1 partition of t for values from (1) to (2)"
ALONE = (
    PARENT
    + """
create table t1 (
    a int not null, b text default 'x', c int constraint t_c_check check (c > 0),
    d int constraint t_d_fkey references r,
    primary key (a), unique (b, a)
);
create index t1_c_idx on t1 (c desc) where c > 5
"""
)
FAMILY = "create table p (a int not null, b text default 'x', check (b <> ''));"
HEIR = FAMILY + "create table t1 () inherits (p)"
NO_HEIR = FAMILY + "create table t1 (a int not null, b text default 'x', constraint p_b_check check (b <> ''))"
TWO = "create table t (a int, b int) partition by range (a);"
IDENTITY = "create table t (a int generated always as identity) partition by range (a);"
NESTED = """
create table t (a int not null, b text) partition by range (a);
create table m partition of t default partition by list (b);
"""


def diff(left: Database, right: Database, *, exact: bool = False) -> SchemaDiff:
    return diff_schemas(read_schema(left), read_schema(right), exact=exact)


def told(found: SchemaDiff) -> set[str]:
    return {
        f"{item.change} {item.id}" + "".join(f" {name}" for name in sorted(item.changed_names))
        for item in found.differences
    }


def repair(left: Database, right: Database) -> None:
    source, target = read_schema(left), read_schema(right)
    with closing(psycopg2.connect(**left.parameters)) as connection, connection.cursor() as cursor:
        for statement in write_statements(source, target, diff_schemas(source, target).differences):
            cursor.execute(statement.sql)
        connection.commit()


MOVED = "changed table public.t1 partition_bound partition_of"
CASES: dict[str, tuple[str, str, set[str]]] = {
    "attach": (ALONE, PARTITION, {MOVED}),
    "attach to a partition": (
        NESTED + "create table t1 (a int not null, b text)",
        NESTED + "create table t1 partition of m default",
        {MOVED},
    ),
    "another parent": (
        TWO + "create table u (a int, b int) partition by range (a); create table t1 partition of t default",
        TWO + "create table u (a int, b int) partition by range (a); create table t1 partition of u default",
        {"changed table public.t1 partition_of"},
    ),
    "inherit": (NO_HEIR, HEIR, {"changed table public.t1 inherits"}),
    "a column too few": (
        TWO + "create table t1 (a int)",
        TWO + "create table t1 partition of t default",
        {MOVED, "added column public.t1.b"},
    ),
    "another type": (
        TWO + "create table t1 (a int, b text)",
        TWO + "create table t1 partition of t default",
        {MOVED, "changed column public.t1.b type"},
    ),
    "identity of the parent": (
        IDENTITY + "create table t1 (a int not null)",
        IDENTITY + "create table t1 partition of t default",
        {MOVED},
    ),
    "identity of its own": (
        IDENTITY + "create table t1 (a int generated always as identity)",
        IDENTITY + "create table t1 partition of t default",
        {MOVED, "changed column public.t1.a identity identity_options"},
    ),
    "a default of its own": (
        PARTITION + "; alter table t1 alter b set default 'y'",
        PARTITION,
        {"changed column public.t1.b default"},
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_a_table_that_joins_or_leaves_a_parent_is_one_difference_and_repaired(
    new_database: NewDatabase, case: str, back: bool
) -> None:
    *sides, expected = CASES[case]
    left, right = map(new_database, reversed(sides) if back else sides)
    opposite = {"added": "removed"} if back else {}
    assert told(diff(left, right)) == {
        " ".join(opposite.get(word, word) for word in words.split(" ")) for words in expected
    }
    repair(left, right)
    assert told(diff(left, right)) == set()


EQUAL = {
    "attached, or made as a partition": (
        TWO
        + "alter table t alter a set not null; create table t1 (a int not null, b int);"
        + "alter table t attach partition t1 default",
        TWO + "alter table t alter a set not null; create table t1 partition of t default",
        {"not-null-name"},
    ),
    "declares what it inherits": (
        NO_HEIR + "; alter table t1 inherit p",
        HEIR,
        {"declared-and-inherited", "not-null-name"},
    ),
}


@pytest.mark.parametrize("case", EQUAL)
def test_how_a_child_came_to_its_columns_is_no_difference(new_database: NewDatabase, case: str) -> None:
    *sides, rules = EQUAL[case]
    left, right = map(new_database, sides)
    for one, other in ((left, right), (right, left)):
        found = diff(one, other)
        assert told(found) == set()
        assert set(found.equivalent) == rules
        assert told(diff(one, other, exact=True))


def test_a_key_that_a_child_declares_beside_the_parents_column_is_no_second_difference(
    new_database: NewDatabase,
) -> None:
    family = "create table p (a int primary key);"
    alone = new_database(family + "create table t1 (a int not null primary key)")
    heir = new_database(family + "create table t1 (primary key (a)) inherits (p)")
    assert told(diff(alone, heir)) == {"changed table public.t1 inherits"}


@pytest.mark.slow
def test_on_every_major_a_partition_and_a_table_alone_differ_in_that(
    new_database: NewDatabase, major_server: ScratchServer
) -> None:
    alone, partition = new_database(ALONE, on=major_server), new_database(PARTITION, on=major_server)
    assert told(diff(alone, partition)) == told(diff(partition, alone)) == {MOVED}
    repair(alone, partition)
    assert told(diff(alone, partition)) == set()


def test_an_heir_that_declares_the_check_that_it_inherits_is_told_of_where_every_letter_counts(
    new_database: NewDatabase,
) -> None:
    left, right = new_database(HEIR), new_database(HEIR + "; alter table t1 add constraint p_b_check check (b <> '')")
    assert told(diff(left, right)) == set()
    assert told(diff(left, right, exact=True)) == {"changed check public.t1.p_b_check declared_again"}
    assert told(diff(right, left, exact=True)) == {"changed check public.t1.p_b_check declared_again"}


def test_a_partition_that_differs_in_one_thing_has_its_tables_identity_all_the_same(new_database: NewDatabase) -> None:
    partition = IDENTITY + "create table t1 partition of t default;"
    left, right = new_database(partition), new_database(partition + "alter table t1 alter a set statistics 0")
    found = diff_schemas(read_schema(left), read_schema(right), planes="all", exact=True)
    assert told(found) == {"changed column public.t1.a statistics"}
