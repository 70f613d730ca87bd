"""Makes a revision that mends what no revision does yet, and lets Alembic itself run it up and down on scratch.

Its base is the live database *plus its pending revisions*: what they bring is not repeated, and the new revision
follows the head. The file is written into a folder of its own and only moved to its place once it was proven.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.differences import Difference
from drift_pipeline.errors import MigrationError
from drift_pipeline.models.history import Revision, heads, history_database, list_revisions, pending
from drift_pipeline.plan.bystanders import bystanders_of
from drift_pipeline.plan.ground import Ground, Scope, State, all_ids, native_statements
from drift_pipeline.plan.revisions.base import base_of, given_to_nobody, without_owners
from drift_pipeline.plan.revisions.beside import Beside, NotHandledError, beside, guards_beside, told
from drift_pipeline.plan.revisions.body import Direction, revision_body
from drift_pipeline.plan.revisions.branches import chosen_head
from drift_pipeline.plan.revisions.choice import Chosen, chosen_repair, known_everywhere, lacking_elsewhere
from drift_pipeline.plan.revisions.fingerprint import check_lines, fingerprint, question
from drift_pipeline.plan.revisions.guards import Guard, guards_back, guards_for
from drift_pipeline.plan.revisions.operations import Operations, operations_for
from drift_pipeline.plan.revisions.runner import AlembicRunner, alembic_runner
from drift_pipeline.plan.revisions.story import story
from drift_pipeline.plan.revisions.trial import Trial
from drift_pipeline.plan.revisions.words import Drifted, MadeRevision, Project
from drift_pipeline.plan.roles import proof_roles
from drift_pipeline.plan.sandbox import Sandbox, without_sessions
from drift_pipeline.plan.statements import Statement
from drift_pipeline.schema.facts import Schema
from drift_pipeline.scratch.server import ScratchServer

__all__ = ["Drifted", "MadeRevision", "Project", "make_revision"]


def make_revision(
    server: ScratchServer,
    project: Project,
    drifted: Drifted,
    *,
    scope: Scope,
    allow_destructive: bool = False,
    allow_drop: Collection[str] = (),
) -> MadeRevision:
    """The revision for what differs once everything pending is applied; proven, or not made.

    `scope`: turns what is read from a copy into what is compared. `allow_destructive`: drops are in it, too; else they
    are withheld and named. `allow_drop`: shell patterns on the names of what may be dropped all the same. Raises
    MigrationError, ScratchError.
    """
    if drifted.revisions.ids is None:
        raise MigrationError(
            f"{drifted.environment}: no revision can be written: {drifted.revisions.note}",
            hint="the revision of the database must be known: grant SELECT on the version table, or `alembic stamp`",
        )
    with ExitStack() as stack:
        runner = stack.enter_context(alembic_runner(project))
        revisions, ahead = _all_revisions(project, runner)
        head = chosen_head(revisions, project.models.branch)
        drifted = replace(drifted, revisions=drifted.revisions.of_history([each.id for each in revisions]))
        waiting = pending(revisions, drifted.revisions.ids or ())
        named = tuple(f"{each.id} {each.message}".strip() for each in waiting)
        asked = bystanders_of(drifted.whole, drifted.live, drifted.models, drifted.differences)
        roles = stack.enter_context(proof_roles(server, (asked.live, drifted.models)))
        ground = Ground(server, roles, goal=drifted.live, scope=scope, planes=drifted.planes, exact=drifted.exact)
        box = stack.enter_context(ground.copy(drifted.database.parameters["dbname"], "base"))
        base = base_of(ground, box, runner, drifted, apply_pending=bool(waiting))
        ground = replace(ground, goal=drifted.models)
        aside = stack.enter_context(_Aside(ground, project, runner, drifted, ahead=ahead))
        wish = _Wish(stack, runner, head, aside, allow_destructive, allow_drop)
        made = _with_what_stands_beside(wish, ground, box, base, drifted) if asked.ids else None
        if made is None:
            made = _made(wish, ground, box, base, drifted)
            made = replace(made, notes=(*made.notes, *(asked.warnings(drifted.environment) if made.text else ())))
        return replace(made, pending=named)


@dataclass(frozen=True)
class _Wish:
    """What the revision follows, and what it may drop."""

    stack: ExitStack
    runner: AlembicRunner
    head: str
    aside: _Aside
    destructive: bool
    drops: Collection[str]


def _with_what_stands_beside(
    wish: _Wish, ground: Ground, box: Sandbox, base: State, drifted: Drifted
) -> MadeRevision | None:
    """The revision that takes off and puts back what only this database has; None if none is proven that does."""
    try:
        found = beside(wish.stack, ground, box, base, drifted)
        return _made(wish, found.ground, found.box, found.state, found.drifted, found=found) if found else None
    except (MigrationError, NotHandledError):
        return None


def _made(
    wish: _Wish, ground: Ground, box: Sandbox, base: State, drifted: Drifted, *, found: Beside | None = None
) -> MadeRevision:
    chosen = chosen_repair(ground, box, base, drifted, destructive=wish.destructive, allow_drop=wish.drops)
    if not chosen.wanted:
        return MadeRevision(withheld=chosen.withheld)
    if chosen.open:
        raise MigrationError(
            f"{drifted.environment}: no revision can be written, part of the repair stays unproven: {chosen.open[0]}",
            hint="look at schema-diff.sql, which holds every statement, and write that part by hand",
        )
    trial = Trial(ground, box, base, wish.runner, drifted, *wish.aside.result(), found)
    return replace(_proven(trial, chosen, wish.head), withheld=chosen.withheld)


def _all_revisions(project: Project, runner: AlembicRunner) -> tuple[tuple[Revision, ...], bool]:
    """The project's revisions with those ahead of it that still fit, and whether there are any of these."""
    revisions = list_revisions(project.models, project.root)
    known, newest, put = {each.id for each in revisions}, set(heads(revisions)), False
    for made in project.ahead:
        if made.text and made.revision not in known and newest.issuperset(made.parents):
            path = runner.folder / made.file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made.text, encoding="utf-8")
            known, newest, put = {*known, made.revision}, {*newest - set(made.parents), made.revision}, True
    return (runner.revisions() if put else revisions), put


class _Aside:
    """Makes the history from nothing, with an Alembic of its own, while the repair is tried; for the time of the block.

    It ends with what it made.
    """

    def __init__(
        self, ground: Ground, project: Project, runner: AlembicRunner, drifted: Drifted, *, ahead: bool
    ) -> None:
        self._made = ExitStack()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._history = self._pool.submit(self._make, ground, project, runner.folder, drifted, ahead)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        self._made.close()

    def result(self) -> tuple[AlembicRunner, Database, Schema]:
        """Another runner, a database at the head, and its facts that are compared. MigrationError, ScratchError."""
        return self._history.result()

    def _make(
        self, ground: Ground, project: Project, folder: Path, drifted: Drifted, ahead: bool
    ) -> tuple[AlembicRunner, Database, Schema]:
        runner = self._made.enter_context(alembic_runner(project, folder))
        return runner, *self._made.enter_context(_history(ground, project, runner, drifted, ahead=ahead))


@contextmanager
def _history(
    ground: Ground, project: Project, runner: AlembicRunner, drifted: Drifted, *, ahead: bool
) -> Iterator[tuple[Database, Schema]]:
    """A database that the migrations made from nothing, with those ahead of them, and its facts that are compared."""
    with history_database(
        project.models,
        project.root,
        ground.server,
        default_schema=drifted.default_schema,
        extensions=drifted.extensions,
    ) as (history, whole):
        if not ahead:
            yield history, ground.scope(whole)
            return
        with ground.copy(history.parameters["dbname"], "ahead") as box:
            runner.upgrade(box.admin, "heads")
            without_sessions(box)
            yield box.admin, ground.read(box).inside


def _proven(trial: Trial, chosen: Chosen, head: str) -> MadeRevision:
    """The nicest revision that passes: with what only the history lacks, in Alembic's operations; else without."""
    ground, drifted, base = trial.ground, trial.drifted, trial.base.inside
    here = trial.beside.here if trial.beside else ()
    more = lacking_elsewhere(ground, trial.at_head, drifted, chosen, here)
    variants = [(more, True), (more, False)]
    if more.elsewhere:
        variants += [(chosen, True), (chosen, False)]
    failure: MigrationError | None = None
    for variant, with_operations in variants:
        made = _written(trial, variant, base, head, with_operations=with_operations)
        try:
            trial.prove(made, variant)
        except MigrationError as error:
            failure = failure or error
            (trial.runner.folder / made.file_name).unlink()
        else:
            return made
    assert failure is not None  # noqa: S101 - there is at least one variant
    raise failure


def _written(trial: Trial, chosen: Chosen, base: Schema, head: str, *, with_operations: bool) -> MadeRevision:
    drifted = trial.drifted
    forth = (*chosen.wanted, *chosen.elsewhere)
    up = given_to_nobody(chosen.statements, drifted.models)
    steps = [replace(each, statements=given_to_nobody(each.statements, drifted.models)) for each in chosen.steps]
    ways_back = [_way_back(drifted, base, chosen.wanted), _way_back(drifted, trial.at_head, chosen.elsewhere)]
    back = [each for differences, _ in ways_back for each in differences]
    down = [each for _, statements in reversed(ways_back) for each in statements]
    # steps that were committed before a run stopped are not made once more: so everything is asked about
    everywhere = () if chosen.steps else known_everywhere(trial.at_head, base, chosen.wanted)
    guards = guards_for(forth, everywhere)
    # the same state of both sides gives the same revision, however often it is asked for
    sql = "".join(f"{each.sql};\n" for each in chosen.statements)
    identity = "\0".join((base.fingerprint, drifted.models.fingerprint, head, sql))
    revision = hashlib.sha256(identity.encode()).hexdigest()[:12]
    ours: dict[str, list[str]] = {}
    theirs: dict[str, list[str]] = {}
    if with_operations:
        merged = replace(base, facts={**trial.at_head.facts, **base.facts})
        default = drifted.default_schema
        ours = operations_for(trial.runner, Operations(merged, drifted.models, default), up)
        theirs = operations_for(trial.runner, Operations(drifted.models, merged, default), down)
    check = _check(trial, forth) if trial.runner.project.models.check_fingerprint else []
    others: Mapping[str, Guard] = {}
    if trial.beside:
        printed = (base, *([chosen.reached] if chosen.reached else ()))
        others = guards_beside(trial.beside, (*up, *down), printed)
    answer = trial.runner.write(
        revision=revision,
        message=f"repair drift of {drifted.environment}",
        details=story(drifted, base, trial.at_head, chosen, others.values()),
        head=head,
        upgrades=revision_body(
            up,
            guards,
            operations=ours,
            direction=Direction(revision),
            first=check,
            steps=steps,
            beside=others,
        ),
        downgrades=revision_body(
            down,
            guards_back(guards, forth, back),
            operations=theirs,
            direction=Direction(revision, back=True, noted=bool(steps)),
            beside=others,
        ),
    )
    path = Path(answer["path"])
    return MadeRevision(
        revision,
        answer["name"],
        path.read_text(encoding="utf-8"),
        tuple(answer["parents"]),
        home=Path(answer["home"]),
        reversible=bool(answer["reversible"]),
        notes=(*(f"a post-write hook failed: {each}" for each in answer["failed"]), *told(drifted, others.values())),
    )


def _check(trial: Trial, forth: Sequence[Difference]) -> list[str]:
    asked = question(forth)
    databases = (trial.box.admin, trial.history, trial.drifted.database)
    return list(check_lines(asked, [fingerprint(each, asked) for each in databases])) if asked else []


def _way_back(
    drifted: Drifted, before: Schema, forth: Sequence[Difference]
) -> tuple[list[Difference], list[Statement]]:
    ids = all_ids(forth)
    diff = diff_schemas(drifted.models, before, planes=drifted.planes, exact=drifted.exact)
    back = [each for each in diff.differences if all_ids([each]) & ids]
    return back, native_statements(without_owners(drifted.models), before, back, drifted.planes)
