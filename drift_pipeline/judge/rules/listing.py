"""The list of all rules for people: `python -m drift_pipeline.judge.rules.listing > docs/rules.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from drift_pipeline.diff.differences import Change
from drift_pipeline.judge.rules.base import ALTER_TYPE, BASE
from drift_pipeline.judge.rules.code import ACCESS, VIEWS_AND_ROUTINES
from drift_pipeline.judge.rules.columns import COLUMNS, TYPES
from drift_pipeline.judge.rules.constraints import CONSTRAINTS, INDEXES
from drift_pipeline.judge.rules.fallback import FALLBACK, RARE
from drift_pipeline.judge.rules.impact import CODE_NOW, STRUCTURE_NOW
from drift_pipeline.judge.rules.rule import ImpactRule, Rule
from drift_pipeline.judge.rules.tables import TABLES
from drift_pipeline.judge.rules.types_and_sequences import TYPES_AND_SEQUENCES
from drift_pipeline.judge.words import kind_word

INTRODUCTION = """\
# Rules

Each difference between a live database and the models gets two answers, each from a table of rules:

- its **severity**: what *repairing* it risks. 🔴 critical: data loss, or the application fails. 🟠 major: needs
  planning. 🟡 minor: safe, but tracked.
- its **impact now**: what it does to code that was built from the models, while nobody has repaired anything.

If several rules hold, the worst decides and the others are mentioned. The report names the rule by its id. The first
table below is fixed: nothing lowers these levels. "Live" is the database, "the models" what the code declares; a
difference is *missing* if only the models have it (a repair creates it), and *extra* if only the database has it (a
repair drops it).

This page is made from the code: `python -m drift_pipeline.judge.rules.listing > docs/rules.md`.
"""

SEVERITY_TABLES: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("The fixed table", (*BASE, ALTER_TYPE)),
    ("Tables and schemas", TABLES),
    ("Columns", COLUMNS),
    ("Types of columns", TYPES),
    ("Constraints", CONSTRAINTS),
    ("Indexes", INDEXES),
    ("Types, domains, sequences, extensions", TYPES_AND_SEQUENCES),
    ("Views, routines, triggers, rules", VIEWS_AND_ROUTINES),
    ("Access and replication", ACCESS),
    ("Rare objects", RARE),
    ("Everything else", FALLBACK),
)
IMPACT_TABLES: tuple[tuple[str, tuple[ImpactRule, ...]], ...] = (
    ("Structure", STRUCTURE_NOW),
    ("Views, routines, triggers, access", CODE_NOW),
)

_CHANGE_WORDS = {
    Change.ADDED: "missing",
    Change.REMOVED: "extra",
    Change.CHANGED: "changed",
    Change.RENAMED: "renamed",
}


def rules_markdown() -> str:
    """The page: every rule with what it speaks about, its level, why, and what to do."""
    parts = [INTRODUCTION, "\n## Severity of the repair\n"]
    for heading, rules in SEVERITY_TABLES:
        parts.append(f"\n### {heading}\n\n")
        parts.append(_table(("Id", "Repair", "When", "Level", "Why", "What to do"), map(_severity_row, rules)))
    parts.append("\n## Impact now\n")
    for heading, impacts in IMPACT_TABLES:
        parts.append(f"\n### {heading}\n\n")
        parts.append(_table(("Id", "When", "Impact", "What happens"), map(_impact_row, impacts)))
    parts.append("\nWhat no rule names has no impact: code built from the models does not notice it.\n")
    return "".join(parts)


def _severity_row(rule: Rule) -> tuple[str, ...]:
    level = f"{rule.severity.emoji} {rule.severity.value}"
    return rule.id, rule.statement, _when(rule), level, rule.reason, rule.advice


def _impact_row(rule: ImpactRule) -> tuple[str, ...]:
    return rule.id, _when(rule), rule.impact.value, rule.reason


def _when(rule: Rule | ImpactRule) -> str:
    kinds = ", ".join("anything" if kind == "*" else kind_word(kind) for kind in rule.kinds)
    if rule.attributes == ("*",):
        changes = "other attributes"
    else:
        changes = ", ".join(name.replace("_", " ") for name in rule.attributes)
    happened = " or ".join(_CHANGE_WORDS[change] for change in rule.changes)
    if rule.attributes and not {Change.ADDED, Change.REMOVED} & set(rule.changes):
        happened = "differs"
    words = " ".join(part for part in (kinds, f"({changes})" if changes else "", happened) if part)
    return f"{words}: {rule.when.text}" if rule.when.text else words


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(rules_markdown())
