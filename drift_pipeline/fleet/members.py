"""Which databases a fleet has: a list in the settings, or a query that lists them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

import psycopg2

from drift_pipeline.config import Database, Settings, database_for, environment_named, variables_for
from drift_pipeline.errors import ConfigError, DatabaseConnectionError
from drift_pipeline.schema.connect import connect, without_secrets

LISTING_TIMEOUT = 30
"""Seconds that the query which lists the databases may take."""


def databases_of(
    settings: Settings, environment: str, *, environ: Mapping[str, str] | None = None
) -> tuple[Database, ...]:
    """The databases of a fleet, each called `<environment>/<database>` in messages; never none.

    The query runs in a read-only transaction on the environment's own database. ConfigError if the environment is no
    fleet, if its variables are missing, or if the query fails or lists nothing; DatabaseConnectionError.
    """
    fleet = environment_named(settings, environment)
    if not fleet.is_fleet:
        raise ConfigError(
            f"{environment} is one database and no fleet", hint=f"give [environments.{environment}] databases"
        )
    server = _server(settings, environment, environ)
    names = fleet.databases or _listed(settings, server, fleet.databases_query)
    return tuple(member(server, environment, name) for name in dict.fromkeys(names))


def member(server: Database, environment: str, name: str) -> Database:
    """One database of the fleet."""
    return Database(f"{environment}/{name}", {**server.parameters, "dbname": name})


def _server(settings: Settings, environment: str, environ: Mapping[str, str] | None) -> Database:
    """The environment's own database. With a list of databases its name is not needed: the first one's does."""
    fleet = environment_named(settings, environment)
    variables = variables_for(settings, environment, environ)
    name = f"{fleet.prefix}_DB_NAME"
    if fleet.databases and not (name in variables or f"{fleet.prefix}_DATABASE_URL" in variables):
        variables[name] = fleet.databases[0]
    return database_for(settings, environment, variables)


def _listed(settings: Settings, server: Database, query: str) -> tuple[str, ...]:
    query = query.strip().rstrip(";")
    if ";" in query:
        raise ConfigError(
            f"{server.name}: databases_query holds more than one statement",
            hint="let it be one SELECT: only that can be held to a read-only transaction",
        )
    connection = connect(server, connect_timeout=settings.connect_timeout)
    with closing(connection), connection.cursor() as cursor:
        try:
            # of the transaction alone: a pooler may give the session to the application afterwards
            cursor.execute("BEGIN READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = '{LISTING_TIMEOUT}s'; SET LOCAL lock_timeout = '2s'")
            cursor.execute(query)
            width = len(cursor.description or ())
            names = [str(row[0]) for row in cursor.fetchall() if row[0]] if width else []
            cursor.execute("ROLLBACK")
        except psycopg2.OperationalError as error:
            raise DatabaseConnectionError(
                f"{server.name}: its databases could not be listed: {without_secrets(str(error), server)}",
                hint=f"run databases_query by hand on {server.display}",
            ) from error
        except psycopg2.Error as error:
            raise ConfigError(
                f"{server.name}: databases_query cannot be run: {without_secrets(str(error), server)}",
                hint=f"run it by hand on {server.display}; it may only read",
            ) from error
    if width != 1:
        raise ConfigError(
            f"{server.name}: databases_query gives {width} columns",
            hint="let it give one: the name of a database in each row",
        )
    if not names:
        raise ConfigError(
            f"{server.name}: databases_query lists no database",
            hint=f"run it on {server.display}; no tenants at all is more likely a mistake in it",
        )
    return tuple(names)
