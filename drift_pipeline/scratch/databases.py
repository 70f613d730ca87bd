"""Creating, keeping alive, dropping and sweeping scratch databases.

A database is alive as long as some session holds the advisory lock of its name, in the maintenance database (advisory
locks belong to one database, and the name says which). The lock is taken before the database exists.
"""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2 import errorcodes, sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its module calls it

from drift_pipeline.errors import ScratchError

PREFIX = "drift_scratch_"
LABEL_LENGTH = 20
EMPTY = "template0"
"""What an empty database is copied from."""
COPY_ATTEMPTS = 6
"""How often a copy is tried of a database that others read as well."""
ON_DISK = "pg_default"
"""The tablespace of the server's own folder."""
LEAVING_SECONDS = 0.05
"""How long a backend may take to end after its session was closed."""
LOCK = "('x' || substr(md5(%s), 1, 16))::bit(64)::bigint"

_NO_ROOM = (
    psycopg2.errors.DiskFull,
    psycopg2.errors.UndefinedFile,
    psycopg2.errors.UndefinedObject,
    psycopg2.errors.InsufficientPrivilege,
)
"""What the server says where a copy cannot be made in the place that was meant for it."""

_log = logging.getLogger(__name__)


def connect(parameters: Mapping[str, str]) -> Connection:
    """An autocommit session. Raises ScratchError."""
    arguments: dict[str, Any] = {"application_name": "drift scratch", "connect_timeout": "10", **parameters}
    try:
        connection: Connection = psycopg2.connect(**arguments)
    except psycopg2.Error as error:
        raise failure("the scratch server could not be reached", error) from error
    connection.autocommit = True
    return connection


def failure(what: str, error: psycopg2.Error) -> ScratchError:
    """One line from the server's answer; psycopg2 never puts a password into it."""
    said = " ".join((error.diag.message_primary or str(error)).split())
    if error.pgcode == errorcodes.DISK_FULL or "No space left on device" in said:
        return ScratchError(
            f"{what}: its disk is full", hint="free some space, or set DRIFT_SCRATCH_HOME to another disk"
        )
    return ScratchError(
        f"{what}: {said}", hint="set DRIFT_SCRATCH_URL to a server that works, or unset it for the embedded one"
    )


def may_create(connection: Connection) -> bool:
    """Whether the session's role may create databases."""
    with connection.cursor() as cursor:
        cursor.execute("select rolcreatedb or rolsuper from pg_catalog.pg_roles where rolname = current_user")
        row = cursor.fetchone()
    return bool(row and row[0])


def new_name(maintenance: str, label: str) -> str:
    """drift_scratch_<maintenance database>_<label>_<random>, within 63 bytes and without need of quotes."""
    plain = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:LABEL_LENGTH].strip("_")
    return f"{_prefix(maintenance)}{plain or 'database'}_{secrets.token_hex(5)}"


def _prefix(maintenance: str) -> str:
    return f"{PREFIX}{zlib.crc32(maintenance.encode()):08x}_"


@contextmanager
def alive(
    parameters: Mapping[str, str],
    *,
    template: str = "",
    label: str = "",
    place: Callable[[Any, str], str] = lambda cursor, template: "",
) -> Iterator[str]:
    """Creates a database, yields its name, and drops it, whatever happens inside. Raises ScratchError.

    `place`: says of a template, or of EMPTY, in which tablespace a copy is best made; empty for where the template is.
    """
    owner = connect(parameters)
    try:
        name = new_name(owner.info.dbname, label)
        try:
            with owner.cursor() as cursor:
                cursor.execute(f"select pg_catalog.pg_advisory_lock({LOCK})", (name,))
                _create(cursor, name, template, place(cursor, template or EMPTY))
        except psycopg2.Error as error:
            raise failure("a scratch database could not be created", error) from error
        try:
            yield name
        finally:
            _drop_quietly(owner, parameters, name)
    finally:
        owner.close()


def _create(cursor: Any, name: str, template: str, place: str) -> None:
    if template:
        _until_left(cursor, template)
    for left in reversed(range(COPY_ATTEMPTS)):
        try:
            cursor.execute(_create_statement(name, template, place))
        except _NO_ROOM:
            if not (place and left):
                raise
            # a role without rights on it may make copies where their templates are
            place = "" if place == ON_DISK else ON_DISK
        except psycopg2.errors.ObjectInUse:
            # another check reads the template just now; the server itself waits for five seconds
            if not (template and left):
                raise
        else:
            return


def _until_left(cursor: Any, name: str) -> None:
    """Waits a moment for sessions that were closed just now: the server itself would look again after 100 ms."""
    until = time.monotonic() + LEAVING_SECONDS
    while time.monotonic() < until:
        cursor.execute("select exists (select from pg_catalog.pg_stat_activity where datname = %s)", (name,))
        if not cursor.fetchone()[0]:
            return
        time.sleep(0.001)


def _create_statement(name: str, template: str, place: str) -> sql.Composable:
    if template:
        # files are copied five times as fast as pages are logged; the checkpoint that it needs is cheap on scratch
        statement = sql.SQL("create database {} template {} strategy file_copy").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    else:
        # template1 may hold anything, and another encoding
        statement = sql.SQL("create database {} template {} encoding 'UTF8'").format(
            sql.Identifier(name), sql.Identifier(EMPTY)
        )
    return statement + sql.SQL(" tablespace {}").format(sql.Identifier(place)) if place else statement


def sweep(connection: Connection) -> tuple[str, ...]:
    """Drops the scratch databases that no process keeps alive any more; their names."""
    swept: list[str] = []
    maintenance = connection.info.dbname
    with connection.cursor() as cursor:
        cursor.execute(
            "select datname from pg_catalog.pg_database"
            " where starts_with(datname, %s) and pg_catalog.pg_has_role(datdba, 'MEMBER') order by datname",
            (_prefix(maintenance),),
        )
        names = [row[0] for row in cursor.fetchall()]
        for name in names:
            cursor.execute(f"select pg_catalog.pg_try_advisory_lock({LOCK})", (name,))
            taken = cursor.fetchone()
            if not (taken and taken[0]):
                continue
            try:
                _drop(connection, connection.get_dsn_parameters(), name)
                swept.append(name)
            except psycopg2.Error as error:
                _log.warning("the scratch database %s could not be dropped: %s", name, error)
            finally:
                cursor.execute(f"select pg_catalog.pg_advisory_unlock({LOCK})", (name,))
    return tuple(swept)


def _drop_quietly(owner: Connection, parameters: Mapping[str, str], name: str) -> None:
    """Drops at the end of a `with` block: must not hide what happened inside it; the next sweep tries again."""
    try:
        _drop(owner, parameters, name)
    except psycopg2.Error as error:
        _log.warning("the scratch database %s could not be dropped: %s", name, error)


def _drop(connection: Connection, parameters: Mapping[str, Any], name: str) -> None:
    statement = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    with connection.cursor() as cursor:
        _until_left(cursor, name)
        try:
            cursor.execute(statement)
        except psycopg2.errors.ObjectInUse:
            # subscriptions and prepared transactions keep a database from being dropped, even by force
            _release(parameters, name)
            cursor.execute(statement)


def _release(parameters: Mapping[str, Any], name: str) -> None:
    with contextlib.closing(connect({**parameters, "dbname": name})) as inside, inside.cursor() as cursor:
        cursor.execute(
            "select subname from pg_catalog.pg_subscription s join pg_catalog.pg_database d on d.oid = s.subdbid"
            " where d.datname = current_database()"
        )
        for (subscription,) in cursor.fetchall():
            for step in ("alter subscription {} disable", "alter subscription {} set (slot_name = none)"):
                cursor.execute(sql.SQL(step).format(sql.Identifier(subscription)))
            cursor.execute(sql.SQL("drop subscription {}").format(sql.Identifier(subscription)))
        cursor.execute("select gid from pg_catalog.pg_prepared_xacts where database = current_database()")
        for (transaction,) in cursor.fetchall():
            cursor.execute("rollback prepared %s", (transaction,))
