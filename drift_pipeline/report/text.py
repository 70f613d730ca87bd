"""The report on a terminal or in a pipe."""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING

from drift_pipeline.judge.findings import Cause, Finding, Impact, Severity
from drift_pipeline.judge.words import visible
from drift_pipeline.report.report import Report
from drift_pipeline.report.verdict import (
    coverage_line,
    order_line,
    proof_line,
    recommendations,
    spelling_line,
    verdict,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.MAJOR: "dark_orange",
    Severity.MINOR: "yellow",
    Severity.NONE: "green",
}
IMPACT_STYLES = {Impact.BREAKS: "bold red", Impact.EXPOSES: "bold red", Impact.DEGRADES: "yellow", Impact.NONE: "dim"}
NARROWEST_TABLE = 60


def to_text(report: Report, width: int = 100, color: bool = False, *, table: bool | None = None) -> str:
    """The report as text of at most `width` columns, names aside.

    `table`: draw findings as a table, for a terminal; without it each finding is a line that grep finds whole.
    Default: as `color`. Without colour and table there is not one escape sequence in it.
    """
    drawn = color if table is None else table
    if drawn and width >= NARROWEST_TABLE:
        return _drawn(report, width, color)
    return "\n".join(_plain(report, width)) + "\n"


def _plain(report: Report, width: int) -> list[str]:
    lines = _wrapped(f"{report.severity.emoji} {verdict(report)}", width)
    lines += _wrapped(coverage_line(report.coverage), width)
    if report.findings:
        lines.append("")
        for finding in report.findings:
            place = f"  [{visible(finding.location)}]" if finding.location else ""
            lines.append(
                f"{finding.severity.value:<8}  {finding.impact.value:<8}  {finding.rule:<5} {finding.title}{place}"
            )
            lines += _wrapped(_explanation(finding), width, indent=" " * 20)
    for heading, items in _after(report):
        lines += ["", heading]
        for item in items:
            lines += _wrapped(f"- {item}", width, indent="  ")
    return lines


def _explanation(finding: Finding) -> str:
    now = f"Now: {finding.impact_reason} " if finding.impact_reason else ""
    cause = "" if finding.cause is Cause.UNKNOWN else f" Cause: {finding.cause.value}."
    return visible(f"{now}Repair: {finding.statement}. {finding.reason} {finding.advice}{cause}")


def _after(report: Report) -> list[tuple[str, list[str]]]:
    """What follows the findings: heading and items."""
    parts = []
    advice = [f"{level}: {item}" for level, items in recommendations(report).items() for item in items]
    if advice:
        parts.append(("What to do", advice))
    if report.plan.statements:
        held = sum(statement.destructive for statement in report.plan.statements)
        items = [
            f"{len(report.plan.statements)} statements; data or objects would be lost by {held}. {proof_line(report)}"
        ]
        parts.append(("Plan", [*items, *(f"leaves different: {visible(item)}" for item in report.plan.open[:20])]))
    if report.model_faults:
        faults = [
            visible(f"{fault.what}: {fault.message}" + (f" ({fault.location})" if fault.location else ""))
            for fault in report.model_faults
        ]
        parts.append(("The models cannot be built as they are", faults))
    notes = [line for line in (spelling_line(report.coverage), order_line(report.coverage)) if line]
    notes += [visible(note) for note in (*report.notes, *report.plan.notes)]
    if notes:
        parts.append(("Notes", notes))
    return parts


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        max(width, len(indent) + 20),
        initial_indent="" if text.startswith("- ") else indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _drawn(report: Report, width: int, color: bool) -> str:
    from rich.text import Text

    console = console_for(width, color)
    console.print(Text(f"{report.severity.emoji} {verdict(report)}", style=STYLES[report.severity] if color else ""))
    console.print(Text(coverage_line(report.coverage), style="dim"))
    if report.findings:
        console.print(_table(report))
    for heading, items in _after(report):
        console.print(Text(f"\n{heading}", style="bold"))
        for item in items:
            console.print(Text(f"- {item}"))
    return written(console)


def _table(report: Report) -> RenderableType:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_lines=True)
    table.add_column("Severity", no_wrap=True)
    table.add_column("Now", no_wrap=True)
    table.add_column("What differs", ratio=3, overflow="fold")
    table.add_column("Why, and what to do", ratio=3, overflow="fold")
    for finding in report.findings:
        what = Text(finding.title)
        if finding.location:
            what.append(f"\n{visible(finding.location)}", style="dim")
        # Text objects: names with [brackets] are no markup
        table.add_row(
            Text(f"{finding.severity.emoji} {finding.severity.value}", style=STYLES[finding.severity]),
            Text(finding.impact.value, style=IMPACT_STYLES[finding.impact]),
            what,
            Text(_explanation(finding)),
        )
    return table


def console_for(width: int, color: bool) -> Console:
    """A console that writes into a string."""
    from rich.console import Console

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


def written(console: Console) -> str:
    """What was printed on it, without spaces at the ends of lines."""
    text = console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO from above
    return "\n".join(line.rstrip() for line in text.split("\n"))
