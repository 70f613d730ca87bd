"""Which fact of the source is which fact of the target: by definition first, by name second.

A constraint or an index that only has another name is the same thing; so is a sequence that the same column owns. What
hangs on a renamed fact, such as its comment, follows it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from drift_pipeline.diff import equivalence, noise
from drift_pipeline.schema.coverage import STRUCTURE, plane_of
from drift_pipeline.schema.facts import Fact, FactId, Schema

Facts: TypeAlias = Mapping[FactId, Fact]
DefinitionOf: TypeAlias = Callable[[Fact], object]

Again: TypeAlias = Callable[[Schema, Sequence[Fact]], Facts]
"""Prints facts of a schema again on one server; what cannot be printed is left out."""

DEFINED_KINDS = frozenset(
    {"primary_key", "unique", "check", "foreign_key", "exclusion", "not_null", "domain_check", "index"}
)
"""Kinds that are what their definition says; the name is only what one calls them by."""

OWNED_KINDS: Mapping[str, str] = {"sequence": "owned_by"}
"""Kinds that are recognised by their owner, whatever their name and their other attributes."""

KNOWN_BY_COLUMNS = frozenset({"primary_key", "unique", "foreign_key"})
"""Kinds of which one with another name and other attributes is still the same where it has the same columns, the same
table and columns that they refer to, and nothing else could be meant."""

_NAMED_BY_THEIR_SIDE = DEFINED_KINDS | OWNED_KINDS.keys()

MAX_NAME_BYTES = 63


@dataclass(frozen=True)
class Pairs:
    """`pairs`: ids of the same thing in source and target, where anything differs. `renamed`: those of other names.

    `equivalent`: pairs of different kinds that mean the same, by rule. `removed` and `added`: what has no counterpart.
    """

    pairs: tuple[tuple[FactId, FactId], ...]
    renamed: Mapping[FactId, FactId]
    removed: Mapping[FactId, Fact]
    added: Mapping[FactId, Fact]
    equivalent: Mapping[str, int] = field(default_factory=dict)


def cut(name: str) -> str:
    """A name as the server keeps it: 63 bytes, cut between characters."""
    encoded = name.encode()
    return name if len(encoded) <= MAX_NAME_BYTES else encoded[:MAX_NAME_BYTES].decode(errors="ignore")


def cut_id(fact_id: FactId) -> FactId:
    """The id with each part of its name cut to what the server keeps."""
    return FactId(fact_id.kind, tuple(cut(part) for part in fact_id.name))


def definition(fact: Fact) -> tuple[tuple[str, object], ...]:
    """What the fact states on the plane of structure, without names."""
    return tuple(
        (name, value)
        for name, value in sorted(fact.attributes.items())
        if value is not None and not name.startswith("_") and plane_of(fact.id.kind, name) == STRUCTURE
    )


def pair_facts(
    source: Schema, target: Schema, kinds_out: frozenset[str], *, exact: bool, again: Again | None = None
) -> Pairs:
    """Pair the facts of two schemas. `kinds_out`: kinds that are not compared. Every fact is paired at most once.

    `again`: prints definitions again that no other has the like of.
    """
    left, right = _unequal(source.facts, target.facts, kinds_out), _unequal(target.facts, source.facts, kinds_out)
    pairs: list[tuple[FactId, FactId]] = []
    special_left = _take(left, right, _NAMED_BY_THEIR_SIDE, pairs)
    special_right = {key: right.pop(key) for key in list(right) if key.kind in _NAMED_BY_THEIR_SIDE}
    equivalent: dict[str, int] = defaultdict(int)
    _pair_defined(special_left, special_right, pairs, _definitions(source, target, exact=exact))
    if again is not None and not exact:
        _pair_printed(special_left, special_right, pairs, (source, target), again)
    if not exact:
        # before the names: a plain index may have the name of the other side's unique one
        before = len(pairs)
        _pair_by(special_left, special_right, pairs, noise.uniqueness)
        if len(pairs) > before:
            equivalent[noise.UNIQUE_INDEX] = len(pairs) - before
    _pair_by(special_left, special_right, pairs, lambda fact: cut_id(fact.id))
    _pair_by(special_left, special_right, pairs, _owner)
    _pair_only(special_left, special_right, pairs, _same_columns)
    renamed = {old: new for old, new in pairs if old != new and cut_id(old) != cut_id(new)}
    if renamed:
        names = {*renamed.keys(), *renamed.values()}
        done = {key for pair in pairs for key in pair} | special_left.keys() | special_right.keys()
        left |= {key: fact for key, fact in _hanging(source.facts, names, kinds_out).items() if key not in done}
        right |= {key: fact for key, fact in _hanging(target.facts, names, kinds_out).items() if key not in done}
    _pair_by(left, right, pairs, lambda fact: fact.id, _follow(renamed))
    return Pairs(tuple(pairs), renamed, {**left, **special_left}, {**right, **special_right}, dict(equivalent))


def _unequal(own: Facts, other: Facts, kinds_out: frozenset[str]) -> dict[FactId, Fact]:
    """The facts but for those that are the same on the other side: nearly all of them, in nearly every run."""
    twins = other.get
    return {
        key: fact
        for key, fact in own.items()
        if (twin := twins(key)) is not fact
        and (twin is None or twin.attributes != fact.attributes)
        and key.kind not in kinds_out
    }


def _hanging(facts: Facts, parents: Collection[FactId], kinds_out: frozenset[str]) -> dict[FactId, Fact]:
    """What hangs on something that has another name on the other side, such as an index's comment: it moves along."""
    return {key: fact for key, fact in facts.items() if fact.parent in parents and key.kind not in kinds_out}


def _take(
    left: dict[FactId, Fact], right: dict[FactId, Fact], kinds: frozenset[str], pairs: list[tuple[FactId, FactId]]
) -> dict[FactId, Fact]:
    """Move the facts of these kinds out of `left`; those that are the same on both sides are paired at once."""
    taken = {}
    for key in [key for key in left if key.kind in kinds]:
        fact = left.pop(key)
        twin = right.get(key)
        if twin is not None and (twin.attributes == fact.attributes or definition(twin) == definition(fact)):
            pairs.append((key, key))
            del right[key]
        else:
            taken[key] = fact
    return taken


def _definitions(source: Schema, target: Schema, *, exact: bool) -> tuple[tuple[DefinitionOf, DefinitionOf], ...]:
    """How definitions are compared, the strictest way first."""

    def stated(fact: Fact) -> object:
        return _frozen(fact, definition(fact)) if fact.id.kind in DEFINED_KINDS else None

    def wherever(fact: Fact) -> object:
        # of an index that has another name, too, or that it is attached to on one side alone
        rest = [(name, value) for name, value in definition(fact) if name != "partition_of"]
        return _frozen(fact, rest) if fact.id.kind in DEFINED_KINDS else None

    ways = [(stated, stated), (wherever, wherever)]
    return tuple(ways if exact else [ways[0], (_meaning(source), _meaning(target)), ways[1]])


def _meaning(schema: Schema, printed: Facts | None = None) -> DefinitionOf:
    """The definition with each attribute in its canonical form. `printed`: what some facts look like printed again."""

    def meant(fact: Fact) -> object:
        if fact.id.kind not in DEFINED_KINDS:
            return None
        fact = (printed or {}).get(fact.id, fact)
        return _frozen(fact, [(key, equivalence.canonical(fact, key, schema)) for key, _ in definition(fact)])

    return meant


def _pair_printed(
    left: dict[FactId, Fact],
    right: dict[FactId, Fact],
    pairs: list[tuple[FactId, FactId]],
    schemas: tuple[Schema, Schema],
    again: Again,
) -> None:
    """Pair what the server prints alike once it has read both; only what has a possible partner is printed."""
    homes = {(fact.id.kind, fact.parent) for fact in left.values()} & {
        (fact.id.kind, fact.parent) for fact in right.values()
    }

    def of_homes(facts: Facts) -> list[Fact]:
        found = [fact for fact in facts.values() if (fact.id.kind, fact.parent) in homes]
        return [fact for fact in found if fact.id.kind in DEFINED_KINDS]

    source, target = schemas
    old, new = again(source, of_homes(left)), again(target, of_homes(right))
    _pair_defined(
        left, right, pairs, [(_meaning(source, old), _meaning(target)), (_meaning(source, old), _meaning(target, new))]
    )


def _frozen(fact: Fact, stated: object) -> tuple[str, FactId | None, str]:
    return fact.id.kind, fact.parent, json.dumps(stated, sort_keys=True)


def _pair_defined(
    left: dict[FactId, Fact],
    right: dict[FactId, Fact],
    pairs: list[tuple[FactId, FactId]],
    ways: Iterable[tuple[DefinitionOf, DefinitionOf]],
) -> None:
    ways = tuple(ways)
    # the same name first, so that of several equal definitions no two swap their names for nothing
    for left_way, right_way in ways:
        _pair_by(left, right, pairs, _named(right_way), _named(left_way))
    for left_way, right_way in ways:
        _pair_by(left, right, pairs, right_way, left_way)


def _named(way: DefinitionOf) -> DefinitionOf:
    def key(fact: Fact) -> object:
        found = way(fact)
        return None if found is None else (found, cut_id(fact.id))

    return key


def owner_of(fact: Fact) -> FactId | None:
    """The column that owns the fact, such as a serial column its sequence."""
    attribute = OWNED_KINDS.get(fact.id.kind)
    owner = fact.attributes.get(attribute) if attribute else None
    return FactId("column", tuple(map(str, owner))) if isinstance(owner, list) else None


def _owner(fact: Fact) -> object:
    owner = owner_of(fact)
    # a sequence in another schema is another one: ALTER … RENAME cannot bring it over
    return (fact.id.kind, fact.id.name[0], owner) if owner else None


def _same_columns(fact: Fact) -> object:
    """What a key or a foreign key is about, whatever its name and its other attributes."""
    if fact.id.kind not in KNOWN_BY_COLUMNS or fact.parent is None:
        return None
    names = ("columns", "references", "referenced_columns")
    return fact.id.kind, fact.parent, json.dumps([fact.attributes.get(name) for name in names])


def _pair_only(
    left: dict[FactId, Fact],
    right: dict[FactId, Fact],
    pairs: list[tuple[FactId, FactId]],
    key_of: DefinitionOf,
) -> None:
    """Pair what has the same key where each is the other's only candidate: two candidates are none."""
    counts = [Counter(map(key_of, side.values())) for side in (left, right)]

    def key(fact: Fact) -> object:
        found = key_of(fact)
        return found if all(count[found] == 1 for count in counts) else None

    _pair_by(left, right, pairs, key)


def _follow(renamed: Mapping[FactId, FactId]) -> DefinitionOf:
    """The id that a fact of the source has in the target, once what it belongs to is renamed."""

    def key(fact: Fact) -> FactId:
        parent = fact.parent
        if parent is None or parent not in renamed:
            return fact.id
        new = renamed[parent]
        # what is said about the index behind a key is about an index of that name
        abouts = (((kind, *parent.name), (kind, *new.name)) for kind in (parent.kind, "index"))
        for old_prefix, prefix in (*abouts, (parent.name, new.name)):
            if fact.id.name[: len(old_prefix)] == old_prefix:
                return FactId(fact.id.kind, (*prefix, *fact.id.name[len(old_prefix) :]))
        return fact.id

    return key


def _pair_by(
    left: dict[FactId, Fact],
    right: dict[FactId, Fact],
    pairs: list[tuple[FactId, FactId]],
    right_key: DefinitionOf,
    left_key: DefinitionOf | None = None,
) -> None:
    """Pair what has the same key, in the order of the names; None is no key. What was paired leaves both sides."""
    if not left or not right:
        return
    waiting: dict[object, list[FactId]] = defaultdict(list)
    for fact_id in sorted(right, reverse=True):
        key = right_key(right[fact_id])
        if key is not None:
            waiting[key].append(fact_id)
    for fact_id in sorted(left):
        key = (left_key or right_key)(left[fact_id])
        if key is not None and waiting.get(key):
            partner = waiting[key].pop()
            pairs.append((fact_id, partner))
            del left[fact_id], right[partner]
