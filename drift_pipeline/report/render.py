"""All renderings of a report, in one place."""

from __future__ import annotations

from drift_pipeline.report.changes import ReportChanges, changes_between
from drift_pipeline.report.environments import EnvironmentVerdict, verdict_table
from drift_pipeline.report.html import to_html
from drift_pipeline.report.json_report import from_json, report_data, to_json
from drift_pipeline.report.junit import to_junit
from drift_pipeline.report.markdown import to_markdown
from drift_pipeline.report.sarif import to_sarif
from drift_pipeline.report.sql import to_sql
from drift_pipeline.report.text import to_text
from drift_pipeline.report.verdict import coverage_line, verdict

__all__ = [
    "EnvironmentVerdict",
    "ReportChanges",
    "changes_between",
    "coverage_line",
    "from_json",
    "report_data",
    "to_html",
    "to_json",
    "to_junit",
    "to_markdown",
    "to_sarif",
    "to_sql",
    "to_text",
    "verdict",
    "verdict_table",
]
