"""No engine of the application connects anywhere but to scratch: some write to what they find, at import."""

from __future__ import annotations

import contextlib
import os
import weakref
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

# what each driver calls the name of the database, where it is not "dbname"
DATABASE_ARGUMENT = {"asyncpg": "database", "pg8000": "database"}
# arguments that say where to, or how to prove who one is: those of the application are dropped
_TARGET = ("host", "hostaddr", "port", "user", "password", "dbname", "database", "dsn", "service", "passfile", "ssl")


_led: list[dict[str, str]] = []
"""Where every engine is led: one entry, from the first call of `install` on."""

connections = [0]
"""How many connections were led to scratch."""


class ConnectionRefused(RuntimeError):  # noqa: N818 - reads as what happened in the message that shows it
    """The models, or what they import, tried to connect to a database."""


def install(scratch: dict[str, str]) -> None:
    """Listens on every engine there will be, synchronous or asynchronous. A second call names another database.

    `scratch`: libpq's parameters of a scratch database, to which every engine for PostgreSQL is led, whatever its URL
    says: so migrations run there without the application's configuration being known. Empty: all are refused.
    """
    first = not _led
    _led[:] = [scratch]
    if not first:
        return

    def lead(dialect: Any, record: Any, arguments: Any, parameters: Any) -> None:
        if dialect.name == "sqlite" and (not arguments or arguments[0] in ("", ":memory:")):
            return  # a database in this process's own memory
        scratch = _led[0]
        if scratch and dialect.name == "postgresql":
            connections[0] += 1
            del arguments[:]
            _redirect(parameters, dialect.driver, scratch)
            return
        target = "{}://{}/{}".format(
            dialect.name, parameters.get("host") or "(unnamed host)", parameters.get("dbname") or _name(parameters)
        )
        raise ConnectionRefused(f"a connection to {target} was refused: models are read without any database")

    event.listen(Engine, "do_connect", lead)
    _remember_engines()


_engines: weakref.WeakSet[Any] = weakref.WeakSet()


def _remember_engines() -> None:
    """Not by another `__init__`: create_engine reads from its arguments which of its own options an engine takes."""
    plain: Any = Engine.__new__

    def remembered(kind: Any, *_arguments: Any, **_options: Any) -> Any:
        engine = plain(kind)
        _engines.add(engine)
        return engine

    Engine.__new__ = remembered  # type: ignore[method-assign, assignment]  # there is no event for it


def hang_up() -> None:
    """Closes what the application's pools hold: the next request may be about another database."""
    for engine in list(_engines):
        try:
            engine.dispose()
        except Exception:
            # of an asynchronous driver, whose loop is gone; the pool must go all the same
            with contextlib.suppress(Exception):
                engine.dispose(close=False)


def _name(parameters: Any) -> str:
    return str(parameters.get("database") or "")


def _redirect(parameters: Any, driver: str, scratch: dict[str, str]) -> None:
    """Another target for the same connection; what else the application asks for (search_path, say) stays."""
    for name in [each for each in parameters if each in _TARGET or each.startswith("ssl")]:
        del parameters[name]
    if driver in DATABASE_ARGUMENT:
        parameters.update({key: scratch[key] for key in ("user", "password") if scratch.get(key)})
        parameters[DATABASE_ARGUMENT[driver]] = scratch["dbname"]
        host, port = scratch.get("host", "localhost"), int(scratch.get("port") or 5432)
        if driver == "pg8000" and host.startswith("/"):
            parameters["unix_sock"] = f"{host}/.s.PGSQL.{port}"
        else:
            parameters.update({"host": host, "port": port})
        return
    parameters.update(scratch)


def point_drivers_nowhere(environ: Any = os.environ) -> None:
    """libpq without a host would look for a server on this machine: port 1 of the loopback has none."""
    for name, value in (("PGHOST", "127.0.0.1"), ("PGPORT", "1"), ("PGPASSFILE", os.devnull)):
        environ.setdefault(name, value)
