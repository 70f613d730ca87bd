"""The shop's databases at each stage of its life, its checkout, and `drift` as somebody runs it there."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from drift_pipeline import cli
from drift_pipeline.config import Database
from drift_pipeline.demo import example_folder
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import run_sql

EXAMPLE = example_folder()
TOP = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shop:
    """`waiting`: lacks the last migration and nothing else. `current`: as the models say.

    `production`, `staging`: the same two after what people did to them by hand (examples/shop/drift).
    """

    waiting: Database
    current: Database
    production: Database
    staging: Database


def variables_of(database: Database, prefix: str = "PROD") -> dict[str, str]:
    """The five variables that lead to this database."""
    parameters = database.parameters
    return {
        f"{prefix}_DB_HOST": parameters["host"],
        f"{prefix}_DB_PORT": parameters.get("port", "5432"),
        f"{prefix}_DB_NAME": parameters["dbname"],
        f"{prefix}_DB_USER": parameters["user"],
        f"{prefix}_DB_PASSWORD": parameters.get("password", "unused"),
    }


def alembic(checkout: Path, database: Database, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The team's own Alembic in its checkout, on a database."""
    address = "postgresql+psycopg2:///{dbname}?host={host}&port={port}&user={user}".format_map(
        {"port": "5432", **database.parameters}
    )
    secret = {"PGPASSWORD": database.parameters["password"]} if "password" in database.parameters else {}
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=checkout,
        env={**os.environ, **secret, "SHOP_DATABASE_URL": address},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def upgrade(checkout: Path, database: Database, revision: str = "head") -> None:
    """`alembic upgrade`, which must succeed."""
    done = alembic(checkout, database, "upgrade", revision)
    assert done.returncode == 0, done.stderr


def drift(folder: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> Ended:
    """Runs the command in this folder; in this process, which is quicker than one of its own."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("PROD_", "STAGING_", "DRIFT_", "TELEGRAM_")) and name != "DRIFT_SCRATCH_HOME":
                patch.delenv(name)
        for name, value in (variables or {}).items():
            patch.setenv(name, value)
        patch.chdir(folder)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.run(list(arguments))
    return Ended(code, out.getvalue(), err.getvalue())


def copy_of_the_example(target: Path) -> Path:
    """The repository of the shop's team, freshly checked out."""
    shutil.copytree(EXAMPLE, target, ignore=shutil.ignore_patterns("__pycache__", ".drift"))
    return target


@contextlib.contextmanager
def shop_on(server: ScratchServer) -> Iterator[Shop]:
    """The four databases; they vanish at the end."""
    with contextlib.ExitStack() as stack:

        def copy(of: Database | None = None, sql: str = "") -> Database:
            template = of.parameters["dbname"] if of else ""
            database = stack.enter_context(server.create(template=template, label="test"))
            if sql:
                run_sql(database, (EXAMPLE / "drift" / sql).read_text(encoding="utf-8"))
            return database

        waiting = copy()
        upgrade(EXAMPLE, waiting, "0003")
        current = copy(waiting)
        upgrade(EXAMPLE, current)
        yield Shop(waiting, current, copy(waiting, "production.sql"), copy(current, "staging.sql"))
