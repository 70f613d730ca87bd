"""The front door of scratch: a server to create throw-away databases on."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import NoReturn

import psycopg2

from drift_pipeline.config import Database, parse_database_url
from drift_pipeline.errors import ScratchError
from drift_pipeline.scratch import databases, in_memory
from drift_pipeline.scratch.cluster import Cluster
from drift_pipeline.scratch.installations import OLDEST_MAJOR, Installation, candidates

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScratchServer:
    """A server on which databases may be created and dropped.

    `version`: as server_version_num, such as 180006. `description`: for people, without credentials. `parameters`:
    libpq's, of its maintenance database. `own`: this machine's own cluster, and not a server that somebody named.
    """

    version: int
    description: str
    parameters: Mapping[str, str] = field(repr=False)
    own: bool = False

    @property
    def major(self) -> int:
        return self.version // 10000

    @contextmanager
    def create(self, *, template: str = "", label: str = "") -> Iterator[Database]:
        """Creates an empty database, or a copy of the scratch database named `template`; drops it at the end.

        Nobody may be connected to the template meanwhile. A killed process cannot drop its database: the session that
        holds its advisory lock dies with it, and the next start sweeps it. Raises ScratchError.
        """
        place = {"place": in_memory.place_for} if self.own else {}
        with databases.alive(self.parameters, template=template, label=label, **place) as name:
            yield Database(name=f"scratch:{name}", parameters={**self.parameters, "dbname": name})


@contextmanager
def scratch_server(
    *, url: str = "", prefer_major: int | None = None, installation: Installation | None = None
) -> Iterator[ScratchServer]:
    """A running scratch server for the time of the `with` block.

    `url`: any server, default $DRIFT_SCRATCH_URL; its role needs CREATEDB. Without one: this machine's own PostgreSQL
    of `prefer_major`, else the embedded one; it is shared by this user's processes and stopped by the last of them.
    `installation`: that one and no other. SIGTERM unwinds the block like an exception, where nobody handles it.
    Raises ScratchError.
    """
    chosen = "" if installation else url or os.environ.get("DRIFT_SCRATCH_URL", "")
    with _unwinding_on_sigterm():
        if chosen:
            yield _server_at(chosen)
            return
        with _own_cluster((installation,) if installation else candidates(prefer_major)) as cluster:
            yield _server(cluster.parameters, cluster.installation.description)


def installation_for(*, url: str = "", prefer_major: int | None = None) -> Installation | None:
    """What `scratch_server` would start first; None where a server is named. Starts nothing. Raises ScratchError."""
    if url or os.environ.get("DRIFT_SCRATCH_URL", ""):
        return None
    return candidates(prefer_major)[0]


@contextmanager
def _own_cluster(choices: Sequence[Installation]) -> Iterator[Cluster]:
    """The first installation whose cluster starts: what a machine has installed may be broken."""
    first: ScratchError | None = None
    for choice in choices:
        cluster = Cluster(choice)
        try:
            cluster.acquire()
        except ScratchError as error:
            _log.warning("%s cannot be used: %s", choice.description, error)
            first = first or error
            continue
        try:
            yield cluster
        finally:
            cluster.release()
        return
    raise first or ScratchError("there is no PostgreSQL installation to start")


def _server_at(url: str) -> ScratchServer:
    database = parse_database_url(url, "scratch")
    return _server(dict(database.parameters), f"the server of DRIFT_SCRATCH_URL, {database.display}", given=True)


def _server(parameters: Mapping[str, str], description: str, *, given: bool = False) -> ScratchServer:
    """Looks at the server once: its version, whether databases may be created; sweeps what the dead left behind."""
    connection = databases.connect(parameters)
    try:
        version: int = connection.server_version
        if version < OLDEST_MAJOR * 10000:
            raise ScratchError(
                f"the scratch server runs PostgreSQL {version // 10000}, which is older than {OLDEST_MAJOR}",
                hint="set DRIFT_SCRATCH_URL to a newer server, or unset it for the embedded one",
            )
        if given and not databases.may_create(connection):
            raise ScratchError(
                "the role of DRIFT_SCRATCH_URL may not create databases",
                hint="give it the right with ALTER ROLE ... CREATEDB, or unset DRIFT_SCRATCH_URL",
            )
        databases.sweep(connection)
    except psycopg2.Error as error:
        raise databases.failure("the scratch server could not be used", error) from error
    finally:
        connection.close()
    return ScratchServer(version, description, dict(parameters), own=not given)


@contextmanager
def _unwinding_on_sigterm() -> Iterator[None]:
    """Turns SIGTERM into SystemExit(3) ("interrupted"), unless the program already handles it (Dagster does)."""
    first = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if not first:
        yield
        return

    def unwind(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(3)

    signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
