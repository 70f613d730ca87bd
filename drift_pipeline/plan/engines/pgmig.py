"""pgmig, an extra engine (`drift-pipeline[engines]`); it connects read-only by itself."""

from __future__ import annotations

import pgmig

from drift_pipeline.plan.split import split_statements


def propose(source: str, target: str) -> list[str]:
    """Statements that turn the database at `source` into the one at `target`. Both are only read."""
    return split_statements(str(pgmig.generate(source=source, target=target)))
