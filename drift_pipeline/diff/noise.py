"""Names that say nothing: of constraints, indexes and sequences that the server called as it liked.

Here one thing has two names, or two kinds of things do one thing; equivalence.py is about the text of attributes. What
is hidden that way is counted under the rule's name as well, and `exact=True` asks none of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from drift_pipeline.diff import sqltext
from drift_pipeline.diff.heirs import column_of, parents_of
from drift_pipeline.schema.facts import Fact, Schema, Value

UNIQUE_INDEX = "unique-index-is-constraint"
"""A unique index and a unique constraint on the same plain columns: both forbid the same rows, both serve foreign keys
and ON CONFLICT (columns). Only ON CONFLICT ON CONSTRAINT and ALTER … DROP CONSTRAINT can tell them apart."""

NOISE_NAMES: Mapping[str, str] = {"not_null": "not-null-name", "sequence": "owned-sequence-name"}
"""Kinds whose names nobody chose: the server makes up those of NOT NULL constraints (18 and later), and serial columns
name their sequence after what the table was called at the time."""

PART_NUMBER = "part-name-number"
"""Which of a partition's parts of two indexes on the same columns was made first, and got the name without a number."""

_NUMBERED = re.compile(r"(.*_(?:idx|key|pkey|excl))\d*")


def noise_name(before: Fact, after: Fact) -> str:
    """The rule by which another name of the same thing is no difference; empty where there is none."""
    if before.attributes.get("partition_of") and before.id.kind != "not_null":
        names = [_NUMBERED.fullmatch(fact.id.name[-1]) for fact in (before, after)]
        return PART_NUMBER if len({name[1] if name else "" for name in names}) == 1 and all(names) else ""
    return NOISE_NAMES.get(before.id.kind, "")


def only_a_name(fact: Fact, source: Schema, target: Schema) -> bool:
    """True for a NOT NULL constraint that says no more than the column of both schemas, apart from a chosen name.

    A child that was attached has it under its own name, and an heir may declare what it inherits all the same. On any
    other table one with the name that the server chooses is a fact only because it says more.
    """
    columns = fact.attributes.get("columns")
    if fact.id.kind != "not_null" or fact.parent is None or not isinstance(columns, list) or len(columns) != 1:
        return False
    if fact.attributes.get("validated") is False or fact.attributes.get("no_inherit"):
        return False
    chosen = fact.id.name[-1] != f"{fact.id.name[1]}_{columns[0]}_not_null"
    tables = [schema.facts.get(fact.parent) for schema in (source, target)]
    child = any(table is not None and parents_of(table) for table in tables)
    both = [column_of(schema, fact.parent, str(columns[0])) for schema in (source, target)]
    return (chosen or child) and all(column is not None and column.attributes.get("not_null") for column in both)


def uniqueness(fact: Fact) -> object:
    """What a plain unique constraint or a plain unique index forbids; None for any other fact."""
    stated = fact.attributes
    if fact.id.kind == "unique":
        plain = not stated.get("deferrable") and not stated.get("period") and not stated.get("without_overlaps")
        columns = stated.get("columns")
    elif fact.id.kind == "index":
        keys = stated.get("keys")
        columns = [_plain_column(key) for key in keys] if isinstance(keys, list) else []
        usual = stated.get("method") == "btree" and stated.get("valid") is not False
        plain = bool(stated.get("unique")) and usual and not stated.get("predicate") and "" not in columns
    else:
        return None
    if not plain or not isinstance(columns, list):
        return None
    included = stated.get("include") or []
    return fact.parent, tuple(map(str, columns)), str(included), bool(stated.get("nulls_not_distinct"))


def _plain_column(key: Value) -> str:
    """The column of an index key without expression, operator class, collation or order of its own; else empty."""
    if not isinstance(key, dict) or any(value for name, value in key.items() if name not in ("key", "order", "nulls")):
        return ""
    usual = str(key.get("order") or "asc").lower() == "asc" and str(key.get("nulls") or "last").lower() == "last"
    return sqltext.identifier(str(key.get("key"))) if usual else ""
