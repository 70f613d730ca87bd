"""The line to a process that answers for the application, and the process that stands by to become one.

On Linux a process stands by with SQLAlchemy and Alembic imported, one for each interpreter and environment, and forks
for every conversation (models/process/standby.py). Elsewhere a fork of a process that has imported so much is not safe,
and each conversation gets an interpreter of its own.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from drift_pipeline.errors import ModelsError
from drift_pipeline.models.environment import stable

FORKS = sys.platform.startswith("linux")
_POLL_SECONDS = 0.05
_CLOSE_SECONDS = 5.0


class Ended(Exception):  # noqa: N818 - what happened, for the one caller that turns it into an error
    """The process ended before it answered; `status` as `subprocess` counts it, negative for a signal."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Line:
    """One conversation. `process`: the interpreter that has it, where none stands by."""

    def __init__(self, channel: socket.socket, process: subprocess.Popen[bytes], *, forked: bool) -> None:
        self._channel, self._process, self._forked = channel, process, forked
        self._heard = b""
        self._begun = not forked

    def say(self, line: str, timeout: float) -> str:
        """Sends a request and waits until it is answered; what stands behind that word. Raises TimeoutError, Ended."""
        until = time.monotonic() + timeout
        with contextlib.suppress(OSError):  # that it is gone is heard below
            self._channel.sendall(line.encode() + b"\n")
        while True:
            word, _, rest = self._next_line(until).partition(b" ")
            if word == b"answered":
                return rest.decode()
            if word == b"ended":
                raise Ended(int(rest))

    def begun(self, timeout: float) -> bool:
        """Whether the process that stands by took the conversation up; False if it had just ended."""
        with contextlib.suppress(Ended):
            return self._next_line(time.monotonic() + timeout) == b"begun"
        return False

    def _next_line(self, until: float) -> bytes:
        while b"\n" not in self._heard:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            # a process that the application left behind may hold the line, so silence is not proof of life
            self._channel.settimeout(left if self._forked else min(left, _POLL_SECONDS))
            try:
                heard = self._channel.recv(65536)
            except TimeoutError:
                if not self._forked and self._process.poll() is not None:
                    raise Ended(self._process.wait()) from None
                continue
            except OSError:
                heard = b""
            if not heard:
                raise Ended(self._status())
            self._heard += heard
        line, _, self._heard = self._heard.partition(b"\n")
        return line

    def _status(self) -> int:
        if self._forked and self._process.poll() is None:
            return 0
        try:
            return self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            return 0

    def close(self) -> None:
        """Hangs up, and waits until the process and whatever it started are gone."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR if not self._forked else socket.SHUT_WR)
        if self._forked:
            with contextlib.suppress(OSError):
                self._channel.settimeout(_CLOSE_SECONDS)
                while self._channel.recv(4096):
                    pass
        else:
            _end_group(self._process)
        self._channel.close()


def opened(command: list[str], root: Path, environment: Mapping[str, str], printed: Path) -> Line:
    """A conversation with a process of this command. Raises ModelsError where the interpreter does not start.

    The command reads requests from the socket that is its standard input; with `standby` behind it, the folder and the
    descriptors of conversations, for each of which it forks.
    """
    with printed.open("ab") as output:
        if not FORKS:
            mine, theirs = socket.socketpair()
            with theirs:
                process = _started(command, root, environment, stdin=theirs, output=output)
            return Line(mine, process, forked=False)
        return _forked([*command, "standby"], root, environment, output)


def stand_by(command: list[str], root: Path, environment: Mapping[str, str]) -> None:
    """Lets a process stand by, for a conversation that will be opened soon: it imports while others work."""
    if FORKS:
        with _lock, Path(os.devnull).open("ab") as output:
            _standby([*command, "standby"], root, environment, output)


# ---------------------------------------------------------------- the process that stands by


@dataclass(frozen=True)
class _Standby:
    process: subprocess.Popen[bytes]
    channel: socket.socket


_standing: dict[object, _Standby] = {}
_lock = threading.Lock()
START_SECONDS = 60.0
MOST = 3
"""So many stand by for one check: of other interpreters, or with another environment."""


def _forked(command: list[str], root: Path, environment: Mapping[str, str], output: IO[bytes]) -> Line:
    while True:
        with _lock:
            standby, fresh = _standby(command, root, environment, output)
            mine, theirs = socket.socketpair()
            with theirs, contextlib.suppress(OSError):
                socket.send_fds(standby.channel, [os.fsencode(root)], [theirs.fileno(), output.fileno()])
        line = Line(mine, standby.process, forked=True)
        # one that has stood by for long may end just now
        if fresh or line.begun(START_SECONDS):
            return line
        mine.close()
        with _lock:
            for key in [each for each, standing in _standing.items() if standing is standby]:
                del _standing[key]
                _end(standby)


def _standby(
    command: list[str], root: Path, environment: Mapping[str, str], output: IO[bytes]
) -> tuple[_Standby, bool]:
    """The process that stands by for a command, and whether it was only just started."""
    key: object = (os.getpid(), *command, tuple(stable(environment).items()))
    standby = _standing.get(key)
    if standby is not None and standby.process.poll() is None:
        return standby, False
    standby = _standing[key] = _stand_by(command, root, environment, output)
    for older in list(_standing)[:-MOST]:
        _end(_standing.pop(older))
    return standby, True


def _stand_by(command: list[str], root: Path, environment: Mapping[str, str], output: IO[bytes]) -> _Standby:
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = _started(command, root, environment, stdin=theirs, output=output)
    return _Standby(process, mine)


def _started(
    command: list[str], root: Path, environment: Mapping[str, str], *, stdin: socket.socket, output: IO[bytes]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            cwd=root,
            env=dict(environment),
            stdin=stdin.fileno(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # without a terminal nothing can ask on it
        )
    except OSError as error:
        raise ModelsError(
            f"the interpreter of the models, {command[0]}, does not start: {error.strerror}",
            hint="set models.python to the python of the application's virtual environment",
        ) from error


def _end(standby: _Standby) -> None:
    """Conversations that it began go on: each ends with its own line."""
    standby.channel.close()
    standby.process.kill()
    standby.process.wait()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@atexit.register
def _end_all() -> None:
    for key, standby in _standing.items():
        if isinstance(key, tuple) and key[0] == os.getpid():
            _end(standby)
