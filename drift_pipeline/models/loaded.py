"""The words of loading: what the models declare, as DDL that create_all would send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from drift_pipeline.models.faults import ModelFault, Subject


@dataclass(frozen=True)
class ModelStatement:
    """One statement of create_all.

    `what`: its object, such as `index public.ix_orders_total`. `location`: file and line of the declaration, or "".
    `kind`: schema, type, sequence, table, index, constraint, comment, view; `before` and `after` for DDL events.
    """

    sql: str
    what: str
    location: str = ""
    kind: str = "after"
    subject: Subject | None = None


@dataclass(frozen=True)
class LoadedModels:
    """The declared MetaData of one application at one moment.

    `tables`, `columns`: locations by `schema.table` and `schema.table.column`, names as stored. `schemas`: those that
    the tables lie in. `source`: what the settings call the models. `faults`: what could not even be written as DDL.
    """

    statements: tuple[ModelStatement, ...]
    tables: Mapping[str, str]
    columns: Mapping[str, str]
    schemas: tuple[str, ...]
    source: str
    fingerprint: str
    faults: tuple[ModelFault, ...] = ()
    version_tables: tuple[str, ...] = ()
    """`schema.table` of each Alembic version table that env.py names; empty where the models come from targets."""
    include_schemas: bool = False
    """Whether env.py compares further schemas than the default one."""
    filters: bool = False
    """Whether env.py leaves objects out by functions; `filters.left_out` asks them."""
    unfinished: str = ""
    """What stopped env.py before it told its options; its `target_metadata` was taken, by that name."""
    sqlalchemy: str = ""
    """The version of SQLAlchemy in the application's own environment."""
    cached: bool = field(default=False, compare=False)
    """Whether the answer was kept from before, and no process was started."""
    files: tuple[str, ...] = field(default=(), compare=False)
    """The files that were read, relative to the root: a commit that touches none of them changes no models."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the report should know about how the models were found."""
        if not self.unfinished:
            return ()
        return (
            f"the env.py of {self.source} stopped before it told its options ({self.unfinished}): its target_metadata "
            "was taken, and its include_name and include_object where they have these names",
        )


MOST_NAMED = 5


def few(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """Names as a sentence can hold them: of a long list the first three, and how many more there are."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:3])} and {len(names) - 3} more"
