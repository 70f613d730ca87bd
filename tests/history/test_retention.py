"""Old artifacts go; the index, what is latest and what the newest check left stay."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drift_pipeline.errors import StoreError
from drift_pipeline.history.checks import CheckRecord
from drift_pipeline.history.retention import Pruned, prune_artifacts
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.history.trend import trend

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def check(run_id: str, days_ago: float, environment: str = "production") -> CheckRecord:
    return CheckRecord(
        environment=environment,
        run_id=run_id,
        checked_at=NOW - timedelta(days=days_ago),
        severity="none",
        counts={"critical": 0, "major": 0, "minor": 0},
        breaks=0,
        live_fingerprint="l",
        model_fingerprint="m",
    )


def keep(store: ArtifactStore, run_id: str, days_ago: float, environment: str = "production") -> None:
    record = check(run_id, days_ago, environment)
    store.write(environment, run_id, {"drift-summary.md": f"of {run_id}"}, check=record)


@pytest.fixture(params=["disk", "objects"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    url = str(tmp_path) if request.param == "disk" else f"memory://{tmp_path.name}"
    return ArtifactStore(url)


def test_artifacts_that_are_older_go_and_the_trend_stays(store: ArtifactStore) -> None:
    for run_id, age in (("ancient", 400), ("old", 90.1), ("young", 89.9), ("new", 0)):
        keep(store, run_id, age)
    before = trend(store.checks("production"))

    assert prune_artifacts(store, days=90, now=NOW) == Pruned(removed=2, left=2)
    assert store.runs("production") == ["new", "young"]
    assert store.read("production", "old", "drift-summary.md") is None
    assert trend(store.checks("production")) == before
    assert store.latest("production", "drift-summary.md") == "of new"
    assert prune_artifacts(store, days=90, now=NOW) == Pruned(removed=0, left=2)


def test_what_the_newest_check_left_stays_however_old_it_is(store: ArtifactStore) -> None:
    keep(store, "long ago", 900)
    keep(store, "retired", 800, environment="old one")
    assert prune_artifacts(store, days=1, now=NOW) == Pruned(removed=0, left=2)
    assert store.read("old one", "retired", "drift-summary.md") == "of retired"


def test_for_ever_is_for_ever(store: ArtifactStore) -> None:
    keep(store, "ancient", 4000)
    keep(store, "new", 0)
    assert prune_artifacts(store, days=0, now=NOW) == Pruned()
    assert store.runs("production") == ["ancient", "new"]


def test_artifacts_of_a_run_that_made_no_report_go_by_when_they_were_written(tmp_path: Path) -> None:
    store = ArtifactStore(str(tmp_path))
    keep(store, "new", 0)
    for run_id, age in (("migration of long ago", 100), ("migration of today", 0)):
        place = Path(store.write("production", run_id, {"migration.py": "x"})["migration.py"])
        moment = (NOW - timedelta(days=age)).timestamp()
        os.utime(place, (moment, moment))
    assert prune_artifacts(store, days=90, now=NOW).removed == 1
    assert store.runs("production") == ["migration of today", "new"]


def test_a_link_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    store = ArtifactStore(str(tmp_path / "store"))
    keep(store, "old", 100)
    keep(store, "new", 0)
    treasure = tmp_path / "elsewhere" / "runs"
    treasure.mkdir(parents=True)
    (treasure / "precious").write_text("x")
    place = tmp_path / "store" / "production" / "runs" / "old"
    (place / "drift-summary.md").unlink()
    place.rmdir()
    place.symlink_to(treasure)
    with pytest.raises(StoreError, match="could not be removed"):
        prune_artifacts(store, days=90, now=NOW)
    assert (treasure / "precious").exists()
