"""An engine that is asked as soon as the copy is what live is, while that is still being proven."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Self

from drift_pipeline.config import Database
from drift_pipeline.errors import EngineError
from drift_pipeline.plan.engines import NATIVE, engine_named
from drift_pipeline.plan.engines.process import run_engine


class Early:
    """The first of the engines, asked about `source` and `target` after the first statements ran in `source`.

    When more have to run there, its answer is about something that is no more, and is thrown away.
    """

    def __init__(self, engines: tuple[str, ...], source: Database, target: Database, timeout: float) -> None:
        self._engine = next((engine for engine in engines if engine != NATIVE), "")
        self._source, self._target, self._timeout = source, target, timeout
        self._rounds = 0
        self._answer: Future[list[str]] | None = None

    def __enter__(self) -> Self:
        self._beside = ThreadPoolExecutor(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._beside.shutdown()

    def before(self) -> None:
        """Statements are about to run: nobody may be reading then."""
        if self._answer is not None:
            with suppress(EngineError):
                self._answer.result()
            self._answer = None

    def after(self) -> None:
        """Statements ran."""
        self._rounds += 1
        if self._rounds == 1 and self._engine:
            self._answer = self._beside.submit(
                run_engine, engine_named(self._engine), self._source, self._target, timeout=self._timeout
            )

    def proposals(self, engine: str) -> list[str] | None:
        """What this engine proposed; None if it has to be asked now. Raises EngineError as `run_engine` does."""
        if engine != self._engine or self._answer is None:
            return None
        answer, self._answer = self._answer, None
        return answer.result()
