"""Differences that a real server makes, and what is said of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.judge.findings import Finding
from drift_pipeline.judge.judge import judge
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.schema.scope import schema_of
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import run_sql
from tests.judge.cases import BASE, SqlCase
from tests.judge.cases_of_objects import CASES


def judged(server: ScratchServer, cases: Sequence[SqlCase]) -> dict[str, list[Finding]]:
    """All cases made at once, each in its schema; findings by schema."""
    with server.create(label="live") as live, server.create(label="models") as models:
        for case in cases:
            make(live, case.name, case.both + case.live)
            make(models, case.name, case.both + case.models)
        source, target = read_schema(live), read_schema(models)
    by_schema: dict[str, list[Finding]] = defaultdict(list)
    for finding in judge(diff_schemas(source, target, planes="all"), source, target, environment="production"):
        by_schema[schema_of(finding.difference.id)].append(finding)
    return by_schema


def make(database: Database, schema: str, sql: str) -> None:
    run_sql(database, f'create schema "{schema}"; set search_path = "{schema}"; {sql}')


def short(findings: Sequence[Finding]) -> tuple[tuple[str, str, str], ...]:
    return tuple((item.rule, item.severity.value, item.impact.value) for item in findings)


@pytest.fixture(scope="module")
def structure(server: ScratchServer) -> dict[str, list[Finding]]:
    return judged(server, CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_difference_on_a_real_server_gets_its_rule(structure: dict[str, list[Finding]], case: SqlCase) -> None:
    assert short(structure[case.name]) == case.expected


@pytest.mark.parametrize("case", BASE, ids=lambda case: case.name)
def test_each_row_of_the_fixed_table_is_named_in_production(structure: dict[str, list[Finding]], case: SqlCase) -> None:
    (finding,) = structure[case.name]
    assert "production" in finding.title
    assert case.name in finding.title
    assert "\n" not in finding.title


def test_no_case_is_judged_by_the_fallback(structure: dict[str, list[Finding]]) -> None:
    rules = {finding.rule for findings in structure.values() for finding in findings}
    assert not {rule for rule in rules if rule.startswith("ZZ")}


def test_what_belongs_to_the_database_as_a_whole_is_judged(server: ScratchServer) -> None:
    with server.create(label="live") as live, server.create(label="models") as models:
        run_sql(live, "create extension hstore; create schema extra; create publication pub for all tables")
        run_sql(
            models,
            "create extension citext; create schema lacking; create foreign data wrapper fdw;"
            "alter default privileges grant select on tables to public;"
            "create function public.e() returns event_trigger language plpgsql as 'begin end';"
            "create event trigger et on ddl_command_start execute function public.e()",
        )
        source, target = read_schema(live), read_schema(models)
    findings = judge(diff_schemas(source, target, planes="all"), source, target)
    named = {
        f"{item.difference.id.kind} {item.difference.id.name[-1]}": (item.rule, item.severity.value, item.impact.value)
        for item in findings
    }
    assert named["extension hstore"] == ("X02", "critical", "none")
    assert named["extension citext"] == ("X01", "minor", "breaks")
    assert named["schema extra"] == ("T19", "critical", "none")
    assert named["schema lacking"] == ("T20", "minor", "breaks")
    assert named["publication pub"] == ("X04", "major", "none")
    assert named["foreign_data_wrapper fdw"] == ("X06", "major", "breaks")
    assert named["default_privilege PUBLIC"] == ("P09", "major", "none")
    assert named["event_trigger et"] == ("G01", "major", "degrades")


def test_the_same_schema_twice_gives_no_finding(server: ScratchServer) -> None:
    with server.create(label="live") as live, server.create(label="models") as models:
        for case in CASES[:40]:
            make(live, case.name, case.both + case.live)
            make(models, case.name, case.both + case.live)
        source, target = read_schema(live), read_schema(models)
    assert judge(diff_schemas(source, target, planes="all"), source, target) == ()
