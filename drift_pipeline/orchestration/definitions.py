"""Front door: everything that Dagster loads. `defs` is what `dagster ... -m drift_pipeline` and workspace.yaml find."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from drift_pipeline.config import load_settings
from drift_pipeline.errors import DriftError
from drift_pipeline.orchestration.assets import environment_assets, model_schema_asset
from drift_pipeline.orchestration.io import json_files
from drift_pipeline.orchestration.jobs import all_environments_job, environment_job
from drift_pipeline.orchestration.names import identifiers
from drift_pipeline.orchestration.resources import DriftResource, project_root
from drift_pipeline.orchestration.schedules import daily_schedule
from drift_pipeline.orchestration.sensors import commit_sensor

DEFAULT_ENVIRONMENTS = ("production", "staging")


def environment_names(root: Path | None = None) -> tuple[str, ...]:
    """The environments that the settings name; without readable settings the two that everybody has.

    Credentials are not needed here. The code location loads even where the settings are broken: the run then fails
    with the one clear message, and the UI stays usable.
    """
    try:
        return tuple(load_settings(root or project_root()).environments) or DEFAULT_ENVIRONMENTS
    except DriftError:
        return DEFAULT_ENVIRONMENTS


def build_definitions(environments: Sequence[str], *, resource: DriftResource | None = None) -> dg.Definitions:
    """Assets, jobs and schedule for these environments."""
    names = identifiers(environments)
    everything = all_environments_job()
    return dg.Definitions(
        assets=[
            model_schema_asset(),
            *(asset for name, identifier in names.items() for asset in environment_assets(name, identifier)),
        ],
        jobs=[everything, *(environment_job(name, identifier) for name, identifier in names.items())],
        schedules=[daily_schedule(everything, names)],
        sensors=[commit_sensor(everything)],
        resources={"drift": resource or DriftResource(), "io_manager": json_files},
        # the default executor imports everything anew for every step: 25 s where this takes 5
        executor=dg.in_process_executor,
    )


defs = build_definitions(environment_names())
