"""What env.py's `include_name` and `include_object` leave out, asked for each name as autogenerate would ask."""

from __future__ import annotations

from typing import Any, Iterator  # noqa: UP035 - Python 3.9

from sqlalchemy import Column, ForeignKeyConstraint, Index, MetaData, Table, UniqueConstraint
from sqlalchemy.types import NullType

# kinds of facts, and what Alembic calls them; it never asks about others
TYPES = {
    "schema": "schema",
    "table": "table",
    "foreign_table": "table",
    "view": "table",
    "materialized_view": "table",
    "column": "column",
    "index": "index",
    "unique": "unique_constraint",
    "foreign_key": "foreign_key_constraint",
}
Name = tuple[str, tuple[str, ...]]


def excluded(
    calls: list[dict[str, Any]], found: list[MetaData], names: list[list[Any]], default_schema: str
) -> dict[str, Any]:
    """Of the live names and the models' own, those that every `configure` call leaves out.

    A filter that raises (it may want more of a reflected object than its name) leaves nothing out; `unanswered`
    counts those.
    """
    asked = _Asked(found, default_schema)
    live: list[Name] = [(kind, tuple(parts)) for kind, parts in names]
    own = list(_own_names(found, default_schema))
    questions = dict.fromkeys([*live, *own])
    there = set(live)
    out = [
        [kind, list(parts)]
        for kind, parts in questions
        if kind in TYPES and all(asked.leaves_out(call, kind, parts, (kind, parts) in there) for call in calls)
    ]
    return {"excluded": out, "unanswered": asked.unanswered}


def _own_names(found: list[MetaData], default_schema: str) -> Iterator[Name]:
    for metadata in found:
        for table in metadata.tables.values():
            at = (table.schema or default_schema, table.name)
            yield "table", at
            for column in table.columns:
                yield "column", (*at, column.name)
            for index in table.indexes:
                if index.name:
                    yield "index", (*at, str(index.name))


class _Asked:
    def __init__(self, found: list[MetaData], default_schema: str) -> None:
        self._default_schema = default_schema
        self._tables = {(each.schema or default_schema, each.name): each for m in found for each in m.tables.values()}
        self._reflected: dict[tuple[str, str], Any] = {}
        self.unanswered = 0

    def leaves_out(self, call: dict[str, Any], kind: str, parts: tuple[str, ...], live: bool) -> bool:
        """Whether one `configure` call would not compare an object."""
        type_ = TYPES[kind]
        schema = None if parts[0] == self._default_schema else parts[0]
        name: str | None = schema if type_ == "schema" else parts[-1]
        try:
            by_name = call.get("include_name")
            if live and by_name and not by_name(name, type_, _parents(type_, schema, parts)):
                return True
            by_object = call.get("include_object")
            if not by_object or type_ == "schema":
                return False
            ours = self._own_object(kind, parts)
            theirs = self._reflected_object(kind, schema, parts) if live else None
            subject = theirs if ours is None else ours
            return not by_object(subject, name, type_, ours is None, None if ours is None else theirs)
        except Exception:
            self.unanswered += 1
            return False

    def _own_object(self, kind: str, parts: tuple[str, ...]) -> Any:
        # a view is a table to models
        table = self._tables.get((parts[0], parts[1]))
        if table is None or TYPES[kind] == "table":
            return table
        if kind == "column":
            return next((each for each in table.columns if each.name == parts[2]), None)
        candidates: list[Any] = [*table.indexes, *table.constraints]
        return next((each for each in candidates if each.name == parts[2]), None)

    def _reflected_object(self, kind: str, schema: str | None, parts: tuple[str, ...]) -> Any:
        """An object of that name and nothing else: all that a filter by name, schema or `reflected` looks at."""
        table = self._reflected.get((parts[0], parts[1]))
        if table is None:
            table = Table(parts[1], MetaData(), schema=schema)
            self._reflected[parts[0], parts[1]] = table
        if TYPES[kind] == "table":
            return table
        if kind == "column":
            if parts[2] not in table.columns:
                table.append_column(Column(parts[2], NullType()))
            return table.columns[parts[2]]
        return _part(kind, parts[2], table)


def _part(kind: str, name: str, table: Any) -> Any:
    if "drift_any" not in table.columns:
        table.append_column(Column("drift_any", NullType()))
    column = table.columns["drift_any"]
    if kind == "index":
        return Index(name, column)
    if kind == "unique":
        constraint: Any = UniqueConstraint(column, name=name)
    else:
        constraint = ForeignKeyConstraint([column], [column], name=name)
    constraint._set_parent(table)
    return constraint


def _parents(type_: str, schema: str | None, parts: tuple[str, ...]) -> dict[str, str | None]:
    """`parent_names` as Alembic hands them over."""
    if type_ == "schema":
        return {}
    qualified = ".".join(each for each in (schema, parts[1]) if each)
    names = {"schema_name": schema, "schema_qualified_table_name": qualified}
    return names if type_ == "table" else {**names, "table_name": parts[1]}
