"""Jobs: one for everything, one for each environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from drift_pipeline.orchestration.assets import ENVIRONMENT_TAG, MIGRATION_HISTORY, MODEL_SCHEMA
from drift_pipeline.orchestration.names import tag_value
from drift_pipeline.orchestration.trend import DRIFT_TREND

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

EVERYTHING = "drift_check"
STAGES = ("live_schema", "schema_diff", "drift_report", "migration")


FLEET_STAGES = ("drift_report",)
"""Of a fleet: the databases beside it are partitions, each looked at alone when somebody asks for it."""


def assets_of(identifier: str, *, history: bool, fleet: bool = False) -> list[dg.AssetKey]:
    """What one check of an environment makes. `history`: an Alembic history is configured. `fleet`: it is one."""
    upstream = [MODEL_SCHEMA, MIGRATION_HISTORY] if history else [MODEL_SCHEMA]
    return [
        *upstream,
        *(dg.AssetKey([identifier, stage]) for stage in (FLEET_STAGES if fleet else STAGES)),
        DRIFT_TREND,
    ]


def all_environments_job(partitioned: Sequence[dg.AssetKey] = ()) -> UnresolvedAssetJobDefinition:
    """Checks every environment. One that cannot be looked at fails the run, and does not stop the others.

    `partitioned`: assets that a run without a partition cannot make.
    """
    everything = dg.AssetSelection.all()
    return dg.define_asset_job(
        EVERYTHING,
        selection=everything - dg.AssetSelection.assets(*partitioned) if partitioned else everything,
        description="Check every environment against the models.",
    )


def environment_job(
    environment: str, identifier: str, *, history: bool = False, fleet: bool = False
) -> UnresolvedAssetJobDefinition:
    """Checks one environment."""
    return dg.define_asset_job(
        f"{EVERYTHING}_{identifier}",
        selection=dg.AssetSelection.assets(*assets_of(identifier, history=history, fleet=fleet)),
        tags={ENVIRONMENT_TAG: tag_value(environment)},
        description=f"Check {environment} against the models.",
    )
