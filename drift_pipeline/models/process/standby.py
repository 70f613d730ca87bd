"""Waits with SQLAlchemy and Alembic imported, and forks for each conversation: imports cost more than most answers.

Nothing of the application is imported here, so every conversation begins with a process that knows nothing of others.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import signal
import socket
from typing import Any, Callable, Iterable  # noqa: UP035 - Python 3.9

IDLE_SECONDS = 30.0
"""After so long without a conversation it ends; the next one starts another."""

PRELOADED = (
    ".work",
    ".revisions",
    "sqlalchemy.dialects.postgresql",
    "alembic.command",
    "alembic.autogenerate",
    "mako.template",
    "psycopg2",
)


def serve(
    channel: socket.socket, converse: Callable[[socket.socket, int], None], preloaded: Iterable[str] = PRELOADED
) -> None:
    """Each message is the folder to work in, and brings two descriptors: of the conversation, and of the file for what
    is printed. Never returns."""
    for name in preloaded:
        # one that is not there is missed, and told of, by whatever needs it
        with contextlib.suppress(Exception):
            importlib.import_module(name, __package__)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    channel.settimeout(IDLE_SECONDS)
    while True:
        try:
            message, descriptors, _flags, _address = socket.recv_fds(channel, 8192, 2)
        except OSError:
            os._exit(0)
        if not message:  # whoever started us is gone
            os._exit(0)
        conversation, output = descriptors
        if os.fork() == 0:
            channel.close()
            os.chdir(message)
            _supervise(socket.socket(fileno=conversation), output, converse)
        os.close(conversation)
        os.close(output)


def _supervise(channel: socket.socket, output: int, converse: Callable[[socket.socket, int], None]) -> None:
    """Runs a worker for the conversation, says how it ended, and ends it when the other side hangs up."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, _nothing)
    signal.set_wakeup_fd(wake)
    supervisor = os.getpid()
    worker = os.fork()
    if worker == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in (woken, wake):
            os.close(each)
        os.setpgid(0, 0)  # a group of its own: what the application starts ends with it
        for number in (1, 2):
            os.dup2(output, number)
        os.close(output)
        converse(channel, supervisor)
    with contextlib.suppress(OSError):
        os.setpgid(worker, worker)
    os.close(output)
    channel.sendall(b"begun\n")
    watched = select.poll()
    watched.register(woken, select.POLLIN)
    watched.register(channel, select.POLLRDHUP)  # only whether it was hung up; what is said is for the worker
    status = None
    while status is None:
        over = any(descriptor != woken for descriptor, _event in watched.poll())
        if over:
            _end(worker)
            with contextlib.suppress(OSError):  # it may not have its group yet
                os.kill(worker, signal.SIGKILL)
        pid, how = os.waitpid(worker, 0 if over else os.WNOHANG)
        if pid:
            status = -os.WTERMSIG(how) if os.WIFSIGNALED(how) else os.WEXITSTATUS(how)
        elif not over:
            with contextlib.suppress(OSError):
                os.read(woken, 64)
    _end(worker)
    with contextlib.suppress(OSError):
        channel.sendall(b"ended %d\n" % status)
    os._exit(0)


def _end(group: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(group, signal.SIGKILL)


def _nothing(_number: int, _frame: Any) -> None:
    """A handler, so that the end of a child writes into the pipe."""
