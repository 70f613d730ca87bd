"""A deployment in flight is no drift: the check says so and is made another time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from drift_pipeline import use_case
from drift_pipeline.config import Database, Settings, load_settings
from drift_pipeline.errors import ConcurrentChangeError
from drift_pipeline.schema.facts import Schema

VERSION_TABLE = (
    "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('r1')"
)
LOCK = 7_201_977_123_456


def settings_with(tmp_path: Path, toml: str) -> Settings:
    (tmp_path / "drift.toml").write_text(toml)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    return load_settings(tmp_path, environ={})


def variables(database: Database) -> dict[str, str]:
    names = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER"}
    found = {f"PROD_DB_{name}": database.parameters[key] for key, name in names.items() if key in database.parameters}
    return {**found, "PROD_DB_PASSWORD": "unused"}


def test_while_a_deployment_holds_its_lock_nobody_looks(
    tmp_path: Path, new_database: Callable[[str], Database]
) -> None:
    settings = settings_with(tmp_path, f"deployment_lock = {LOCK}\n")
    database = new_database("CREATE TABLE t (a int)")
    with closing(psycopg2.connect(**database.parameters)) as deployment, deployment.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(ConcurrentChangeError, match=r"production .* a deployment holds its lock"):
            use_case.read_live_schema(settings, "production", environ=variables(database))
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK + 1])
        assert use_case.read_live_schema(settings, "production", environ=variables(database)).schema.facts


def test_a_revision_that_moves_while_the_schema_is_read_is_a_deployment(
    tmp_path: Path, new_database: Callable[[str], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with(tmp_path, '[models]\nalembic = "alembic.ini"\n')
    database = new_database(VERSION_TABLE)
    assert use_case.read_live_schema(settings, "production", environ=variables(database)).revisions.ids == ("r1",)
    read = use_case.read

    def deployed_meanwhile(settings: Settings, reached: Database, *, like: Schema | None = None) -> Schema:
        with closing(psycopg2.connect(**database.parameters)) as deployment, deployment.cursor() as cursor:
            cursor.execute("UPDATE alembic_version SET version_num = 'r2'")
            deployment.commit()
        return read(settings, reached)

    monkeypatch.setattr(use_case, "read", deployed_meanwhile)
    with pytest.raises(ConcurrentChangeError, match="moved it to revision r2"):
        use_case.read_live_schema(settings, "production", environ=variables(database))
