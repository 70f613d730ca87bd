"""An engine that is asked before the copy was proven to be what live is: it takes long, and mostly the copy is.

It gets a copy of its own, on which the same statements ran. Only if the first copy then proves to be live, and these
very statements were all that it took, the answer counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from drift_pipeline.config import Database
from drift_pipeline.errors import EngineError
from drift_pipeline.plan.copying import Copying
from drift_pipeline.plan.engines import engine_named
from drift_pipeline.plan.engines.process import run_engine
from drift_pipeline.plan.ground import Ground
from drift_pipeline.plan.proof import Leg, perform
from drift_pipeline.plan.sandbox import Sandbox
from drift_pipeline.plan.statements import Statement


class Early:
    """`engine`, asked what turns `copy` into `target` as soon as `statements` ran there; for the time of the block."""

    def __init__(
        self, ground: Ground, engine: str, copy: Copying, statements: Sequence[Statement], target: Database
    ) -> None:
        self._ground = ground
        self._engine = engine
        self._copy = copy
        self._statements = statements
        self._target = target

    def __enter__(self) -> Self:
        self._beside = ThreadPoolExecutor(1)
        self._ran: Future[list[str]] = self._beside.submit(self._run)
        self._answer: Future[list[str]] = self._beside.submit(self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._beside.shutdown(cancel_futures=True)

    @property
    def box(self) -> Sandbox:
        """The engine's copy."""
        return self._copy.box()

    def stands_where(self, down: Leg) -> bool:
        """Whether its copy is what the other one is after `down`."""
        return not down.open and [each.sql for each in down.kept] == self._ran.result()

    def start(self, start: Leg) -> Leg:
        """Where its copy begins, if the other one begins at `start`: at the same facts, in rows of its own."""
        assert start.state.reading is not None  # noqa: S101 - whoever comes here has read a copy
        reading = replace(start.state.reading, marks=self._ground.marks(self.box))
        return Leg(replace(start.state, reading=reading), list(start.open))

    def proposals(self, engine: str) -> list[str] | None:
        """What this engine proposed; None if it has not been asked. Raises EngineError as `run_engine` does."""
        return self._answer.result() if engine == self._engine else None

    def forget(self) -> None:
        """The answer is about something else: wait until nobody reads any more."""
        with suppress(EngineError):
            self._answer.result()

    def _run(self) -> list[str]:
        return [each.sql for each in perform(self.box, self._statements, measure=False).kept]

    def _ask(self) -> list[str]:
        timeout = self._ground.engine_timeout
        return run_engine(engine_named(self._engine), self.box.admin, self._target, timeout=timeout)
