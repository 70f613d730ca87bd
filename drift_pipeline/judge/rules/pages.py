"""A page for each rule: what the problem is, an example that the tests run, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from drift_pipeline.judge.findings import Severity
from drift_pipeline.judge.rules.examples.example import Example
from drift_pipeline.judge.rules.examples.shown import NOT_SHOWN, example_of
from drift_pipeline.judge.rules.rule import ListedRule
from drift_pipeline.schema.coverage import STRUCTURE

_SIDES: Final[Mapping[str, tuple[str, str]]] = {
    "database": (
        "the database should give way",
        "Apply `schema-diff.sql` or the revision of the report, as the severity's rule advises.",
    ),
    "models": (
        "the models should give way",
        "Write what live has into the model; the report shows the lines. Repair the database only if that is meant.",
    ),
    "decide": (
        "a person decides",
        "Ask who made it and who uses it. Then write it into the model, or repair the database.",
    ),
}
_ANOTHER: Final[Mapping[str, str]] = {
    "severity": " This rule holds as well.",
    "impact": " The impact is what this rule says.",
    "remedy": " This rule says which side should give way.",
}
"""How a page's rule has to do with a finding that is named after another one."""

_STATEMENTS = re.compile(r"(?:[^;']|'[^']*')+")
"""Statements of an example: no semicolon divides within quotes."""


def pages(rules: Iterable[ListedRule]) -> dict[str, str]:
    """The text of each rule's page by its file name."""
    return {file_name(rule.id): _page(rule) for rule in rules}


def file_name(rule: str) -> str:
    """Where a rule's page lies, beside those of the others."""
    return f"{rule}.md"


def _page(rule: ListedRule) -> str:
    parts = [
        f"# {rule.id} · {_title(rule)}",
        _level(rule),
        f"It holds for: {rule.when}." + _plane(rule),
        "## Problem",
        rule.reason,
        "## Example",
        *_example(rule),
        "## What to do",
        _advice(rule),
        "## Another level, or none",
        *_settings(rule),
        "[All rules](../rules.md)",
    ]
    return "\n\n".join(parts) + "\n"


def _title(rule: ListedRule) -> str:
    if rule.sort == "severity":
        return rule.repair
    return f"impact now: {rule.level}" if rule.sort == "impact" else _SIDES[rule.level][0]


def _level(rule: ListedRule) -> str:
    if rule.sort == "severity":
        fixed = ", by the fixed table: nothing lowers it" if rule.fixed else ""
        return f"Severity of the repair: {Severity(rule.level).emoji} **{rule.level}**{fixed}."
    if rule.sort == "impact":
        return f"Impact on code that was built from the models, until somebody repairs it: **{rule.level}**."
    return f"Which side should give way: **{rule.level}**. The first rule of its table that holds decides."


def _plane(rule: ListedRule) -> str:
    return "" if rule.plane == STRUCTURE else f" This is compared only if `--planes` names {rule.plane}."


def _example(rule: ListedRule) -> list[str]:
    found = example_of(rule.id)
    if found is None:
        return [f"No SQL alone shows it. {NOT_SHOWN[rule.id]}"]
    findings = "; ".join(
        f"rule {_link(name, rule)}, {severity}, impact now: {impact}" for name, severity, impact in found.expected
    )
    said = f"What is found{', worst first' if len(found.expected) > 1 else ''}: {findings}."
    if rule.id not in {name for name, _, _ in found.expected}:
        said += _ANOTHER[rule.sort]
    if found.exact:
        said += " Only `--exact` tells the two sides apart; otherwise they count as the same."
    return [f"```sql\n{_sql(found)}```", said]


def _link(name: str, rule: ListedRule) -> str:
    return name if name == rule.id else f"[{name}]({file_name(name)})"


def _sql(example: Example) -> str:
    sides = (("both sides", example.both), ("the live database", example.live), ("the models", example.models))
    return "\n".join(f"-- {side}\n{_lines(sql)}" for side, sql in sides if sql or side != "both sides")


def _lines(sql: str) -> str:
    statements = [found.strip() for found in _STATEMENTS.findall(sql)]
    return "".join(f"{statement};\n" for statement in statements if statement) or "-- (nothing)\n"


def _advice(rule: ListedRule) -> str:
    if rule.sort == "severity":
        return rule.advice
    if rule.sort == "remedy":
        return _SIDES[rule.level][1]
    found = example_of(rule.id)
    where = f" (for the example: {_link(found.expected[0][0], rule)})" if found else ""
    urgency = {"none": "Nothing is urgent.", "degrades": "Repair it soon."}.get(rule.level, "Repair it at once.")
    return f"{urgency} The rule for the finding's severity says how{where}."


def _settings(rule: ListedRule) -> list[str]:
    waiver = "A single finding is accepted by a [waiver](../rules.md#waivers), with reason, owner and expiry."
    if rule.sort == "impact":
        return [f"No setting changes an impact. {waiver}"]
    if rule.sort == "remedy":
        return [f"No setting changes the side; it is advice, and does not count for the exit code. {waiver}"]
    if rule.fixed and rule.level == Severity.CRITICAL:
        return [f"It is the highest level, and of the fixed table: no setting changes it. {waiver}"]
    other = Severity.CRITICAL if rule.level == Severity.MAJOR else Severity.MAJOR
    only = "It is of the fixed table: a project can raise it, never lower it" if rule.fixed else "A project sets it"
    return [f"{only}, in drift.toml:", f'```toml\n[rules]\n{rule.id} = "{other.value}"\n```', waiver]
