"""Whatever keeps a check from connecting is one line that names the environment, with the next step and no secret."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from drift_pipeline.config import Database
from drift_pipeline.errors import DatabaseConnectionError, DriftError, PermissionDeniedError
from drift_pipeline.schema.connect import connect, explained
from tests.conftest import NewDatabase

SECRET = "pa55 'word\\"
Run = Callable[..., list[tuple[Any, ...]]]


def refused(database: Database, **changes: str) -> DriftError:
    """The error that connecting with these parameters gives, held against what every one of them promises."""
    target = Database("production", {**database.parameters, "password": SECRET, **changes})
    with pytest.raises(DriftError) as caught:
        connect(target, connect_timeout=30)
    error = caught.value
    assert error.message.startswith(f"Could not connect to production ({target.display})")
    assert "\n" not in error.message
    assert error.hint
    assert SECRET not in error.message + error.hint
    assert error.__cause__ is not None
    return error


@pytest.fixture
def silent_port() -> Iterator[str]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


def test_it_connects_under_the_projects_name(new_database: NewDatabase) -> None:
    connection = connect(new_database())
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW application_name")
            assert cursor.fetchall() == [("drift",)]
            cursor.execute("SHOW client_encoding")
            assert cursor.fetchall() == [("UTF8",)]
    finally:
        connection.close()


def test_nothing_listens(new_database: NewDatabase) -> None:
    with socket.socket() as taken:  # and never listens
        taken.bind(("127.0.0.1", 0))
        error = refused(new_database(), host="127.0.0.1", port=str(taken.getsockname()[1]))
    assert "refused" in error.message
    assert all(word in error.hint for word in ("firewall", "runner", "SSH tunnel", "server is up"))


def test_the_host_is_unknown(new_database: NewDatabase) -> None:
    assert "_DB_HOST" in refused(new_database(), host="no-such-host.invalid", port="5432").hint


def test_a_silent_server_is_given_up(new_database: NewDatabase, silent_port: str) -> None:
    start = time.monotonic()
    error = refused(new_database(), host="127.0.0.1", port=silent_port, sslmode="disable", connect_timeout="2")
    assert time.monotonic() - start < 25
    assert "does not answer" in error.message


def test_the_database_is_missing(new_database: NewDatabase) -> None:
    error = refused(new_database(), dbname="no such database")
    assert "does not exist" in error.message
    assert "_DB_NAME" in error.hint


def test_the_role_is_missing(new_database: NewDatabase) -> None:
    assert "_DB_USER" in refused(new_database(), user="nobody at all").hint


def test_the_role_may_not_connect(new_database: NewDatabase, run_sql: Run) -> None:
    database = new_database()
    name = database.parameters["dbname"]
    role = f"locked_out_{name[-10:]}"
    run_sql(database, f"CREATE ROLE {role} LOGIN")
    try:
        run_sql(database, f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')
        error = refused(database, user=role)
        assert isinstance(error, PermissionDeniedError)
        assert "GRANT CONNECT" in error.hint
        run_sql(database, f"ALTER ROLE {role} NOLOGIN")
        assert "LOGIN" in refused(database, user=role).hint
    finally:
        run_sql(database, f"DROP ROLE {role}")


def test_tls_that_the_server_lacks(new_database: NewDatabase) -> None:
    database = new_database()
    server = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def decline() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(8)
                peer.sendall(b"N")
                server.wait(30)

        worker = threading.Thread(target=decline)
        worker.start()
        error = refused(database, host="127.0.0.1", port=str(listener.getsockname()[1]), sslmode="require")
        server.set()
        worker.join()
    assert "sslmode" in error.hint


def test_an_option_that_libpq_does_not_know(new_database: NewDatabase) -> None:
    assert refused(new_database(), no_such_option="1").hint


@pytest.mark.parametrize(
    ("said", "kind", "word"),
    [
        ('FATAL:  password authentication failed for user "app"', DatabaseConnectionError, "_DB_PASSWORD"),
        ("fe_sendauth: no password supplied", DatabaseConnectionError, "_DB_PASSWORD"),
        ("FATAL:  sorry, too many clients already", DatabaseConnectionError, "pooler"),
        ("FATAL:  remaining connection slots are reserved for roles with SUPERUSER", DatabaseConnectionError, "pooler"),
        ('FATAL:  no pg_hba.conf entry for host "1.2.3.4", user "a", no encryption', DatabaseConnectionError, "pg_hba"),
        ("FATAL:  the database system is starting up", DatabaseConnectionError, "Wait"),
        ("SSL error: certificate verify failed", DatabaseConnectionError, "sslrootcert"),
        ("server closed the connection unexpectedly", DatabaseConnectionError, "port"),
        ("FATAL:  Passwort-Authentifizierung fehlgeschlagen", DatabaseConnectionError, "_DB_PASSWORD"),
        ("something that nobody foresaw", DatabaseConnectionError, "firewall"),
    ],
)
def test_what_servers_say_is_understood(said: str, kind: type[DriftError], word: str) -> None:
    database = Database("staging", {"host": "db", "dbname": "app", "password": SECRET})
    error = explained(Exception(f'connection to server at "db" failed: {said}\n\tpassword was {SECRET}'), database)
    assert type(error) is kind
    assert word in error.hint
    assert "staging (db:5432/app)" in error.message
    assert SECRET not in error.message
    assert "\n" not in error.message
