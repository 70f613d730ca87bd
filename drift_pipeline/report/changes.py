"""What changed since another check: findings that are new, resolved, or still there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drift_pipeline.judge.findings import Severity
from drift_pipeline.judge.words import visible


@dataclass(frozen=True)
class ChangedFinding:
    """As much of a finding as it takes to name it."""

    key: str
    title: str
    severity: Severity


@dataclass(frozen=True)
class ReportChanges:
    """Findings of two checks of one environment, by their keys. Each list is sorted, worst first."""

    new: tuple[ChangedFinding, ...] = ()
    resolved: tuple[ChangedFinding, ...] = ()
    still: tuple[ChangedFinding, ...] = ()

    @property
    def text(self) -> str:
        """`2 new, 1 resolved, 3 as before`; `nothing changed` if so."""
        if not (self.new or self.resolved):
            return "nothing changed"
        counted = ((len(self.new), "new"), (len(self.resolved), "resolved"), (len(self.still), "as before"))
        return ", ".join(f"{count} {word}" for count, word in counted if count)


def changes_between(previous: Mapping[str, Any] | None, current: Mapping[str, Any]) -> ReportChanges:
    """Compare two reports (as `from_json` or `report_data` give them). Without a previous one everything is new."""
    old, new = _findings(previous or {}), _findings(current)
    return ReportChanges(
        new=_sorted(item for key, item in new.items() if key not in old),
        resolved=_sorted(item for key, item in old.items() if key not in new),
        still=_sorted(item for key, item in new.items() if key in old),
    )


def _findings(report: Mapping[str, Any]) -> dict[str, ChangedFinding]:
    found = (
        ChangedFinding(str(item["key"]), visible(str(item["title"])), Severity(item["severity"]))
        for item in report.get("findings", [])
    )
    return {item.key: item for item in found}


def _sorted(findings: Any) -> tuple[ChangedFinding, ...]:
    return tuple(sorted(findings, key=lambda item: (-item.severity.rank, item.title, item.key)))
