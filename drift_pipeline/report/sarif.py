"""drift-report.sarif: the findings as SARIF 2.1.0, for code scanning and for editors.

Each finding is a result at the line of the model that it is about. What is set aside is left out: consumers would show
it as open. GitHub matches a result with that of the run before by `primaryLocationLineHash` alone, and would make one
of the text of the line: several findings on one line would be mixed up, so the fingerprint comes from the difference.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any
from urllib.parse import quote

from drift_pipeline.judge.findings import Finding, Severity
from drift_pipeline.judge.words import visible
from drift_pipeline.report import rule_help
from drift_pipeline.report.explain import said
from drift_pipeline.report.report import Report
from drift_pipeline.report.verdict import verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

MOST_RESULTS = 5000
"""GitHub shows so many of a run and drops the others; findings come worst first."""

LEVELS: Mapping[Severity, str] = {
    Severity.CRITICAL: "error",
    Severity.MAJOR: "warning",
    Severity.MINOR: "note",
    Severity.NONE: "none",
}

_ROOT = "%SRCROOT%"


def to_sarif(report: Report, *, results: int = MOST_RESULTS) -> str:
    """The report as SARIF; the same findings give the same fingerprints in every run. `results`: at most so many."""
    return json.dumps(sarif_data(report, results=results), indent=2, ensure_ascii=False) + "\n"


def sarif_data(report: Report, *, results: int = MOST_RESULTS) -> dict[str, Any]:
    """The same as plain data."""
    shown = report.counting[:results]
    ids = sorted({finding.rule for finding in shown})
    fallback = _first_place(report)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(report, ids, shown)},
                "automationDetails": {"id": f"schema-drift/{report.context.environment}/"},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
                "invocations": [_invocation(report, len(report.counting) - len(shown))],
                "results": [_result(finding, ids.index(finding.rule), report, fallback) for finding in shown],
                "properties": {"environment": report.context.environment, "verdict": verdict(report)},
            }
        ],
    }


def _driver(report: Report, ids: list[str], shown: tuple[Finding, ...]) -> dict[str, Any]:
    driver: dict[str, Any] = {"name": "drift_pipeline"}
    if report.context.tool_version:
        driver["version"] = report.context.tool_version
    if rule_help.documentation():
        driver["informationUri"] = rule_help.documentation()
    examples = {finding.rule: finding for finding in shown}
    return {**driver, "rules": [_rule(examples[rule]) for rule in ids]}


def _rule(finding: Finding) -> dict[str, Any]:
    """The rule behind a finding. Its level is the tables'; a result has its own, as project and evidence made it."""
    known = rule_help.rules().get(finding.rule)
    reason, advice = (known.reason, known.advice) if known else (finding.reason, finding.advice)
    level = Severity(known.level) if known and known.sort == "severity" else finding.severity
    repair = visible(known.repair if known and known.repair else finding.statement)
    described = {
        "id": finding.rule,
        "name": "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", repair)) or finding.rule,
        "shortDescription": {"text": repair},
        "fullDescription": {"text": visible(reason)},
        "help": {
            "text": visible(f"{reason} {advice}"),
            "markdown": rule_help.page(finding.rule) or visible(f"{reason} {advice}"),
        },
        "defaultConfiguration": {"level": LEVELS[level]},
        "properties": {"tags": ["schema-drift", level.value], "precision": "very-high"},
    }
    page = rule_help.address(finding.rule)
    return {**described, "helpUri": page} if page else described


def _invocation(report: Report, more: int) -> dict[str, Any]:
    moment = report.context.checked_at
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    told: dict[str, Any] = {"executionSuccessful": True, "endTimeUtc": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
    if more:
        text = f"{more} more findings are in drift-report.json."
        told["toolExecutionNotifications"] = [{"level": "note", "message": {"text": text}}]
    return told


def _result(finding: Finding, index: int, report: Report, fallback: dict[str, Any]) -> dict[str, Any]:
    lines = [f"{part.label}: {part.text}" for part in said(finding, report.context.checked_at)]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": "\n".join(map(visible, [f"{finding.title}.", *lines]))},
        "locations": [physical(finding.location, report.context.folder) or fallback],
        "partialFingerprints": _fingerprints(finding, report.context.environment),
        "properties": {
            "severity": finding.severity.value,
            "impact": finding.impact.value,
            "environment": report.context.environment,
            "key": finding.difference.key,
        },
    }


def _fingerprints(finding: Finding, environment: str) -> dict[str, str]:
    digest = hashlib.sha256(f"{environment}\0{finding.difference.key}".encode()).hexdigest()
    return {"primaryLocationLineHash": f"{digest[:16]}:1", "driftKey/v1": finding.difference.key}


def physical(location: str, folder: str) -> dict[str, Any]:
    """`file:line` as SARIF has it; empty if it is none. `folder`: of the settings, within the repository."""
    file, _, line = location.rpartition(":")
    if not file or not line.isdigit() or int(line) < 1:
        return {}
    if file.startswith("/"):
        artifact = {"uri": f"file://{quote(file)}"}
    else:
        artifact = {"uri": quote(f"{folder}{file}"), "uriBaseId": _ROOT}
    return {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": int(line)}}}


def _first_place(report: Report) -> dict[str, Any]:
    """Where a finding stands that no line of the models is about: GitHub refuses results without a place.

    The settings say what is compared with what; without a file of settings another finding's model has to do.
    """
    settings = f"{report.context.settings_file}:1" if report.context.settings_file else ""
    places = (settings, *(finding.location for finding in report.counting), "drift.toml:1")
    return next(found for place in places if (found := physical(place, report.context.folder)))
