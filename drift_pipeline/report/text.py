"""The report on a terminal or in a pipe."""

from __future__ import annotations

import textwrap
from datetime import datetime

from drift_pipeline.judge.findings import Finding
from drift_pipeline.judge.words import visible
from drift_pipeline.report.explain import said
from drift_pipeline.report.held import LOSES, held_back
from drift_pipeline.report.online import both_lines, plan_hazards
from drift_pipeline.report.report import Report
from drift_pipeline.report.verdict import (
    coverage_line,
    order_line,
    pending_line,
    pending_warning,
    proof_line,
    recommendations,
    spelling_line,
    verdict,
)

NARROWEST_TABLE = 60


def to_text(report: Report, width: int = 100, color: bool = False, *, table: bool | None = None) -> str:
    """The report as text of at most `width` columns, names aside.

    `table`: draw findings as a table, for a terminal; without it each finding is a line that grep finds whole.
    Default: as `color`. Without colour and table there is not one escape sequence in it.
    """
    drawn = color if table is None else table
    if drawn and width >= NARROWEST_TABLE:
        from drift_pipeline.report import terminal  # noqa: PLC0415 - rich takes longer to import than to print

        return terminal.report_text(report, width, color)
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
            lines += _wrapped(explanation(finding, report.context.checked_at), width, indent=" " * 20)
            if finding.adoption:
                lines += _wrapped(to_keep(finding), width, indent=" " * 20)
                lines += [" " * 24 + visible(line) for line in finding.adoption.splitlines()]
    for heading, items in after_findings(report):
        lines += ["", heading]
        for item in items:
            lines += _wrapped(f"- {item}", width, indent="  ")
    return lines


def explanation(finding: Finding, checked_at: datetime, separator: str = " ") -> str:
    """What it does now, what the repair risks, what to do, and what is known about it; `separator`: between those."""
    parts = (
        part.text if part.label == "Waiver" else f"{part.label}: {part.text}" for part in said(finding, checked_at)
    )
    return separator.join(map(visible, parts))


def to_keep(finding: Finding) -> str:
    """What stands above the lines that adopt what the database has."""
    where = f", at {visible(finding.location)}" if finding.location else ""
    return f"To keep it, declare it in the models{where}:"


def after_findings(report: Report) -> list[tuple[str, list[str]]]:
    """What follows the findings: heading and items."""
    parts = []
    advice = [f"{level}: {' '.join(items)}" for level, items in recommendations(report).items()]
    if advice:
        parts.append(("What to do", advice))
    if report.plan.statements:
        held = [held_back(statement, report.by_key, report.allow_drop) for statement in report.plan.statements]
        losing, unknown = held.count(LOSES), sum(bool(reason) and reason != LOSES for reason in held)
        lost = f"; {losing} would lose data or objects" if losing else ""
        lost += f"; {unknown} would drop what the models don't know, and nobody asked for that" if unknown else ""
        items = [f"SQL statements: {len(report.plan.statements)}{lost}. {proof_line(report)}"]
        items += [f"before the SQL: {warning}"] if (warning := pending_warning(report)) else []
        items += [visible(line) for line in plan_hazards(report.plan)]
        parts.append(("Plan", [*items, *(f"leaves different: {visible(item)}" for item in report.plan.open[:20])]))
        if sides := both_lines(report.plan):
            parts.append(("Plain and online; schema-diff.sql holds the steps", [visible(line) for line in sides]))
    if report.model_faults:
        faults = [
            visible(f"{fault.what}: {fault.message}" + (f" ({fault.location})" if fault.location else ""))
            for fault in report.model_faults
        ]
        parts.append(("The models cannot be built as they are", faults))
    notes = [
        line for line in (pending_line(report), spelling_line(report.coverage), order_line(report.coverage)) if line
    ]
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
