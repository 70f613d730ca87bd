"""All rules in one list, and which of them speak about a difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final, TypeVar

from drift_pipeline.diff.differences import Change
from drift_pipeline.judge.rules.base import ALTER_TYPE, BASE
from drift_pipeline.judge.rules.code import ACCESS, VIEWS_AND_ROUTINES
from drift_pipeline.judge.rules.columns import COLUMNS, TYPES
from drift_pipeline.judge.rules.constraints import CONSTRAINTS, INDEXES
from drift_pipeline.judge.rules.fallback import FALLBACK, RARE
from drift_pipeline.judge.rules.impact import CODE_NOW, NOTHING, STRUCTURE_NOW
from drift_pipeline.judge.rules.rule import Case, ImpactRule, Rule
from drift_pipeline.judge.rules.tables import TABLES
from drift_pipeline.judge.rules.types_and_sequences import TYPES_AND_SEQUENCES

RULES: Final[tuple[Rule, ...]] = (
    # among rules of the same level the first one speaks, so what is more special comes first
    *TABLES, *COLUMNS, *TYPES, ALTER_TYPE, *CONSTRAINTS, *INDEXES, *TYPES_AND_SEQUENCES, *VIEWS_AND_ROUTINES, *ACCESS,
    *RARE, *BASE,
)  # fmt: skip
"""Severity rules, without the fallback."""

IMPACT_RULES: Final[tuple[ImpactRule, ...]] = (*STRUCTURE_NOW, *CODE_NOW)

AnyRule = TypeVar("AnyRule", Rule, ImpactRule)


@cache
def _of(kind: str, change: Change, impact: bool) -> tuple[Rule | ImpactRule, ...]:
    every: Iterable[Rule | ImpactRule] = IMPACT_RULES if impact else RULES
    return tuple(rule for rule in every if change in rule.changes and (kind in rule.kinds or "*" in rule.kinds))


def holding(case: Case, *, impact: bool = False) -> Sequence[Rule | ImpactRule]:
    """The rules that hold for a case, in the order of the tables: about the fact, or about the case's attribute.

    A rule on `*` attributes speaks only if none that names the attribute does; the fallback if nothing else speaks.
    """
    candidates = _of(case.difference.id.kind, case.difference.change, impact)
    if case.attribute is not None:
        named = _that_hold(case, (rule for rule in candidates if case.attribute.name in rule.attributes))
        found = named or _that_hold(case, (rule for rule in candidates if "*" in rule.attributes))
    elif case.difference.change in (Change.CHANGED, Change.RENAMED):
        found = _that_hold(case, (rule for rule in candidates if not rule.attributes))
    else:
        found = _that_hold(case, candidates)
    return found or ((NOTHING,) if impact else (_fallback(case),))


def _that_hold(case: Case, rules: Iterable[Rule | ImpactRule]) -> tuple[Rule | ImpactRule, ...]:
    return tuple(rule for rule in rules if rule.when.holds(case))


def _fallback(case: Case) -> Rule:
    wanted = Change.CHANGED if case.attribute is not None else case.difference.change
    # from behind: RENAME stands behind ALTER, which takes renamed facts as well if an attribute changed
    return next(rule for rule in reversed(FALLBACK) if wanted in rule.changes)
