"""Reads the request, does it, writes the answer: one JSON file each."""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import platform
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from .dependencies import Recorder, installed_folders

VERSION = 1


def main(request_file: Path, answer_file: Path) -> None:
    """Never raises and never returns: threads that the application started must not keep the process alive."""
    _end_with_parent()
    request = json.loads(request_file.read_text(encoding="utf-8"))
    root = os.path.realpath(request["root"])
    recorder = Recorder([root, *request["path"]], [str(Path(__file__).parent), str(request_file.parent)])
    answer: dict[str, Any]
    try:
        # imported here: an interpreter without SQLAlchemy has to be able to say so
        answer = importlib.import_module(".work", __package__).do(request, root, recorder)
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
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # noqa: S112 - the application may have closed or replaced them
            continue
    os._exit(0)


def _end_with_parent() -> None:
    """A check that is killed cannot stop an import that hangs: Linux does it then. Elsewhere there is no such thing."""
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        return
    if os.getppid() == 1:  # it was killed before we asked, and init took us over
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
