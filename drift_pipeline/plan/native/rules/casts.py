"""USING clauses: how the rows of a column come to its new type."""

from __future__ import annotations

import re

from drift_pipeline.plan.native.quote import quote_ident
from drift_pipeline.plan.native.steps import text
from drift_pipeline.schema.facts import Fact

_NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"})
_STRINGS = frozenset({"text", "character varying", "character", "name", "citext"})
_TIMES = frozenset({"date", "timestamp without time zone", "timestamp with time zone"})
_CLOCKS = frozenset({"time without time zone", "time with time zone", "interval"})
_ASSIGNABLE = (_NUMBERS, _TIMES, _CLOCKS, {"json", "jsonb"}, {"inet", "cidr"}, {"bit", "bit varying"})
"""Families within which PostgreSQL assigns, so that a value that does not fit is an error and not cut off."""

_EXPLICIT = frozenset(
    {("integer", "boolean"), ("boolean", "integer"), ("integer", "bit"), ("bigint", "bit"), ("bit", "integer")}
    | {("jsonb", number) for number in _NUMBERS}
    | {("jsonb", "boolean"), ("timestamp without time zone", "time without time zone")}
    | {("timestamp with time zone", "time without time zone"), ("timestamp with time zone", "time with time zone")}
)
_MODIFIER = re.compile(r"\(\s*\d+\s*(,\s*-?\d+\s*)?\)")


def base_type(name: str) -> str:
    """The type without its length or precision."""
    return _MODIFIER.sub("", name).strip()


def using(before: Fact, after: Fact, *, swapped: bool = False) -> str:
    """The USING clause from one type to another, "" where an assignment does it.

    `swapped`: the type has the same name and is another one.
    """
    old, new = text(before, "type"), text(after, "type")
    one, other = base_type(old), base_type(new)
    column = quote_ident(after.id.name[-1])
    if one == other and not swapped:
        return ""
    if swapped:
        return f" USING {column}::{'text[]' if other.endswith('[]') else 'text'}::{new}"
    array, other_array = one.endswith("[]"), other.endswith("[]")
    if not array and other_array and other == f"{one}[]":
        return f" USING CASE WHEN {column} IS NULL THEN NULL ELSE ARRAY[{column}] END"
    if other in _STRINGS or (array == other_array and assignable(one.removesuffix("[]"), other.removesuffix("[]"))):
        return ""
    if one in _STRINGS or (one, other) in _EXPLICIT:
        return f" USING {column}::{new}"
    middle = "text[]" if array and other_array else "text"
    return f" USING {column}::{middle}::{new}"


def assignable(one: str, other: str) -> bool:
    """Whether PostgreSQL assigns one built-in type to the other by itself."""
    return one == other or any(one in family and other in family for family in _ASSIGNABLE)
