"""What old checks leave in the store, and what of it goes: their artifacts, never their lines in the index.

The index is what ages and trends come from, and it is small. What the newest check left stays however old it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from drift_pipeline.history.checks import CheckRecord
from drift_pipeline.history.store import ArtifactStore


@dataclass(frozen=True)
class Pruned:
    """How many runs' artifacts were removed, and how many were left, over all environments."""

    removed: int = 0
    left: int = 0


def too_old(
    runs: Iterable[str], checks: Iterable[CheckRecord], written: Mapping[str, datetime], before: datetime
) -> list[str]:
    """The runs (ids) among these whose artifacts may go.

    `checks`: the index. `written`: when the artifacts of runs that it does not know were written; a run of which
    neither is known stays.
    """
    when = dict(written)
    newest = ""
    for check in sorted(checks, key=lambda check: check.checked_at):
        when[check.run_id] = check.checked_at
        newest = check.run_id
    return [run for run in runs if run != newest and run in when and when[run] < before]


def prune_artifacts(store: ArtifactStore, *, days: int, now: datetime) -> Pruned:
    """Remove the artifacts of checks that are older than so many days; 0: none. StoreError if the store fails."""
    removed = left = 0
    for environment in store.environments() if days else ():
        runs = store.runs(environment)
        checks = store.checks(environment)
        unknown = set(runs) - {check.run_id for check in checks}
        written = {run: moment for run in unknown if (moment := store.written_at(environment, run))}
        old = too_old(runs, checks, written, now - timedelta(days=days))
        for run in old:
            store.remove_run(environment, run)
        removed, left = removed + len(old), left + len(runs) - len(old)
    return Pruned(removed, left)
