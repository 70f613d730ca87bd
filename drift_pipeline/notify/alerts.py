"""What alerts say: drift found, drift gone, could not look. Pure; the channels send it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from drift_pipeline.history.trend import Movement
from drift_pipeline.judge.findings import Cause, Finding, Impact, Severity
from drift_pipeline.notify.message import Line, Message, Span, line, one_line
from drift_pipeline.report.report import Report

MAX_DETAILS = 5
NAME, TITLE, TEXT = 100, 240, 900
"""Characters that a name, a finding's title and a sentence may take in a message."""

ACTIONS = {
    Severity.CRITICAL: "Review schema differences and generate migration",
    Severity.MAJOR: "Review schema differences and plan a migration",
    Severity.MINOR: "Review at convenience, with the next regular release",
}


@dataclass(frozen=True)
class Failure:
    """A check that could not look. `stage`: what was being done; `hint`: the next step."""

    environment: str
    stage: str
    message: str
    hint: str = ""


def drift_alert(
    report: Report, *, moved: Movement | None = None, link: str = "", unchanged_since: datetime | None = None
) -> Message:
    """Drift was found, or is another than before. `link`: address or place of the full report.

    `unchanged_since`: it is the same as then, and people are only reminded of it.
    """
    level = report.severity
    context = report.context
    breaks = sum(finding.impact is Impact.BREAKS for finding in report.counting)
    head: list[Line] = [
        line(f"{level.emoji} ", Span(f"Schema Drift Alert - {level.value.upper()}", "b")),
        line(),
        line("🗄️ Environment: ", Span(one_line(context.environment, NAME), "b")),
        line(f"📊 Severity: {level.value}"),
    ]
    if breaks:
        head.append(line("💥 ", Span(f"Breaks the application now: {breaks}", "b")))
    head += [line(), line("Changes Detected:"), *_counts(report)]
    if unchanged_since:
        head.append(line(f"⏰ Still the same as on {unchanged_since:%Y-%m-%d}; nobody has resolved it"))
    elif moved and moved.previous:
        head.append(line(f"Since the last check: {len(moved.new)} new, {len(moved.resolved or {})} resolved"))
    tail: list[Line] = [*_where(context.branch, context.commit), line(), line("⚠️ ", Span("Action Required:", "b"))]
    tail += [line(_action(level, breaks=breaks > 0)), *_waiting(report), *_link("View Full Report", link)]
    return Message(
        subject=f"{level.emoji} Schema drift: {one_line(context.environment, NAME)} is {level.value}",
        head=tuple(head),
        details=(line(), *(_detail(finding) for finding in report.counting[:MAX_DETAILS]), *_more(report.counting)),
        tail=tuple(tail),
        silent=level is Severity.MINOR and not breaks,
    )


def _action(level: Severity, *, breaks: bool) -> str:
    """A missing column is a minor repair, and no matter of convenience."""
    if breaks and level is Severity.MINOR:
        return "Repair now what breaks the application"
    return ACTIONS.get(level, "Review the report")


def _waiting(report: Report) -> list[Line]:
    """Migrations that are written already and bring a part of it."""
    if not report.pending or not any(Cause.PENDING_MIGRATION in finding.causes for finding in report.counting):
        return []
    more = f" and {len(report.pending) - 1} more" if len(report.pending) > 1 else ""
    return [line("Before that, apply with alembic upgrade head: ", one_line(report.pending[0], NAME), more)]


def all_clear(report: Report, *, moved: Movement | None = None, link: str = "") -> Message:
    """The drift that was told of is gone."""
    context = report.context
    resolved = len(moved.resolved or {}) if moved else 0
    head = [
        line("✅ ", Span("Schema Drift Resolved", "b")),
        line(),
        line("🗄️ Environment: ", Span(one_line(context.environment, NAME), "b")),
        line("📊 Severity: none"),
    ]
    if resolved:
        head.append(line(f"Resolved since the last check: {resolved}"))
    return Message(
        subject=f"✅ Schema drift of {one_line(context.environment, NAME)} is resolved",
        head=tuple(head),
        tail=(*_where(context.branch, context.commit), *_link("View Full Report", link)),
        silent=True,
    )


def failure_alert(failure: Failure, *, link: str = "") -> Message:
    """A check could not look, which is neither drift nor its absence."""
    name = one_line(failure.environment, NAME)
    tail: list[Line] = []
    if failure.hint:
        tail += [line(), line("➡️ ", Span("Next step: ", "b"), one_line(failure.hint, TEXT))]
    return Message(
        subject=f"❌ Schema drift check of {name} failed",
        head=(
            line("❌ ", Span("Schema Drift Check Failed", "b")),
            line(),
            line("🗄️ Environment: ", Span(name, "b")),
            line("🔧 Stage: ", one_line(failure.stage, NAME)),
            line(),
            line("Could not look: ", one_line(failure.message, TEXT)),
        ),
        tail=(*tail, *_link("View Run", link)),
    )


def _counts(report: Report) -> list[Line]:
    levels = (Severity.CRITICAL, Severity.MAJOR, Severity.MINOR)
    return [line(f"• {level.emoji} {level.value.capitalize()}: {report.counts[level.value]}") for level in levels]


def _detail(finding: Finding) -> Line:
    broken = "💥 " if finding.impact is Impact.BREAKS else ""
    return line(f"{finding.severity.emoji} {broken}", one_line(finding.title, TITLE))


def _more(findings: Sequence[Finding]) -> list[Line]:
    left_out = len(findings) - MAX_DETAILS
    return [line(f"… and {left_out} more")] if left_out > 0 else []


def _where(branch: str, commit: str) -> list[Line]:
    lines = []
    if branch:
        lines.append(line("🌿 Branch: ", one_line(branch, NAME)))
    if commit:
        lines.append(line("📝 Commit: ", Span(one_line(commit, 40)[:7], "code")))
    return [line(), *lines] if lines else []


def _link(label: str, target: str) -> list[Line]:
    """A link where the target is an address that others can open; else the place as text."""
    if not target:
        return []
    if urlsplit(target).scheme in ("http", "https") and len(target) < 1000:
        return [line(), line("🔗 ", Span(label, href=target))]
    return [line(), line("🔗 Full report: ", Span(one_line(target, TITLE), "code"))]
