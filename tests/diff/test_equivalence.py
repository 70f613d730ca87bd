"""Spellings that mean the same to PostgreSQL are hidden and counted; those that only look alike are not.

Every case is created on a real server twice, once in each spelling. For defaults that must be hidden, the server also
shows that both spellings store the same value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.differences import SchemaDiff
from drift_pipeline.diff.equivalence import EQUIVALENCES, REPRINTED
from drift_pipeline.diff.noise import NOISE_NAMES, PART_NUMBER, UNIQUE_INDEX
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import run_sql
from tests.diff.spellings import ALIKE, SAME, Case


def build(database: Database, cases: list[Case], side: int) -> Schema:
    script = ["create type mood as enum ('x', 'y')"]
    for case in cases:
        script += [f"create schema {case.name}", f"set search_path = {case.name}, public", case.sides[side]]
    run_sql(database, ";\n".join(script))
    return read_schema(database)


@pytest.fixture(scope="module")
def schemas(server: ScratchServer) -> Iterator[tuple[Schema, Schema]]:
    with server.create(label="left") as left, server.create(label="right") as right:
        yield build(left, [*SAME, *ALIKE], 0), build(right, [*SAME, *ALIKE], 1)


def of_case(schemas: tuple[Schema, Schema], case: Case, *, exact: bool) -> SchemaDiff:
    parts = [
        replace(schema, facts={key: fact for key, fact in schema.facts.items() if case.name in key.name})
        for schema in schemas
    ]
    return diff_schemas(*parts, exact=exact)


@pytest.mark.parametrize("case", SAME, ids=lambda case: case.name)
def test_the_same_in_another_spelling_is_hidden_counted_and_shown_when_exact(
    schemas: tuple[Schema, Schema], case: Case
) -> None:
    diff = of_case(schemas, case, exact=False)
    assert not diff.differences
    assert set(diff.equivalent) == set(case.rules)
    exact = of_case(schemas, case, exact=True)
    assert exact.differences
    assert not exact.equivalent


@pytest.mark.parametrize("case", ALIKE, ids=lambda case: case.name)
def test_what_only_looks_alike_is_a_difference(schemas: tuple[Schema, Schema], case: Case) -> None:
    assert of_case(schemas, case, exact=False).differences


DEFAULTS = [case for case in SAME if "default (" in case.sides[0] and len(case.sides[0].split(";")) == 1]


@pytest.mark.parametrize("case", DEFAULTS, ids=lambda case: case.name)
def test_the_server_stores_the_same_value_in_both_spellings(values: dict[str, list[str]], case: Case) -> None:
    left, right = values[case.name]
    assert left == right


@pytest.fixture(scope="module")
def values(server: ScratchServer) -> Iterator[dict[str, list[str]]]:
    """What a row of defaults holds in each spelling, within one transaction: now() is one moment."""
    with server.create(label="values") as database, closing(psycopg2.connect(**database.parameters)) as connection:
        found = {}
        with connection.cursor() as cursor:
            cursor.execute("create type mood as enum ('x', 'y')")
            for case in DEFAULTS:
                found[case.name] = []
                for number, side in enumerate(case.sides):
                    cursor.execute(
                        f"create schema {case.name}_{number}; set search_path = {case.name}_{number}, public"
                    )
                    cursor.execute(side)
                    cursor.execute("insert into t default values returning a::text")
                    found[case.name].append(str(cursor.fetchall()))
        connection.close()
        yield found


def test_every_rule_has_a_case_and_a_reason() -> None:
    tested = {rule for case in SAME for rule in case.rules}
    assert tested == {rule.id for rule in EQUIVALENCES} | set(NOISE_NAMES.values()) | {UNIQUE_INDEX, PART_NUMBER}
    assert all(len(rule.reason) > 10 for rule in EQUIVALENCES)


def test_the_page_of_coverage_names_every_rule_with_its_reason() -> None:
    page = (Path(__file__).parents[2] / "docs" / "coverage.md").read_text(encoding="utf-8")
    section = page.partition("## Taken for equal")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `([\w-]+)` \| ([^|]+) \|$", section, re.MULTILINE))
    others = {*NOISE_NAMES.values(), UNIQUE_INDEX, PART_NUMBER, REPRINTED}
    assert rows.keys() == {rule.id for rule in EQUIVALENCES} | others
    assert [rule.id for rule in EQUIVALENCES if rule.reason not in rows[rule.id]] == []
