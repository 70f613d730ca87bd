"""Answers of the application's process, kept until something that they were made from changes.

Loading takes 2 to 60 seconds in real applications, and everything else less. A kept answer is checked by content, and
a cache that cannot be read or written is no fault: the process runs again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drift_pipeline.models.process import dependencies
from drift_pipeline.models.subprocesses import PROCESS

FOLDER = ".drift/cache"

_log = logging.getLogger(__name__)


def key_of(request: Mapping[str, Any], python: str, environment: Mapping[str, str]) -> str:
    """Names the entry: the request, the interpreter, what it finds in its environment, and our own loader's text."""
    loader = {each.name: dependencies.digest_of_file(str(each)) for each in sorted(PROCESS.glob("*.py"))}
    # the environment holds secrets; only their digest is written down
    everything = [dict(request), python, _interpreter_state(python), dict(environment), loader]
    return hashlib.sha256(json.dumps(everything, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _interpreter_state(python: str) -> str:
    try:
        status = os.stat(python)
    except OSError:
        return ""
    return f"{status.st_size}:{status.st_mtime_ns}"


def nothing_kept(root: Path) -> bool:
    """Whether a project was never looked at from here."""
    return not any((root / FOLDER).glob("*.json"))


def kept(folder: Path, key: str, root: Path) -> dict[str, Any] | None:
    """The answer under a key, if nothing that it was made from has changed since."""
    try:
        answer: dict[str, Any] = json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
        return answer if dependencies.unchanged(answer["dependencies"], os.path.realpath(root)) else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        _log.warning("the cache entry %s cannot be used: %s", folder / f"{key}.json", error)
        return None


def keep(folder: Path, key: str, answer: Mapping[str, Any]) -> None:
    """Writes an answer beside, then renames: a reader sees all of it or nothing."""
    unfinished = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        descriptor, unfinished = tempfile.mkstemp(prefix=".unfinished-", dir=folder)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(answer, stream)
        os.replace(unfinished, folder / f"{key}.json")
    except OSError as error:
        _log.warning("the models could not be kept for the next time: %s", error)
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
