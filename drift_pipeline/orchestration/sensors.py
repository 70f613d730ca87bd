"""The sensor on new commits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from drift_pipeline.commit import Commit
from drift_pipeline.config import variables_for
from drift_pipeline.orchestration.commits import BRANCH_TAG, COMMIT_TAG, remembered
from drift_pipeline.orchestration.repository import find_repository
from drift_pipeline.orchestration.resources import DriftResource

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

INTERVAL = 60


def commit_sensor(job: UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    """Starts one run for the newest commit, if what came since the last one touches the models or the migrations.

    Running from the start: its first tick only notes where the branch stands. A repository that cannot be read is a
    failed tick, which the UI shows; the note stays as it was.
    """

    @dg.sensor(
        name="new_commits",
        job=job,
        minimum_interval_seconds=INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Check every environment when a commit touches the models or the migrations.",
    )
    def new_commits(context: dg.SensorEvaluationContext, drift: DriftResource) -> dg.SensorResult:
        settings = drift.settings()
        storage = Path(context.instance.storage_directory())
        repository = find_repository(settings, storage, variables_for(settings))
        if repository is None:
            return dg.SensorResult(skip_reason=f"{settings.root} is in no git repository", cursor=context.cursor)
        newest = repository.newest()
        seen = context.cursor or ""
        if newest.sha == seen:
            return dg.SensorResult(skip_reason=f"nothing new since {seen[:10]}", cursor=seen)
        repository.fetch(newest)
        if not seen:
            return dg.SensorResult(skip_reason=f"begins at {_name(newest)}", cursor=newest.sha)
        changed = repository.changed(seen, newest.sha)
        watched = remembered(storage)
        if changed is not None and watched is not None and not watched.touched(changed, repository.prefix):
            reason = f"{_name(newest)} touches neither models nor migrations"
            return dg.SensorResult(skip_reason=reason, cursor=newest.sha)
        return dg.SensorResult(run_requests=[_run_for(newest)], cursor=newest.sha)

    return new_commits


def _run_for(commit: Commit) -> dg.RunRequest:
    tags = {COMMIT_TAG: commit.sha, BRANCH_TAG: commit.branch}
    return dg.RunRequest(run_key=commit.sha, tags={name: value for name, value in tags.items() if value})


def _name(commit: Commit) -> str:
    return f"{commit.sha[:10]} of {commit.branch}" if commit.branch else commit.sha[:10]
