"""Files appear whole or not at all."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from drift_pipeline.errors import StoreError
from drift_pipeline.output import require_writable, write_file


def test_a_file_is_replaced_whole_and_nothing_else_stays(tmp_path: Path) -> None:
    target = tmp_path / "new" / "report.json"

    write_file(target, "first ✓")
    write_file(target, "second")

    assert target.read_text() == "second"
    assert [path.name for path in target.parent.iterdir()] == ["report.json"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~_umask()


def test_a_link_is_followed_and_its_targets_mode_kept(tmp_path: Path) -> None:
    target, link = tmp_path / "report.json", tmp_path / "link.json"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)

    write_file(link, "new")

    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()

    write_file(pipe, "text")
    reader.join(timeout=10)

    assert got == ["text"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_what_cannot_be_written_keeps_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")

    for target in (tmp_path / "file" / "below.json", tmp_path):
        with pytest.raises(StoreError):
            write_file(target, "new")
        with pytest.raises(StoreError):
            require_writable(target)

    assert (tmp_path / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
