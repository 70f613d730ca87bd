"""What the project's Alembic history says about one live database: what is pending, and the schemas on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from drift_pipeline.config import ModelSettings
from drift_pipeline.models.history import Revision, heads, list_revisions, pending, schema_at
from drift_pipeline.schema.facts import Schema
from drift_pipeline.scratch.server import ScratchServer


@dataclass(frozen=True)
class HistoryState:
    """The history around one database. `current`: its revisions; `pending`: what it lacks, oldest first.

    `at_current`, `at_head`: the schemas that the migrations make up to there.
    """

    current: tuple[str, ...]
    heads: tuple[str, ...]
    pending: tuple[Revision, ...]
    at_current: Schema
    at_head: Schema


def history_state(
    models: ModelSettings,
    root: Path,
    server: ScratchServer,
    current: tuple[str, ...],
    *,
    default_schema: str = "public",
    extensions: Mapping[str, str],
) -> HistoryState:
    """Runs the migrations on scratch up to `current` and up to the heads; both are kept until a file of them changes.

    Raises ConfigError, MigrationError (a revision that is not in the scripts, migrations that fail), ScratchError.
    """
    revisions = list_revisions(models, root)
    waiting = pending(revisions, current)

    def at(to: tuple[str, ...]) -> Schema:
        return schema_at(models, root, server, to, default_schema=default_schema, extensions=extensions)

    newest = at(("heads",))
    return HistoryState(current, heads(revisions), waiting, at(current or ("base",)) if waiting else newest, newest)
