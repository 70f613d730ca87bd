"""Jobs: one for everything, one for each environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from drift_pipeline.orchestration.assets import ENVIRONMENT_TAG, MODEL_SCHEMA
from drift_pipeline.orchestration.names import tag_value

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

EVERYTHING = "drift_check"


def all_environments_job() -> UnresolvedAssetJobDefinition:
    """Checks every environment. One that cannot be looked at fails the run, and does not stop the others."""
    return dg.define_asset_job(
        EVERYTHING, selection=dg.AssetSelection.all(), description="Check every environment against the models."
    )


def environment_job(environment: str, identifier: str) -> UnresolvedAssetJobDefinition:
    """Checks one environment."""
    return dg.define_asset_job(
        f"{EVERYTHING}_{identifier}",
        selection=dg.AssetSelection.groups(identifier) | dg.AssetSelection.assets(MODEL_SCHEMA),
        tags={ENVIRONMENT_TAG: tag_value(environment)},
        description=f"Check {environment} against the models.",
    )
