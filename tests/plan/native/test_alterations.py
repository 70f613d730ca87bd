"""Every form of ALTER, and of what is created with words of its own: seen, and planned there and back; pg_dump judges.

All cases stand side by side in one database, each in a schema of its own, so that hundreds of them cost two reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.plan.native.write import write_statements
from drift_pipeline.plan.statements import Statement
from drift_pipeline.schema.reader import read_schema
from tests.conftest import NewDatabase
from tests.plan.native.test_round_trip import dumped

OWN = re.compile(r"case_\d{3}")


@dataclass(frozen=True)
class Case:
    """A statement, and SQL that builds a schema without and with it. `name`: of the schema that both stand in.

    `open`: the directions in which the statements do not make the one of the other; what is left is seen.
    """

    name: str
    statement: str
    without: str
    altered: str
    open: frozenset[str] = frozenset()


def cases() -> Iterator[Case]:
    """The cases of alterations.sql, and of the file beside it."""
    names: list[str] = []
    given, then, part, number = "", "", "", 0
    files = sorted(Path(__file__).parent.glob("alterations*.sql"))
    for line in "\n".join(path.read_text(encoding="utf-8") for path in files).splitlines():
        if line.startswith("-- given"):
            names, given, then, part = line.split()[2:], "", "", "given"
        elif line.startswith("-- then"):
            part = "then"
        elif not line:
            part = "cases" if part else ""
        elif part == "given":
            given += line + "\n"
        elif part == "then":
            then += line + "\n"
        elif part == "cases" and not line.startswith("--"):
            number += 1
            yield _case(f"case_{number:03}", line, (given, then), names)


def _case(name: str, line: str, around: tuple[str, str], names: list[str]) -> Case:
    given, then = around
    statement, _, left = line.partition(" -- open ")
    head = f"create schema {name};\nset search_path = {name};\n"
    sides = [given + then, f"{given}{statement}\n{then}"]
    for word in names:
        sides = [re.sub(rf"\b{word}\b", f"{word}_{name}", side) for side in sides]
    return Case(name, statement, head + sides[0], head + sides[1], frozenset(left.split()))


CASES = tuple(cases())


def build(database: Database, side: str) -> None:
    connection = psycopg2.connect(**database.parameters)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for case in CASES:
                try:
                    cursor.execute(getattr(case, side))
                except psycopg2.Error as error:
                    raise AssertionError(f"{case.statement}: {error}") from error
    finally:
        connection.close()


def of_cases(parts: list[str]) -> dict[str, list[str]]:
    """What was dumped, by case."""
    found: dict[str, list[str]] = {}
    for part in parts:
        if name := OWN.search(part):
            found.setdefault(name.group(), []).append(part)
    return found


def different(left: Database, right: Database) -> set[str]:
    """The cases that pg_dump prints differently."""
    one, other = of_cases(dumped(left)), of_cases(dumped(right))
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["there", "back"])
def test_what_a_statement_alters_is_seen_and_planned(direction: str, new_database: NewDatabase) -> None:
    database, wanted = new_database(), new_database()
    sides = ("without", "altered") if direction == "there" else ("altered", "without")
    build(database, sides[0])
    build(wanted, sides[1])
    source, target = read_schema(database), read_schema(wanted)
    differences = diff_schemas(source, target, planes="all", exact=True).differences
    shown = different(database, wanted)
    assert in_words(shown - case_names(map(str, (item.id for item in differences)))) == []
    open_cases = {case.name for case in CASES if direction in case.open}
    not_run = refused(database, write_statements(source, target, differences))
    assert [words for words in not_run if not case_names([words]) <= open_cases] == []
    left = different(database, wanted)
    assert in_words(left) == in_words(open_cases)
    told = diff_schemas(read_schema(database), target, planes="all", exact=True).differences
    assert in_words(left - case_names(str(item.id) for item in told)) == []


def case_names(texts: Iterable[str]) -> set[str]:
    return {name.group() for text in texts if (name := OWN.search(text))}


def in_words(names: Iterable[str]) -> list[str]:
    statements = {case.name: case.statement for case in CASES}
    return [f"{name}: {statements[name]}" for name in sorted(names)]


def refused(database: Database, statements: Iterable[Statement]) -> list[str]:
    """What PostgreSQL says to the statements, each on its own; those that wait for another one are tried again."""
    waiting, failed = [statement.sql for statement in statements], dict[str, str]()
    connection = psycopg2.connect(**database.parameters)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            while waiting:
                failed = {}
                for sql in waiting:
                    try:
                        cursor.execute(sql)
                    except psycopg2.Error as error:
                        failed[sql] = str(error)
                waiting = [*failed] if len(failed) < len(waiting) else []
    finally:
        connection.close()
    return [f"{sql}: {words}" for sql, words in failed.items()]


def test_the_cases_are_all_there() -> None:
    """The file is parsed to its end: a slip in its form must not lose cases silently."""
    assert len(CASES) > 500
    assert all(case.statement.endswith(";") for case in CASES)
