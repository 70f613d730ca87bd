"""The use case: `check` is the whole way for one environment. Its inner half for any two schemas is `comparison.py`.

The stages are functions of their own, so that the Dagster assets are the same stages, one asset a stage:

    load_model_schema ─┐
                       ├─► find_drift ─► make_report
    read_live_schema ──┘

Each takes and gives values that can be written down, so that a stage can run in another process than the one before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from drift_pipeline.config import (
    Database,
    Settings,
    database_for,
    environment_named,
    load_settings,
)
from drift_pipeline.desired import BuiltModels, ModelSchema, lately, models_on_scratch
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.reprint import Printed, Reprinter
from drift_pipeline.errors import ConcurrentChangeError, DriftError
from drift_pipeline.judgement import asks, count_evidence
from drift_pipeline.lineage import CheckScope, scope_of, tells_the_rest, trace
from drift_pipeline.meanwhile import engines_ready, meanwhile
from drift_pipeline.models.loader import LoadedModels, kept_models, load_models
from drift_pipeline.plan.bystanders import Bystanders, bystanders_of
from drift_pipeline.plan.planner import plan_repair
from drift_pipeline.plan.statements import Plan
from drift_pipeline.policy import policy_of
from drift_pipeline.progress import stage
from drift_pipeline.report.report import Coverage, Report
from drift_pipeline.reporting import make_report
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.garbage import no_garbage
from drift_pipeline.schema.managed import Split, split_unmanaged
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.schema.statistics import Statistics, read_statistics
from drift_pipeline.schema.version_table import LiveRevisions, read_revisions
from drift_pipeline.stage_values import Drift, LiveSchema

ALL_PLANES = ("structure", "privileges", "owners", "tuning")


# ---------------------------------------------------------------- stages


def load_model_schema(settings: Settings, *, prefer_major: int | None = None) -> ModelSchema:
    """Stage 1: the models, built on scratch and read. ModelsError or ScratchError if they cannot be."""
    with (
        ThreadPoolExecutor(1, thread_name_prefix="loading") as beside,
        models_on_scratch(
            settings, beside.submit(load_project_models, settings).result, prefer_major=prefer_major
        ) as built,
    ):
        models = built.models
        engines_ready(settings, built)
        return models


def _revisions(settings: Settings, database: Database) -> LiveRevisions:
    """What the version table says now. Without a history of ours, and without a lock to look for, nobody asks."""
    if not settings.models.alembic and not settings.deployment_lock:
        return LiveRevisions()
    return read_revisions(database, lock=settings.deployment_lock, connect_timeout=settings.connect_timeout)


def read(settings: Settings, database: Database, *, like: Schema | None = None) -> Schema:
    """Everything in a database, within the time limits of the settings. `like`: as for `read_schema`."""
    stage(f"reading the schema of {database.name}")
    return read_schema(
        database, read_timeout=settings.read_timeout, connect_timeout=settings.connect_timeout, like=like
    )


def load_project_models(settings: Settings) -> LoadedModels:
    """The DDL of the models, from a process of their own, or from the cache if nothing of them changed."""
    stage("loading the models")
    return load_models(settings.models, settings.root, default_schema=settings.default_schema)


def _kept_project_models(settings: Settings) -> LoadedModels | None:
    try:
        return kept_models(settings.models, settings.root, default_schema=settings.default_schema)
    except DriftError:
        return None  # and whoever loads them is told why


def read_live_schema(settings: Settings, environment: str, *, environ: Mapping[str, str] | None = None) -> LiveSchema:
    """Stage 2: everything in the environment's database, read in one transaction. DriftError if one cannot look."""
    database = database_for(settings, environment, environ)
    return with_statistics(settings, read_live_database(settings, environment, database), database)


def read_live_database(settings: Settings, environment: str, database: Database) -> LiveSchema:
    """Stage 2 for a database that was found already, such as one of a fleet; errors call it by its own name."""
    began = time.monotonic()
    before = _revisions(settings, database)
    schema = read(settings, database, like=lately())
    revisions = _revisions(settings, database)
    if revisions.locked or revisions.ids != before.ids:
        what = "holds its lock" if revisions.locked else f"moved it to revision {', '.join(revisions.ids or ('none',))}"
        raise ConcurrentChangeError(
            f"{database.name} ({database.display}): a deployment {what} while its schema was read",
            hint="run the check again when it is over: what is half migrated is no drift",
        )
    role = database.parameters.get("user", "")
    return LiveSchema(environment, schema, database.display, role, revisions, time.monotonic() - began)


def with_statistics(settings: Settings, live: LiveSchema, database: Database) -> LiveSchema:
    """The same with sizes and use of its tables, which help to judge drift: without drift, nobody needs to ask."""
    if settings.evidence == "none":
        return live
    return replace(live, statistics=read_statistics(database, connect_timeout=settings.connect_timeout))


def find_drift(settings: Settings, models: ModelSchema, live: LiveSchema) -> Drift:
    """Stage 3: what differs, and a plan that was proven on scratch. Builds the models there again."""
    settings = settings_for(settings, live.environment)
    with models_on_scratch(settings, models.loaded, live=live.schema) as built:
        drift = _find_drift(settings, built, live)
    return _counted(settings, live, drift)


def _counted(settings: Settings, live: LiveSchema, drift: Drift, database: Database | None = None) -> Drift:
    """With what the live database says about the repairs; mostly nothing is asked."""
    if not asks(settings, drift.diff):
        return drift
    database = database or database_for(settings, live.environment)
    return replace(drift, counted=count_evidence(settings, database, drift.diff, drift.live, drift.models))


# ---------------------------------------------------------------- the whole way, in one process


def check(environment: str, *, settings: Settings | None = None, environ: Mapping[str, str] | None = None) -> Report:
    """Looks at one environment: what differs from the models, how bad it is, what it breaks, how it is repaired.

    `environment`: its name in the settings, such as `production`. `settings`: those of drift.toml unless given.
    Raises a DriftError when it could not look; the live database is only read, and read once.
    """
    return look(environment, settings=settings, environ=environ).report


@dataclass(frozen=True)
class Looked:
    """A check with what it stands on, for whoever goes on from there."""

    models: ModelSchema
    live: LiveSchema
    drift: Drift
    report: Report


def look(environment: str, *, settings: Settings | None = None, environ: Mapping[str, str] | None = None) -> Looked:
    """The same as `check`, with the values of all stages."""
    settings = settings_for(settings or load_settings(), environment)
    policy_of(settings)  # a mistake in the waivers is told before anything is read
    database = database_for(settings, environment, environ)
    with no_garbage(), ThreadPoolExecutor(1) as beside:
        # what is kept of the models is read while the server works; what has to be loaded waits until live was read
        kept = beside.submit(_kept_project_models, settings)
        live = read_live_database(settings, environment, database)
        return look_at(settings, kept.result() or load_project_models(settings), live, database)


def look_at(settings: Settings, loaded: LoadedModels, live: LiveSchema, database: Database) -> Looked:
    """The part of `look` after both sides were read. `database`: where rows are counted, if that is wanted."""
    with ThreadPoolExecutor(1) as beside, models_on_scratch(settings, loaded, live=live.schema) as built:
        measured: list[Future[LiveSchema]] = []

        def measure() -> None:  # while the plan is made
            measured.append(beside.submit(with_statistics, settings, live, database))

        found = _find_drift(settings, built, live, measure, lambda: measured[0].result().statistics)
        drift = _counted(settings, live, found, database)
        live = measured[0].result() if measured else live
        return Looked(built.models, live, drift, make_report(settings, built.models, live, drift))


def managed_part(settings: Settings, built: BuiltModels, live: Schema, models: Schema) -> Split:
    history = tells_the_rest(settings, built.models.notes)
    return split_unmanaged(live, models, settings.manage, history=history)


def _find_drift(
    settings: Settings,
    built: BuiltModels,
    live: LiveSchema,
    measure: Callable[[], None] = lambda: None,
    sizes: Callable[[], Statistics] | None = None,
) -> Drift:
    began = time.monotonic()
    everything = live.schema.sharing(built.models.schema)
    engines_ready(settings, built)
    stage("comparing it with the models on scratch")
    scope = scope_of(settings, built.models.loaded, built.models.schema, everything, built.models.faults)
    models = built.part(scope)
    split = managed_part(settings, built, scope.part(everything), models)
    managed = split.managed.sharing(models)
    # who owns what is no matter of models: on scratch everything belongs to scratch
    planes = tuple(plane for plane in settings.planes if plane != "owners")
    printed: Printed = {}
    with Reprinter(lambda: built.database, known=printed) as reprint:
        diff = diff_schemas(managed, models, planes=planes, exact=settings.exact, reprint=reprint)
    if diff.differences:
        measure()
    compared = time.monotonic()
    stage("asking the migrations where the differences come from")
    # what a scope remembers of its last answer is for one thread alone
    where_from = partial(
        trace,
        settings,
        lambda: built.server,
        replace(scope, _latest=[]),
        live=everything,
        revisions=live.revisions,
        models=models,
        diff=diff,
    )
    beside = bool(settings.models.alembic and diff.differences and built.server)
    with meanwhile(where_from, beside=beside) as origins_found:
        stage("planning the repair and proving it on scratch")
        asked = bystanders_of(everything, managed, models, diff)
        plan = asked.told(
            _plan(settings, built, asked, scope, printed=printed, sizes=sizes or (lambda: live.statistics))
        )
        planned = time.monotonic()
        origins = origins_found()
    coverage = Coverage(
        schemas=scope.schemas,
        facts=len(models.facts),
        not_covered=live.schema.not_covered,
        excluded=managed.excluded,
        unmanaged=split.counts,
        equivalent=diff.equivalent,
        planes_off=tuple(plane for plane in ALL_PLANES if plane not in planes),
        column_order=tuple(".".join(table.name) for table in diff.column_order),
    )
    timings = {"diff": compared - began, "causes": time.monotonic() - planned, "plan": planned - compared}
    return Drift(
        diff,
        plan,
        managed,
        models,
        coverage,
        built.models.scratch,
        timings,
        origins.causes,
        origins.pending,
        (*scope.notes, *origins.notes),
    )


def _plan(
    settings: Settings,
    built: BuiltModels,
    asked: Bystanders,
    scope: CheckScope,
    *,
    printed: Printed,
    sizes: Callable[[], Statistics],
) -> Plan:
    if not asked.diff.differences:
        return Plan()  # and no server is started for it
    return plan_repair(
        built.server,
        live=asked.live,
        models=asked.models,
        models_database=built.database,
        diff=asked.diff,
        engine_timeout=settings.engine_timeout,
        engines=settings.engines,
        scope=asked.scope(scope.part),
        whole=built.models.schema,
        everything=True,
        exact=settings.exact,
        cache=settings.root / ".drift" / "cache" / "plans",
        printed=printed,
        later=built.at_end,
        online=settings.online,
        sizes=sizes,
    )


def settings_for(settings: Settings, environment: str) -> Settings:
    """The settings as they hold for one environment. ConfigError if there is none of that name."""
    return replace(settings, default_schema=environment_named(settings, environment).default_schema)
