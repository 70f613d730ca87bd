"""What is drawn on a terminal, with rich. Imported only when something is drawn: rich is slow to import."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from drift_pipeline.judge.findings import Impact, Severity
from drift_pipeline.judge.words import visible
from drift_pipeline.report.environments import EnvironmentVerdict
from drift_pipeline.report.report import Report
from drift_pipeline.report.text import after_findings, explanation, to_keep
from drift_pipeline.report.verdict import coverage_line, verdict

STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.MAJOR: "dark_orange",
    Severity.MINOR: "yellow",
    Severity.NONE: "green",
}
_SPACES_AT_END = re.compile(r"[ ]+((?:\x1b\[[0-9;]*m)*)$", re.MULTILINE)
IMPACT_STYLES = {Impact.BREAKS: "bold red", Impact.EXPOSES: "bold red", Impact.DEGRADES: "yellow", Impact.NONE: "dim"}


def verdict_table(rows: Sequence[EnvironmentVerdict], width: int, color: bool) -> str:
    """The rows as a table, with the verdict and the place of the artifacts of each below it."""
    console = _console(width, color)
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
    return _written(console)


def report_text(report: Report, width: int, color: bool) -> str:
    """The report, findings as a table."""
    console = _console(width, color)
    console.print(Text(f"{report.severity.emoji} {verdict(report)}", style=STYLES[report.severity] if color else ""))
    console.print(Text(coverage_line(report.coverage), style="dim"))
    if report.findings:
        console.print(_table(report))
    for heading, items in after_findings(report):
        console.print(Text(f"\n{heading}", style="bold"))
        for item in items:
            console.print(Text(f"- {item}"))
    return _written(console)


def _table(report: Report) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_lines=True)
    table.add_column("Severity", no_wrap=True)
    table.add_column("Now", no_wrap=True)
    table.add_column("What differs", ratio=3, overflow="fold")
    table.add_column("Why, and what to do", ratio=3, overflow="fold")
    for finding in report.findings:
        what = Text(finding.title)
        if finding.location:
            what.append(f"\n{visible(finding.location)}", style="dim")
        why = Text(explanation(finding, report.context.checked_at, "\n"))
        if finding.adoption:
            why.append(f"\n{to_keep(finding)}")
            why.append("".join(f"\n{visible(line)}" for line in finding.adoption.splitlines()), style="cyan")
        # Text objects: names with [brackets] are no markup
        table.add_row(
            Text(f"{finding.severity.emoji} {finding.severity.value}", style=STYLES[finding.severity]),
            Text(finding.impact.value, style=IMPACT_STYLES[finding.impact]),
            what,
            why,
        )
    return table


def _console(width: int, color: bool) -> Console:
    """A console that writes into a string."""
    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )


def _written(console: Console) -> str:
    """What was printed on it, without spaces at the ends of lines."""
    text = console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO from above
    return _SPACES_AT_END.sub(r"\1", text)
