"""The native planner brings one schema to another and back; PostgreSQL and pg_dump judge."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.plan.native.write import write_statements
from drift_pipeline.plan.statements import Statement
from drift_pipeline.schema import snapshot
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.reader import read_schema
from tests.conftest import installation_for
from tests.plan.native.pairs import PAIRS

NewDatabase = Callable[..., Database]


def written(source: Schema, target: Schema) -> tuple[Statement, ...]:
    """The statements for every difference there is, from snapshots: no server is at hand then."""
    source, target = (snapshot.from_json(snapshot.to_json(schema)) for schema in (source, target))
    differences = diff_schemas(source, target, planes="all", exact=True).differences
    statements = write_statements(source, target, differences)
    settled = {key for statement in statements for key in statement.settles}
    assert [str(item.id) for item in differences if item.key not in settled] == []
    return statements


def run(database: Database, statements: tuple[Statement, ...]) -> None:
    """One transaction where every statement allows it, else one statement after the other."""
    connection = psycopg2.connect(**database.parameters)
    try:
        connection.autocommit = not all(statement.transactional for statement in statements)
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement.sql)
        if not connection.autocommit:
            connection.commit()
    finally:
        connection.close()


def dumped(database: Database) -> list[str]:
    """pg_dump's statements, sorted; columns in the order of their names, since nothing moves a column."""
    installation = installation_for(18)
    assert installation is not None
    parameters = database.parameters
    program = Path("/usr/lib/postgresql/18/bin/pg_dump")
    program = program if program.exists() else installation.bin / "pg_dump"
    if not program.exists():
        pytest.skip("there is no pg_dump 18 on this machine")
    address = [
        f"--{name}={parameters[key]}" for name, key in (("host", "host"), ("port", "port"), ("username", "user"))
    ]
    text = subprocess.run(
        [str(program), "--schema-only", *address, parameters["dbname"]],
        capture_output=True,
        text=True,
        check=True,
        env={"PGPASSWORD": parameters.get("password", "")},
    ).stdout
    text = re.sub(r"^(--.*|\\(un)?restrict.*|SET .*|SELECT pg_catalog\.set_config.*)\n", "", text, flags=re.M)
    return sorted(
        "\n".join(sorted(line.rstrip(",") for line in part.strip().split("\n"))) for part in re.split(r";\n", text)
    )


@pytest.mark.parametrize("direction", ["there", "back"])
@pytest.mark.parametrize("family", PAIRS)
def test_statements_make_the_target_of_the_source(family: str, direction: str, new_database: NewDatabase) -> None:
    pair = PAIRS[family] if direction == "there" else PAIRS[family][::-1]
    database, wanted = new_database(pair[0]), new_database(pair[1])
    target = read_schema(wanted)
    statements = written(read_schema(database), target)
    run(database, statements)
    left = diff_schemas(read_schema(database), target, planes="all", exact=True).differences
    assert [(item.change, str(item.id), item.attributes) for item in left] == []
    assert dumped(database) == dumped(wanted)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("family", PAIRS)
def test_a_schema_is_made_from_nothing_and_taken_away_again(family: str, side: int, new_database: NewDatabase) -> None:
    if family == "renames" and side == 0:
        pytest.skip("the same objects as on the other side")
    database, wanted = new_database(), new_database(PAIRS[family][side])
    nothing, target = read_schema(database), read_schema(wanted)
    run(database, written(nothing, target))
    made = read_schema(database)
    assert diff_schemas(made, target, planes="all", exact=True).differences == ()
    run(database, written(made, nothing))
    assert diff_schemas(read_schema(database), nothing, planes="all", exact=True).differences == ()
