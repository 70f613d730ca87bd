"""The Alembic revision that a live database says it is at: the one optional read beside the catalogs."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass

import psycopg2
import psycopg2.errors
from psycopg2 import sql

from drift_pipeline.config import Database
from drift_pipeline.schema.connect import connect
from drift_pipeline.schema.facts import Schema


@dataclass(frozen=True)
class LiveRevisions:
    """`ids`: the rows of the version tables, sorted; None where nobody can know. `note`: why, and what would help.

    `tables`: the version tables, as `schema.table`.
    """

    ids: tuple[str, ...] | None = None
    note: str = ""
    tables: tuple[str, ...] = ()


def version_tables(schema: Schema) -> tuple[tuple[str, str], ...]:
    """Schema and name of each of Alembic's version tables: whatever it is called, its one column is `version_num`."""
    columns: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for fact in schema.of_kind("column"):
        columns[fact.id.name[:2]].add(fact.id.name[2])
    return tuple(sorted((name[0], name[1]) for name, own in columns.items() if own == {"version_num"}))


def read_revisions(database: Database, schema: Schema, *, connect_timeout: int = 10) -> LiveRevisions:
    """The revisions of this database; `schema`: its facts. Without the grant, or without a version table: a note.

    Raises DatabaseConnectionError if the server cannot be reached any more.
    """
    tables = version_tables(schema)
    names = tuple(".".join(table) for table in tables)
    if not tables:
        return LiveRevisions(note="the database has no version table of Alembic")
    found: set[str] = set()
    with closing(connect(database, connect_timeout=connect_timeout)) as connection, connection.cursor() as cursor:
        try:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '2s'")
            for table in tables:
                cursor.execute(sql.SQL("SELECT version_num FROM {}").format(sql.Identifier(*table)))
                found.update(str(row[0]) for row in cursor.fetchall())
            cursor.execute("COMMIT")
        except psycopg2.errors.InsufficientPrivilege:
            role = database.parameters.get("user", "the role")
            return LiveRevisions(
                note=f"{role} may not read {names[0]}; GRANT SELECT on it would help",
                tables=names,
            )
        except psycopg2.Error as error:
            words = " ".join((error.diag.message_primary or type(error).__name__).split())
            return LiveRevisions(note=f"{names[0]} could not be read: {words}", tables=names)
    return LiveRevisions(tuple(sorted(found)), tables=names)
