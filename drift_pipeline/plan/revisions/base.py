"""What a revision stands on: a copy of the live database on scratch, with its pending revisions applied."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import psycopg2
from psycopg2 import sql

from drift_pipeline.errors import MigrationError
from drift_pipeline.plan.ground import Ground, State
from drift_pipeline.plan.native.quote import role
from drift_pipeline.plan.proof import Leg, walk_natively
from drift_pipeline.plan.revisions.runner import AlembicRunner
from drift_pipeline.plan.revisions.words import Drifted
from drift_pipeline.plan.sandbox import Sandbox, connect, without_sessions
from drift_pipeline.plan.statements import Statement
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.version_table import LiveRevisions

DEFAULT_VERSION_TABLE = "public.alembic_version"


def base_of(ground: Ground, box: Sandbox, runner: AlembicRunner, drifted: Drifted, *, apply_pending: bool) -> State:
    """Makes the copy of the models equal to live and applies what is pending; its state then. MigrationError."""
    start = Leg(State(drifted.models, {}), ground.differences(box, drifted.models, drifted.live))
    leg = walk_natively(ground, box, drifted.live, start, measure=False)
    if leg.open:
        raise MigrationError(
            f"{drifted.environment} could not be rebuilt on scratch: {leg.open[0].id} stays different",
            hint="please report it with both snapshots (drift snapshot); schema-diff.sql holds every statement",
        )
    _stamp(box, drifted.revisions)
    if apply_pending:
        runner.upgrade(box.worker, "heads")
        without_sessions(box)  # what env.py left open would keep the copy from being copied
    state = ground.read(box)
    return replace(state, inside=without_owners(state.inside))


def without_owners(schema: Schema) -> Schema:
    """Scratch owns everything here, and what is made again would be given to a role that no other server knows."""
    facts = {
        key: replace(fact, attributes={name: value for name, value in fact.attributes.items() if name != "owner"})
        if "owner" in fact.attributes
        else fact
        for key, fact in schema.facts.items()
    }
    return replace(schema, facts=facts)


def given_to_nobody(statements: Sequence[Statement], models: Schema) -> tuple[Statement, ...]:
    """The statements, but for those that give what is made again to an owner that only scratch has."""
    owners = {str(fact.attributes.get("owner")) for fact in models.facts.values()}
    endings = tuple(f" OWNER TO {role(each)}" for each in owners)
    return tuple(each for each in statements if not (each.sql.startswith("ALTER ") and each.sql.endswith(endings)))


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
