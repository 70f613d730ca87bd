"""schema-diff.sql: every statement of the plan, with what it settles. What loses data stays a comment by default."""

from __future__ import annotations

from datetime import UTC

from drift_pipeline.judge.findings import Finding
from drift_pipeline.plan.statements import Statement
from drift_pipeline.report.escape import commented_out, sql_comment
from drift_pipeline.report.report import Report
from drift_pipeline.report.verdict import coverage_line, proof_line, verdict


def to_sql(report: Report, allow_destructive: bool = False) -> str:
    """All SQL of the report. Statements that lose something are commented out unless `allow_destructive`.

    Only the plan's statements are ever executable; names and notes appear in comments that they cannot end.
    """
    settled = {finding.difference.key: finding for finding in report.findings}
    parts = ["\n".join(_header(report, allow_destructive))]
    parts += [_part(statement, settled, allow_destructive) for statement in report.plan.statements]
    parts += [_open(report)] if report.plan.open else []
    return "\n\n".join(parts) + "\n"


def _header(report: Report, allow_destructive: bool) -> list[str]:
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
    lines.append(f"This turns {context.environment} into what the models declare. {proof_line(report)}".rstrip())
    held_back = sum(statement.destructive for statement in plan.statements)
    if held_back and not allow_destructive:
        lines.append(
            f"Commented out, because data or objects would be lost: {held_back} of {len(plan.statements)} statements. "
            "Review each of them before you remove the comment signs."
        )
    lines.append("Before running it: back up, try it on staging, and SET lock_timeout = '5s'.")
    return [sql_comment(line) for line in lines]


def _part(statement: Statement, settled: dict[str, Finding], allow_destructive: bool) -> str:
    lines = []
    for key in statement.settles:
        if key in settled:
            finding = settled[key]
            lines.append(f"{finding.severity.emoji} {finding.severity.value} {finding.rule}: {finding.title}")
    marks = [
        text
        for holds, text in (
            (statement.destructive, "loses data or objects"),
            (not statement.proven, "not proven on scratch"),
            (not statement.transactional, "cannot run inside a transaction"),
        )
        if holds
    ]
    if marks:
        lines.append(f"({'; '.join(marks)})")
    lines += [statement.note] if statement.note else []
    sql = f"{statement.sql.rstrip().rstrip(';')};"
    if statement.destructive and not allow_destructive:
        sql = commented_out(sql)
    return "\n".join([*(sql_comment(line) for line in lines), sql])


def _open(report: Report) -> str:
    return "\n".join([sql_comment("What these statements leave different:"), *map(_item, report.plan.open)])


def _item(text: str) -> str:
    return sql_comment(f"  {text}")
