"""Columns of a table as its parents give them to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from drift_pipeline.plan.native.heirs import as_child, parents_of, parts_of
from drift_pipeline.plan.native.steps import Scene
from drift_pipeline.schema.facts import Fact, FactId


def has_children(scene: Scene, column: Fact) -> bool:
    """Whether the column's table has heirs, or partitions, which do without identity before 17."""
    tables = (fact for fact in scene.source.values() if fact.id.kind == "table" and fact.id not in scene.gone)
    return any(
        column.parent in parents_of(table) and (scene.major < 17 or not table.attributes.get("partition_of"))
        for table in tables
    )


def of_parent(facts: Mapping[FactId, Fact], children: Mapping[FactId, Sequence[Fact]], fact: Fact) -> Fact | None:
    """The column of the parent from which the child's deviates, as if it were the child's."""
    column = parents_column(facts, children, fact.id.name, fact.id.name[-1])
    if column is None or fact.parent is None:
        return None
    # partitions have the parent's identity, heirs have none
    heir = not (table := facts.get(fact.parent)) or not table.attributes.get("partition_of")
    return as_child(column, fact.parent) if heir else replace(column, id=fact.id, parent=fact.parent)


def goes_with_parent(scene: Scene, fact: Fact) -> bool:
    """Whether an inherited column is dropped along with the parent's."""
    before, after = (facts.get(fact.parent) if fact.parent else None for facts in (scene.source, scene.goal))
    bound = before is not None and after is not None and parents_of(before) == parents_of(after)
    return bound and of_parent(scene.goal, scene.goal_children, fact) is None


def parents_column(
    facts: Mapping[FactId, Fact], children: Mapping[FactId, Sequence[Fact]], path: tuple[str, ...], name: str
) -> Fact | None:
    """The column of this name that a table (the first two names of `path`) takes from its parents."""
    table = facts.get(FactId("table", path[:2]))
    for parent in parents_of(table) if table else ():
        for column in parts_of(parent, facts, children, ("column",)):
            if column.id.name[-1] == name:
                return column
    return None


def retyped_above(scene: Scene, before: Fact, after: Fact) -> FactId | None:
    """The column of the parent from which this one takes its new type: "cannot alter inherited column"."""
    table = FactId("table", before.id.name[:2])
    if table not in scene.source or table not in scene.goal:
        return None
    if parents_of(scene.source[table]) != parents_of(scene.goal[table]):
        return None
    old = parents_column(scene.source, scene.source_children, before.id.name, before.id.name[-1])
    new = parents_column(scene.goal, scene.goal_children, after.id.name, after.id.name[-1])
    kept = ("type", "collation")
    one = old is not None and [old.attributes.get(name) for name in kept] == [before.attributes.get(n) for n in kept]
    two = new is not None and [new.attributes.get(name) for name in kept] == [after.attributes.get(n) for n in kept]
    return new.id if new is not None and one and two else None


def joins_later(scene: Scene, column: Fact) -> bool:
    """Whether the table is there and gets other parents: a column has to stand in it before."""
    before, after = (facts.get(column.parent) if column.parent else None for facts in (scene.source, scene.goal))
    return before is not None and after is not None and parents_of(before) != parents_of(after)


def heirs_of(scene: Scene, column: Fact) -> tuple[list[FactId], list[FactId]]:
    """The heirs that keep a column which their parent drops, as their own from then on, and those that lose it."""
    keeping, losing = [], []
    for key, table in scene.source.items():
        if key.kind != "table" or column.parent not in parents_of(table) or table.attributes.get("partition_of"):
            continue
        if key not in scene.goal or column.parent not in parents_of(scene.goal[key]):
            continue
        own = FactId("column", (*key.name, column.id.name[-1]))
        if own in scene.goal:
            keeping.append(key)
        elif own not in scene.source or scene.source[own].attributes.get("inherited"):
            losing.append(key)
    return keeping, losing
