"""Fixtures of the models' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.models.applications import Application


@pytest.fixture
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Application:
    """An empty application; nothing of the tests' own folder is on its path."""
    for name in ("DATABASE_URL", "DRIFT_SCRATCH_URL"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "application"
    root.mkdir()
    return Application(root)
