"""The revision of the migration asset: of the project's own history where it has one, else a file to start from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import drift_pipeline
from drift_pipeline import repair
from drift_pipeline.config import Settings
from drift_pipeline.desired import ModelSchema
from drift_pipeline.errors import MigrationError
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.orchestration.codec import loads
from drift_pipeline.orchestration.commits import migration_folders
from drift_pipeline.plan.revisions.body import revision_body
from drift_pipeline.plan.revisions.guards import Guard
from drift_pipeline.plan.revisions.words import MadeRevision
from drift_pipeline.report.report import Report
from drift_pipeline.stage_values import LiveSchema

MIGRATION = "migration.py"
MEMORY = "migration.json"
"""Beside the revision in the store: what it was made from, so that the same is not made twice."""

_TEMPLATE = '''\
"""repair schema drift

The project names no alembic.ini, so this revision follows none: set down_revision to your head (`alembic heads`).
"""

from alembic import op

revision = "{revision}"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    raise NotImplementedError("name the project's alembic.ini in drift.toml to have the way back written, too")
'''


@dataclass(frozen=True)
class Migration:
    """What mends an environment. `file_name`: as the project's own template has it; `parents`: what it follows.

    `pending`: revisions that are to be applied besides. `withheld`: what it leaves as it is, because data would be
    lost. `problem`: why none could be made, and the next step.
    """

    revision: str = ""
    text: str = ""
    file_name: str = ""
    parents: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    problem: str = ""

    @property
    def status(self) -> str:
        """`written`, `not needed`, or `not possible`."""
        return "not possible" if self.problem else "written" if self.text else "not needed"


@dataclass(frozen=True)
class MadeFrom:
    """A migration and the digest of everything that it was made from."""

    key: str
    migration: Migration


def recall(text: str | None) -> MadeFrom | None:
    """What a check before wrote down, or None where there is nothing that can be read."""
    try:
        return loads(MadeFrom, text) if text else None
    except ValueError:
        return None


def ahead_of(store: ArtifactStore, settings: Settings, environment: str) -> tuple[MadeRevision, ...]:
    """The revisions in the store for the environments that the settings name before this one.

    Each environment's follows those before it, so that a team can put all of them among its own: one line, one head.
    """
    names = list(settings.environments)
    before = names[: names.index(environment)] if environment in names else []
    made = [found.migration for name in before if (found := recall(store.latest(name, MEMORY)))]
    return tuple(MadeRevision(each.revision, each.file_name, each.text, each.parents) for each in made if each.text)


def migration_for(
    settings: Settings,
    models: ModelSchema,
    live: LiveSchema,
    report: Report,
    *,
    earlier: MadeFrom | None = None,
    ahead: Sequence[MadeRevision] = (),
) -> MadeFrom:
    """The migration for this report; the `earlier` one if it was made from the very same.

    `ahead`: revisions for other environments, which it follows.

    That none can be made (several heads, a version table that may not be read) is part of the result: the check itself
    did look. Raises other DriftErrors.
    """
    key = _key(settings, models, live, report, ahead)
    if earlier and earlier.key == key and not earlier.migration.problem:
        return earlier
    if not report.drift_detected:
        return MadeFrom(key, Migration(pending=report.pending))
    if settings.models.alembic:
        return MadeFrom(key, _in_history(settings, models, live, report, ahead))
    made = _without_history(report)
    return MadeFrom(key, made)


def _key(
    settings: Settings, models: ModelSchema, live: LiveSchema, report: Report, ahead: Sequence[MadeRevision]
) -> str:
    digest = hashlib.sha256()
    chosen = (settings.planes, settings.exact, settings.manage, settings.ignore, settings.allow_destructive)
    schemas = (live.schema.fingerprint, models.schema.fingerprint, models.loaded.fingerprint)
    state = (live.revisions, report.drift_detected, report.pending, drift_pipeline.__version__)
    history = (settings.models.alembic, settings.models.branch, settings.models.check_fingerprint)
    others = [(each.revision, each.text) for each in ahead]
    digest.update(repr((schemas, state, chosen, history, others)).encode())
    for folder in migration_folders(settings):
        for path in sorted((settings.root / folder).rglob("*")):
            if path.suffix in (".py", ".mako"):
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def _in_history(
    settings: Settings, models: ModelSchema, live: LiveSchema, report: Report, ahead: Sequence[MadeRevision]
) -> Migration:
    try:
        made = repair.make_migration(settings, models, live, report=report, ahead=ahead)
    except MigrationError as error:
        return Migration(problem=f"{error.message}; {error.hint}" if error.hint else error.message)
    return Migration(
        revision=made.revision,
        text=made.text,
        file_name=made.file_name,
        parents=made.parents,
        pending=made.pending,
        withheld=tuple(str(difference.id) for difference in made.withheld),
    )


def _without_history(report: Report) -> Migration:
    if not report.plan.statements:
        return Migration()
    context = report.context
    identity = "\0".join((context.live_fingerprint, context.model_fingerprint, report.plan.sql))
    revision = hashlib.sha256(identity.encode()).hexdigest()[:12]
    said = [Guard(finding.difference.key, finding.title) for finding in report.findings]
    text = _TEMPLATE.format(revision=revision, upgrade=revision_body(report.plan.statements, said))
    return Migration(revision, text, f"{revision}_repair_schema_drift.py")
