"""A home of its own for each test that starts, kills or breaks servers: the shared one is other tests'."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh $DRIFT_SCRATCH_HOME that the server's user may enter; whatever still runs there is ended."""
    path = Path(tempfile.mkdtemp(prefix="drift-home-", dir="/var/tmp"))
    path.chmod(0o755)
    monkeypatch.setenv("DRIFT_SCRATCH_HOME", str(path))
    monkeypatch.delenv("DRIFT_SCRATCH_URL", raising=False)
    yield path
    for pid in server_processes(path):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(path, ignore_errors=True)


def server_processes(home: Path) -> list[int]:
    """The servers (without their children) whose data lie below a home."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().split(b"\0")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if command[0].endswith(b"/postgres") and str(home).encode() in b" ".join(command) and state != "Z":
                found.append(int(entry.name))
    return found
