"""Views, functions, triggers … that a plan drops and creates again: which of them a statement speaks of."""

from __future__ import annotations

import re
from typing import TypeAlias

from drift_pipeline.plan.shapes import parts_of, shape

Signature: TypeAlias = tuple[str, ...]
"""The kind of an object and its names; of a routine also the number of its arguments, less one."""

_KINDS = (
    r"(?P<kind>materialized view|view|function|procedure|aggregate|trigger|policy|rule|statistics|type|domain|operator"
    r"|publication|cast|event trigger)"
)
_ROUTINES = ("function", "procedure", "aggregate")
_ON_TABLES = ("trigger", "policy", "rule")
_DROPS = shape(rf"drop {_KINDS} (?:if exists )?(?P<what>[^;]*?)(?: cascade| restrict)?\s*$")
_CREATES = shape(rf"create (?:or replace )?(?:constraint )?{_KINDS} (?P<what>.*)")
_ON = shape(r"(?:NAME:name)(?: on NAME:table)?")
_LATER_TABLE = shape(r".*? on NAME:table")

_UNQUOTED = r"(?:[^\"]|\"(?:[^\"]|\"\")*\")*?"
_COLUMN = shape(r"comment on column NAME:what(?=\s)")
_FURNISHES = (
    shape(rf"comment on {_KINDS} (?P<what>.*)"),
    shape(rf"alter {_KINDS} (?P<what>.*?) owner to "),
    shape(rf"(?:grant|revoke) {_UNQUOTED} on (?:(?P<kind>table|function|procedure|routine|type|domain) )?(?P<what>.*)"),
    shape(r"alter table (?:only )?NAME:table (?:enable|disable) (?:always |replica )?(?P<kind>trigger|rule) ID:what"),
)
"""What is said of an object that is there, and needs nothing else: its owner, comment, grants, whether it fires."""
_PARTS = (
    shape(rf"create (?:or replace )?(?P<kind>trigger|rule) {_UNQUOTED} on NAME:table"),
    shape(rf"alter {_KINDS} (?P<what>NAME(?=[\s(]).*)"),
)
"""What belongs to an object as well, and may need others."""
_ONE_NAMESPACE = {
    "table": "relation",
    "view": "relation",
    "materialized view": "relation",
    **dict.fromkeys((*_ROUTINES, "routine"), "routine"),
    "domain": "type",
}


def dropped(sql: str) -> Signature | None:
    """What the statement drops."""
    match = _DROPS.match(sql.strip())
    return _signature(match) if match else None


def created(sql: str) -> Signature | None:
    """What the statement creates."""
    match = _CREATES.match(sql.strip())
    return _signature(match) if match else None


def called(signature: Signature) -> str:
    """`view public.v`, `trigger a of public.t`: for people."""
    kind, *names = signature
    if kind in _ROUTINES:
        names.pop()
    return f"{kind} {names[0]} of {'.'.join(names[1:])}" if kind in _ON_TABLES else f"{kind} {'.'.join(names)}"


def only_furnishes(sql: str) -> bool:
    """Whether the statement needs nothing but the object that it speaks of."""
    text = sql.strip()
    return bool(_COLUMN.match(text)) or any(each.match(text) for each in _FURNISHES)


def belongs_to(sql: str, signature: Signature) -> bool:
    """Whether the statement says something of the object, or of a part of it, such as its columns or triggers.

    Overloads of a function are not told apart: to do the same a little earlier to another one does no harm.
    """
    return _bare(signature) in _spoken_of(sql.strip())


def _spoken_of(text: str) -> set[Signature]:
    column = _COLUMN.match(text)
    if column:
        table = parts_of(column["what"])[:-1]
        return {("relation", *table), ("type", *table)}
    found: set[Signature] = set()
    for each in (*_FURNISHES, *_PARTS):
        if match := each.match(text):
            found |= _of(match)
    return found


def _of(match: re.Match[str]) -> set[Signature]:
    texts = match.groupdict()
    kind = " ".join((texts["kind"] or "table").lower().split())
    name = _ON.match(texts.get("what") or "")
    names = parts_of(name["name"]) if name else ()
    table = texts.get("table") or (_table(texts["what"] or "") if kind in _ON_TABLES else "")
    if not table:
        return {(_ONE_NAMESPACE.get(kind, kind), *names)}
    return {(kind, *names, *parts_of(table)), ("relation", *parts_of(table))}


def _bare(signature: Signature) -> Signature:
    kind, *names = signature
    if kind in _ROUTINES:
        names.pop()
    return (_ONE_NAMESPACE.get(kind, kind), *names)


def _table(text: str) -> str:
    match = _LATER_TABLE.match(text)
    return match["table"] if match else ""


def _signature(match: re.Match[str]) -> Signature:
    kind = " ".join(match["kind"].lower().split())
    text = match["what"]
    name = _ON.match(text)
    names = parts_of(name["name"]) if name else (text,)
    if kind in _ROUTINES:
        # arguments are printed with their names in one place and without in another: their number tells most of them
        return (kind, *names, str(text.partition(")")[0].count(",")))
    if kind in _ON_TABLES:
        return (kind, *names, *parts_of(_table(text)))
    return (kind, *names)
