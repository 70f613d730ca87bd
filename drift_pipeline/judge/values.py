"""Values of attributes in front of people, and what a thing that came or went looks like."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias

from drift_pipeline.judge.words import dotted, visible
from drift_pipeline.schema.facts import Fact, Value

VALUE_LENGTH = 60

VALUES = {
    ("enabled", "origin"): "enabled",
    ("enabled", "replica"): "enabled on replicas only",
    ("enabled", "always"): "always enabled",
    ("triggers", "origin"): "enabled",
    ("triggers", "replica"): "enabled on replicas only",
    ("triggers", "always"): "always enabled",
}
"""What the catalog's words mean to people."""

NAMES = frozenset({"references", "partition_of", "owned_by", "inherits", "multirange", "sequence"})
"""Attributes that hold names in parts, or lists of such names."""


def shown_attribute(attribute: str, value: Value) -> str:
    """The value of this attribute in one short piece, in people's words."""
    if isinstance(value, str):
        return VALUES.get((attribute, value)) or shown_value(value)
    if attribute in NAMES and isinstance(value, list) and value:
        names = value if isinstance(value[0], list) else [value]
        return ", ".join(dotted([str(part) for part in name]) for name in names if isinstance(name, list))
    return shown_value(value)


def shown_value(value: Value) -> str:
    """A value in one short, printable piece."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None:
        return "none"
    if isinstance(value, list):
        flat = [_item(item) for item in value]
        text = f"({', '.join(flat)})" if flat else "none"
    elif isinstance(value, dict):
        text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    else:
        text = str(value)
    text = visible(text)
    return text if len(text) <= VALUE_LENGTH else text[: VALUE_LENGTH - 1] + "…"


def _item(item: Value) -> str:
    if not isinstance(item, dict):
        return str(item)
    if item.get("order") is not None:
        return _index_key(item)
    # a view's column or a composite's field: only what is set
    return " ".join(str(value) for value in item.values() if value not in (None, False, "", [], {}))


def _index_key(key: dict[str, Value]) -> str:
    descending = key.get("order") == "desc"
    parts = [key.get("key"), key.get("collation"), key.get("opclass"), "desc" if descending else None]
    if key.get("nulls") != ("first" if descending else "last"):
        parts.append(f"nulls {key.get('nulls')}")
    return " ".join(str(part) for part in parts if part)


Attributes: TypeAlias = Mapping[str, Value]


def _column(fact: Attributes) -> str:
    return f"{fact['type']}{' NOT NULL' if fact.get('not_null') else ''}"


def _columns(fact: Attributes) -> str:
    return shown_value(fact["columns"])


def _index(fact: Attributes) -> str:
    where = f" WHERE {fact['predicate']}" if fact.get("predicate") else ""
    return f"{'unique ' if fact.get('unique') else ''}{shown_value(fact['keys'])}{where}"


def _foreign_key(fact: Attributes) -> str:
    referenced = f"{shown_attribute('references', fact['references'])} {shown_value(fact['referenced_columns'])}"
    return f"{shown_value(fact['columns'])} to {referenced}"


def _expression(fact: Attributes) -> str:
    return str(fact["expression"])


def _definition(fact: Attributes) -> str:
    return str(fact["definition"])


def _privileges(fact: Attributes) -> str:
    granted = fact["privileges"]
    return ", ".join(granted) if isinstance(granted, dict) else ""


LOOKS: Mapping[str, Callable[[Attributes], str]] = {
    "column": _column,
    "primary_key": _columns,
    "unique": _columns,
    "foreign_key": _foreign_key,
    "check": _expression,
    "domain_check": _expression,
    "exclusion": _definition,
    "index": _index,
    "enum": lambda fact: shown_value(fact["labels"]),
    "privilege": _privileges,
    "default_privilege": _privileges,
}
"""What a thing that came or went looks like, by kind."""


def looks(fact: Fact) -> str:
    """The fact in one short piece, such as `numeric(10,2) NOT NULL` for a column; empty for kinds without one."""
    look = LOOKS.get(fact.id.kind)
    try:
        return shown_value(look(fact.attributes)) if look else ""
    except KeyError:
        return ""  # a fact that says less than the reader's
