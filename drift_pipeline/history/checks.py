"""The word of the history room: check record, one small JSON line for each check that was made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from drift_pipeline.judge.findings import Impact
from drift_pipeline.report.report import Report

RECORD_VERSION = 1
"""Version of a line; lines of another version are passed over."""

TITLE_LENGTH = 160


@dataclass(frozen=True, slots=True)
class SeenFinding:
    """What is remembered of a finding: enough to name it when it is gone."""

    severity: str
    impact: str
    title: str


@dataclass(frozen=True)
class CheckRecord:
    """One check of one environment, as the history keeps it. `findings`: by the difference's key."""

    environment: str
    run_id: str
    checked_at: datetime
    severity: str
    counts: Mapping[str, int]
    breaks: int
    live_fingerprint: str
    model_fingerprint: str
    branch: str = ""
    commit: str = ""
    findings: Mapping[str, SeenFinding] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Number of findings."""
        return sum(self.counts.values())

    @classmethod
    def of(cls, report: Report, run_id: str) -> Self:
        """The record of this report. Times without a zone are taken as UTC."""
        context = report.context
        when = context.checked_at
        return cls(
            environment=context.environment,
            run_id=run_id,
            checked_at=(when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC),
            severity=report.severity.value,
            counts=report.counts,
            breaks=sum(finding.impact is Impact.BREAKS for finding in report.counting),
            live_fingerprint=context.live_fingerprint,
            model_fingerprint=context.model_fingerprint,
            branch=context.branch,
            commit=context.commit,
            findings={
                finding.difference.key: SeenFinding(
                    finding.severity.value, finding.impact.value, finding.title[:TITLE_LENGTH]
                )
                for finding in report.counting
            },
        )

    def to_line(self) -> str:
        """One line of JSON, keys sorted, without a line break at its end."""
        return json.dumps(
            {
                "version": RECORD_VERSION,
                "environment": self.environment,
                "run_id": self.run_id,
                "checked_at": self.checked_at.astimezone(UTC).isoformat(),
                "severity": self.severity,
                "counts": dict(self.counts),
                "breaks": self.breaks,
                "live_fingerprint": self.live_fingerprint,
                "model_fingerprint": self.model_fingerprint,
                "branch": self.branch,
                "commit": self.commit,
                "findings": {key: [seen.severity, seen.impact, seen.title] for key, seen in self.findings.items()},
            },
            sort_keys=True,
            ensure_ascii=False,
        )

    @classmethod
    def from_line(cls, line: str) -> Self:
        """The record that `to_line` wrote. ValueError if it is none, or of another version."""
        try:
            raw: dict[str, Any] = json.loads(line)
            if raw["version"] != RECORD_VERSION:
                raise ValueError(f"record version {raw['version']!r:.20}")
            return cls(
                environment=raw["environment"],
                run_id=raw["run_id"],
                checked_at=datetime.fromisoformat(raw["checked_at"]),
                severity=raw["severity"],
                counts={str(level): int(count) for level, count in raw["counts"].items()},
                breaks=int(raw["breaks"]),
                live_fingerprint=raw["live_fingerprint"],
                model_fingerprint=raw["model_fingerprint"],
                branch=raw.get("branch", ""),
                commit=raw.get("commit", ""),
                findings={key: SeenFinding(*seen) for key, seen in raw["findings"].items()},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a record of a check") from error
