"""Reads requests, does them, writes the answers: one JSON file each."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import platform
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from .dependencies import Recorder, installed_folders

VERSION = 1


def converse(channel: socket.socket, parent: int = 0) -> None:
    """Answers requests until the other side hangs up. Each is one line, `{"request": file, "answer": file}`.

    Never raises and never returns: threads that the application started must not keep the process alive.
    """
    _end_with_parent(parent)
    answering = Answering()
    with contextlib.suppress(OSError), channel.makefile("r", encoding="utf-8") as lines:
        for line in lines:
            said = json.loads(line)
            answering.answer(Path(said["request"]), Path(said["answer"]))
            for stream in (sys.stdout, sys.stderr):
                # the application may have closed or replaced them
                with contextlib.suppress(Exception):
                    stream.flush()
            channel.sendall(b"answered\n")
    os._exit(0)


class Answering:
    """Answers one request after the other; what the application imported for one is there for the next."""

    def __init__(self) -> None:
        self._recorder: Recorder | None = None

    def answer(self, request_file: Path, answer_file: Path) -> None:
        """Writes the answer beside, then renames. Never raises."""
        answer: dict[str, Any]
        try:
            answer = self._made(json.loads(request_file.read_text(encoding="utf-8")), request_file.parent)
        except BaseException as error:
            answer = {"error": _described(error)}
        answer["version"] = VERSION
        answer["python"] = platform.python_version()
        try:
            text = json.dumps(answer)
        except (TypeError, ValueError) as error:
            text = json.dumps({"version": VERSION, "error": _described(error)})
        unfinished = answer_file.with_suffix(".unfinished")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(answer_file)

    def _made(self, request: dict[str, Any], folder: Path) -> dict[str, Any]:
        root = os.path.realpath(request["root"])
        if self._recorder is None:
            sys.path[:0] = request["path"]
            self._recorder = Recorder([root, *request["path"]], [str(Path(__file__).parent), str(folder)])
        # imported here: an interpreter without SQLAlchemy has to be able to say so
        made: dict[str, Any] = importlib.import_module(".work", __package__).do(request, root, self._recorder)
        return made


def _end_with_parent(parent: int) -> None:
    """A check that is killed cannot stop an import that hangs: Linux does it then. Elsewhere there is no such thing."""
    if not parent or not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:  # it was killed before we asked
        os._exit(1)


def _described(error: BaseException) -> dict[str, Any]:
    """The last line of a traceback and all of it; the place is the last one in the application's own files."""
    trace = traceback.TracebackException.from_exception(error)
    without = (str(Path(__file__).parent), "<", *installed_folders())
    frames = [each for each in trace.stack if not each.filename.startswith(without)]
    # a database's error repeats the statement on its further lines
    original = getattr(error, "orig", None)
    text = str(original).strip().partition("\n")[0] if original is not None else str(error)
    return {
        "type": type(error).__name__,
        "message": " ".join(text.split()),
        "name": str(getattr(error, "name", "") or ""),
        "location": f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "",
        "traceback": "".join(trace.format()),
    }
