"""schema-diff.sql: every statement of the plan, with what it settles. What loses data stays a comment by default."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC

from drift_pipeline.judge.findings import Finding
from drift_pipeline.judge.words import subject
from drift_pipeline.plan.statements import OnlinePlan, Statement, Step
from drift_pipeline.report.escape import commented_out, sql_comment
from drift_pipeline.report.held import LOSES, held_back
from drift_pipeline.report.online import script
from drift_pipeline.report.report import Report
from drift_pipeline.report.verdict import (
    PROOF_LINES,
    comes_with_migration,
    coverage_line,
    pending_warning,
    proof_line,
    refusal_line,
    verdict,
)

_WIDTH = 110
"""Of what must not be overlooked where long lines are cut."""


def to_sql(report: Report, allow_destructive: bool = False) -> str:
    """All SQL of the report. Statements that lose something are commented out unless `allow_destructive`.

    Only the plan's statements are ever executable; names and notes appear in comments that they cannot end.
    """
    settled, told = report.by_key, set[str]()
    if report.plan.online is not None and report.plan.online.steps:
        return _online(report, report.plan.online, allow_destructive=allow_destructive)
    held = [
        "" if allow_destructive else held_back(statement, settled, report.allow_drop)
        for statement in report.plan.statements
    ]
    parts = ["\n".join(_header(report, held))]
    parts += [
        _part(statement, _findings(statement.settles, settled, told), reason)
        for statement, reason in zip(report.plan.statements, held, strict=True)
    ]
    parts += [_open(report.plan.open)] if report.plan.open else []
    return "\n\n".join(parts) + "\n"


def _online(report: Report, plan: OnlinePlan, *, allow_destructive: bool) -> str:
    """The script of the steps, instead of the plain statements."""
    settled, told = report.by_key, set[str]()

    def held(statement: Statement) -> str:
        return "" if allow_destructive else held_back(statement, settled, report.allow_drop)

    def about(step: Step) -> list[str]:
        keys = dict.fromkeys(key for statement in step.statements for key in statement.settles)
        return _findings(keys, settled, told)

    reasons = [held(statement) for statement in plan.statements]
    lines = _header(report, reasons, online=plan)
    parts = ["\n".join(lines), *script(plan, about=about, held=held)]
    parts += [_open(plan.open)] if plan.open else []
    return "\n\n".join(parts) + "\n"


def _findings(keys: Iterable[str], settled: Mapping[str, Finding], told: set[str]) -> list[str]:
    """What a statement is there for: once as a sentence, then by its name."""
    lines = []
    for finding in (settled[key] for key in keys if key in settled):
        key = finding.difference.key
        title = f"{subject(finding.difference.id)}, as above" if key in told else finding.title
        told.add(key)
        lines.append(f"{finding.severity.emoji} {finding.severity.value} {finding.rule}: {title}")
        lines += ["(comes with a migration that is not applied)"] if comes_with_migration(finding) else []
    return lines


def _header(report: Report, held: list[str], online: OnlinePlan | None = None) -> list[str]:
    context, plan = report.context, report.plan
    when = context.checked_at.astimezone(UTC) if context.checked_at.tzinfo else context.checked_at
    lines = [
        f"Schema drift of {context.environment} ({context.target}), checked {when:%Y-%m-%d %H:%M} UTC",
        verdict(report),
        coverage_line(report.coverage),
        "",
    ]
    if not plan.statements:
        lines.append("Nothing to change." if not report.findings else "There is no plan for these differences.")
        return [sql_comment(line) for line in lines]
    if warning := pending_warning(report):
        lines += [*textwrap.wrap(warning, _WIDTH, break_long_words=False), ""]
    proof = proof_line(report) if online is None else f"{PROOF_LINES[online.proof.value]} {refusal_line(report)}"
    lines.append(f"This turns {context.environment} into what the models declare. {proof}".rstrip())
    losing, unknown = held.count(LOSES), sum(bool(reason) and reason != LOSES for reason in held)
    if losing:
        lines.append(f"Commented out, because data or objects would be lost: {losing} of {_statements(len(held))}.")
    if unknown:
        lines.append(f"Commented out, because nobody asked for these drops: {unknown} of {_statements(len(held))}.")
    if losing or unknown:
        lines.append("Review each of them before you remove the comment signs.")
    lines.append(
        "Before running it: back up, and try it on staging."
        if online
        else "Before running it: back up, try it on staging, and SET lock_timeout = '5s'."
    )
    return [sql_comment(line) for line in lines]


def _statements(count: int) -> str:
    return f"{count} statement{'' if count == 1 else 's'}"


def _part(statement: Statement, about: Sequence[str], held: str) -> str:
    lines = list(about)
    marks = [
        text
        for holds, text in (
            (statement.destructive or held == LOSES, LOSES),
            (not statement.proven, "not proven on scratch"),
            (not statement.transactional, "cannot run inside a transaction"),
        )
        if holds
    ]
    if marks:
        lines.append(f"({'; '.join(marks)})")
    lines += [statement.note] if statement.note else []
    lines += statement.hazards
    sql = f"{statement.sql.rstrip().rstrip(';')};"
    if held:
        if held != LOSES:
            lines.append(f"Commented out: {held}.")
        sql = commented_out(sql)
    return "\n".join([*(sql_comment(line) for line in lines), sql])


def _open(left: Sequence[str]) -> str:
    return "\n".join([sql_comment("What these statements leave different:"), *map(_item, left)])


def _item(text: str) -> str:
    return sql_comment(f"  {text}")
