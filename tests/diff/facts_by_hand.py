"""Schemas written down by hand, for tests that need no server."""

from __future__ import annotations

from drift_pipeline.schema.facts import Fact, FactId, Schema, Value


def fact(kind: str, *name: str, parent: FactId | None = None, **attributes: Value) -> Fact:
    return Fact(FactId(kind, name), attributes, parent)


def table(name: str, *facts: Fact, **attributes: Value) -> list[Fact]:
    return [fact("table", "public", name, parent=FactId("schema", ("public",)), **attributes), *facts]


def of_table(kind: str, table_name: str, name: str, **attributes: Value) -> Fact:
    return fact(kind, "public", table_name, name, parent=FactId("table", ("public", table_name)), **attributes)


def column(table_name: str, name: str, **attributes: Value) -> Fact:
    return of_table("column", table_name, name, **{"type": "integer", "not_null": False, **attributes})


def index(table_name: str, name: str, *keys: str, **attributes: Value) -> Fact:
    stated = {
        "keys": [{"key": key, "opclass": None, "collation": None, "order": "asc", "nulls": "last"} for key in keys],
        "unique": False,
        "method": "btree",
        "valid": True,
        "include": [],
        "predicate": None,
        "nulls_not_distinct": False,
    }
    return of_table("index", table_name, name, **{**stated, **attributes})


def unique(table_name: str, name: str, *columns: str, **attributes: Value) -> Fact:
    stated = {"columns": list(columns), "deferrable": False, "include": [], "nulls_not_distinct": False}
    return of_table("unique", table_name, name, **{**stated, **attributes})


def schema(*facts: Fact | list[Fact], version: int = 180000) -> Schema:
    flat = [fact("schema", "public")]
    for item in facts:
        flat.extend(item if isinstance(item, list) else [item])
    return Schema.of(flat, version)
