"""What ALTER TABLE … DISABLE TRIGGER leaves of a foreign key: which tables, partitions too, no longer enforce it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import psycopg2.extensions
import pytest

from drift_pipeline.schema.facts import FactId
from drift_pipeline.schema.reader import schema_in
from drift_pipeline.scratch.server import ScratchServer

GIVEN = """
SET LOCAL search_path = public;
CREATE TABLE author (id int PRIMARY KEY, tutor int CONSTRAINT own REFERENCES author) PARTITION BY RANGE (id);
CREATE TABLE author_1 PARTITION OF author FOR VALUES FROM (1) TO (9);
CREATE TABLE book (id int, author int CONSTRAINT wrote REFERENCES author) PARTITION BY LIST (id);
CREATE TABLE book_1 PARTITION OF book FOR VALUES IN (1) PARTITION BY LIST (author);
CREATE TABLE book_11 PARTITION OF book_1 FOR VALUES IN (1);
CREATE TABLE "book 2" PARTITION OF book FOR VALUES IN (2);
"""
ONE_OF_TWO = """
DO $$ BEGIN EXECUTE (
    SELECT format('ALTER TABLE book_11 ENABLE ALWAYS TRIGGER %I', tgname)
    FROM pg_trigger WHERE tgrelid = 'book_11'::regclass AND tgfoid::regproc::text = '"RI_FKey_check_upd"'
); END $$
"""


@pytest.fixture(scope="module")
def connection(server: ScratchServer) -> Iterator[psycopg2.extensions.connection]:
    with server.create(label="triggers") as database:
        connection = psycopg2.connect(**database.parameters)
        yield connection
        connection.close()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT", "origin"),
        ("ALTER TABLE book DISABLE TRIGGER ALL", "disabled"),
        ("ALTER TABLE book DISABLE TRIGGER ALL; ALTER TABLE book ENABLE TRIGGER ALL", "origin"),
        ('ALTER TABLE "book 2" DISABLE TRIGGER ALL', 'disabled on public."book 2"'),
        ("ALTER TABLE book_1 DISABLE TRIGGER ALL", "disabled on public.book_1, disabled on public.book_11"),
        (
            'ALTER TABLE book DISABLE TRIGGER ALL; ALTER TABLE "book 2" ENABLE TRIGGER ALL',
            "disabled on public.book, disabled on public.book_1, disabled on public.book_11",
        ),
        ("ALTER TABLE author_1 DISABLE TRIGGER ALL", "disabled on public.author_1"),
        (ONE_OF_TWO, "always on public.book_11 for update"),
    ],
)
def test_each_table_that_no_longer_enforces_a_foreign_key_is_named(
    connection: psycopg2.extensions.connection, sql: str, expected: str
) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(GIVEN + sql)
        facts = schema_in(connection).facts
    finally:
        connection.rollback()
    assert facts[FactId("foreign_key", ("public", "book", "wrote"))].attributes["triggers"] == expected


def test_a_key_into_the_same_table_is_switched_off_in_one_word(connection: psycopg2.extensions.connection) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(GIVEN + "ALTER TABLE author DISABLE TRIGGER ALL")
        facts = schema_in(connection).facts
    finally:
        connection.rollback()
    assert facts[FactId("foreign_key", ("public", "author", "own"))].attributes["triggers"] == "disabled"
