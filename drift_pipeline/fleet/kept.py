"""What a fleet's check leaves in the artifact store: as any environment, and fleet-report.json."""

from __future__ import annotations

from drift_pipeline.fleet.merged import as_report
from drift_pipeline.fleet.output import to_json, to_markdown, to_sql
from drift_pipeline.fleet.result import FleetReport
from drift_pipeline.history.age import with_ages
from drift_pipeline.history.artifacts import SQL, SUMMARY, Kept, render_artifacts
from drift_pipeline.history.checks import CheckRecord
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.history.trend import movement

FLEET = "fleet-report.json"


def keep_fleet(store: ArtifactStore, fleet: FleetReport, run_id: str, *, allow_destructive: bool = False) -> Kept:
    """Write the artifacts and the line in the index, under the fleet's name. StoreError if the store cannot be used.

    `report` of what comes back holds the findings of all its schemas: what alerts and trends are made of.
    """
    merged = as_report(fleet)
    earlier = [check for check in store.checks(fleet.environment) if check.run_id != run_id]
    record = CheckRecord.of(merged, run_id)
    moved = movement(record.findings.keys(), record.checked_at, earlier)
    merged = with_ages(merged, moved)
    files = {
        **render_artifacts(merged, allow_destructive=allow_destructive),
        **fleet_files(fleet, allow_destructive=allow_destructive),
    }
    return Kept(store.write(fleet.environment, run_id, files, check=record), moved, merged)


def fleet_files(fleet: FleetReport, *, allow_destructive: bool = False) -> dict[str, str]:
    """Name -> text of the artifacts that speak of each schema on its own."""
    return {
        SQL: to_sql(fleet, allow_destructive=allow_destructive),
        SUMMARY: to_markdown(fleet),
        FLEET: to_json(fleet),
    }
