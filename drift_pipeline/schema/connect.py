"""The way to a live database: one connection, and errors that say what to do next.

libpq gives no error codes while it connects, only text, so what it says is looked up in a table of patterns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name

from drift_pipeline.config import Database
from drift_pipeline.errors import DatabaseConnectionError, DriftError, PermissionDeniedError

APPLICATION_NAME = "drift"

DEFAULTS: Mapping[str, str] = {
    "client_encoding": "UTF8",
    # a peer that went away without a word is noticed within about half a minute
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""Connection parameters that a database's own override."""


@dataclass(frozen=True)
class _Refusal:
    """What libpq or the server says, what it means, and the next step."""

    pattern: str
    meaning: str
    hint: str
    error: type[DriftError] = DatabaseConnectionError


_CREDENTIALS = (
    "Check user and password: they come from the variables <PREFIX>_DB_USER and <PREFIX>_DB_PASSWORD, "
    "or <PREFIX>_DATABASE_URL, of the environment or its .env file."
)
_FIREWALL = (
    "Check host and port, that the firewall or security group lets this machine's address in (in CI: the runner's), "
    "and whether an SSH tunnel or VPN has to be up."
)

REFUSALS: tuple[_Refusal, ...] = (
    _Refusal(
        r"permission denied for database|does not have CONNECT privilege",
        "the role may not connect to the database",
        "As the database's owner: GRANT CONNECT ON DATABASE <name> TO <role>;",
        PermissionDeniedError,
    ),
    _Refusal(
        r"role .* is not permitted to log in",
        "the role may not log in",
        "As an administrator: ALTER ROLE <role> LOGIN;",
        PermissionDeniedError,
    ),
    _Refusal(
        r"password authentication failed|no password supplied|authentication failed",
        "wrong user or password",
        _CREDENTIALS,
    ),
    _Refusal(r"role .* does not exist", "the role does not exist on the server", _CREDENTIALS),
    _Refusal(
        r"database .* does not exist",
        "the database does not exist on the server",
        "Check the variable <PREFIX>_DB_NAME, or the last part of <PREFIX>_DATABASE_URL.",
    ),
    _Refusal(
        r"no pg_hba\.conf entry|pg_hba\.conf rejects",
        "the server lets this machine, user or database not in",
        "Add a line to the server's pg_hba.conf for this address, or set sslmode=require if the server takes TLS only.",
    ),
    _Refusal(
        r"certificate|root\.crt|sslrootcert",
        "the server's certificate was not accepted",
        "Give the file of the authority that signed it as sslrootcert, or a weaker sslmode on purpose.",
    ),
    _Refusal(
        r"does not support SSL|SSL (?:error|SYSCALL|connection)|sslmode|server does not support GSSAPI",
        "TLS could not be agreed on",
        "Set sslmode to what the server offers: require, verify-full, or disable on a trusted network.",
    ),
    _Refusal(
        r"too many (?:clients|connections)|remaining connection slots",
        "the server takes no more connections",
        "Wait, raise the limit of the server, role or database, or check through a pooler.",
    ),
    _Refusal(
        r"the database system is (?:starting up|shutting down|in recovery|not yet accepting)|not accepting connections",
        "the server does not take connections now",
        "Wait until it is up, then run the check again.",
    ),
    _Refusal(
        r"could not translate host name|Name or service not known|nodename nor servname|Temporary failure in name",
        "the host name is not known",
        "Check the variable <PREFIX>_DB_HOST, and whether the name is only known inside a VPN.",
    ),
    _Refusal(
        r"Connection refused",
        "nothing listens there, or the connection is refused",
        "Check that the server is up and listens on this host and port. " + _FIREWALL,
    ),
    _Refusal(
        r"timeout expired|timed out|Network is unreachable|No route to host|Host is unreachable",
        "the server does not answer",
        _FIREWALL + " A slow network: raise connect_timeout.",
    ),
    _Refusal(
        r"No such file or directory|Is the server running locally",
        "there is no server behind this socket",
        "Check the variable <PREFIX>_DB_HOST: without a host, the local socket is tried.",
    ),
    _Refusal(
        r"invalid connection option|invalid .* value|invalid integer value|invalid port|invalid dsn|missing \"=\"",
        "the connection parameters are not valid",
        "Check the variables of this environment, or the URL's spelling.",
    ),
    _Refusal(
        r"server closed the connection|Connection reset|SSL connection has been closed|EOF detected",
        "the connection was cut",
        "Check the server's log, the pooler in between, and that the port is PostgreSQL's.",
    ),
)
"""Tried from the top; the first that matches speaks."""


def connect(database: Database, *, connect_timeout: int = 10) -> Connection:
    """A connection to the database, in autocommit mode, so that transactions are said explicitly.

    Raises DatabaseConnectionError or PermissionDeniedError, which name the environment and the next step and hold no
    credentials. The caller closes the connection.
    """
    parameters: dict[str, Any] = {
        **DEFAULTS,
        "connect_timeout": str(connect_timeout),
        **database.parameters,
        "application_name": APPLICATION_NAME,
    }
    try:
        connection: Connection = psycopg2.connect(**parameters)
    except (psycopg2.Error, UnicodeError) as error:
        raise explained(error, database) from error
    connection.autocommit = True
    return connection


def explained(error: Exception, database: Database) -> DriftError:
    """The error as one line about this database, with the next step; secrets taken out."""
    text = without_secrets(str(error), database)
    for refusal in REFUSALS:
        if re.search(refusal.pattern, text, re.IGNORECASE):
            return refusal.error(
                f"Could not connect to {database.name} ({database.display}): {refusal.meaning}: {text}",
                hint=refusal.hint,
            )
    return DatabaseConnectionError(
        f"Could not connect to {database.name} ({database.display}): {text}",
        hint=f"Is the server up? {_FIREWALL} {_CREDENTIALS}",
    )


def without_secrets(text: str, database: Database) -> str:
    """The text on one line, without the database's password."""
    for key in ("password", "sslpassword", "passfile"):
        if secret := database.parameters.get(key):
            text = text.replace(secret, "***")
    return " ".join(text.replace("connection to server ", "").split())
