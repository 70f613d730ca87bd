"""What a project decides about its findings, as people see it: waivers, levels, drops that are asked for."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Drift, variables_of
from tests.conftest import NewDatabase

LEGACY = """
    CREATE TABLE customers (id serial PRIMARY KEY, name varchar(80) NOT NULL);
    CREATE TABLE legacy (id integer);
"""
WAIVER = """
[[waiver]]
kind = "table"
name = "public.legacy"
change = "extra"
reason = "the old shop reads it"
owner = "ann"
expires = {until}
"""


def test_a_waived_table_is_shown_and_does_not_count(drift: Drift, new_database: NewDatabase, project: Path) -> None:
    variables = variables_of(new_database(LEGACY))
    assert drift("check", "--env", "production", variables=variables).code == 2

    (project / "drift-waivers.toml").write_text(WAIVER.format(until="2999-01-01"))
    ended = drift("check", "--env", "production", variables=variables)

    assert ended.code == 0, ended.err
    assert "No drift in production. 1 difference set aside." in ended.out
    assert "waived by ann until 2999-01-01: the old shop reads it" in ended.out


def test_an_expired_waiver_counts_again(drift: Drift, new_database: NewDatabase, project: Path) -> None:
    (project / "drift-waivers.toml").write_text(WAIVER.format(until="2020-01-01"))
    ended = drift("check", "--env", "production", variables=variables_of(new_database(LEGACY)))

    assert ended.code == 2
    assert "The waiver by ann expired on 2020-01-01" in ended.out
    assert "its findings count again" in " ".join(ended.out.split())


def test_a_waiver_without_reason_stops_the_check_before_it_connects(drift: Drift, project: Path) -> None:
    (project / "drift-waivers.toml").write_text(
        '[[waiver]]\nname = "public.legacy"\nowner = "a"\nexpires = 2999-01-01\n'
    )
    nowhere = {"PROD_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    ended = drift("check", "--env", "production", variables=nowhere)

    assert ended.code == 3
    assert "drift-waivers.toml, entry 1 (public.legacy) has no reason" in ended.err
    assert "no reason" in drift("doctor", variables=nowhere).out


def test_doctor_counts_the_waivers_and_names_those_that_ended(drift: Drift, project: Path) -> None:
    assert "none: there is no drift-waivers.toml" in drift("doctor").out
    (project / "drift-waivers.toml").write_text(WAIVER.format(until="2020-01-01"))
    told = drift("doctor").out
    assert "✓ waivers: drift-waivers.toml: 1 waiver" in told
    assert "that of extra table public.legacy by ann expired on 2020-01-01" in told


def test_a_rule_that_the_project_set_decides_the_exit_code(
    drift: Drift, new_database: NewDatabase, project: Path
) -> None:
    variables = variables_of(
        new_database("CREATE TABLE customers (id serial PRIMARY KEY, name varchar(80) NOT NULL DEFAULT 'x')")
    )
    assert drift("check", "--env", "production", variables=variables).code == 1
    toml = project / "drift.toml"
    toml.write_text(toml.read_text() + '\n[rules]\nC22 = "critical"\n')
    assert drift("check", "--env", "production", variables=variables).code == 2

    toml.write_text(toml.read_text().replace('C22 = "critical"', 'T01 = "minor"'))
    ended = drift("check", "--env", "production", variables=variables)
    assert ended.code == 3
    assert "drift.toml: rules.T01: DROP TABLE is critical at least" in ended.err


def test_the_rules_are_listed(drift: Drift) -> None:
    listed = drift("rules")
    assert listed.code == 0
    assert any(line.startswith("C01 ") and "critical (fixed)" in line for line in listed.out.splitlines())
    assert {"T01", "J10", "W22"} <= {rule["id"] for rule in json.loads(drift("rules", "--json").out)}


def test_the_drop_of_an_unknown_table_is_sql_only_if_it_is_asked_for(
    drift: Drift, new_database: NewDatabase, project: Path
) -> None:
    variables = variables_of(new_database(LEGACY))
    diff = project / ".drift" / "artifacts" / "production" / "latest" / "schema-diff.sql"

    drift("check", "--env", "production", "-q", variables=variables)
    assert '-- drop table "public"."legacy"' in diff.read_text().lower()
    assert "nobody asked to drop it" in diff.read_text()

    drift("check", "--env", "production", "-q", variables=variables | {"DRIFT_ALLOW_DROP": "public.legacy"})
    assert any(line.upper().startswith("DROP TABLE") for line in diff.read_text().splitlines())


def test_a_second_check_says_since_when(drift: Drift, new_database: NewDatabase, project: Path) -> None:
    variables = variables_of(new_database(LEGACY))
    assert "first seen in this check" in drift("check", "--env", "production", variables=variables).out
    again = drift("check", "--env", "production", "--export", "report.json", variables=variables)
    assert "(today), seen in 2 checks." in " ".join(again.out.split())
    exported = json.loads((project / "report.json").read_text())["findings"][0]
    latest = project / ".drift" / "artifacts" / "production" / "latest" / "drift-report.json"
    assert exported["seen_in"] == json.loads(latest.read_text())["findings"][0]["seen_in"] == 2


def test_rows_are_counted_when_they_are_asked_for(drift: Drift, new_database: NewDatabase) -> None:
    variables = variables_of(
        new_database(
            "CREATE TABLE customers (id serial PRIMARY KEY, name varchar(80)); INSERT INTO customers VALUES (1, NULL)"
        )
    )
    assert drift("check", "--env", "production", variables=variables).code == 1
    deep = drift("check", "--env", "production", "--evidence", "deep", variables=variables)
    assert deep.code == 2
    assert "1 row with NULL in name: SET NOT NULL would fail" in " ".join(deep.out.split())
