"""The asset of the Alembic history: which revisions there are, and that they can be read.

It stands upstream of every difference, whose causes come from it. A history that is broken stops no check: it is shown
here, and the causes stay unknown.

No `from __future__ import annotations` here: Dagster looks at the annotations of the functions themselves.
"""

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

import drift_pipeline
from drift_pipeline.config import Settings
from drift_pipeline.errors import MigrationError
from drift_pipeline.models.history import Revision, heads, list_revisions
from drift_pipeline.orchestration import metadata
from drift_pipeline.orchestration.alerts import failure_hook
from drift_pipeline.orchestration.assets import MIGRATION_HISTORY
from drift_pipeline.orchestration.commits import commit_of, migration_folders, settings_at
from drift_pipeline.orchestration.failures import could_not_look
from drift_pipeline.orchestration.links import code_references
from drift_pipeline.orchestration.names import MODELS_GROUP
from drift_pipeline.orchestration.resources import DriftResource
from drift_pipeline.orchestration.traits import Traits

READABLE, ONE_HEAD = "history_can_be_read", "history_has_one_head"

CHECK_SPECS = (
    dg.AssetCheckSpec(
        READABLE,
        asset=MIGRATION_HISTORY,
        description="Alembic can read the revisions. Without them the cause of drift stays unknown.",
    ),
    dg.AssetCheckSpec(
        ONE_HEAD,
        asset=MIGRATION_HISTORY,
        description="The revisions end in one head. With several `alembic upgrade head` refuses to run.",
    ),
)


@dataclass(frozen=True)
class History:
    """The revisions, newest first, with the digest of all their files; `problem`: why they could not be read."""

    revisions: tuple[Revision, ...] = ()
    digest: str = ""
    problem: str = ""
    seconds: float = 0.0

    @property
    def heads(self) -> tuple[str, ...]:
        """Ids of the newest revisions."""
        return heads(self.revisions)


def read_history(settings: Settings) -> History:
    """The project's history as it lies there. ConfigError without an alembic.ini."""
    began = time.monotonic()
    try:
        found = list_revisions(settings.models, settings.root)
    except MigrationError as error:
        problem = f"{error.message}; {error.hint}" if error.hint else error.message
        return History(problem=problem, digest=_digest(settings), seconds=time.monotonic() - began)
    return History(found, _digest(settings), "", time.monotonic() - began)


def _digest(settings: Settings) -> str:
    """Of the text of every revision: one that was changed after it was written makes another schema."""
    digest = hashlib.sha256()
    for path in _files(settings.root / folder for folder in migration_folders(settings)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def _files(folders: Iterable[Path]) -> Sequence[Path]:
    # version folders often lie within the script's folder
    return sorted({path.resolve() for folder in folders for path in folder.rglob("*.py")})


def migration_history_asset(traits: Traits) -> dg.AssetsDefinition:
    """The revisions of the project's Alembic history."""

    @dg.asset(
        key=MIGRATION_HISTORY,
        group_name=MODELS_GROUP,
        kinds={"python", "sql"},
        owners=traits.owners,
        code_version=drift_pipeline.__version__,
        hooks={failure_hook(MODELS_GROUP)},
        check_specs=CHECK_SPECS,
        metadata=traits.code,
        description="The revisions of the project's Alembic history. The schema that they make at their head tells a "
        "migration that was not applied from a change that somebody made by hand.",
    )
    def migration_history(context: dg.AssetExecutionContext, drift: DriftResource) -> dg.MaterializeResult:  # type: ignore[type-arg]  # with a parameter, Dagster expects one output alone
        commit = commit_of(context.run.tags)
        with could_not_look("models"):
            own = drift.settings()
            with settings_at(own, commit, Path(context.instance.storage_directory())) as settings:
                history = read_history(settings)
                places = _places(history, settings)
        if history.problem:
            context.log.warning("the history cannot be read: %s", history.problem)
        return dg.MaterializeResult(
            metadata={
                **metadata.of_history(history.revisions, history.heads, history.problem, history.seconds),
                **code_references(places, own.root, traits.website_at(commit)),
            },
            data_version=dg.DataVersion(f"{history.digest}{hashlib.sha256(history.problem.encode()).hexdigest()[:8]}"),
            check_results=_check_results(history),
        )

    return migration_history


def _places(history: History, settings: Settings) -> list[str]:
    """The files of the newest revisions, relative to the settings."""
    folder = Path(settings.models.alembic).parent
    return [(folder / revision.path).as_posix() for revision in history.revisions[: metadata.MAX_ROWS] if revision.path]


def _check_results(history: History) -> list[dg.AssetCheckResult]:
    return [
        dg.AssetCheckResult(
            asset_key=MIGRATION_HISTORY,
            check_name=READABLE,
            passed=not history.problem,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"problem": history.problem or "none"},
        ),
        dg.AssetCheckResult(
            asset_key=MIGRATION_HISTORY,
            check_name=ONE_HEAD,
            passed=len(history.heads) <= 1,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"heads": len(history.heads)},
        ),
    ]
