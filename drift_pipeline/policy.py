"""What a project decided about its findings: levels of rules, waivers, and which unknown objects may be dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from drift_pipeline.config import Settings
from drift_pipeline.errors import ConfigError
from drift_pipeline.judge.findings import Finding
from drift_pipeline.judge.rules.levels import AS_IN_THE_TABLES, Levels, checked_levels
from drift_pipeline.judge.waivers import Waiver, apply_waivers
from drift_pipeline.waivers_file import read_waivers


@dataclass(frozen=True)
class Policy:
    """Levels that differ from the tables', by rule; waivers."""

    levels: Levels = field(default_factory=lambda: AS_IN_THE_TABLES)
    waivers: tuple[Waiver, ...] = ()

    def accept(self, findings: Sequence[Finding], environment: str) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        """The findings with the waivers applied, as of today in UTC, and notes on the waivers."""
        return apply_waivers(findings, self.waivers, environment, datetime.now(UTC).date())


def policy_of(settings: Settings) -> Policy:
    """What the project's files say. ConfigError that names the entry that is wrong: known before anything is read."""
    where = Path(settings.source).name if settings.source else "settings"
    try:
        levels = checked_levels(settings.rules)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error.message}", hint=error.hint) from error
    return Policy(levels, read_waivers(settings.root, settings.environments))
