"""docs/coverage.md cannot lie: it is held against what the reader emits and against the servers' own catalogs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from drift_pipeline.schema.coverage import KINDS, STRUCTURE, plane_of
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.managed import UNDECLARABLE
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import NewDatabase

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "coverage.md").read_text(encoding="utf-8")
SQL = "\n".join(
    file.read_text(encoding="utf-8") for file in resources.files("drift_pipeline.schema").joinpath("sql").iterdir()
)
NO_PROVIDER = {"security_label": {"label"}}
"""Kinds that only exist with a module that no test server has."""

Run = Callable[..., list[tuple[Any, ...]]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def table_rows(first: str) -> Iterator[list[str]]:
    """The rows of the page's table whose head begins with this word."""
    lines = iter(PAGE.splitlines())
    for line in lines:
        if line.startswith(f"| {first} |"):
            next(lines)
            for row in lines:
                if not row.startswith("|"):
                    return
                yield [cell.strip() for cell in row.strip("|").split(" | ")]


def sections() -> dict[str, dict[str, list[str]]]:
    """Catalog -> use -> columns, from the page's sections."""
    found: dict[str, dict[str, list[str]]] = {}
    for title, body in re.findall(r"^### (\w+)\n(.*?)(?=^#|\Z)", PAGE, re.DOTALL | re.MULTILINE):
        for use, columns in re.findall(r"^- (\w+): (.*)$", body, re.MULTILINE):
            found.setdefault(title, {}).setdefault(use, []).extend(names(columns.split(" — ")[0]))
    return found


@pytest.fixture
def schema(new_database: NewDatabase, run_sql: Run) -> Schema:
    database = new_database((HERE / "everything.sql").read_text(encoding="utf-8"))
    try:
        run_sql(database, (HERE / "more.sql").read_text(encoding="utf-8"))
        return read_schema(database)
    finally:
        run_sql(database, "DROP SUBSCRIPTION IF EXISTS sub")


def test_each_kind_and_attribute_is_said_with_its_plane(schema: Schema) -> None:
    emitted: dict[str, set[str]] = {kind: set(attributes) for kind, attributes in NO_PROVIDER.items()}
    for fact in schema.facts.values():
        emitted.setdefault(fact.id.kind, set()).update(fact.attributes)
    said = {names(row[0])[0]: row for row in table_rows("kind")}
    assert said.keys() == emitted.keys() == KINDS.keys()
    for kind, attributes in emitted.items():
        _, structure, others, hints, reason = said[kind]
        planes = dict.fromkeys(names(structure), STRUCTURE)
        planes |= dict(re.findall(r"`([^`]+)` \((\w+)\)", others))
        assert planes == {name: plane_of(kind, name) for name in attributes if not name.startswith("_")}, kind
        assert set(names(hints)) == {name for name in attributes if name.startswith("_")}, kind
        assert reason == (KINDS[kind] or "–"), kind


def catalogs(server: ScratchServer, new_database: NewDatabase, run_sql: Run) -> dict[str, set[str]]:
    rows = run_sql(
        new_database(on=server),
        """SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
        GROUP BY c.relname""",
    )
    return {catalog: set(columns) for catalog, columns in rows}


def check_catalogs(found: dict[str, set[str]]) -> None:
    said, not_compared = sections(), {names(row[0])[0] for row in table_rows("catalog")}
    assert not said.keys() & not_compared
    assert found.keys() <= said.keys() | not_compared, "a catalog that the page does not know"
    for catalog, uses in said.items():
        listed = [column for columns in uses.values() for column in columns]
        assert len(listed) == len(set(listed)), f"{catalog}: a column with two uses"
        assert found[catalog] <= set(listed), f"{catalog}: a column that the page does not know"


def test_each_column_of_the_catalogs_is_said(server: ScratchServer, new_database: NewDatabase, run_sql: Run) -> None:
    found = catalogs(server, new_database, run_sql)
    check_catalogs(found)
    # what only other majors have says so
    extra = {
        column for catalog, uses in sections().items() for columns in uses.values() for column in columns
    } - set().union(*found.values())
    assert extra == {"attcacheoff", "colliculocale"}
    assert all(re.search(rf"`{column}` \(to 1\d\)", PAGE) for column in extra)


@pytest.mark.slow
def test_each_column_of_each_major_is_said(
    major_server: ScratchServer, new_database: NewDatabase, run_sql: Run
) -> None:
    check_catalogs(catalogs(major_server, new_database, run_sql))


def test_what_is_said_to_be_compared_stands_in_a_query() -> None:
    for catalog, uses in sections().items():
        for column in uses.get("compared", []) + uses.get("hint", []):
            assert re.search(rf"\b{column}\b", SQL), f"{catalog}.{column}"
        for column in uses.get("printed", []):
            assert not re.search(rf"\b{column}\b", SQL), f"{catalog}.{column} is read by a query"
    for function in re.findall(r"by (`pg_get_\w+`(?:(?:,| and) `pg_get_\w+`)*)", PAGE):
        assert all(name in SQL for name in names(function))


def test_what_models_have_no_word_for_is_said() -> None:
    said = {
        tuple(names(row[0])[0].split(".")): [cell.replace("`", "") for cell in row[1:]]
        for row in table_rows("attribute")
    }
    assert said == {key: [word.label, json.dumps(word.usual), word.why] for key, word in UNDECLARABLE.items()}
