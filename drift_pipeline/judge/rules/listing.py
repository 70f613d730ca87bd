"""The rules for people, a list and a page for each: `python -m drift_pipeline.judge.rules.listing docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from drift_pipeline.diff.differences import Change
from drift_pipeline.judge.rules.base import ALTER_TYPE, BASE
from drift_pipeline.judge.rules.code import ACCESS, VIEWS_AND_ROUTINES
from drift_pipeline.judge.rules.columns import COLUMNS, TYPES
from drift_pipeline.judge.rules.constraints import CONSTRAINTS, INDEXES
from drift_pipeline.judge.rules.fallback import FALLBACK, RARE
from drift_pipeline.judge.rules.impact import CODE_NOW, STRUCTURE_NOW
from drift_pipeline.judge.rules.levels import AS_IN_THE_TABLES, Levels
from drift_pipeline.judge.rules.pages import file_name, pages
from drift_pipeline.judge.rules.remedy import REMEDIES, RemedyRule
from drift_pipeline.judge.rules.rule import ImpactRule, ListedRule, Rule
from drift_pipeline.judge.rules.tables import TABLES
from drift_pipeline.judge.rules.types_and_sequences import TYPES_AND_SEQUENCES
from drift_pipeline.judge.words import kind_word
from drift_pipeline.schema.coverage import STRUCTURE, plane_of

INTRODUCTION = """\
# Rules

Each difference between a live database and the models gets two answers, each from a table of rules:

- its **severity**: what *repairing* it risks. 🔴 critical: data loss, or the application fails. 🟠 major: needs
  planning. 🟡 minor: safe, but tracked.
- its **impact now**: what it does to code that was built from the models, while nobody has repaired anything.

If several rules hold, the worst decides and the others are mentioned. The report names the rule by its id. The first
table below is fixed: nothing lowers these levels (accept single findings by a waiver instead). "Live" is the database,
"the models" what the code declares; a difference is *missing* if only the models have it (a repair creates it), and
*extra* if only the database has it (a repair drops it).

A third table says which side should give way: the database, the models, or whatever a person decides.

A project sets other levels by the rule's id, in drift.toml. Rules of the fixed table can be raised and not lowered:

```toml
[rules]
C23 = "major"     # another default matters to us
I10 = "critical"  # scripts of ours name the indexes
```

`drift rules` prints these rules, with the levels of the project; `drift rules --json` for programs.

Each id leads to a page of its rule, with an example that the tests run on a real server. This page and those are made
from the code: `python -m drift_pipeline.judge.rules.listing docs`.
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
    parts.append("\n## Which side should give way\n\nThe first rule that holds decides.\n\n")
    parts.append(_table(("Id", "When", "Side", "Why"), map(_remedy_row, REMEDIES)))
    parts.append(WAIVERS)
    return "".join(parts)


def listed_rules(levels: Levels = AS_IN_THE_TABLES) -> tuple[ListedRule, ...]:
    """All rules in the order of the page, severity first; `levels`: those that the project set."""
    found = []
    for rule in (rule for _, rules in SEVERITY_TABLES for rule in rules):
        level = levels.get(rule.id, rule.severity).value
        found.append(_listed(rule, "severity", level, repair=rule.statement, fixed=rule.base, advice=rule.advice))
    for impact in (rule for _, rules in IMPACT_TABLES for rule in rules):
        found.append(_listed(impact, "impact", impact.impact.value))
    found.extend(_listed(remedy, "remedy", remedy.remedy.value) for remedy in REMEDIES)
    return tuple(replace(rule, set=rule.id in levels) for rule in found)


def _listed(
    rule: Rule | ImpactRule | RemedyRule,
    sort: str,
    level: str,
    *,
    repair: str = "",
    fixed: bool = False,
    advice: str = "",
) -> ListedRule:
    return ListedRule(rule.id, sort, repair, level, fixed, _when(rule), rule.reason, advice, plane=_plane(rule))


def _plane(rule: Rule | ImpactRule | RemedyRule) -> str:
    """Where all that the rule speaks about is compared; structure if some of it is there."""
    planes = {plane_of(kind, attribute) for kind in rule.kinds for attribute in rule.attributes or ("",)}
    return STRUCTURE if STRUCTURE in planes else ", ".join(sorted(planes))


def _severity_row(rule: Rule) -> tuple[str, ...]:
    level = f"{rule.severity.emoji} {rule.severity.value}"
    return _linked(rule.id), rule.statement, _when(rule), level, rule.reason, rule.advice


def _impact_row(rule: ImpactRule) -> tuple[str, ...]:
    return _linked(rule.id), _when(rule), rule.impact.value, rule.reason


def _remedy_row(rule: RemedyRule) -> tuple[str, ...]:
    return _linked(rule.id), _when(rule), rule.remedy.value, rule.reason


def _linked(rule: str) -> str:
    return f"[{rule}](rules/{file_name(rule)})"


def _when(rule: Rule | ImpactRule | RemedyRule) -> str:
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


WAIVERS = """\

## Evidence

Each finding about a table says how many rows it has by the statistics, and how large it is; one about an index says how
often it was used. Every role may read that, and no row is touched. Where a sequence would get narrower limits, its
position is read, if the role may: PostgreSQL refuses limits that it stands beyond, and a proof on a copy cannot know.

`--evidence deep` (or `evidence = "deep"`) also counts what decides about the repair, as a role that may read tables:
NULLs where NOT NULL is wanted, duplicates for a unique key, rows without a parent for a foreign key, values that do not
fit a narrower type, rows that break a CHECK. Each count is a bounded query in a read-only transaction, under
`evidence_timeout`; numbers alone leave the database. A repair that would fail by what is stored is critical, whatever
its rule says; evidence never lowers a level.

## Waivers

A finding that somebody accepts is written into `drift-waivers.toml`, beside drift.toml:

```toml
[[waiver]]
name = "public.orders.ix_old"       # a shell pattern on the dotted name
kind = "index"                      # optional: any kind without it
change = "extra"                    # optional: missing, extra, changed or renamed, seen from the live database
environment = "production"          # optional: all of them without it
reason = "the month's report needs it"
owner = "ann@example.com"
expires = 2027-01-31                # the last day on which it holds
```

It is shown all the same, and does not count for the exit code. After its last day it counts again and says so. A waiver
that matches nothing any more is told; one without reason, owner or expiry is refused.

## Drops that nobody asked for

The models do not know everything: a table, a function or a trigger may belong to a plugin, to another service or to a
rolling upgrade. Dropping an object that only the database has is therefore a comment in schema-diff.sql, until
`allow_drop = ["public.legacy"]` in drift.toml asks for it by name, or `--allow-destructive` for everything.
"""


def write_all(docs: Path) -> None:
    """Write the list and the pages into a folder; pages of rules that are gone are removed."""
    (docs / "rules.md").write_text(rules_markdown(), encoding="utf-8")
    folder = docs / "rules"
    folder.mkdir(exist_ok=True)
    wanted = pages(listed_rules())
    for old in folder.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
