"""How long drift stays: the age of what is there, and how long it took to repair what is gone.

Pure: the records of one environment in, answers out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from drift_pipeline.history.checks import CheckRecord


@dataclass(frozen=True)
class Pace:
    """`oldest`: since when the oldest finding of now is there, None without findings. `repaired`: how many are gone.

    `typical`: how long half of those were there at most, from the first check that saw one to the first that did not;
    None before anything was repaired. A finding that came back counts each time.
    """

    oldest: datetime | None = None
    repaired: int = 0
    typical: timedelta | None = None
    longest: timedelta | None = None

    def oldest_age(self, now: datetime) -> timedelta | None:
        """How long the oldest finding has been there."""
        return max(now - self.oldest, timedelta(0)) if self.oldest else None


def pace(checks: Sequence[CheckRecord]) -> Pace:
    """From the checks of one environment, oldest first."""
    there: dict[str, datetime] = {}
    gone: list[timedelta] = []
    for check in checks:
        for key in there.keys() - check.findings.keys():
            gone.append(check.checked_at - there.pop(key))
        for key in check.findings:
            there.setdefault(key, check.checked_at)
    return Pace(
        oldest=min(there.values(), default=None),
        repaired=len(gone),
        typical=sorted(gone)[(len(gone) - 1) // 2] if gone else None,
        longest=max(gone, default=None),
    )


def days(duration: timedelta | None) -> float:
    """A duration as days with two places; 0 for none."""
    return round(duration.total_seconds() / 86400, 2) if duration else 0.0
