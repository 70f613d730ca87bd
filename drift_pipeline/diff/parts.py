"""What a partition has of its parent's complete indexes and keys: parts, each with a name of its own.

The reader states a part as a fact only where it says something else than its parent's does. All others it names in the
partition's attribute `attached`, part by part. Here parts become facts where the two sides do not have the same, so
that another name is a rename, and another option a change of that option.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from drift_pipeline.diff import matching
from drift_pipeline.schema.coverage import ATTACHED
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value

INDEX_KINDS = ("index", "primary_key", "unique", "exclusion")

OF_THE_PLACE = frozenset({"partition_of", "definition", "valid", "tablespace"})
"""Attributes that say where an index or a constraint is, and not what it does."""

_ABOUT = {"comment": 0, "security_label": 1}
"""Kinds of facts that a part may have, and where in their names the part's begins."""

_Way: TypeAlias = Callable[["_Part"], Hashable]


def parts_of(schema: Schema, table: Fact) -> dict[str, FactId]:
    """The parts of a partition by name, each with the parent's index or key that it repeats."""
    attached = table.attributes.get(ATTACHED)
    found = {}
    for name, path in attached.items() if isinstance(attached, dict) else ():
        above = _above(schema, table, path)
        if above is not None:
            found[name] = above.id
    return found


def _above(schema: Schema, table: Fact, path: Value) -> Fact | None:
    """The fact that says what an index with this path, of the table's parent, is: its own, or one further up."""
    home: Fact | None = table
    while home is not None and isinstance(path, list):
        parent = home.attributes.get("partition_of")
        if not isinstance(parent, list):
            return None
        above = FactId("table", tuple(map(str, parent)))
        ids = (FactId(kind, (*above.name, str(path[-1]))) for kind in INDEX_KINDS)
        found = next((schema.facts[key] for key in ids if key in schema.facts), None)
        if found is not None:
            return found
        home = schema.facts.get(above)
        attached = home.attributes.get(ATTACHED) if home else None
        path = attached.get(str(path[-1])) if isinstance(attached, dict) else None
    return None


@dataclass(frozen=True)
class _Part:
    fact: Fact
    stated: bool

    @property
    def name(self) -> str:
        return self.fact.id.name[-1]

    @property
    def path(self) -> tuple[str, ...]:
        above = self.fact.attributes.get("partition_of")
        return tuple(map(str, above)) if isinstance(above, list) else ()


def unlike_parts(
    source: Schema, target: Schema, partitions: Collection[FactId]
) -> tuple[Schema, Schema, frozenset[FactId]]:
    """Both schemas with the parts as facts that are not the same on both; and the ids of all that were paired so.

    `partitions`: the tables of both sides that may be some.
    """
    left: dict[FactId, Fact] = {}
    right: dict[FactId, Fact] = {}
    paired: set[FactId] = set()
    for table in _in_question(source, target, partitions):
        for old, new in _pairs(_parts(source, table), _parts(target, table)):
            paired |= {old.fact.id, new.fact.id}
            left |= {} if old.stated else {old.fact.id: old.fact}
            right |= {} if new.stated else {new.fact.id: new.fact}
    return _with(source, left), _with(target, right), frozenset(paired)


def _in_question(source: Schema, target: Schema, partitions: Collection[FactId]) -> list[FactId]:
    """Partitions of the same table on both sides whose parts are not all the same."""
    stated: set[FactId | None] = set()
    for own, other in ((source, target), (target, source)):
        for key, fact in own.facts.items():
            if key.kind in INDEX_KINDS and fact.attributes.get("partition_of"):
                twin = other.facts.get(key)
                if twin is None or twin.attributes != fact.attributes:
                    stated.add(fact.parent)
    found = []
    for key in sorted(partitions):
        old, new = source.facts[key], target.facts[key]
        unlike = key in stated or old.attributes.get(ATTACHED) != new.attributes.get(ATTACHED)
        if unlike and _bond(old) and _bond(old) == _bond(new):
            found.append(key)
    return found


def _bond(table: Fact) -> Value:
    return table.attributes.get("partition_of")


def _parts(schema: Schema, table: FactId) -> list[_Part]:
    """All parts of complete indexes and keys, in the order of their names."""
    home = schema.facts[table]
    attached = home.attributes.get(ATTACHED)
    found = []
    for name, path in sorted(attached.items()) if isinstance(attached, dict) else ():
        ids = (FactId(kind, (*table.name, name)) for kind in INDEX_KINDS)
        own = next((schema.facts[key] for key in ids if key in schema.facts), None)
        if own is not None:
            found.append(_Part(own, stated=True))
            continue
        above = _above(schema, home, path)
        if above is not None:
            found.append(_Part(_as_part(above, table, name, path), stated=False))
    return found


def _as_part(above: Fact, table: FactId, name: str, path: Value) -> Fact:
    attributes = {key: value for key, value in above.attributes.items() if key != "_definition"}
    attributes |= {"partition_of": path, "valid": True}
    return Fact(FactId(above.id.kind, (*table.name, name)), attributes, table)


def _pairs(left: Sequence[_Part], right: Sequence[_Part]) -> Iterator[tuple[_Part, _Part]]:
    """The parts that are the same thing, where one has another name or says something else than its parent's.

    Two that only repeat parents' which are not alike are none: that difference is the parents'.
    """
    rest, others = list(left), list(right)
    for way in _WAYS:
        for one in list(rest):
            key = way(one)
            other = next((each for each in others if way(each) == key), None)
            if other is not None and _comparable(one, other):
                rest.remove(one)
                others.remove(other)
                if one.stated or other.stated or one.name != other.name:
                    yield one, other


def _comparable(one: _Part, other: _Part) -> bool:
    return one.stated or other.stated or _meaning(one) == _meaning(other)


def _meaning(part: _Part) -> Hashable:
    """What the part states on the plane of structure, wherever it is."""
    stated = [(key, repr(value)) for key, value in matching.definition(part.fact) if key not in OF_THE_PLACE]
    return part.fact.id.kind, tuple(stated)


_WAYS: Sequence[_Way] = (
    lambda part: (part.name, part.path, _meaning(part)),
    lambda part: (part.path, _meaning(part)),
    lambda part: (part.name, _meaning(part)),
    _meaning,
    lambda part: part.path,
)
"""How parts are known, the surest way first."""


def _with(schema: Schema, more: Mapping[FactId, Fact]) -> Schema:
    """The schema with these facts, and with what is said about them as theirs."""
    if not more:
        return schema
    facts = {**schema.facts, **more}
    # of a key its constraint and its index may have a comment each
    known = {(kind, *key.name): key for key in more for kind in (key.kind, "index")}
    for key, fact in schema.facts.items():
        start = _ABOUT.get(key.kind)
        if start is not None and fact.parent is None and key.name[start:] in known:
            facts[key] = replace(fact, parent=known[key.name[start:]])
    return replace(schema, facts=facts)
