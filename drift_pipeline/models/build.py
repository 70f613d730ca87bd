"""Building the models on a scratch database: as much as PostgreSQL accepts, and what it refuses by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg2
from psycopg2 import errorcodes, sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its module calls it

from drift_pipeline.config import Database
from drift_pipeline.models.extensions import Extensions, created_by, needed_after
from drift_pipeline.models.faults import ModelFault
from drift_pipeline.models.loaded import LoadedModels, ModelStatement
from drift_pipeline.scratch import databases

# tables first and what connects them last, so that one refusal takes as little with it as possible
ORDER = ("schema", "before", "type", "sequence", "table", "view", "constraint", "index", "after", "comment")

# One statement, one transaction: nothing has to be undone when one is refused, no locks pile up, and CREATE INDEX
# CONCURRENTLY works. Bodies of functions may name what is made later.
SESSION = """
set client_min_messages to error;
set check_function_bodies to off;
set synchronous_commit to off;
set statement_timeout to '60s';
set lock_timeout to '10s';
set standard_conforming_strings to on;
"""

# what a broken connection or a full disk says is no fault of the models
_SERVER_FAULTS = (errorcodes.DISK_FULL, errorcodes.OUT_OF_MEMORY, errorcodes.ADMIN_SHUTDOWN, errorcodes.CRASH_SHUTDOWN)


@dataclass(frozen=True)
class BuildResult:
    """`faults`: what could not be built. `stand_ins`: extensions that are there by their signatures only.

    `refused`: the statements among it. `unsaid`: faults that are no statement of the models.
    """

    faults: tuple[ModelFault, ...] = ()
    stand_ins: tuple[str, ...] = ()
    refused: tuple[ModelStatement, ...] = ()
    unsaid: tuple[ModelFault, ...] = ()


def build_models(
    loaded: LoadedModels,
    database: Database,
    *,
    default_schema: str = "public",
    extensions: Sequence[str] | Mapping[str, str] = (),
) -> BuildResult:
    """Creates everything that the models declare in an empty scratch database.

    `default_schema`: of what the models do not qualify. `extensions`: those of the live database, with the schema each
    lies in where they are a mapping; made where scratch has them. Raises ScratchError where the server itself fails.
    """
    with _building(database, default_schema, extensions) as build:
        return build.of(loaded)


def build_refused(
    built: BuildResult,
    database: Database,
    *,
    default_schema: str = "public",
    extensions: Sequence[str] | Mapping[str, str] = (),
) -> BuildResult:
    """Tries once more what was refused, where the database has more by now: what only migrations make, say a function.

    Arguments and errors are those of `build_models`.
    """
    with _building(database, default_schema, extensions) as build:
        return build.again(built)


@contextmanager
def _building(
    database: Database, default_schema: str, extensions: Sequence[str] | Mapping[str, str]
) -> Iterator[_Build]:
    with closing(databases.connect(database.parameters)) as connection:
        try:
            yield _Build(connection, default_schema, extensions)
        except psycopg2.Error as error:
            raise databases.failure("the models could not be built on scratch", error) from error


class _Build:
    def __init__(
        self, connection: Connection, default_schema: str, extensions: Sequence[str] | Mapping[str, str]
    ) -> None:
        self._connection = connection
        self._default_schema = default_schema
        self._live = tuple(extensions)
        places = dict(extensions) if isinstance(extensions, Mapping) else {}
        self._extensions = Extensions(connection, default_schema, places)

    def of(self, loaded: LoadedModels) -> BuildResult:
        self._begin()
        asked, statements = _split(loaded.statements)
        unsaid = list(loaded.faults)
        for statement, (name, schema) in asked:
            if not self._extensions.want(name, schema):
                reason = self._extensions.missing[name]
                unsaid.append(ModelFault(f"extension {name}", f"{reason}; {_REMEDY}", statement.location))
        return self._all(sorted(statements, key=lambda each: ORDER.index(each.kind)), unsaid)

    def again(self, built: BuildResult) -> BuildResult:
        self._begin()
        return self._all(built.refused, built.unsaid)

    def _begin(self) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(SESSION)
            cursor.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(self._default_schema)))
        self._extensions.set_search_path()
        for name in self._live:
            self._extensions.want(name)

    def _all(self, statements: Iterable[ModelStatement], unsaid: Sequence[ModelFault]) -> BuildResult:
        """Runs them in order, then again those that were refused, as long as another one succeeds."""
        waiting = list(statements)
        while True:
            refused = [(each, reason) for each in waiting if (reason := self._refusal(each))]
            if not refused or len(refused) == len(waiting):
                break
            waiting = [each for each, _ in refused]
        faults = _roots([*unsaid, *(self._fault(each, reason) for each, reason in refused)])
        return BuildResult(
            faults, self._extensions.stand_ins(), tuple(each for each, _ in refused), tuple(unsaid) if refused else ()
        )

    def _refusal(self, statement: ModelStatement) -> str:
        """Runs one; what the server said against it, or "" where it was accepted."""
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(statement.sql)
            except psycopg2.Error as error:
                if self._connection.closed or error.pgcode in _SERVER_FAULTS:
                    raise
                if error.pgcode == errorcodes.DUPLICATE_SCHEMA and ";" not in statement.sql.strip().rstrip(";"):
                    return ""  # a listener that asked first whether it is there; on paper nothing ever is
                message = (error.diag.message_primary or str(error)).strip()
                unknown = [each for each in needed_after(message) if each not in self._extensions.installed]
                # not any(): each of them is wanted, and each makes progress
                if True in [self._extensions.want(each) for each in unknown]:
                    return self._refusal(statement)
                return message
        return ""

    def _fault(self, statement: ModelStatement, message: str) -> ModelFault:
        missing = [each for each in needed_after(message) if each in self._extensions.missing]
        if missing:
            message = f"{message} (the scratch server lacks the extension {', '.join(missing)}; {_REMEDY})"
        return ModelFault(statement.what, message, statement.location, statement.subject)


def _roots(faults: Sequence[ModelFault]) -> tuple[ModelFault, ...]:
    """The faults without those that only follow: the indexes, keys and comments of a table that could not be built."""
    tables = {each.subject.name for each in faults if each.subject and each.subject.kind == "table"}
    parts = ("index", "constraint", "comment")
    return tuple(
        each for each in faults if not (each.subject and each.subject.kind in parts and each.subject.name[:2] in tables)
    )


_REMEDY = "set DRIFT_SCRATCH_URL to a server that has it"


def _split(
    statements: Iterable[ModelStatement],
) -> tuple[list[tuple[ModelStatement, tuple[str, str]]], list[ModelStatement]]:
    """CREATE EXTENSION of DDL events, and everything else."""
    asked: list[tuple[ModelStatement, tuple[str, str]]] = []
    others: list[ModelStatement] = []
    for each in statements:
        extension = created_by(each.sql)
        if extension:
            asked.append((each, extension))
        else:
            others.append(each)
    return asked, others
