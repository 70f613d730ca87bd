"""What the statistics say about a finding, and what a finding becomes by evidence: higher, never lower."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from drift_pipeline.diff.differences import Change, Difference
from drift_pipeline.judge.amounts import bytes_text, count_text
from drift_pipeline.judge.findings import Evidence, Finding, Severity
from drift_pipeline.schema.statistics import RelationStatistics, Statistics

_IN_TABLES = frozenset(
    {
        "table", "materialized_view", "column", "index", "primary_key", "unique", "check", "foreign_key", "exclusion",
        "not_null", "trigger", "policy",
    }
)  # fmt: skip
"""Kinds whose repair touches the rows of a table, or takes a lock on it."""

_RAISED = "Raised to critical by what is stored: the repair would fail."


def from_statistics(difference: Difference, statistics: Statistics) -> tuple[Evidence, ...]:
    """Estimated rows and bytes of the table, and the use of an index that would be dropped; empty for new objects."""
    if difference.id.kind not in _IN_TABLES:
        return ()
    fact = difference.before or difference.after
    name = fact.id.name if fact else difference.id.name
    found = []
    table = statistics.relations.get((name[0], name[1])) if len(name) > 1 else None
    if table is not None and not table.index:
        found.append(Evidence(_size(table)))
    if difference.id.kind == "index" and difference.change is not Change.ADDED and len(name) == 3:
        index = statistics.relations.get((name[0], name[2]))
        if index is not None and index.index:
            found.append(Evidence(_use(index, statistics.since)))
    return tuple(found)


def with_evidence(finding: Finding, evidence: Sequence[Evidence]) -> Finding:
    """The finding with this evidence added; critical if the repair would fail by it."""
    if not evidence:
        return finding
    told = replace(finding, evidence=(*finding.evidence, *evidence))
    if not any(item.fails for item in evidence) or told.severity is Severity.CRITICAL:
        return told
    return replace(told, severity=Severity.CRITICAL, reason=f"{_RAISED} {told.reason}")


def _size(table: RelationStatistics) -> str:
    when = f"last analysed {_day(table.analysed)}" if table.analysed else "never analysed"
    vacuumed = f", last vacuumed {_day(table.vacuumed)}" if table.vacuumed else ""
    if not table.rows:
        return f"No rows, as far as the statistics know ({when})"
    size = f", {bytes_text(table.bytes)} with indexes" if table.bytes else ""
    return f"About {count_text(table.rows)} rows{size} ({when}{vacuumed})"


def _use(index: RelationStatistics, since: datetime | None) -> str:
    began = f" since {_day(since)}" if since else " since counting began"
    size = f"; it takes {bytes_text(index.bytes)}" if index.bytes else ""
    if not index.scans:
        return f"No query on this server has used the index{began}{size}"
    times = "once" if index.scans == 1 else f"{count_text(index.scans)} times"
    return f"Queries have used the index {times}{began}{size}"


def _day(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d}"
