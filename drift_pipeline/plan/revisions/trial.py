"""The proof of a revision: Alembic runs the file on every database that it is for, and the facts decide."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.differences import Difference
from drift_pipeline.errors import MigrationError
from drift_pipeline.plan.ground import Ground, State, all_ids
from drift_pipeline.plan.revisions.base import without_owners
from drift_pipeline.plan.revisions.beside import Beside
from drift_pipeline.plan.revisions.choice import Chosen, changed_twice
from drift_pipeline.plan.revisions.runner import AlembicRunner
from drift_pipeline.plan.revisions.words import Drifted, MadeRevision
from drift_pipeline.plan.sandbox import Sandbox
from drift_pipeline.schema.facts import Schema


@dataclass(frozen=True)
class Trial:
    """What a revision is tried on: `box`, which is as `base` says, and `history`, a database that the migrations made
    from nothing, `at_head` as it is compared. Copies of both are used, never they themselves. `second`: runs beside
    `runner` what that one wrote. `beside`: what `box` has besides."""

    ground: Ground
    box: Sandbox
    base: State
    runner: AlembicRunner
    drifted: Drifted
    second: AlembicRunner
    history: Database
    at_head: Schema
    beside: Beside | None = None

    def prove(self, made: MadeRevision, chosen: Chosen) -> None:
        """On a copy of the base, up must lead to the models; on the history from nothing as well, as far as it did
        before. Down must lead back on both, if the project writes downgrades. Both run at once. MigrationError.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="history") as pool:
            anew = pool.submit(self._on_the_history, made, chosen)
            try:
                self._on_the_base(made, chosen)
            finally:
                problem = anew.exception()
            if problem is not None:
                raise problem

    def _on_the_base(self, made: MadeRevision, chosen: Chosen) -> None:
        environment, models = self.drifted.environment, self.drifted.models
        with self.ground.copy(self.box.name, "revision") as copy:
            self.runner.upgrade(copy.worker, made.revision)
            reached = self.ground.read(copy, self.base).inside
            failure = f"{environment}: upgrade() does not lead to the models"
            _none_beyond(self._left(copy, reached, models), chosen.withheld, failure)
            if not made.reversible:
                return
            self.runner.downgrade(copy.worker, _below(made))
            reached = without_owners(self.ground.read(copy, self.base).inside)
            failure = f"{environment}: downgrade() does not lead back"
            _none_beyond(self._left(copy, reached, self.base.inside), (), failure)

    def _on_the_history(self, made: MadeRevision, chosen: Chosen) -> None:
        """From nothing to the new head: nothing may fail there, nor differ more than before."""
        environment, models = self.drifted.environment, self.drifted.models
        with self.ground.copy(self.history.parameters["dbname"], "history") as copy:
            self.second.upgrade(copy.admin, made.revision)
            left = self._left(copy, self.ground.read(copy).inside, models)
            before: tuple[Difference, ...] = ()
            if left:
                before = diff_schemas(
                    self.at_head, models, planes=self.drifted.planes, exact=self.drifted.exact
                ).differences
            failure = f"{environment}: on a database made anew, the history does not lead to the models any more"
            _none_beyond(left, before, failure)
            if not made.reversible:
                return
            self.second.downgrade(copy.admin, _below(made))
            reached = self.ground.read(copy).inside
            failure = f"{environment}: on a database made anew, downgrade() does not lead back"
            twice = changed_twice(self.at_head, self.base.inside, models, chosen.wanted)
            _none_beyond(self._left(copy, reached, self.at_head), twice, failure)

    def _left(self, copy: Sandbox, reached: Schema, goal: Schema) -> list[Difference]:
        """What differs; texts that the live server prints otherwise are printed by the copy's."""
        return replace(self.ground, tolerated=frozenset()).differences(copy, reached, goal)


def _below(made: MadeRevision) -> str:
    """What to go back to; a number of steps would be ambiguous where the history has several heads."""
    return made.parents[0] if made.parents else "base"


def _none_beyond(left: Sequence[Difference], withheld: Sequence[Difference], failure: str) -> None:
    allowed = all_ids(withheld)
    wrong = [each for each in left if not all_ids([each]) & allowed]
    if wrong:
        raise MigrationError(
            f"{failure}: {wrong[0].id} stays different, and {len(wrong) - 1} more",
            hint="nothing was written; schema-diff.sql holds every statement. Please report it with both snapshots",
        )
