"""drift-report.html: the report in one file without network, for a browser."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol

from drift_pipeline.judge.findings import Finding, Impact
from drift_pipeline.judge.words import dotted, kind_word, visible
from drift_pipeline.report.chart import Point, trend_chart
from drift_pipeline.report.explain import Said, said
from drift_pipeline.report.online import step_rows
from drift_pipeline.report.pages import page_template
from drift_pipeline.report.plan_rows import cost_text, plan_rows
from drift_pipeline.report.report import Report
from drift_pipeline.report.sql import to_sql
from drift_pipeline.report.verdict import (
    PROOF_LINES,
    coverage_line,
    not_compared,
    order_line,
    pending_line,
    proof_line,
    recommendations,
    spelling_line,
    tables_text,
    verdict,
)
from drift_pipeline.schema.facts import Value

if TYPE_CHECKING:
    from jinja2 import Template


class Check(Point, Protocol):
    """One check of the trend, with what came and went since the one before it."""

    @property
    def new(self) -> int:
        """Findings that the check before did not have."""

    @property
    def resolved(self) -> int:
        """Findings that it had, and that are gone."""


@dataclass(frozen=True)
class Side:
    """One attribute, as it is in the live database and in the models."""

    name: str
    live: str
    models: str


def to_html(report: Report, *, findings: int = 2000, statements: int = 500, points: Sequence[Check] = ()) -> str:
    """The report as one HTML page: no network, light and dark, filters, print.

    `findings`, `statements`: how many are shown; what is more is counted, and stands in the JSON and the SQL. `points`:
    the checks up to this one, oldest first; two or more are drawn as a trend. Scripts and styles are the page's
    own; its content security policy allows nothing else.
    """
    shown = report.findings[:findings]
    return _template().render(
        report=report,
        context=report.context,
        checked=f"{_moment(report.context.checked_at)} UTC",
        verdict=verdict(report),
        coverage=coverage_line(report.coverage),
        not_compared=not_compared(report.coverage),
        proof=proof_line(report),
        findings=[(finding, sides(finding), _said(finding, report)) for finding in shown],
        more=len(report.findings) - len(shown),
        kinds=sorted({finding.difference.id.kind for finding in shown}),
        impacts=[level for level in reversed(Impact) if any(finding.impact is level for finding in shown)],
        recommendations=recommendations(report),
        plan=plan_rows(report, statements),
        plan_more=len(report.plan.statements) - statements,
        cost=cost_text(report.plan.cost),
        steps=step_rows(report.plan.online, statements) if report.plan.online else [],
        steps_proof=PROOF_LINES[report.plan.online.proof.value] if report.plan.online else "",
        charts=_charts(report, points) if points[1:] else {},
        points=points,
        sql=to_sql(report),
        notes=[
            line
            for line in (
                pending_line(report),
                spelling_line(report.coverage),
                order_line(report.coverage),
                *report.notes,
                *report.plan.notes,
            )
            if line
        ],
        style=_asset("style.css"),
        script=_asset("filter.js"),
        script_hash=_hash(_asset("filter.js")),
        style_hash=_hash(_asset("style.css")),
    )


def _charts(report: Report, points: Sequence[Check]) -> dict[str, str]:
    """The trend for wide screens and for phones, where the wide one would be too small to read; one is shown."""
    title = f"Findings in {report.context.environment} over time"
    sizes = {"wide": (720, 220), "narrow": (350, 200)}
    return {
        name: trend_chart(points, width=width, height=height, title=title) for name, (width, height) in sizes.items()
    }


def sides(finding: Finding) -> list[Side]:
    """What stands side by side: the attributes that changed, or all of a thing that is on one side only."""
    difference = finding.difference
    if difference.attributes:
        return [Side(item.name, _full(item.before), _full(item.after)) for item in difference.attributes]
    live = difference.before.stated if difference.before else {}
    models = difference.after.stated if difference.after else {}
    rows = [
        Side(name, _full(live[name]) if name in live else "", _full(models[name]) if name in models else "")
        for name in sorted({*live, *models})
        if not (_usual(name, live.get(name)) and _usual(name, models.get(name)))
    ]
    contained = [f"{kind_word(item.kind)} {dotted(item.name)}" for item in difference.contains]
    if contained:
        text = "\n".join(contained)
        rows.append(Side("contains", text if difference.before else "", text if difference.after else ""))
    return rows


_USUAL = {"access_method": "heap", "persistence": "permanent", "replica_identity": "default", "enabled": "origin"}
"""What goes without saying of an object that is on one side only."""


def _usual(name: str, value: Value) -> bool:
    return value is None or value is False or value in ("", [], {}) or value == _USUAL.get(name)


def _full(value: Value) -> str:
    """The whole value; lines stay lines, everything else that cannot be seen is made visible."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return "\n".join(visible(line) for line in text.split("\n"))


def _said(finding: Finding, report: Report) -> list[Said]:
    return said(finding, report.context.checked_at)


def make_ready() -> None:
    """Reads the page's template, which takes longer than to fill it in: for whoever waits for something else anyway."""
    _template()


@lru_cache(maxsize=1)
def _template() -> Template:
    return page_template(
        "drift-report.html.j2",
        kind=kind_word,
        lines=_lines,
        tables=tables_text,
        full=_full,
        cost=cost_text,
        moment=_moment,
    )


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M}"


def _lines(texts: Sequence[str]) -> list[str]:
    return [visible(text) for text in texts]


@lru_cache(maxsize=4)
def _asset(name: str) -> str:
    return files("drift_pipeline.report").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
