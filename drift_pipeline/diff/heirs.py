"""Partitions and heirs: what a child only repeats is no fact of its own, yet it is there.

The reader leaves to the parent what its children repeat. When a table is a child on one side alone, or differs from its
parent on one side alone, the other side seems to lack it. Here such facts are put where they are left out, so that a
table that leaves or joins a parent is one difference about that table.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from drift_pipeline.diff.parts import OF_THE_PLACE, parts_of, unlike_parts
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value

TABLES = ("table", "foreign_table")

LINEAGE = ("partition_of", "inherits")
"""Attributes of a table that name its parents."""

BY_NAME = frozenset({"column", "check"})
"""Kinds whose copies on a child have the parent's names."""

BY_DEFINITION = frozenset({"primary_key", "unique", "exclusion", "foreign_key", "index"})
"""Kinds that a partition takes over from its parent under whatever name; an heir takes over none of them."""

_NO_IDENTITY: Mapping[str, Value] = {"identity": None, "identity_options": {}}
"""What a child does not take over: a partition draws from its parent's sequence, an heir from none."""


def parents_of(table: Fact) -> list[FactId]:
    """The tables that it takes its columns from."""
    paths: list[Value] = [table.attributes.get("partition_of")]
    inherits = table.attributes.get("inherits")
    paths += inherits if isinstance(inherits, list) else []
    return [FactId("table", tuple(map(str, path))) for path in paths if isinstance(path, list)]


def completed(source: Schema, target: Schema) -> tuple[Schema, Schema]:
    """Both schemas, each with what its children only repeat where the other one states it of the same table, or has it
    under another name."""
    children, moved = _children(source, target)
    if not children:
        return source, target
    one, other, paired = unlike_parts(source, target, children)
    tables = moved | _tables_alone(source, target, children)
    if not tables:
        return one, other
    left, right = _Side.of(source, tables, paired), _Side.of(target, tables, paired)
    more_left, more_right = dict(_repeated(left, right, tables)), dict(_repeated(right, left, tables))
    return _with(one, more_left), _with(other, more_right)


def _with(schema: Schema, more: Mapping[FactId, Fact]) -> Schema:
    return replace(schema, facts={**schema.facts, **more}) if more else schema


def _children(source: Schema, target: Schema) -> tuple[frozenset[FactId], frozenset[FactId]]:
    """Tables of both sides that have parents on at least one; and those of them whose parents are not the same."""
    children, moved = set(), set()
    for key, fact in source.facts.items():
        if key.kind not in TABLES or key not in target.facts:
            continue
        old, new = parents_of(fact), parents_of(target.facts[key])
        if old or new:
            children.add(key)
        if old != new:
            moved.add(key)
    return frozenset(children), frozenset(moved)


def _tables_alone(source: Schema, target: Schema, children: Collection[FactId]) -> frozenset[FactId]:
    """Children of which one side alone states something that they may have from their parents."""
    kinds = BY_NAME | BY_DEFINITION
    alone = (
        fact.parent
        for own, other in ((source, target), (target, source))
        for key, fact in own.facts.items()
        if key.kind in kinds and fact.parent in children and key not in other.facts
    )
    return frozenset(table for table in alone if table is not None)


@dataclass(frozen=True)
class _Side:
    """One schema, with the facts of the tables in question and of all that are above them."""

    schema: Schema
    own: Mapping[FactId, Sequence[Fact]]
    paired: frozenset[FactId]
    """Parts of which it is known already what they are on the other side."""

    @classmethod
    def of(cls, schema: Schema, tables: Collection[FactId], paired: frozenset[FactId]) -> _Side:
        wanted = set(tables)
        for table in tables:
            wanted.update(_above(schema, table))
        own: dict[FactId, list[Fact]] = defaultdict(list)
        for fact in schema.facts.values():
            if fact.parent in wanted and fact.parent is not None and fact.id.kind in BY_NAME | BY_DEFINITION:
                own[fact.parent].append(fact)
        return cls(schema, own, paired)

    def inherited(self, table: FactId) -> Iterator[tuple[Fact, bool]]:
        """What the table takes from above, nearest first, and whether as a partition."""
        for above in _above(self.schema, table):
            child = self.schema.facts[table]
            as_partition = isinstance(child.attributes.get("partition_of"), list)
            yield from ((fact, as_partition) for fact in self.own.get(above, ()))


def _above(schema: Schema, table: FactId) -> list[FactId]:
    """The parents of a table, and theirs, nearest first."""
    found: list[FactId] = []
    queue = [table]
    while queue:
        fact = schema.facts.get(queue.pop(0))
        for parent in parents_of(fact) if fact else ():
            if parent not in found and parent != table:
                found.append(parent)
                queue.append(parent)
    return found


def _repeated(side: _Side, other: _Side, tables: Iterable[FactId]) -> Iterator[tuple[FactId, Fact]]:
    """What this side leaves out of the tables since it repeats their parents, as far as the other one speaks of it."""
    for table in tables:
        stated = {fact.id: fact for fact in other.own.get(table, ())}
        there = {fact.id for fact in side.own.get(table, ())}
        by_name: dict[FactId, Fact] = {}
        for fact, as_partition in side.inherited(table):
            if fact.id.kind in BY_NAME and not fact.attributes.get("no_inherit"):
                copy = _copy(fact, table, as_partition, stated)
                known = by_name.get(copy.id)
                twin = stated.get(copy.id)
                if known is None or (twin and twin.attributes == copy.attributes):
                    by_name[copy.id] = copy
        moved = _lineage(side.schema, table) != _lineage(other.schema, table)
        for key, copy in by_name.items():
            if key not in there and (key in stated or (moved and key.kind == "column")):
                yield key, copy
        rest = [fact for key, fact in stated.items() if key not in there and key not in side.paired]
        yield from _same_definition(side, other, table, rest)


def _lineage(schema: Schema, table: FactId) -> list[FactId]:
    return parents_of(schema.facts[table])


def _copy(fact: Fact, table: FactId, as_partition: bool, stated: Mapping[FactId, Fact]) -> Fact:
    """A parent's column or check as the child has it."""
    key = FactId(fact.id.kind, (*table.name, fact.id.name[-1]))
    attributes = dict(fact.attributes)
    if key.kind == "column":
        twin = stated.get(key)
        # partitions declare nothing themselves: the question has no meaning for them
        inherited = twin.attributes.get("inherited", False) if as_partition and twin else not as_partition
        attributes |= {**_NO_IDENTITY, "inherited": inherited}
    return Fact(key, attributes, table)


def _same_definition(side: _Side, other: _Side, table: FactId, facts: Sequence[Fact]) -> Iterator[tuple[FactId, Fact]]:
    """The other side's keys and indexes that this one has on the parent of a partition, each at most once."""
    if not facts:
        return
    taken = _on_both(side, other, table)
    names = {above: name for name, above in parts_of(side.schema, side.schema.facts[table]).items()}
    for fact in facts:
        if fact.id.kind not in BY_DEFINITION:
            continue
        for above, as_partition in side.inherited(table):
            complete = above.attributes.get("valid") is not False  # else some partition has none of it
            if as_partition and complete and above.id not in taken and _says_the_same(fact, above):
                taken.add(above.id)
                key = FactId(fact.id.kind, (*table.name, names.get(above.id, fact.id.name[-1])))
                yield key, replace(fact, id=key)
                break


def _on_both(side: _Side, other: _Side, table: FactId) -> set[FactId]:
    """What both sides' parents gave to the partition. What the other one states beside that, it has once more."""
    taken: set[FactId] = set()
    for theirs, as_partition in other.inherited(table):
        if not as_partition or theirs.id.kind not in BY_DEFINITION or theirs.attributes.get("valid") is False:
            continue
        ours = (
            above for above, too in side.inherited(table)
            if too and above.id not in taken and _says_the_same(theirs, above)
        )  # fmt: skip
        taken |= {above.id for above in itertools.islice(ours, 1)}
    return taken


def _says_the_same(fact: Fact, other: Fact) -> bool:
    if fact.id.kind != other.id.kind:
        return False
    one, two = fact.stated, other.stated
    return {key: value for key, value in one.items() if key not in OF_THE_PLACE} == {
        key: value for key, value in two.items() if key not in OF_THE_PLACE
    }


def column_of(schema: Schema, table: FactId, name: str) -> Fact | None:
    """The table's column, its own or the one that it takes from above."""
    for home in (table, *_above(schema, table)):
        found = schema.facts.get(FactId("column", (*home.name, name)))
        if found is not None:
            return found
    return None
