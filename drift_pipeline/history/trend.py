"""What the index of checks can be asked: since when a finding is there, what was resolved, what came back.

Pure: records in, answers out. A check that could not look left no record, so it neither ends nor starts anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from drift_pipeline.history.checks import CheckRecord, SeenFinding


@dataclass(frozen=True, slots=True)
class Seen:
    """Since when a finding is there.

    `first_seen`: when the current unbroken row of checks that show it began. `checks`: how many those are, this one
    included. `came_back`: when it was last seen before it had been gone, or None if it never was.
    """

    first_seen: datetime
    checks: int
    came_back: datetime | None = None

    def age(self, now: datetime) -> timedelta:
        """How long it has been there."""
        return max(now - self.first_seen, timedelta(0))


@dataclass(frozen=True)
class Movement:
    """What changed from the check before to this one.

    `since`: for every finding of now. `new`: keys that the check before did not have. `resolved`: what it had and is
    gone. `previous`: when that check was made; None if this is the first, and then nothing counts as new or resolved.
    """

    since: Mapping[str, Seen]
    new: tuple[str, ...] = ()
    resolved: Mapping[str, SeenFinding] | None = None
    previous: datetime | None = None

    @property
    def changed(self) -> bool:
        """True if the set of findings is another than at the check before; the first check counts if it has any."""
        return bool(self.new or self.resolved or (self.previous is None and self.since))


def movement(keys: Collection[str], now: datetime, earlier: Sequence[CheckRecord]) -> Movement:
    """How the findings with these keys, seen now, stand to the earlier checks (oldest first)."""
    since = {key: _seen(key, now, earlier) for key in sorted(keys)}
    if not earlier:
        return Movement(since)
    last = earlier[-1]
    return Movement(
        since,
        new=tuple(key for key in since if key not in last.findings),
        resolved={key: seen for key, seen in sorted(last.findings.items()) if key not in since},
        previous=last.checked_at,
    )


def _seen(key: str, now: datetime, earlier: Sequence[CheckRecord]) -> Seen:
    first, checks = now, 1
    newest_first = iter(reversed(earlier))
    for record in newest_first:
        if key not in record.findings:
            break
        first, checks = record.checked_at, checks + 1
    came_back = next((record.checked_at for record in newest_first if key in record.findings), None)
    return Seen(first, checks, came_back)


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One check, as a row of the trend: counts by severity, and what came and went since the one before."""

    checked_at: datetime
    run_id: str
    severity: str
    critical: int
    major: int
    minor: int
    breaks: int
    new: int
    resolved: int
    commit: str = ""


def trend(checks: Sequence[CheckRecord], *, last: int = 20) -> list[TrendPoint]:
    """The newest `last` checks as rows, oldest first."""
    points = []
    for number, record in enumerate(checks):
        before = checks[number - 1].findings if number else record.findings
        points.append(
            TrendPoint(
                checked_at=record.checked_at,
                run_id=record.run_id,
                severity=record.severity,
                critical=record.counts.get("critical", 0),
                major=record.counts.get("major", 0),
                minor=record.counts.get("minor", 0),
                breaks=record.breaks,
                new=len(record.findings.keys() - before.keys()),
                resolved=len(before.keys() - record.findings.keys()),
                commit=record.commit,
            )
        )
    return points[-last:]
