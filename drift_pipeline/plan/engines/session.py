"""How an engine's own connections are held down: read-only, with time limits, named."""

from __future__ import annotations

from typing import Any

import psycopg2

_SETTINGS = (
    "set statement_timeout = '60s'",
    "set lock_timeout = '5s'",
    "set idle_in_transaction_session_timeout = '120s'",
    # an engine that was stopped at the time limit must not go on inside the server
    "set client_connection_check_interval = '1s'",
    "set application_name = 'drift_pipeline engine'",
)


def read_only_connection(uri: str) -> Any:
    """A psycopg2 connection in which every transaction is read-only, whatever the engine sends."""
    connection = psycopg2.connect(uri, connect_timeout=10)
    connection.set_session(readonly=True, autocommit=True)
    with connection.cursor() as cursor:
        for setting in _SETTINGS:
            cursor.execute(setting)
    connection.set_session(readonly=True, autocommit=False)
    return connection
