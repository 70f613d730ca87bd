"""Front door: everything that Dagster loads. `defs` is what `dagster ... -m drift_pipeline` and workspace.yaml find."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from drift_pipeline.config import Settings, load_settings
from drift_pipeline.errors import DriftError
from drift_pipeline.orchestration.assets import environment_assets, model_schema_asset
from drift_pipeline.orchestration.early import begin_early
from drift_pipeline.orchestration.fleets import database_key, fleet_assets
from drift_pipeline.orchestration.io import json_files
from drift_pipeline.orchestration.jobs import all_environments_job, environment_job
from drift_pipeline.orchestration.names import identifiers
from drift_pipeline.orchestration.resources import DriftResource, project_root
from drift_pipeline.orchestration.retention import retention_job, retention_schedule
from drift_pipeline.orchestration.revisions import migration_history_asset
from drift_pipeline.orchestration.schedules import daily_schedule
from drift_pipeline.orchestration.sensors import commit_sensor
from drift_pipeline.orchestration.traits import Traits
from drift_pipeline.orchestration.trend import drift_trend_asset
from drift_pipeline.orchestration.watch import failed_runs_sensor, silence_sensor
from drift_pipeline.settings import ScheduleSettings

DEFAULT_ENVIRONMENTS = ("production", "staging")


def readable_settings(root: Path | None = None) -> Settings | None:
    """The settings, or None where they cannot be read. Credentials are not needed here.

    The code location loads even where the settings are broken: the run then fails with the one clear message, and the
    UI stays usable.
    """
    try:
        return load_settings(root or project_root())
    except DriftError:
        return None


def environment_names(root: Path | None = None) -> tuple[str, ...]:
    """The environments that the settings name; without readable settings the two that everybody has."""
    settings = readable_settings(root)
    return tuple(settings.environments) if settings else DEFAULT_ENVIRONMENTS


def fleets_in(settings: Settings | None) -> tuple[str, ...]:
    """The environments that stand for many databases."""
    return tuple(name for name, each in settings.environments.items() if each.is_fleet) if settings else ()


def build_definitions(
    environments: Sequence[str], *, resource: DriftResource | None = None, settings: Settings | None = None
) -> dg.Definitions:
    """Assets, jobs, schedule and sensors for these environments. `settings`: None where they cannot be read."""
    names = identifiers(environments)
    traits = Traits.of(settings)
    fleets = fleets_in(settings)
    assets_of = {name: fleet_assets if name in fleets else environment_assets for name in names}
    everything = all_environments_job([database_key(names[name]) for name in fleets if name in names])
    retention = retention_job()
    when = settings.schedule if settings else ScheduleSettings()
    return dg.Definitions(
        assets=[
            model_schema_asset(traits),
            *([migration_history_asset(traits)] if traits.history else []),
            *(asset for name, identifier in names.items() for asset in assets_of[name](name, identifier, traits)),
            drift_trend_asset(names, traits),
        ],
        jobs=[
            everything,
            *(
                environment_job(name, identifier, history=traits.history, fleet=name in fleets)
                for name, identifier in names.items()
            ),
            retention,
        ],
        schedules=[
            daily_schedule(everything, names, when, history=traits.history, fleets=fleets),
            retention_schedule(retention, when.timezone),
        ],
        sensors=[
            commit_sensor(everything),
            failed_runs_sensor(names),
            silence_sensor(names, traits.silence_hours),
        ],
        resources={"drift": resource or DriftResource(), "io_manager": json_files},
        # the default executor imports everything anew for every step: 25 s where this takes 5
        executor=dg.in_process_executor,
    )


_settings = readable_settings()
begin_early(sys.argv, _settings)
defs = build_definitions(tuple(_settings.environments) if _settings else DEFAULT_ENVIRONMENTS, settings=_settings)
