"""Counts rows that would stand in the way of a repair: numbers alone, and no more of them than anybody needs.

Each question is one query, bounded in rows and in time, in a read-only transaction of its own. No value of a row
leaves the database: what comes back is a count.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

import psycopg2
import psycopg2.errors
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name

from drift_pipeline.config import Database
from drift_pipeline.errors import DriftError
from drift_pipeline.schema.connect import connect

BOUND = 1000
"""Above this nobody counts on."""


class Sort(StrEnum):
    """What is counted."""

    ROWS = "rows"
    NULLS = "nulls"
    DUPLICATES = "duplicates"
    ORPHANS = "orphans"
    LONGER = "longer"
    OUTSIDE = "outside"
    BREAKING = "breaking"
    OTHERS = "others"
    POSITION = "position"


@dataclass(frozen=True)
class Question:
    """What to count in a table (schema, name), with names as stored; of a sequence: whether it stands outside.

    `columns`: that it is about. `other`, `other_columns`: the referenced table. `condition`: SQL that rows must keep to
    (a CHECK's), or that says which rows count (an index's predicate). `low`, `high`: what fits; `labels`: likewise.
    """

    sort: Sort
    table: tuple[str, str]
    columns: tuple[str, ...] = ()
    other: tuple[str, str] | None = None
    other_columns: tuple[str, ...] = ()
    condition: str = ""
    low: int = 0
    high: int = 0
    labels: tuple[str, ...] = ()
    nulls_equal: bool = False


@dataclass(frozen=True)
class Count:
    """`rows`: how many, at most BOUND + 1; None where nobody could count, for the reason in `problem`.

    `value`: where a sequence stands that stands outside.
    """

    rows: int | None
    problem: str = ""
    value: int | None = None


_FROM = {
    Sort.ROWS: "SELECT 1 FROM {table}",
    Sort.NULLS: "SELECT 1 FROM {table} WHERE {first} IS NULL",
    Sort.DUPLICATES: "SELECT 1 FROM {table} WHERE {present} AND {condition} GROUP BY {columns} HAVING count(*) > 1",
    Sort.ORPHANS: "SELECT 1 FROM {table} AS child WHERE {present}"
    " AND NOT EXISTS (SELECT 1 FROM {other} AS parent WHERE {joined})",
    Sort.LONGER: "SELECT 1 FROM {table} WHERE length({first}::text) > {high}",
    Sort.OUTSIDE: "SELECT 1 FROM {table} WHERE {first} NOT BETWEEN {low} AND {high}",
    Sort.BREAKING: "SELECT 1 FROM {table} WHERE NOT {condition}",
    Sort.OTHERS: "SELECT 1 FROM {table} WHERE {first}::text <> ALL ({labels})",
    Sort.POSITION: "SELECT last_value FROM {table} WHERE last_value NOT BETWEEN {low} AND {high} AND {condition}",
}
_VALUE = {Sort.POSITION: ", min(last_value)"}


def count_rows(
    database: Database, questions: Sequence[Question], *, timeout: float = 5.0, connect_timeout: int = 10
) -> tuple[Count, ...]:
    """The answer to each question. `timeout`: seconds for each. Never raises: what cannot be counted says why."""
    if not questions:
        return ()
    try:
        with closing(connect(database, connect_timeout=connect_timeout)) as connection, connection.cursor() as cursor:
            return tuple(_counted(cursor, question, timeout) for question in questions)
    except DriftError as error:
        return (Count(None, error.message),) * len(questions)


def _counted(cursor: Cursor, question: Question, timeout: float) -> Count:
    try:
        cursor.execute("BEGIN READ ONLY")
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', '1s', true),"
            # what row security hides would be missing in the count: better no answer than a wrong one
            " set_config('row_security', 'off', true), set_config('search_path', '', true),"
            " set_config('application_name', 'drift', true)",
            (str(int(timeout * 1000)),),
        )
        cursor.execute(_query(question))
        row = cursor.fetchone()
        cursor.execute("ROLLBACK")
        return Count(int(row[0]), value=row[1] if len(row) > 1 else None) if row else Count(None)
    except psycopg2.Error as error:
        problem = _problem(error, timeout)
    try:
        cursor.execute("ROLLBACK")
    except psycopg2.Error:
        return Count(None, "the connection was cut")
    return Count(None, problem)


def _problem(error: psycopg2.Error, timeout: float) -> str:
    """Why not, without the server's detail lines: those may quote values."""
    if isinstance(error, psycopg2.errors.QueryCanceled):
        return f"it took longer than {timeout:g} s (evidence_timeout)"
    if isinstance(error, psycopg2.errors.LockNotAvailable):
        return "the table is locked"
    if isinstance(error, psycopg2.errors.InsufficientPrivilege):
        return "the role has no right to"
    if isinstance(error, psycopg2.errors.DataError):
        return "the condition cannot be computed for some rows"  # the server's words would hold the value
    return "the server refused the query" if error.pgcode else "the connection was cut"


def _query(question: Question) -> sql.Composed:
    child = [sql.SQL("child.") + sql.Identifier(name) for name in question.columns]
    plain = [sql.Identifier(name) for name in question.columns]
    columns = child if question.sort is Sort.ORPHANS else plain
    parent = [sql.SQL("parent.") + sql.Identifier(name) for name in question.other_columns]
    present = [] if question.nulls_equal else [item + sql.SQL(" IS NOT NULL") for item in columns]
    inner = sql.SQL(_FROM[question.sort]).format(
        table=sql.Identifier(*question.table),
        first=plain[0] if plain else sql.SQL(""),
        columns=sql.SQL(", ").join(columns),
        present=sql.SQL(" AND ").join(present) if present else sql.SQL("true"),
        # printed by a server for a constraint or an index of the models
        condition=sql.SQL(f"({question.condition})" if question.condition else "true"),
        other=sql.Identifier(*question.other) if question.other else sql.SQL(""),
        joined=sql.SQL(" AND ").join(left + sql.SQL(" = ") + right for left, right in zip(parent, child, strict=False)),
        low=sql.Literal(question.low),
        high=sql.Literal(question.high),
        labels=sql.Literal(list(question.labels)) + sql.SQL("::text[]"),
    )
    counted = sql.SQL("count(*)" + _VALUE.get(question.sort, ""))
    return sql.SQL("SELECT {} FROM ({} LIMIT {}) AS found").format(counted, inner, sql.Literal(BOUND + 1))
