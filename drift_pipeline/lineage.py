"""What a check owes to the project's Alembic history: its scope, what is desired beside the models, and causes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from drift_pipeline.config import Database, Settings
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.differences import SchemaDiff
from drift_pipeline.errors import DriftError
from drift_pipeline.judge.cause import Step, causes_of
from drift_pipeline.judge.findings import Cause
from drift_pipeline.models.faults import ModelFault, without_faulty
from drift_pipeline.models.filters import left_out
from drift_pipeline.models.history import list_revisions, schema_at
from drift_pipeline.models.loaded import LoadedModels
from drift_pipeline.models.state import history_state
from drift_pipeline.plan.ground import native_statements
from drift_pipeline.plan.run import run_statements
from drift_pipeline.schema.facts import FactId, Schema
from drift_pipeline.schema.managed import with_history
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.schema.scope import leave_out, restrict, used_only_outside, without_own_privileges
from drift_pipeline.schema.version_table import LiveRevisions, version_tables
from drift_pipeline.scratch.server import ScratchServer

NOT_RUN = "what only migrations make is not compared"
FILTERED = "left out by the filters of env.py"
ALONG = "types that only what is left out uses"


@dataclass(frozen=True)
class CheckScope:
    """What of any schema this check compares.

    `left_out`: by the functions of the project's env.py. `along`: types that nothing else than what is left out uses.
    `faults`: of the models; nothing is said about their subjects.
    """

    settings: Settings
    schemas: tuple[str, ...]
    version_tables: tuple[str, ...] = ()
    left_out: frozenset[FactId] = frozenset()
    faults: tuple[ModelFault, ...] = ()
    notes: tuple[str, ...] = ()
    along: frozenset[FactId] = frozenset()
    _latest: list[tuple[Schema, Schema]] = field(default_factory=list, compare=False, repr=False)

    def part(self, schema: Schema) -> Schema:
        """The part of the schema that is compared; everything else is counted in its `excluded`."""
        for asked, answer in self._latest:
            if asked is schema:
                return answer
        self._latest[:] = [(schema, self._part(schema))]
        return self._latest[0][1]

    def _part(self, schema: Schema) -> Schema:
        kept = restrict(
            schema,
            schemas=self.schemas,
            ignore=self.settings.ignore,
            version_tables=(*self.version_tables, "alembic_version"),
        )
        kept = leave_out(leave_out(kept, self.left_out, FILTERED), self.along, ALONG)
        return without_own_privileges(without_faulty(kept, self.faults))


def extensions_of(live: Schema | None) -> dict[str, str]:
    """Each extension with the schema where live has it: its types are printed with that schema.

    Without the one that every database has from the beginning: so models that were built before any database was read
    are those that each of them is compared with.
    """
    facts = live.of_kind("extension") if live else []
    places = {fact.id.name[-1]: str(fact.attributes["schema"]) for fact in facts}
    return {name: schema for name, schema in places.items() if (name, schema) != ("plpgsql", "pg_catalog")}


def scope_of(
    settings: Settings, loaded: LoadedModels, models: Schema, live: Schema, faults: tuple[ModelFault, ...] = ()
) -> CheckScope:
    """The schemas that the models name and the default one, without what env.py leaves out and what goes with it."""
    scope = _scope_of(settings, loaded, models, live, faults)
    along = used_only_outside(live, scope.part(live).facts.keys()) - models.facts.keys()
    return replace(scope, along=along, _latest=[]) if along else scope


def compared_schemas(settings: Settings, loaded: LoadedModels, models: Schema) -> tuple[str, ...]:
    """Those that the models, or what the history adds to them, name, and the default one."""
    named = {fact.id.name[0] for fact in models.of_kind("table", "enum", "sequence", "view", "domain", "function")}
    return tuple(sorted({*named, *loaded.schemas, settings.default_schema}))


def _scope_of(
    settings: Settings, loaded: LoadedModels, models: Schema, live: Schema, faults: tuple[ModelFault, ...]
) -> CheckScope:
    schemas = compared_schemas(settings, loaded, models)
    tables = tuple(".".join(table) for table in version_tables(live))
    if not settings.models.alembic:
        return CheckScope(settings, schemas, tables, faults=faults)
    try:
        answer = left_out(settings.models, settings.root, live.facts, default_schema=settings.default_schema)
    except DriftError as error:
        # with models from elsewhere env.py is only asked for its filters, and may be one that cannot run offline
        notes = (f"env.py was not asked for its filters: {error}",)
        return CheckScope(settings, schemas, tables, faults=faults, notes=notes)
    asked = f"env.py's filters failed on {answer.unanswered} names, which are compared"
    return CheckScope(settings, schemas, tables, answer.facts, faults, (asked,) if answer.unanswered else ())


# ---------------------------------------------------------------- what is desired beside the models


def add_history(
    settings: Settings, server: ScratchServer, database: Database, models: Schema, extensions: Mapping[str, str]
) -> tuple[Schema, tuple[ModelFault, ...], tuple[str, ...]]:
    """Adds to the models' database what only migrations make: views, functions, triggers, policies and the like.

    Returns the schema that is desired then, what could not be added, and notes. A history that cannot be run changes
    nothing but the notes: those kinds are unmanaged then.
    """
    try:
        at_head = schema_at(
            settings.models,
            settings.root,
            server,
            default_schema=settings.default_schema,
            extensions=extensions,
        )
    except DriftError as error:
        return models, (), (f"{NOT_RUN}: {error}",)
    desired = with_history(models, at_head)
    diff = diff_schemas(models, desired, planes=("structure",), exact=True)
    if not diff.differences:
        return models, (), ()
    failed = run_statements(database, native_statements(models, desired, diff.differences, diff.planes))
    faults = tuple(ModelFault(f"made by the migrations: {sql.splitlines()[0][:80]}", words) for sql, words in failed)
    return read_schema(database, read_timeout=settings.read_timeout), faults, ()


def tells_the_rest(settings: Settings, notes: Iterable[str]) -> bool:
    """Whether a history was run for what the models cannot declare. `notes`: those of `add_history`."""
    return bool(settings.models.alembic) and not any(note.startswith(NOT_RUN) for note in notes)


# ---------------------------------------------------------------- causes


@dataclass(frozen=True)
class Origins:
    """Where differences come from, by their keys; the revisions that live lacks; what could not be found out."""

    causes: Mapping[str, tuple[Cause, ...]] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def trace(
    settings: Settings,
    server: Callable[[], ScratchServer],
    scope: CheckScope,
    *,
    live: Schema,
    revisions: LiveRevisions,
    models: Schema,
    diff: SchemaDiff,
) -> Origins:
    """The cause of each difference, from the schemas on the way: live, its revision, the head, the models.

    `server`: asked for when migrations have to be run.
    """
    if not settings.models.alembic:
        return Origins()
    if revisions.ids is None:
        said = f"the cause of drift stays unknown: {revisions.note}"
        return Origins(notes=(said,) if diff.differences else ())
    try:
        known = [each.id for each in list_revisions(settings.models, settings.root)]
        state = history_state(
            settings.models,
            settings.root,
            server(),
            revisions.of_history(known).ids or (),
            default_schema=settings.default_schema,
            extensions=extensions_of(live),
        )
    except DriftError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return Origins(notes=(f"the cause of drift stays unknown: {error}{hint}",))
    pending = tuple(f"{revision.id} {revision.message}".strip() for revision in state.pending)
    at_current, at_head = scope.part(state.at_current), scope.part(state.at_head)
    stations = (
        (Cause.MANUAL_CHANGE, scope.part(live), at_current),
        (Cause.PENDING_MIGRATION, at_current, at_head),
        (Cause.UNMIGRATED_MODEL, at_head, models),
    )
    steps = [
        Step(cause, diff_schemas(before, after, planes=diff.planes, exact=settings.exact))
        for cause, before, after in stations
    ]
    return Origins({each.key: causes_of(each, steps) for each in diff.differences}, pending)
