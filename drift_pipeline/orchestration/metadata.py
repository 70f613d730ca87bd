"""What a person sees of each asset in the UI. Numbers become plots over time; texts are cut, so that the event log
stays small: the whole lies in the artifacts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from drift_pipeline.desired import ModelSchema
from drift_pipeline.diff.differences import Change
from drift_pipeline.history.pace import days
from drift_pipeline.history.trend import Movement
from drift_pipeline.history.trend_page import LAST, EnvironmentTrend, lasted, picture, totals
from drift_pipeline.judge.findings import Cause, Finding, Impact, Remedy
from drift_pipeline.models.history import Revision
from drift_pipeline.orchestration.links import Website, code_references
from drift_pipeline.orchestration.migration import Migration
from drift_pipeline.report.chart import Point, in_words, sparkline, trend_chart
from drift_pipeline.report.escape import fence, markdown, markdown_line
from drift_pipeline.report.explain import age_text
from drift_pipeline.report.report import Report
from drift_pipeline.report.verdict import coverage_line, verdict
from drift_pipeline.stage_values import Drift, LiveSchema

MAX_ROWS = 50
MAX_PICTURES = 6
"""Of single environments; the page has them all."""
MAX_SQL = 20_000
"""Characters of SQL that the event log keeps."""

_REMEDIES = {
    Remedy.DATABASE: "mend the database",
    Remedy.MODELS: "mend the models",
    Remedy.DECIDE: "decide first",
}

SHOWN_AT_ONCE = 999
"""Characters of Markdown up to which Dagster's UI needs no click."""

Metadata = dict[str, dg.MetadataValue]


def of_models(models: ModelSchema, root: Path, website: Website | None = None) -> Metadata:
    """What the models declare, where each table is declared, and what PostgreSQL refused to build of them.

    `root`: the folder that places are relative to. `website`: where its files can be read, if anywhere.
    """
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
    places = list(dict.fromkeys(place for place in models.loaded.tables.values() if place))
    shown["declared_in"] = _table(("table", "file and line"), sorted(models.loaded.tables.items()))
    return shown | code_references(places[:MAX_ROWS], root, website)


def of_history(revisions: Sequence[Revision], heads: Sequence[str], problem: str, seconds: float) -> Metadata:
    """How many revisions there are, which are the newest, and where they begin to fork."""
    shown: Metadata = {
        "head": dg.MetadataValue.text(", ".join(heads) or "none"),
        "heads": dg.MetadataValue.int(len(heads)),
        "revisions": dg.MetadataValue.int(len(revisions)),
        "seconds": dg.MetadataValue.float(round(seconds, 3)),
        "newest_first": _table(
            ("revision", "what it does", "follows", "file"),
            [(each.id, each.message, ", ".join(each.parents), each.path) for each in revisions],
        ),
    }
    if problem:
        shown["problem"] = dg.MetadataValue.text(problem)
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


def of_report(
    report: Report, moved: Movement, locations: Mapping[str, str], website: Website | None = None
) -> Metadata:
    """The verdict, the findings, counts to plot, and where the artifacts lie. `website`: of the models' repository."""
    shown: Metadata = {
        "verdict": dg.MetadataValue.md(f"{report.severity.emoji} {markdown(verdict(report))}"),
        "findings": findings_table(report.findings, report.context.checked_at),
        "coverage": dg.MetadataValue.md(markdown(coverage_line(report.coverage))),
        **_numbers_of_report(report, moved),
        "severity": dg.MetadataValue.text(report.severity.value),
        "impact": dg.MetadataValue.text(report.impact.value),
        "sql": code_block(report.plan.sql, "sql"),
        "database": dg.MetadataValue.text(report.context.target),
        "server_version": dg.MetadataValue.text(report.context.server_version),
        "live_fingerprint": dg.MetadataValue.text(report.context.live_fingerprint),
        "model_fingerprint": dg.MetadataValue.text(report.context.model_fingerprint),
    }
    if report.context.branch:
        shown["branch"] = dg.MetadataValue.text(report.context.branch)
    if report.context.commit:
        shown["commit"] = dg.MetadataValue.text(report.context.commit)
        if website:
            shown["commit_page"] = dg.MetadataValue.url(website.at(report.context.commit))
    if report.pending:
        shown["pending_revisions"] = _table(("revision that the database lacks",), [(name,) for name in report.pending])
    if moved.resolved:
        rows = [(seen.severity, seen.title) for seen in moved.resolved.values()]
        shown["resolved_findings"] = _table(("severity", "finding"), rows)
    return shown | links(locations)


def _numbers_of_report(report: Report, moved: Movement) -> Metadata:
    """What the UI plots over time."""
    findings = report.counting
    causes = Counter(finding.cause for finding in findings)
    impacts = Counter(finding.impact for finding in findings)
    return {
        **{level: dg.MetadataValue.int(count) for level, count in report.counts.items()},
        "total": dg.MetadataValue.int(len(findings)),
        **{impact.value: dg.MetadataValue.int(impacts[impact]) for impact in Impact if impact is not Impact.NONE},
        "set_aside": dg.MetadataValue.int(len(report.findings) - len(findings)),
        **{f"cause_{cause.name.lower()}": dg.MetadataValue.int(causes[cause]) for cause in Cause},
        "new": dg.MetadataValue.int(len(moved.new)),
        "resolved": dg.MetadataValue.int(len(moved.resolved or {})),
        "oldest_days": dg.MetadataValue.float(_oldest_days(report, moved)),
        "pending": dg.MetadataValue.int(len(report.pending)),
        "seconds": dg.MetadataValue.float(round(sum(report.context.timings.values()), 3)),
        **{
            f"seconds_{stage}": dg.MetadataValue.float(round(took, 3)) for stage, took in report.context.timings.items()
        },
    }


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


def of_trends(
    trends: Sequence[EnvironmentTrend], names: Mapping[str, str], now: datetime, locations: Mapping[str, str]
) -> Metadata:
    """One table, pictures, and numbers to plot. `names`: environment -> identifier, which the numbers begin with."""
    rows = [
        (
            each.environment,
            f"{each.emoji} {each.last.severity}" if each.last else "no check yet",
            *(str(getattr(each.last, name)) if each.last else "-" for name in ("critical", "major", "minor", "breaks")),
            lasted(each.pace.oldest_age(now)),
            str(each.pace.repaired),
            lasted(each.pace.typical),
            f"{each.last.checked_at.astimezone(UTC):%Y-%m-%d %H:%M}" if each.last else "-",
        )
        for each in trends
    ]
    head = ("environment", "severity", "critical", "major", "minor", "breaks", "oldest", "repaired", "time to repair")
    whole = totals(trends)[-LAST:]
    shown: Metadata = {
        "at_a_glance": _glance("Findings of all environments", whole),
        "trend": _picture("Findings of all environments", whole),
        "environments": _table((*head, "last check (UTC)"), rows),
    }
    if 1 < len(trends) <= MAX_PICTURES:
        shown |= {
            f"trend_{names[each.environment]}": _picture(f"Findings in {each.environment}", each.points)
            for each in trends
        }
    for each in trends[:MAX_ROWS]:
        shown |= _numbers_of(each, names[each.environment], now)
    return shown | links(locations)


def _numbers_of(each: EnvironmentTrend, prefix: str, now: datetime) -> Metadata:
    counts = {name: getattr(each.last, name) if each.last else 0 for name in ("critical", "major", "minor", "breaks")}
    times = {"oldest_days": each.pace.oldest_age(now), "repair_days": each.pace.typical}
    return {
        **{f"{prefix}_{name}": dg.MetadataValue.int(count) for name, count in counts.items()},
        **{f"{prefix}_{name}": dg.MetadataValue.float(days(time)) for name, time in times.items()},
    }


def _glance(title: str, points: Sequence[Point]) -> dg.MetadataValue:
    """A chart so small that the UI shows it at once: longer Markdown waits for a click."""
    said = markdown(f"{title}. {in_words(points)}")
    room = (SHOWN_AT_ONCE - len(said) - len("![](data:image/svg+xml;base64,)")) * 3 // 4 - 3
    return dg.MetadataValue.md(f"![{said}]({picture(sparkline(points, most=room))})")


def _picture(title: str, points: Sequence[Point]) -> dg.MetadataValue:
    """A chart as Dagster's UI shows it: a picture in Markdown, because its filter lets no SVG elements through."""
    said = markdown(f"{title}. {in_words(points)}")
    return dg.MetadataValue.md(f"![{said}]({picture(trend_chart(points, title=title))})")


def links(locations: Mapping[str, str]) -> Metadata:
    """Artifacts as paths or links, by file name. The key `path` is the IO manager's own."""
    return {
        name: dg.MetadataValue.url(where) if "://" in where else dg.MetadataValue.path(where)
        for name, where in locations.items()
    }


def bullets(lines: Sequence[str]) -> dg.MetadataValue:
    """A list, as much of it as the UI shows at once, and how many more there are."""
    shown: list[str] = []
    for number, line in enumerate(lines):
        more = f"- and {len(lines) - number} more"
        if sum(map(len, shown)) + len(shown) + len(f"- {markdown_line(line)}") + len(more) + 2 > SHOWN_AT_ONCE:
            shown.append(more)
            break
        shown.append(f"- {markdown_line(line)}")
    return dg.MetadataValue.md("\n".join(shown))


def findings_table(findings: Sequence[Finding], now: datetime | None = None) -> dg.MetadataValue:
    """The findings as a Markdown table, worst first. `now`: when they were found, from which their age counts."""
    rows = [
        (
            f"{item.severity.emoji} {item.severity.value}{' (set aside)' if item.set_aside else ''}",
            item.impact.value,
            item.title,
            ", ".join(item.causes),
            item.set_aside or item.reason,
            _REMEDIES[item.remedy],
            age_text(item.age, now).rstrip(".") if now else "",
            item.location,
        )
        for item in findings
    ]
    return _table(("severity", "impact now", "finding", "cause", "why", "what to do", "since", "model"), rows)


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
