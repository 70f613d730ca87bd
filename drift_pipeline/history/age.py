"""Findings with their age, from the checks before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from drift_pipeline.errors import StoreError
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.history.trend import Movement, movement
from drift_pipeline.judge.findings import Age, Finding
from drift_pipeline.report.report import Report


def with_ages(report: Report, moved: Movement) -> Report:
    """The report, each finding with how long it has been there; those that do not count have no age."""
    return replace(report, findings=tuple(_aged(finding, moved) for finding in report.findings))


def aged_by(store: ArtifactStore, report: Report) -> Report:
    """The same, as a check that is not yet kept. A store that cannot be read leaves the ages unknown."""
    try:
        earlier = store.checks(report.context.environment)
    except StoreError:
        return report
    when = report.context.checked_at
    keys = {finding.difference.key for finding in report.counting}
    return with_ages(report, movement(keys, when if when.tzinfo else when.replace(tzinfo=UTC), earlier))


def _aged(finding: Finding, moved: Movement) -> Finding:
    seen = moved.since.get(finding.difference.key)
    return finding if seen is None else replace(finding, age=Age(seen.first_seen, seen.checks, seen.came_back))
