"""Partitions and heirs: what a child only repeats is no fact of its own, yet it is there.

When a table leaves its parent it keeps the parent's columns and constraints, which become facts; when it joins one, its
own cease to be facts. Neither is created or dropped: these functions put such facts on the side that lacks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from drift_pipeline.plan.native.address import INDEX_KINDS
from drift_pipeline.plan.native.attached import part_for
from drift_pipeline.plan.native.steps import aspect_of, by_parent
from drift_pipeline.schema.facts import Fact, FactId

TABLES = ("table", "foreign_table")
_KEPT_ON_LEAVING = ("primary_key", "unique", "check", "foreign_key", "index", "not_null", "exclusion")
_COPIED = ("check", "foreign_key")
_TAKEN_OVER = ("index", "unique", "exclusion")
_NAMED_ALIKE = ("check", "foreign_key", "not_null")


def parents_of(table: Fact) -> list[FactId]:
    """The tables that it takes its columns from."""
    partition_of, inherits = table.attributes.get("partition_of"), table.attributes.get("inherits")
    paths = [partition_of] if isinstance(partition_of, list) else []
    paths += [path for path in inherits if isinstance(path, list)] if isinstance(inherits, list) else []
    return [FactId("table", tuple(str(part) for part in path)) for path in paths if isinstance(path, list)]


def parts_of(
    table: FactId, facts: Mapping[FactId, Fact], children: Mapping[FactId, Sequence[Fact]], kinds: Sequence[str]
) -> Iterator[Fact]:
    """Facts of these kinds that a table has, its own and those that it takes from its parents, nearest first."""
    seen: set[tuple[str, str]] = set()
    queue = [table]
    while queue:
        current = queue.pop(0)
        for fact in children.get(current, ()):
            mark = (fact.id.kind, fact.id.name[-1])
            if fact.id.kind in kinds and mark not in seen:
                seen.add(mark)
                yield fact
        if current in facts:
            queue += parents_of(facts[current])


def adopt(
    source: dict[FactId, Fact], goal: dict[FactId, Fact], target: Mapping[FactId, Fact]
) -> dict[FactId, frozenset[FactId]]:
    """Complete both sides for tables that leave or join a parent; the ids that came or went with each of them.

    `target`: what a table that leaves its parent shall have is no difference where it had it from the parent.
    """
    there, wanted = by_parent(source), by_parent(goal)
    result: dict[FactId, frozenset[FactId]] = {}
    moving = [key for key in goal if key.kind in TABLES and key in source]
    moving = [key for key in moving if parents_of(source[key]) != parents_of(goal[key])]
    intended = by_parent(target) if moving else {}
    for key in moving:
        old, new = parents_of(source[key]), parents_of(goal[key])
        kept = {fact.id: fact for fact in (*intended.get(key, ()), *wanted.get(key, ()))}
        moved: set[FactId] = set()
        for parent in [parent for parent in old if parent not in new]:
            moved |= _leave(key, parent, source, goal, there=there, kept=kept)
            if source[key].attributes.get("partition_of"):
                coming = [fact for other in new for fact in parts_of(other, goal, wanted, _COPIED)]
                copied = list(parts_of(parent, source, there, _COPIED))
                moved |= _copies(key, copied, source, goal, [*kept.values(), *coming])
        for parent in [parent for parent in new if parent not in old]:
            moved |= _join(key, parent, source, goal, wanted)
        result[key] = frozenset(moved | _attached_by_it(key, source, goal, there))
    _adopt_indexes(source, goal, wanted, target)
    return result


def _attached_by_it(
    table: FactId, source: Mapping[FactId, Fact], goal: Mapping[FactId, Fact], there: Mapping[FactId, Sequence[Fact]]
) -> set[FactId]:
    """Indexes and keys that are attached, or let go, when the table joins or leaves."""
    own = (fact for fact in there.get(table, ()) if fact.id.kind in INDEX_KINDS and fact.id in goal)
    sides = ((fact, goal[fact.id]) for fact in own)
    return {one.id for one, other in sides
            if one.attributes.get("partition_of") != other.attributes.get("partition_of")}  # fmt: skip


def kept_from(
    adopted: Mapping[FactId, frozenset[FactId]], source: Mapping[FactId, Fact], goal: Mapping[FactId, Fact]
) -> dict[FactId, frozenset[FactId]]:
    """The bonds of tables that leave, with the parents' indexes and keys of which they keep their parts by that."""
    result: dict[FactId, frozenset[FactId]] = {}
    children = by_parent(source) if adopted else {}
    for table, moved in adopted.items():
        parts = [source[key] for key in moved if key.kind in INDEX_KINDS and key in source and key in goal]
        above = parts_of(table, source, children, INDEX_KINDS) if parts else ()
        given = frozenset(fact.id for fact in above if fact.parent != table and any(repeats(x, fact) for x in parts))
        if given:
            result[aspect_of(table, "partition_of")] = given
    return result


def _adopt_indexes(
    source: Mapping[FactId, Fact],
    goal: dict[FactId, Fact],
    wanted: Mapping[FactId, Sequence[Fact]],
    target: Mapping[FactId, Fact],
) -> None:
    """An index of a partition that is none of its own any more is attached to the parent's when that is created."""
    taken: set[tuple[FactId, FactId]] = set()
    own = [fact for fact in source.values() if fact.id.kind == "index"]
    # where it is no difference, the goal has it still; the target's partition has it from its parent
    for fact in [fact for fact in own if fact.id not in goal or (fact.id not in target and fact.parent in target)]:
        table = goal.get(fact.parent) if fact.parent else None
        for parent in parents_of(table) if table and table.attributes.get("partition_of") else ():
            for other in wanted.get(parent, ()):
                comes = other.id not in source and other.attributes.get("valid") is not False
                if comes and table is not None and (table.id, other.id) not in taken and repeats(fact, other):
                    taken.add((table.id, other.id))
                    goal[fact.id] = fact


def comes_with_parent(key: FactId, source: Mapping[FactId, Fact], target: Mapping[FactId, Fact]) -> bool:
    """Whether a partition's own index or key need not be made again when it has to go: the target's partition has it
    from its parent, where it is new, and under the name that the server chooses."""
    fact = source.get(key)
    table = target.get(fact.parent) if fact and fact.parent and key not in target else None
    if fact is None or table is None or key.kind not in _TAKEN_OVER or not table.attributes.get("partition_of"):
        return False
    parents = parents_of(table)
    return any(
        other.parent in parents and other_id not in source and repeats(fact, other)
        for other_id, other in target.items()
        if other_id.kind == key.kind
    )


def beside(
    source: Mapping[FactId, Fact], goal: Mapping[FactId, Fact], target: Mapping[FactId, Fact]
) -> dict[FactId, frozenset[FactId]]:
    """Indexes and keys that a partition has of its own although the parent's says the same, with what has to be there
    before them: the bond, or the parent's. Whichever of these comes later takes what it finds instead of a new one."""
    result: dict[FactId, frozenset[FactId]] = {}
    children: Mapping[FactId, Sequence[Fact]] | None = None
    for key, fact in goal.items():
        table = goal.get(fact.parent) if fact.parent and key.kind in _TAKEN_OVER else None
        if table is None or not table.attributes.get("partition_of") or key not in target:
            continue
        children = children or by_parent(goal)
        old = source.get(table.id)
        bound = old is not None and parents_of(old) == parents_of(table)
        for other in parts_of(parents_of(table)[0], goal, children, (key.kind,)):
            attached = fact.attributes.get("partition_of") == [other.id.name[0], other.id.name[-1]]
            if other.attributes.get("valid") is not False and repeats(fact, other) and not attached:
                was = source.get(other.id)
                needed = set() if was is not None and repeats(fact, was) else {other.id}
                needed |= set() if bound else {aspect_of(table.id, "partition_of")}
                if needed:
                    result[key] = frozenset(needed)
    return result


def _leave(
    child: FactId,
    parent: FactId,
    source: dict[FactId, Fact],
    goal: dict[FactId, Fact],
    *,
    there: Mapping[FactId, Sequence[Fact]],
    kept: Mapping[FactId, Fact],
) -> set[FactId]:
    moved: set[FactId] = set()
    others = _columns_by_others(child, source, goal, there)
    for column in parts_of(parent, source, there, ("column",)):
        own = as_child(column, child)
        if own.id not in source and own.id not in others:
            source[own.id] = replace(own, attributes={**own.attributes, "_position": 0})
            moved.add(own.id)
        if own.id in kept:
            goal.setdefault(own.id, kept[own.id])
    inherited = [fact for fact in parts_of(parent, source, there, _KEPT_ON_LEAVING) if not _may_lack(fact)]
    names = source[child].attributes.get("_not_null_names")
    for fact in kept.values():
        if fact.id in source or fact.id.kind not in _KEPT_ON_LEAVING:
            continue
        renamed = fact.id.kind == "not_null" and isinstance(names, dict) and _column(fact) in names
        if renamed or any(repeats(fact, other) for other in inherited):
            source[fact.id] = fact
            goal.setdefault(fact.id, fact)
            moved.add(fact.id)
    if source[child].attributes.get("partition_of"):
        staying = [fact for fact in inherited if fact.id in goal and not _may_lack(goal[fact.id])]
        moved |= _parts_kept(child, staying, source, kept) | _key_kept(child, inherited, source, kept)
    return moved


def _parts_kept(
    child: FactId, staying: Iterable[Fact], source: dict[FactId, Fact], kept: Mapping[FactId, Fact]
) -> set[FactId]:
    """Its parts of the indexes and unique constraints that the parent keeps."""
    found = set()
    for above in staying:
        own = part_for(above, source[child], source) if above.id.kind in ("index", "unique") else None
        if own is not None and not any(repeats(fact, above) for fact in kept.values()):
            source[own.id] = own
            found.add(own.id)
    return found


def _key_kept(
    child: FactId, inherited: Iterable[Fact], source: dict[FactId, Fact], kept: Mapping[FactId, Fact]
) -> set[FactId]:
    """Its part of a primary key that nobody wants there: as long as it is there, no column loses its NOT NULL."""
    if any(fact.id.kind == "primary_key" for fact in kept.values()):
        return set()
    key = next((fact for fact in inherited if fact.id.kind == "primary_key"), None)
    if key is None:
        return set()
    # nobody said its name, so it is the usual one
    own = replace(key, id=FactId("primary_key", (*child.name, f"{child.name[-1]}_pkey")), parent=child)
    source.setdefault(own.id, own)
    return {own.id}


def _columns_by_others(
    child: FactId, source: Mapping[FactId, Fact], goal: Mapping[FactId, Fact], children: Mapping[FactId, Sequence[Fact]]
) -> set[FactId]:
    """The columns that an heir has by the parents that it keeps, whoever else leaves or comes."""
    kept = [parent for parent in parents_of(source[child]) if parent in parents_of(goal[child])]
    return {as_child(fact, child).id for parent in kept for fact in parts_of(parent, source, children, ("column",))}


def _copies(
    child: FactId,
    above: Sequence[Fact],
    source: dict[FactId, Fact],
    goal: Mapping[FactId, Fact],
    wanted: Sequence[Fact],
) -> set[FactId]:
    """Checks and foreign keys that a partition keeps of its parents when it leaves, and that nobody wants there."""
    copies = [as_child(fact, child) for fact in above if fact.id in goal or fact.parent not in goal]
    # where the parent's has to go before the partition leaves, its copies go with it
    copies = [replace(own, attributes={**own.attributes, "_maybe_gone": True}) for own in copies]
    unwanted = [own for own in copies if own.id not in source and not any(_says_the_same(own, each) for each in wanted)]
    source.update((own.id, own) for own in unwanted)
    return {own.id for own in unwanted}


def _join(
    child: FactId,
    parent: FactId,
    source: Mapping[FactId, Fact],
    goal: dict[FactId, Fact],
    wanted: Mapping[FactId, Sequence[Fact]],
) -> set[FactId]:
    moved: set[FactId] = set()
    others = _columns_by_others(child, source, goal, wanted)
    for column in parts_of(parent, goal, wanted, ("column",)):
        own = as_child(column, child)
        if own.id not in goal and own.id not in others:
            goal[own.id] = own
            moved.add(own.id)
    if not goal[child].attributes.get("partition_of"):
        # an heir keeps what it brought along as its own: that such a fact should go stays open
        moved -= {key for key in moved if key in source}
    inherited = [fact for fact in parts_of(parent, goal, wanted, _KEPT_ON_LEAVING) if not _may_lack(fact)]
    names = goal[child].attributes.get("_not_null_names")
    for fact in [fact for fact in source.values() if fact.parent == child and fact.id not in goal]:
        named = fact.id.kind == "not_null" and isinstance(names, dict) and _column(fact) in names
        if named or (fact.id.kind in _KEPT_ON_LEAVING and any(repeats(fact, other) for other in inherited)):
            goal[fact.id] = fact
            moved.add(fact.id)
    for other in inherited:
        own = as_child(other, child)
        if other.id.kind == "check" and not other.attributes.get("no_inherit") and own.id not in goal:
            goal[own.id] = own
            moved.add(own.id)
    return moved


def _may_lack(fact: Fact) -> bool:
    """Whether a partition may have nothing of the parent's: what it has of an index that is not complete is a fact."""
    return fact.id.kind in INDEX_KINDS and fact.attributes.get("valid") is False


def as_child(fact: Fact, child: FactId) -> Fact:
    """A parent's fact as the child has it."""
    if fact.parent == child:
        return fact
    attributes = {**fact.attributes, "inherited": False} if fact.id.kind == "column" else fact.attributes
    if fact.id.kind == "column" and child.kind == "table":
        attributes = (
            {**attributes, "identity": None, "identity_options": {}} if attributes.get("identity") else attributes
        )
    return replace(fact, id=FactId(fact.id.kind, (*child.name, fact.id.name[-1])), attributes=attributes, parent=child)


def _column(fact: Fact) -> str:
    columns = fact.attributes.get("columns")
    return str(columns[0]) if isinstance(columns, list) and columns else ""


def repeats(fact: Fact, other: Fact) -> bool:
    """Whether the child's fact says the same as the parent's."""
    alike = fact.id.kind not in _NAMED_ALIKE or fact.id.name[-1] == other.id.name[-1]
    return alike and _says_the_same(fact, other)


def _says_the_same(fact: Fact, other: Fact) -> bool:
    """The same, but for the name."""
    if fact.id.kind != other.id.kind:
        return False
    ignored = {"partition_of", "definition", "valid", "tablespace"}
    one = {name: value for name, value in fact.stated.items() if name not in ignored}
    two = {name: value for name, value in other.stated.items() if name not in ignored}
    return one == two
