"""A key or foreign key with another name and other attributes is one difference where nothing else can be meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.judge.judge import judge
from drift_pipeline.plan.native.write import write_statements
from drift_pipeline.schema.reader import read_schema
from tests.plan.native.test_round_trip import dumped

TABLES = "create table a (id int primary key, x int unique); create table c (id int primary key);"


def tables(*constraints: str) -> str:
    return f"{TABLES} create table b ({', '.join(('i int not null', 'j int not null', *constraints))})"


ONE = "constraint one foreign key (i) references a on delete cascade"
SAME = {
    "another action": (tables(ONE), tables("constraint two foreign key (i) references a"), "two", {"on_delete"}),
    "another moment": (
        tables("constraint one foreign key (i) references a deferrable"),
        tables("constraint two foreign key (i) references a"),
        "two",
        {"deferrable"},
    ),
    "two columns": (
        tables(ONE, "constraint three foreign key (j) references a"),
        tables("constraint two foreign key (i) references a", "constraint three foreign key (j) references a"),
        "two",
        {"on_delete"},
    ),
    "unique": (
        tables("constraint one unique (i, j) deferrable"),
        tables("constraint two unique (i, j)"),
        "two",
        {"deferrable"},
    ),
    "primary key": (
        tables("constraint one primary key (i) include (j)"),
        tables("constraint two primary key (i)"),
        "two",
        {"include"},
    ),
}
NOT_THE_SAME = {
    "another column": (tables(ONE), tables("constraint two foreign key (j) references a")),
    "another table": (tables(ONE), tables("constraint two foreign key (i) references c")),
    "another column of the table": (tables(ONE), tables("constraint two foreign key (i) references a (x)")),
    "two candidates in live": (
        tables(ONE, "constraint uno foreign key (i) references a on delete set null"),
        tables("constraint two foreign key (i) references a"),
    ),
    "two candidates in the models": (
        tables(ONE),
        tables(
            "constraint two foreign key (i) references a",
            "constraint due foreign key (i) references a on update cascade",
        ),
    ),
    "another order of a unique key": (
        tables("constraint one unique (i, j) deferrable"),
        tables("constraint two unique (j, i)"),
    ),
}


def cases(names: Iterable[str], first: int = 2) -> list[Any]:
    """Each case a parameter; all but the first are slow."""
    return [pytest.param(name, marks=[pytest.mark.slow] if at >= first else []) for at, name in enumerate(names)]


def repaired(live: Database, wanted: Database) -> list[str]:
    """The statements that were run on live, each difference settled by one of them."""
    source, target = read_schema(live), read_schema(wanted)
    differences = diff_schemas(source, target).differences
    statements = write_statements(source, target, differences)
    assert {item.key for item in differences} <= {key for each in statements for key in each.settles}
    connection = psycopg2.connect(**live.parameters)
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.sql)
    connection.close()
    return [statement.sql for statement in statements]


@pytest.mark.parametrize("case", cases(SAME))
def test_another_name_and_another_attribute_are_one_finding(new_database: Callable[..., Database], case: str) -> None:
    before, after, name, attributes = SAME[case]
    live, wanted = new_database(before), new_database(after)
    source, target = read_schema(live), read_schema(wanted)
    for exact in (False, True):
        (difference,) = diff_schemas(source, target, exact=exact).differences
        assert (difference.change, difference.id.name[-1]) == ("renamed", name)
        assert difference.changed_names == attributes
    (finding,) = judge(diff_schemas(source, target), source, target, environment="production")
    assert "is called one in production, two in the models; " in finding.title
    assert finding.severity == "major"
    repaired(live, wanted)
    assert dumped(live) == dumped(wanted)


@pytest.mark.parametrize("case", cases(sorted(NOT_THE_SAME, reverse=True)))
def test_what_may_be_something_else_is_missing_and_extra(new_database: Callable[..., Database], case: str) -> None:
    live, wanted = map(new_database, NOT_THE_SAME[case])
    changes = {item.change.value for item in diff_schemas(read_schema(live), read_schema(wanted)).differences}
    assert changes == {"added", "removed"}
    repaired(live, wanted)
    assert dumped(live) == dumped(wanted)


def test_what_comes_anew_is_not_renamed_before(new_database: Callable[..., Database]) -> None:
    live, wanted = map(new_database, SAME["another action"][:2])
    assert repaired(live, wanted) == [
        "ALTER TABLE public.b DROP CONSTRAINT one",
        "ALTER TABLE public.b ADD CONSTRAINT two FOREIGN KEY (i) REFERENCES public.a(id)",
    ]
