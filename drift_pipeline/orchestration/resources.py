"""What the assets need from outside: the settings, and the place for artifacts."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

from drift_pipeline.config import Settings, load_settings
from drift_pipeline.history.store import ArtifactStore


def project_root() -> Path | None:
    """Where Dagster was told that the checked project lies, if it was."""
    root = os.environ.get("DRIFT_ROOT", "")
    return Path(root) if root else None


class DriftResource(dg.ConfigurableResource["DriftResource"]):
    """The project that is checked.

    `root`: the folder of its drift.toml; empty: $DRIFT_ROOT, else found from the working folder.
    `artifacts`: where artifacts are kept; empty: as the settings say. Neither holds a credential: those are read from
    the environment when a database is connected to, so that none is ever part of a run's configuration.
    """

    root: str = ""
    artifacts: str = ""

    def settings(self) -> Settings:
        """The settings as they are now. ConfigError if they cannot be read."""
        return load_settings(Path(self.root) if self.root else project_root())

    def store(self, settings: Settings) -> ArtifactStore:
        """The artifact store. StoreError if it cannot be opened."""
        return ArtifactStore(self.artifacts or settings.artifacts, base=settings.root)
