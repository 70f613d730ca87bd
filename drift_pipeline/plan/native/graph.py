"""Who needs whom, down to the parts of a fact that come and go on their own; and the order that follows."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

from drift_pipeline.plan.native.address import CONSTRAINTS, INDEX_KINDS, TYPES
from drift_pipeline.plan.native.quote import quote_ident
from drift_pipeline.plan.native.steps import Edges, Phase, Step, aspect_of, text
from drift_pipeline.schema.facts import Fact, FactId

TYPE_LIKE = (*TYPES, "collation", "extension", "table", "view", "materialized_view", "foreign_table")
"""Kinds that a column needs by its type; everything else it can only need by its default."""


def needs(facts: Mapping[FactId, Fact], depends: Iterable[tuple[FactId, FactId]], *, coming: bool = False) -> Edges:
    """Every fact (and part of one) with those that it needs; facts that are not there are left out.

    `coming`: the facts are to be created; else they are there, and some may go.
    """
    edges: dict[FactId, set[FactId]] = {}
    depends = frozenset(depends)
    for one, other in depends:
        if other.kind == "base_type" and one.kind == "function" and (other, one) in depends:
            # a type needs its functions, and they its name
            edges.setdefault(one, set()).add(aspect_of(other, "shell"))
        elif one in facts and other in facts and one != other and not _is_copy(one, other, facts):
            for end in _ends(facts[one], facts[other]):
                edges.setdefault(end, set()).add(other)
    for fact in facts.values():
        own = edges.setdefault(fact.id, set())
        attached = fact.attributes.get("partition_of")
        if fact.id.kind in INDEX_KINDS and isinstance(attached, list):
            for other in _index_named(tuple(str(part) for part in attached), fact, facts):
                # it goes with the parent's, but comes before it, so that the parent's takes it and makes no other
                one, needed = (other, fact.id) if coming else (fact.id, other)
                if not coming or facts[other].attributes.get("valid") is not False:
                    edges.setdefault(one, set()).add(needed)
        if fact.parent is not None and fact.parent in facts:
            own.add(fact.parent)
        for aspect, others in _stated_needs(fact, facts):
            edges.setdefault(aspect, set()).update(others)
    return {key: frozenset(value) for key, value in edges.items()}


def _index_named(name: tuple[str, ...], fact: Fact, facts: Mapping[FactId, Fact]) -> set[FactId]:
    """The index of the parent that a partition's index or key is attached to, or the constraint that it is behind."""
    table = facts.get(fact.parent) if fact.parent else None
    parent = table.attributes.get("partition_of") if table else None
    if not isinstance(parent, list):
        return set()
    return _present(facts, INDEX_KINDS, (*(str(part) for part in parent), name[-1]))


def _is_copy(one: FactId, other: FactId, facts: Mapping[FactId, Fact]) -> bool:
    """Whether it is not `one` that needs `other`, but its copy on a partition, which is no fact of its own."""
    if one.kind not in (*CONSTRAINTS, "index", "trigger") or other.name[:2] == one.name[:2]:
        return False
    table = facts.get(FactId("table", other.name[:2]))
    while table is not None and isinstance(parent := table.attributes.get("partition_of"), list):
        if parent == list(one.name[:2]):
            return True
        table = facts.get(FactId("table", tuple(str(part) for part in parent)))
    return False


def _ends(one: Fact, other: Fact) -> tuple[FactId, ...]:
    """Which part of `one` it is that needs `other`."""
    if one.id.kind == "column":
        return _ends_of_column(one, other)
    if one.id.kind == "sequence" and other.id.kind in ("table", "foreign_table", "column"):
        return (aspect_of(one.id, "owned_by"),)
    if one.id.kind in ("table", "foreign_table") and other.id.kind in ("table", "foreign_table"):
        if one.attributes.get("partition_of") == list(other.id.name):
            return (one.id, aspect_of(one.id, "partition_of"))
        if list(other.id.name) in _lists(one.attributes.get("inherits")):
            return (one.id, aspect_of(one.id, "inherits"))
    return (one.id,)


def _ends_of_column(one: Fact, other: Fact) -> tuple[FactId, ...]:
    if one.attributes.get("generated") or other.id == one.parent or one.attributes.get("default") is None:
        return (one.id,)
    default = aspect_of(one.id, "default")
    if other.id.kind in TYPES and quote_ident(other.id.name[-1]) not in text(one, "type"):
        return (default,)
    return (one.id, default) if other.id.kind in TYPE_LIKE else (default,)


def _lists(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _stated_needs(fact: Fact, facts: Mapping[FactId, Fact]) -> list[tuple[FactId, set[FactId]]]:
    """What the attributes say and pg_depend does not."""
    kind, name = fact.id.kind, fact.id.name
    found = [
        (fact.id, _present(facts, ("extension",), (str(extension),)))
        for extension in _lists(fact.attributes.get("depends_on_extensions"))
    ]
    if kind in ("table", "foreign_table"):
        for attribute in ("partition_of", "inherits"):
            value = fact.attributes.get(attribute)
            for parent in [value] if attribute == "partition_of" else _lists(value):
                if isinstance(parent, list):
                    ids = _present(facts, ("table", "foreign_table"), tuple(map(str, parent)))
                    found += [(fact.id, ids), (aspect_of(fact.id, attribute), ids)]
        identity = text(fact, "replica_identity")
        for attribute, index in (
            ("replica_identity", identity.removeprefix("index:") if identity.startswith("index:") else ""),
            ("cluster_on", text(fact, "cluster_on")),
        ):
            if index:
                ids = _present(facts, ("index", "primary_key", "unique", "exclusion"), (*name, index))
                found.append((aspect_of(fact.id, attribute), ids))
    elif kind == "sequence" and isinstance(owner := fact.attributes.get("owned_by"), list):
        found.append((aspect_of(fact.id, "owned_by"), _present(facts, ("column",), tuple(map(str, owner)))))
    elif kind == "column":
        if fact.attributes.get("default") is not None:
            found.append((aspect_of(fact.id, "default"), {fact.id}))
        not_null = aspect_of(fact.id, "not_null")
        if fact.attributes.get("not_null"):
            found.append((not_null, {fact.id}))
        if fact.attributes.get("identity"):
            found.append((aspect_of(fact.id, "identity"), {fact.id, not_null}))
    elif (kind in CONSTRAINTS and kind != "check") or kind == "index":
        found.append((fact.id, _of_columns(fact, facts)))
    return found


def _of_columns(fact: Fact, facts: Mapping[FactId, Fact]) -> set[FactId]:
    names = fact.attributes.get("columns") or fact.attributes.get("_columns") or []
    found: set[FactId] = set()
    for name in _lists(names):
        column = FactId("column", (*fact.id.name[:2], str(name)))
        if column in facts:
            found.add(column)
            if fact.id.kind == "primary_key":
                found.add(aspect_of(column, "not_null"))
    referenced = fact.attributes.get("references")
    if fact.id.kind == "foreign_key" and isinstance(referenced, list):
        table = tuple(map(str, referenced))
        for name in _lists(fact.attributes.get("referenced_columns")):
            found |= _present(facts, ("column",), (*table, str(name)))
        found |= _present(facts, ("table", "foreign_table"), table)
    return found


def _present(facts: Mapping[FactId, Fact], kinds: Iterable[str], name: tuple[str, ...]) -> set[FactId]:
    return {key for key in (FactId(kind, name) for kind in kinds) if key in facts}


def shells_of(function: FactId, edges: Edges) -> frozenset[FactId]:
    """The base types that a function belongs to."""
    shells = (key for key in edges.get(function, ()) if key.kind == "base_type.shell")
    return frozenset(FactId("base_type", key.name) for key in shells)


def reaches(start: FactId, end: FactId, edges: Edges) -> bool:
    """Whether `start` needs `end`, directly or through others."""
    seen, queue = {start}, [start]
    while queue:
        for other in edges.get(queue.pop(), ()):
            if other == end:
                return True
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return False


def in_circles(edges: Mapping[FactId, Iterable[FactId]]) -> Edges:
    """The edges without the ends of chains: what is left lies in circles, or between two of them."""
    left = {one: {other for other in others if other in edges} for one, others in edges.items()}
    before: dict[FactId, list[FactId]] = {}
    for one, others in left.items():
        for other in others:
            before.setdefault(other, []).append(one)
    ends = [one for one, others in left.items() if not others]
    while ends:
        end = ends.pop()
        del left[end]
        for one in before.get(end, ()):
            left[one].discard(end)
            if not left[one]:
                ends.append(one)
    return {one: frozenset(others) for one, others in left.items()}


def in_order(steps: Sequence[Step], source_needs: Edges, goal_needs: Edges) -> list[Step]:
    """The steps so that each finds what it needs and disturbs nobody; where a circle is left, by phase."""
    before = _before(steps, source_needs, goal_needs)
    after: dict[int, set[int]] = {}
    for later, earlier in before.items():
        for one in earlier:
            after.setdefault(one, set()).add(later)
    rank = {number: (step.phase, _sortable(step.order), number) for number, step in enumerate(steps)}
    waiting = {number: set(before.get(number, ())) for number in range(len(steps))}
    free = [rank[number] for number, others in waiting.items() if not others]
    heapq.heapify(free)
    result: list[Step] = []
    while waiting:
        # a circle: what has the lowest rank goes first, and the proof tells whether that was right
        number = heapq.heappop(free)[-1] if free else min(waiting, key=lambda item: (len(waiting[item]), rank[item]))
        if number not in waiting:
            continue
        del waiting[number]
        result.append(steps[number])
        for later in after.get(number, ()):
            if later in waiting:
                waiting[later].discard(number)
                if not waiting[later]:
                    heapq.heappush(free, rank[later])
    return result


def _sortable(order: tuple[int | str, ...]) -> tuple[str, ...]:
    """Numbers and names side by side, all as text; no number here is below -1,000,000."""
    return tuple(part if isinstance(part, str) else f"{part + 10**6:012d}" for part in order)


def _before(steps: Sequence[Step], source_needs: Edges, goal_needs: Edges) -> dict[int, set[int]]:
    """For each step the numbers of those that must have run."""
    leaving, making, freeing = _index(steps)
    dependants: dict[FactId, set[FactId]] = {}
    for one, others in source_needs.items():
        for other in others:
            dependants.setdefault(other, set()).add(one)
    before: dict[int, set[int]] = {number: set() for number in range(len(steps))}
    for number, step in enumerate(steps):
        for fact_id in step.disturbs:
            for dependant in dependants.get(fact_id, ()):
                before[number] |= leaving.get(dependant, set())
        for fact_id in step.makes:
            for needed in goal_needs.get(fact_id, ()):
                before[number] |= making.get(needed, set())
        for name in step.takes:
            before[number] |= freeing.get(name, set())
    for number, step in enumerate(steps):
        for renamed in step.about if step.phase is Phase.RENAME else ():
            # whatever it loses later, it loses under its new name
            for later in leaving.get(renamed, ()):
                before[number].discard(later)
                before[later].add(number)
        before[number].discard(number)
    return before


def _index(
    steps: Sequence[Step],
) -> tuple[dict[FactId, set[int]], dict[FactId, set[int]], dict[tuple[str, ...], set[int]]]:
    leaving: dict[FactId, set[int]] = {}
    making: dict[FactId, set[int]] = {}
    freeing: dict[tuple[str, ...], set[int]] = {}
    for number, step in enumerate(steps):
        for fact_id in step.leaves | step.disturbs:
            leaving.setdefault(fact_id, set()).add(number)
        for fact_id in step.makes:
            making.setdefault(fact_id, set()).add(number)
        for name in step.frees:
            freeing.setdefault(name, set()).add(number)
    return leaving, making, freeing
