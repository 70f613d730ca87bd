"""The word of the report room: everything that one check found out, from which every output is rendered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from drift_pipeline.judge.findings import Finding, Impact, Severity
from drift_pipeline.models.faults import ModelFault
from drift_pipeline.plan.statements import Plan

SCHEMA_VERSION = "1.2"
"""Version of drift-report.json: additions raise the minor part, everything else the major part."""


@dataclass(frozen=True)
class Context:
    """Where and when a check was made. `target` is the database without credentials (`host:port/name`).

    `models`: how they were found, such as `shop.models:Base.metadata`. `timings`: seconds by stage.
    `revision`: the Alembic revision that live says it is at.
    `url`: where the full report can be read, such as the page of the CI run.
    `folder`: of the settings within the repository, such as `backend/`, to which places of models are relative.
    `settings_file`: its name there, such as `drift.toml`; empty if there is none.
    """

    environment: str
    checked_at: datetime
    target: str
    server_version: str
    scratch_version: str
    models: str
    tables: int
    live_fingerprint: str
    model_fingerprint: str
    branch: str = ""
    commit: str = ""
    role: str = ""
    revision: str = ""
    url: str = ""
    tool_version: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    folder: str = ""
    settings_file: str = ""


@dataclass(frozen=True)
class Coverage:
    """What was compared and what was not. No report says "no drift" without it.

    `not_covered`: kinds that exist in the live database and that the reader does not look at. `excluded`: what was left
    out on purpose, by reason. `unmanaged`: objects of kinds that models cannot declare. `equivalent`: what differs in
    spelling only, by rule. `planes_off`: planes that were not compared. `schemas`: those that were compared.
    """

    schemas: tuple[str, ...] = ()
    facts: int = 0
    not_covered: Mapping[str, int] = field(default_factory=dict)
    excluded: Mapping[str, int] = field(default_factory=dict)
    unmanaged: Mapping[str, int] = field(default_factory=dict)
    equivalent: Mapping[str, int] = field(default_factory=dict)
    planes_off: tuple[str, ...] = ()
    column_order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """Findings, plan and context of one check of one environment."""

    context: Context
    findings: tuple[Finding, ...]
    plan: Plan
    coverage: Coverage
    model_faults: tuple[ModelFault, ...] = ()
    notes: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    """Revisions that the history has and live lacks, oldest first, such as `0004 reviews and weights`."""
    allow_drop: tuple[str, ...] = ()
    """Shell patterns on the names of what somebody asked to drop."""

    @property
    def counting(self) -> tuple[Finding, ...]:
        """The findings that count: all but those that were set aside."""
        return tuple(finding for finding in self.findings if finding.counts)

    @cached_property
    def by_key(self) -> dict[str, Finding]:
        """The findings by the keys of their differences, by which statements name them."""
        return {finding.difference.key: finding for finding in self.findings}

    @property
    def drift_detected(self) -> bool:
        """True if anything differs that counts."""
        return bool(self.counting)

    @property
    def severity(self) -> Severity:
        """The worst severity of all findings; none without findings."""
        return max((finding.severity for finding in self.counting), key=lambda level: level.rank, default=Severity.NONE)

    @property
    def impact(self) -> Impact:
        """The worst impact of all findings."""
        return max((finding.impact for finding in self.counting), key=lambda level: level.rank, default=Impact.NONE)

    @property
    def counts(self) -> dict[str, int]:
        """Number of findings by severity: critical, major, minor, always all three."""
        counted = Counter(finding.severity for finding in self.counting)
        return {level.value: counted[level] for level in (Severity.CRITICAL, Severity.MAJOR, Severity.MINOR)}
