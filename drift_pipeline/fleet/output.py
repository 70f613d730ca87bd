"""A fleet's check as text, JSON, Markdown and SQL: a summary, and the report of each schema that has drifted."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

from drift_pipeline.fleet.result import FleetReport, FleetSchema, databases_text
from drift_pipeline.fleet.words import fleet_verdict, found_text, impact_text, names_text
from drift_pipeline.judge.words import visible
from drift_pipeline.report import render
from drift_pipeline.report.escape import code, markdown, sql_comment
from drift_pipeline.report.report import Report

FORMAT_VERSION = "1.0"
"""Version of fleet-report.json: additions raise the minor part, everything else the major part."""

SCHEMA_FILE = Path(__file__).with_name("fleet-report.schema.json")

WHOLE_REPORTS = 5
"""Schemas whose reports are shown whole for people; the others are counted, and stand in the JSON."""

_HEADINGS = ("databases", "severity", "impact now", "schema", "what differs", "which")


def to_json(fleet: FleetReport) -> str:
    """The check as JSON, described by fleet-report.schema.json: one summary, one report for each distinct schema."""
    return json.dumps(fleet_data(fleet), indent=2, ensure_ascii=False) + "\n"


def fleet_data(fleet: FleetReport) -> dict[str, Any]:
    """The check as plain data, in the order of the file."""
    return {
        "format_version": FORMAT_VERSION,
        "summary": {
            "environment": fleet.environment,
            "verdict": fleet_verdict(fleet),
            "drift_detected": fleet.drifted > 0,
            "severity": fleet.severity.value,
            "impact": fleet.impact.value,
            "databases": fleet.databases,
            "read": fleet.read,
            "drifted": fleet.drifted,
            "could_not_look": len(fleet.unread),
            "distinct_schemas": len(fleet.schemas),
            "by_severity": fleet.counts,
        },
        "checked_at": fleet.checked_at.astimezone(UTC).isoformat(),
        "server": fleet.where,
        "comparisons": fleet.comparisons,
        "seconds": round(fleet.seconds, 3),
        "schemas": [
            {
                "fingerprint": schema.fingerprint,
                "databases": list(schema.databases),
                "report": json.loads(render.to_json(schema.report)),
            }
            for schema in fleet.schemas
        ],
        "could_not_look": [
            {"database": each.database, "problem": each.problem, "hint": each.hint, "kind": each.kind}
            for each in fleet.unread
        ],
    }


def to_text(fleet: FleetReport, render_report: Callable[[Report], str] = render.to_text) -> str:
    """The check for a terminal or a pipe: a row for each schema, then the reports of those that have drifted."""
    lines = [f"{fleet.severity.emoji} {fleet_verdict(fleet)}", "", *_columns([_HEADINGS, *map(_row, fleet.schemas)])]
    if fleet.unread:
        lines += ["", f"Could not look at {databases_text(len(fleet.unread))}:"]
        for each in fleet.unread:
            lines.append(f"  {visible(each.database)}: {visible(each.problem)}")
            lines += [f"    next: {visible(each.hint)}"] if each.hint else []
    drifted, more = _to_show(fleet)
    for schema in drifted:
        count = databases_text(len(schema.databases))
        lines += ["", f"Schema {schema.short}, {count}: {names_text(schema.databases)}"]
        lines.append(render_report(schema.report).rstrip("\n"))
    if more:
        lines += ["", f"{more} more schemas have drifted; --format json shows all of them."]
    return "\n".join(lines) + "\n"


def to_markdown(fleet: FleetReport) -> str:
    """The check as Markdown: the summary, and the reports of the schemas that have drifted."""
    lines = [
        f"# {fleet.severity.emoji} Schema drift: {markdown(fleet.environment)}",
        "",
        f"**{markdown(fleet_verdict(fleet))}**",
        "",
        summary_table(fleet),
    ]
    if fleet.unread:
        lines += ["", "## Could not look", "", unread_table(fleet)]
    drifted, more = _to_show(fleet)
    for schema in drifted:
        count = databases_text(len(schema.databases))
        lines += ["", "---", "", f"## Schema {code(schema.short)}: {count}", "", render.to_markdown(schema.report)]
    if more:
        lines += ["", f"{more} more schemas have drifted; they stand in fleet-report.json."]
    return "\n".join(lines) + "\n"


def summary_table(fleet: FleetReport, rows: int = 50) -> str:
    """A row for each schema, as Markdown."""
    shown = [_row(schema) for schema in fleet.schemas[:rows]]
    body = [f"| {' | '.join(markdown(cell) for cell in row)} |" for row in shown]
    more = len(fleet.schemas) - len(shown)
    rest = [f"\n… and {more} more schemas, in the artifacts"] if more else []
    return "\n".join([f"| {' | '.join(_HEADINGS)} |", f"|{'---|' * len(_HEADINGS)}", *body, *rest])


def unread_table(fleet: FleetReport, rows: int = 50) -> str:
    """The databases that nobody could look at, as Markdown."""
    shown = fleet.unread[:rows]
    body = [f"| {code(each.database)} | {markdown(each.problem)} | {markdown(each.hint)} |" for each in shown]
    more = len(fleet.unread) - len(shown)
    rest = [f"\n… and {more} more, in the artifacts"] if more else []
    return "\n".join(["| database | what happened | next |", "|---|---|---|", *body, *rest])


def to_sql(fleet: FleetReport, *, allow_destructive: bool = False) -> str:
    """The repair of each schema, one after the other; each is for its own databases. Empty without drift."""
    parts = []
    for schema in fleet.schemas:
        if schema.report.drift_detected:
            heading = f"schema {schema.short}, for {databases_text(len(schema.databases))}:"
            names = [sql_comment(f"  {name}") for name in schema.databases]
            parts.append("\n".join([sql_comment(heading), *names, "", render.to_sql(schema.report, allow_destructive)]))
    return "\n".join(parts)


def _to_show(fleet: FleetReport) -> tuple[list[FleetSchema], int]:
    drifted = [schema for schema in fleet.schemas if schema.report.drift_detected or schema.report.model_faults]
    return drifted[:WHOLE_REPORTS], max(0, len(drifted) - WHOLE_REPORTS)


def _row(schema: FleetSchema) -> tuple[str, ...]:
    return (
        f"{len(schema.databases):,}",
        f"{schema.report.severity.emoji} {schema.report.severity.value}",
        impact_text(schema),
        schema.short,
        found_text(schema),
        names_text(schema.databases),
    )


def _columns(rows: list[tuple[str, ...]]) -> list[str]:
    """The rows below each other, numbers to the right."""
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            " " * (width - _width(cell)) + cell if column == 0 else cell + " " * (width - _width(cell))
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    """Columns of a terminal: signs such as 🔴 take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
