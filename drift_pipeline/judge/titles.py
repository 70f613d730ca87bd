"""One line for people on each difference: what is where, in words.

The phrases are tables: by kind and attribute, with one text for each way that a value can differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from drift_pipeline.diff.differences import AttributeChange, Change, Difference
from drift_pipeline.judge.rules.rule import own_changes
from drift_pipeline.judge.values import looks, shown_attribute, shown_value
from drift_pipeline.judge.words import dotted, kind_word, subject, visible
from drift_pipeline.schema.coverage import THE_OWNER
from drift_pipeline.schema.facts import FactId, Value

PHRASES_SHOWN = 3

# a NOT NULL is a constraint as well since PostgreSQL 18, and every object has its owner's privileges
_NOT_WORTH_TELLING = frozenset({"not_null", "privilege"})
_PLURAL = frozenset({"privilege", "default_privilege"})


@dataclass(frozen=True)
class Phrase:
    """How a changed attribute is told. `gained`: live has none; `lost`: the models have none."""

    both: str
    gained: str = ""
    lost: str = ""


_NAMED = Phrase(
    "has {label} {before} in {where}, {after} in the models",
    "has no {label} in {where}, {label} {after} in the models",
    "has {label} {before} in {where}, none in the models",
)
_USUAL = Phrase(
    "has {label} {before} in {where}, {after} in the models",
    "has the default {label} in {where}, {after} in the models",
    "has {label} {before} in {where}, the default in the models",
)
_DEFINITION = Phrase("has another {label} in {where} than in the models")
_IS = Phrase("is {before} in {where}, {after} in the models")


def _switch(on: str, off: str, short_on: str, short_off: str) -> Phrase:
    """For what is on or off: in full for the live side, in short for the models' side."""
    gained = f"{off} in {{where}}, {short_on} in the models"
    return Phrase("", gained=gained, lost=f"{on} in {{where}}, {short_off} in the models")


PHRASES: dict[tuple[str, str], Phrase] = {
    ("*", "type"): _IS,
    ("*", "enabled"): _IS,
    ("*", "persistence"): _IS,
    ("*", "volatility"): _IS,
    ("*", "not_null"): _switch("is NOT NULL", "accepts NULL", "is NOT NULL", "accepts NULL"),
    ("column", "generated"): Phrase(
        "is generated {before} in {where}, {after} in the models",
        "is a plain column in {where}, generated {after} in the models",
        "is generated {before} in {where}, a plain column in the models",
    ),
    ("column", "identity"): Phrase(
        "is identity {before} in {where}, {after} in the models",
        "is no identity in {where}, identity {after} in the models",
        "is identity {before} in {where}, no identity in the models",
    ),
    ("*", "storage"): _USUAL,
    ("*", "statistics"): _USUAL,
    ("*", "compression"): _USUAL,
    ("*", "collation"): _USUAL,
    ("*", "tablespace"): _USUAL,
    ("*", "unique"): _switch("is unique", "is not unique", "unique", "not unique"),
    ("*", "valid"): _switch("is valid", "is invalid", "valid", "invalid"),
    ("*", "validated"): _switch("is validated", "is NOT VALID", "validated", "NOT VALID"),
    ("*", "enforced"): _switch("is enforced", "is not enforced", "enforced", "not enforced"),
    ("*", "deferrable"): _switch("is deferrable", "is not deferrable", "deferrable", "not deferrable"),
    ("*", "initially_deferred"): _switch(
        "is checked at the end of a transaction", "is checked at once", "at the end of a transaction", "at once"
    ),
    ("*", "nulls_not_distinct"): _switch(
        "takes NULLs as equal", "takes NULLs as different", "as equal", "as different"
    ),
    ("*", "row_security"): _switch("has row level security on", "has row level security off", "on", "off"),
    ("*", "force_row_security"): _switch(
        "holds its owner to row level security", "lets its owner bypass row level security", "does not", "does not"
    ),
    ("*", "security_definer"): _switch(
        "runs with its owner's rights (SECURITY DEFINER)",
        "runs with its caller's rights",
        "with its owner's",
        "with its caller's",
    ),
    ("*", "permissive"): _switch("is permissive", "is restrictive", "permissive", "restrictive"),
    ("*", "populated"): _switch("is filled", "is not filled", "filled", "not filled"),
    ("*", "cycle"): _switch("cycles", "does not cycle", "cycles", "does not"),
    ("comment", "text"): Phrase("says “{before}” in {where}, “{after}” in the models"),
    ("*", "body"): _DEFINITION,
    ("*", "definition"): _DEFINITION,
    ("*", "owner"): Phrase("belongs to {before} in {where}, to {after} in the models"),
    ("*", "owned_by"): Phrase(
        "belongs to column {before} in {where}, to {after} in the models",
        "belongs to no column in {where}, to {after} in the models",
        "belongs to column {before} in {where}, to none in the models",
    ),
    ("*", "cluster_on"): Phrase(
        "is clustered on {before} in {where}, on {after} in the models",
        "is clustered on no index in {where}, on {after} in the models",
        "is clustered on {before} in {where}, on no index in the models",
    ),
    ("*", "inherits"): Phrase(
        "inherits {before} in {where}, {after} in the models",
        "inherits nothing in {where}, {after} in the models",
        "inherits {before} in {where}, nothing in the models",
    ),
    ("*", "option_order"): Phrase(
        "has its options in the order {before} in {where}, {after} in the models",
        "has its options in alphabetical order in {where}, as {after} in the models",
        "has its options in the order {before} in {where}, alphabetically in the models",
    ),
    ("*", "depends_on_extensions"): Phrase(
        "goes with the extension {before} in {where}, with {after} in the models",
        "goes with no extension in {where}, with {after} in the models",
        "goes with the extension {before} in {where}, with none in the models",
    ),
    ("*", "references"): Phrase("references {before} in {where}, {after} in the models"),
    ("*", "triggers"): Phrase("has its triggers {before} in {where}, {after} in the models"),
    **{
        (kind, "partition_of"): Phrase(
            "is attached to {before} in {where}, to {after} in the models",
            "is attached to nothing in {where}, to {after} in the models",
            "is attached to {before} in {where}, to nothing in the models",
        )
        for kind in ("index", "primary_key", "unique", "exclusion")
    },
    ("*", "partition_of"): Phrase(
        "is a partition of {before} in {where}, of {after} in the models",
        "is no partition in {where}, a partition of {after} in the models",
        "is a partition of {before} in {where}, no partition in the models",
    ),
}

LABELS = {
    "returns": "return type",
    "keys": "key columns",
    "using": "USING",
    "check": "WITH CHECK",
    "on_delete": "ON DELETE",
    "on_update": "ON UPDATE",
}
TOLD_BY = {"definition": "columns"}
"""Attributes that need no words of their own when another one changed as well."""


def title(difference: Difference, environment: str = "") -> str:
    """One printable line on a difference, such as `index public.ix_total on public.orders is missing in production`."""
    where = visible(environment) or "the live database"
    return f"{subject(difference.id)} {phrase(difference, where)}"


def phrase(difference: Difference, where: str) -> str:
    """The sentence behind the subject."""
    change = difference.change
    plural = difference.id.kind in _PLURAL
    if change is Change.ADDED:
        return f"{'are' if plural else 'is'} missing in {where}{_looks(difference)}{_contents(difference, 'with')}"
    if change is Change.REMOVED:
        verb = "exist" if plural else "exists"
        contents = _contents(difference, "dropping it also drops")
        return f"{verb} in {where} and not in the models{_looks(difference)}{contents}"
    told = [
        text
        for item in own_changes(difference)
        if TOLD_BY.get(item.name) not in difference.changed_names
        for text in _told(difference, item, where)
    ]
    if change is Change.RENAMED:
        told.insert(0, _renamed(difference, where))
    shown = "; ".join(told[:PHRASES_SHOWN]) or f"differs between {where} and the models"
    more = len(told) - PHRASES_SHOWN
    return f"{shown}; and {more} more" if more > 0 else shown


def _renamed(difference: Difference, where: str) -> str:
    before = difference.before.id.name if difference.before else difference.id.name
    after = difference.after.id.name if difference.after else difference.id.name
    common = 0
    while common < min(len(before), len(after)) - 1 and before[common] == after[common]:
        common += 1
    return f"is called {dotted(before[common:])} in {where}, {dotted(after[common:])} in the models"


def _looks(difference: Difference) -> str:
    fact = difference.after or difference.before
    text = looks(fact) if fact is not None else ""
    return f": {text}" if text else ""


def _contents(difference: Difference, words: str) -> str:
    counted = Counter(item.kind for item in difference.contains if item.kind not in _NOT_WORTH_TELLING)
    if not counted:
        return ""
    order = sorted(counted, key=lambda kind: (kind != "column", kind))
    return f" ({words} " + ", ".join(f"{counted[kind]} {kind_word(kind, counted[kind])}" for kind in order) + ")"


def _told(difference: Difference, item: AttributeChange, where: str) -> list[str]:
    kind, before, after = difference.id.kind, item.before, item.after
    if isinstance(before, dict) or isinstance(after, dict):
        return _of_maps(item.name, before, after, where)
    if kind == "enum" and item.name == "labels":
        return _of_labels(before, after, where)
    found = PHRASES.get((kind, item.name)) or PHRASES.get(("*", item.name)) or _NAMED
    gone, new = _absent(before), _absent(after)
    text = found.gained if gone and found.gained else found.lost if new and found.lost else found.both
    label = LABELS.get(item.name, item.name.replace("_", " "))
    if item.name == "default" and difference.after and difference.after.attributes.get("generated"):
        label = "expression"
    values = {
        "before": shown_attribute(item.name, before),
        "after": shown_attribute(item.name, after),
        "label": label,
        "where": where,
    }
    return [(text or _NAMED.both).format(**values)]


def _absent(value: Value) -> bool:
    return value is None or value is False or value in ("", [])


def _of_labels(before: Value, after: Value, where: str) -> list[str]:
    old, new = (list(value) if isinstance(value, list) else [] for value in (before, after))
    told = []
    missing, extra = [item for item in new if item not in old], [item for item in old if item not in new]
    if missing:
        told.append(f"lacks {_listed(missing)} in {where}")
    if extra:
        told.append(f"has {_listed(extra)} in {where} and not in the models")
    if [item for item in old if item in new] != [item for item in new if item in old]:
        told.append(f"has its labels in another order in {where}")
    return told


def _listed(items: list[Value]) -> str:
    shown = ", ".join(f"'{visible(str(item))}'" for item in items[:5])
    return f"{shown} and {len(items) - 5} more" if len(items) > 5 else shown


def _of_maps(name: str, before: Value, after: Value, where: str) -> list[str]:
    old, new = (value if isinstance(value, dict) else {} for value in (before, after))
    told = []
    for key in sorted({*old, *new}):
        if old.get(key) == new.get(key) and (key in old) == (key in new):
            continue
        left = shown_value(old[key]) if key in old else "not set"
        right = shown_value(new[key]) if key in new else "not set"
        if name in _GRANTED:
            left, right = (_GRANTED[name](key, side) for side in (old, new))
        verb = "differ: {} is" if name in _GRANTED else "has {}"
        told.append(f"{verb.format(visible(key))} {left} in {where}, {right} in the models")
    return told


def _granted(key: str, side: dict[str, Any]) -> str:
    if key not in side:
        return "not granted"
    return "granted with grant option" if side[key] else "granted"


def _grantors(key: str, side: dict[str, Any]) -> str:
    given = side.get(key, {THE_OWNER: False})
    names = ("the owner" if role == THE_OWNER else visible(role) for role in sorted(given))
    return f"granted by {' and '.join(names)}"


_GRANTED: Mapping[str, Callable[[str, dict[str, Any]], str]] = {"privileges": _granted, "granted_by": _grantors}


def sort_name(fact_id: FactId) -> tuple[str, ...]:
    """By place first, then by kind: what concerns one table stands together."""
    return (*fact_id.name, fact_id.kind)
