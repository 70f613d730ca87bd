"""What is said about one finding below its title: the same words in every output, each with its label."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from drift_pipeline.judge.findings import Age, Cause, Finding, Remedy


class Said(NamedTuple):
    """A label such as `Now`, and a sentence or two."""

    label: str
    text: str


BESIDE_THE_REPAIR = ("Waiver", "Which side", "Evidence", "Since", "Declared")
"""Labels of what stands below the repair, where that has a cell of its own."""

REMEDIES = {
    Remedy.DATABASE: "",
    Remedy.MODELS: "mend the models, not the database.",
    Remedy.DECIDE: "decide first.",
}
"""Which side should give way; that it is the database goes without saying."""


def said(finding: Finding, checked_at: datetime) -> list[Said]:
    """Everything about the finding, in the order in which a person asks for it; nothing that is empty."""
    aside = f"{finding.set_aside}." if finding.set_aside else ""
    repair = f"{finding.statement}. {finding.reason} {finding.advice}"
    pairs = (
        ("Set aside", aside),
        ("Waiver", finding.remark),
        ("Now", finding.impact_reason),
        ("Repair", repair),
        ("Which side", remedy_text(finding)),
        ("Evidence", evidence_text(finding)),
        ("Cause", causes_text(finding)),
        ("Since", age_text(finding.age, checked_at)),
        ("Declared", f"{finding.declared}." if finding.declared else ""),
    )
    return [Said(label, text) for label, text in pairs if text]


def remedy_text(finding: Finding) -> str:
    """`Decide first. The models don't know it …`; empty where the database should follow the models."""
    words = REMEDIES[finding.remedy]
    return f"{words} {finding.remedy_reason}".strip() if words else ""


def evidence_text(finding: Finding) -> str:
    """What the database says about it, one sentence each."""
    return " ".join(f"{item.text}." for item in finding.evidence)


def causes_text(finding: Finding) -> str:
    """`manual change, unmigrated model.`; empty where it is unknown."""
    known = ", ".join(cause.value for cause in finding.causes if cause is not Cause.UNKNOWN)
    return f"{known}." if known else ""


def age_text(age: Age | None, now: datetime) -> str:
    """`2026-11-10 (12 days), seen in 13 checks.`; empty without a history."""
    if age is None:
        return ""
    back = f" It was there before, until {_day(age.came_back)}, and came back." if age.came_back else ""
    if age.checks == 1:
        return f"first seen in this check.{back}"
    return f"{_day(age.first_seen)} ({_lasted(age.first_seen, now)}), seen in {age.checks} checks.{back}"


def _day(when: datetime) -> str:
    return f"{_utc(when):%Y-%m-%d}"


def _lasted(since: datetime, now: datetime) -> str:
    days = (_utc(now) - _utc(since)).days
    return "today" if days <= 0 else f"{days} day{'' if days == 1 else 's'}"


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
