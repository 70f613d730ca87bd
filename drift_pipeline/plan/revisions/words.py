"""The words of the writer of revisions: the project, the environment that drifted, the revision that was made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from drift_pipeline.config import Database, ModelSettings
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.differences import Difference, SchemaDiff
from drift_pipeline.schema.facts import FactId, Schema
from drift_pipeline.schema.version_table import LiveRevisions


@dataclass(frozen=True)
class Project:
    """The team's Alembic history: its settings, and the folder that their paths are relative to.

    `ahead`: revisions for other environments that were made and not yet put among the others. What is made next follows
    them, so that all of them can be put there.
    """

    models: ModelSettings
    root: Path
    ahead: tuple[MadeRevision, ...] = ()


@dataclass(frozen=True)
class Drifted:
    """One environment against the models, both as they are compared. `database`: scratch, with the models.

    `told`: what the report says about a difference besides: since when, and its cause. `online`: the repair is wanted
    in steps for a database in use. `whole`: all facts of the live database, what is not compared among them.
    """

    environment: str
    live: Schema
    models: Schema
    database: Database
    revisions: LiveRevisions
    planes: Collection[str] = ("structure",)
    exact: bool = False
    default_schema: str = "public"
    extensions: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[FactId, str] = field(default_factory=dict)
    online: bool = False
    whole: Schema = field(default_factory=lambda: Schema.of(()))

    @property
    def differences(self) -> SchemaDiff:
        """What differs before anything pending is applied."""
        return diff_schemas(self.live, self.models, planes=self.planes, exact=self.exact)


@dataclass(frozen=True)
class MadeRevision:
    """`text` is empty when no revision is needed. `pending`: revisions that are to be applied instead, or before.

    `home`: the folder of the project's revisions, where the file belongs. `withheld`: what it leaves as it is.
    `notes`: what else is to be said, such as a formatter that failed.
    `reversible`: the project's template has a way back.
    """

    revision: str = ""
    file_name: str = ""
    text: str = ""
    parents: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    withheld: tuple[Difference, ...] = ()
    home: Path | None = None
    notes: tuple[str, ...] = ()
    reversible: bool = True
