"""The words of a fleet's check: the schemas that were found, the databases that have them, those nobody could read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from drift_pipeline.exit_codes import COULD_NOT_LOOK, exit_code
from drift_pipeline.judge.findings import Impact, Severity
from drift_pipeline.report.report import Report


@dataclass(frozen=True)
class FleetSchema:
    """One schema of the fleet, and its one report. `databases`: all that have it, in the order of the fleet.

    `fingerprint`: of what is compared; the databases' names are no part of it.
    """

    fingerprint: str
    databases: tuple[str, ...]
    report: Report

    @property
    def short(self) -> str:
        """The fingerprint as people write it."""
        return self.fingerprint[:8]


@dataclass(frozen=True)
class Unread:
    """A database that could not be looked at: what happened, and the next step. `kind`: of the error."""

    database: str
    problem: str
    hint: str = ""
    kind: str = ""


@dataclass(frozen=True)
class FleetReport:
    """What one check of a fleet found. `schemas`: worst first. `comparisons`: how many were made.

    `where`: the server, as `host:port`. `seconds`: for the whole check.
    """

    environment: str
    checked_at: datetime
    schemas: tuple[FleetSchema, ...]
    unread: tuple[Unread, ...] = ()
    where: str = ""
    comparisons: int = 0
    seconds: float = 0.0
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def read(self) -> int:
        """Databases that were looked at."""
        return sum(len(schema.databases) for schema in self.schemas)

    @property
    def databases(self) -> int:
        """All databases of the fleet."""
        return self.read + len(self.unread)

    @property
    def drifted(self) -> int:
        """Databases with drift that counts."""
        return sum(len(schema.databases) for schema in self.schemas if schema.report.drift_detected)

    @property
    def severity(self) -> Severity:
        """The worst severity of all databases."""
        found = (schema.report.severity for schema in self.schemas)
        return max(found, key=lambda level: level.rank, default=Severity.NONE)

    @property
    def impact(self) -> Impact:
        """The worst impact of all databases."""
        found = (schema.report.impact for schema in self.schemas)
        return max(found, key=lambda level: level.rank, default=Impact.NONE)

    @property
    def counts(self) -> dict[str, int]:
        """Number of databases by their worst severity: critical, major, minor, none, always all four."""
        counted: Counter[Severity] = Counter()
        for schema in self.schemas:
            counted[schema.report.severity] += len(schema.databases)
        return {level.value: counted[level] for level in reversed(Severity)}

    @cached_property
    def by_database(self) -> dict[str, FleetSchema]:
        """The schema of each database that was looked at."""
        return {database: schema for schema in self.schemas for database in schema.databases}

    def exit_code(self, *, fail_on: str = "major", strict: bool = False) -> int:
        """The worst of all databases; 3 if one could not be looked at, or with `strict` not wholly."""
        if self.unread or (strict and any(schema.report.coverage.not_covered for schema in self.schemas)):
            return COULD_NOT_LOOK
        return max((exit_code(schema.report, fail_on=fail_on) for schema in self.schemas), default=COULD_NOT_LOOK)


def databases_text(count: int) -> str:
    """`1 database`, `1,000 databases`."""
    return f"{count:,} database{'' if count == 1 else 's'}"
