"""From differences to findings as a project sees them: its rules' levels, causes, evidence, waivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from drift_pipeline.blame import declared_by
from drift_pipeline.config import Database, Settings
from drift_pipeline.diff.differences import Difference, SchemaDiff
from drift_pipeline.judge.adoption import Home, adoption_of
from drift_pipeline.judge.evidence import from_statistics, with_evidence
from drift_pipeline.judge.findings import Cause, Evidence, Finding, Remedy
from drift_pipeline.judge.judge import judge, worst_first
from drift_pipeline.judge.positions import position, told
from drift_pipeline.judge.questions import evidence_of, questions_for
from drift_pipeline.policy import policy_of
from drift_pipeline.schema.counting import Count, Question, Sort, count_rows
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.statistics import Statistics

Causes = Mapping[str, tuple[Cause, ...]]
Counted = Mapping[str, tuple[Evidence, ...]]

NO_STATISTICS = Statistics()
NOTHING_COUNTED: Counted = {}


@dataclass(frozen=True)
class Judged:
    """The findings of one check, worst first, and what else is to be said about them."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()


def findings_of(
    settings: Settings,
    diff: SchemaDiff,
    live: Schema,
    models: Schema,
    *,
    environment: str,
    locations: Mapping[str, str],
    causes: Causes,
    statistics: Statistics = NO_STATISTICS,
    counted: Counted = NOTHING_COUNTED,
) -> Judged:
    """Everything that is said about the differences. ConfigError if the project's own rules or waivers are wrong.

    `causes` and `counted` go by the difference's key.
    """
    policy = policy_of(settings)
    findings = judge(diff, live, models, locations=locations, environment=environment, levels=policy.levels)
    findings = tuple(_with_causes(finding, causes) for finding in findings)
    findings = tuple(_with_evidence(finding, statistics, counted) for finding in findings)
    findings, notes = policy.accept(findings, environment)
    findings = worst_first(_pending(finding, settings) for finding in findings)
    home = Home(live, settings.default_schema)
    findings = tuple(replace(finding, adoption=adoption_of(finding, home)) for finding in findings)
    if statistics.note and findings:
        notes = (*notes, statistics.note)
    return Judged(_with_commits(findings, settings.root), notes)


def count_evidence(settings: Settings, database: Database, diff: SchemaDiff, live: Schema, models: Schema) -> Counted:
    """What the live database says about the repairs, as far as the settings want that; see `asks`.

    `database`: the live one, as a role that may read its tables. What cannot be counted is said and never raises.
    """
    asked = [(difference.key, *each) for difference in diff.differences for each in _asked(difference, live, models)]
    deciding = [each for each in asked if settings.evidence == "deep" or each[1].sort is Sort.POSITION]
    questions = [question for _, question, _ in deciding]
    if settings.evidence == "none":
        counts: Sequence[Count] = [Count(None, "evidence is switched off")] * len(questions)
    else:
        timeout, patience = settings.evidence_timeout, settings.connect_timeout
        counts = count_rows(database, questions, timeout=timeout, connect_timeout=patience)
    found: dict[str, tuple[Evidence, ...]] = {}
    for (key, _, answer), count in zip(deciding, counts, strict=True):
        found[key] = (*found.get(key, ()), answer(count))
    return found


def asks(settings: Settings, diff: SchemaDiff) -> bool:
    """Whether `count_evidence` has anything to ask: counts of rows, or where a sequence stands whose end moves."""
    return settings.evidence == "deep" or any(map(position, diff.differences))


def _asked(
    difference: Difference, live: Schema, models: Schema
) -> Iterator[tuple[Question, Callable[[Count], Evidence]]]:
    if question := position(difference):
        yield question, partial(told, question)
    for ask, question in questions_for(difference, live, models):
        yield question, partial(evidence_of, ask, question)


def _with_causes(finding: Finding, causes: Causes) -> Finding:
    found = causes.get(finding.difference.key, (Cause.UNKNOWN,))
    if found != (Cause.PENDING_MIGRATION,):
        return replace(finding, causes=found)
    reason = "A migration that waits to be applied brings it."
    return replace(finding, causes=found, remedy=Remedy.DATABASE, remedy_reason=reason, remedy_rule="W00")


def _with_evidence(finding: Finding, statistics: Statistics, counted: Counted) -> Finding:
    difference = finding.difference
    return with_evidence(finding, (*from_statistics(difference, statistics), *counted.get(difference.key, ())))


def _with_commits(findings: Sequence[Finding], root: Path) -> tuple[Finding, ...]:
    """What the models declare, with the commit of its line; what only live has was declared by nobody."""
    places = {finding.location for finding in findings if finding.difference.after is not None and finding.location}
    lines = declared_by(root, places)
    return tuple(
        replace(finding, declared=lines.get(finding.location, "")) if finding.difference.after is not None else finding
        for finding in findings
    )


def _pending(finding: Finding, settings: Settings) -> Finding:
    """What only waits for its migration does not count, if the settings say so."""
    if settings.pending == "ignore" and finding.causes == (Cause.PENDING_MIGRATION,):
        return replace(finding, set_aside="a pending migration brings it")
    return finding
