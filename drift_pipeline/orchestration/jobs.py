"""Jobs: one for everything, one for each environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from drift_pipeline.orchestration.assets import ENVIRONMENT_TAG, MIGRATION_HISTORY, MODEL_SCHEMA
from drift_pipeline.orchestration.names import tag_value
from drift_pipeline.orchestration.trend import DRIFT_TREND

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

EVERYTHING = "drift_check"
STAGES = ("live_schema", "schema_diff", "drift_report", "migration")


def assets_of(identifier: str, *, history: bool) -> list[dg.AssetKey]:
    """What one check of an environment makes. `history`: an Alembic history is configured."""
    upstream = [MODEL_SCHEMA, MIGRATION_HISTORY] if history else [MODEL_SCHEMA]
    return [*upstream, *(dg.AssetKey([identifier, stage]) for stage in STAGES), DRIFT_TREND]


def all_environments_job() -> UnresolvedAssetJobDefinition:
    """Checks every environment. One that cannot be looked at fails the run, and does not stop the others."""
    return dg.define_asset_job(
        EVERYTHING, selection=dg.AssetSelection.all(), description="Check every environment against the models."
    )


def environment_job(environment: str, identifier: str, *, history: bool = False) -> UnresolvedAssetJobDefinition:
    """Checks one environment."""
    return dg.define_asset_job(
        f"{EVERYTHING}_{identifier}",
        selection=dg.AssetSelection.assets(*assets_of(identifier, history=history)),
        tags={ENVIRONMENT_TAG: tag_value(environment)},
        description=f"Check {environment} against the models.",
    )
