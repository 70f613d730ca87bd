"""Runs statements on a scratch database that is ours alone, each in a savepoint."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing

import psycopg2

from drift_pipeline.config import Database
from drift_pipeline.plan.sandbox import connect
from drift_pipeline.plan.statements import Statement


def run_statements(database: Database, statements: Iterable[Statement]) -> list[tuple[str, str]]:
    """Runs all of them, committed at the end. Returns those that failed, as SQL and the server's words.

    Only for what the project's own migrations already ran: it runs as the scratch server's own role.
    """
    failed: list[tuple[str, str]] = []
    with closing(connect(database)) as connection, connection.cursor() as cursor:
        # bodies may name what comes later
        cursor.execute("SET LOCAL check_function_bodies = off")
        for statement in statements:
            cursor.execute("SAVEPOINT one")
            try:
                cursor.execute(statement.sql)
                cursor.execute("RELEASE SAVEPOINT one")
            except psycopg2.Error as error:
                cursor.execute("ROLLBACK TO SAVEPOINT one")
                failed.append((statement.sql, " ".join((error.diag.message_primary or str(error)).split())))
        connection.commit()
    return failed
