"""From differences to findings as a project sees them: its rules' levels, causes, evidence, waivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from drift_pipeline.config import Settings
from drift_pipeline.diff.differences import SchemaDiff
from drift_pipeline.judge.findings import Cause, Finding, Remedy
from drift_pipeline.judge.judge import judge
from drift_pipeline.policy import policy_of
from drift_pipeline.schema.facts import Schema

Causes = Mapping[str, tuple[Cause, ...]]
"""By the difference's key."""


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
) -> Judged:
    """Everything that is said about the differences. ConfigError if the project's own rules or waivers are wrong."""
    policy = policy_of(settings)
    findings = judge(diff, live, models, locations=locations, environment=environment, levels=policy.levels)
    findings = tuple(_with_causes(finding, causes) for finding in findings)
    findings, notes = policy.accept(findings, environment)
    return Judged(tuple(_pending(finding, settings) for finding in findings), notes)


def _with_causes(finding: Finding, causes: Causes) -> Finding:
    found = causes.get(finding.difference.key, (Cause.UNKNOWN,))
    if found != (Cause.PENDING_MIGRATION,):
        return replace(finding, causes=found)
    reason = "A migration that waits to be applied brings it."
    return replace(finding, causes=found, remedy=Remedy.DATABASE, remedy_reason=reason, remedy_rule="W00")


def _pending(finding: Finding, settings: Settings) -> Finding:
    """What only waits for its migration does not count, if the settings say so."""
    if settings.pending == "ignore" and finding.causes == (Cause.PENDING_MIGRATION,):
        return replace(finding, set_aside="a pending migration brings it")
    return finding
