"""Runs an engine in a process of its own, with a time limit, and says clearly what went wrong."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote, unquote

import drift_pipeline
from drift_pipeline.config import Database
from drift_pipeline.errors import DriftError, EngineError, EngineMissingError, EngineTimeoutError
from drift_pipeline.models import line
from drift_pipeline.plan.engines import Engine

# An engine is foreign code: of our environment it gets what Python and libpq need, and no credentials of others.
_PASSED_ON = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TMPDIR|TEMP|TMP|PYTHONPATH|VIRTUAL_ENV|LD_LIBRARY_PATH|DYLD_\w+|SYSTEMROOT"
    r"|SSL_CERT_\w+|KRB5\w*|PG(?!PASSWORD$|OPTIONS$)\w+"
)
_URI = re.compile(r"\bpostgres(?:ql)?(?:\+\w+)?://\S+", re.IGNORECASE)
_PASSWORD_WORD = re.compile(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)", re.IGNORECASE)


def database_uri(database: Database) -> str:
    """The libpq URI of a database, every parameter quoted. It may hold a password: only a pipe may see it."""
    parameters = {key: str(value) for key, value in database.parameters.items() if value not in (None, "")}
    return "postgresql://?" + "&".join(f"{key}={quote(value, safe='')}" for key, value in sorted(parameters.items()))


def make_ready(engine: Engine) -> None:
    """Lets the engine's process import it while others work: it will be asked soon."""
    with contextlib.suppress(DriftError, OSError):  # told of when it is asked
        line.stand_by(_command(engine), Path.cwd(), _environment())


def run_engine(engine: Engine, source: Database, target: Database, *, timeout: float = 30.0) -> list[str]:
    """What the engine proposes to turn `source` into `target`; both are only read.

    EngineMissingError if the engine or what it needs is not installed; EngineTimeoutError at the time limit, after
    which nothing of the engine runs any more; EngineError for everything else that it does.
    """
    request = {
        "module": engine.module,
        "source": database_uri(source),
        "target": database_uri(target),
        "limit": max(1, round(timeout)),
    }
    output, error_output, code = _communicate(engine, json.dumps(request), timeout)
    try:
        answer = json.loads(output)
    except ValueError:
        answer = {"error": f"it ended with exit code {code}: {_last_line(error_output)}".removesuffix(": ")}
    if "missing" in answer:
        raise _missing(engine, str(answer["missing"]), str(answer["error"]))
    if "error" in answer:
        raise EngineError(
            f"{engine.name} failed: {_without_secrets(str(answer['error']), source, target)}",
            hint="The plan of the other engines stands. If this one is always in the way, leave it out of `engines`.",
        )
    return [str(statement) for statement in answer["statements"]]


def _command(engine: Engine) -> list[str]:
    return [sys.executable, "-P", "-W", "ignore", "-m", "drift_pipeline.plan.engines.runner", engine.module]


def _communicate(engine: Engine, request: str, timeout: float) -> tuple[str, str, int]:
    with tempfile.TemporaryDirectory(prefix="drift-engine-") as folder:
        printed = Path(folder) / "output"
        talk = line.opened(_command(engine), Path.cwd(), _environment(), printed)
        code, output = 0, ""
        try:
            output = talk.say(request, timeout)
        except TimeoutError as error:
            raise EngineTimeoutError(
                f"{engine.name} did not finish the comparison within the time limit of {timeout:g} s and was stopped.",
                hint="Raise `engine_timeout` in drift.toml (seconds), or compare fewer schemas.",
            ) from error
        except line.Ended as error:
            code = error.status
        finally:
            talk.close()  # what the engine starts ends with it
        return output, printed.read_text(encoding="utf-8", errors="replace"), code


def _environment() -> dict[str, str]:
    # `-P` keeps the working directory, which is somebody's project, out of the engine's imports
    package_folder = str(Path(drift_pipeline.__file__).parent.parent)
    kept = {key: value for key, value in os.environ.items() if _PASSED_ON.fullmatch(key)}
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, (kept.get("PYTHONPATH"), package_folder)))
    return kept


def _missing(engine: Engine, module: str, message: str) -> EngineMissingError:
    requirements = dict(engine.packages)
    requirement = requirements.get(module.split(".", maxsplit=1)[0])
    if requirement is None:
        return EngineMissingError(
            f"{engine.name} cannot be imported: {message}",
            hint=f"pip install {' '.join(repr(each) for each in requirements.values())}",
        )
    what = f"{module} is not installed" if module == engine.name else f"it needs {module}, which is not installed"
    return EngineMissingError(f"{engine.name} cannot run: {what}.", hint=f"pip install '{requirement}'")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _without_secrets(text: str, *databases: Database) -> str:
    text = _PASSWORD_WORD.sub(r"\1***", _URI.sub("postgresql://***", text))
    for database in databases:
        for key in ("password", "sslpassword", "passfile"):
            secret = str(database.parameters.get(key) or "")
            for spelling in (secret, quote(secret, safe=""), unquote(secret)):
                if spelling:
                    text = text.replace(spelling, "***")
    return text
