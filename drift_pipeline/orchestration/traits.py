"""What all assets have in common, as the settings say it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import dagster as dg

from drift_pipeline.commit import Commit
from drift_pipeline.config import Settings
from drift_pipeline.orchestration.links import Website, code_references, model_files, website_of


@dataclass(frozen=True)
class Traits:
    """`owners`: as Dagster takes them. `history`: an Alembic history is configured. `silence_hours`: from when on an
    environment that was not checked is late. `website`: where the checkout's files can be read, if anywhere. `code`:
    metadata that refers to the models' code.
    """

    owners: tuple[str, ...] = ()
    history: bool = False
    silence_hours: float = 26.0
    website: Website | None = None
    code: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings | None) -> Traits:
        """Those of the settings; the defaults where they cannot be read."""
        if settings is None:
            return cls()
        website = website_of(settings.root)
        return cls(
            owners=settings.owners,
            history=bool(settings.models.alembic),
            silence_hours=settings.schedule.silence_hours,
            website=website,
            code=dict(code_references(model_files(settings), settings.root, website)),
        )

    def website_at(self, commit: Commit | None) -> Website | None:
        """The website, as it was at this commit; as it is checked out without one."""
        return replace(self.website, commit=commit.sha) if self.website and commit else self.website

    @property
    def freshness(self) -> dg.FreshnessPolicy:
        """A check a day, with room for a slow night: what is older is shown as overdue."""
        return dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=max(self.silence_hours, 1 / 30)))


PLAIN = Traits()
"""Where nothing is known of the settings."""
