"""A fleet as one report: what the history, alerts and CI jobs keep of it, as of any environment."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from drift_pipeline.fleet.result import FleetReport, FleetSchema, databases_text
from drift_pipeline.fleet.words import fleet_verdict, names_text
from drift_pipeline.judge.findings import Evidence, Finding
from drift_pipeline.judge.judge import worst_first
from drift_pipeline.plan.statements import Plan
from drift_pipeline.report.report import Report


def as_report(fleet: FleetReport) -> Report:
    """All findings of all schemas, each once, with the databases that have it. It has no plan: each schema has its own.

    ValueError for a fleet of which nothing could be looked at.
    """
    if not fleet.schemas:
        raise ValueError("nothing was looked at")
    first = fleet.schemas[0].report
    fingerprints = sorted(f"{schema.fingerprint} {len(schema.databases)}" for schema in fleet.schemas)
    context = replace(
        first.context,
        environment=fleet.environment,
        checked_at=fleet.checked_at,
        target=f"{fleet.where} ({databases_text(fleet.databases)})",
        live_fingerprint=hashlib.sha256("\n".join(fingerprints).encode()).hexdigest()[:32],
        revision="",
        timings=fleet.timings,
    )
    faults = {fault.what: fault for schema in fleet.schemas for fault in schema.report.model_faults}
    uncovered = {what: count for schema in fleet.schemas for what, count in schema.report.coverage.not_covered.items()}
    return Report(
        context=context,
        findings=_findings(fleet),
        plan=Plan(notes=("each schema of the fleet has a plan of its own: see schema-diff.sql",)),
        coverage=replace(first.coverage, not_covered=uncovered),
        model_faults=tuple(faults.values()),
        notes=(
            fleet_verdict(fleet),
            *(f"could not look at {each.database}: {each.problem}" for each in fleet.unread),
        ),
        pending=tuple(dict.fromkeys(item for schema in fleet.schemas for item in schema.report.pending)),
        allow_drop=first.allow_drop,
    )


def _findings(fleet: FleetReport) -> tuple[Finding, ...]:
    found: dict[str, list[tuple[Finding, FleetSchema]]] = {}
    for schema in fleet.schemas:
        for finding in schema.report.findings:
            found.setdefault(finding.difference.key, []).append((finding, schema))
    return worst_first(_one(fleet, alike) for alike in found.values())


def _one(fleet: FleetReport, alike: list[tuple[Finding, FleetSchema]]) -> Finding:
    """The worst of those that are the same difference, with where it is."""
    worst = worst_first(finding for finding, _ in alike)[0]
    names = [name for _, schema in alike for name in schema.databases]
    where = Evidence(f"In {len(names):,} of {databases_text(fleet.databases)}: {names_text(names)}.")
    return replace(worst, evidence=(where, *worst.evidence))
