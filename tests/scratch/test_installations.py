"""Which PostgreSQL is chosen: the live server's major where the machine has it, else the embedded one."""

from __future__ import annotations

from pathlib import Path

import pytest

from drift_pipeline.errors import ScratchError
from drift_pipeline.scratch import installations
from drift_pipeline.scratch.installations import Installation, candidates, installation_at


def test_the_embedded_server_is_found_and_is_18() -> None:
    own = installations.embedded()
    assert own is not None
    assert own.major == 18
    assert (own.bin / "pg_dump").is_file()


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [
        (None, ["embedded 18"]),
        (18, ["embedded 18"]),
        (16, ["local 16", "embedded 18", "local 17"]),
        (15, ["embedded 18", "local 17", "local 16"]),
    ],
)
def test_a_local_server_of_the_live_major_comes_before_the_embedded_one(
    monkeypatch: pytest.MonkeyPatch, prefer: int | None, expected: list[str]
) -> None:
    local = [Installation(Path(f"/pg/{major}"), major, "local") for major in (17, 16)]
    monkeypatch.setattr(installations, "embedded", lambda: Installation(Path("/e"), 18, "embedded"))
    monkeypatch.setattr(installations, "local", lambda: iter(local))
    assert [f"{each.origin} {each.major}" for each in candidates(prefer)] == expected


def test_without_any_server_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installations, "embedded", lambda: None)
    monkeypatch.setattr(installations, "local", lambda: iter(()))
    with pytest.raises(ScratchError) as caught:
        candidates(None)
    assert "DRIFT_SCRATCH_URL" in caught.value.hint


def test_folders_without_a_server_or_with_one_that_does_not_run_are_none(tmp_path: Path) -> None:
    assert installation_at(tmp_path, "local") is None
    for program in installations.PROGRAMS:
        (tmp_path / program).write_text("not a program")
    assert installation_at(tmp_path, "local") is None
