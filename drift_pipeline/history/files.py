"""Files that appear whole or not at all, on a local disk.

A batch is written to a hidden staging folder first, so that a full disk is noticed before anything that is visible
changes; then each file is moved to its place, which is one atomic step each. All of it happens under an advisory lock
on the folder: the kernel drops the lock when its holder dies, so a staging folder that is seen by the one who holds
the lock was left by a killed writer, and is removed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from drift_pipeline.errors import StoreError

LOCK_TIMEOUT = 30.0
"""Seconds to wait for another writer; one write takes milliseconds."""

_STAGING = ".staging-"


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write all of these files (path relative to `folder` -> text) below `folder`, each whole or not at all.

    Raises OSError as the file system does (full, unwritable), with everything that was there before intact; StoreError
    if another writer holds the folder for too long.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        _sweep(folder)
        staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=folder))
        try:
            staged = {path: _stage(staging / str(number), text) for number, (path, text) in enumerate(files.items())}
            for path in files:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
            for path, source in staged.items():
                os.replace(source, folder / path)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _stage(path: Path, text: str) -> Path:
    with path.open("wb") as stream:
        stream.write(text.encode())
        stream.flush()
        os.fsync(stream.fileno())
    return path


def _sweep(folder: Path) -> None:
    for left_behind in folder.glob(f"{_STAGING}*"):
        shutil.rmtree(left_behind, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. File systems that know no locks (some network mounts) go without."""
    with (folder / ".lock").open("a") as lock:
        deadline = time.monotonic() + LOCK_TIMEOUT
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno in (errno.ENOTSUP, errno.ENOSYS, errno.ENOLCK):
                    break
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR):
                    raise
                if time.monotonic() > deadline:
                    raise StoreError(
                        f"another process has been writing artifacts to {folder} for more than {LOCK_TIMEOUT:.0f} s",
                        hint="look for a stopped check, or give this one an artifact folder of its own",
                    ) from error
                time.sleep(0.02)
        yield
