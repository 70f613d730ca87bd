"""What a long command is doing, for whoever waits at a terminal: one line on standard error that goes away again.

The use case names its stages (`stage`); whether anybody sees them is decided by the command (`shown`). In a pipe, a CI
job or with --quiet nobody does, and nothing is printed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_tell: ContextVar[Callable[[str, bool], None] | None] = ContextVar("_tell", default=None)


def stage(what: str, *, goes_on: bool = False) -> None:
    """Names what begins now, such as `reading the catalogs of production`. Free where nobody watches.

    `goes_on`: it is the same stage as before in other words, such as `3 of 40 databases read`; its seconds go on.
    """
    tell = _tell.get()
    if tell is not None:
        tell(what, goes_on)


@contextmanager
def shown(*, quiet: bool = False) -> Iterator[None]:
    """Shows the stages inside, with the seconds that the current one has taken, if standard error is a terminal."""
    nobody = not sys.stderr.isatty() or os.environ.get("TERM") == "dumb" or os.environ.get("CI")
    if quiet or nobody or _tell.get() is not None:
        yield
        return
    from rich.console import Console  # noqa: PLC0415 (nobody else needs it on the way)
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = Console(stderr=True, no_color=bool(os.environ.get("NO_COLOR")) or None, highlight=False)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("starting", total=None)

        def tell(what: str, goes_on: bool) -> None:
            if goes_on:
                progress.update(task, description=what, refresh=True)
            else:
                progress.reset(task, description=what)

        token = _tell.set(tell)
        try:
            yield
        finally:
            _tell.reset(token)
