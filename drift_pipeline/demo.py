"""The example, set up: two databases of a small shop that have drifted from its models.

They live on the scratch server's cluster, under names that the sweeper leaves alone, so that a second run finds them
again and can say what changed since the first.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import psycopg2.extensions
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - the class is called like a function

from drift_pipeline.config import Database
from drift_pipeline.errors import DriftError
from drift_pipeline.history.artifacts import REPORT
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.progress import stage
from drift_pipeline.report.environments import EnvironmentVerdict, verdict_table
from drift_pipeline.report.json_report import from_json
from drift_pipeline.scratch.installations import embedded
from drift_pipeline.scratch.server import ScratchServer, scratch_server

READER = "drift_reader"


@dataclass(frozen=True)
class DemoDatabase:
    """One of the example's databases. `revision`: how far it was migrated before somebody changed it by hand."""

    environment: str
    prefix: str
    name: str
    revision: str


DATABASES = (
    # production waits for its last migration: one of the four causes
    DemoDatabase("production", "PROD", "shop_production", "0003"),
    DemoDatabase("staging", "STAGING", "shop_staging", "head"),
)


def example_folder() -> Path:
    """Where the shop lies: inside the installed package, or beside it in a checkout. DriftError if in neither."""
    package = Path(__file__).resolve().parent
    for folder in (package / "_examples" / "shop", package.parent / "examples" / "shop"):
        if (folder / "drift.toml").is_file():
            return folder
    raise DriftError("the example is not installed with this package", hint="run it from a checkout: make run")


@contextmanager
def _server() -> Iterator[ScratchServer]:
    # the embedded one by name: the example's databases stay, and must never land on a team's DRIFT_SCRATCH_URL
    with scratch_server(installation=embedded()) as server:
        yield server


def _address(server: ScratchServer, name: str) -> Database:
    return Database(name, {**server.parameters, "dbname": name})


@contextmanager
def demo_environment(*, start_over: bool = False) -> Iterator[tuple[Mapping[str, str], tuple[str, ...]]]:
    """Holds the server while the example is used.

    Yields the variables with the credentials of both databases (of a role that may connect and nothing else), and the
    names of the databases that had to be made. `start_over` makes them anew.
    """
    folder = example_folder()
    with _server() as server:
        made = tuple(item.name for item in DATABASES if _ensure(server, item, folder, start_over=start_over))
        variables: dict[str, str] = {}
        for item in DATABASES:
            address = _address(server, item.name)
            for key, parameter in (("HOST", "host"), ("PORT", "port"), ("NAME", "dbname")):
                variables[f"{item.prefix}_DB_{key}"] = address.parameters.get(parameter, "")
            variables[f"{item.prefix}_DB_USER"] = READER
            # the socket asks for none; an empty variable would count as missing
            variables[f"{item.prefix}_DB_PASSWORD"] = "unused"
        yield variables, made


def _ensure(server: ScratchServer, item: DemoDatabase, folder: Path, *, start_over: bool) -> bool:
    """True if the database had to be made. One that is only half made is made again."""
    with closing(_open(_address(server, "postgres"))) as maintenance, maintenance.cursor() as cursor:
        cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [item.name])
        row = cursor.fetchone()
        if row and row[0] == "ready" and not start_over:
            return False
        stage(f"making {item.name}")
        name = sql.Identifier(item.name)
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
        _migrate(_address(server, item.name), item.revision, folder)
        with closing(_open(_address(server, item.name))) as connection:
            _run_file(connection, folder / "drift" / f"{item.environment}.sql")
            _run_file(connection, folder / "drift" / "reader.sql")
        cursor.execute(sql.SQL("COMMENT ON DATABASE {} IS 'ready'").format(name))
    return True


def describe(made: tuple[str, ...]) -> str:
    """One line about what was found ready and what had to be made; what happened to the databases is in their SQL."""
    if made:
        return f"made {', '.join(made)}: the shop's databases, migrated and then changed by hand (examples/shop/drift/)"
    return f"found {', '.join(item.name for item in DATABASES)} as the last run left them"


def verdicts(artifacts: str, *, width: int = 100, color: bool = False) -> str:
    """How both environments stand after a run, as a table: what changed since the run before, where reports lie."""
    store = ArtifactStore(artifacts)
    rows = []
    for item in DATABASES:
        runs = [record.run_id for record in store.checks(item.environment, last=2)]
        reports = [store.read(item.environment, run, REPORT) for run in runs]
        if not reports or reports[-1] is None:
            rows.append(EnvironmentVerdict(item.environment, error="there is no report"))
            continue
        previous = from_json(reports[0]) if len(reports) == 2 and reports[0] else None
        place = f"{artifacts}/{item.environment}/latest"
        rows.append(EnvironmentVerdict.of(from_json(reports[-1]), artifacts=place, previous=previous))
    return verdict_table(rows, width, color)


def forget() -> None:
    """Drops the example's databases."""
    with _server() as server, closing(_open(_address(server, "postgres"))) as maintenance:
        for item in DATABASES:
            with maintenance.cursor() as cursor:
                cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(item.name)))


def _open(database: Database) -> Connection:
    connection: Connection = psycopg2.connect(psycopg2.extensions.make_dsn(**database.parameters))
    connection.autocommit = True
    return connection


def _run_file(connection: Connection, path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(path.read_text(encoding="utf-8"))


def _migrate(database: Database, revision: str, folder: Path) -> None:
    # in a process of its own, as a team would: this one must not import SQLAlchemy
    address = "postgresql+psycopg2:///{dbname}?host={host}&port={port}&user={user}".format_map(
        {"port": "5432", **database.parameters}
    )
    result = subprocess.run(
        [sys.executable, "-m", "alembic", "-c", str(folder / "alembic.ini"), "upgrade", revision],
        env={**os.environ, "SHOP_DATABASE_URL": address},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if result.returncode:
        raise DriftError(
            f"the example's migrations failed on {database.name}: {result.stderr.strip().splitlines()[-1]}",
            hint="run it again with --start-over; if it fails again, please report it",
        )
