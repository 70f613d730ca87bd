"""drift-report.json: the whole report, versioned, described by drift-report.schema.json beside this file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drift_pipeline.errors import StoreError
from drift_pipeline.judge.findings import Finding
from drift_pipeline.plan.statements import Cost, OnlinePlan, Plan, Statement
from drift_pipeline.report.held import held_back, safe_sql
from drift_pipeline.report.report import SCHEMA_VERSION, Context, Coverage, Report
from drift_pipeline.report.verdict import coverage_line, proof_line, recommendations, verdict
from drift_pipeline.schema.facts import Fact

SCHEMA_FILE = Path(__file__).with_name("drift-report.schema.json")

# Allowed raw in JSON, and yet invisible in editors, or not to be written as UTF-8 at all.
_INVISIBLE = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def to_json(report: Report) -> str:
    """The report as JSON: the same report gives the same bytes."""
    text = json.dumps(report_data(report), indent=2, ensure_ascii=False)
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def from_json(text: str) -> dict[str, Any]:
    """A report that was written before. StoreError if it is none, or of a version that this release cannot read."""
    hint = "run the check again, with the same release that reads the report"
    try:
        data = json.loads(text)
    except ValueError as error:
        raise StoreError("the report is not valid JSON", hint=hint) from error
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, str):
        raise StoreError("the file is no drift report: it has no schema_version", hint=hint)
    if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise StoreError(f"the report has version {version}; this release reads {SCHEMA_VERSION}", hint=hint)
    return dict(data)


def report_data(report: Report) -> dict[str, Any]:
    """The report as plain data, in the order of the file."""
    return {
        "schema_version": SCHEMA_VERSION,
        "summary": {
            "environment": report.context.environment,
            "drift_detected": report.drift_detected,
            "severity": report.severity.value,
            "impact": report.impact.value,
            "counts": {
                **report.counts,
                "total": len(report.counting),
                "set_aside": len(report.findings) - len(report.counting),
            },
            "impact_counts": impact_counts(report),
            "verdict": verdict(report),
            "coverage": coverage_line(report.coverage),
        },
        "context": _context(report.context),
        "coverage": _coverage(report.coverage),
        "findings": [finding_data(finding) for finding in report.findings],
        "recommendations": recommendations(report),
        "plan": _plan(report, report.plan),
        "sql": safe_sql(report.plan, report.by_key, report.allow_drop),
        "model_faults": [
            {"what": fault.what, "message": fault.message, "location": fault.location} for fault in report.model_faults
        ],
        "pending": list(report.pending),
        "notes": list(report.notes),
    }


def impact_counts(report: Report) -> dict[str, int]:
    """Number of findings by impact, always all four."""
    levels = ("breaks", "exposes", "degrades", "none")
    return {level: sum(finding.impact.value == level for finding in report.counting) for level in levels}


def _context(context: Context) -> dict[str, Any]:
    return {
        "checked_at": _moment(context.checked_at),
        "target": context.target,
        "role": context.role,
        "server_version": context.server_version,
        "scratch_version": context.scratch_version,
        "models": context.models,
        "tables": context.tables,
        "live_fingerprint": context.live_fingerprint,
        "model_fingerprint": context.model_fingerprint,
        "branch": context.branch,
        "commit": context.commit,
        "revision": context.revision,
        "url": context.url,
        "tool_version": context.tool_version,
        "folder": context.folder,
        "settings_file": context.settings_file,
        "timings": {name: round(seconds, 3) for name, seconds in sorted(context.timings.items())},
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "schemas": list(coverage.schemas),
        "facts": coverage.facts,
        "not_covered": _sorted(coverage.not_covered),
        "excluded": _sorted(coverage.excluded),
        "unmanaged": _sorted(coverage.unmanaged),
        "equivalent": _sorted(coverage.equivalent),
        "planes_off": list(coverage.planes_off),
        "column_order": list(coverage.column_order),
    }


def _moment(when: datetime) -> str:
    return (when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)).isoformat()


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def finding_data(finding: Finding) -> dict[str, Any]:
    """One finding as plain data."""
    difference = finding.difference
    return {
        "key": difference.key,
        "kind": difference.id.kind,
        "name": list(difference.id.name),
        "change": difference.change.value,
        "plane": difference.plane,
        "title": finding.title,
        "severity": finding.severity.value,
        "rule": finding.rule,
        "also": list(finding.also),
        "statement": finding.statement,
        "reason": finding.reason,
        "advice": finding.advice,
        "impact": finding.impact.value,
        "impact_rule": finding.impact_rule,
        "impact_reason": finding.impact_reason,
        "cause": finding.cause.value,
        "causes": [cause.value for cause in finding.causes],
        "set_aside": finding.set_aside,
        "remark": finding.remark,
        "remedy": finding.remedy.value,
        "remedy_rule": finding.remedy_rule,
        "remedy_reason": finding.remedy_reason,
        "evidence": [{"text": item.text, "count": item.count, "fails": item.fails} for item in finding.evidence],
        "first_seen": _moment(finding.age.first_seen) if finding.age else None,
        "seen_in": finding.age.checks if finding.age else None,
        "came_back": _moment(finding.age.came_back) if finding.age and finding.age.came_back else None,
        "location": finding.location,
        "declared": finding.declared,
        "adoption": finding.adoption,
        "attributes": [
            {"name": item.name, "before": item.before, "after": item.after} for item in difference.attributes
        ],
        "before": _fact(difference.before),
        "after": _fact(difference.after),
        "contains": [{"kind": item.kind, "name": list(item.name)} for item in difference.contains],
        "hint": difference.hint,
    }


def _fact(fact: Fact | None) -> dict[str, Any] | None:
    if fact is None:
        return None
    return {"name": list(fact.id.name), "attributes": dict(sorted(fact.stated.items()))}


def _plan(report: Report, plan: Plan) -> dict[str, Any]:
    return {
        "proof": plan.proof.value,
        "proof_text": proof_line(report),
        "engine": plan.engine,
        "cost": _cost(plan.cost),
        "alternatives": [
            {"engine": item.engine, "proof": item.proof.value, "cost": _cost(item.cost), "note": item.note}
            for item in plan.alternatives
        ],
        "statements": [_statement(item, report) for item in plan.statements],
        "open": list(plan.open),
        "refused": [_statement(item, report) for item in plan.refused],
        "notes": list(plan.notes),
        "online": _online(plan.online, report) if plan.online else None,
    }


def _online(plan: OnlinePlan, report: Report) -> dict[str, Any]:
    return {
        "proof": plan.proof.value,
        "cost": _cost(plan.cost),
        "steps": [
            {
                "title": step.title,
                "online": step.online,
                "transactional": step.transactional,
                "lock_timeout": step.lock_timeout,
                "statement_timeout": step.statement_timeout,
                "statements": [_statement(item, report) for item in step.statements],
                "note": step.note,
            }
            for step in plan.steps
        ],
        "open": list(plan.open),
        "notes": list(plan.notes),
    }


def _cost(cost: Cost) -> dict[str, int]:
    return asdict(cost)


def _statement(statement: Statement, report: Report) -> dict[str, Any]:
    return {
        "sql": statement.sql,
        "engine": statement.engine,
        "destructive": statement.destructive,
        "transactional": statement.transactional,
        "proven": statement.proven,
        "settles": sorted(statement.settles),
        "note": statement.note,
        "drops": list(statement.drops),
        "rewrites": list(statement.rewrites),
        "locks": list(statement.locks),
        "scans": list(statement.scans),
        "holds": [{"table": lock.table, "mode": lock.mode} for lock in statement.holds],
        "hazards": list(statement.hazards),
        "held_back": held_back(statement, report.by_key, report.allow_drop),
    }
