"""A throw-away copy of a scratch database in which proposed statements may run without danger to anybody.

Statements run code that came from a live database: a check or an index calls a function, even on empty tables. So they
run in a session that logged in as a role without superuser. `set role` alone would be no wall: whatever runs inside can
say `reset role`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from drift_pipeline.config import Database
from drift_pipeline.errors import ScratchError
from drift_pipeline.plan.roles import ProofRoles
from drift_pipeline.scratch.server import ScratchServer

_LIMITS = "-c statement_timeout=30s -c lock_timeout=5s -c idle_in_transaction_session_timeout=300s"
_SQL = Path(__file__).parent / "sql"
_OWN_EVERYTHING = (_SQL / "own_everything.sql").read_text()
_OWN_GRANTS = (_SQL / "own_grants.sql").read_text()


@dataclass(frozen=True)
class Sandbox:
    """A copy. `admin`: as the scratch server's own role. `worker`: as the role that statements run as."""

    admin: Database
    worker: Database
    roles: ProofRoles
    server: ScratchServer = field(repr=False)

    @property
    def name(self) -> str:
        """The database's name on the scratch server, to copy it once more."""
        return self.admin.parameters["dbname"]


@contextmanager
def sandbox(server: ScratchServer, roles: ProofRoles, *, template: str = "", label: str = "proof") -> Iterator[Sandbox]:
    """A copy of the scratch database `template` (or an empty one), dropped at the end. ScratchError if impossible."""
    with server.create(template=template, label=label) as admin:
        yield prepared(server, roles, admin)


def prepared(server: ScratchServer, roles: ProofRoles, copy: Database) -> Sandbox:
    """The sandbox that a fresh copy becomes when all that is in it is the worker's."""
    if roles.apart:
        _prepare(copy, roles)
    return Sandbox(copy, _as_worker(copy, roles), roles, server)


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


def _as_worker(admin: Database, roles: ProofRoles) -> Database:
    options = " ".join(filter(None, (str(admin.parameters.get("options", "")), _LIMITS)))
    login = {"user": roles.worker, "password": roles.password} if roles.apart else {}
    return Database(admin.name, {**admin.parameters, **login, "options": options})


def without_sessions(box: Sandbox) -> None:
    """Ends every session in the copy: one that an engine left behind would keep it from being copied."""
    session = connect(Database("maintenance", box.server.parameters), autocommit=True)
    with contextlib.closing(session), contextlib.suppress(psycopg2.Error), session.cursor() as cursor:
        cursor.execute(
            "select pg_catalog.pg_terminate_backend(pid, 5000) from pg_catalog.pg_stat_activity where datname = %s",
            (box.name,),
        )


def hand_over(session: Any, roles: ProofRoles) -> None:
    """Everything in the session's database that belongs to the builder belongs to the worker afterwards."""
    if roles.apart:
        with session.cursor() as cursor:
            cursor.execute(_OWN_EVERYTHING, {"role": roles.worker})
            cursor.execute("select pg_catalog.set_config('drift.heir', %s, false)", (roles.worker,))
            cursor.execute(_OWN_GRANTS)


def _prepare(admin: Database, roles: ProofRoles) -> None:
    with contextlib.closing(connect(admin, autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("alter database {} owner to {}").format(
                sql.Identifier(admin.parameters["dbname"]), sql.Identifier(roles.worker)
            )
        )
        hand_over(connection, roles)
