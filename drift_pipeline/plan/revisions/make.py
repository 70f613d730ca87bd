"""Makes a revision that mends what no revision does yet, and lets Alembic itself run it up and down on scratch.

Its base is the live database *plus its pending revisions*: what they bring is not repeated, and the new revision
follows the head. The file is written into a folder of its own and only moved to its place once it was proven.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.errors import MigrationError
from drift_pipeline.models.history import heads, list_revisions, pending
from drift_pipeline.plan.ground import Ground, Scope, all_ids, native_statements
from drift_pipeline.plan.revisions.base import base_of, given_to_nobody, without_owners
from drift_pipeline.plan.revisions.body import revision_body
from drift_pipeline.plan.revisions.choice import Chosen, chosen_repair
from drift_pipeline.plan.revisions.guards import guards_for
from drift_pipeline.plan.revisions.runner import AlembicRunner, alembic_runner
from drift_pipeline.plan.revisions.trial import prove
from drift_pipeline.plan.revisions.words import Drifted, MadeRevision, Project
from drift_pipeline.plan.roles import proof_roles
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
    revisions = list_revisions(project.models, project.root)
    if drifted.revisions.ids is None:
        raise MigrationError(
            f"{drifted.environment}: no revision can be written: {drifted.revisions.note}",
            hint="the revision of the database must be known: grant SELECT on the version table, or `alembic stamp`",
        )
    newest = heads(revisions)
    if len(newest) > 1:
        raise MigrationError(
            f"the migrations have several heads: {', '.join(newest)}", hint="merge them first: alembic merge heads"
        )
    head = newest[0] if newest else "base"
    waiting = pending(revisions, drifted.revisions.ids)
    named = tuple(f"{each.id} {each.message}".strip() for each in waiting)
    with ExitStack() as stack:
        roles = stack.enter_context(proof_roles(server, (drifted.live, drifted.models)))
        ground = Ground(server, roles, goal=drifted.live, scope=scope, planes=drifted.planes, exact=drifted.exact)
        runner = stack.enter_context(alembic_runner(project))
        box = stack.enter_context(ground.copy(drifted.database.parameters["dbname"], "base"))
        base = base_of(ground, box, runner, drifted, apply_pending=bool(waiting))
        ground = replace(ground, goal=drifted.models)
        chosen = chosen_repair(ground, box, base, drifted, destructive=allow_destructive, allow_drop=allow_drop)
        if not chosen.wanted:
            return MadeRevision(pending=named, withheld=chosen.withheld)
        if chosen.open:
            raise MigrationError(
                f"{drifted.environment}: no revision can be written, part of the repair stays unproven: "
                f"{chosen.open[0]}",
                hint="look at schema-diff.sql, which holds every statement, and write that part by hand",
            )
        made = _written(runner, drifted, base.inside, chosen, head)
        made = replace(made, pending=named, withheld=chosen.withheld)
        prove(ground, box, runner, project, drifted, made=made, base=base)
        return made


def _written(runner: AlembicRunner, drifted: Drifted, base: Schema, chosen: Chosen, head: str) -> MadeRevision:
    back = diff_schemas(drifted.models, base, planes=drifted.planes, exact=drifted.exact)
    ids = all_ids(chosen.wanted)
    backwards = [each for each in back.differences if all_ids([each]) & ids]
    down = native_statements(without_owners(drifted.models), base, backwards, drifted.planes)
    # the same state of both sides gives the same revision, however often it is asked for
    sql = "".join(f"{each.sql};\n" for each in chosen.statements)
    identity = "\0".join((base.fingerprint, drifted.models.fingerprint, head, sql))
    revision = hashlib.sha256(identity.encode()).hexdigest()[:12]
    answer = runner.write(
        revision=revision,
        message=f"repair drift of {drifted.environment}",
        head=head,
        upgrades=revision_body(given_to_nobody(chosen.statements, drifted.models), guards_for(chosen.wanted)),
        downgrades=revision_body(down, guards_for(backwards)),
    )
    path = Path(answer["path"])
    text = path.read_text(encoding="utf-8")
    return MadeRevision(revision, path.name, text, tuple(answer["parents"]), home=Path(answer["home"]))
