"""What is lost when a type changes: the expectation is what PostgreSQL does with the values."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.judge.types import Loss, keeps_rows, narrowing, parse_type
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import run_sql

# before, after, a value that suffers
LOSSES = [
    ("bigint", "integer", "9000000000"),
    ("integer", "smallint", "70000"),
    ("numeric(12,2)", "numeric(10,2)", "9999999999.99"),
    ("numeric(10,4)", "numeric(10,2)", "1.2345"),
    ("numeric(10,2)", "numeric(10,4)", "99999999.99"),
    ("numeric", "numeric(4,1)", "1.25"),
    ("numeric(6,2)", "integer", "1.25"),
    ("double precision", "integer", "1.25"),
    ("double precision", "real", "1.23456789012345"),
    ("bigint", "real", "123456789012"),
    ("integer", "real", "123456789"),
    ("bigint", "double precision", "9007199254740993"),
    ("numeric", "double precision", "1.23456789012345678901"),
    ("integer", "numeric(5,0)", "123456"),
    ("character varying(100)", "character varying(50)", "x" * 60),
    ("text", "character varying(5)", "123456"),
    ("text", "character(3)", "1234"),
    ("character varying(100)[]", "character varying(5)[]", "{123456}"),
    ("timestamp without time zone", "timestamp(0) without time zone", "2020-01-01 10:00:00.6"),
    ("timestamp with time zone", "date", "2020-01-01 10:00:00+00"),
    ("timestamp without time zone", "time without time zone", "2020-01-01 10:00:00"),
    ("interval", "interval(0)", "1.6 seconds"),
    ("bit varying(16)", "bit varying(4)", "11111"),
]

SAFE = [
    ("integer", "bigint", "2147483647"),
    ("smallint", "integer", "32767"),
    ("smallint", "real", "32767"),
    ("integer", "double precision", "2147483647"),
    ("real", "double precision", "1.5"),
    ("integer", "numeric", "2147483647"),
    ("integer", "numeric(12,2)", "2147483647"),
    ("numeric(10,2)", "numeric(12,2)", "99999999.99"),
    ("numeric(10,2)", "numeric(12,4)", "99999999.99"),
    ("numeric(10,2)", "numeric", "99999999.99"),
    ("character varying(50)", "character varying(100)", "x" * 50),
    ("character varying(50)", "text", "x" * 50),
    ("character(3)", "character varying(3)", "abc"),
    ("text", "character varying", "abc"),
    ("timestamp(3) without time zone", "timestamp without time zone", "2020-01-01 10:00:00.123"),
    ("date", "timestamp without time zone", "2020-01-01"),
    ("cidr", "inet", "10.0.0.0/8"),
    ("bit(4)", "bit varying", "1010"),
    ("integer[]", "bigint[]", "{1}"),
]


@pytest.fixture(scope="module")
def database(server: ScratchServer) -> Iterator[Database]:
    with server.create(label="types") as created:
        yield created


def survives(database: Database, before: str, after: str, value: str) -> bool:
    run_sql(database, f"drop table if exists t; create table t (c {before}, kept text)")
    run_sql(database, "insert into t values (%s, null); update t set kept = c::text", (value,))
    try:
        run_sql(database, f"set timezone = 'UTC'; alter table t alter c type {after}")
    except psycopg2.DataError:
        return False
    # back in the type that it had, it must be the value that it was
    try:
        ((same,),) = run_sql(database, f"set timezone = 'UTC'; select c::{before} = kept::{before} from t")
    except psycopg2.errors.CannotCoerce:
        return False
    return bool(same)


@pytest.mark.parametrize(("before", "after", "value"), LOSSES)
def test_a_loss_that_the_server_shows_is_foretold(database: Database, before: str, after: str, value: str) -> None:
    assert narrowing(before, after) is not None
    assert not survives(database, before, after, value)


@pytest.mark.parametrize(("before", "after", "value"), SAFE)
def test_nothing_is_called_a_loss_that_is_none(database: Database, before: str, after: str, value: str) -> None:
    assert narrowing(before, after) is None
    assert survives(database, before, after, value)


@pytest.mark.parametrize(("before", "after"), sorted({(before, after) for before, after, _ in (*LOSSES, *SAFE)}))
def test_rows_are_kept_where_it_is_said(database: Database, before: str, after: str) -> None:
    run_sql(database, f"drop table if exists t; create table t (c {before})")
    file = "select pg_relation_filenode('t')"
    ((old,),) = run_sql(database, file)
    run_sql(database, f"set timezone = 'UTC'; alter table t alter c type {after}")
    ((new,),) = run_sql(database, file)
    assert (new == old) is keeps_rows(before, after)


def test_refused_and_cut_are_told_apart() -> None:
    assert narrowing("bigint", "integer").loss is Loss.REFUSED  # type: ignore[union-attr]
    assert narrowing("numeric(8,4)", "numeric(8,2)").loss is Loss.CUT  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("numeric(10,2)", ("numeric", (10, 2), 0)),
        ("numeric(3,-2)", ("numeric", (3, -2), 0)),
        ("timestamp(3) without time zone", ("timestamp without time zone", (3,), 0)),
        ("character varying(50)[]", ("character varying", (50,), 1)),
        ("bit varying", ("bit varying", (), 0)),
        ("public.mood", ("public.mood", (), 0)),
        ('public."a(3)"', ('public."a(3)"', (), 0)),
        ('public."a(3)"[]', ('public."a(3)"', (), 1)),
        ("public.geometry(Point,4326)", ("public.geometry(Point,4326)", (), 0)),
        ("interval second(3)", ("interval second", (3,), 0)),
    ],
)
def test_a_printed_type_is_taken_apart(text: str, parts: tuple[str, tuple[int, ...], int]) -> None:
    parsed = parse_type(text)
    assert (parsed.base, parsed.modifiers, parsed.dimensions) == parts
