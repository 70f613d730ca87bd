"""Whatever SQL can change is seen, as the fact or the attribute that a person would name, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import psycopg2.extensions
import pytest

from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.reader import schema_in
from drift_pipeline.scratch.server import ScratchServer
from tests.schema.reader_support import changes


@dataclass(frozen=True)
class Case:
    """A schema, SQL that changes it, and the words for what changed."""

    given: str
    sql: str
    expected: frozenset[str]


def cases() -> Iterator[Case]:
    """The cases of changes.sql."""
    given, lines, opening = "", [], False
    for line in Path(__file__).with_name("changes.sql").read_text(encoding="utf-8").splitlines():
        if line.startswith("-- given"):
            given, opening = "", True
        elif line.startswith("-- "):
            continue
        elif opening and line:
            given += line + "\n"
        elif "-->" in line:
            sql, _, words = line.partition("-->")
            yield Case(given, "\n".join([*lines, sql]).strip(), frozenset(words.split()))
            lines = []
        else:
            opening = False
            lines += [line] if line else []


CASES = tuple(cases())


@pytest.fixture(scope="module")
def connection(server: ScratchServer) -> Iterator[psycopg2.extensions.connection]:
    with server.create(label="changes") as database:
        connection = psycopg2.connect(**database.parameters)
        yield connection
        connection.close()


@pytest.fixture(scope="module")
def known() -> dict[str, Schema]:
    """Schemas that were read already, by the SQL that made them."""
    return {}


@pytest.mark.parametrize("case", CASES, ids=[case.sql for case in CASES])
def test_a_change_is_seen_as_what_it_is(
    case: Case, connection: psycopg2.extensions.connection, known: dict[str, Schema]
) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL search_path = public; " + case.given)
            before = known[case.given] = known.get(case.given) or schema_in(connection)
            cursor.execute("SET LOCAL search_path = public; " + case.sql)
        after = schema_in(connection)
    finally:
        connection.rollback()
    assert changes(before, after) == case.expected


def test_the_cases_are_all_there() -> None:
    """The file is parsed to its end: a slip in its form must not lose cases silently."""
    assert len(CASES) > 200
    assert all(case.sql.endswith(";") for case in CASES)
