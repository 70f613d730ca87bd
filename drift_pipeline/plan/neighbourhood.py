"""The part of two schemas that the drift between them can concern: what planning costs follows the drift.

A statement about a fact can concern the facts of the same relation, whatever depends on one of them, directly or
through others, what all of those need, and the tables that the relation inherits from or is inherited by. Everything
that belongs to no relation (types, functions, publications) is always a part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from drift_pipeline.diff.differences import Difference
from drift_pipeline.schema.facts import Fact, FactId, Schema

RELATIONS = frozenset({"table", "foreign_table", "view", "materialized_view"})

WORTHWHILE = 20
"""The facts must be so many times as many as the differences, or everything is looked at: that is as quick."""


def around(
    source: Schema, target: Schema, differences: Sequence[Difference], maps: dict[int, Map] | None = None
) -> tuple[Schema, Schema]:
    """Both schemas without what none of these differences can concern. `maps`: those that were made, to use again."""
    touched = _touched(differences)
    if len(touched) * WORTHWHILE > len(source.facts) + len(target.facts):
        return source, target
    both = [_map_of(each, {} if maps is None else maps) for each in (source, target)]
    kept = set(touched)
    for each in both:
        kept |= each.concerned(touched)
    # a relation is whole on one side where it is on the other
    roots = {root for each in both for key in kept if (root := each.root(key)) is not None}
    for each in both:
        kept |= each.parts_of(roots)
    return both[0].part(kept), both[1].part(kept)


def _touched(differences: Iterable[Difference]) -> set[FactId]:
    found: set[FactId] = set()
    for item in differences:
        found.add(item.id)
        found.update(item.contains)
        found.update(fact.id for fact in (item.before, item.after) if fact is not None)
    return found


def _map_of(schema: Schema, maps: dict[int, Map]) -> Map:
    # the map holds the schema, so that no other object gets its id
    if id(schema) not in maps:
        maps[id(schema)] = Map(schema)
    return maps[id(schema)]


class Map:
    """Which fact belongs to which relation, and who needs whom, in one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._roots: dict[FactId, FactId | None] = {}
        self._dependants: dict[FactId, list[FactId]] = defaultdict(list)
        self._needs: dict[FactId, list[FactId]] = defaultdict(list)
        for one, other in schema.depends:
            self._dependants[other].append(one)
            self._needs[one].append(other)
        self._parts: dict[FactId, list[FactId]] = defaultdict(list)
        self._loose: list[FactId] = []
        self._kin: dict[FactId, list[FactId]] = defaultdict(list)
        for key, fact in schema.facts.items():
            # most facts are parts of a relation, at once; the rest is asked for
            parent = fact.parent
            root = parent if parent is not None and parent.kind in RELATIONS else self.root(key)
            if root is None:
                self._loose.append(key)
                continue
            self._roots[key] = root
            self._parts[root].append(key)
            for above in _parents(fact) if root is key or root == key else ():
                self._kin[key].append(above)
                self._kin[above].append(key)

    def root(self, key: FactId) -> FactId | None:
        """The relation that a fact belongs to; itself for relations, None for what belongs to none."""
        if key in self._roots:
            return self._roots[key]
        fact = self._schema.facts.get(key)
        if key.kind in RELATIONS:
            root: FactId | None = key
        elif fact is None or fact.parent is None:
            root = None
        else:
            root = self.root(fact.parent)
        self._roots[key] = root
        return root

    def parts_of(self, relations: Iterable[FactId]) -> set[FactId]:
        """All facts of these relations."""
        return {part for relation in relations for part in self._parts.get(relation, ())}

    def concerned(self, touched: Iterable[FactId]) -> set[FactId]:
        """Whatever a statement about one of these facts can concern."""
        roots = {root for key in touched if (root := self.root(key)) is not None}
        queue = [*self.parts_of(self._with_kin(roots)), *touched]
        found: set[FactId] = set()
        while queue:
            key = queue.pop()
            if key in found:
                continue
            found.add(key)
            for dependant in self._dependants.get(key, ()):
                # what depends on a relation depends on its parts' dependants as well: a rebuilt view is made whole
                root = self.root(dependant)
                queue.append(dependant)
                if root is not None and root.kind not in ("table", "foreign_table"):
                    queue.extend(self._parts.get(root, ()))
        return found | self._needed(found) | set(self._loose)

    def _with_kin(self, relations: set[FactId]) -> set[FactId]:
        queue, found = list(relations), set[FactId]()
        while queue:
            key = queue.pop()
            if key not in found:
                found.add(key)
                queue.extend(self._kin.get(key, ()))
        return found

    def _needed(self, keys: Iterable[FactId]) -> set[FactId]:
        queue, found = list(keys), set[FactId]()
        while queue:
            key = queue.pop()
            if key in found:
                continue
            found.add(key)
            queue.extend(self._needs.get(key, ()))
            fact = self._schema.facts.get(key)
            if fact is not None and fact.parent is not None:
                queue.append(fact.parent)
        return found

    def part(self, keys: set[FactId]) -> Schema:
        """The schema with these facts alone."""
        facts = {key: fact for key, fact in self._schema.facts.items() if key in keys}
        edges = ((one, other) for one in keys for other in self._needs.get(one, ()))
        return replace(self._schema, facts=facts, depends=frozenset(edge for edge in edges if edge[1] in keys))


def _parents(fact: Fact) -> list[FactId]:
    """The tables that one inherits from."""
    if fact.id.kind not in ("table", "foreign_table"):
        return []
    attributes: Mapping[str, object] = fact.attributes
    paths = [attributes.get("partition_of")]
    inherits = attributes.get("inherits")
    paths += inherits if isinstance(inherits, list) else []
    return [FactId("table", tuple(str(part) for part in path)) for path in paths if isinstance(path, list)]
