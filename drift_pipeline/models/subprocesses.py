"""Runs the application's code in a process of its own, which may print, hang, exit or die."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drift_pipeline.config import ModelSettings
from drift_pipeline.errors import ModelsError
from drift_pipeline.models.environment import for_models
from drift_pipeline.redaction import redact, secrets_in

PROCESS = Path(__file__).parent / "process"


class ModelsTraceback(Exception):  # noqa: N818 - the cause of a ModelsError, for --debug; never raised by itself
    """The whole traceback from the application's process, without secrets."""


def interpreter(models: ModelSettings, root: Path) -> str:
    """The Python that runs the application. Raises ModelsError where it does not exist."""
    if not models.python:
        return sys.executable
    chosen = Path(models.python).expanduser()
    beside = root / chosen
    # resolved no further: the link in a venv's bin is what makes it a venv
    if len(chosen.parts) > 1 and beside.is_file():
        return str(beside)
    found = shutil.which(models.python)
    if found:
        return found
    raise ModelsError(
        f"the interpreter of the models, {models.python}, does not exist",
        hint="set models.python to the python of the application's virtual environment",
    )


def run(
    request: Mapping[str, Any], models: ModelSettings, root: Path, *, environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The answer to one request. Raises ModelsError: one line that names the module, its cause the whole traceback."""
    environment, withheld = for_models(os.environ if environ is None else environ, models.env)
    secrets = secrets_in(environment)
    with tempfile.TemporaryDirectory(prefix="drift-models-") as folder:
        asked, answered, printed = (Path(folder) / name for name in ("request.json", "answer.json", "output"))
        complete = {
            "root": str(root),
            "path": [str((root / each).resolve()) for each in models.path],
            "schema_translate_map": dict(models.schema_translate_map),
            **request,
        }
        asked.write_text(json.dumps(complete), encoding="utf-8")
        command = [interpreter(models, root), str(PROCESS), str(asked), str(answered)]
        try:
            status = _execute(command, root, environment, printed, models.timeout)
        except subprocess.TimeoutExpired:
            said = redact(_last_line(printed), secrets) or "nothing"
            raise ModelsError(
                f"{_subject(request)} did not finish importing within {models.timeout:g} s and was stopped; "
                f"it last printed: {said}",
                hint="look for what waits at import (a network call, a prompt), or raise models.timeout",
            ) from None
        try:
            answer: dict[str, Any] = json.loads(answered.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise _no_answer(status, printed, command[0], _subject(request), secrets) from None
    if "error" in answer:
        raise _failure(answer["error"], _subject(request), root, withheld, secrets)
    return answer


def _subject(request: Mapping[str, Any]) -> str:
    return ", ".join(request.get("targets") or ()) or str(request.get("alembic", "the models"))


def _execute(command: list[str], root: Path, environment: Mapping[str, str], printed: Path, timeout: float) -> int:
    """Waits for the process; ends it, and whatever it started, after `timeout` seconds or when we are interrupted."""
    with printed.open("wb") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=root,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ModelsError(
                f"the interpreter of the models, {command[0]}, does not start: {error.strerror}",
                hint="set models.python to the python of the application's virtual environment",
            ) from error
    try:
        return process.wait(timeout)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last_line(printed: Path) -> str:
    with contextlib.suppress(OSError):
        size = printed.stat().st_size
        with printed.open("rb") as stream:
            stream.seek(max(0, size - 4000))
            lines = [line.strip() for line in stream.read().decode(errors="replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""
    return ""


def _no_answer(status: int, printed: Path, python: str, subject: str, secrets: frozenset[str]) -> ModelsError:
    """The process ended without a word: killed, out of memory, os._exit, or no Python that can run the loader."""
    said = redact(_last_line(printed), secrets)
    how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    return ModelsError(
        f"the process that imports {subject} {how} before it could answer; it last printed: {said or 'nothing'}",
        hint=f"import the module by hand with {python}: it has to be Python 3.9 or newer with SQLAlchemy 1.4 or newer",
    )


# which next step an exception calls for; the first that fits
_HINTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("ModuleNotFoundError", "ImportError"),
        "set models.python to the python of the application's virtual environment, or models.path to its folder",
    ),
    (("ConnectionRefused",), "move what needs the database out of the import, or give models.env what turns it off"),
    (("TargetError",), 'set models.targets to "module:attribute" of the MetaData or of the declarative base'),
    (("KeyError", "ValidationError", "ImproperlyConfigured"), "give what it needs under models.env"),
    (("SystemExit",), "the module ends the program when it is imported; give what it needs under models.env"),
)
_ANY_HINT = "import the module by hand with the same interpreter; --debug shows the traceback"


def _failure(
    error: Mapping[str, str], subject: str, root: Path, withheld: frozenset[str], secrets: frozenset[str]
) -> ModelsError:
    kind, said = error["type"], redact(error["message"], secrets)
    where = error["location"].removeprefix(f"{root.resolve()}{os.sep}").removeprefix(f"{root}{os.sep}")
    hint = next((text for kinds, text in _HINTS if kind in kinds), _ANY_HINT)
    missed = sorted(name for name in withheld if name in error["message"])
    if missed:
        hint = (
            f"{missed[0]} is kept from the models, since it leads to a database; give it a harmless value in models.env"
        )
    elif kind == "ModuleNotFoundError" and error["name"] == "sqlalchemy":
        hint = "this interpreter has no SQLAlchemy; set models.python to the python of the application's environment"
    own = kind in ("TargetError", "ConnectionRefused", "ModelsFault")
    line = said if own else f"{kind}: {said}" if said else kind
    message = f"the models of {subject} could not be loaded: {line}"
    if where and kind != "TargetError":
        message += f" (at {where})"
    result = ModelsError(message, hint=hint)
    result.__cause__ = ModelsTraceback(redact(error["traceback"], secrets))
    return result
