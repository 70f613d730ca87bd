"""drift-report.json: valid by its schema, the same bytes for the same report, names intact."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from drift_pipeline.errors import StoreError
from drift_pipeline.judge.findings import Cause
from drift_pipeline.report import render
from drift_pipeline.report.json_report import SCHEMA_FILE
from drift_pipeline.report.report import SCHEMA_VERSION, Report
from tests.report.example import CLEAN, HOSTILE, ONLINE, ORDINARY, hostile_report, hostile_steps

SCHEMA = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))


def test_the_schema_in_the_documentation_is_the_packages() -> None:
    published = SCHEMA_FILE.parents[2] / "docs" / SCHEMA_FILE.name
    assert published.read_bytes() == SCHEMA_FILE.read_bytes()


def test_the_schema_names_the_version_that_it_describes() -> None:
    assert SCHEMA["$id"].endswith(f":{SCHEMA_VERSION}")


def test_the_schema_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "report", [CLEAN, ORDINARY, ONLINE, hostile_steps()], ids=["clean", "ordinary", "online", "hostile"]
)
def test_a_report_is_valid_by_the_schema_that_ships_with_the_package(report: Report) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(render.to_json(report)))


def test_the_schema_describes_every_field() -> None:
    undescribed: list[str] = []

    def walk(value: Any, schema: dict[str, Any], path: str) -> None:
        while "$ref" in schema:
            schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
        if isinstance(value, dict) and "properties" in schema:
            undescribed.extend(f"{path}.{key}" for key in value.keys() - schema["properties"].keys())
            # everything that is always there is promised
            assert set(schema["properties"]) == set(schema["required"]), path
            for key, item in value.items():
                walk(item, schema["properties"].get(key, {}), f"{path}.{key}")
        elif isinstance(value, list):
            for item in value:
                walk(item, schema.get("items", {}), f"{path}[]")

    walk(json.loads(render.to_json(ONLINE)), SCHEMA, "")
    assert undescribed == []


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render.to_json(hostile_report()) == render.to_json(hostile_report())


def test_hostile_names_come_back_as_they_are() -> None:
    data = render.from_json(render.to_json(hostile_report()))
    tables = {finding["name"][-1] for finding in data["findings"] if finding["kind"] == "table"}
    assert tables == set(HOSTILE)


def test_nothing_invisible_stands_in_the_file() -> None:
    text = render.to_json(hostile_report())
    assert not set(text) & set("\x1b\x7f\u202e\u200b\u2028\r")
    assert text.encode()  # a lone surrogate could not be written


def test_a_report_says_drift_counts_and_levels() -> None:
    summary = json.loads(render.to_json(ORDINARY))["summary"]
    assert summary["environment"] == "production"
    assert summary["drift_detected"] is True
    assert summary["severity"] == "critical"
    assert summary["impact"] == "breaks"
    assert summary["counts"] == {"critical": 1, "major": 2, "minor": 2, "total": 5, "set_aside": 0}


def test_what_is_set_aside_is_shown_and_does_not_count() -> None:
    findings = tuple(
        replace(finding, set_aside="a pending migration brings it", causes=(Cause.PENDING_MIGRATION,))
        for finding in ORDINARY.findings
    )
    data = json.loads(render.to_json(replace(ORDINARY, findings=findings, pending=("0004 notes",))))
    assert data["summary"]["drift_detected"] is False
    assert data["summary"]["counts"]["set_aside"] == 5
    assert data["summary"]["verdict"].startswith("No drift in production. 5 differences set aside.")
    assert {finding["cause"] for finding in data["findings"]} == {"pending migration"}
    assert data["pending"] == ["0004 notes"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[]", "no drift report"),
        ('{"a": 1}', "no drift report"),
        ('{"schema_version": "2.0"}', "version 2.0"),
        ('{"schema_version": 1}', "no drift report"),
    ],
)
def test_what_is_no_report_is_refused_with_the_next_step(text: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        render.from_json(text)
    assert caught.value.hint


def test_a_later_minor_version_is_read() -> None:
    text = render.to_json(CLEAN).replace(f'"schema_version": "{SCHEMA_VERSION}"', '"schema_version": "1.9"')
    assert render.from_json(text)["schema_version"] == "1.9"
