"""Reports by hand, for tests of what is said about them."""

from __future__ import annotations

from datetime import UTC, datetime

from drift_pipeline.diff.differences import Change, Difference
from drift_pipeline.judge.findings import Finding, Impact, Severity
from drift_pipeline.plan.statements import Plan
from drift_pipeline.report.report import Context, Coverage, Report
from drift_pipeline.schema.facts import Fact, FactId


def finding(severity: Severity, title: str, *, impact: Impact = Impact.NONE, table: str = "") -> Finding:
    fact = Fact(FactId("table", ("public", table or title)), {})
    difference = Difference(fact.id, Change.REMOVED, fact, None)
    return Finding(difference, severity, "C01", title, "reason", "advice", impact=impact)


def report(
    *findings: Finding, environment: str = "production", branch: str = "main", commit: str = "abc1234def"
) -> Report:
    context = Context(
        environment=environment,
        checked_at=datetime(2026, 5, 1, 2, 0, tzinfo=UTC),
        target="db:5432/shop",
        server_version="18.1",
        scratch_version="18.1",
        models="shop.models:Base",
        tables=3,
        live_fingerprint="live",
        model_fingerprint="models",
        branch=branch,
        commit=commit,
    )
    return Report(context, findings, Plan(), Coverage())
