"""Several environments at a glance: one row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drift_pipeline.judge.findings import Impact, Severity
from drift_pipeline.report.changes import changes_between

LEVELS = ("critical", "major", "minor")


@dataclass(frozen=True)
class EnvironmentVerdict:
    """How one environment stands. `error`: why nobody could look; then there is nothing else to tell.

    `artifacts`: where they lie. `changes`: since the check before, in a few words.
    """

    environment: str
    verdict: str = ""
    severity: Severity = Severity.NONE
    impact: Impact = Impact.NONE
    counts: Mapping[str, int] | None = None
    artifacts: str = ""
    changes: str = ""
    error: str = ""

    @classmethod
    def of(
        cls, report: Mapping[str, Any], *, artifacts: str = "", previous: Mapping[str, Any] | None = None
    ) -> EnvironmentVerdict:
        """From a report as `from_json` gives it, and the one before, if there is one."""
        summary = report["summary"]
        return cls(
            environment=str(summary["environment"]),
            verdict=str(summary["verdict"]),
            severity=Severity(summary["severity"]),
            impact=Impact(summary["impact"]),
            counts={level: int(summary["counts"][level]) for level in LEVELS},
            artifacts=artifacts,
            changes=changes_between(previous, report).text if previous is not None else "",
        )


def verdict_table(rows: Sequence[EnvironmentVerdict], width: int = 100, color: bool = False) -> str:
    """The rows as a table, with the verdict and the place of the artifacts of each below it."""
    from drift_pipeline.report import terminal  # noqa: PLC0415 - rich takes longer to import than to print

    return terminal.verdict_table(rows, width, color)
