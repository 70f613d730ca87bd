"""The proof of a revision: Alembic runs the file on every database that it is for, and the facts decide."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.differences import Difference
from drift_pipeline.errors import MigrationError
from drift_pipeline.models.history import history_database
from drift_pipeline.plan.ground import Ground, State, all_ids
from drift_pipeline.plan.revisions.runner import AlembicRunner, alembic_runner
from drift_pipeline.plan.revisions.words import Drifted, MadeRevision, Project
from drift_pipeline.plan.sandbox import Sandbox
from drift_pipeline.schema.facts import Schema


def prove(
    ground: Ground,
    box: Sandbox,
    runner: AlembicRunner,
    project: Project,
    drifted: Drifted,
    *,
    made: MadeRevision,
    base: State,
) -> None:
    """On a copy of the base (`box`), up must lead to the models and down back; on a history from nothing, up to the
    models as far as the history itself does. Both at the same time. MigrationError.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="history") as pool:
        anew = pool.submit(_prove_anew, ground, project, drifted, runner.folder)
        try:
            _prove_there_and_back(ground, box, runner, drifted, made=made, base=base)
        finally:
            problem = anew.exception()
        if problem is not None:
            raise problem


def _prove_there_and_back(
    ground: Ground, box: Sandbox, runner: AlembicRunner, drifted: Drifted, *, made: MadeRevision, base: State
) -> None:
    with ground.copy(box.name, "revision") as copy:
        runner.upgrade(copy.worker, made.revision)
        failure = f"{drifted.environment}: upgrade() does not lead to the models"
        _must_equal(ground.read(copy, base).inside, drifted, made.withheld, failure)
        runner.downgrade(copy.worker, "-1")
        failure = f"{drifted.environment}: downgrade() does not lead back"
        _must_equal(ground.read(copy, base).inside, replace(drifted, models=base.inside), (), failure)


def _prove_anew(ground: Ground, project: Project, drifted: Drifted, folder: Path) -> None:
    """From nothing to the new head: nothing may fail there, nor differ more than before."""
    with (
        history_database(
            project.models,
            project.root,
            ground.server,
            default_schema=drifted.default_schema,
            extensions=drifted.extensions,
        ) as (template, at_head),
        ground.copy(template.parameters["dbname"], "history") as copy,
        alembic_runner(project, folder) as runner,
    ):
        runner.upgrade(copy.admin, "heads")
        left = _left(ground.read(copy).inside, drifted)
    if not left:
        return
    before = _left(ground.scope(at_head), drifted)
    failure = f"{drifted.environment}: on a database made anew, the history does not lead to the models any more"
    _none_beyond(left, before, failure)


def _must_equal(reached: Schema, drifted: Drifted, withheld: Sequence[Difference], failure: str) -> None:
    _none_beyond(_left(reached, drifted), withheld, failure)


def _none_beyond(left: Sequence[Difference], withheld: Sequence[Difference], failure: str) -> None:
    allowed = all_ids(withheld)
    wrong = [each for each in left if not all_ids([each]) & allowed]
    if wrong:
        raise MigrationError(
            f"{failure}: {wrong[0].id} stays different, and {len(wrong) - 1} more",
            hint="nothing was written; schema-diff.sql holds every statement. Please report it with both snapshots",
        )


def _left(reached: Schema, drifted: Drifted) -> tuple[Difference, ...]:
    return diff_schemas(reached, drifted.models, planes=drifted.planes, exact=drifted.exact).differences
