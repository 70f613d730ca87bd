"""Which statements nobody should run by accident, and why: they are written as comments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from drift_pipeline.judge.asked import is_named, is_unknown_object
from drift_pipeline.judge.findings import Finding
from drift_pipeline.judge.words import subject
from drift_pipeline.plan.statements import Plan, Statement
from drift_pipeline.report.escape import commented_out

LOSES = "loses data or objects"

ByKey = Mapping[str, Finding]


def held_back(statement: Statement, findings: ByKey, allow_drop: Collection[str]) -> str:
    """Why the statement is a comment in files that somebody may pipe into psql; empty if it is none.

    `findings`: by the key of their difference. `allow_drop`: shell patterns on the names of what may be dropped.
    """
    settled = [findings[key] for key in statement.settles if key in findings]
    unknown = [
        item for item in settled if is_unknown_object(item.difference) and not is_named(item.difference, allow_drop)
    ]
    if unknown:
        return why(unknown)
    if not statement.destructive or (settled and all(is_named(item.difference, allow_drop) for item in settled)):
        return ""
    return LOSES


def why(unknown: Sequence[Finding]) -> str:
    """The reason for a comment: whose objects they may be, and how to ask for the drop."""
    named = ", ".join(subject(item.difference.id) for item in unknown[:3])
    more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
    them = "it" if len(unknown) == 1 else "them"
    return (
        f"nobody asked to drop {them}: the models don't know {named}{more}, and somebody else may need {them}; "
        "the setting allow_drop asks for it by name"
    )


def safe_sql(plan: Plan, findings: ByKey, allow_drop: Collection[str]) -> str:
    """All statements of the plan; drops that nobody asked for are comments."""
    lines = []
    for statement in plan.statements:
        text = f"{statement.sql.rstrip().rstrip(';')};"
        reason = held_back(statement, findings, allow_drop)
        lines.append(commented_out(text) if reason and reason != LOSES else text)
    return "".join(f"{line}\n" for line in lines)
