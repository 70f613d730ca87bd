"""Makes a revision that mends what no revision does yet, and lets Alembic itself run it up and down on scratch.

Its base is the live database *plus its pending revisions*: what they bring is not repeated, and the new revision
follows the head. The file is written into a folder of its own and only moved to its place once it was proven.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from drift_pipeline.config import Database, ModelSettings
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.differences import Difference, SchemaDiff
from drift_pipeline.errors import MigrationError
from drift_pipeline.judge.asked import is_named, is_unknown_object
from drift_pipeline.models.history import heads, list_revisions, migrate, pending
from drift_pipeline.models.loader import alembic_file
from drift_pipeline.models.subprocesses import run
from drift_pipeline.plan.engines import NATIVE
from drift_pipeline.plan.ground import Ground, Scope, State, all_ids, native_statements
from drift_pipeline.plan.native.quote import role
from drift_pipeline.plan.planner import plan_repair
from drift_pipeline.plan.proof import Leg, walk_natively
from drift_pipeline.plan.revisions.body import revision_body
from drift_pipeline.plan.revisions.guards import guards_for
from drift_pipeline.plan.roles import proof_roles
from drift_pipeline.plan.sandbox import Sandbox, connect
from drift_pipeline.plan.statements import Plan, Proof, Statement
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.version_table import LiveRevisions
from drift_pipeline.scratch.server import ScratchServer

DEFAULT_VERSION_TABLE = "public.alembic_version"


@dataclass(frozen=True)
class Project:
    """The team's Alembic history: its settings, and the folder that their paths are relative to."""

    models: ModelSettings
    root: Path


@dataclass(frozen=True)
class Drifted:
    """One environment against the models, both as they are compared. `database`: scratch, with the models."""

    environment: str
    live: Schema
    models: Schema
    database: Database
    revisions: LiveRevisions
    planes: Collection[str] = ("structure",)
    exact: bool = False
    default_schema: str = "public"
    extensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MadeRevision:
    """`text` is empty when no revision is needed. `pending`: revisions that are to be applied instead, or before.

    `home`: the folder of the project's revisions, where the file belongs. `withheld`: what it leaves as it is.
    """

    revision: str = ""
    file_name: str = ""
    text: str = ""
    parents: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    withheld: tuple[Difference, ...] = ()
    home: Path | None = None


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
    waiting = pending(revisions, drifted.revisions.ids)
    named = tuple(f"{each.id} {each.message}".strip() for each in waiting)
    with ExitStack() as stack:
        roles = stack.enter_context(proof_roles(server, (drifted.live, drifted.models)))
        ground = Ground(server, roles, goal=drifted.live, scope=scope, planes=drifted.planes, exact=drifted.exact)
        box = stack.enter_context(ground.copy(drifted.database.parameters["dbname"], "base"))
        base = _base(ground, box, drifted, project, apply_pending=bool(waiting))
        diff = diff_schemas(base, drifted.models, planes=drifted.planes, exact=drifted.exact)
        plan, wanted, withheld = _chosen(
            server, drifted, base, diff, allow_destructive=allow_destructive, allow_drop=allow_drop
        )
        if not wanted.differences:
            return MadeRevision(pending=named, withheld=withheld)
        if plan.proof is not Proof.PROVEN:
            raise MigrationError(
                f"{drifted.environment}: no revision can be written, part of the repair stays unproven: {plan.open[0]}",
                hint="look at schema-diff.sql, which holds every statement, and write that part by hand",
            )
        with tempfile.TemporaryDirectory(prefix="drift-revision-") as folder:
            head = newest[0] if newest else "base"
            made = _written(project, drifted, Path(folder), base=base, wanted=wanted, plan=plan, head=head)
            made = replace(made, pending=named, withheld=withheld)
            with ground.copy(box.name, "revision") as copy:
                _prove(ground, copy, project, drifted, made=made, base=base, folder=folder)
            with ground.copy(label="history") as empty:
                _prove_anew(ground, empty, project, drifted, folder=folder)
            return made


# ---------------------------------------------------------------- the base: live plus its pending revisions


def _base(ground: Ground, box: Sandbox, drifted: Drifted, project: Project, *, apply_pending: bool) -> Schema:
    """Makes the copy of the models equal to live and applies what is pending; its facts then."""
    start = Leg(State(drifted.models, {}), ground.differences(box, drifted.models, drifted.live))
    leg = walk_natively(ground, box, drifted.live, start)
    if leg.open:
        raise MigrationError(
            f"{drifted.environment} could not be rebuilt on scratch: {leg.open[0].id} stays different",
            hint="please report it with both snapshots (drift snapshot); schema-diff.sql holds every statement",
        )
    _stamp(box, drifted.revisions)
    if apply_pending:
        _alembic("upgrade", project, box.worker, to=["heads"])
    return _without_owners(ground.read(box).inside)


def _without_owners(schema: Schema) -> Schema:
    """Scratch owns everything here, and what is made again would be given to a role that no other server knows."""
    facts = {
        key: replace(fact, attributes={name: value for name, value in fact.attributes.items() if name != "owner"})
        if "owner" in fact.attributes
        else fact
        for key, fact in schema.facts.items()
    }
    return replace(schema, facts=facts)


def _given_to_nobody(plan: Plan, models: Schema) -> tuple[Statement, ...]:
    """The plan's statements, but for those that give what is made again to an owner that only scratch has."""
    owners = {str(fact.attributes.get("owner")) for fact in models.facts.values()}
    endings = tuple(f" OWNER TO {role(each)}" for each in owners)
    return tuple(each for each in plan.statements if not (each.sql.startswith("ALTER ") and each.sql.endswith(endings)))


def _stamp(box: Sandbox, revisions: LiveRevisions) -> None:
    """Gives the copy the version table that live has, with its rows."""
    table = sql.Identifier(*(revisions.tables or (DEFAULT_VERSION_TABLE,))[0].split(".", 1))
    create = sql.SQL("CREATE TABLE IF NOT EXISTS {} (version_num varchar(32) PRIMARY KEY)").format(table)
    with closing(connect(box.worker, autocommit=True)) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(create)
            for each in revisions.ids or ():
                cursor.execute(sql.SQL("INSERT INTO {} VALUES (%s)").format(table), [each])
        except psycopg2.Error as error:
            raise MigrationError(f"the version table could not be made on scratch: {error}") from error


def _alembic(mode: str, project: Project, database: Database, *, to: Sequence[str], versions: str = "") -> None:
    path = alembic_file(project.models, project.root)
    request: Mapping[str, Any] = {
        "mode": mode,
        "alembic": str(path),
        "to": list(to),
        "allowed": dict(database.parameters),
        "versions": versions,
    }
    run(request, project.models, project.root)


# ---------------------------------------------------------------- what goes into it


def _chosen(
    server: ScratchServer,
    drifted: Drifted,
    base: Schema,
    diff: SchemaDiff,
    *,
    allow_destructive: bool,
    allow_drop: Collection[str],
) -> tuple[Plan, SchemaDiff, tuple[Difference, ...]]:
    """The plan, the differences that it settles, and those that are withheld.

    Withheld is what loses something, and what drops an object that may be somebody else's, unless it was asked for.
    """
    plan = _plan(server, drifted, base, diff)
    lossy = {key for statement in plan.statements if statement.destructive for key in statement.settles}
    lossy |= {each.key for each in diff.differences if is_unknown_object(each)}
    lossy -= {each.key for each in diff.differences if is_named(each, allow_drop)}
    if allow_destructive or not lossy:
        return plan, diff, ()
    withheld = tuple(each for each in diff.differences if each.key in lossy)
    wanted = replace(diff, differences=tuple(each for each in diff.differences if each.key not in lossy))
    return _plan(server, drifted, base, wanted), wanted, withheld


def _plan(server: ScratchServer, drifted: Drifted, base: Schema, diff: SchemaDiff) -> Plan:
    # the native planner alone: each of its statements says which difference it settles
    return plan_repair(
        server,
        live=base,
        models=drifted.models,
        models_database=drifted.database,
        diff=diff,
        engines=(NATIVE,),
        exact=drifted.exact,
    )


def _written(
    project: Project, drifted: Drifted, folder: Path, *, base: Schema, wanted: SchemaDiff, plan: Plan, head: str
) -> MadeRevision:
    back = diff_schemas(drifted.models, base, planes=drifted.planes, exact=drifted.exact)
    ids = all_ids(wanted.differences)
    backwards = [each for each in back.differences if all_ids([each]) & ids]
    down = native_statements(_without_owners(drifted.models), base, backwards, drifted.planes)
    # the same state of both sides gives the same revision, however often it is asked for
    identity = "\0".join((base.fingerprint, drifted.models.fingerprint, head, plan.sql))
    revision = hashlib.sha256(identity.encode()).hexdigest()[:12]
    answer = run(
        {
            "mode": "write",
            "alembic": str(alembic_file(project.models, project.root)),
            "versions": str(folder),
            "revision": revision,
            "message": f"repair drift of {drifted.environment}",
            "head": head,
            "upgrades": revision_body(_given_to_nobody(plan, drifted.models), guards_for(wanted.differences)),
            "downgrades": revision_body(down, guards_for(backwards)),
        },
        project.models,
        project.root,
    )
    path = Path(answer["path"])
    text = path.read_text(encoding="utf-8")
    return MadeRevision(revision, path.name, text, tuple(answer["parents"]), home=Path(answer["home"]))


# ---------------------------------------------------------------- the proof


def _prove(
    ground: Ground, box: Sandbox, project: Project, drifted: Drifted, *, made: MadeRevision, base: Schema, folder: str
) -> None:
    """Alembic runs the file on a copy of the base: up must lead to the models, down must lead back. MigrationError."""
    _alembic("upgrade", project, box.worker, to=[made.revision], versions=folder)
    failure = f"{drifted.environment}: upgrade() does not lead to the models"
    _must_equal(ground.read(box).inside, drifted, made.withheld, failure)
    _alembic("downgrade", project, box.worker, to=["-1"], versions=folder)
    failure = f"{drifted.environment}: downgrade() does not lead back"
    _must_equal(ground.read(box).inside, replace(drifted, models=base), (), failure)


def _prove_anew(ground: Ground, box: Sandbox, project: Project, drifted: Drifted, *, folder: str) -> None:
    """From nothing to the new head: nothing may fail there, nor differ more than before. MigrationError."""
    migrate(
        project.models,
        project.root,
        box.admin,
        default_schema=drifted.default_schema,
        extensions=drifted.extensions,
    )
    before = _left(ground.read(box).inside, drifted)
    _alembic("upgrade", project, box.admin, to=["heads"], versions=folder)
    failure = f"{drifted.environment}: on a database made anew, the history does not lead to the models any more"
    _must_equal(ground.read(box).inside, drifted, before, failure)


def _must_equal(reached: Schema, drifted: Drifted, withheld: Sequence[Difference], failure: str) -> None:
    left = _left(reached, drifted)
    allowed = all_ids(withheld)
    wrong = [each for each in left if not all_ids([each]) & allowed]
    if wrong:
        raise MigrationError(
            f"{failure}: {wrong[0].id} stays different, and {len(wrong) - 1} more",
            hint="nothing was written; schema-diff.sql holds every statement. Please report it with both snapshots",
        )


def _left(reached: Schema, drifted: Drifted) -> tuple[Difference, ...]:
    return diff_schemas(reached, drifted.models, planes=drifted.planes, exact=drifted.exact).differences
