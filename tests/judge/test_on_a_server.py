"""Differences that a real server makes, and what is said of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.judge.findings import Finding
from drift_pipeline.judge.judge import judge
from drift_pipeline.judge.rules.examples.columns import BASE
from drift_pipeline.judge.rules.examples.example import Example
from drift_pipeline.judge.rules.examples.shown import EXAMPLES, NOT_SHOWN, example_of
from drift_pipeline.judge.rules.listing import listed_rules
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.schema.scope import schema_of
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import run_sql


def judged(server: ScratchServer, examples: Sequence[Example]) -> dict[str, list[Finding]]:
    """All examples made at once, each in its schema; findings by example."""
    with server.create(label="live") as live, server.create(label="models") as models:
        for case in examples:
            make(live, case.name, case.both + case.live)
            make(models, case.name, case.both + case.models)
        source, target = read_schema(live), read_schema(models)
    of_database = {case.about: case.name for case in examples if case.about}
    only_exact = {case.name for case in examples if case.exact}
    found: dict[str, list[Finding]] = defaultdict(list)
    for exact in (False, True):
        diff = diff_schemas(source, target, planes="all", exact=exact)
        for finding in judge(diff, source, target, environment="production"):
            key = finding.difference.id
            example = of_database.get(str(key)) or schema_of(key)
            if exact is (example in only_exact):
                found[example].append(finding)
            else:
                assert example not in only_exact, f"{example} is told without an exact comparison as well"
    return found


def make(database: Database, schema: str, sql: str) -> None:
    run_sql(database, f'create schema "{schema}"; set search_path = "{schema}"; {sql}')


def short(findings: Sequence[Finding]) -> tuple[tuple[str, str, str], ...]:
    return tuple((item.rule, item.severity.value, item.impact.value) for item in findings)


@pytest.fixture(scope="module")
def structure(server: ScratchServer) -> dict[str, list[Finding]]:
    return judged(server, EXAMPLES)


@pytest.mark.parametrize("case", EXAMPLES, ids=lambda case: case.name)
def test_a_difference_on_a_real_server_gets_its_rule(structure: dict[str, list[Finding]], case: Example) -> None:
    assert short(structure[case.name]) == case.expected


@pytest.mark.parametrize("case", BASE, ids=lambda case: case.name)
def test_each_row_of_the_fixed_table_is_named_in_production(structure: dict[str, list[Finding]], case: Example) -> None:
    (finding,) = structure[case.name]
    assert "production" in finding.title
    assert case.name in finding.title
    assert "\n" not in finding.title


@pytest.mark.parametrize("rule", [rule.id for rule in listed_rules() if rule.id not in NOT_SHOWN])
def test_the_example_on_the_page_of_a_rule_is_about_that_rule(structure: dict[str, list[Finding]], rule: str) -> None:
    shown = example_of(rule)
    assert shown is not None
    findings = structure[shown.name]
    assert rule in {name for item in findings for name in (item.rule, *item.also, item.impact_rule, item.remedy_rule)}


def test_no_case_is_judged_by_the_fallback(structure: dict[str, list[Finding]]) -> None:
    rules = {finding.rule for findings in structure.values() for finding in findings}
    assert not {rule for rule in rules if rule.startswith("ZZ")}


def test_the_same_schema_twice_gives_no_finding(server: ScratchServer) -> None:
    with server.create(label="live") as live, server.create(label="models") as models:
        for case in EXAMPLES[:40]:
            make(live, case.name, case.both + case.live)
            make(models, case.name, case.both + case.live)
        source, target = read_schema(live), read_schema(models)
    assert judge(diff_schemas(source, target, planes="all"), source, target) == ()
