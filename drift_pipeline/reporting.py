"""The last stage of a check: everything that was found, in one report."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import drift_pipeline
from drift_pipeline.commit import Commit, current_commit, folder_in_repository
from drift_pipeline.config import Settings
from drift_pipeline.desired import ModelSchema
from drift_pipeline.diff.equivalence import frozen_moment
from drift_pipeline.errors import ScratchError
from drift_pipeline.judgement import findings_of
from drift_pipeline.models.loaded import few
from drift_pipeline.plan.hazards import with_hazards
from drift_pipeline.report.report import Context, Report
from drift_pipeline.schema.facts import Schema
from drift_pipeline.stage_values import Drift, LiveSchema


def make_report(
    settings: Settings, models: ModelSchema, live: LiveSchema, drift: Drift, *, commit: Commit | None = None
) -> Report:
    """Stage 4: findings, plan and context in one object, from which every output is rendered."""
    locations = {**models.loaded.tables, **models.loaded.columns}
    judged = findings_of(
        settings,
        drift.diff,
        drift.live,
        drift.models,
        environment=live.environment,
        locations=locations,
        causes=drift.causes,
        statistics=live.statistics,
        counted=drift.counted,
    )
    commit = commit or current_commit(settings.root)
    return Report(
        context=Context(
            environment=live.environment,
            checked_at=datetime.now(UTC),
            target=live.target,
            server_version=_version_text(live.schema.server_version),
            scratch_version=drift.scratch or models.scratch,
            models=models.loaded.source,
            tables=len(models.loaded.tables),
            live_fingerprint=drift.live.fingerprint,
            model_fingerprint=drift.models.fingerprint,
            branch=commit.branch,
            commit=commit.sha,
            role=live.role,
            revision=", ".join(live.revisions.ids or ()),
            url=os.environ.get("DRIFT_REPORT_URL", ""),
            tool_version=drift_pipeline.__version__,
            folder=folder_in_repository(settings.root),
            settings_file=Path(settings.source).name if settings.source else "",
            timings={"models": models.seconds, "live": live.seconds, **drift.timings},
        ),
        findings=judged.findings,
        plan=with_hazards(drift.plan, live.statistics, _failing(drift)),
        coverage=drift.coverage,
        model_faults=models.faults,
        notes=(
            *(
                f"extension {name} is stood in for on scratch by functions of its signatures"
                for name in models.stand_ins
            ),
            *models.loaded.notes,
            *_frozen(drift.models),
            *models.notes,
            *drift.notes,
            *judged.notes,
        ),
        pending=drift.pending,
        allow_drop=settings.allow_drop,
    )


def _frozen(models: Schema) -> tuple[str, ...]:
    """A note on defaults that are no now(): nothing differs for it, and every row gets the same moment."""
    columns = sorted(
        ".".join(key.name)
        for key, fact in models.facts.items()
        if key.kind == "column" and frozen_moment(fact.attributes.get("default"))
    )
    if not columns:
        return ()
    return (
        f"the default of {few(columns)} is the moment in which the table was made, for every row: a string such as "
        "'now()' is read once; func.now() as the server_default is what was meant",
    )


def _failing(drift: Drift) -> dict[str, list[str]]:
    """By the difference's key, why the live database may refuse its repair, though scratch did not."""
    words = {key: [line for item in evidence if (line := item.refusal)] for key, evidence in drift.counted.items()}
    return {key: lines for key, lines in words.items() if lines}


def require_extensions(report: Report) -> None:
    """ScratchError where scratch lacks an extension of the models: not looked at is no result to keep."""
    prefix = "extension "
    lacking = [fault.what.removeprefix(prefix) for fault in report.model_faults if fault.what.startswith(prefix)]
    if lacking:
        raise ScratchError(
            f"{report.context.environment}: the scratch server ({report.context.scratch_version}) lacks the extension "
            f"{', '.join(lacking)}, so a part of the models could not be compared",
            hint="set DRIFT_SCRATCH_URL to a server that has it",
        )


def _version_text(number: int) -> str:
    return f"{number // 10000}.{number % 10000}"
