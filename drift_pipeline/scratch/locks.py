"""File locks that the kernel releases by itself when a process dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drift_pipeline.errors import ScratchError

POLL_SECONDS = 0.02


class FileLock:
    """One open lock file. Each instance is a holder of its own, also within one process."""

    def __init__(self, path: Path) -> None:
        # O_NOFOLLOW: a link put there in advance must not make us create or lock a file elsewhere
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise ScratchError(
                f"the scratch server's lock file {path} cannot be opened: {error.strerror}",
                hint="free some disk space, or set DRIFT_SCRATCH_HOME to a folder that this user may write to",
            ) from error

    def share(self) -> None:
        """Takes the lock together with others; waits while somebody has it alone."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def try_alone(self) -> bool:
        """Takes the lock alone if nobody else has it. A shared lock that was held before may be lost either way."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Releases it. Unlocking comes first: a forked child may still hold the same descriptor."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        os.close(self._descriptor)


@contextmanager
def alone(path: Path, timeout: float) -> Iterator[None]:
    """Holds the lock file `path` alone; raises ScratchError after `timeout` seconds."""
    lock = FileLock(path)
    deadline = time.monotonic() + timeout
    try:
        while not lock.try_alone():
            if time.monotonic() > deadline:
                raise ScratchError(
                    f"another process has been starting or stopping the scratch server for {timeout:.0f} s",
                    hint=f"look for a process that hangs and holds {path}",
                )
            time.sleep(POLL_SECONDS)
        yield
    finally:
        lock.close()
