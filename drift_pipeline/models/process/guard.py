"""No engine of the application connects anywhere but to scratch: some write to what they find, at import."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


class ConnectionRefused(RuntimeError):  # noqa: N818 - reads as what happened in the message that shows it
    """The models, or what they import, tried to connect to a database."""


def install(allowed_host: str = "", allowed_database: str = "") -> None:
    """Listens on every engine there will be, synchronous or asynchronous; only the given target is let through.

    `allowed_host`: a socket's folder, for the embedded server.
    """

    def refuse(dialect: Any, record: Any, arguments: Any, parameters: Any) -> None:
        if dialect.name == "sqlite" and (not arguments or arguments[0] in ("", ":memory:")):
            return  # a database in this process's own memory
        host = str(parameters.get("host") or "")
        name = str(parameters.get("dbname") or parameters.get("database") or "")
        if allowed_host and (host, name) == (allowed_host, allowed_database):
            return
        target = "{}://{}/{}".format(dialect.name, host or "(unnamed host)", name)
        raise ConnectionRefused(f"a connection to {target} was refused: models are read without any database")

    event.listen(Engine, "do_connect", refuse)


def point_drivers_nowhere(environ: Any = os.environ) -> None:
    """libpq without a host would look for a server on this machine: port 1 of the loopback has none."""
    for name, value in (("PGHOST", "127.0.0.1"), ("PGPORT", "1"), ("PGPASSFILE", os.devnull)):
        environ.setdefault(name, value)
