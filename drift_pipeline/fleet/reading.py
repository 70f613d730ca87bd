"""Reads many databases: so many at once, and so many in a second, and no more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from drift_pipeline.config import Database
from drift_pipeline.errors import ConcurrentChangeError, DatabaseConnectionError, DriftError, ReadTimeoutError
from drift_pipeline.stage_values import LiveSchema

PASSING = (DatabaseConnectionError, ReadTimeoutError, ConcurrentChangeError)
"""What may be over in a moment, and is worth another try when all others have been read."""

SILENT = 1.5
"""A connection that fails after so many seconds failed by waiting: the server does not answer."""

Read = Callable[[Database], LiveSchema]
Reading = tuple[Database, LiveSchema | DriftError]


class Pace:
    """Lets callers of all threads pass at this rate, in calls per second."""

    def __init__(self, rate: float) -> None:
        self._step = 1 / rate
        self._next = 0.0
        self._lock = threading.Lock()
        self.stopped = threading.Event()

    def wait(self) -> None:
        """Returns when it is this caller's turn, or when all was stopped."""
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + self._step
        self.stopped.wait(max(0.0, turn - time.monotonic()))


def read_all(databases: Sequence[Database], read: Read, *, connections: int, rate: float) -> Iterator[Reading]:
    """Every database with its schema, or with why it could not be read, in the order in which they are done.

    What may pass is tried once more at the end. When the server answers nobody any longer, the rest is not tried.
    """
    pace, again = Pace(rate), []
    for database, outcome in _pass(databases, read, connections, pace):
        if isinstance(outcome, PASSING) and not isinstance(outcome, _NotTriedError):
            again.append((database, outcome))
        else:
            yield database, outcome
    if len(again) == len(databases):
        yield from again
    else:
        yield from _pass([database for database, _ in again], read, connections, pace)


class _NotTriedError(DatabaseConnectionError):
    """The server did not answer for the databases before this one."""


def _pass(databases: Sequence[Database], read: Read, connections: int, pace: Pace) -> Iterator[Reading]:
    silence = _Silence(max(3, connections))

    def work(database: Database) -> LiveSchema | DriftError:
        pace.wait()
        if pace.stopped.is_set() or silence.lasts:
            return _NotTriedError(
                f"{database.name} ({database.display}) was not tried: the server did not answer for those before it",
                hint="see whether the server is up and can be reached from here, then run the check again",
            )
        began = time.monotonic()
        try:
            live = read(database)
        except DriftError as error:
            silence.heard(isinstance(error, DatabaseConnectionError) and time.monotonic() - began > SILENT)
            return error
        silence.heard(False)
        return live

    left = iter(databases)
    running: dict[Future[LiveSchema | DriftError], Database] = {}
    with ThreadPoolExecutor(connections, thread_name_prefix="fleet") as pool:
        try:
            while True:
                # what is read and not yet taken must not pile up: a schema may be large
                for database in islice(left, 2 * connections - len(running)):
                    running[pool.submit(work, database)] = database
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        except BaseException:
            pace.stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Silence:
    """Whether the server stopped answering: so many waits in a row, and nothing heard in between."""

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._waited = 0

    @property
    def lasts(self) -> bool:
        return self._waited >= self._patience

    def heard(self, nothing: bool) -> None:
        self._waited = self._waited + 1 if nothing else 0
