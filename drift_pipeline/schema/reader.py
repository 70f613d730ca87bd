"""Reads everything that a database's catalogs state: one transaction, a fixed number of queries, no writes.

What is read lies in `sql/`, one family of objects a file. A family's rows begin with the same columns: kind, name, the
address of the object and that of its parent as pg_depend has them; what follows are the attributes, either as columns
or as one JSON object `attributes`. Rows about other objects (comments, privileges) give that object's address.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from importlib import resources
from typing import TypeAlias

import psycopg2
import psycopg2.errors
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from psycopg2.extensions import new_type, register_type

from drift_pipeline.config import Database
from drift_pipeline.errors import (
    ConcurrentChangeError,
    DatabaseConnectionError,
    PermissionDeniedError,
    ReadTimeoutError,
)
from drift_pipeline.schema.assemble import Assembly, Row
from drift_pipeline.schema.connect import connect, without_secrets
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value
from drift_pipeline.schema.garbage import no_garbage
from drift_pipeline.threads import switching_quickly

ATTEMPTS = 4
"""Reads before giving up on a schema that keeps changing; more where they are quick."""
PATIENCE = 10.0
"""Seconds for which a quick read is tried again and again."""
LOCK_TIMEOUT = 5.0

SETTINGS: tuple[tuple[str, str], ...] = (
    ("search_path", ""),
    ("timezone", "UTC"),
    ("datestyle", "ISO, YMD"),
    ("intervalstyle", "postgres"),
    ("bytea_output", "hex"),
    ("quote_all_identifiers", "off"),
    ("standard_conforming_strings", "on"),
    ("extra_float_digits", "1"),
    ("jit", "off"),
    # hashed subplans must stay hashed, however many tables there are
    ("work_mem", "64MB"),
    ("application_name", "drift"),
)
"""Everything that changes how the server prints, or how long it takes; a role's own settings must not show."""

FAMILIES: tuple[tuple[str, ...], ...] = (
    ("table",),
    ("column",),
    ("key",),
    ("check",),
    ("foreign_key",),
    ("index",),
    ("routine",),
    ("schema", "extension", "sequence", "not_null", "type", "domain_check", "view", "aggregate"),
    ("trigger", "event_trigger", "rule", "policy", "statistics", "publication", "subscription"),
    ("collation", "conversion", "cast", "operator", "operator_class", "operator_family"),
    ("text_search", "foreign", "language", "default_privilege", "privilege_changed"),
)
"""Files whose rows are facts; those of one line are read by one query."""

BEYOND_RELATIONS: Mapping[tuple[str, ...], frozenset[str]] = {
    FAMILIES[6]: frozenset({"function", "procedure"}),
    FAMILIES[9]: frozenset({"collation", "conversion", "cast", "operator", "operator_class", "operator_family"}),
}
"""Lines whose facts belong to no relation, with their kinds: none is asked for where none is known and none came."""

ABOUT: tuple[str, ...] = ("comment", "security_label", "privilege")
"""Files whose rows are about other facts."""

_MOVED = (
    psycopg2.errors.InternalError_,  # cache lookup failed for ...: dropped while it was printed
    psycopg2.errors.UndefinedTable,
    psycopg2.errors.UndefinedObject,
    psycopg2.errors.UndefinedFunction,
    psycopg2.errors.SerializationFailure,  # on a standby: the rows were needed by recovery
    psycopg2.errors.LockNotAvailable,
)
"""What the server says when the catalogs change under the reader: worth another try."""


def read_schema(
    database: Database, *, read_timeout: float = 60.0, connect_timeout: int = 10, like: Schema | None = None
) -> Schema:
    """Everything in the database, on all planes.

    `read_timeout`: seconds for the whole read. `like`: a schema that it will be compared with; facts that are the same
    are then the same objects. Raises DatabaseConnectionError, PermissionDeniedError, ReadTimeoutError,
    or ConcurrentChangeError when the schema kept changing.
    """
    deadline = time.monotonic() + read_timeout
    connection = connect(database, connect_timeout=connect_timeout)
    try:
        with _explaining(database, read_timeout), _cut_at(deadline + 2.0, connection), no_garbage():
            return _read_unmoved(connection, database, deadline, like)
    finally:
        connection.close()


def schema_in(connection: Connection) -> Schema:
    """The schema as the transaction that is open on this connection sees it, with what it changed itself.

    Ends no transaction and begins none; pins the settings that change printed text for the rest of it. Raises
    psycopg2.Error. Nobody else may change the schema meanwhile: nothing watches for that here.
    """
    with connection.cursor() as cursor, no_garbage():
        _pin(cursor, SETTINGS)
        return _read(_asking(cursor), connection.server_version)


def part_in(
    connection: Connection, relations: Collection[int], parts: Collection[int], kinds: Collection[str]
) -> Schema:
    """As `schema_in`, but of tables, views and the like only those with these oids; of dependencies, those from or to
    `parts`. What belongs to no relation is all there. Facts about the other relations may be there or not. `kinds`:
    those that are known to be in the database."""

    def narrowed(query: str) -> str:
        these = ",".join(str(int(oid)) for oid in relations) or "0"
        edges = ",".join(str(int(oid)) for oid in parts) or "0"
        query = query.replace(_OF_THESE_RELATIONS, f" and (c.relkind = 'c' or c.oid = any ('{{{these}}}'::oid[]))")
        return query.replace(
            _OF_THESE_PARTS, f" and (d.objid = any ('{{{edges}}}') or d.refobjid = any ('{{{edges}}}'))"
        )

    with connection.cursor() as cursor, no_garbage():
        _pin(cursor, SETTINGS)
        wanted = [names for names in FAMILIES if BEYOND_RELATIONS.get(names, {""}) & {*kinds, ""}]
        return _read(_asking(cursor), connection.server_version, narrowed, wanted)


def rows_in(connection: Connection, names: tuple[str, ...], parameters: Mapping[str, object]) -> list[Row]:
    """The rows of one query made of files in `sql/`."""
    with connection.cursor() as cursor:
        _pin(cursor, SETTINGS)
        cursor.execute(_text("_prelude") + "".join(_text(name) for name in names), parameters)
        return cursor.fetchall()


def digest_in(connection: Connection) -> str:
    """One word for the state of the catalogs; it moves with every change of them. Raises psycopg2.Error."""
    with connection.cursor() as cursor:
        _pin(cursor, SETTINGS)
        return _digest(_asking(cursor))


def facts_in(
    connection: Connection, files: Collection[str] | None = None, *, schema_prefix: str = ""
) -> Mapping[FactId, Fact]:
    """As `schema_in`, but only facts that stand alone: no comments, no privileges, no dependencies.

    `files`: names of files in `sql/`, such as `check` and `index`, when not all of them are wanted. `schema_prefix`:
    only what lies in schemas whose names begin with it (letters and underscores).
    """
    part = f" and starts_with(nspname, '{schema_prefix}')" if schema_prefix.replace("_", "a").isalpha() else ""
    with connection.cursor() as cursor:
        _pin(cursor, SETTINGS)
        ask = _asking(cursor)
        wanted = [tuple(name for name in names if files is None or name in files) for names in FAMILIES]
        assembly = Assembly()
        for names in filter(None, wanted):
            assembly.family(*ask(query_of(names).replace(_OF_THESE_SCHEMAS, part)))
        return assembly.schema(connection.server_version).facts


def _read_unmoved(connection: Connection, database: Database, deadline: float, like: Schema | None) -> Schema:
    said, locked = "its catalogs changed meanwhile", False
    start = time.monotonic()
    for attempt in itertools.count():
        if attempt >= ATTEMPTS and (locked or time.monotonic() > start + PATIENCE):
            break
        time.sleep(min(0.02 * attempt, 0.1))
        try:
            schema, before = _read_once(connection, deadline, like)
            after = _digest_now(connection, deadline)
        except _MOVED as error:
            said = without_secrets(str(error), database)
            locked = isinstance(error, psycopg2.errors.LockNotAvailable)
            continue
        if before == after:
            return schema
    raise ConcurrentChangeError(
        f"The schema of {database.name} ({database.display}) kept changing while it was read: {said}",
        hint="A deployment or a migration is in flight: run the check again when it is over.",
    )


def _read_once(connection: Connection, deadline: float, like: Schema | None) -> tuple[Schema, str]:
    digests: list[str] = []
    with _transaction(connection, deadline) as ask:
        schema = _read(ask, connection.server_version, like=like, last=lambda: digests.append(_digest(ask)))
    return schema, digests[0]


def _read(
    ask: _Ask,
    version: int,
    narrowed: Callable[[str], str] = str,
    wanted: Sequence[tuple[str, ...]] = FAMILIES,
    *,
    like: Schema | None = None,
    last: Callable[[], None] = lambda: None,
) -> Schema:
    """Everything, each answer taken in beside, while the server works on the next one. `last`: what is asked after."""
    assembly = Assembly(like)
    with switching_quickly(), ThreadPoolExecutor(1) as beside:
        steps = [beside.submit(assembly.family, *ask(narrowed(query_of(names)))) for names in wanted]
        steps.append(beside.submit(assembly.aliases, ask(query_of(("alias",)))[1]))
        steps.append(beside.submit(assembly.depends, ask(narrowed(query_of(("depends",))))[1]))
        steps.append(beside.submit(assembly.about, ask(narrowed(_query_about()))[1]))
        if narrowed is str:  # whoever reads a part knows the rest
            steps.append(beside.submit(assembly.counts, ask(query_of(("count",)))[1]))
        last()
        for step in steps:
            step.result()
        return assembly.schema(version)


def _digest_now(connection: Connection, deadline: float) -> str:
    """The digest in a fresh snapshot."""
    with _transaction(connection, deadline) as ask:
        return _digest(ask)


def _digest(ask: _Ask) -> str:
    return str(ask(query_of(("digest",)))[1])


_OF_THESE_SCHEMAS = " /* of these schemas */"
_OF_THESE_RELATIONS = " /* of these relations */"
_OF_THESE_PARTS = " /* of these parts */"
"""Where the choice of schemas, of relations and of dependencies can be narrowed."""


@cache
def _text(name: str) -> str:
    return resources.files(__package__).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


@cache
def query_of(names: tuple[str, ...]) -> str:
    """One query over the files of these names. The prelude's parts that a query does not use cost nothing."""
    return _text("_prelude") + "\nunion all\n".join(_text(name) for name in names)


@cache
def _query_about() -> str:
    union = "\nunion all\n".join(f"({_text(name)})" for name in ABOUT)
    return f"{_text('_prelude')}, about as materialized ({union})\n{_text('_about')}"


_decode = json.JSONDecoder().raw_decode


@lru_cache(maxsize=4096)
def _from_json(text: str) -> Value:
    """Most are alike ({} and one-column keys): the same text gives the same value, which nobody changes."""
    value: Value = _decode(text)[0]
    return value


_JSON = new_type((114,), "JSON", lambda text, _cursor: None if text is None else _from_json(text))

_Ask: TypeAlias = Callable[[str], tuple[Sequence[str], list[Row]]]


def _asking(cursor: Cursor) -> _Ask:
    register_type(_JSON, cursor)

    def ask(query: str) -> tuple[Sequence[str], list[Row]]:
        cursor.execute(query)
        return [column.name for column in cursor.description or ()], cursor.fetchall()

    return ask


def _pin(cursor: Cursor, settings: Sequence[tuple[str, str]]) -> None:
    """SET LOCAL, all at once: a pooler may give the session to somebody else after the transaction."""
    calls = ", ".join(["set_config(%s, %s, true)"] * len(settings))
    cursor.execute(f"SELECT {calls}", [word for setting in settings for word in setting])


@contextmanager
def _transaction(connection: Connection, deadline: float) -> Iterator[_Ask]:
    """A read-only transaction with one snapshot and pinned settings, ended right after the last query."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            remaining = max(1, int((deadline - time.monotonic()) * 1000))
            patience = min(remaining, int(LOCK_TIMEOUT * 1000))
            _pin(cursor, (*SETTINGS, ("statement_timeout", str(remaining)), ("lock_timeout", str(patience))))
            yield _asking(cursor)
            cursor.execute("COMMIT")
        except BaseException:
            with suppress(psycopg2.Error):
                cursor.execute("ROLLBACK")
            raise


@contextmanager
def _cut_at(deadline: float, connection: Connection) -> Iterator[None]:
    """Shuts the connection's socket when the time is over: a server that hangs does not keep statement_timeout."""
    over = threading.Event()

    def cut() -> None:
        over.set()
        with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as end:
            end.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except psycopg2.Error as error:
        if over.is_set():
            raise psycopg2.errors.QueryCanceled("the server stopped answering") from error
        raise
    finally:
        timer.cancel()


@contextmanager
def _explaining(database: Database, read_timeout: float) -> Iterator[None]:
    """Turns the driver's errors into ours."""
    where = f"{database.name} ({database.display})"
    try:
        yield
    except psycopg2.errors.QueryCanceled as error:
        raise ReadTimeoutError(
            f"The catalogs of {where} could not be read within {read_timeout:g} s (read_timeout)",
            hint="Raise read_timeout in drift.toml, or look at the server's load and at locks on its catalogs.",
        ) from error
    except psycopg2.errors.InsufficientPrivilege as error:
        raise PermissionDeniedError(
            f"The role may not read the catalogs of {where}: {without_secrets(str(error), database)}",
            hint="Every role may read pg_catalog unless that was revoked: GRANT USAGE ON SCHEMA pg_catalog and "
            "SELECT on its tables to the role.",
        ) from error
    except psycopg2.Error as error:
        raise DatabaseConnectionError(
            f"The catalogs of {where} could not be read: {without_secrets(str(error), database)}",
            hint="Was the connection cut? See the logs of the server and of a pooler in between, and try again.",
        ) from error
