"""Work of a later stage, begun while Dagster writes down what came of the stages before: that takes as long.

Only in a process that executes one run. A stage that finds nothing begun (because it runs alone, in another process, or
once more) or that was given something else does its work itself, and so is the same stage.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from drift_pipeline.config import Settings
from drift_pipeline.desired import ModelSchema
from drift_pipeline.orchestration.early import executes_a_run
from drift_pipeline.report import html
from drift_pipeline.stage_values import LiveSchema

AT_ONCE = 2
"""So many stages at most lie there, begun or done, and wait to be asked for."""
MOST_FACTS = 20_000
"""Of a schema: a larger one is not held in memory for longer than its own stage lasts."""

Result = TypeVar("Result")


class Beforehand:
    """What was begun for one run, by the stage and its environment, with all that it was given."""

    def __init__(self, *, works: bool) -> None:
        self._works = works
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="beforehand")
        self._begun: dict[tuple[str, str], tuple[object, Future[Any]]] = {}
        self._models: ModelSchema | None = None

    @property
    def models(self) -> ModelSchema | None:
        """The models as this process built them, if it did."""
        return self._models

    def know(self, models: ModelSchema) -> None:
        """Remembers the models for what is begun later."""
        if self._works and len(models.schema.facts) <= MOST_FACTS:
            self._models = models
            self._pool.submit(html.make_ready)

    def begin(self, stage: str, live: LiveSchema, given: object, work: Callable[[], object]) -> None:
        """Lets a thread do the work of a stage, if there is room. `given`: everything that its result depends on."""
        key = (stage, live.environment)
        if self._works and len(live.schema.facts) <= MOST_FACTS and len(self._begun.keys() - {key}) < AT_ONCE:
            self._begun[key] = given, self._pool.submit(work)

    def result(self, stage: str, environment: str, given: object, work: Callable[[], Result]) -> Result:
        """What came of the work that was begun with the very same; else the work is done now.

        Errors are those of `work`, done now: what failed beforehand may have been a moment's trouble.
        """
        begun_with, future = self._begun.pop((stage, environment), (None, None))
        if future is None or begun_with != given or future.exception() is not None:
            return work()
        result: Result = future.result()
        return result


def given_by(settings: Settings, models: ModelSchema, live: LiveSchema, *more: object) -> object:
    """What the result of a stage depends on: the same values are equal, wherever they were read back from."""
    schemas = (models.schema.fingerprint, models.loaded.fingerprint, live.schema.fingerprint)
    return settings, *schemas, live.environment, live.target, live.revisions, live.statistics, more


BEFOREHAND = Beforehand(works=executes_a_run(sys.argv))
"""Of this process."""
