"""A throw-away copy of a scratch database in which proposed statements may run without danger to anybody.

Statements run code that came from a live database: a check or an index calls a function, even on empty tables. So they
run in a session that logged in as a role without superuser. `set role` alone would be no wall: whatever runs inside can
say `reset role`.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from drift_pipeline.config import Database
from drift_pipeline.errors import ScratchError
from drift_pipeline.scratch.server import ScratchServer

PROOF_ROLE = "drift_proof"
_LIMITS = "-c statement_timeout=30s -c lock_timeout=5s -c idle_in_transaction_session_timeout=300s"
_OWN_EVERYTHING = (Path(__file__).parent / "sql" / "own_everything.sql").read_text()


@dataclass(frozen=True)
class Sandbox:
    """A copy. `admin`: as the scratch server's own role. `worker`: as the role that statements run as.

    `builder`, `role`: names of those two roles; equal where scratch itself has no superuser to spare.
    """

    admin: Database
    worker: Database
    builder: str
    role: str
    server: ScratchServer = field(repr=False)

    @property
    def name(self) -> str:
        """The database's name on the scratch server, to copy it once more."""
        return self.admin.parameters["dbname"]


@contextmanager
def sandbox(server: ScratchServer, *, template: str = "", label: str = "proof") -> Iterator[Sandbox]:
    """A copy of the scratch database `template` (or an empty one), dropped at the end. ScratchError if impossible."""
    with server.create(template=template, label=label) as admin:
        yield _prepared(server, admin)


def connect(database: Database, *, autocommit: bool = False) -> Any:
    """A session on a scratch database. ScratchError, without secrets, if it cannot be had."""
    try:
        connection = psycopg2.connect(**_arguments(database))
    except psycopg2.Error as error:
        raise ScratchError("The scratch copy could not be reached.", hint="Run `drift doctor`.") from error
    connection.autocommit = autocommit
    return connection


def _arguments(database: Database) -> dict[str, Any]:
    return {"application_name": "drift proof", **database.parameters}


def _prepared(server: ScratchServer, admin: Database) -> Sandbox:
    limits = {"options": " ".join(filter(None, (str(admin.parameters.get("options", "")), _LIMITS)))}
    with contextlib.closing(connect(admin, autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute("select current_user, rolsuper from pg_catalog.pg_roles where rolname = current_user")
        builder, is_superuser = cursor.fetchone()
        if not is_superuser:
            worker = Database(admin.name, {**admin.parameters, **limits})
            return Sandbox(admin, worker, builder, builder, server)
        password = _password(server.parameters)
        _ensure_role(cursor, password)
        cursor.execute(
            sql.SQL("alter database {} owner to {}").format(
                sql.Identifier(admin.parameters["dbname"]), sql.Identifier(PROOF_ROLE)
            )
        )
        cursor.execute(_OWN_EVERYTHING, {"role": PROOF_ROLE})
    login = {**admin.parameters, **limits, "user": PROOF_ROLE, "password": password}
    return Sandbox(admin, Database(admin.name, login), builder, PROOF_ROLE, server)


def _password(parameters: Mapping[str, str]) -> str:
    # the same for every process that may use this server, and for nobody else, so that proofs can run side by side
    secret = f"{PROOF_ROLE}:{parameters.get('host')}:{parameters.get('port')}:{parameters.get('password')}"
    return hashlib.sha256(secret.encode()).hexdigest()


def _ensure_role(cursor: Any, password: str) -> None:
    cursor.execute("select from pg_catalog.pg_roles where rolname = %s", (PROOF_ROLE,))
    if cursor.fetchone() is None:
        with contextlib.suppress(psycopg2.errors.DuplicateObject, psycopg2.errors.UniqueViolation):
            cursor.execute(
                sql.SQL("create role {} login nosuperuser nocreatedb nocreaterole noinherit password {}").format(
                    sql.Identifier(PROOF_ROLE), sql.Literal(password)
                )
            )
            # event triggers of a live database must not meddle with the proof, nor may the role turn this off
            cursor.execute(
                sql.SQL("alter role {} set session_replication_role = replica").format(sql.Identifier(PROOF_ROLE))
            )
