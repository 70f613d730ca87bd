"""Levels of rules that a project sets: `[rules]` in its settings. The fixed table can be raised, never lowered."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from drift_pipeline.errors import ConfigError
from drift_pipeline.judge.findings import Severity
from drift_pipeline.judge.rules.fallback import FALLBACK
from drift_pipeline.judge.rules.registry import IMPACT_RULES, RULES
from drift_pipeline.judge.rules.remedy import REMEDIES, RemedyRule
from drift_pipeline.judge.rules.rule import ImpactRule, Rule

LEVELS = (Severity.MINOR, Severity.MAJOR, Severity.CRITICAL)

Levels = Mapping[str, Severity]
"""Levels that differ from the tables', by the rule's id."""

AS_IN_THE_TABLES: Levels = {}


def checked_levels(wanted: Mapping[str, str]) -> Levels:
    """The levels that a project wants, by rule. ConfigError for unknown rules and levels, and below the fixed ones."""
    known = {rule.id: rule for rule in (*RULES, *FALLBACK)}
    return {name: _checked(known, name, level) for name, level in wanted.items()}


_WITHOUT_LEVEL: tuple[tuple[Sequence[ImpactRule | RemedyRule], str], ...] = (
    (IMPACT_RULES, "what a difference breaks now"),
    (REMEDIES, "which side should give way"),
)


def _checked(known: Mapping[str, Rule], name: str, level: str) -> Severity:
    for rules, says in _WITHOUT_LEVEL:
        if name.upper() in {rule.id.upper() for rule in rules}:
            raise ConfigError(
                f"rules.{name}: {name} says {says}, and no setting changes that",
                hint="only the severity of a repair can be set; `drift rules` lists the rules that have one",
            )
    if name not in known:
        close = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else "`drift rules` lists all rules"
        raise ConfigError(f"rules.{name}: there is no rule {name!r}", hint=hint)
    if level not in {item.value for item in LEVELS}:
        raise ConfigError(f"rules.{name}: {level!r} is no level", hint="write minor, major or critical")
    rule, severity = known[name], Severity(level)
    if rule.base and severity.rank < rule.severity.rank:
        raise ConfigError(
            f"rules.{name}: {rule.statement} is {rule.severity} at least and cannot be made {severity}",
            hint="accept single findings instead, with reason and expiry, in drift-waivers.toml",
        )
    return severity
