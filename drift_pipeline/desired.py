"""What is desired: the models as PostgreSQL understands them, built on scratch, and kept as long as nothing changes.

Building takes longer than everything else in a check. What comes of it depends on the models, the history, the server
and this package alone: so the facts are kept in a file, and the database on this machine's own scratch server. A check
that finds no drift starts no server at all.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import drift_pipeline
from drift_pipeline.config import Database, Settings
from drift_pipeline.errors import DriftError, ScratchError, SnapshotError
from drift_pipeline.lineage import CheckScope, add_history, extensions_of
from drift_pipeline.models import cache as kept_answers
from drift_pipeline.models.build import BuildResult, build_models, build_refused
from drift_pipeline.models.faults import ModelFault, Subject
from drift_pipeline.models.history import schema_at
from drift_pipeline.models.loader import LoadedModels
from drift_pipeline.schema import snapshot
from drift_pipeline.schema.connect import connect
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.reader import digest_in, read_schema
from drift_pipeline.scratch import kept
from drift_pipeline.scratch.installations import Installation
from drift_pipeline.scratch.server import ScratchServer, installation_for, scratch_server

_log = logging.getLogger(__name__)
_remembered: OrderedDict[str, _Entry] = OrderedDict()
_parts: list[tuple[Schema, tuple[object, ...], Schema]] = []
_REMEMBERED = 2
"""Models whose facts stay in this process's memory."""


@dataclass(frozen=True)
class ModelSchema:
    """What the models declare, as PostgreSQL understands it: their facts, read from scratch.

    `faults`: what PostgreSQL refused to build. `stand_ins`: extensions that scratch lacks and that were stood in for.
    """

    schema: Schema
    loaded: LoadedModels
    faults: tuple[ModelFault, ...] = ()
    stand_ins: tuple[str, ...] = ()
    scratch: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class _Entry:
    """What is kept of the models. `digest`: of the catalogs of the database that was kept with them."""

    schema: Schema
    faults: tuple[ModelFault, ...]
    stand_ins: tuple[str, ...]
    scratch: str
    notes: tuple[str, ...]
    digest: str = ""

    @property
    def database_key(self) -> str:
        """Two that were built alike have other row versions: each set of facts goes with its own database."""
        return hashlib.sha256(self.digest.encode()).hexdigest()[:32]


class BuiltModels:
    """The models, and a scratch server and database with them, each made when it is first asked for.

    Everything lasts as long as the context that made this. Raises ModelsError or ScratchError where it is asked.
    """

    def __init__(
        self,
        settings: Settings,
        loaded: LoadedModels | Callable[[], LoadedModels],
        live: Schema | None,
        major: int | None,
        stack: ExitStack,
    ) -> None:
        self._settings = settings
        self._given = loaded
        self._extensions = extensions_of(live)
        self._major = major
        self._stack = stack
        self._database: Database | None = None
        self._begun: Future[tuple[Database, BuildResult, Schema]] | None = None
        self._pool: ThreadPoolExecutor | None = None
        self.fresh = False
        """Whether the models were built just now: what else a check needs is not at hand then, either."""

    @cached_property
    def _loaded(self) -> LoadedModels:
        return self._given() if callable(self._given) else self._given

    @cached_property
    def server(self) -> ScratchServer:
        """The scratch server, of the live server's major where there is one."""
        return self._stack.enter_context(scratch_server(url=self._settings.scratch_url, prefer_major=self._major))

    @cached_property
    def models(self) -> ModelSchema:
        """The models' facts."""
        began = time.monotonic()
        entry = self._kept_entry or self._build()
        return ModelSchema(
            entry.schema,
            self._loaded,
            entry.faults,
            entry.stand_ins,
            entry.scratch,
            entry.notes,
            time.monotonic() - began,
        )

    def at_end(self, action: Callable[[], object]) -> None:
        """Called before the server is let go of."""
        self._stack.callback(action)

    def part(self, scope: CheckScope) -> Schema:
        """The part of the models' facts that is compared. The same question gives the same object, for a while."""
        whole = self.models.schema
        asked = (scope.schemas, scope.version_tables, scope.left_out, scope.faults, scope.settings.ignore)
        for at, (schema, question, answer) in enumerate(_parts):
            if schema is whole and question == asked:
                _parts.append(_parts.pop(at))
                return answer
        _parts.append((whole, asked, scope.part(whole)))
        del _parts[:-_REMEMBERED]
        return _parts[-1][2]

    @property
    def database(self) -> Database:
        """A scratch database that holds the models; others may use it too, so it must be left as it is."""
        if self._database is None:
            entry = self._kept_entry
            self._database = self._kept_database(entry) if entry else None
        if self._database is None:
            built = self._build()
            if built.schema.fingerprint != self.models.schema.fingerprint:
                _forget(self._settings, self._key)
                raise ScratchError(
                    "the models were built on scratch once more, and came out in another way than the kept facts say",
                    hint="run the check again: what was kept is thrown away now",
                )
        assert self._database is not None  # noqa: S101 - _build sets it
        return self._database

    # ------------------------------------------------------------------ building

    def _build(self) -> _Entry:
        settings = self._settings
        self.fresh = True
        database, built, schema = self._begun.result() if self._begun else self._build_on(self._stack)
        self._begun = None
        faults = built.faults
        notes: tuple[str, ...] = ()
        if settings.models.alembic:
            schema, more, notes = add_history(settings, self.server, database, schema, self._extensions)
            if built.refused and not notes:
                # a function that an index of the models calls may be one that only migrations make
                again = build_refused(
                    built, database, default_schema=settings.default_schema, extensions=self._extensions
                )
                if len(again.refused) < len(built.refused):
                    built = again
                    schema = read_schema(database, read_timeout=settings.read_timeout)
                    schema, more, notes = add_history(settings, self.server, database, schema, self._extensions)
            faults = built.faults + more
        self._database = database
        entry = _Entry(schema, faults, built.stand_ins, self.server.description, notes)
        if self._key and not notes and (self._complete or not (faults or built.stand_ins)):
            entry = replace(entry, digest=_digest(database))
            kept.keep(self.server, database, entry.database_key)
            _keep(settings, self._key, entry)
        return entry

    def _build_on(self, stack: ExitStack) -> tuple[Database, BuildResult, Schema]:
        """The models without what only migrations make, on a database that lasts as long as `stack`."""
        settings = self._settings
        database = stack.enter_context(self.server.create(label="models"))
        built = build_models(
            self._loaded, database, default_schema=settings.default_schema, extensions=self._extensions
        )
        return database, built, read_schema(database, read_timeout=settings.read_timeout)

    def _build_beside(self) -> None:
        """While the migrations run: who has to run them will hardly have kept the models."""
        own = self._stack.enter_context(ExitStack())  # closed when the pool, which is above it, has come to an end
        self._pool = self._stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="models"))
        self._begun = self._pool.submit(self._build_on, own)

    def _aside(self, work: Callable[[], None]) -> None:
        """In the end of the context at the latest."""
        if self._pool is None:
            work()
        else:
            self._pool.submit(work)

    def _kept_database(self, entry: _Entry) -> Database | None:
        """The database that was kept, if its catalogs are as they were when the facts were read from them."""
        if not entry.digest:
            return None
        found = self._stack.enter_context(kept.kept(self.server, entry.database_key))
        return found if found is not None and _digest(found) == entry.digest else None

    # ------------------------------------------------------------------ what was kept

    @cached_property
    def _kept_entry(self) -> _Entry | None:
        return _recall(self._settings, self._key) if self._key else None

    @cached_property
    def _installation(self) -> Installation | None:
        return installation_for(url=self._settings.scratch_url, prefer_major=self._major)

    @property
    def _complete(self) -> bool:
        """Whether the key says everything about the server: what else a machine installs may come and go."""
        return self._installation is not None and self._installation.origin == "embedded"

    @cached_property
    def _key(self) -> str:
        """Everything that the facts depend on; empty where that cannot be said."""
        settings = self._settings
        history = ""
        if settings.models.alembic:
            try:
                history = schema_at(
                    settings.models,
                    settings.root,
                    self.server,
                    default_schema=settings.default_schema,
                    extensions=self._extensions,
                    meanwhile=self._build_beside,
                    later=self._aside,
                ).fingerprint
            except DriftError:
                return ""
        parts = [
            drift_pipeline.__version__,
            _program(),
            self._server_identity(),
            self._loaded.fingerprint,
            [asdict(fault) for fault in self._loaded.faults],
            settings.default_schema,
            dict(self._extensions),
            history,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]

    def _server_identity(self) -> list[object]:
        if self._installation is None:
            server = self.server
            return [server.version, server.description, str(server.parameters.get("user", ""))]
        status = (self._installation.bin / "postgres").stat()
        return [str(self._installation.bin), status.st_size, status.st_mtime_ns]


@contextmanager
def models_on_scratch(
    settings: Settings,
    loaded: LoadedModels | Callable[[], LoadedModels],
    *,
    live: Schema | None = None,
    prefer_major: int | None = None,
) -> Iterator[BuiltModels]:
    """The models on a scratch server, of the live server's major where there is one, for the time of the block.

    `loaded`: also what waits for them, if they are still being loaded: the migrations need not wait.
    """
    with ExitStack() as stack:
        yield BuiltModels(settings, loaded, live, live.server_major if live else prefer_major, stack)


@cache
def _program() -> str:
    """A digest of the code and the queries that facts are made by."""
    home = Path(drift_pipeline.__file__).parent
    digest = hashlib.sha256()
    for folder in ("schema", "models", "scratch", "plan/native"):
        for path in sorted((home / folder).rglob("*")):
            if path.suffix in (".py", ".sql", ".control") and path.is_file():
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _digest(database: Database) -> str:
    with closing(connect(database)) as connection:
        return digest_in(connection)


def _folder(settings: Settings) -> Path:
    return settings.root / kept_answers.FOLDER


def _keep(settings: Settings, key: str, entry: _Entry) -> None:
    answer = {
        **asdict(replace(entry, schema=Schema({}, 0))),
        "schema": None,
        "snapshot": snapshot.to_json(entry.schema),
    }
    kept_answers.keep(_folder(settings), f"facts-{key}", {**answer, "dependencies": _NOTHING})
    _remember(key, entry)


_NOTHING: Mapping[str, Any] = {"files": {}, "folders": {}, "installed": {}}
"""The key says it all."""


def _remember(key: str, entry: _Entry) -> None:
    _remembered[key] = entry
    _remembered.move_to_end(key)
    while len(_remembered) > _REMEMBERED:
        _remembered.popitem(last=False)


def lately() -> Schema | None:
    """The facts of the models that this process dealt with last, if any: a live schema will be much like them."""
    entries = list(_remembered.values())  # at once: other threads may be reading other databases of a fleet
    return entries[-1].schema if entries else None


def _recall(settings: Settings, key: str) -> _Entry | None:
    if key in _remembered and (_folder(settings) / f"facts-{key}.json").exists():
        return _remembered[key]
    answer = kept_answers.kept(_folder(settings), f"facts-{key}", settings.root)
    if answer is None:
        return None
    try:
        entry = _Entry(
            snapshot.from_json(answer["snapshot"]),
            tuple(_fault(each) for each in answer["faults"]),
            tuple(answer["stand_ins"]),
            str(answer["scratch"]),
            tuple(answer["notes"]),
            str(answer["digest"]),
        )
    except (SnapshotError, KeyError, TypeError) as error:
        _log.warning("the kept facts of the models cannot be used: %s", error)
        return None
    _remember(key, entry)
    return entry


def _fault(data: Mapping[str, Any]) -> ModelFault:
    raw = data["subject"]
    subject = Subject(raw["kind"], tuple(raw["name"]), tuple(raw["columns"])) if raw else None
    return ModelFault(data["what"], data["message"], data["location"], subject)


def _forget(settings: Settings, key: str) -> None:
    _remembered.pop(key, None)
    (_folder(settings) / f"facts-{key}.json").unlink(missing_ok=True)
