"""The revision of the migration asset."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from drift_pipeline.plan.revisions.body import revision_body
from drift_pipeline.plan.revisions.guards import Guard
from drift_pipeline.report.report import Report

FILE_NAME = "migration.py"

_TEMPLATE = '''\
"""repair schema drift

Put this file into the folder of your revisions and set down_revision to your head (`alembic heads`).
It was written from two schemas: live {live}, models {models}.
"""

from alembic import op

revision = "{revision}"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    {upgrade}
'''


@dataclass(frozen=True)
class Migration:
    """What mends an environment. Empty text and revision: nothing needs mending."""

    file_name: str
    revision: str = ""
    text: str = ""


def migration_of(report: Report) -> Migration:
    """The migration for this report; its revision follows from both fingerprints and the SQL, and from nothing else."""
    if not report.plan.statements:
        return Migration(FILE_NAME)
    context = report.context
    identity = "\0".join((context.live_fingerprint, context.model_fingerprint, report.plan.sql))
    revision = hashlib.sha256(identity.encode()).hexdigest()[:12]
    titles = [Guard(finding.difference.key, finding.title) for finding in report.findings]
    text = _TEMPLATE.format(
        revision=revision,
        live=context.live_fingerprint,
        models=context.model_fingerprint,
        upgrade=revision_body(report.plan.statements, titles),
    )
    return Migration(FILE_NAME, revision, text)
