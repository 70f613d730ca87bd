"""What one check leaves in the store: its renderings, and its line in the index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from drift_pipeline.history.age import with_ages
from drift_pipeline.history.checks import CheckRecord
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.history.trend import Movement, TrendPoint, movement, trend
from drift_pipeline.judge.findings import Finding
from drift_pipeline.report import render
from drift_pipeline.report.junit import major_or_worse
from drift_pipeline.report.report import Report

SQL = "schema-diff.sql"
REPORT = "drift-report.json"
SUMMARY = "drift-summary.md"
PAGE = "drift-report.html"
SARIF = "drift-report.sarif"
JUNIT = "drift-report.xml"

TREND = 60
"""So many checks stand in the chart of the page."""


@dataclass(frozen=True)
class Kept:
    """Where a report's artifacts lie (name -> location), and how its findings stand to the checks before.

    `report`: the one that was kept, with the ages of its findings.
    """

    locations: Mapping[str, str]
    movement: Movement
    report: Report


def render_artifacts(
    report: Report,
    *,
    allow_destructive: bool = False,
    fails: Callable[[Finding], bool] = major_or_worse,
    points: Sequence[TrendPoint] = (),
) -> dict[str, str]:
    """Name -> text of everything that one check leaves behind.

    `allow_destructive`: statements that lose data are written as SQL; else they are comments. `fails`: what makes a
    test of the JUnit file fail. `points`: the checks up to this one, for the chart.
    """
    return {
        SQL: render.to_sql(report, allow_destructive),
        REPORT: render.to_json(report),
        SUMMARY: render.to_markdown(report),
        PAGE: render.to_html(report, points=points),
        SARIF: render.to_sarif(report),
        JUNIT: render.to_junit(report, fails=fails),
    }


def keep_report(
    store: ArtifactStore,
    report: Report,
    run_id: str,
    *,
    allow_destructive: bool = False,
    fails: Callable[[Finding], bool] = major_or_worse,
) -> Kept:
    """Write the report's artifacts and its line in the index. StoreError if the store cannot be used.

    Written once more by the same run, they replace what it wrote. Other arguments as of `render_artifacts`.
    """
    environment = report.context.environment
    # a stage that is run once more in the same run replaces what it wrote: it is no check of its own
    earlier = [check for check in store.checks(environment) if check.run_id != run_id]
    record = CheckRecord.of(report, run_id)
    moved = movement(record.findings.keys(), record.checked_at, earlier)
    report = with_ages(report, moved)
    points = trend([*earlier, record], last=TREND)
    files = render_artifacts(report, allow_destructive=allow_destructive, fails=fails, points=points)
    return Kept(store.write(environment, run_id, files, check=record), moved, report)
