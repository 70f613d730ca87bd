"""What the project's env.py leaves out of comparisons: its `include_name` and `include_object`, asked by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from drift_pipeline.config import ModelSettings
from drift_pipeline.models.loader import alembic_file, answer_of
from drift_pipeline.schema.facts import FactId

# the kinds that Alembic asks its filters about; a table takes everything of it along
KINDS = ("schema", "table", "foreign_table", "view", "materialized_view", "column", "index", "unique", "foreign_key")


@dataclass(frozen=True)
class LeftOut:
    """`facts`: ids, live or declared, that env.py leaves out. `unanswered`: questions that made its functions fail."""

    facts: frozenset[FactId]
    unanswered: int = 0


def left_out(
    models: ModelSettings,
    root: Path,
    live: Iterable[FactId],
    *,
    default_schema: str = "public",
    cache: Path | None = None,
) -> LeftOut:
    """Asks env.py about the live facts and about the models' own. Raises ConfigError, ModelsError.

    Nothing is asked twice for the same names and files.
    """
    names = sorted([each.kind, list(each.name)] for each in live if each.kind in KINDS)
    request = {
        "mode": "alembic",
        "alembic": str(alembic_file(models, root)),
        "names": names,
        "default_schema": default_schema,
    }
    answer, _ = answer_of(request, models, root, cache)
    facts = frozenset(FactId(kind, tuple(parts)) for kind, parts in answer["excluded"])
    return LeftOut(facts, answer["unanswered"])
