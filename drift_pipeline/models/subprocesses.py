"""Runs the application's code in a process of its own, which may print, hang, exit or die."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drift_pipeline.config import ModelSettings
from drift_pipeline.errors import DriftError, MigrationError, ModelsError
from drift_pipeline.models.environment import for_models
from drift_pipeline.models.line import Ended, Line, opened, stand_by
from drift_pipeline.models.loaded import few
from drift_pipeline.redaction import redact, secrets_in

PROCESS = Path(__file__).parent / "process"
TEMPORARY = "drift-models-"
ABANDONED_SECONDS = 24 * 3600


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


# what a request is for, in the words of its messages: what could not be done, and what takes too long
_PURPOSES: Mapping[str, tuple[type[DriftError], str, str]] = {
    "models": (ModelsError, "the models of {} could not be loaded", "{} did not finish importing"),
    "alembic": (ModelsError, "the env.py of {} gave no models", "the env.py of {} did not finish"),
    "revisions": (MigrationError, "the revisions of {} could not be listed", "the revisions of {} were not listed"),
    "upgrade": (MigrationError, "the migrations of {} could not be run on scratch", "the migrations of {} did not end"),
    "downgrade": (MigrationError, "the migrations of {} could not be run back", "the migrations of {} did not end"),
    "operations": (MigrationError, "no revision could be written for {}", "Alembic wrote no operation for {}"),
    "write": (MigrationError, "no revision could be written for {}", "Alembic did not write the revision of {}"),
}


def make_ready(models: ModelSettings, root: Path) -> None:
    """Lets the interpreter of the models import what every answer needs while others work: it will be asked soon."""
    with contextlib.suppress(DriftError, OSError):  # told of when it is asked
        environment, _ = for_models(os.environ, models.env)
        stand_by([interpreter(models, root), str(PROCESS)], root, environment)


def run(
    request: Mapping[str, Any], models: ModelSettings, root: Path, *, environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The answer to one request. Raises ModelsError, or MigrationError for a request about revisions.

    Its message is one line that names the module; its cause is the whole traceback.
    """
    with conversation(models, root, environ=environ) as talk:
        return talk.ask(request)


@contextmanager
def conversation(
    models: ModelSettings, root: Path, *, environ: Mapping[str, str] | None = None
) -> Iterator[Conversation]:
    """A process that answers several requests, so that the application is imported once for all of them.

    It, and whatever it started, ends with the block.
    """
    environment, withheld = for_models(os.environ if environ is None else environ, models.env)
    _sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=TEMPORARY) as folder:
        talk = Conversation(models, root, Path(folder), environment, withheld)
        try:
            yield talk
        finally:
            talk.close()


class Conversation:
    """Requests and answers of one process, which starts with the first of them."""

    def __init__(
        self,
        models: ModelSettings,
        root: Path,
        folder: Path,
        environment: Mapping[str, str],
        withheld: frozenset[str],
    ) -> None:
        self._models, self._root, self._folder = models, root, folder
        self._environment, self._withheld = environment, withheld
        self._line: Line | None = None
        self._asked = 0

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request. Raises ModelsError, or MigrationError for a request about revisions."""
        talk = _Talk(request, self._root, self._withheld, secrets_in(self._environment))
        self._asked += 1
        asked, answered = (self._folder / f"{name}-{self._asked}.json" for name in ("request", "answer"))
        complete = {
            "root": str(self._root),
            "path": [str((self._root / each).resolve()) for each in self._models.path],
            "schema_translate_map": dict(self._models.schema_translate_map),
            "section": self._models.section,
            "x": list(self._models.x),
            **request,
        }
        asked.write_text(json.dumps(complete), encoding="utf-8")
        python, printed = interpreter(self._models, self._root), self._folder / "output"
        status = 0
        try:
            if self._line is None:
                self._line = opened([python, str(PROCESS)], self._root, self._environment, printed)
            self._line.say(json.dumps({"request": str(asked), "answer": str(answered)}), self._models.timeout)
        except TimeoutError:
            raise talk.too_long(self._models.timeout, _last_line(printed)) from None
        except Ended as error:
            status = error.status
        try:
            answer: dict[str, Any] = json.loads(answered.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise talk.no_answer(status, _last_line(printed), python) from None
        if "error" in answer:
            raise talk.failed(answer["error"])
        return answer

    def close(self) -> None:
        """Ends the process."""
        if self._line is not None:
            self._line.close()


def _sweep(folder: Path) -> None:
    """Removes what killed checks left there: a request may hold the scratch server's password."""
    for left in folder.glob(f"{TEMPORARY}*"):
        with contextlib.suppress(OSError):
            if left.lstat().st_uid == os.geteuid() and time.time() - left.lstat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(left)


def _last_line(printed: Path) -> str:
    with contextlib.suppress(OSError):
        size = printed.stat().st_size
        with printed.open("rb") as stream:
            stream.seek(max(0, size - 4000))
            lines = [line.strip() for line in stream.read().decode(errors="replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""
    return ""


# which next step an exception calls for; the first that fits
_HINTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("ModuleNotFoundError", "ImportError"),
        "set models.python to the python of the application's virtual environment, or models.path to its folder",
    ),
    (("ConnectionRefused",), "move what needs the database out of the import, or give models.env what turns it off"),
    (("EnvPyError",), "set target_metadata in env.py, or name the models by models.targets"),
    (
        ("CommandError", "ScriptError"),
        "see that `alembic history` works in that folder, and that models.alembic names the right file; where it holds "
        "several histories, models.section names one",
    ),
    (("TargetError",), 'set models.targets to "module:attribute" of the MetaData or of the declarative base'),
    (
        ("KeyError", "ValidationError", "ImproperlyConfigured"),
        "give what it needs under models.env, or under models.x where env.py asks by get_x_argument",
    ),
    (("SystemExit",), "the module ends the program when it is imported; give what it needs under models.env"),
)
_ANY_HINT = "import the module by hand with the same interpreter; --debug shows the traceback"
_UPGRADE_HINT = "see that `alembic upgrade head` works on an empty database; --debug shows the traceback"


class _Talk:
    """From what happened in the process to the error that a person reads."""

    def __init__(
        self, request: Mapping[str, Any], root: Path, withheld: frozenset[str], secrets: frozenset[str]
    ) -> None:
        alembic = str(request.get("alembic", ""))
        subject = few(request.get("targets") or ()) or _relative(alembic, root)
        self._error, failed, slow = _PURPOSES[request["mode"]]
        self._upgrades = request["mode"] == "upgrade"
        self._could_not, self._too_slow = failed.format(subject), slow.format(subject)
        self._root, self._withheld, self._secrets = root, withheld, secrets

    def too_long(self, timeout: float, said: str) -> DriftError:
        """It hung, and was stopped."""
        return self._error(
            f"{self._too_slow} within {timeout:g} s and was stopped; {self._printed(said)}",
            hint="look for what waits (a network call, a prompt), or raise models.timeout",
        )

    def no_answer(self, status: int, said: str, python: str) -> DriftError:
        """It ended without a word: killed, out of memory, os._exit, or no Python that can run this."""
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return self._error(
            f"{self._could_not}: its process {how} before it could answer; {self._printed(said)}",
            hint=f"try the import by hand with {python}: it has to be Python 3.9 or newer, SQLAlchemy 1.4 or newer",
        )

    def failed(self, error: Mapping[str, str]) -> DriftError:
        """It raised; its traceback becomes the cause."""
        kind, said = error["type"], redact(error["message"], self._secrets)
        line = said if kind in _OWN else f"{kind}: {said}" if said else kind
        message = f"{self._could_not}: {line}"
        if error["location"] and kind != "TargetError":
            message += f" (at {_relative(error['location'], self._root)})"
        result = self._error(message, hint=self._hint(error))
        result.__cause__ = ModelsTraceback(redact(error["traceback"], self._secrets))
        return result

    def _hint(self, error: Mapping[str, str]) -> str:
        missed = sorted(name for name in self._withheld if re.search(rf"\b{re.escape(name)}\b", error["message"]))
        if missed:
            return (
                f"{missed[0]} is kept from the models, since it leads to a database; "
                "give it a harmless value in models.env"
            )
        if error["type"] == "ModuleNotFoundError" and error["name"] in _NEEDED:
            return f"this interpreter has no {error['name']}; set models.python to the python of the application"
        if "circular import" in error["message"]:
            return "name the module that the application imports first before it under models.targets"
        if error["type"] == "FileNotFoundError" and "script.py.mako" in error["message"]:
            return "put the template script.py.mako beside env.py; `alembic init` in an empty folder writes one"
        if "application context" in error["message"]:
            return 'env.py needs a running Flask; name the models by models.targets instead, such as "app:create_app"'
        other = _UPGRADE_HINT if self._upgrades else _ANY_HINT
        return next((text for kinds, text in _HINTS if error["type"] in kinds), other)

    def _printed(self, said: str) -> str:
        return f"it last printed: {redact(said, self._secrets) or 'nothing'}"


_NEEDED = ("sqlalchemy", "alembic")
_OWN = ("TargetError", "EnvPyError", "ConnectionRefused")


def _relative(path: str, root: Path) -> str:
    """A path, or a path with a line, as the person who wrote the settings would say it."""
    for folder in (root.resolve(), root):
        path = path.removeprefix(f"{folder}{os.sep}")
    return path
