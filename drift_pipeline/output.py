"""Where results go: standard output, and files that appear whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from drift_pipeline.errors import StoreError


def show(text: str) -> None:
    """Write a result to standard output. A reader that went away (`| head`) does not change how the command ends."""
    try:
        sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # what is still in the buffer would fail again, and end the process with 120, when Python exits
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise StoreError(
            f"the result could not be written to standard output: {error.strerror}", hint="check free space there"
        ) from error


def note(text: str) -> None:
    """Write something that is no result to standard error."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        pass


def require_writable(path: Path) -> None:
    """Raise StoreError if a file could not be written there: better said before a check than after it."""
    target = path.expanduser()
    if target.is_dir():
        raise StoreError(f"cannot write {path}: it is a folder", hint="name a file")
    folder = next((parent for parent in target.absolute().parents if parent.exists()), Path("/"))
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        reason = "is not writable" if folder.is_dir() else "is no folder"
        raise StoreError(f"cannot write {path}: {folder} {reason}", hint="name a file in a folder that can be written")


def write_file(path: Path, text: str) -> None:
    """Write the file whole, or leave what was there: StoreError then. Devices and pipes are written to directly."""
    target = path.expanduser().resolve()
    try:
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, text)
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror}", hint="check free space and permissions there"
        ) from error


def _replace(target: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:50]}-", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        temporary.chmod(mode)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
