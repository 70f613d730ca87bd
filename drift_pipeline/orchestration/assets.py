"""The assets: the stages of the use case, one asset a stage, the last four once for each environment.

No `from __future__ import annotations` here: Dagster looks at the annotations of the functions themselves.
"""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import dagster as dg

import drift_pipeline
from drift_pipeline import use_case
from drift_pipeline.config import Settings, require_models
from drift_pipeline.desired import ModelSchema
from drift_pipeline.judge.findings import Severity
from drift_pipeline.orchestration import checks, metadata
from drift_pipeline.orchestration.alerts import alert, failure_hook, keep
from drift_pipeline.orchestration.beforehand import BEFOREHAND, given_by
from drift_pipeline.orchestration.codec import dumps
from drift_pipeline.orchestration.commits import Watched, commit_of, refuse_strangers, remember, settings_at
from drift_pipeline.orchestration.failures import could_not_look
from drift_pipeline.orchestration.migration import MEMORY, MIGRATION, ahead_of, migration_for, recall
from drift_pipeline.orchestration.names import MODELS_GROUP, pool_of, tag_value
from drift_pipeline.orchestration.resources import DriftResource
from drift_pipeline.orchestration.traits import PLAIN, Traits
from drift_pipeline.report.report import Report
from drift_pipeline.report.verdict import verdict
from drift_pipeline.reporting import make_report, require_extensions
from drift_pipeline.stage_values import Drift, LiveSchema

ENVIRONMENT_TAG = "drift/env"
SEVERITY_TAG = "drift/severity"

CHECKED_COMMIT_TAG = "drift/checked_commit"
"""The commit of the models that a run judged by. Another word than the one that starts a run for a commit: a rerun has
the tags of the first run, and would check that commit instead of what lies there."""

MODEL_SCHEMA = dg.AssetKey("model_schema")
MIGRATION_HISTORY = dg.AssetKey("migration_history")
SCHEMA_DIFF = "schema_diff"

READ_RETRIES = dg.RetryPolicy(max_retries=2, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""For the database read alone: a server that restarts is back in seconds."""

REPORT_TYPE = dg.PythonObjectDagsterType(Report, name="DriftReport")
"""Beside check specs, Dagster takes a value's type from here and not from the annotation."""


def model_schema_asset(traits: Traits = PLAIN) -> dg.AssetsDefinition:
    """The models, built on scratch and read."""

    @dg.asset(
        key=MODEL_SCHEMA,
        group_name=MODELS_GROUP,
        owners=traits.owners,
        metadata=traits.code,
        kinds={"python", "postgres"},
        code_version=drift_pipeline.__version__,
        hooks={failure_hook(MODELS_GROUP)},
        description="The schema that the SQLAlchemy models declare, as PostgreSQL understands it: "
        "their DDL, built on a throw-away database and read back.",
    )
    def model_schema(context: dg.AssetExecutionContext, drift: DriftResource) -> dg.MaterializeResult[ModelSchema]:
        storage, commit = _storage(context), commit_of(context.run.tags)
        with could_not_look("models"), ExitStack() as stack:
            root = (own := drift.settings()).root
            settings = stack.enter_context(settings_at(own, commit, storage))
            require_models(settings)
            models = use_case.load_model_schema(settings)
            if commit:
                refuse_strangers(models, settings.root, commit)
            watched = Watched.of(models.loaded.files, settings)
        remember(watched, storage)
        BEFOREHAND.know(models)
        return dg.MaterializeResult(
            value=models,
            metadata=metadata.of_models(models, root, traits.website_at(commit)),
            data_version=version_of(models.schema.fingerprint, models.loaded.fingerprint),
        )

    return model_schema


def environment_assets(environment: str, identifier: str, traits: Traits = PLAIN) -> list[dg.AssetsDefinition]:
    """Live schema, difference, report and migration of one environment, under its name as key prefix and group."""
    factory = _Factory(environment, identifier, traits)
    return [factory.live_schema(), factory.schema_diff(), factory.drift_report(), factory.migration()]


class _Factory:
    """Builds one environment's assets: what they have in common is said once."""

    def __init__(self, environment: str, identifier: str, traits: Traits) -> None:
        self.environment = environment
        self.identifier = identifier
        self.traits = traits
        self.pool = pool_of(identifier)
        self.hooks = {failure_hook(identifier, environment)}

    def key(self, name: str) -> dg.AssetKey:
        return dg.AssetKey([self.identifier, name])

    @property
    def tags(self) -> dict[str, str]:
        return {ENVIRONMENT_TAG: tag_value(self.environment)}

    @contextmanager
    def looking(self) -> Iterator[None]:
        with could_not_look(self.environment):
            yield

    def live_schema(self) -> dg.AssetsDefinition:
        @dg.asset(
            key=self.key("live_schema"),
            group_name=self.identifier,
            owners=self.traits.owners,
            pool=self.pool,
            kinds={"postgres"},
            tags=self.tags,
            code_version=drift_pipeline.__version__,
            retry_policy=READ_RETRIES,
            hooks=self.hooks,
            description=f"Everything that the database of {self.environment} states about its schema, "
            "read from its catalogs in one read-only transaction.",
        )
        def live_schema(context: dg.AssetExecutionContext, drift: DriftResource) -> dg.MaterializeResult[LiveSchema]:
            with self.looking():
                settings = drift.settings()
                live = use_case.read_live_schema(settings, self.environment)
            models = BEFOREHAND.models
            if models and not commit_of(context.run.tags) and _wanted(context, self.key(SCHEMA_DIFF)):
                given = given_by(settings, models, live)
                BEFOREHAND.begin(SCHEMA_DIFF, live, given, partial(use_case.find_drift, settings, models, live))
            return dg.MaterializeResult(
                value=live, metadata=metadata.of_live(live), data_version=version_of(live.schema.fingerprint)
            )

        return live_schema

    def schema_diff(self) -> dg.AssetsDefinition:
        @dg.asset(
            key=self.key(SCHEMA_DIFF),
            ins={"models": dg.AssetIn(key=MODEL_SCHEMA), "live": dg.AssetIn(key=self.key("live_schema"))},
            group_name=self.identifier,
            owners=self.traits.owners,
            pool=self.pool,
            deps=[MIGRATION_HISTORY] if self.traits.history else None,
            kinds={"sql"},
            tags=self.tags,
            code_version=drift_pipeline.__version__,
            hooks=self.hooks,
            description=f"What differs between {self.environment} and the models, "
            "and the SQL that mends it, proven on a throw-away database.",
        )
        def schema_diff(
            context: dg.AssetExecutionContext, drift: DriftResource, models: ModelSchema, live: LiveSchema
        ) -> dg.MaterializeResult[Drift]:
            with self.looking(), settings_of_run(context, drift) as settings:
                found = BEFOREHAND.result(
                    SCHEMA_DIFF,
                    self.environment,
                    given_by(settings, models, live),
                    partial(use_case.find_drift, settings, models, live),
                )
            keys = (difference.key for difference in found.diff.differences)
            return dg.MaterializeResult(
                value=found,
                metadata=metadata.of_drift(found),
                data_version=version_of(*sorted(keys), found.plan.sql, found.plan.proof),
            )

        return schema_diff

    def drift_report(self) -> dg.AssetsDefinition:
        key = self.key("drift_report")

        @dg.asset(
            key=key,
            ins={
                "models": dg.AssetIn(key=MODEL_SCHEMA),
                "live": dg.AssetIn(key=self.key("live_schema")),
                "found": dg.AssetIn(key=self.key("schema_diff")),
            },
            group_name=self.identifier,
            owners=self.traits.owners,
            pool=self.pool,
            kinds={"report", "json"},
            tags=self.tags,
            code_version=drift_pipeline.__version__,
            hooks=self.hooks,
            check_specs=checks.check_specs(key),
            freshness_policy=self.traits.freshness,
            metadata=self.traits.code,
            dagster_type=REPORT_TYPE,
            description=f"How bad the drift of {self.environment} is, what it breaks now, and what to do: "
            "`drift-report.json`, `drift-summary.md` and `schema-diff.sql` in the artifact store.",
        )
        def drift_report(
            context: dg.AssetExecutionContext,
            drift: DriftResource,
            models: ModelSchema,
            live: LiveSchema,
            found: Drift,
        ) -> dg.MaterializeResult:  # type: ignore[type-arg]  # with a parameter, Dagster expects one output alone
            with self.looking():
                settings = drift.settings()
                commit = commit_of(context.run.tags)
                report = make_report(settings, models, live, found, commit=commit)
                require_extensions(report)
                store = drift.store(settings)
                kept = keep(settings, store, report, context.run.run_id)
            kept = alert(context.log, settings, store, kept, context.run.run_id)
            report = kept.report
            context.log.info("%s", verdict(report))
            first = next(iter(settings.environments), "") == self.environment  # the others' follow its revision
            if first and not commit and _wanted(context, self.key("migration")):
                earlier = recall(store.latest(self.environment, MEMORY))
                work = partial(migration_for, settings, models, live, report, earlier=earlier)
                given = given_by(settings, models, live, earlier, (), _identity(report))
                BEFOREHAND.begin("migration", live, given, work)
            tag_run(context, report)
            return dg.MaterializeResult(
                value=report,
                metadata=metadata.of_report(report, kept.movement, kept.locations, self.traits.website),
                data_version=version_of(report.severity, *(_identity(report))),
                tags={SEVERITY_TAG: report.severity.value},
                check_results=checks.evaluate(key, report),
            )

        return drift_report

    def migration(self) -> dg.AssetsDefinition:
        @dg.asset(
            key=self.key("migration"),
            ins={
                "models": dg.AssetIn(key=MODEL_SCHEMA),
                "live": dg.AssetIn(key=self.key("live_schema")),
                "report": dg.AssetIn(key=self.key("drift_report")),
            },
            group_name=self.identifier,
            owners=self.traits.owners,
            pool=self.pool,
            kinds={"python", "sql"},
            tags=self.tags,
            code_version=drift_pipeline.__version__,
            hooks=self.hooks,
            description=f"The Alembic revision that mends {self.environment}, in the artifact store and never in a "
            "working copy. The same two schemas give the same revision.",
        )
        def migration(
            context: dg.AssetExecutionContext,
            drift: DriftResource,
            models: ModelSchema,
            live: LiveSchema,
            report: Report,
        ) -> dg.MaterializeResult[None]:
            with self.looking():
                store = drift.store(drift.settings())
                earlier = recall(store.latest(self.environment, MEMORY))
                with settings_of_run(context, drift) as settings:
                    ahead = ahead_of(store, settings, self.environment)
                    result = BEFOREHAND.result(
                        "migration",
                        self.environment,
                        given_by(settings, models, live, earlier, ahead, _identity(report)),
                        partial(migration_for, settings, models, live, report, earlier=earlier, ahead=ahead),
                    )
                made = result.migration
                files = {MIGRATION: made.text, MEMORY: dumps(result)}
                where = store.write(self.environment, context.run.run_id, files)
            if made.problem:
                context.log.warning("no revision: %s", made.problem)
            return dg.MaterializeResult(
                metadata=metadata.of_migration(made, where),
                data_version=version_of(made.status, made.revision, *made.pending, *made.withheld),
            )

        return migration


def tag_run(context: dg.AssetExecutionContext, report: Report) -> None:
    """Let the list of runs be filtered by the worst severity and the commit of the models."""
    before = context.instance.get_records_for_run(context.run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    events = (record.event_log_entry.asset_materialization for record in before.records)
    found = {(event.tags or {}).get(SEVERITY_TAG) for event in events if event}
    worst = max((Severity(name) for name in {*found, report.severity.value} if name), key=lambda level: level.rank)
    tags = {SEVERITY_TAG: worst.value, CHECKED_COMMIT_TAG: report.context.commit}
    context.instance.add_run_tags(context.run.run_id, {name: value for name, value in tags.items() if value})


def _wanted(context: dg.AssetExecutionContext, key: dg.AssetKey) -> bool:
    """Whether a later stage is a part of the run."""
    chosen = context.run.asset_selection
    return not chosen or key in chosen


def _storage(context: dg.AssetExecutionContext) -> Path:
    return Path(context.instance.storage_directory())


def settings_of_run(context: dg.AssetExecutionContext, drift: DriftResource) -> AbstractContextManager[Settings]:
    """The settings, as the run's commit has them if it was started for one."""
    return settings_at(drift.settings(), commit_of(context.run.tags), _storage(context))


def _identity(report: Report) -> list[str]:
    """What makes two reports the same: the findings as judged and the plan, not the moment."""
    judged = [f"{item.difference.key}:{item.severity}:{item.impact}:{item.cause}" for item in report.findings]
    return [*judged, report.plan.sql, report.plan.proof]


def version_of(*parts: str) -> dg.DataVersion:
    """A data version that is the same for the same content, so that what did not change leaves all below it fresh."""
    return dg.DataVersion(hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16])
