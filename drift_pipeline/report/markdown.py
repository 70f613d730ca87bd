"""drift-summary.md: the report for people, where GitHub and others show Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING

from drift_pipeline.judge.findings import Finding, Impact, Severity
from drift_pipeline.judge.words import segments, subject, visible
from drift_pipeline.report.escape import code, fence, markdown, markdown_line
from drift_pipeline.report.explain import BESIDE_THE_REPAIR, Said, causes_text, said
from drift_pipeline.report.online import both_lines, plan_hazards
from drift_pipeline.report.report import Report
from drift_pipeline.report.sql import to_sql
from drift_pipeline.report.verdict import (
    coverage_line,
    order_line,
    pending_line,
    proof_line,
    recommendations,
    spelling_line,
    tables_text,
    verdict,
)

if TYPE_CHECKING:
    from jinja2 import Template

_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&()*+,;=%\[\]-]+")

NOW_WORDS = {Impact.BREAKS: "💥 breaks", Impact.EXPOSES: "👁 exposes", Impact.DEGRADES: "📉 degrades", Impact.NONE: "–"}


def to_markdown(report: Report, *, findings: int = 200, sql_characters: int = 60_000) -> str:
    """The report as Markdown.

    `findings`, `sql_characters`: how much is shown of each; what is more is counted, and stands in the JSON and SQL.
    """
    shown = report.findings[:findings]
    sql, cut = _cut(to_sql(report), sql_characters)
    return _template().render(
        report=report,
        context=report.context,
        verdict=verdict(report),
        coverage=coverage_line(report.coverage),
        spelling=spelling_line(report.coverage),
        order=order_line(report.coverage),
        pending=pending_line(report),
        proof=proof_line(report),
        link=_link(report.context.url),
        checked=f"{report.context.checked_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        levels=[(level, [_row(item, report) for item in items]) for level, items in _levels(shown)],
        adoptions=_adoptions(shown),
        aside=[item for item in shown if not item.counts],
        more=len(report.findings) - len(shown),
        recommendations=[(_heading(level), items) for level, items in recommendations(report).items()],
        hazards=plan_hazards(report.plan),
        sides=both_lines(report.plan),
        sql=sql,
        sql_cut=cut,
        fence=fence(sql),
        now=NOW_WORDS,
    )


def _link(address: str) -> str:
    """The address as an autolink, if it is one of the web and can end neither the link nor the table's cell."""
    return f"<{address}>" if _ADDRESS.fullmatch(address) else ""


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - 0.1 s that other outputs save

    # no autoescape: it is made for HTML, while each value here goes through a filter made for Markdown
    environment = Environment(  # noqa: S701
        loader=PackageLoader("drift_pipeline.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(md=markdown, line=markdown_line, code=code, title=_title, tables=tables_text)
    return environment.get_template("drift-summary.md.j2")


def _levels(findings: Sequence[Finding]) -> list[tuple[Severity, list[Finding]]]:
    levels = (Severity.CRITICAL, Severity.MAJOR, Severity.MINOR)
    grouped = [(level, [item for item in findings if item.counts and item.severity is level]) for level in levels]
    return [(level, items) for level, items in grouped if items]


def _row(finding: Finding, report: Report) -> tuple[Finding, str, list[Said]]:
    """A finding, its causes, and what is said below its repair."""
    beside = [part for part in said(finding, report.context.checked_at) if part.label in BESIDE_THE_REPAIR]
    return finding, causes_text(finding).rstrip("."), beside


def _adoptions(findings: Sequence[Finding]) -> list[tuple[Finding, str, str]]:
    """Findings that can be taken over into the models: with the fence and the lines."""
    shown = [(item, "\n".join(map(visible, item.adoption.splitlines()))) for item in findings if item.counts]
    return [(item, fence(lines), lines) for item, lines in shown if lines]


def _title(finding: Finding) -> str:
    """The title, with its names as code."""
    about = subject(finding.difference.id)
    if not finding.title.startswith(about):
        return markdown(finding.title)
    names = "".join(code(text) if name else markdown(text) for text, name in segments(finding.difference.id))
    return names + markdown(finding.title[len(about) :])


def _heading(level: str) -> str:
    if level == "now":
        return "💥 Now"
    severity = Severity(level)
    return f"{severity.emoji} {severity.value.capitalize()}"


def _cut(text: str, limit: int) -> tuple[str, int]:
    """As many whole lines as fit, and how many were left out."""
    if len(text) <= limit:
        return text, 0
    kept = text[:limit].rpartition("\n")[0] + "\n"
    return kept, text.count("\n") - kept.count("\n")
