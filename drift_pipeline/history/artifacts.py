"""What one check leaves in the store: its renderings, and its line in the index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drift_pipeline.history.age import with_ages
from drift_pipeline.history.checks import CheckRecord
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.history.trend import Movement, movement
from drift_pipeline.report import render
from drift_pipeline.report.report import Report

SQL = "schema-diff.sql"
REPORT = "drift-report.json"
SUMMARY = "drift-summary.md"
PAGE = "drift-report.html"


@dataclass(frozen=True)
class Kept:
    """Where a report's artifacts lie (name -> location), and how its findings stand to the checks before.

    `report`: the one that was kept, with the ages of its findings.
    """

    locations: Mapping[str, str]
    movement: Movement
    report: Report


def render_artifacts(report: Report, *, allow_destructive: bool = False) -> dict[str, str]:
    """Name -> text of everything that one check leaves behind.

    `allow_destructive`: statements that lose data are written as SQL; else they are comments.
    """
    return {
        SQL: render.to_sql(report, allow_destructive),
        REPORT: render.to_json(report),
        SUMMARY: render.to_markdown(report),
        PAGE: render.to_html(report),
    }


def keep_report(store: ArtifactStore, report: Report, run_id: str, *, allow_destructive: bool = False) -> Kept:
    """Write the report's artifacts and its line in the index. StoreError if the store cannot be used."""
    environment = report.context.environment
    # a stage that is run once more in the same run replaces what it wrote: it is no check of its own
    earlier = [check for check in store.checks(environment) if check.run_id != run_id]
    record = CheckRecord.of(report, run_id)
    moved = movement(record.findings.keys(), record.checked_at, earlier)
    report = with_ages(report, moved)
    files = render_artifacts(report, allow_destructive=allow_destructive)
    return Kept(store.write(environment, run_id, files, check=record), moved, report)
