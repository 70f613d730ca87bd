"""What the NOT NULL constraints of partitions are called, since PostgreSQL 18.

A partition's constraint has the parent's name, or the one that it joined with. No statement renames one that is
inherited: the table leaves its parent, its own constraint gets the other name, and the table joins again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from drift_pipeline.plan.native.address import INDEX_KINDS
from drift_pipeline.plan.native.heirs import parents_of, parts_of
from drift_pipeline.plan.native.steps import by_parent, listed, mapped
from drift_pipeline.schema.facts import Fact, FactId, Value

Facts = Mapping[FactId, Fact]
_BOND = ("partition_of", "partition_bound")


def rejoining(source: dict[FactId, Fact], goal: dict[FactId, Fact], target: Facts) -> dict[FactId, frozenset[FactId]]:
    """The partitions that leave and join again for the sake of such names, and the facts that this settles.

    Both sides get the names as the hint `_not_null_names`. A table stays where it is if somebody refers to its parent,
    or has an index of the parent's that is not complete: neither would be as it was.
    """
    differing: dict[FactId, set[FactId]] = {}
    for one, other in ((source, goal), (goal, source)):
        for key, fact in one.items():
            if key.kind == "not_null" and key not in other and fact.parent in source and fact.parent in goal:
                differing.setdefault(fact.parent, set()).add(key)
    if not differing:
        return {}
    sides = [(facts, by_parent(facts)) for facts in (source, goal, target)]
    result: dict[FactId, frozenset[FactId]] = {}
    for table, keys in differing.items():
        if table in target and _stays_a_partition(source[table], goal[table]) and not _held(table, source, sides[0][1]):
            columns = _not_null(table, *sides[0]) & _not_null(table, *sides[1])
            settled = {key for key in keys if set(listed(source.get(key) or goal[key], "columns")) <= columns}
            old, new = (_names(side[0][table], side[1]) for side in (sides[0], sides[2]))
            wanted = {column: new[column] for column in columns if column in old and column in new}
            if settled and any(old[column] != name for column, name in wanted.items()):
                source[table] = _called(source[table], old)
                goal[table] = _called(goal[table], {**old, **wanted})
                result[table] = frozenset(settled)
    return result


def _stays_a_partition(before: Fact, after: Fact) -> bool:
    same = all(before.attributes.get(name) == after.attributes.get(name) for name in _BOND)
    return same and bool(before.attributes.get("partition_of"))


def _held(table: FactId, source: Facts, children: Mapping[FactId, Sequence[Fact]]) -> bool:
    above = parents_of(source[table])
    incomplete = any(
        fact.id.kind in INDEX_KINDS and fact.attributes.get("valid") is False
        for parent in above
        for fact in children.get(parent, ())
    )
    paths = [list(parent.name) for parent in above]
    referred = (key for key, fact in source.items()
                if key.kind == "foreign_key" and fact.attributes.get("references") in paths)  # fmt: skip
    return incomplete or any(referred)


def _not_null(table: FactId, facts: Facts, children: Mapping[FactId, Sequence[Fact]]) -> set[str]:
    columns = parts_of(table, facts, children, ("column",))
    return {column.id.name[-1] for column in columns if column.attributes.get("not_null")}


def _names(table: Fact, children: Mapping[FactId, Sequence[Fact]]) -> dict[str, Value]:
    own = (fact for fact in children.get(table.id, ()) if fact.id.kind == "not_null")
    return {
        **mapped(table, "_not_null_names"),
        **{column: fact.id.name[-1] for fact in own for column in listed(fact, "columns")},
    }


def _called(table: Fact, names: Mapping[str, Value]) -> Fact:
    return replace(table, attributes={**table.attributes, "_not_null_names": dict(names)})
