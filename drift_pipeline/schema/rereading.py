"""Reading a scratch database again after statements ran there: only what they touched is read.

It is the same schema as a whole read would give, and a proof may stand on it. Why: every fact is printed from rows of
the catalogs about its own object, and from the names of the objects that these rows refer to, each of which is an edge
in pg_depend. A statement cannot change a fact without writing one of those rows, and a row that is written has another
xmin, or another place where the same transaction wrote it before. So the rows' own versions tell which relations were
written to; these are read again, with those that refer to them and with their kin by inheritance. When anything was
written that belongs to no relation (a type, a function, a schema), everything is read. Nobody else may write there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name

from drift_pipeline.schema.facts import Fact, FactId, Schema
from drift_pipeline.schema.reader import part_in, rows_in, schema_in

Marks: TypeAlias = Mapping[int, tuple[tuple[str, str], str]]
"""By oid of a relation: schema and name, and a word that changes when it is written to. 0: all that belongs to none."""

AT_MOST = 0.3
"""The part of all relations from which on everything is read: that is as quick."""

_OWN = frozenset({"table", "foreign_table", "view", "materialized_view", "sequence"})
_PARTS = frozenset(
    {"column", "primary_key", "unique", "check", "foreign_key", "exclusion", "not_null", "index", "trigger", "rule"}
    | {"policy"}
)
_ABOUT_AT: Mapping[str, int] = {"comment": 0, "privilege": 0, "security_label": 1}


@dataclass(frozen=True)
class Reading:
    """A schema, and the marks of the database at the moment when it was read."""

    schema: Schema
    marks: Marks


def read_marks(connection: Connection) -> Marks:
    """The marks as the open transaction sees them. Raises psycopg2.Error."""
    rows = rows_in(connection, ("mark", "mark_all"), {})
    return {relation: ((schema or "", name or ""), mark) for relation, schema, name, mark in rows}


def read_whole(connection: Connection, seen: Callable[[Schema], Schema] = lambda schema: schema) -> Reading:
    """The schema as the open transaction sees it, all of it read, and its marks. `seen`: applied to what was read."""
    return Reading(seen(schema_in(connection)), read_marks(connection))


def read_again(
    connection: Connection, before: Reading, seen: Callable[[Schema], Schema] = lambda schema: schema
) -> Reading:
    """The same of a database that was as `before` says: only what may have changed is read. Raises psycopg2.Error."""
    marks = read_marks(connection)
    keys = before.marks.keys() | marks.keys()
    touched = [key for key in keys if before.marks.get(key) != marks.get(key)]
    if not touched:
        return Reading(before.schema, marks)
    if 0 in touched or len(touched) > AT_MOST * len(marks):
        return Reading(seen(schema_in(connection)), marks)
    touched += _former_owners(touched, before)
    near = rows_in(connection, ("mark", "mark_near"), {"touched": touched})
    again = {relation for relation, changed, _ in near if changed} | set(touched)
    if len(again) > AT_MOST * len(marks):
        return Reading(seen(schema_in(connection)), marks)
    parts = {oid for _, changed, oids in near if changed for oid in oids if oid is not None} | again
    kinds = {key.kind for key in before.schema.facts}
    read = seen(part_in(connection, [relation for relation, _, _ in near] + touched, parts, kinds))
    homes = {side[key][0] for key in again for side in (before.marks, marks) if key in side}
    return Reading(_joined(before.schema, read, homes), marks)


def _former_owners(touched: Sequence[int], before: Reading) -> list[int]:
    """Tables whose column owned one of the sequences: pg_depend does not know that any more."""
    names = {before.marks[key][0] for key in touched if key in before.marks}
    owners = {
        (str(owner[0]), str(owner[1]))
        for name in names
        if (fact := before.schema.facts.get(FactId("sequence", name)))
        and isinstance(owner := fact.attributes.get("owned_by"), list)
    }
    return [key for key, (name, _) in before.marks.items() if owners and name in owners]


def _joined(before: Schema, read: Schema, homes: set[tuple[str, str]]) -> Schema:
    """What was read of these relations and of everything that belongs to none, and the rest as it was before."""
    facts: dict[FactId, Fact] = {}
    gone, own = set[FactId](), set[FactId]()
    for key, fact in before.facts.items():
        home = _home(key, before)
        if home is not None and home not in homes:
            facts[key] = fact
        else:
            (own if home is None else gone).add(key)
    here, loose = set[FactId](), set[FactId]()
    for key, fact in read.facts.items():
        home = _home(key, read)
        if home is None or home in homes:
            known = before.facts.get(key)
            # the same object where it is the same fact: comparing it again costs nothing then
            same = known is not None and known.attributes == fact.attributes and known.parent == fact.parent
            facts[key] = known if known is not None and same else fact
            (loose if home is None else here).add(key)
    # edges are read again with the relation whose rows state them, or that what belongs to none refers to
    edges = {edge for edge in before.depends if not (edge[0] in gone or (edge[0] in own and edge[1] in gone))}
    edges |= {edge for edge in read.depends if edge[0] in here or (edge[0] in loose and edge[1] in here)}
    return replace(
        read, facts=facts, depends=frozenset(edges), excluded=before.excluded, not_covered=before.not_covered
    )


def _home(key: FactId, schema: Schema) -> tuple[str, str] | None:
    """Schema and name of the relation that a fact is a part of, or about; None for what belongs to none."""
    kind, name = key
    if kind in _OWN or kind in _PARTS:
        return name[0], name[1]
    if kind in _ABOUT_AT:
        about = name[_ABOUT_AT[kind] :]
        return _home(FactId(about[0], about[1:]), schema) if len(about) > 1 else None
    if kind == "publication_table":
        return name[1], name[2]
    if kind == "statistics":
        fact = schema.facts.get(key)
        return _home(fact.parent, schema) if fact is not None and fact.parent is not None else None
    return None
