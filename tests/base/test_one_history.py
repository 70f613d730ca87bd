"""One history, many databases: revisions for production and staging, judged by pg_dump and by Alembic itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from drift_pipeline.config import Database
from tests.base.shop import Shop, alembic, drift, upgrade, variables_of
from tests.conftest import NewDatabase
from tests.plan.conftest import dump as dump  # noqa: PLC0414 - a fixture

VERSIONS = Path("migrations") / "versions"
CREATE_ALL = """
import os
from sqlalchemy import create_engine, text
from shop.models import Base
with create_engine(os.environ["SHOP_DATABASE_URL"]).begin() as connection:
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS billing"))
    Base.metadata.create_all(connection)
"""


def write_revision(checkout: Path, database: Database, environment: str) -> str:
    """Has drift write the revision for a database, with its drops; the name of the new file."""
    before = {path.name for path in (checkout / VERSIONS).glob("*.py")}
    ended = drift(
        checkout,
        *("check", "--env", environment, "--generate-migration", "--allow-destructive"),
        variables=variables_of(database, {"production": "PROD", "staging": "STAGING"}[environment]),
    )
    assert ended.code in {1, 2}, ended.err
    (name,) = {path.name for path in (checkout / VERSIONS).glob("*.py")} - before
    return name


def created(checkout: Path, database: Database) -> Database:
    """The models, made by SQLAlchemy's own create_all."""
    address = "postgresql+psycopg2:///{dbname}?host={host}&port={port}&user={user}".format_map(
        {"port": "5432", **database.parameters}
    )
    done = subprocess.run(
        [sys.executable, "-c", CREATE_ALL],
        cwd=checkout,
        env={**os.environ, "SHOP_DATABASE_URL": address, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return database


def without_version(text: str) -> list[str]:
    """A dump without Alembic's own table; what is empty or a brace alone says nothing."""
    lines = [line for line in text.splitlines() if "alembic_version" not in line and "version_num" not in line]
    return [line for line in lines if line not in {");", "(", ")"}]


@pytest.mark.slow
def test_every_database_ends_at_the_models_and_goes_back_to_where_it_was(
    checkout: Path, shop: Shop, new_database: NewDatabase, dump: Callable[[Database], str]
) -> None:
    databases = {
        "production": new_database(template=shop.production),
        "staging": new_database(template=shop.staging),
        "empty": new_database(),
    }
    names = [write_revision(checkout, shop.production, "production"), write_revision(checkout, shop.staging, "staging")]
    revisions = [name.partition("_")[0] for name in names]
    heads = alembic(checkout, databases["empty"], "heads").stdout.split()
    assert heads == [revisions[1], "(head)"]

    models = without_version(dump(created(checkout, new_database())))
    start = {}
    for name, database in databases.items():
        upgrade(checkout, database, "0004")
        start[name] = without_version(dump(database))
    for name, database in databases.items():
        upgrade(checkout, database)
        assert without_version(dump(database)) == models, name
        checked = alembic(checkout, database, "check")
        assert checked.returncode == 0, f"{name}: {checked.stdout} {checked.stderr}"
    for name, database in databases.items():
        for _ in names:
            done = alembic(checkout, database, "downgrade", "-1")
            assert done.returncode == 0, done.stderr
        assert without_version(dump(database)) == start[name], name
        upgrade(checkout, database)
        assert without_version(dump(database)) == models, name


@pytest.mark.slow
def test_the_script_of_a_revision_runs_without_asking(
    checkout: Path, shop: Shop, new_database: NewDatabase, dump: Callable[[Database], str]
) -> None:
    name = write_revision(checkout, shop.staging, "staging")
    made = alembic(checkout, shop.staging, "upgrade", f"0004:{name.partition('_')[0]}", "--sql")
    assert made.returncode == 0, made.stderr
    staging = new_database(made.stdout, template=shop.staging)
    assert without_version(dump(staging)) == without_version(dump(created(checkout, new_database())))
