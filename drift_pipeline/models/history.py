"""The project's Alembic history: its revisions, and the schemas that they make on scratch."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from drift_pipeline.config import Database, ModelSettings
from drift_pipeline.errors import MigrationError, SnapshotError
from drift_pipeline.models import cache as kept_answers
from drift_pipeline.models.extensions import Extensions
from drift_pipeline.models.loader import alembic_file, answer_of, cache_key
from drift_pipeline.models.subprocesses import run
from drift_pipeline.schema import snapshot
from drift_pipeline.schema.edition import edition
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch import databases, kept
from drift_pipeline.scratch.server import ScratchServer

HEADS = ("heads",)
BASE = ("base",)

FAILED_SECONDS = 120
"""For so long a history that cannot be run is not run again: one check asks for it several times."""

_log = logging.getLogger(__name__)
_failed: dict[tuple[Path, str], tuple[float, MigrationError]] = {}


@dataclass(frozen=True)
class Revision:
    """One Alembic revision. `parents`: those it follows, several for a merge; `path`: relative to alembic.ini."""

    id: str
    parents: tuple[str, ...]
    message: str
    path: str
    is_head: bool
    branch_labels: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()


def list_revisions(models: ModelSettings, root: Path, *, cache: Path | None = None) -> tuple[Revision, ...]:
    """Every revision, newest first. Neither env.py nor a database is needed.

    Raises ConfigError without an alembic.ini, MigrationError where the scripts are broken or contradict each other.
    """
    request = {"mode": "revisions", "alembic": str(alembic_file(models, root))}
    answer, _ = answer_of(request, models, root, cache)
    return revisions_in(answer)


def revisions_in(answer: Mapping[str, Any]) -> tuple[Revision, ...]:
    """The revisions that the application's process listed."""
    return tuple(
        Revision(
            id=each["revision"],
            parents=tuple(each["parents"]),
            message=each["message"].partition("\n")[0],
            path=each["path"],
            is_head=each["head"],
            branch_labels=tuple(each["branch_labels"]),
            depends_on=tuple(each["depends_on"]),
        )
        for each in answer["revisions"]
    )


def heads(revisions: Iterable[Revision]) -> tuple[str, ...]:
    """The ids of the newest revisions; more than one where branches were not merged."""
    return tuple(each.id for each in revisions if each.is_head)


def pending(revisions: Sequence[Revision], current: Collection[str]) -> tuple[Revision, ...]:
    """The revisions that a database at `current` lacks, oldest first. `current`: the rows of its version table.

    Raises MigrationError where a row names a revision that is not in the scripts: another branch was deployed.
    """
    known = {each.id: each for each in revisions}
    unknown = sorted(set(current) - set(known))
    if unknown:
        raise MigrationError(
            f"the database is at revision {', '.join(unknown)}, which the migrations here do not have",
            hint="check out the commit that was deployed, or look for a migration that was never committed",
        )
    applied: set[str] = set()
    waiting = list(current)
    while waiting:
        revision = known[waiting.pop()]
        if revision.id not in applied:
            applied.add(revision.id)
            waiting.extend((*revision.parents, *revision.depends_on))
    return tuple(each for each in reversed(revisions) if each.id not in applied)


def migrate(
    models: ModelSettings,
    root: Path,
    database: Database,
    to: Sequence[str] = HEADS,
    *,
    default_schema: str = "public",
    extensions: Sequence[str] | Mapping[str, str] = (),
) -> None:
    """Runs the project's migrations on a scratch database, up to these revisions.

    Every engine that env.py makes is led there, whatever URL it was given. `extensions`: those of the live database,
    which a person may have made there by hand. Raises MigrationError.
    """
    path = alembic_file(models, root)
    _prepare(database, default_schema, extensions)
    if tuple(to) == BASE or not to:
        return
    run({"mode": "upgrade", "alembic": str(path), "to": list(to), "allowed": dict(database.parameters)}, models, root)


def schema_at(
    models: ModelSettings,
    root: Path,
    server: ScratchServer,
    to: Sequence[str] = HEADS,
    *,
    cache: Path | None = None,
    default_schema: str = "public",
    extensions: Sequence[str] | Mapping[str, str] = (),
    meanwhile: Callable[[], None] = lambda: None,
    later: Callable[[Callable[[], None]], object] = lambda work: work(),
) -> Schema:
    """The schema that the migrations make up to these revisions, kept until one of their files changes.

    `meanwhile`: called before they run, if they have to. `later`: does what nobody waits for. Raises MigrationError,
    ScratchError.
    """
    return _History(
        models,
        root,
        server,
        to=tuple(to),
        cache=cache,
        default_schema=default_schema,
        extensions=extensions,
    ).schema(meanwhile, later)


@contextmanager
def history_database(
    models: ModelSettings,
    root: Path,
    server: ScratchServer,
    *,
    cache: Path | None = None,
    default_schema: str = "public",
    extensions: Sequence[str] | Mapping[str, str] = (),
) -> Iterator[tuple[Database, Schema]]:
    """A scratch database on which the migrations ran up to their heads, to be copied, with its schema.

    The one that was kept when the schema was made; without it the migrations run again. Raises MigrationError,
    ScratchError.
    """
    history = _History(
        models, root, server, to=HEADS, cache=cache, default_schema=default_schema, extensions=extensions
    )
    schema = history.schema()
    with kept.kept(server, history.database_key) as found:
        if found is not None:
            yield found, schema
            return
    with server.create(label="history") as database:
        migrate(models, root, database, default_schema=default_schema, extensions=extensions)
        yield database, schema


class _History:
    """The migrations up to somewhere, run at most once as long as nothing that they depend on changes."""

    def __init__(
        self,
        models: ModelSettings,
        root: Path,
        server: ScratchServer,
        *,
        to: tuple[str, ...],
        cache: Path | None,
        default_schema: str,
        extensions: Sequence[str] | Mapping[str, str],
    ) -> None:
        self._models, self._root, self._server, self._to = models, root, server, to
        self._default_schema, self._extensions = default_schema, extensions
        self._request: dict[str, Any] = {
            "mode": "upgrade",
            "alembic": str(alembic_file(models, root)),
            "to": sorted(to),
            "server": server.version,
            "reader": edition(),
            "default_schema": default_schema,
            "extensions": dict(extensions) if isinstance(extensions, Mapping) else sorted(extensions),
        }
        self._folder, self._key = cache_key(self._request, models, root, cache)
        self.database_key = ""

    def schema(
        self,
        meanwhile: Callable[[], None] = lambda: None,
        later: Callable[[Callable[[], None]], object] = lambda work: work(),
    ) -> Schema:
        answer = kept_answers.kept(self._folder, self._key, self._root)
        if answer is not None:
            try:
                schema = snapshot.from_json(answer["snapshot"])
                self.database_key = self._named(answer)
            except (SnapshotError, KeyError) as error:
                _log.warning("a kept schema of the history cannot be used: %s", error)
            else:
                return schema
        failed_at, failure = _failed.get((self._folder, self._key), (0.0, None))
        if failure is not None and time.monotonic() - failed_at < FAILED_SECONDS:
            raise type(failure)(failure.message, hint=failure.hint) from failure
        meanwhile()
        with ExitStack() as stack:
            database = stack.enter_context(self._server.create(label="history"))
            answer = self._run(database)
            schema = read_schema(database)
            self.database_key = self._named(answer)
            kept_answers.keep(self._folder, self._key, {**answer, "snapshot": snapshot.to_json(schema)})
            done = stack.pop_all()
        later(partial(self._settle, done, database))
        return schema

    def _settle(self, made: ExitStack, database: Database) -> None:
        """Keeps the database where others will ask for it, and lets go of it."""
        with made:
            if self._to == HEADS:
                kept.keep(self._server, database, self.database_key)

    def _run(self, database: Database) -> dict[str, Any]:
        _prepare(database, self._default_schema, self._extensions)
        if self._to == BASE or not self._to:
            return {"dependencies": {"files": {}, "folders": {}, "installed": {}}}
        try:
            return run({**self._request, "allowed": dict(database.parameters)}, self._models, self._root)
        except MigrationError as error:
            _failed[self._folder, self._key] = time.monotonic(), error
            raise

    def _named(self, answer: Mapping[str, Any]) -> str:
        """The key alone says nothing of what the files held, and every scratch server has its own databases."""
        parts = [self._key, answer["dependencies"], sorted(self._server.parameters.items())]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _prepare(database: Database, default_schema: str, extensions: Sequence[str] | Mapping[str, str]) -> None:
    """What migrations find in a live database before the first of them runs."""
    with closing(databases.connect(database.parameters)) as connection:
        try:
            with connection.cursor() as cursor:
                schema, name = sql.Identifier(default_schema), sql.Identifier(database.parameters["dbname"])
                cursor.execute(sql.SQL("create schema if not exists {}").format(schema))
                if default_schema != "public":
                    # whatever driver the migrations use
                    cursor.execute(sql.SQL("alter database {} set search_path to {}, public").format(name, schema))
            places = dict(extensions) if isinstance(extensions, Mapping) else {}
            wanted = Extensions(connection, default_schema, places)
            for each in extensions:
                wanted.want(each)
        except psycopg2.Error as error:
            raise databases.failure("the scratch database could not be prepared", error) from error
