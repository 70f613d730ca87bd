"""Reads everything that a database's catalogs state: one transaction, a fixed number of queries, no writes.

What is read lies in `sql/`, one family of objects a file. A family's rows begin with the same columns: kind, name, the
address of the object and that of its parent as pg_depend has them; what follows are the attributes, either as columns
or as one JSON object `attributes`. Rows about other objects (comments, privileges) give that object's address.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, TypeAlias

import psycopg2
import psycopg2.errors
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name
from psycopg2.extensions import new_type

from drift_pipeline.config import Database
from drift_pipeline.errors import (
    ConcurrentChangeError,
    DatabaseConnectionError,
    PermissionDeniedError,
    ReadTimeoutError,
)
from drift_pipeline.schema.connect import connect, without_secrets
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value

ATTEMPTS = 3
LOCK_TIMEOUT = 5.0

Address: TypeAlias = tuple[int, int, int]
Row: TypeAlias = tuple[Any, ...]

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

ABOUT: tuple[tuple[str, ...], ...] = (("comment", "security_label"), ("privilege",))
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


def read_schema(database: Database, *, read_timeout: float = 60.0, connect_timeout: int = 10) -> Schema:
    """Everything in the database, on all planes.

    `read_timeout`: seconds for the whole read. Raises DatabaseConnectionError, PermissionDeniedError, ReadTimeoutError,
    or ConcurrentChangeError when the schema kept changing.
    """
    deadline = time.monotonic() + read_timeout
    connection = connect(database, connect_timeout=connect_timeout)
    try:
        with _explaining(database, read_timeout), _cut_at(deadline + 2.0, connection):
            return _read_unmoved(connection, database, deadline)
    finally:
        connection.close()


def facts_in(connection: Connection) -> Mapping[FactId, Fact]:
    """The facts as the transaction that is open on this connection sees them, with what it changed itself.

    Ends no transaction and begins none; pins the settings that change printed text for the rest of it. Raises
    psycopg2.Error.
    """
    harvest = _Harvest(version=connection.server_version)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(SETTINGS)), [x for pair in SETTINGS for x in pair]
        )
        for names in FAMILIES:
            cursor.execute(_query(names))
            harvest.families.append(([column.name for column in cursor.description or ()], cursor.fetchall()))
    return _build(harvest).facts


@dataclass
class _Harvest:
    """The rows of one transaction, as the server sent them."""

    version: int = 0
    families: list[tuple[Sequence[str], list[Row]]] = field(default_factory=list)
    about: list[Row] = field(default_factory=list)
    aliases: list[Row] = field(default_factory=list)
    depends: list[Row] = field(default_factory=list)
    counts: list[Row] = field(default_factory=list)


def _read_unmoved(connection: Connection, database: Database, deadline: float) -> Schema:
    said = "its catalogs changed meanwhile"
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(0.1 * attempt)
        try:
            harvest, before = _read_once(connection, deadline)
            after = _digest_now(connection, deadline)
        except _MOVED as error:
            said = without_secrets(str(error), database)
            continue
        if before == after:
            return _build(harvest)
    raise ConcurrentChangeError(
        f"The schema of {database.name} ({database.display}) kept changing, {ATTEMPTS} attempts to read it failed: {said}",
        hint="A deployment or a migration is in flight: run the check again when it is over.",
    )


def _read_once(connection: Connection, deadline: float) -> tuple[_Harvest, str]:
    harvest = _Harvest(version=connection.server_version)
    with _transaction(connection, deadline) as ask:
        harvest.families = [ask(_query(names)) for names in FAMILIES]
        for names in ABOUT:
            harvest.about += ask(_query(names))[1]
        harvest.aliases = ask(_query(("alias",)))[1]
        harvest.depends = ask(_query(("depends",)))[1]
        harvest.counts = ask(_query(("count",)))[1]
        digest = str(ask(_query(("digest",)))[1])
    return harvest, digest


def _digest_now(connection: Connection, deadline: float) -> str:
    """The digest in a fresh snapshot."""
    with _transaction(connection, deadline) as ask:
        return str(ask(_query(("digest",)))[1])


@cache
def _query(names: tuple[str, ...]) -> str:
    """One query over the files of these names. The prelude's parts that a query does not use cost nothing."""
    folder = files(__package__) / "sql"
    bodies = "\nunion all\n".join(folder.joinpath(f"{name}.sql").read_text(encoding="utf-8") for name in names)
    return folder.joinpath("_prelude.sql").read_text(encoding="utf-8") + bodies


_decode = json.JSONDecoder().raw_decode


@lru_cache(maxsize=4096)
def _from_json(text: str) -> Value:
    """Most are alike ({} and one-column keys): the same text gives the same value, which nobody changes."""
    value: Value = _decode(text)[0]
    return value


_JSON = new_type((114,), "JSON", lambda text, _cursor: None if text is None else _from_json(text))

_Ask: TypeAlias = Callable[[str], tuple[Sequence[str], list[Row]]]


@contextmanager
def _transaction(connection: Connection, deadline: float) -> Iterator[_Ask]:
    """A read-only transaction with one snapshot and pinned settings, ended right after the last query."""
    with connection.cursor() as cursor:

        def ask(query: str) -> tuple[Sequence[str], list[Row]]:
            cursor.execute(query)
            return [column.name for column in cursor.description or ()], cursor.fetchall()

        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            remaining = max(1, int((deadline - time.monotonic()) * 1000))
            pinned = (
                *SETTINGS,
                ("statement_timeout", str(remaining)),
                ("lock_timeout", str(min(remaining, int(LOCK_TIMEOUT * 1000)))),
            )
            cursor.execute(
                "SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(pinned)), [x for pair in pinned for x in pair]
            )
            yield ask
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
            hint="If the connection was cut: check the server's log and the pooler in between, and run the check again.",
        ) from error


_FIXED = 8
"""Columns that every family begins with: kind, name, the object's address, its parent's address."""


def _build(harvest: _Harvest) -> Schema:
    """Facts from rows: first those that stand alone, then those about others, then what needs what."""
    ids: dict[Address, FactId] = {}
    found: list[tuple[FactId, Address, dict[str, Value]]] = []
    for columns, rows in harvest.families:
        for row, attributes in zip(rows, _attributes(columns, rows), strict=True):
            fact_id = FactId(row[0], tuple(row[1]))
            ids[row[2:5]] = fact_id
            found.append((fact_id, row[5:8], attributes))
    aliases = {row[0:3]: row[3:6] for row in harvest.aliases}
    facts = {id_: Fact(id_, attributes, ids.get(parent)) for id_, parent, attributes in found}
    excluded: dict[str, int] = {}
    not_covered: dict[str, int] = {}
    for side, phrase, count in harvest.counts:
        (excluded if side == "excluded" else not_covered)[phrase] = count
    for kind, prefix, suffix, *address, other_kind, other_name, stated in harvest.about:
        about = ids.get(tuple(address)) or (FactId(other_kind, tuple(other_name)) if other_kind else None)
        if about is None:
            continue
        parent = about if about in facts else _resolve(tuple(address), ids, aliases)
        id_ = FactId(kind, (*(prefix or ()), about.kind, *about.name, *(suffix or ())))
        facts[id_] = Fact(id_, stated, parent)
    return Schema(facts, harvest.version, not_covered, excluded, _edges(harvest.depends, ids, aliases))


def _attributes(columns: Sequence[str], rows: list[Row]) -> list[dict[str, Value]]:
    """The attributes of each row: one JSON object, or one column each."""
    names = columns[_FIXED:]
    if names == ["attributes"]:
        return [row[_FIXED] for row in rows]
    return [dict(zip(names, row[_FIXED:], strict=True)) for row in rows]


def _resolve(address: Address, ids: dict[Address, FactId], aliases: dict[Address, Address]) -> FactId | None:
    """The fact at an address, or the one that it is a part of: a column's table, a constraint's index."""
    for _ in range(8):
        if found := ids.get(address):
            return found
        if address in aliases:
            address = aliases[address]
        elif address[2]:
            address = (address[0], address[1], 0)
        else:
            break
    return None


def _edges(
    rows: list[Row], ids: dict[Address, FactId], aliases: dict[Address, Address]
) -> frozenset[tuple[FactId, FactId]]:
    edges = set()
    for row in rows:
        needs, needed = _resolve(row[0:3], ids, aliases), _resolve(row[3:6], ids, aliases)
        if needs is not None and needed is not None and needs is not needed:
            edges.add((needs, needed))
    return frozenset(edges)
