"""The whole way as people go it: models and a live database in, verdict, files and exit code out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg2
import pytest

from drift_pipeline.config import Database
from tests.cli.conftest import PASSWORD, Drift, variables_of
from tests.conftest import NewDatabase

RunSql = Callable[..., list[tuple[Any, ...]]]

AS_MODELLED = "CREATE TABLE customers (id serial PRIMARY KEY, name varchar(80) NOT NULL)"
DRIFTED = """
    CREATE TABLE customers (id serial PRIMARY KEY, name varchar(80));
    ALTER TABLE customers ADD COLUMN vip_note text;
"""


def test_no_drift_is_said_with_what_was_compared_and_ends_with_0(drift: Drift, new_database: NewDatabase) -> None:
    ended = drift("check", "--env", "production", variables=variables_of(new_database(AS_MODELLED)))

    assert ended.code == 0, ended.err
    assert "no drift" in ended.out.lower()
    assert "Compared:" in ended.out


def test_drift_is_told_kept_and_counted(drift: Drift, new_database: NewDatabase, project: Path) -> None:
    variables = variables_of(new_database(DRIFTED))

    ended = drift("check", "--env", "production", "--export", "out/drift-report.json", variables=variables)

    assert ended.code == 2, ended.err
    assert "public.customers.vip_note" in ended.out
    report = json.loads((project / "out" / "drift-report.json").read_text())
    assert report["summary"]["counts"]["critical"] == 1
    assert report["summary"]["counts"]["major"] == 1
    latest = project / ".drift" / "artifacts" / "production" / "latest"
    names = {path.name for path in latest.iterdir()}
    assert names == {
        "schema-diff.sql",
        "drift-report.json",
        "drift-summary.md",
        "drift-report.html",
        "drift-report.sarif",
        "drift-report.xml",
    }
    assert (project / ".drift" / ".gitignore").read_text() == "*\n"


def test_online_writes_the_repair_as_steps_beside_the_plain_one(
    drift: Drift, new_database: NewDatabase, project: Path
) -> None:
    variables = variables_of(new_database(DRIFTED))
    ended = drift("check", "--env", "production", "--online", variables=variables)
    assert ended.code == 2, ended.err
    assert re.search(r"- plain, 2 statements: .*\n- online, \d+ steps \(proven\)", ended.out)
    latest = project / ".drift" / "artifacts" / "production" / "latest"
    plan = json.loads((latest / "drift-report.json").read_text())["plan"]
    assert [len(plan["statements"]), plan["online"]["proof"]] == [2, "proven"]
    assert any("NOT VALID" in each["sql"] for step in plan["online"]["steps"] for each in step["statements"])
    assert "\nBEGIN;\n" in (latest / "schema-diff.sql").read_text()

    drift("check", "--env", "production", variables=variables)
    assert json.loads((latest / "drift-report.json").read_text())["plan"]["online"] is None
    assert "BEGIN" not in (latest / "schema-diff.sql").read_text()


@pytest.mark.slow
def test_each_form_of_the_report_is_printed_and_nothing_else(
    drift: Drift, new_database: NewDatabase, project: Path
) -> None:
    variables = variables_of(new_database(DRIFTED))

    def printed(form: str, *more: str) -> str:
        ended = drift("check", "--env", "production", "--format", form, *more, variables=variables)
        assert ended.code in {0, 2}, ended.err
        return ended.out

    assert json.loads(printed("json"))["summary"]["drift_detected"] is True
    assert json.loads(printed("sarif"))["version"] == "2.1.0"
    page = printed("html")
    assert page.startswith("<!DOCTYPE html>")
    assert "<h2>Trend</h2>" in page  # the checks before this one are known
    assert printed("markdown").startswith("# 🔴 Schema drift: production")
    assert '\n-- alter table "public"."customers" drop column' in printed("sql").lower()
    assert '\nalter table "public"."customers" drop column' in printed("sql", "--allow-destructive").lower()
    # what makes the check fail is what fails there
    assert ElementTree.fromstring(printed("junit")).attrib["failures"] == "2"
    assert ElementTree.fromstring(printed("junit", "--fail-on", "critical")).attrib["failures"] == "1"
    kept = project / ".drift/artifacts/production/latest/drift-report.xml"
    assert ElementTree.fromstring(kept.read_text()).attrib["failures"] == "1"


def test_json_on_standard_output_is_nothing_but_json(drift: Drift, new_database: NewDatabase) -> None:
    variables = variables_of(new_database(DRIFTED))

    ended = drift("check", "--env", "production", "--format", "json", variables=variables)

    assert json.loads(ended.out)["summary"]["severity"] == "critical"
    assert drift("check", "--env", "production", "--quiet", variables=variables).out == ""


def test_what_fails_is_chosen_on_the_command_line_over_the_variable(drift: Drift, new_database: NewDatabase) -> None:
    variables = variables_of(new_database(DRIFTED)) | {"DRIFT_FAIL_ON": "never"}

    assert drift("check", "--env", "production", "-q", variables=variables).code == 0
    assert drift("check", "--env", "production", "-q", "--fail-on", "critical", variables=variables).code == 2


def test_artifacts_go_where_they_are_told(drift: Drift, new_database: NewDatabase, tmp_path: Path) -> None:
    variables = variables_of(new_database(AS_MODELLED))

    drift("check", "--env", "production", "--artifacts", str(tmp_path / "kept"), variables=variables)
    told = drift("trends", "--env", "production", "--artifacts", str(tmp_path / "kept"), "--json")

    assert [row["severity"] for row in json.loads(told.out)] == ["none"]


def test_statements_that_lose_data_are_comments_unless_allowed(
    drift: Drift, new_database: NewDatabase, project: Path, run_sql: RunSql
) -> None:
    database = new_database(DRIFTED)
    variables = variables_of(database)
    written = project / ".drift" / "artifacts" / "production" / "latest" / "schema-diff.sql"

    def columns_after_running_it() -> list[str]:
        run_sql(database, written.read_text())
        rows = run_sql(database, "SELECT column_name FROM information_schema.columns WHERE table_name = 'customers'")
        return sorted(row[0] for row in rows)

    drift("check", "--env", "production", "-q", variables=variables)
    assert columns_after_running_it() == ["id", "name", "vip_note"]
    drift("check", "--env", "production", "-q", "--allow-destructive", variables=variables)
    assert columns_after_running_it() == ["id", "name"]


def test_credentials_come_from_the_environments_file(drift: Drift, new_database: NewDatabase, project: Path) -> None:
    variables = variables_of(new_database(AS_MODELLED), "STAGING")
    (project / ".env.staging").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))

    assert drift("check", "--env", "staging", "-q").code == 0


def test_an_extension_that_scratch_lacks_is_no_clean_result(
    drift: Drift, new_database: NewDatabase, project: Path
) -> None:
    with (project / "shop_models.py").open("a") as models:
        models.write(
            "\nfrom sqlalchemy import DDL, event\n"
            'event.listen(metadata, "before_create", DDL("CREATE EXTENSION IF NOT EXISTS no_such_extension"))\n'
        )
    variables = variables_of(new_database(AS_MODELLED))

    ended = drift("check", "--env", "production", "--export", "report.json", variables=variables)

    assert ended.code == 3
    assert "drift: production: the scratch server" in ended.err
    assert "lacks the extension no_such_extension" in ended.err
    assert "  next: set DRIFT_SCRATCH_URL" in ended.err
    assert not (project / "report.json").exists()
    assert not (project / ".drift" / "artifacts").exists()


def test_the_sql_of_diff_makes_source_equal_to_target(drift: Drift, new_database: NewDatabase, run_sql: RunSql) -> None:
    database = new_database(DRIFTED)
    variables = variables_of(database)

    different = drift("diff", "production", "models", variables=variables)
    assert different.code == 1, different.err
    run_sql(database, different.out)

    equal = drift("diff", "production", "models", variables=variables)
    assert (equal.code, equal.out) == (0, "")


def test_only_critical_drift_blocks_a_commit(drift: Drift, new_database: NewDatabase, run_sql: RunSql) -> None:
    database = new_database(DRIFTED)
    variables = variables_of(database, "STAGING")

    blocked = drift("pre-commit", variables=variables)
    run_sql(database, "ALTER TABLE customers DROP COLUMN vip_note")  # leaves a major difference
    passed = drift("pre-commit", variables=variables)
    unreachable = drift("pre-commit")

    assert blocked.code == 2
    assert "the commit is blocked: critical drift on staging" in blocked.err
    assert passed.code == 0
    assert "public.customers.name" in passed.out
    assert unreachable.code == 0
    assert "staging could not be looked at" in unreachable.err


def test_differences_can_be_had_as_json(drift: Drift, new_database: NewDatabase) -> None:
    ended = drift("diff", "production", "models", "--json", variables=variables_of(new_database(DRIFTED)))

    assert ended.code == 1
    found = {(item["change"], item["kind"], ".".join(item["name"])) for item in json.loads(ended.out)["differences"]}
    assert found == {
        ("removed", "column", "public.customers.vip_note"),
        ("changed", "column", "public.customers.name"),
    }


def test_a_snapshot_is_the_same_as_long_as_the_schema_is(
    drift: Drift, new_database: NewDatabase, project: Path
) -> None:
    first, second = variables_of(new_database(DRIFTED)), variables_of(new_database(DRIFTED))

    assert drift("snapshot", "production", "-o", "a.json", variables=first).code == 0
    to_stdout = drift("snapshot", "production", variables=second)

    assert (project / "a.json").read_text() == to_stdout.out
    assert drift("diff", "a.json", "production", "--json", variables=second).code == 0
    assert drift("diff", "a.json", "models", "--json").code == 1


def test_doctor_says_what_works_and_what_to_do_where_it_does_not(drift: Drift, new_database: NewDatabase) -> None:
    works = drift("doctor", "--env", "production", variables=variables_of(new_database(AS_MODELLED)))
    fails = drift("doctor", "--env", "staging")

    assert works.code == 0, works.out
    assert re.search(r"^✓ models: shop_models:metadata: 1 table", works.out, re.MULTILINE)
    assert re.search(r"^✓ scratch: ", works.out, re.MULTILINE)
    assert re.search(r"^– production: role \w+ is a superuser", works.out, re.MULTILINE)
    assert fails.code == 3
    assert re.search(r"^✗ staging: .*STAGING_DB_HOST.*\n    next: .*\.env\.staging", fails.out, re.MULTILINE), fails.out
    assert re.search(r"^✓ models: ", fails.out, re.MULTILINE), "what fails must not hide the rest"


# ---------------------------------------------------------------- promises, on a server as production is one


@pytest.fixture
def reader(locked_server: Database) -> Iterator[Database]:
    """A drifted database, and a role that may connect to it and nothing else. Everything that it says is logged."""
    admin = dict(locked_server.parameters)

    def run(database: str, *statements: str) -> None:
        with closing(psycopg2.connect(**{**admin, "dbname": database})) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    def prefix() -> str:
        with closing(psycopg2.connect(**admin)) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW log_line_prefix")
            return str((cursor.fetchone() or [""])[0])

    role = [
        f"CREATE ROLE drift_reader LOGIN PASSWORD '{PASSWORD}'",
        "CREATE DATABASE shop",
        "REVOKE ALL ON DATABASE shop FROM PUBLIC",
        "GRANT CONNECT ON DATABASE shop TO drift_reader",
        "ALTER ROLE drift_reader SET log_statement = 'all'",
        "ALTER SYSTEM SET log_line_prefix = '%u said: '",
        "SELECT pg_reload_conf()",
    ]
    run("postgres", *role)
    until = time.monotonic() + 60
    while prefix() != "%u said: ":  # the server rereads its settings when it gets round to it
        assert time.monotonic() < until
        time.sleep(0.02)
    run("shop", DRIFTED, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
    yield Database("production", {**admin, "dbname": "shop", "user": "drift_reader"})
    run("postgres", "DROP DATABASE shop WITH (FORCE)", "DROP ROLE drift_reader")


def log_of(server: Database) -> str:
    """What the server has logged."""
    with closing(psycopg2.connect(**server.parameters)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        row = cursor.fetchone()
        assert row is not None
        return (Path(row[0]).parent / "log").read_text()


READING = {"SELECT", "WITH", "SET", "BEGIN", "START", "COMMIT", "ROLLBACK", "SHOW"}


def statements_of(role: str, log: str) -> list[str]:
    """Every statement that the role sent, without comments. The server indents continued lines by a tab."""
    entries = re.findall(rf"^{role} said: LOG: +(?:statement|execute [^:]*): +(.*(?:\n\t.*)*)", log, re.MULTILINE)
    without_comments = [re.sub(r"--.*|/\*.*?\*/", "", entry).strip() for entry in entries]
    return [part.strip() for entry in without_comments for part in entry.split(";") if part.strip()]


def test_connect_alone_suffices_and_the_database_is_only_read(
    drift: Drift, reader: Database, locked_server: Database
) -> None:
    ended = drift("check", "--env", "production", variables=variables_of(reader))
    doctor = drift("doctor", "--env", "production", variables=variables_of(reader))

    assert ended.code == 2, ended.err
    assert "public.customers.vip_note" in ended.out
    assert doctor.code == 0, doctor.out
    assert "✓ production: role drift_reader may connect, which is enough" in doctor.out
    said = statements_of("drift_reader", log_of(locked_server))
    assert len(said) > 5
    assert {sentence.split()[0].upper() for sentence in said} <= READING, said
    # what is set for a session, a pooler would hand on to the application
    assert [each for each in said if each.startswith("SET ") and not each.startswith("SET LOCAL")] == []


def test_no_secret_is_in_any_output_file_or_process_list(reader: Database, project: Path, tmp_path: Path) -> None:
    command = ["check", "--env", "production", "--debug", "--export", "report.json"]
    seen = set()
    with (tmp_path / "out").open("w+") as out, (tmp_path / "err").open("w+") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "drift_pipeline", *command],
            cwd=project,
            env={**os.environ, **variables_of(reader)},
            stdout=out,
            stderr=err,
        )
        while process.poll() is None:
            # other processes come and go meanwhile
            for number in filter(str.isdigit, os.listdir("/proc")):
                with suppress(OSError):
                    seen.add(Path("/proc", number, "cmdline").read_bytes().decode(errors="replace"))
            time.sleep(0.02)
    said = (tmp_path / "out").read_text() + (tmp_path / "err").read_text()

    assert process.returncode == 2, said
    assert any("drift_pipeline" in line for line in seen)
    assert not [line for line in seen if PASSWORD in line]
    assert PASSWORD not in said
    for path in project.rglob("*"):
        if path.is_file():
            assert PASSWORD not in path.read_text(errors="replace"), path


@pytest.mark.slow
def test_the_demo_shows_drift_of_every_severity(drift: Drift, tmp_path: Path) -> None:
    ended = drift("demo", "--artifacts", str(tmp_path / "kept"))

    assert ended.code == 0, ended.err
    for environment in ("production", "staging"):
        report = json.loads((tmp_path / "kept" / environment / "latest" / "drift-report.json").read_text())
        assert report["summary"]["drift_detected"] is True
    for severity in ("critical", "major", "minor"):
        assert re.search(rf"^{severity} ", ended.out, re.MULTILINE)
