"""Stage 5 of the use case: the revision that repairs one environment, on top of the project's own history."""

from __future__ import annotations

from collections.abc import Sequence

from drift_pipeline.config import Settings
from drift_pipeline.desired import ModelSchema, models_on_scratch
from drift_pipeline.judge.findings import Finding
from drift_pipeline.lineage import extensions_of, scope_of
from drift_pipeline.plan.revisions.make import Drifted, MadeRevision, Project, make_revision
from drift_pipeline.plan.revisions.place import described, place_revision
from drift_pipeline.progress import stage
from drift_pipeline.report.report import Report
from drift_pipeline.stage_values import LiveSchema
from drift_pipeline.use_case import Looked, managed_part, settings_for


def make_migration(
    settings: Settings,
    models: ModelSchema,
    live: LiveSchema,
    *,
    report: Report | None = None,
    ahead: Sequence[MadeRevision] = (),
) -> MadeRevision:
    """Stage 5: a revision on top of the project's history for what no revision does yet, run by Alembic on scratch.

    `report`: tells in the revision since when, and why. `ahead`: revisions for other environments that are not among
    the project's yet; this one follows them. ConfigError without an alembic.ini; MigrationError where no revision can
    be made or proven.
    """
    stage("writing a revision and running it up and down on scratch")
    settings = settings_for(settings, live.environment)
    with models_on_scratch(settings, models.loaded, live=live.schema) as built:
        scope = scope_of(settings, models.loaded, built.models.schema, live.schema, built.models.faults)
        desired = scope.part(built.models.schema)
        managed = managed_part(settings, built, scope.part(live.schema), desired).managed
        drifted = Drifted(
            environment=live.environment,
            live=managed,
            models=desired,
            database=built.database,
            revisions=live.revisions,
            planes=settings.planes,
            exact=settings.exact,
            default_schema=settings.default_schema,
            extensions=extensions_of(live.schema),
            online=settings.online,
            told={each.difference.id: _told(each) for each in report.findings} if report else {},
            whole=live.schema,
        )
        project = Project(settings.models, settings.root, tuple(ahead))
        return make_revision(
            built.server,
            project,
            drifted,
            scope=scope.part,
            allow_destructive=settings.allow_destructive,
            allow_drop=settings.allow_drop,
        )


def _told(finding: Finding) -> str:
    """Since when a finding is there, as far as a history tells, and why."""
    causes = " and ".join(cause.value.replace("_", " ") for cause in finding.causes)
    since = f"since {finding.age.first_seen:%Y-%m-%d}" if finding.age else ""
    return ", ".join(filter(None, (causes, since)))


def generate_migration(settings: Settings, looked: Looked) -> tuple[str, ...]:
    """Writes that revision into the project's own folder, if one is needed. Returns lines that say what came out."""
    made = make_migration(settings, looked.models, looked.live, report=looked.report)
    return tuple(described(made, place_revision(made)))
