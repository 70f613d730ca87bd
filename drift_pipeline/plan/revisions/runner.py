"""The project's own Alembic, in one process for everything that one revision needs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drift_pipeline.config import Database
from drift_pipeline.models.history import Revision, revisions_in
from drift_pipeline.models.loader import alembic_file
from drift_pipeline.models.subprocesses import Conversation, conversation
from drift_pipeline.plan.revisions.words import Project


@dataclass(frozen=True)
class AlembicRunner:
    """`folder`: where the new revision lies until it was proven; Alembic finds the revisions there, too."""

    project: Project
    folder: Path
    _talk: Conversation

    def revisions(self) -> tuple[Revision, ...]:
        """Every revision, those in the folder included, newest first. MigrationError."""
        return revisions_in(self._ask("revisions"))

    def upgrade(self, database: Database, to: str) -> None:
        """Runs the migrations on a scratch database up to a revision. MigrationError."""
        self._ask("upgrade", to=[to], allowed=dict(database.parameters))

    def downgrade(self, database: Database, to: str) -> None:
        """The same down to a revision, or by a number of them. MigrationError."""
        self._ask("downgrade", to=[to], allowed=dict(database.parameters))

    def operations_as_sql(self, sources: list[str]) -> list[list[str]]:
        """The statements that each operation makes, none where this Alembic cannot. MigrationError."""
        made: list[list[str]] = self._ask("operations", sources=sources)["statements"]
        return made

    def write(self, **content: Any) -> Mapping[str, Any]:
        """Writes a revision by the project's template. MigrationError."""
        return self._ask("write", **content)

    def _ask(self, mode: str, **request: Any) -> Mapping[str, Any]:
        path = alembic_file(self.project.models, self.project.root)
        return self._talk.ask({"mode": mode, "alembic": str(path), "versions": str(self.folder), **request})


@contextmanager
def alembic_runner(project: Project, folder: Path | None = None) -> Iterator[AlembicRunner]:
    """A process with Alembic for the time of the block. `folder`: of another runner, to run beside it what it wrote."""
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(_folder_in(project.root)))
        yield AlembicRunner(project, folder, stack.enter_context(conversation(project.models, project.root)))


def _folder_in(root: Path) -> tempfile.TemporaryDirectory[str]:
    """Below the project where that is possible: formatters look for their settings in the folders above the file."""
    home = root / ".drift"
    try:
        home.mkdir(exist_ok=True)
        return tempfile.TemporaryDirectory(prefix="revision-", dir=home)
    except OSError:
        return tempfile.TemporaryDirectory(prefix="drift-revision-")
