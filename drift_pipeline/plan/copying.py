"""The copy for a proof, made in a thread of its own: it takes long, and much can be thought out meanwhile."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from drift_pipeline.config import Database
from drift_pipeline.plan.ground import Ground
from drift_pipeline.plan.sandbox import Sandbox, prepared
from drift_pipeline.schema.rereading import Marks
from drift_pipeline.scratch.server import ScratchServer


class Copying:
    """A copy of a scratch database, under way from the moment when the block begins, and gone when it ends.

    Nobody may be connected to the original until the copy is there.
    """

    def __init__(self, server: ScratchServer, original: Database) -> None:
        self._server = server
        self._original = original
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._beside = self._stack.enter_context(ThreadPoolExecutor(1))
        self._copy: Future[Database] = self._beside.submit(self._make)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._beside.shutdown()  # what is still being made would not be dropped otherwise
        self._stack.close()

    def prepare(self, ground: Ground, *, marked: bool = True) -> None:
        """From here on the copy is made a sandbox of this ground, and its marks are read if they are wanted."""
        self._box: Future[Sandbox] = self._beside.submit(
            lambda: prepared(self._server, ground.roles, self._copy.result())
        )
        if marked:
            self._marks: Future[Marks] = self._beside.submit(lambda: ground.marks(self._box.result()))

    def box(self) -> Sandbox:
        """The sandbox, once it is there. Raises what kept it from being made, ScratchError for one."""
        return self._box.result()

    def marks(self) -> Marks:
        """Its marks, as they are before anything runs there."""
        return self._marks.result()

    def _make(self) -> Database:
        template = self._original.parameters["dbname"]
        return self._stack.enter_context(self._server.create(template=template, label="proof"))
