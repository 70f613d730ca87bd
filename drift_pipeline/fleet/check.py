"""The check of a fleet: every database is read, every distinct schema is judged once."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from drift_pipeline import use_case
from drift_pipeline.config import Database, Settings, load_settings
from drift_pipeline.desired import models_on_scratch
from drift_pipeline.errors import ConfigError, DriftError
from drift_pipeline.fleet.members import databases_of
from drift_pipeline.fleet.reading import read_all
from drift_pipeline.fleet.result import FleetReport, FleetSchema, Unread, databases_text
from drift_pipeline.lineage import compared_schemas
from drift_pipeline.models.loader import LoadedModels
from drift_pipeline.policy import policy_of
from drift_pipeline.progress import stage
from drift_pipeline.report.report import Report
from drift_pipeline.reporting import require_extensions
from drift_pipeline.schema.coverage import plane_of
from drift_pipeline.schema.scope import restrict
from drift_pipeline.schema.statistics import read_statistics
from drift_pipeline.schema.version_table import version_tables
from drift_pipeline.stage_values import LiveSchema

NAMED = 10
"""Databases that are named where all of them would be too many."""


GONE = "the database does not exist on the server"
"""What connecting says of a database that is not there; its hint speaks of an environment's variables."""


@dataclass
class _Found:
    """One distinct schema while the fleet is read. `live`: as the first of its databases has it."""

    live: LiveSchema
    members: dict[int, Database] = field(default_factory=dict)

    @property
    def databases(self) -> tuple[Database, ...]:
        return tuple(self.members[place] for place in sorted(self.members))


def check_fleet(
    environment: str, *, settings: Settings | None = None, environ: Mapping[str, str] | None = None
) -> FleetReport:
    """Looks at every database of a fleet. Those with the same schema are compared with the models once.

    `environment`: its name in the settings, where it has `databases` or a `databases_query`. A database that cannot be
    read is named in the result and stops nobody. Raises a DriftError when not one of them could be read, or when what
    all of them need (settings, models) is wrong.
    """
    settings = use_case.settings_for(settings or load_settings(), environment)
    policy_of(settings)  # a mistake in the waivers is told before anything is read
    return _Check(settings, environment, databases_of(settings, environment, environ=environ)).run()


def look_at_member(
    settings: Settings, environment: str, name: str, *, environ: Mapping[str, str] | None = None
) -> Report:
    """One database of the fleet alone, under its own name. DriftError if it is none of them, or one cannot look."""
    settings = use_case.settings_for(settings, environment)
    databases = {each.parameters["dbname"]: each for each in databases_of(settings, environment, environ=environ)}
    if name not in databases:
        raise ConfigError(
            f"{name} is no database of {environment}",
            hint="see whether it was removed, or renamed, since the last check",
        )
    live = use_case.read_live_database(settings, environment, databases[name])
    report = use_case.look_at(settings, use_case.load_project_models(settings), live, databases[name]).report
    require_extensions(report)
    return report


class _Check:
    """One check of a fleet, from the reading to the result."""

    def __init__(self, settings: Settings, environment: str, databases: Sequence[Database]) -> None:
        self._settings = settings
        self._environment = environment
        self._databases = databases
        self._places = {database.name: place for place, database in enumerate(databases)}
        self._loaded = use_case.load_project_models(settings)
        self._schemas: tuple[str, ...] | None = None
        self._found: dict[str, _Found] = {}
        self._unread: dict[int, tuple[Database, DriftError]] = {}

    def run(self) -> FleetReport:
        began = time.monotonic()
        self._read()
        if not self._found:
            raise self._nobody()
        read = time.monotonic()
        schemas = [judged for key, found in self._found.items() if (judged := self._judged(key, found))]
        if not schemas:
            raise self._nobody()
        schemas.sort(key=_worst_first)
        done = time.monotonic()
        return FleetReport(
            environment=self._environment,
            checked_at=datetime.now(UTC),
            schemas=tuple(schemas),
            unread=tuple(self._told(*self._unread[place]) for place in sorted(self._unread)),
            where=self._databases[0].display.rpartition("/")[0],
            comparisons=len(self._found),
            seconds=done - began,
            timings={"read": read - began, "judge": done - read},
        )

    def _read(self) -> None:
        # sizes and use of tables are asked of one database for each schema, when it is known which those are
        settings = replace(self._settings, evidence="none")
        stage(f"reading the databases of {self._environment}")
        readings = read_all(
            self._databases,
            lambda database: use_case.read_live_database(settings, self._environment, database),
            connections=settings.fleet_connections,
            rate=settings.fleet_rate,
        )
        for number, (database, outcome) in enumerate(readings, start=1):
            stage(f"reading the databases of {self._environment}: {number} of {len(self._databases)}", goes_on=True)
            place = self._places[database.name]
            if isinstance(outcome, DriftError):
                self._unread[place] = (database, outcome)
                continue
            key = schema_key(self._settings, self._compared(outcome), outcome)
            found = self._found.setdefault(key, _Found(outcome))
            if place < min(found.members, default=place + 1):
                found.live = outcome  # the first in the fleet's order, whoever was read first
            found.members[place] = database

    def _compared(self, live: LiveSchema) -> tuple[str, ...]:
        """The schemas that matter, from the models; they are built when the first database was read."""
        if self._schemas is None:
            with models_on_scratch(self._settings, self._loaded, live=live.schema) as built:
                self._schemas = compared_schemas(self._settings, self._loaded, built.models.schema)
        return self._schemas

    def _judged(self, key: str, found: _Found) -> FleetSchema | None:
        """The report on one schema; None if it cannot be made, and then its databases could not be looked at."""
        databases = found.databases
        try:
            report = _report(self._settings, self._loaded, found.live, databases[0])
        except DriftError as error:
            for place, database in found.members.items():
                self._unread[place] = (database, error)
            return None
        names = tuple(str(database.parameters["dbname"]) for database in databases)
        return FleetSchema(key, names, _of_many(report, names))

    def _told(self, database: Database, error: DriftError) -> Unread:
        prefix = self._settings.environments[self._environment].prefix
        hint = error.hint.replace("<PREFIX>", prefix)
        if GONE in error.message:
            hint = "was it dropped? Then take it out of databases, or out of what databases_query lists"
        return Unread(str(database.parameters["dbname"]), error.message, hint, type(error).__name__)

    def _nobody(self) -> DriftError:
        """None could be looked at: the error of the first, and how many there are."""
        database, error = self._unread[min(self._unread)]
        count = len(self._databases)
        which = f"none of the {databases_text(count)}" if count > 1 else "not even the one database"
        said = f"{which} of {self._environment} could be looked at"
        return type(error)(f"{said}; {database.parameters['dbname']}: {error.message}", hint=error.hint)


def schema_key(settings: Settings, schemas: Collection[str], live: LiveSchema) -> str:
    """One word for everything that the comparison of this database with the models depends on.

    Two databases with the same word get the same report, sizes aside: same facts on the planes that are compared, same
    revision, same kinds that nobody looks at. Names of databases, owners and grants that are not compared are no part
    of it. `schemas`: those that are compared.
    """
    tables = tuple(".".join(table) for table in version_tables(live.schema))
    kept = restrict(live.schema, schemas=schemas, ignore=settings.ignore, version_tables=(*tables, "alembic_version"))
    planes = {plane for plane in settings.planes if plane != "owners"}
    digest = hashlib.sha256()
    encode = json.JSONEncoder(sort_keys=True).encode
    digest.update(
        encode([live.schema.server_major, live.revisions.ids, sorted(live.schema.not_covered.items())]).encode()
    )
    for fact_id in sorted(kept.facts):
        if plane_of(fact_id.kind) in planes:
            stated = kept.facts[fact_id].stated
            counting = {name: value for name, value in stated.items() if plane_of(fact_id.kind, name) in planes}
            digest.update(encode([*fact_id, counting]).encode())
    return digest.hexdigest()[:32]


def _report(settings: Settings, loaded: LoadedModels, live: LiveSchema, database: Database) -> Report:
    if settings.evidence != "none":
        live = replace(live, statistics=read_statistics(database, connect_timeout=settings.connect_timeout))
    report = use_case.look_at(settings, loaded, live, database).report
    require_extensions(report)
    return report


def _of_many(report: Report, names: Sequence[str]) -> Report:
    """The report with a note on how many databases it speaks of."""
    if len(names) == 1:
        return report
    shown = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    note = f"{databases_text(len(names))} have this very schema: {shown}; sizes and counts are those of {names[0]}"
    return replace(report, notes=(*report.notes, note))


def _worst_first(schema: FleetSchema) -> tuple[int, int, int, str]:
    report = schema.report
    return (-report.severity.rank, -report.impact.rank, -len(schema.databases), schema.fingerprint)
