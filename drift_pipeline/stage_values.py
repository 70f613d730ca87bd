"""What passes from one stage of a check to the next, besides the models' `ModelSchema`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from drift_pipeline.diff.differences import SchemaDiff
from drift_pipeline.judge.findings import Cause, Evidence
from drift_pipeline.plan.statements import Plan
from drift_pipeline.report.report import Coverage
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.statistics import Statistics
from drift_pipeline.schema.version_table import LiveRevisions


@dataclass(frozen=True)
class LiveSchema:
    """All facts of one environment's database at one moment. `target`: host:port/name, without credentials.

    `revisions`: what its Alembic version table says, as far as the role may read it. `statistics`: sizes and use.
    """

    environment: str
    schema: Schema
    target: str
    role: str = ""
    revisions: LiveRevisions = field(default_factory=LiveRevisions)
    seconds: float = 0.0
    statistics: Statistics = field(default_factory=Statistics)


@dataclass(frozen=True)
class Drift:
    """What differs between an environment and the models, within what is compared, and the plan that mends it.

    `causes`: by the difference's key. `pending`: revisions that live lacks. `notes`: what could not be found out.
    `counted`: evidence from rows, by the difference's key.
    """

    diff: SchemaDiff
    plan: Plan
    live: Schema
    models: Schema
    coverage: Coverage
    scratch: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    causes: Mapping[str, tuple[Cause, ...]] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    counted: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
