"""The Alembic revision that a live database says it is at: the one optional read beside the catalogs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg2
import psycopg2.errors
from psycopg2 import sql

from drift_pipeline.config import Database
from drift_pipeline.schema.connect import connect
from drift_pipeline.schema.facts import Schema

_QUERY = (Path(__file__).parent / "version_tables.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class LiveRevisions:
    """`ids`: the rows of the version tables, sorted; None where nobody can know. `note`: why, and what would help.

    `tables`: the version tables, as `schema.table`. `locked`: somebody holds the lock of the team's deployments.
    `rows`: the ids of each version table that has any; several histories may share a database.
    """

    ids: tuple[str, ...] | None = None
    note: str = ""
    tables: tuple[str, ...] = ()
    locked: bool = False
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of_history(self, known: Collection[str]) -> LiveRevisions:
        """Those of one history, by its revisions' ids: version tables that name none of them belong to another.

        All of them where no table names any: then it is this history that lacks a revision.
        """
        own = {table: ids for table, ids in self.rows.items() if not set(ids).isdisjoint(known)}
        if not own or len(own) == len(self.rows):
            return self
        ids = sorted({each for row in own.values() for each in row})
        return replace(self, ids=tuple(ids), tables=tuple(own), rows=own)


def version_tables(schema: Schema) -> tuple[tuple[str, str], ...]:
    """Schema and name of each of Alembic's version tables: whatever it is called, its one column is `version_num`."""
    named = {key.name[:2] for key in schema.facts if key.kind == "column" and key.name[2] == "version_num"}
    more = {key.name[:2] for key in schema.facts if named and key.kind == "column" and key.name[2] != "version_num"}
    return tuple(sorted((name[0], name[1]) for name in named - more))


def read_revisions(database: Database, *, lock: int = 0, connect_timeout: int = 10) -> LiveRevisions:
    """The revisions of this database, and whether a deployment is in flight.

    `lock`: key of the advisory lock that the team's deployments hold; 0 for none. Without the grant, or without a
    version table: a note. Raises DatabaseConnectionError if the server cannot be reached.
    """
    with closing(connect(database, connect_timeout=connect_timeout)) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '2s'")
        try:
            cursor.execute(_QUERY, {"lock": lock})
            tables, locked = cursor.fetchone() or ([], False)
            names = tuple(".".join(table) for table in tables)
            if not tables:
                return LiveRevisions(note="the database has no version table of Alembic", locked=locked)
            found: dict[str, tuple[str, ...]] = {}
            for name, table in zip(names, tables, strict=True):
                cursor.execute(sql.SQL("SELECT version_num FROM {} ORDER BY 1").format(sql.Identifier(*table)))
                found[name] = tuple(str(row[0]) for row in cursor.fetchall())
            cursor.execute("COMMIT")
        except psycopg2.errors.InsufficientPrivilege:
            role = database.parameters.get("user", "the role")
            return LiveRevisions(
                note=f"{role} may not read {names[0]}; GRANT SELECT on it would help", tables=names, locked=locked
            )
        except psycopg2.Error as error:
            words = " ".join((error.diag.message_primary or type(error).__name__).split())
            return LiveRevisions(note=f"the version table could not be read: {words}")
    ids = sorted({each for row in found.values() for each in row})
    return LiveRevisions(
        tuple(ids), tables=names, locked=locked, rows={name: row for name, row in found.items() if row}
    )
