"""Rows in generated schemas, and whether they are still there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql

from drift_pipeline.config import Database
from tests.plan.worlds import TYPES

_COLUMNS = """
select n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attgenerated <> '', a.attidentity = 'a',
       coalesce(pg_get_expr(d.adbin, d.adrelid), '') ~ 'nextval', c.relkind
from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where n.nspname = 's' and c.relkind in ('r', 'p') order by 1, 2, a.attnum
"""
_VALUES = {type_: values for type_, _, values in TYPES.values()} | {
    "numeric(12,2)": TYPES["numeric"][2],
    "character varying(30)": TYPES["varchar"][2],
    "character varying(20)": TYPES["varchar"][2],
    "character(4)": TYPES["char"][2],
    "timestamp with time zone": TYPES["timestamptz"][2],
    "timestamp without time zone": TYPES["timestamp"][2],
}


@dataclass(frozen=True)
class Column:
    """What a table held in one column: its type, whether it is computed, the values in the order of `k`."""

    type: str
    computed: bool
    values: tuple[Any, ...]


def fill(database: Database, tables: Iterable[tuple[str, str]]) -> None:
    """Up to three rows in every table, as far as its constraints allow."""
    with _session(database) as cursor:
        cursor.execute(_COLUMNS)
        columns = cursor.fetchall()
        waiting = [_insert(columns, table, number) for table in tables for number in range(3)]
        todo = [statement for statement in waiting if statement is not None]
        for _ in range(3):  # rows wait for those that they refer to
            failed = []
            for statement in todo:
                try:
                    cursor.execute(statement)
                except psycopg2.Error:
                    failed.append(statement)
            todo = failed


def held(database: Database) -> dict[str, dict[str, Column]]:
    """What the tables hold themselves, by names: what partitions and children hold is theirs."""
    found: dict[str, dict[str, Column]] = {}
    with _session(database) as cursor:
        cursor.execute(_COLUMNS)
        for schema, table, column, type_, generated, _, _, _ in cursor.fetchall():
            cursor.execute(
                sql.SQL("select {}::text from only {} order by k, 1").format(
                    sql.Identifier(column), sql.Identifier(schema, table)
                )
            )
            values = tuple(value for (value,) in cursor.fetchall())
            found.setdefault(f"{schema}.{table}", {})[column] = Column(type_, generated, values)
    return found


def lost(
    before: dict[str, dict[str, Column]], after: dict[str, dict[str, Column]], excused: Sequence[str]
) -> list[str]:
    """Values that were there and are not, though no destructive statement names their table or column.

    `excused`: texts of what is said to be lost, as a plan says it.
    """
    found = []
    for table, columns in before.items():
        if table in after and not any(f"table {table}" == text for text in excused):
            for name, column in columns.items():
                now = after[table].get(name)
                named = any(text.startswith(f"column {table}.{name}") for text in excused)
                if now is None:
                    found += [] if named else [f"{table}.{name} is gone"]
                elif not (named or now.computed or column.computed) and not _same(column, now):
                    found.append(f"{table}.{name}: {column} is {now}")
        elif table not in after and not any(f"table {table}" == text for text in excused):
            found.append(f"{table} is gone")
    return found


def _same(before: Column, after: Column) -> bool:
    if before.type == after.type:
        return before.values == after.values
    # another type prints the same value in another way: it is a value still
    return [value is None for value in before.values] == [value is None for value in after.values]


def _insert(columns: list[tuple[Any, ...]], table: tuple[str, str], number: int) -> sql.Composed | None:
    mine = [row for row in columns if (row[0], row[1]) == table and not row[4] and not row[5] and not row[6]]
    given = [(row[2], _VALUES[row[3]][number]) for row in mine if row[3] in _VALUES]
    if not given:
        return None
    return sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(*table),
        sql.SQL(", ").join(sql.Identifier(name) for name, _ in given),
        sql.SQL(", ").join(sql.SQL(value) for _, value in given),
    )


class _session:  # noqa: N801 - a context manager that reads like a word
    def __init__(self, database: Database) -> None:
        self._connection = psycopg2.connect(**database.parameters)
        self._connection.autocommit = True

    def __enter__(self) -> Any:
        return self._connection.cursor()

    def __exit__(self, *_: object) -> None:
        self._connection.close()
