"""Several environments at a glance: one row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drift_pipeline.judge.findings import Impact, Severity
from drift_pipeline.judge.words import visible
from drift_pipeline.report.changes import changes_between
from drift_pipeline.report.text import IMPACT_STYLES, STYLES, console_for, written


_LEVELS = ("critical", "major", "minor")


@dataclass(frozen=True)
class EnvironmentVerdict:
    """How one environment stands. `error`: why nobody could look; then there is nothing else to tell.

    `artifacts`: where they lie. `changes`: since the check before, in a few words.
    """

    environment: str
    verdict: str = ""
    severity: Severity = Severity.NONE
    impact: Impact = Impact.NONE
    counts: Mapping[str, int] | None = None
    artifacts: str = ""
    changes: str = ""
    error: str = ""

    @classmethod
    def of(
        cls, report: Mapping[str, Any], *, artifacts: str = "", previous: Mapping[str, Any] | None = None
    ) -> EnvironmentVerdict:
        """From a report as `from_json` gives it, and the one before, if there is one."""
        summary = report["summary"]
        return cls(
            environment=str(summary["environment"]),
            verdict=str(summary["verdict"]),
            severity=Severity(summary["severity"]),
            impact=Impact(summary["impact"]),
            counts={level: int(summary["counts"][level]) for level in _LEVELS},
            artifacts=artifacts,
            changes=changes_between(previous, report).text if previous is not None else "",
        )


def verdict_table(rows: Sequence[EnvironmentVerdict], width: int = 100, color: bool = False) -> str:
    """The rows as a table, with the verdict and the place of the artifacts of each below it."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = console_for(width, color)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    with_changes = any(row.changes for row in rows)
    for heading in ("Environment", "Severity", "🔴", "🟠", "🟡", "Impact now", *(["Since last check"] * with_changes)):
        table.add_column(heading, justify="right" if heading in ("🔴", "🟠", "🟡") else "left", overflow="fold")
    for row in rows:
        counts = (
            ["–"] * 3 if row.counts is None else [str(row.counts[level]) for level in ("critical", "major", "minor")]
        )
        severity = "could not look" if row.error else f"{row.severity.emoji} {row.severity.value}"
        cells = [
            Text(visible(row.environment), style="bold"),
            Text(severity, style="bold red" if row.error else STYLES[row.severity]),
            *map(Text, counts),
            Text("–" if row.error else row.impact.value, style=IMPACT_STYLES[row.impact]),
        ]
        table.add_row(*cells, *([Text(row.changes)] * with_changes))
    console.print(table)
    for row in rows:
        console.print(Text(f"{visible(row.environment)}: {visible(row.error) or row.verdict}"))
        if row.artifacts:
            console.print(Text(f"  artifacts: {visible(row.artifacts)}"), soft_wrap=True)
    return written(console)
