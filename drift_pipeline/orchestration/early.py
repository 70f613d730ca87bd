"""What a process that is about to execute a run does while Dagster gets ready for it, which takes half a second."""

from __future__ import annotations

import gc
from collections.abc import Sequence

from drift_pipeline.config import Settings
from drift_pipeline.meanwhile import all_ready

_RUN = (("job", "execute"), ("api", "execute_run"))
"""Subcommands of `dagster`: by hand, and the one that run launchers start."""


def executes_a_run(arguments: Sequence[str]) -> bool:
    """Whether a process with these arguments executes one run and ends; servers of code and schedules do not."""
    return any(tuple(arguments[at : at + 2]) in _RUN for at in range(len(arguments)))


def begin_early(arguments: Sequence[str], settings: Settings | None) -> None:
    """Starts what the first stages will wait for, and lets the collector of garbage pass over all that was imported:
    it would look through Dagster's 300,000 objects several times in a run, 0.1 s each."""
    if settings is None or not executes_a_run(arguments):
        return
    all_ready(settings)
    gc.freeze()
