"""What is there and what shall be there: two schemas and the differences between them, as facts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from drift_pipeline.diff.differences import Change, Difference
from drift_pipeline.plan.native.address import INDEX_KINDS
from drift_pipeline.plan.native.heirs import adopt, beside
from drift_pipeline.plan.native.incomplete import Incomplete, incomplete
from drift_pipeline.plan.native.not_nulls import rejoining
from drift_pipeline.plan.native.steps import by_parent
from drift_pipeline.schema.coverage import plane_of
from drift_pipeline.schema.facts import Fact, FactId, Schema

ABOUT_OTHERS = ("comment", "privilege", "security_label")
"""Kinds whose name holds kind and name of the fact that they are about."""


@dataclass(frozen=True)
class Situation:
    """`source` as it is once `renames` are done, `goal`: the source with the differences applied, and nothing else.

    `keys`: the differences that a fact belongs to. `changed`: attributes that differ, for facts that both have.
    """

    source: Mapping[FactId, Fact]
    goal: Mapping[FactId, Fact]
    source_depends: frozenset[tuple[FactId, FactId]]
    goal_depends: frozenset[tuple[FactId, FactId]]
    renames: tuple[tuple[FactId, FactId], ...]
    keys: Mapping[FactId, tuple[str, ...]]
    changed: Mapping[FactId, frozenset[str]]
    adopted: Mapping[FactId, frozenset[FactId]]
    """Tables that leave or join a parent, and the facts that come and go with that alone."""
    beside: Mapping[FactId, frozenset[FactId]]
    """What a partition has beside the same of its parent's, and what that has to wait for."""
    replaced: frozenset[FactId]
    """What goes, and comes again under another name."""
    rejoining: frozenset[FactId]
    """Partitions that leave their parent and join it again, so that their NOT NULL constraints get other names."""
    incomplete: Incomplete
    """What follows from partitioned indexes and keys of which some partition has nothing."""


def situation_of(
    source: Schema,
    target: Schema,
    differences: Sequence[Difference],
    planes: Collection[str],
    *,
    in_place: Callable[[Difference], bool] = lambda difference: True,
) -> Situation:
    """The situation that these differences describe. Facts outside `planes` are neither created nor changed.

    `in_place`: whether what is renamed and differs besides can be changed; else it goes, and comes under its new name.
    """
    asked = {
        item.before.id: item.after.id
        for item in differences
        if item.change is Change.RENAMED and item.before is not None and item.after is not None
    }
    anew = {item.before.id for item in differences if item.before is not None and not in_place(item)}
    moved = _possible_moves({old: new for old, new in asked.items() if old not in anew}, source)
    # what comes with a parent's index cannot come under its new name: it is renamed once that is free
    later = {old for old, new in asked.items() if old not in moved and new not in target.facts}
    differences = [item for item in differences if item.before is None or item.before.id not in later]
    asked = {old: new for old, new in asked.items() if old not in later}
    there = {fact.id: fact for fact in (_renamed(fact, moved) for fact in source.facts.values())}
    for item in differences:
        # what a child only repeats is no fact of the source until it changes
        if item.change in (Change.CHANGED, Change.RENAMED) and item.before is not None:
            before = _renamed(item.before, moved)
            there.setdefault(before.id, before)
    goal = _goal(there, target, differences, moved, planes)
    _replace(goal, there, target, {old: new for old, new in asked.items() if old not in moved})
    adopted = adopt(there, goal, target.facts)
    again = {key: ids for key, ids in rejoining(there, goal, target.facts).items() if key not in adopted}
    partial = incomplete(there, goal, target.facts)
    changed = {key: _differing(there[key], fact) for key, fact in goal.items() if key in there}
    changed |= {key: changed[key] | {"partition_of"} for key in again}
    return Situation(
        source=there,
        goal=goal,
        source_depends=frozenset((_new_id(one, moved), _new_id(other, moved)) for one, other in source.depends),
        goal_depends=target.depends | _kept(source, goal, target, moved),
        renames=tuple(moved.items()),
        keys=_keys(differences, moved),
        changed={key: names for key, names in changed.items() if names},
        adopted={**adopted, **again},
        replaced=frozenset(old for old in asked if old not in moved),
        rejoining=frozenset(again),
        beside=beside(there, goal, target.facts),
        incomplete=partial,
    )


def _keys(differences: Sequence[Difference], moved: Mapping[FactId, FactId]) -> dict[FactId, tuple[str, ...]]:
    """The keys of the differences that each fact belongs to."""
    keys: dict[FactId, dict[str, None]] = {}
    for item in differences:
        ids = [_new_id(fact_id, moved) for fact_id in (item.id, *item.contains)]
        ids += [fact.id for fact in (item.before, item.after) if fact is not None and fact.id not in moved]
        for fact_id in ids:
            keys.setdefault(fact_id, {})[item.key] = None
    return {fact_id: tuple(found) for fact_id, found in keys.items()}


def _goal(
    there: Mapping[FactId, Fact],
    target: Schema,
    differences: Sequence[Difference],
    moved: Mapping[FactId, FactId],
    planes: Collection[str],
) -> dict[FactId, Fact]:
    """The source with the differences applied, and nothing else."""
    goal, children = dict(there), by_parent(there)
    for item in differences:
        removed = item.change is Change.REMOVED
        gone = (item.id, *item.contains) if removed else [key for key in item.contains if key not in target.facts]
        for fact_id in gone:
            for descendant in _descendants(_new_id(fact_id, moved), children):
                goal.pop(descendant, None)
    for item in differences:
        if item.change is not Change.REMOVED:
            ids = (item.id, *item.contains) if item.change is Change.ADDED else item.contains
            added = (target.facts[key] for key in ids if key in target.facts)
            goal.update((fact.id, fact) for fact in added if plane_of(fact.id.kind) in planes)
        if item.change not in (Change.REMOVED, Change.ADDED) and item.after is not None:
            goal[item.after.id] = _overlaid(goal.get(item.after.id, item.after), item.after, item)
    return goal


def _replace(
    goal: dict[FactId, Fact], there: Mapping[FactId, Fact], target: Schema, replaced: Mapping[FactId, FactId]
) -> None:
    """Let what cannot be renamed go, with all that hangs on it, and its counterpart come."""
    if not replaced:
        return
    source_children, target_children = by_parent(there), by_parent(target.facts)
    came = {key for new in replaced.values() for key in _descendants(new, target_children)}
    for old in replaced:
        for key in _descendants(old, source_children):
            goal.pop(key, None)
    goal.update((key, target.facts[key]) for key in came)


def _possible_moves(asked: Mapping[FactId, FactId], source: Schema) -> dict[FactId, FactId]:
    """Renames to names that are free, or become so by another rename. For the rest (names exchanged, a name that is
    taken by what stays) the one with the old name is dropped and another is created."""
    moved: dict[FactId, FactId] = {}

    def is_free(name: FactId) -> bool:
        # parts of complete indexes are no facts of the source, and have their names all the same
        return name in moved or (name not in source.facts and name not in asked)

    while more := {old: new for old, new in asked.items() if old not in moved and is_free(new)}:
        moved |= more
    return moved


def _new_id(fact_id: FactId, moved: Mapping[FactId, FactId]) -> FactId:
    if fact_id in moved:
        return moved[fact_id]
    if fact_id.kind in ABOUT_OTHERS:
        start = 1 if fact_id.kind == "security_label" else 0
        for one, other in moved.items():
            end = start + 1 + len(one.name)
            # the index behind a key has the key's name
            kinds = (one.kind, "index") if one.kind in INDEX_KINDS else (one.kind,)
            if fact_id.name[start + 1 : end] == one.name and fact_id.name[start] in kinds:
                return FactId(fact_id.kind, (*fact_id.name[: start + 1], *other.name, *fact_id.name[end:]))
    return fact_id


def _renamed(fact: Fact, moved: Mapping[FactId, FactId]) -> Fact:
    if not moved:
        return fact
    parent = fact.parent and _new_id(fact.parent, moved)
    attributes, above = fact.attributes, fact.attributes.get("partition_of")
    if fact.id.kind in INDEX_KINDS and isinstance(above, list):
        new = next(
            (new for old, new in moved.items() if old.kind in INDEX_KINDS and [old.name[0], old.name[-1]] == above),
            None,
        )
        attributes = {**attributes, "partition_of": [new.name[0], new.name[-1]]} if new else attributes
    return replace(fact, id=_new_id(fact.id, moved), parent=parent, attributes=attributes)


def _descendants(fact_id: FactId, children: Mapping[FactId, Iterable[Fact]]) -> list[FactId]:
    found, queue = [], [fact_id]
    while queue:
        current = queue.pop()
        found.append(current)
        queue.extend(child.id for child in children.get(current, ()))
    return found


def _overlaid(before: Fact, after: Fact, item: Difference) -> Fact:
    hints = {name: value for name, value in after.attributes.items() if name.startswith("_")}
    values = {change.name: change.after for change in item.attributes}
    return replace(before, id=after.id, attributes={**before.attributes, **hints, **values})


def _differing(before: Fact, after: Fact) -> frozenset[str]:
    one, other = before.stated, after.stated
    return frozenset(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _kept(
    source: Schema, goal: Mapping[FactId, Fact], target: Schema, moved: Mapping[FactId, FactId]
) -> frozenset[tuple[FactId, FactId]]:
    """Dependencies of facts that stay though the target lacks them (their difference was not asked for)."""
    edges = ((_new_id(one, moved), _new_id(other, moved)) for one, other in source.depends)
    return frozenset(edge for edge in edges if edge[0] in goal and edge[0] not in target.facts)
