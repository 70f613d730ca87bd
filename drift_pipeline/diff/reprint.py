"""Prints live's expressions again on the server that printed the models', before two texts count as different.

The text that a server prints depends on its version, and on how often it was dumped and restored. So what live states
is created on scratch, beside a copy of the table that it belongs to, and read back by the reader itself. All of it in a
transaction that is rolled back, as a role that may do nothing else, and only if the text is one expression or query.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Self, TypeAlias

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name

from drift_pipeline.config import Database
from drift_pipeline.diff.once_more import statements_for
from drift_pipeline.schema.connect import connect
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value
from drift_pipeline.schema.reader import facts_in

STATEMENT_TIMEOUT = "10s"
SCHEMA_PREFIX = "drift_reprint_"

AT_ONCE = 300
"""Facts in one transaction: each takes locks on what it creates, and a server has room for some thousands."""

FILES: Mapping[str, str] = {
    "column": "column",
    "check": "check",
    "exclusion": "key",
    "domain": "type",
    "domain_check": "domain_check",
    "index": "index",
    "view": "view",
    "materialized_view": "view",
    "policy": "policy",
    "function": "routine",
    "procedure": "routine",
}
"""The reader's file whose facts are printed again, by kind."""

Printed: TypeAlias = dict[str, Mapping[str, Value]]
"""By what creates a fact's expression once more, the attributes that were read then, in a database with such columns:
where they have other types, the same text is printed with other casts. What failed is tried again: the next copy may
have what it speaks of."""

_SHAPES: Mapping[str, tuple[str, ...]] = {
    "column": ("type", "collation"),
    "view": ("columns",),
    "materialized_view": ("columns",),
    "function": ("returns", "arguments"),
    "domain": ("type",),
    "composite": ("fields",),
}
"""What decides how texts are printed that speak of it."""

Shape: TypeAlias = frozenset[tuple[FactId, str]]

_Wanted: TypeAlias = tuple[int, list[sql.Composable]]
_Table: TypeAlias = tuple[str, str]

OF_ITS_TABLE = frozenset({"column", "check", "exclusion", "index"})
"""Kinds whose text speaks of one table alone."""


def shape_of(schema: Schema, base: Schema) -> Shape:
    """What decides how texts are printed in a database that is like this, as far as it is not as in `base`."""
    known = base.facts
    unlike = [key for key, fact in schema.facts.items() if key.kind in _SHAPES and known.get(key) is not fact]
    return frozenset(
        (key, said) for key in unlike if (said := _said(schema.facts[key])) != (key in known and _said(known[key]))
    )


def _said(fact: Fact) -> str:
    return repr([fact.attributes.get(name) for name in _SHAPES[fact.id.kind]])


class Reprinter:
    """Prints facts again on the scratch database that holds the models. What fails there is not printed.

    A context manager: it keeps one connection, opened when something is to be printed, and leaves nothing behind.
    """

    def __init__(
        self, scratch: Database | Callable[[], Database], *, known: Printed | Callable[[], Printed] | None = None
    ) -> None:
        """`scratch`: the database, or what makes it when it is first needed. `known`: what was printed there before, or
        on another copy of the same shape; filled with what is printed now."""
        self._scratch = scratch
        self._given = known
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @cached_property
    def _known(self) -> Printed:
        given = self._given() if callable(self._given) else self._given
        return {} if given is None else given

    def printed_again(self, facts: Sequence[Fact], schema: Schema) -> list[Fact | None]:
        """Each fact as the scratch server prints it after reading it; None where that is not possible.

        `schema`: the one that the facts are from. The facts keep their ids. The scratch database is left as it was.
        Raises DatabaseConnectionError if scratch cannot be reached.
        """
        wanted, texts = [], {}
        for at, fact in enumerate(facts):
            if (text := _text_of(fact, schema)) is not None:
                texts[at] = text
                if (
                    text not in self._known
                    and (statements := statements_for(fact, schema, f"{SCHEMA_PREFIX}{at}")) is not None
                ):
                    wanted.append((at, statements))
        for start in range(0, len(wanted), AT_ONCE):
            part = wanted[start : start + AT_ONCE]
            chosen = [facts[at] for at, _ in part]
            printed = self._printed(part, _tables_of(chosen), {FILES[fact.id.kind] for fact in chosen})
            for at, _ in part:
                kind, name = facts[at].id
                again = printed.get(FactId(kind, (f"{SCHEMA_PREFIX}{at}", *name[1:])))
                if again is not None:
                    self._known[texts[at]] = again.attributes
        return [
            Fact(fact.id, self._known[texts[at]], fact.parent) if texts.get(at) in self._known else None
            for at, fact in enumerate(facts)
        ]

    def _printed(
        self, wanted: Collection[_Wanted], tables: Collection[_Table] | None, files: Collection[str]
    ) -> Mapping[FactId, Fact]:
        """The facts that one transaction prints; none if it fails as a whole. `tables`: those that it may look at;
        `files`: of the reader, in which they are."""
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._scratch if isinstance(self._scratch, Database) else self._scratch())
        try:
            return _created_and_read(self._connection, wanted, tables, files)
        except psycopg2.Error:
            return {}
        finally:
            with suppress(psycopg2.Error), self._connection.cursor() as cursor:
                cursor.execute("ROLLBACK")


def _tables_of(facts: Collection[Fact]) -> set[_Table] | None:
    """The tables that the facts' texts speak of; None if it may be any."""
    if any(fact.id.kind not in OF_ITS_TABLE for fact in facts):
        return None
    return {(fact.id.name[0], fact.id.name[1]) for fact in facts}


def _created_and_read(
    connection: Connection, wanted: Collection[_Wanted], tables: Collection[_Table] | None, files: Collection[str]
) -> Mapping[FactId, Fact]:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [STATEMENT_TIMEOUT])
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        cursor.execute("SET LOCAL search_path = ''")
        cursor.execute("SET LOCAL standard_conforming_strings = on")
        cursor.execute("SET LOCAL check_function_bodies = off")
        _give_up_rights(cursor, tables)
        for at, statements in wanted:
            _attempt(cursor, at, statements)
    return facts_in(connection, files, schema_prefix=SCHEMA_PREFIX)


def _attempt(cursor: Cursor, at: int, statements: Sequence[sql.Composable]) -> None:
    """Create one fact's expression in a schema of its own; a failure leaves no trace of it."""
    cursor.execute("SAVEPOINT reprint")
    try:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(f"{SCHEMA_PREFIX}{at}")))
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("RELEASE SAVEPOINT reprint")
    except psycopg2.Error:
        cursor.execute("ROLLBACK TO SAVEPOINT reprint")


def _give_up_rights(cursor: Cursor, tables: Collection[_Table] | None) -> None:
    """Go on as a role that was made for this and vanishes with the transaction.

    Creating an index or a check folds constants, which runs functions that live named. A role that may not create
    roles is no superuser either and stays what it is.
    """
    cursor.execute("SAVEPOINT rights")
    try:
        cursor.execute("SELECT 'drift_reprint_' || pg_backend_pid(), current_database()")
        row = cursor.fetchone() or ("", "")
        role, database = sql.Identifier(row[0]), sql.Identifier(row[1])
        cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
        cursor.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(database, role))
        cursor.execute(
            "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
        )
        spaces = sql.SQL(", ").join(sql.Identifier(name) for (name,) in cursor.fetchall())
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(spaces, role))
        if tables is None:
            cursor.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(spaces, role))
        for each in _existing(cursor, tables or ()):  # one by one: of a thousand tables, most are in nobody's way
            cursor.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(*each), role))
        cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(role))
        cursor.execute("RELEASE SAVEPOINT rights")
    except psycopg2.Error:
        cursor.execute("ROLLBACK TO SAVEPOINT rights")


def _existing(cursor: Cursor, tables: Collection[_Table]) -> list[_Table]:
    if not tables:
        return []
    cursor.execute(
        "SELECT n.nspname, c.relname"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " JOIN unnest(%s::text[], %s::text[]) AS asked(home, name) ON asked.home = n.nspname AND asked.name = c.relname"
        " WHERE c.relkind IN ('r', 'p', 'f', 'm', 'v')",
        ([space for space, _ in tables], [name for _, name in tables]),
    )
    return cursor.fetchall()


def _text_of(fact: Fact, schema: Schema) -> str | None:
    """What would be run for a fact, as one word."""
    statements = statements_for(fact, schema, SCHEMA_PREFIX)
    return None if statements is None else repr((fact.id, statements))
