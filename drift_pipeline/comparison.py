"""Any two schemas: databases, environments, the models, snapshot files. `compare` is the inner half of a check."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from drift_pipeline.config import Database, Settings, database_for, load_settings, parse_database_url
from drift_pipeline.desired import models_on_scratch
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.differences import Difference, SchemaDiff
from drift_pipeline.diff.plausible import WherePlausible
from drift_pipeline.diff.reprint import Reprinter
from drift_pipeline.errors import ConfigError
from drift_pipeline.plan.hazards import with_hazards
from drift_pipeline.plan.planner import built_on_scratch, plan_between
from drift_pipeline.plan.statements import Plan
from drift_pipeline.schema import snapshot
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.scope import restrict
from drift_pipeline.schema.statistics import read_statistics
from drift_pipeline.schema.version_table import version_tables
from drift_pipeline.scratch.server import ScratchServer, scratch_server
from drift_pipeline.use_case import ALL_PLANES, load_project_models, read


@dataclass(frozen=True)
class Comparison:
    """Two schemas compared: every difference, and the plan that turns source into target."""

    differences: tuple[Difference, ...]
    plan: Plan
    diff: SchemaDiff
    timings: Mapping[str, float] = field(default_factory=dict)


def compare(
    source: str,
    target: str,
    *,
    planes: Collection[str] | str = ("structure",),
    exact: bool = False,
    online: bool = False,
    settings: Settings | None = None,
) -> Comparison:
    """Compares any two schemas, and plans how to turn the first into the second.

    `source`, `target`: a database URL, an environment's name, `models`, or a snapshot file. `planes`: of structure,
    privileges, owners, tuning; or "all". `exact`: spellings that mean the same count as different, and what is left out
    by default counts, too: Alembic's version table, what the settings ignore. `.plan.sql` holds everything, nothing
    commented out. `online`: `.plan.online` holds the repair as steps for a database in use, with the sizes of the
    source's tables if it is a database. Raises a DriftError when one side could not be read.
    """
    settings = settings or load_settings()
    chosen = ALL_PLANES if planes == "all" else tuple(planes)
    began = time.monotonic()
    with ExitStack() as stack:
        before = stack.enter_context(_side(source, settings))
        after = stack.enter_context(_side(target, settings))
        read_at = time.monotonic()
        source_part, target_part = (each if exact else _part(each, settings) for each in (before.schema, after.schema))
        major = after.schema.server_major or before.schema.server_major

        @cache
        def server() -> ScratchServer:
            return stack.enter_context(scratch_server(url=settings.scratch_url, prefer_major=major or None))

        def target_again() -> Database:
            # never in the target itself: nothing is written there
            return stack.enter_context(built_on_scratch(server(), target_part, read_timeout=settings.read_timeout))

        with Reprinter(target_again) as reprint:
            asked = WherePlausible(reprint, source_part, target_part)
            diff = diff_schemas(source_part, target_part, planes=chosen, exact=exact, reprint=asked)
        compared = time.monotonic()
        plan = plan_between(
            server(),
            source_part,
            target_part,
            planes=chosen,
            exact=exact,
            source_database=before.database,
            target_database=after.database,
            engine_timeout=settings.engine_timeout,
            online=online,
            diff=diff,
        )
        if online and before.database is not None:
            plan = with_hazards(plan, read_statistics(before.database, connect_timeout=settings.connect_timeout))
    timings = {"read": read_at - began, "diff": compared - read_at, "plan": time.monotonic() - compared}
    return Comparison(diff.differences, plan, diff, timings)


def _part(schema: Schema, settings: Settings) -> Schema:
    tables = tuple(".".join(table) for table in version_tables(schema))
    return restrict(schema, ignore=settings.ignore, version_tables=tables)


def read_source(source: str, *, settings: Settings | None = None) -> Schema:
    """The schema of a database URL, an environment, `models` or a snapshot file. DriftError if it cannot be read."""
    with _side(source, settings or load_settings()) as side:
        return side.schema


@dataclass(frozen=True)
class _Side:
    """One side of a comparison: its facts, and its database where it has one that is reachable."""

    schema: Schema
    database: Database | None = None


@contextmanager
def _side(source: str, settings: Settings) -> Iterator[_Side]:
    if source == "models":
        with models_on_scratch(settings, load_project_models(settings)) as built:
            yield _Side(built.models.schema, built.database)
        return
    if source not in settings.environments and Path(source).is_file():
        yield _Side(snapshot.load(Path(source)))
        return
    if source in settings.environments:
        database = database_for(settings, source)
    elif "://" in source or "=" in source:
        database = parse_database_url(source, "database")
    else:
        names = ", ".join(sorted(settings.environments))
        raise ConfigError(
            f"{source!r} is no environment, no database URL and no snapshot file",
            hint=f"environments are {names}; `models` are the models; a file comes from `drift snapshot`",
        )
    yield _Side(read(settings, database), database)
