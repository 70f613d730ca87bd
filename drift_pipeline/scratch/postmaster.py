"""The server's process: starting, finding and ending it, without a shell that reads our paths.

pg_ctl would do, but for two things: it hands its paths to a shell within double quotes, where a backtick or a dollar
sign in a folder's name is run, and it looks only ten times a second whether the server has started or stopped.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from drift_pipeline.scratch.account import Account

POLL_SECONDS = 0.01

# the paths are arguments, never text of the script; the shell only takes the server out of our family
_DETACHED = '"$0" "$@" </dev/null >>"$DRIFT_LOG" 2>&1 & echo "$!"'


def start(postgres: Path, arguments: list[str], log: Path, account: Account) -> int:
    """Starts the server as a child of nobody; its process id. Raises OSError or subprocess.SubprocessError."""
    answer = subprocess.run(
        ["/bin/sh", "-c", _DETACHED, str(postgres), *arguments],
        env=clean_environment() | {"DRIFT_LOG": str(log)},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        start_new_session=True,  # the terminal's Ctrl-C is not for the server
        **account.popen,  # type: ignore[call-overload]  # user=, group= of one mapping
    )
    return int(answer.stdout)


def clean_environment() -> dict[str, str]:
    """Ours without what PostgreSQL's programs take as settings of another server."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return kept | {"LC_ALL": "C"}


def recorded(data: Path) -> int | None:
    """The process id that a data directory names as its server; it may be long dead."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if pid > 1 else None


def is_alive(pid: int, data: Path, account: Account) -> bool:
    """Whether a process is the server of this data directory; process ids are used again, by other programs too."""
    process = Path(f"/proc/{pid}")
    try:
        os.kill(pid, 0)
        if process.is_dir():
            command = os.fsdecode((process / "cmdline").read_bytes().replace(b"\0", b" "))
            return process.stat().st_uid == account.uid and str(data) in command
    except OSError:
        return False
    # no /proc: macOS, which always has ps (a slim container image has none)
    answer = subprocess.run(
        ["/bin/ps", "-ww", "-o", "uid=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return len(answer) == 2 and answer[0] == str(account.uid) and str(data) in answer[1]


def stop(pid: int, data: Path, account: Account, seconds: float) -> bool:
    """Ends a server: fast, then at once, then by force. Whether it obeyed one of the first two."""
    for number, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait(lambda: not is_alive(pid, data, account), patience):
            return number != signal.SIGKILL
    return False


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether a condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
