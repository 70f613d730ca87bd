"""docs/read-only-role.sql makes, with psql, a role that suffices for everything and can change nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from drift_pipeline.config import Database
from tests.base.conftest import Checked
from tests.base.shop import TOP, drift, upgrade, variables_of
from tests.cli.conftest import locked_server as locked_server  # noqa: PLC0414 - a fixture
from tests.conftest import installation_for, run_sql

SCRIPT = TOP / "docs" / "read-only-role.sql"
ROLE, ROLE_PASSWORD = 'drift "reader"', "p@ss'w:ord/ %s"


def psql(database: Database, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The administrator's own psql."""
    installation = installation_for(18)
    assert installation is not None
    parameters = database.parameters
    return subprocess.run(
        [installation.bin / "psql", "-X", *arguments],
        env={
            **os.environ,
            "PGHOST": parameters["host"],
            "PGPORT": parameters["port"],
            "PGUSER": parameters["user"],
            "PGPASSWORD": parameters["password"],
            "PGDATABASE": parameters["dbname"],
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def production(locked_server: Database) -> Iterator[Database]:
    """The shop's production on a server that asks for passwords and trusts nobody; its administrator's way in."""
    run_sql(locked_server, "CREATE DATABASE shop")
    run_sql(locked_server, "REVOKE ALL ON DATABASE shop FROM PUBLIC")
    admin = replace(locked_server, parameters={**locked_server.parameters, "dbname": "shop"})
    upgrade(TOP / "examples" / "shop", admin, "0003")
    run_sql(admin, (TOP / "examples" / "shop" / "drift" / "production.sql").read_text())
    # catalogs can be read without it; what is public here is nothing
    for schema in ("public", "billing"):
        run_sql(admin, f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC")
    yield admin
    run_sql(locked_server, "DROP DATABASE shop WITH (FORCE)")
    run_sql(locked_server, 'DROP ROLE IF EXISTS "drift ""reader"""')


@pytest.fixture(scope="module")
def reader(production: Database) -> Database:
    """The way in of the role that the script makes."""
    made = psql(
        production,
        *("-v", "ON_ERROR_STOP=1", "-v", f"role={ROLE}", "-v", f"password={ROLE_PASSWORD}", "-f", str(SCRIPT)),
    )
    assert made.returncode == 0, made.stderr
    return replace(production, parameters={**production.parameters, "user": ROLE, "password": ROLE_PASSWORD})


def test_the_whole_check_passes_as_this_role_and_sees_what_an_administrator_sees(
    checkout: Path, reader: Database, checked: Checked
) -> None:
    ended = drift(checkout, "check", "--env", "production", variables=variables_of(reader))
    assert ended.code == 2, ended.err
    seen_by_admin = checked.ended["production"].out
    assert ended.out.split("\n\n", 1)[1] == seen_by_admin.split("\n\n", 1)[1]
    # the one optional grant, which the script gives where there is a version table
    assert "pending migration" in ended.out
    assert ROLE_PASSWORD not in ended.out + ended.err

    doctor = drift(checkout, "doctor", "--env", "production", variables=variables_of(reader))
    assert doctor.code == 0, doctor.out
    assert "may connect, which is enough" in doctor.out


def test_the_role_reads_no_row_and_writes_nothing_even_when_it_tries(reader: Database) -> None:
    with closing(psycopg2.connect(**reader.parameters)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SHOW default_transaction_read_only")
            assert cursor.fetchone() == ("on",)
            # somebody who takes the belt off has the braces left
            for belt in ("on", "off"):
                cursor.execute(f"SET default_transaction_read_only = {belt}")
                for statement in (
                    "SELECT * FROM public.customers",
                    "INSERT INTO public.customers DEFAULT VALUES",
                    "DELETE FROM public.alembic_version",
                    "CREATE TABLE public.mine ()",
                    "CREATE SCHEMA mine",
                    "CREATE TEMP TABLE mine ()",
                    "ALTER TABLE public.customers DISABLE TRIGGER ALL",
                    "CREATE ROLE mine",
                ):
                    with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ReadOnlySqlTransaction)):
                        cursor.execute(statement)


def test_without_a_version_table_the_script_makes_the_role_all_the_same(
    production: Database, locked_server: Database
) -> None:
    made = psql(locked_server, *("-v", "ON_ERROR_STOP=1", "-v", "role=other", "-v", "password=x", "-f", str(SCRIPT)))
    assert made.returncode == 0, made.stderr
    other = replace(locked_server, parameters={**locked_server.parameters, "user": "other", "password": "x"})
    assert run_sql(other, "SELECT current_user") == [("other",)]
    run_sql(locked_server, "DROP OWNED BY other")
    run_sql(locked_server, "DROP ROLE other")


def test_the_comment_in_the_script_is_the_command_that_works() -> None:
    command = 'psql -v role=drift_reader -v password="$(openssl rand -base64 24)" -d shop -f docs/read-only-role.sql'
    assert command in SCRIPT.read_text()
