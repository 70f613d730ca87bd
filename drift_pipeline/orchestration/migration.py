"""The revision of the migration asset."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from drift_pipeline.report.report import Report

FILE_NAME = "migration.sql"


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
    return Migration(FILE_NAME, revision, f"-- revision {revision}\n{report.plan.sql}")
