"""The command that keeps the store of artifacts small."""
# ruff: noqa: PLC0415  (imports inside of functions: `drift --help` needs none of them)

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command(
    short_help="Remove the artifacts of old checks.", epilog="Exit codes: 0 removed, 3 the store could not be used."
)
@click.option("--days", type=click.IntRange(min=1), metavar="N", help="Older than this; default: as the settings say.")
@click.option("--artifacts", metavar="DIR", help="Folder or URL where reports are kept.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", help="drift.toml to use.")
@click.option("--debug", is_flag=True, help="Show tracebacks, and what is logged.")
@click.pass_obj
def prune(secrets: set[str], /, days: int | None, **options: Any) -> int:
    """Remove the artifacts of old checks, of every environment.

    What ages and trends are made of stays, and so does what the newest check of each environment left.
    """
    from datetime import UTC, datetime

    from drift_pipeline.command_steps import settings_of
    from drift_pipeline.history.retention import prune_artifacts
    from drift_pipeline.history.store import ArtifactStore
    from drift_pipeline.output import show

    settings = settings_of(secrets, options)
    days = settings.retention.artifacts if days is None else days
    store = ArtifactStore(settings.artifacts, base=settings.root)
    pruned = prune_artifacts(store, days=days, now=datetime.now(UTC))
    if days:
        checks = "check" if pruned.removed == 1 else "checks"
        show(f"artifacts of {pruned.removed} {checks} removed, of {pruned.left} kept")
    else:
        show("nothing removed: retention.artifacts is 0, which is for ever")
    return 0
