"""The daily schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dagster as dg

from drift_pipeline.orchestration.assets import ENVIRONMENT_TAG, MODEL_SCHEMA
from drift_pipeline.orchestration.names import tag_value

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

CRON = "0 2 * * *"
STAGES = ("live_schema", "schema_diff", "drift_report", "migration")


def daily_schedule(job: UnresolvedAssetJobDefinition, names: Mapping[str, str]) -> dg.ScheduleDefinition:
    """Every day at 02:00 UTC, running from the start: a run of its own for each environment, so that one that cannot
    be looked at neither delays nor reddens the others. `names`: environment -> identifier.
    """

    @dg.schedule(
        name="daily_drift_check",
        cron_schedule=CRON,
        execution_timezone="UTC",
        job=job,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Check every environment, every day at 02:00 UTC.",
    )
    def daily_drift_check(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        day = context.scheduled_execution_time.strftime("%Y-%m-%d")
        return [
            dg.RunRequest(
                run_key=f"{day}:{identifier}",
                asset_selection=[MODEL_SCHEMA, *(dg.AssetKey([identifier, stage]) for stage in STAGES)],
                tags={ENVIRONMENT_TAG: tag_value(environment)},
            )
            for environment, identifier in names.items()
        ]

    return daily_drift_check
