"""What an answer depends on: the files that were read, the folders that were listed, the packages installed.

Recorded inside the application's process by an audit hook, checked outside before its answer is used again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

LARGEST_FILE = 4 * 1024 * 1024
"""Files beyond this count by size and time; nobody keeps models in them."""


class Recorder:
    """Notes what is read from the moment it is started. `folders`: where the application's own files lie."""

    def __init__(self, folders: list[str], without: list[str]) -> None:
        self._folders = [os.path.realpath(each) for each in folders]
        self._installed = installed_folders()
        self._without = [os.path.realpath(each) for each in without]
        self._opened: set[str] = set()
        self._listed: set[str] = set()
        self._anyway: list[str] = []
        self._on = False
        self._hooked = False

    def start(self) -> None:
        """An audit hook cannot be removed; it is switched off by `stop`."""
        self._on = True
        if not self._hooked:
            self._hooked = True
            sys.addaudithook(self._notice)

    def also(self, folders: list[str]) -> None:
        """Counts what was read there as the application's own, wherever that lies: a history inside a package, say."""
        self._anyway = [os.path.realpath(each) for each in folders]

    def stop(self) -> None:
        self._on = False

    def _notice(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on:
            return
        if event == "open":
            path, mode, flags = arguments
            reads = mode in ("r", "rb", "rt") if mode else not (flags or 0) & (os.O_WRONLY | os.O_RDWR)
            if reads and isinstance(path, (str, bytes, os.PathLike)):
                self._opened.add(os.path.abspath(_source_of(os.fsdecode(path))))
        elif event in ("os.listdir", "os.scandir"):
            path = arguments[0]
            if path is None or isinstance(path, (str, bytes, os.PathLike)):
                self._listed.add(os.path.abspath(os.fsdecode(path or ".")))

    def recorded(self, root: str) -> dict[str, Any]:
        """Files and folders with digests, names relative to `root` where they lie below it."""
        self.stop()
        modules = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
        files = {os.path.abspath(each) for each in modules if isinstance(each, str)}
        files = {each for each in files if self._is_own(each, anywhere=True)}
        files |= {each for each in self._opened if self._is_own(each) and not each.endswith((".pyc", ".pyo"))}
        folders = {each for each in self._listed if self._is_own(each)}
        return {
            "files": {_short(each, root): digest_of_file(each) for each in sorted(files)},
            "folders": {_short(each, root): digest_of_folder(each) for each in sorted(folders)},
            "installed": {each: changed_at(each) for each in sorted(self._installed) if os.path.isdir(each)},
        }

    def _is_own(self, path: str, anywhere: bool = False) -> bool:
        real = os.path.realpath(path)
        if _is_below(real, self._anyway) and "__pycache__" not in real:
            return True
        if _is_below(real, self._without) or _is_below(real, self._installed) or "__pycache__" in real:
            return False
        return anywhere or _is_below(real, self._folders)


def installed_folders() -> list[str]:
    """Where the interpreter and its packages lie; their files change with an installation, never by themselves."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    found = {os.path.realpath(sysconfig.get_path(name)) for name in names}
    found |= {os.path.realpath(each) for each in sys.path if each.endswith(("site-packages", "dist-packages"))}
    return sorted(found)


def digest_of_file(path: str) -> str:
    """A digest of what a file holds; empty where it does not exist."""
    try:
        status = os.stat(path)
        if status.st_size > LARGEST_FILE:
            return f"{status.st_size}:{status.st_mtime_ns}"
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


def digest_of_folder(path: str) -> str:
    """A digest of the modules and folders in a folder: a new one may be a model that nobody imported before."""
    try:
        with os.scandir(path) as entries:
            names = sorted(
                each.name
                for each in entries
                if not each.name.startswith((".", "__pycache__")) and (each.name.endswith(".py") or each.is_dir())
            )
    except OSError:
        return ""
    return hashlib.sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def changed_at(path: str) -> int:
    """When something was last put into or taken out of a folder, in nanoseconds; 0 where there is none."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def unchanged(recorded: dict[str, Any], root: str) -> bool:
    """Whether everything that was recorded is as it was."""
    return (
        all(digest_of_file(os.path.join(root, path)) == digest for path, digest in recorded["files"].items())
        and all(digest_of_folder(os.path.join(root, path)) == digest for path, digest in recorded["folders"].items())
        and all(changed_at(path) == moment for path, moment in recorded["installed"].items())
    )


def _source_of(path: str) -> str:
    """Of compiled code its source: Python opens only the one where it is newer than the other."""
    if path.endswith(".pyc"):
        try:
            return importlib.util.source_from_cache(path)
        except ValueError:
            return path
    return path


def _is_below(path: str, folders: list[str]) -> bool:
    return any(path == each or path.startswith(each.rstrip(os.sep) + os.sep) for each in folders)


def _short(path: str, root: str) -> str:
    return os.path.relpath(path, root) if _is_below(path, [root]) else path
