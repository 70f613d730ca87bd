"""Properties that hold for every schema: shown on generated ones, built on a real server, judged by pg_dump."""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg2
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.schema.snapshot import from_json, to_json
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import installation_for
from tests.diff.generated import SPACES, Table, build, changes, quoted, tables

OTHER_SETTINGS = {
    "timezone": "Asia/Kathmandu",
    "datestyle": "German, DMY",
    "intervalstyle": "sql_standard",
    "bytea_output": "escape",
    "search_path": "one, pg_catalog",
    "quote_all_identifiers": "on",
    "extra_float_digits": "-3",
}

FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
# the same ones in every run, so that a commit is judged by its own change; DRIFT_EXAMPLES=300 goes looking for new ones
CAMPAIGN = int(os.environ.get("DRIFT_EXAMPLES", "0"))
MANY = settings(
    max_examples=CAMPAIGN or 80, derandomize=not CAMPAIGN, deadline=None, suppress_health_check=list(HealthCheck)
)


@dataclass(frozen=True)
class Pair:
    """Two databases of one server; the right one's sessions start with other settings."""

    left: Database
    right: Database

    def build(self, found: list[Table], order: random.Random) -> None:
        """Builds the same schema twice, in two orders."""
        run(self.left, [*RESET, *build(found, random.Random(0))])
        run(self.right, [*RESET, *build(found, order)])


RESET = (
    "drop publication if exists pub",
    "drop extension if exists citext",
    *(f"drop schema if exists {quoted(space)} cascade" for space in SPACES),
)


@pytest.fixture(scope="module")
def pair(server: ScratchServer) -> Iterator[Pair]:
    with server.create(label="left") as left, server.create(label="right") as right:
        for name, value in OTHER_SETTINGS.items():
            run(right, [f"alter database {quoted(right.parameters['dbname'])} set {name} = {value}"])
        yield Pair(left, right)


def run(database: Database, statements: Sequence[str]) -> int:
    """Runs each statement on its own and returns how many ran: what a generated schema does not allow is left out."""
    connection = psycopg2.connect(**database.parameters)
    connection.autocommit = True
    done = 0
    try:
        with connection.cursor() as cursor:
            cursor.execute("set client_min_messages = error")
            for statement in statements:
                try:
                    cursor.execute(statement)
                    done += 1
                except psycopg2.errors.InternalError_:
                    raise
                except psycopg2.Error:
                    continue
    finally:
        connection.close()
    return done


def dump(database: Database) -> str:
    """What pg_dump prints, without its per-run words."""
    installed = installation_for(18)
    assert installed is not None
    parameters = database.parameters
    address = [
        f"--{name}={parameters[key]}" for name, key in (("host", "host"), ("port", "port"), ("username", "user"))
    ]
    command = [str(installed.bin / "pg_dump"), "--schema-only", *address, parameters["dbname"]]
    pinned = {
        "PGOPTIONS": "-c timezone=UTC -c bytea_output=hex -c quote_all_identifiers=off",
        "PATH": os.environ["PATH"],
    }
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=pinned).stdout
    return re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.MULTILINE)


def same_again(pair: Pair, found: list[Table], seed: int) -> None:
    pair.build(found, random.Random(seed))
    assume(dump(pair.left) == dump(pair.right))
    left, right = read_schema(pair.left), read_schema(pair.right)
    assert diff_schemas(left, right, planes="all", exact=True).differences == ()
    assert left.fingerprint == right.fingerprint
    assert diff_schemas(left, left, planes="all", exact=True).differences == ()
    assert from_json(to_json(left)) == left
    assert to_json(from_json(to_json(right))) == to_json(right)


def seen(pair: Pair, found: list[Table], data: st.DataObject) -> None:
    pair.build(found, random.Random(0))
    change = data.draw(st.sampled_from(changes(data.draw(st.sampled_from(found)))))
    assume(run(pair.right, [change]) == 1)
    shown = dump(pair.left) != dump(pair.right)
    diff = diff_schemas(read_schema(pair.left), read_schema(pair.right), planes="all", exact=True)
    assert bool(diff.differences) == shown, change


@FEW
@given(found=tables(), seed=st.integers(1, 99))
def test_two_builds_of_one_schema_do_not_differ(pair: Pair, found: list[Table], seed: int) -> None:
    same_again(pair, found, seed)


@FEW
@given(found=tables(), data=st.data())
def test_what_pg_dump_shows_the_diff_shows(pair: Pair, found: list[Table], data: st.DataObject) -> None:
    seen(pair, found, data)


@pytest.mark.slow
@MANY
@given(found=tables(), seed=st.integers(1, 99))
def test_many_builds_do_not_differ(pair: Pair, found: list[Table], seed: int) -> None:
    same_again(pair, found, seed)


@pytest.mark.slow
@MANY
@given(found=tables(), data=st.data())
def test_many_changes_are_shown(pair: Pair, found: list[Table], data: st.DataObject) -> None:
    seen(pair, found, data)
