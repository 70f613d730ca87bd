"""A fleet's check: who is read, who is judged, and what is said of those that cannot be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import jsonschema
import pytest

from drift_pipeline import use_case
from drift_pipeline.command_steps import FORMS
from drift_pipeline.config import Database, Settings
from drift_pipeline.errors import ConfigError, DriftError
from drift_pipeline.fleet import command
from drift_pipeline.fleet.check import check_fleet, look_at_member
from drift_pipeline.fleet.members import databases_of
from drift_pipeline.fleet.merged import as_report
from drift_pipeline.fleet.output import SCHEMA_FILE, to_json, to_markdown, to_sql, to_text
from drift_pipeline.fleet.result import FleetReport
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.judge.findings import Severity
from drift_pipeline.report import json_report
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import run_sql
from tests.fleet.conftest import AS_MODELLED, LACKS_NAME, NULLABLE, Drift, Fleet, MakeFleet, fleets, write_project
from tests.schema.test_reader import log_of


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """How often the real reading and the real comparison are called."""
    calls = {"read_live_database": 0, "look_at": 0}

    def counting(name: str) -> Any:
        real = getattr(use_case, name)

        def call(*arguments: Any, **options: Any) -> Any:
            calls[name] += 1
            return real(*arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in calls:
            patch.setattr(use_case, name, counting(name))
        yield calls


@dataclass(frozen=True)
class LookedAt:
    """A fleet of three schemas, one of whose databases is gone, that was checked once for many tests."""

    fleet: Fleet
    settings: Settings
    found: FleetReport
    calls: dict[str, int]


@pytest.fixture(scope="module")
def looked_at(server: ScratchServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LookedAt]:
    with fleets(write_project(tmp_path_factory.mktemp("looked")), server) as make, counted() as calls:
        fleet = make([AS_MODELLED, NULLABLE, AS_MODELLED, LACKS_NAME, NULLABLE])
        settings = fleet.settings(f"databases = {[*fleet.names[:2], 'was_dropped', *fleet.names[2:]]}")
        found = check_fleet("tenants", settings=settings, environ=fleet.variables)
        yield LookedAt(fleet, settings, found, dict(calls))


def test_every_database_is_read_and_every_schema_is_judged_once(looked_at: LookedAt) -> None:
    one, two, three, four, five = looked_at.fleet.names
    found = looked_at.found

    # the one that is not there is tried twice
    assert looked_at.calls == {"read_live_database": 5 + 2, "look_at": 3}
    assert found.comparisons == 3
    assert {schema.databases for schema in found.schemas} == {(one, three), (two, five), (four,)}
    assert found.by_database[one].report.severity is Severity.NONE
    assert found.by_database[two].report.severity is Severity.MAJOR
    assert found.schemas[-1].report.severity is Severity.NONE  # worst first
    assert (found.databases, found.read, found.drifted) == (6, 5, 3)


def test_one_that_cannot_be_read_is_named_and_stops_nobody(looked_at: LookedAt) -> None:
    found = looked_at.found

    (unread,) = found.unread
    assert unread.database == "was_dropped"
    assert "does not exist" in unread.problem
    assert "databases" in unread.hint
    assert found.exit_code() == 3
    assert found.exit_code(fail_on="never") == 3
    assert replace(found, unread=()).exit_code() == 1
    assert replace(found, unread=()).exit_code(fail_on="never") == 0
    for text in (to_text(found), to_markdown(found), to_json(found)):
        assert "was_dropped" in text
        assert "hunter" not in text


def test_a_fleet_of_which_nothing_can_be_read_is_an_error_with_the_first_reason(fleet_of: MakeFleet) -> None:
    fleet = fleet_of([AS_MODELLED])
    settings = fleet.settings("databases = ['gone_1', 'gone_2']")

    with pytest.raises(DriftError, match=r"none of the 2 databases of tenants could be looked at; gone_1: .*exist"):
        check_fleet("tenants", settings=settings, environ=fleet.variables)


def test_a_query_lists_the_databases_and_those_that_come_and_go(fleet_of: MakeFleet) -> None:
    fleet = fleet_of([AS_MODELLED, AS_MODELLED, NULLABLE])
    own = {**fleet.variables, "TENANTS_DB_NAME": fleet.names[0]}
    listed = ", ".join(f"'{name}'" for name in fleet.names[1:])
    query = f'databases_query = "select datname from pg_database where datname in ({listed}) order by 1"'

    found = check_fleet("tenants", settings=fleet.settings(query), environ=own)

    assert set(found.by_database) == set(fleet.names[1:])


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("create table tenants_were_here (id int)", "read-only"),
        ("select datname, 1 from pg_database", "2 columns"),
        ("select datname from pg_database where false", "lists no database"),
        ("select nonsense", "nonsense"),
        ("select 'a'; commit; create table tenants_were_here (id int)", "more than one statement"),
        ("", "one database and no fleet"),
    ],
)
def test_a_query_that_lists_nothing_useful_is_an_error_and_never_an_empty_fleet(
    query: str, said: str, fleet_of: MakeFleet
) -> None:
    fleet = fleet_of([AS_MODELLED])
    own = {**fleet.variables, "TENANTS_DB_NAME": fleet.names[0]}

    with pytest.raises(ConfigError, match=said) as caught:
        check_fleet("tenants", settings=fleet.settings(f'databases_query = "{query}"'), environ=own)

    assert caught.value.hint


def test_a_list_and_a_query_contradict_each_other(fleet_of: MakeFleet) -> None:
    fleet = fleet_of([AS_MODELLED])
    with pytest.raises(ConfigError, match=r"environments\.tenants names its databases twice"):
        fleet.settings('databases = ["a"]\ndatabases_query = "select 1"')


@pytest.mark.slow
def test_names_of_databases_are_data(fleet_of: MakeFleet) -> None:
    fleet = fleet_of([AS_MODELLED])
    hostile = "te\"n'a=nt | <b> dbname"
    administration = "'" + hostile.replace("'", "''") + "'"
    run_sql(_database(fleet), 'CREATE DATABASE "te""n\'a=nt | <b> dbname"')
    try:
        query = f'databases_query = """select datname from pg_database where datname = {administration}"""'
        own = {**fleet.variables, "TENANTS_DB_NAME": fleet.names[0]}
        found = check_fleet("tenants", settings=fleet.settings(query.replace("\\", "\\\\")), environ=own)
        assert set(found.by_database) == {hostile}
        assert found.schemas[0].report.context.target.endswith(hostile)
        assert "<b>" not in to_markdown(found).partition("```")[0]
        for line in to_sql(found).splitlines():
            assert hostile not in line or line.startswith("--")
    finally:
        run_sql(_database(fleet), 'DROP DATABASE "te""n\'a=nt | <b> dbname" WITH (FORCE)')


def _database(fleet: Fleet) -> Database:
    variables = fleet.variables
    parameters = {"host": variables["TENANTS_DB_HOST"], "port": variables["TENANTS_DB_PORT"]}
    parameters |= {"user": variables["TENANTS_DB_USER"], "dbname": fleet.names[0]}
    return Database("tenants", parameters)


def test_the_json_is_one_summary_and_one_report_for_each_schema(looked_at: LookedAt) -> None:
    data = json.loads(to_json(looked_at.found))

    jsonschema.validate(data, json.loads(SCHEMA_FILE.read_text()))
    inner = json.loads(json_report.SCHEMA_FILE.read_text())
    for schema in data["schemas"]:
        jsonschema.validate(schema["report"], inner)
    assert [len(schema["databases"]) for schema in data["schemas"]].count(2) == 2
    assert data["summary"]["databases"] == 6
    assert data["summary"]["by_severity"]["none"] == 2
    assert sum(data["summary"]["by_severity"].values()) == 5


def test_the_command_tells_keeps_and_ends_with_the_worst(fleet_of: MakeFleet, drift: Drift) -> None:
    fleet = fleet_of([AS_MODELLED, NULLABLE, NULLABLE])
    fleet.write(fleet.listed)

    ended = drift("check", "--env", "tenants", "--export", "fleet.json", variables=fleet.variables)

    assert ended.code == 1, ended.err
    assert ended.out.splitlines()[0].startswith("🟠 Major drift in 2 of 3 databases of tenants")
    (row,) = [line for line in ended.out.splitlines() if line.lstrip().startswith("2 ")]
    assert fleet.names[1] in row
    assert fleet.names[2] in row
    assert "public.customers.name" in ended.out
    assert json.loads((fleet.root / "fleet.json").read_text())["summary"]["drifted"] == 2
    latest = fleet.root / ".drift" / "artifacts" / "tenants" / "latest"
    assert {"fleet-report.json", "drift-report.json", "drift-summary.md", "schema-diff.sql"} <= {
        path.name for path in latest.iterdir()
    }
    assert "set not null" in (latest / "schema-diff.sql").read_text().lower()
    store = ArtifactStore(str(fleet.root / ".drift" / "artifacts"))
    assert [check.severity for check in store.checks("tenants")] == ["major"]
    # what speaks of one environment speaks of the fleet
    assert drift("trends", "--env", "tenants", variables=fleet.variables).code == 0
    assert drift("ci", "--env", "tenants", variables=fleet.variables).code == 0
    heading = next(line for line in ended.out.splitlines() if line.startswith("databases "))
    # a sign takes two columns of a terminal and is one character
    assert heading.index("impact now") == row.index("degrades") + 1
    refused = drift("check", "--env", "tenants", "--generate-migration", variables=fleet.variables)
    assert refused.code == 3
    assert "is a fleet" in refused.err


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html", "sql", "sarif", "junit"])
def test_a_fleet_can_be_shown_in_every_form_that_a_report_has(form: str, looked_at: LookedAt) -> None:
    assert form in FORMS
    assert "customers" in command.rendered_fleet(looked_at.found, form, looked_at.settings)


def test_the_history_of_a_fleet_is_that_of_all_its_findings(looked_at: LookedAt) -> None:
    found = looked_at.found

    merged = as_report(found)

    keys = {finding.difference.key for schema in found.schemas for finding in schema.report.findings}
    assert {finding.difference.key for finding in merged.findings} == keys
    assert len(merged.findings) == len(keys) == 2
    assert merged.severity is found.severity
    where = {finding.title: finding.evidence[0].text for finding in merged.findings}
    assert sorted(text.partition(":")[0] for text in where.values()) == ["In 1 of 6 databases", "In 2 of 6 databases"]


def test_a_database_is_looked_at_alone_too(looked_at: LookedAt) -> None:
    settings, names, environ = looked_at.settings, looked_at.fleet.names, looked_at.fleet.variables

    assert look_at_member(settings, "tenants", names[1], environ=environ).drift_detected
    assert not look_at_member(settings, "tenants", names[0], environ=environ).drift_detected
    with pytest.raises(ConfigError, match="unheard_of is no database of tenants"):
        look_at_member(settings, "tenants", "unheard_of", environ=environ)


def test_doctor_tries_a_fleet(looked_at: LookedAt, drift: Drift) -> None:
    folder, variables = looked_at.fleet.root, looked_at.fleet.variables

    ended = drift("doctor", "--env", "tenants", variables=variables, folder=folder)

    assert "a fleet of 6 databases on one server" in ended.out
    assert f"/{looked_at.fleet.names[0]} reached in" in ended.out


def test_the_listing_only_reads_and_leaves_no_setting_in_the_session(fleet_of: MakeFleet) -> None:
    fleet = fleet_of([AS_MODELLED])
    database = _database(fleet)
    own = {**fleet.variables, "TENANTS_DB_NAME": fleet.names[0]}
    run_sql(database, f"ALTER DATABASE \"{fleet.names[0]}\" SET log_statement = 'all'")
    settings = fleet.settings('databases_query = "select current_database();"')
    log = log_of(database, run_sql)
    start = log.stat().st_size

    (member,) = databases_of(settings, "tenants", environ=own)

    assert member.parameters["dbname"] == fleet.names[0]
    text = log.read_bytes()[start:].decode(errors="replace")
    sent = re.findall(r"LOG:  statement: (.*)", text)
    assert sent[0] == "BEGIN READ ONLY"
    assert sent[-1] == "ROLLBACK"
    # a pooler may hand the session on to the application
    assert [each for each in sent if each.startswith("SET") and not each.startswith("SET LOCAL")] == []
