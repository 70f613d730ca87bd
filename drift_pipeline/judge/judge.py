"""Judgement: each difference gets its severity and its impact now, by the rules' tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import cast

from drift_pipeline.diff.differences import Change, Difference, SchemaDiff
from drift_pipeline.judge.findings import Finding
from drift_pipeline.judge.rules.levels import AS_IN_THE_TABLES, Levels
from drift_pipeline.judge.rules.registry import holding
from drift_pipeline.judge.rules.remedy import remedy_of
from drift_pipeline.judge.rules.rule import Case, ImpactRule, Rule, own_changes
from drift_pipeline.judge.titles import sort_name, title
from drift_pipeline.schema.facts import Schema

NO_LOCATIONS: Mapping[str, str] = {}


def judge(
    diff: SchemaDiff,
    source: Schema,
    target: Schema,
    *,
    locations: Mapping[str, str] = NO_LOCATIONS,
    environment: str = "",
    levels: Levels = AS_IN_THE_TABLES,
) -> tuple[Finding, ...]:
    """Turn differences into findings, worst first.

    `source` is the live database, `target` the models. `locations`: `file:line` of what the models declare, by
    `schema.table` and `schema.table.column`. `environment` is what the titles call the live database. Every difference
    gets a level. `levels`: of rules that the project set otherwise than the tables (`checked_levels`).
    """
    findings = [judge_one(item, source, target, locations, environment, levels=levels) for item in diff.differences]
    return worst_first(findings)


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By the worse of severity and impact, then by the names, so the order is stable."""
    return tuple(sorted(findings, key=_order))


def judge_one(
    difference: Difference,
    source: Schema,
    target: Schema,
    locations: Mapping[str, str],
    environment: str,
    *,
    levels: Levels = AS_IN_THE_TABLES,
) -> Finding:
    """One difference, judged."""
    cases = _cases(difference, source, target)
    rules = [(case, _at_level(cast(Rule, rule), levels)) for case in cases for rule in holding(case)]
    impacts = [(case, cast(ImpactRule, rule)) for case in cases for rule in holding(case, impact=True)]
    # max takes the first of equals: rules stand in their tables with the more special ones first
    case, rule = max(rules, key=lambda pair: pair[1].severity.rank)
    impact_case, impact = max(impacts, key=lambda pair: pair[1].impact.rank)
    also = tuple(dict.fromkeys(other.id for _, other in rules if other.id != rule.id and not _said(other, rule, case)))
    remedy = remedy_of(Case(difference, source, target))
    return Finding(
        difference=difference,
        severity=rule.severity,
        rule=rule.id,
        title=title(difference, environment),
        reason=_sentence(rule.detail(case) if rule.detail else "", rule.reason, _also(rules, rule)),
        advice=rule.advice,
        impact=impact.impact,
        impact_reason=_sentence(impact.reason, impact.detail(impact_case) if impact.detail else ""),
        location=_location(difference, locations),
        also=also,
        statement=rule.statement,
        impact_rule=impact.id,
        remedy=remedy.remedy,
        remedy_reason=remedy.reason,
        remedy_rule=remedy.id,
    )


def _at_level(rule: Rule, levels: Levels) -> Rule:
    level = levels.get(rule.id, rule.severity)
    return rule if level is rule.severity else replace(rule, severity=level)


def _said(other: Rule, rule: Rule, case: Case) -> bool:
    """True if the other rule only says less about the same attribute."""
    if case.attribute is None:
        return True
    return case.attribute.name in other.attributes and case.attribute.name in rule.attributes


def _also(rules: list[tuple[Case, Rule]], winner: Rule) -> str:
    """What else changes on the same fact, if the deciding rule does not speak about it."""
    told: dict[str, str] = {}
    decided = next(case for case, rule in rules if rule is winner)
    for case, rule in rules:
        if rule is not winner and case is not decided and rule.id not in told:
            told[rule.id] = f"{rule.statement} ({rule.severity}, {rule.id})"
    return f"Also: {', '.join(told.values())}." if told else ""


def _sentence(*parts: str) -> str:
    return " ".join(part[0].upper() + part[1:].rstrip(".") + "." for part in parts if part)


def _cases(difference: Difference, source: Schema, target: Schema) -> list[Case]:
    changed = [Case(difference, source, target, item) for item in own_changes(difference)]
    if difference.change is Change.CHANGED and changed:
        return changed
    whole = Case(difference, source, target)
    return [whole, *changed] if difference.change is Change.RENAMED else [whole]


def _location(difference: Difference, locations: Mapping[str, str]) -> str:
    """The model line of the object itself or of the nearest thing around it."""
    names = [fact.id for fact in (difference.after, difference.before) if fact is not None]
    parents = [fact.parent for fact in (difference.after, difference.before) if fact is not None and fact.parent]
    for fact_id in chain(names, parents):
        name = fact_id.name[1:] if fact_id.kind in ("comment", "privilege") else fact_id.name
        for size in range(min(len(name), 3), 1, -1):
            found = locations.get(".".join(name[:size]))
            if found:
                return found
    return ""


def _order(finding: Finding) -> tuple[object, ...]:
    severity, impact = finding.severity.rank, finding.impact.rank
    return (-max(severity, impact), -severity, -impact, sort_name(finding.difference.id), finding.difference.change)
