"""Databases that outlive a check: copies of what took long to build, found again by a key of everything it was made of.

Only on this machine's own cluster, a few of them, the least recently used dropped first. They are templates: whoever
uses one holds its advisory lock together with others, and whoever drops one holds it alone.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from psycopg2 import sql

from drift_pipeline.config import Database
from drift_pipeline.errors import ScratchError
from drift_pipeline.scratch.databases import LOCK, connect
from drift_pipeline.scratch.server import ScratchServer

PREFIX = "drift_kept_"
MOST = 8
"""How many are kept."""
SMALL = 16 << 20
"""Bytes up to which it is quicker to log the pages (23 ms for an empty database) than to copy the files (55 ms)."""

_log = logging.getLogger(__name__)


@contextmanager
def kept(server: ScratchServer, key: str) -> Iterator[Database | None]:
    """The database that was kept under this key, for the time of the block; None if there is none. Raises ScratchError.

    It must be left as it is: connect to it only to read, or for what is rolled back.
    """
    name = PREFIX + key
    if not server.own:
        yield None
        return
    with closing(connect(server.parameters)) as session, session.cursor() as cursor:
        cursor.execute(f"select pg_catalog.pg_advisory_lock_shared({LOCK})", (name,))
        if name not in _all(cursor):
            yield None
            return
        with contextlib.suppress(psycopg2.Error):  # somebody else is just saying the same
            _say_used(cursor, name)
        yield Database(f"scratch:{name}", {**server.parameters, "dbname": name})


def keep(server: ScratchServer, database: Database, key: str) -> None:
    """Keeps a copy of a scratch database, to which nobody may be connected. Where that fails, nothing is kept."""
    name = PREFIX + key
    if not server.own:
        return
    try:
        with closing(connect(server.parameters)) as session, session.cursor() as cursor:
            cursor.execute(f"select pg_catalog.pg_try_advisory_lock({LOCK})", (name,))
            (alone,) = cursor.fetchone() or (False,)
            if not alone or name in _all(cursor):
                return
            original = database.parameters["dbname"]
            cursor.execute("select pg_catalog.pg_database_size(%s) < %s", (original, SMALL))
            (small,) = cursor.fetchone() or (False,)
            strategy = "wal_log" if small else "file_copy"
            # on disk, wherever the original is: what is in memory is gone with the server
            statement = sql.SQL("create database {} template {} strategy {} tablespace pg_default")
            cursor.execute(statement.format(sql.Identifier(name), sql.Identifier(original), sql.Identifier(strategy)))
            _say_used(cursor, name)
            _drop_oldest(cursor, name)
    except (psycopg2.Error, ScratchError) as error:
        _log.warning("the models' database could not be kept for the next time: %s", error)


def _all(cursor: Any) -> list[str]:
    """Names, the least recently used first. One whose drop was interrupted does not count."""
    cursor.execute(
        "select datname from pg_catalog.pg_database where starts_with(datname, %s) and datconnlimit <> -2"
        " order by pg_catalog.shobj_description(oid, 'pg_database') nulls first, datname",
        (PREFIX,),
    )
    return [name for (name,) in cursor.fetchall()]


def _say_used(cursor: Any, name: str) -> None:
    cursor.execute("select pg_catalog.to_char(pg_catalog.now(), 'YYYY-MM-DD HH24:MI:SS.US')")
    (now,) = cursor.fetchone()
    cursor.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(name), sql.Literal(f"used {now}")))


def _drop_oldest(cursor: Any, newest: str) -> None:
    names = [name for name in _all(cursor) if name != newest]
    for name in names[: max(0, len(names) + 1 - MOST)]:
        _drop(cursor, name)


def _drop(cursor: Any, name: str) -> None:
    cursor.execute(f"select pg_catalog.pg_try_advisory_lock({LOCK})", (name,))
    (alone,) = cursor.fetchone()
    if alone:
        try:
            cursor.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        finally:
            cursor.execute(f"select pg_catalog.pg_advisory_unlock({LOCK})", (name,))
