"""What can be done beside something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from drift_pipeline.config import Settings
from drift_pipeline.desired import BuiltModels
from drift_pipeline.models import subprocesses
from drift_pipeline.models.cache import nothing_kept
from drift_pipeline.plan.engines import NATIVE, engine_named
from drift_pipeline.plan.engines.process import make_ready

Result = TypeVar("Result")


@contextmanager
def meanwhile(work: Callable[[], Result], *, beside: bool = True) -> Iterator[Callable[[], Result]]:
    """Does the work while the block runs; what is yielded waits for its result. Not `beside`: it is done before."""
    if not beside:
        result = work()
        yield lambda: result
        return
    with ThreadPoolExecutor(1, thread_name_prefix="meanwhile") as pool:
        yield pool.submit(work).result


def all_ready(settings: Settings) -> None:
    """Lets everything that a first check asks import while others work; does nothing where answers were kept."""
    if nothing_kept(settings.root):
        subprocesses.make_ready(settings.models, settings.root)
        _import_engines(settings)


def engines_ready(settings: Settings, built: BuiltModels) -> None:
    """Lets the engines import while others work, where nothing is at hand yet: a plan may have to be made soon."""
    if built.fresh:
        _import_engines(settings)


def _import_engines(settings: Settings) -> None:
    for engine in settings.engines:
        if engine != NATIVE:
            make_ready(engine_named(engine))
