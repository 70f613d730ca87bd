"""The daily schedule."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC
from typing import TYPE_CHECKING

import dagster as dg

from drift_pipeline.orchestration.assets import ENVIRONMENT_TAG
from drift_pipeline.orchestration.jobs import assets_of
from drift_pipeline.orchestration.names import tag_value
from drift_pipeline.settings import ScheduleSettings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition


def daily_schedule(
    job: UnresolvedAssetJobDefinition,
    names: Mapping[str, str],
    when: ScheduleSettings = ScheduleSettings(),  # noqa: B008 - frozen
    *,
    history: bool = False,
    fleets: Collection[str] = (),
) -> dg.ScheduleDefinition:
    """Every day at 02:00 UTC unless the settings name another time, running from the start: a run of its own for each
    environment, so that one that cannot be looked at neither delays nor reddens the others. `names`: environment ->
    identifier. `history`: an Alembic history is configured. `fleets`: environments that stand for many databases.
    """

    @dg.schedule(
        name="daily_drift_check",
        cron_schedule=when.cron,
        execution_timezone=when.timezone,
        job=job,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Check every environment, each in a run of its own: {when.cron}, {when.timezone}.",
    )
    def daily_drift_check(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        # the moment and not the day: a line may name many in a day; in UTC, where no hour comes twice
        moment = context.scheduled_execution_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
        return [
            dg.RunRequest(
                run_key=f"{moment}:{identifier}",
                asset_selection=assets_of(identifier, history=history, fleet=environment in fleets),
                tags={ENVIRONMENT_TAG: tag_value(environment)},
            )
            for environment, identifier in names.items()
        ]

    return daily_drift_check
