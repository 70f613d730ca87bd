"""What a person sees of each asset in the UI. Numbers become plots over time; texts are cut, so that the event log
stays small: the whole lies in the artifacts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from drift_pipeline.diff.differences import Change
from drift_pipeline.history.trend import Movement
from drift_pipeline.judge.findings import Cause, Finding, Impact
from drift_pipeline.orchestration.migration import Migration
from drift_pipeline.report.escape import fence, markdown
from drift_pipeline.report.report import Report
from drift_pipeline.report.verdict import coverage_line, verdict
from drift_pipeline.use_case import Drift, LiveSchema, ModelSchema

MAX_ROWS = 50
MAX_SQL = 20_000
"""Characters of SQL that the event log keeps."""

Metadata = dict[str, dg.MetadataValue]


def of_models(models: ModelSchema) -> Metadata:
    """What the models declare, and what PostgreSQL refused to build of them."""
    shown: Metadata = {
        "source": dg.MetadataValue.text(models.loaded.source),
        "tables": dg.MetadataValue.int(len(models.loaded.tables)),
        "facts": dg.MetadataValue.int(len(models.schema.facts)),
        "faults": dg.MetadataValue.int(len(models.faults)),
        "fingerprint": dg.MetadataValue.text(models.schema.fingerprint),
        "built_on": dg.MetadataValue.text(models.scratch),
        "seconds": dg.MetadataValue.float(round(models.seconds, 3)),
    }
    if models.faults:
        rows = [(fault.what, fault.message, fault.location) for fault in models.faults]
        shown["not_buildable"] = _table(("object", "PostgreSQL says", "model"), rows)
    return shown


def of_live(live: LiveSchema) -> Metadata:
    """Which database was read, and what was not looked at there."""
    shown: Metadata = {
        "database": dg.MetadataValue.text(live.target),
        "server_version": dg.MetadataValue.text(version_text(live.schema.server_version)),
        "role": dg.MetadataValue.text(live.role),
        "tables": dg.MetadataValue.int(len(live.schema.of_kind("table"))),
        "facts": dg.MetadataValue.int(len(live.schema.facts)),
        "fingerprint": dg.MetadataValue.text(live.schema.fingerprint),
        "seconds": dg.MetadataValue.float(round(live.seconds, 3)),
        "not_covered_kinds": dg.MetadataValue.int(len(live.schema.not_covered)),
    }
    if live.schema.not_covered:
        shown["not_covered"] = _counts(live.schema.not_covered)
    return shown


def of_drift(drift: Drift) -> Metadata:
    """How many differences of which sort, and the SQL of the plan."""
    changes = Counter(difference.change for difference in drift.diff.differences)
    return {
        "differences": dg.MetadataValue.int(len(drift.diff.differences)),
        **{change.value: dg.MetadataValue.int(changes[change]) for change in Change},
        "equivalent": dg.MetadataValue.int(sum(drift.diff.equivalent.values())),
        "statements": dg.MetadataValue.int(len(drift.plan.statements)),
        "unsettled": dg.MetadataValue.int(len(drift.plan.open)),
        "proof": dg.MetadataValue.text(drift.plan.proof.value),
        "sql": code_block(drift.plan.sql, "sql"),
        **{f"seconds_{stage}": dg.MetadataValue.float(round(took, 3)) for stage, took in drift.timings.items()},
    }


def of_report(report: Report, moved: Movement, locations: Mapping[str, str]) -> Metadata:
    """The verdict, the findings, counts to plot, and where the artifacts lie."""
    findings = report.counting
    causes = Counter(finding.cause for finding in findings)
    shown: Metadata = {
        "verdict": dg.MetadataValue.md(f"{report.severity.emoji} {markdown(verdict(report))}"),
        "findings": findings_table(report.findings),
        "coverage": dg.MetadataValue.md(markdown(coverage_line(report.coverage))),
        **{level: dg.MetadataValue.int(count) for level, count in report.counts.items()},
        "total": dg.MetadataValue.int(len(findings)),
        "breaks": dg.MetadataValue.int(sum(finding.impact is Impact.BREAKS for finding in findings)),
        "set_aside": dg.MetadataValue.int(len(report.findings) - len(findings)),
        **{f"cause_{cause.name.lower()}": dg.MetadataValue.int(causes[cause]) for cause in Cause},
        "new": dg.MetadataValue.int(len(moved.new)),
        "resolved": dg.MetadataValue.int(len(moved.resolved or {})),
        "oldest_days": dg.MetadataValue.float(_oldest_days(report, moved)),
        "severity": dg.MetadataValue.text(report.severity.value),
        "impact": dg.MetadataValue.text(report.impact.value),
        "sql": code_block(report.plan.sql, "sql"),
        "live_fingerprint": dg.MetadataValue.text(report.context.live_fingerprint),
        "model_fingerprint": dg.MetadataValue.text(report.context.model_fingerprint),
    }
    for label, value in (("branch", report.context.branch), ("commit", report.context.commit)):
        if value:
            shown[label] = dg.MetadataValue.text(value)
    if moved.resolved:
        rows = [(seen.severity, seen.title) for seen in moved.resolved.values()]
        shown["resolved_findings"] = _table(("severity", "finding"), rows)
    return shown | links(locations)


def of_migration(made: Migration, locations: Mapping[str, str]) -> Metadata:
    """Whether a revision was written, what it follows, and what it leaves to people."""
    shown: Metadata = {
        "status": dg.MetadataValue.text(made.status),
        "revision": dg.MetadataValue.text(made.revision or "none"),
        "follows": dg.MetadataValue.text(", ".join(made.parents) or "nothing"),
        "revision_file": code_block(made.text, "python"),
        "pending": dg.MetadataValue.int(len(made.pending)),
        "withheld": dg.MetadataValue.int(len(made.withheld)),
    }
    if made.file_name:
        shown["belongs_into_versions_as"] = dg.MetadataValue.text(made.file_name)
    if made.problem:
        shown["problem"] = dg.MetadataValue.text(made.problem)
    if made.pending:
        rows = [(revision, "alembic upgrade head") for revision in made.pending]
        shown["pending_revisions"] = _table(("revision", "apply it with"), rows)
    if made.withheld:
        shown["left_as_it_is"] = _table(("object", "why"), [(name, "data would be lost") for name in made.withheld])
    return shown | links(locations)


def links(locations: Mapping[str, str]) -> Metadata:
    """Artifacts as paths or links, by file name. The key `path` is the IO manager's own."""
    return {
        name: dg.MetadataValue.url(where) if "://" in where else dg.MetadataValue.path(where)
        for name, where in locations.items()
    }


def findings_table(findings: Sequence[Finding]) -> dg.MetadataValue:
    """The findings as a Markdown table, worst first."""
    rows = [
        (
            f"{item.severity.emoji} {item.severity.value}{' (set aside)' if item.set_aside else ''}",
            item.impact.value,
            item.title,
            ", ".join(item.causes),
            item.set_aside or item.reason,
            item.location,
        )
        for item in findings
    ]
    return _table(("severity", "impact now", "finding", "cause", "why", "model"), rows)


def code_block(text: str, language: str) -> dg.MetadataValue:
    """Text as a code block that nothing in it can end."""
    if not text.strip():
        return dg.MetadataValue.md("_nothing_")
    shown = text[:MAX_SQL]
    more = f"\n\n… and {len(text) - MAX_SQL} characters more, in the artifacts" if len(text) > MAX_SQL else ""
    ticks = fence(shown)
    return dg.MetadataValue.md(f"{ticks}{language}\n{shown.rstrip()}\n{ticks}{more}")


def version_text(number: int) -> str:
    """`18.1` for PostgreSQL's 180001."""
    return f"{number // 10000}.{number % 10000}"


def _table(head: Sequence[str], rows: Sequence[Iterable[str]]) -> dg.MetadataValue:
    if not rows:
        return dg.MetadataValue.md("_none_")
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(markdown(cell) for cell in row)} |" for row in rows[:MAX_ROWS]]
    if len(rows) > MAX_ROWS:
        lines.append(f"\n… and {len(rows) - MAX_ROWS} more, in the artifacts")
    return dg.MetadataValue.md("\n".join(lines))


def _counts(counts: Mapping[str, int]) -> dg.MetadataValue:
    return _table(("what", "count"), [(what, str(count)) for what, count in sorted(counts.items())])


def _oldest_days(report: Report, moved: Movement) -> float:
    ages = (seen.age(report.context.checked_at) for seen in moved.since.values())
    return round(max((age.total_seconds() for age in ages), default=0.0) / 86400, 2)
