"""The roles that a proof needs on the scratch server: one to run statements as, and stand-ins for those of the schemas.

Roles belong to the whole server, so they outlive the databases. Each proof has a role of its own, marked alive by an
advisory lock; stand-ins are shared and carry a mark. Whoever is the last to leave sweeps both.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2 import sql

from drift_pipeline.schema.coverage import THE_OWNER
from drift_pipeline.schema.facts import Fact, Schema
from drift_pipeline.scratch.databases import connect
from drift_pipeline.scratch.server import ScratchServer

PREFIX = "drift_proof_"
STAND_IN = "stands in for a role of a database that drift_pipeline compares"
_PRESENT = 0x6472_6966_7470  # the advisory lock that every proof shares
_MARKED = (
    "select rolname from pg_catalog.pg_roles"
    " where pg_catalog.shobj_description(oid, 'pg_authid') = %s or starts_with(rolname, %s)"
)


@dataclass(frozen=True)
class ProofRoles:
    """`builder`: the scratch server's own role. `worker`: the one that statements run as, the same if the first is no
    superuser. `password`: the worker's."""

    builder: str
    worker: str
    password: str = field(default="", repr=False)

    @property
    def apart(self) -> bool:
        """True if the two are different roles."""
        return self.builder != self.worker


@contextmanager
def proof_roles(server: ScratchServer, schemas: Collection[Schema]) -> Iterator[ProofRoles]:
    """The roles for one proof, gone at the end. `schemas`: whose owners, grantees and policies need stand-ins."""
    session: Any = connect(server.parameters)
    with contextlib.closing(session), session.cursor() as cursor:
        cursor.execute("select current_user, rolsuper from pg_catalog.pg_roles where rolname = current_user")
        builder, is_superuser = cursor.fetchone()
        cursor.execute("select pg_catalog.pg_advisory_lock_shared(%s)", (_PRESENT,))
        worker = ProofRoles(builder, builder)
        try:
            if is_superuser:
                worker = _create_worker(cursor, builder)
            named = _named_in(schemas)
            for name in sorted(named.keys() - {builder, "PUBLIC"}):
                _stand_in(cursor, name, worker, owns=named[name])
            yield worker
        finally:
            if worker.apart:
                with contextlib.suppress(psycopg2.Error):  # if a copy could not be dropped; the next sweep tries again
                    cursor.execute(sql.SQL("drop role {}").format(sql.Identifier(worker.worker)))
            cursor.execute("select pg_catalog.pg_advisory_unlock_shared(%s)", (_PRESENT,))
            _sweep(cursor)


def _create_worker(cursor: Any, builder: str) -> ProofRoles:
    roles = ProofRoles(builder, PREFIX + secrets.token_hex(4), secrets.token_hex(16))
    worker = sql.Identifier(roles.worker)
    cursor.execute(
        sql.SQL("create role {} login nosuperuser nocreatedb nocreaterole inherit password {}").format(
            worker, sql.Literal(roles.password)
        )
    )
    # event triggers of a live database must not meddle with the proof; the role itself may not turn this off
    cursor.execute(sql.SQL("alter role {} set session_replication_role = replica").format(worker))
    return roles


def _stand_in(cursor: Any, name: str, roles: ProofRoles, *, owns: bool) -> None:
    """A role that may do nothing. What cannot be stood in for shows in the proof: its statements do not run."""
    identifier = sql.Identifier(name)
    with contextlib.suppress(psycopg2.Error):
        cursor.execute("select oid from pg_catalog.pg_roles where rolname = %s", (name,))
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("create role {} nologin").format(identifier))
            cursor.execute(sql.SQL("comment on role {} is {}").format(identifier, sql.Literal(STAND_IN)))
    with contextlib.suppress(psycopg2.Error):
        cursor.execute(
            "select from pg_catalog.pg_roles"
            " where rolname = %s and pg_catalog.shobj_description(oid, 'pg_authid') = %s",
            (name, STAND_IN),
        )
        # The worker acts as owner of what it gave away; never as a role that is somebody's, nor as one that was granted
        # something: the server would take that one for the grantor of what the worker grants.
        if cursor.fetchone() is not None and roles.apart and owns:
            cursor.execute(sql.SQL("grant {} to {}").format(identifier, sql.Identifier(roles.worker)))


def _named_in(schemas: Collection[Schema]) -> dict[str, bool]:
    """The roles, each with whether anything is, or will be, its own."""
    facts = {id(fact): fact for schema in schemas for fact in schema.facts.values()}  # most are in all of them
    owners = {role for fact in facts.values() for role in _owners_of(fact)}
    others = {role for fact in facts.values() for role in _roles_of(fact)}
    return {role: role in owners for role in owners | others if role.lower() != "public"}


def _owners_of(fact: Fact) -> list[str]:
    owner = fact.attributes.get("owner")
    creator = [fact.id.name[0]] if fact.id.kind == "default_privilege" else []
    return [owner, *creator] if isinstance(owner, str) else creator


def _roles_of(fact: Fact) -> list[str]:
    found = []
    roles, grantors = fact.attributes.get("roles"), fact.attributes.get("granted_by")
    if fact.id.kind == "policy" and isinstance(roles, list):
        found += [role for role in roles if isinstance(role, str)]
    if fact.id.kind in {"privilege", "user_mapping", "default_privilege"}:
        found.append(fact.id.name[-1])
    for by in grantors.values() if isinstance(grantors, dict) else ():
        found += by.keys() - {THE_OWNER} if isinstance(by, dict) else ()
    return found


def _sweep(cursor: Any) -> None:
    """Drops the roles of proofs, if no proof is under way any more."""
    cursor.execute("select pg_catalog.pg_try_advisory_lock(%s)", (_PRESENT,))
    (alone,) = cursor.fetchone()
    if not alone:
        return
    try:
        cursor.execute(_MARKED, (STAND_IN, PREFIX))
        for (name,) in cursor.fetchall():
            with contextlib.suppress(psycopg2.Error):  # it owns something of a database that is swept later
                cursor.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
    finally:
        cursor.execute("select pg_catalog.pg_advisory_unlock(%s)", (_PRESENT,))


_SPEAKS_OF_ROLES = re.compile(
    r"(?:grant|revoke|alter\s+default\s+privileges|(?:create|alter)\s+policy|(?:create|alter|drop)\s+user\s+mapping)\b"
    r"|alter\b.*\bowner\s+to\b",
    re.IGNORECASE | re.DOTALL,
)


def spoken_to(roles: ProofRoles, statement: str) -> str:
    """The statement with the builder's name replaced by the worker's, where it names a role.

    The worker stands in for the builder, whose objects the copy's objects were.
    """
    if not roles.apart or not _SPEAKS_OF_ROLES.match(statement):
        return statement
    quoted = roles.builder.replace('"', '""')
    bare = rf"|{re.escape(roles.builder)}\b" if re.fullmatch(r"[a-z_][a-z0-9_$]*", roles.builder) else ""
    mention = re.compile(
        rf'(\b(?:to|from|for\s+role|for|,)\s+)(?:"{re.escape(quoted)}"{bare})(?![\w$."])', re.IGNORECASE
    )
    return mention.sub(rf'\1"{roles.worker}"', statement)
