"""The part of two schemas that a plan can touch, so that its cost follows the drift and not the schema."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from drift_pipeline.diff.differences import Difference
from drift_pipeline.plan.native.address import INDEX_KINDS
from drift_pipeline.plan.native.heirs import TABLES, parents_of
from drift_pipeline.plan.native.steps import by_parent
from drift_pipeline.schema.facts import Fact, FactId, Schema

_ALWAYS = ("default_privilege",)
"""Kinds that bear on every new object."""

_REACH_DOWN = ("column", *INDEX_KINDS)


def cut_out(source: Schema, target: Schema, differences: Sequence[Difference]) -> tuple[Schema, Schema]:
    """Both schemas without what neither differs nor hangs on, holds or surrounds anything that does."""
    touched = {fact_id for item in differences for fact_id in (item.id, *item.contains)}
    touched |= {item.before.id for item in differences if item.before is not None}
    if 2 * len(touched) > len(source.facts):
        return source, target
    children = (by_parent(source.facts), by_parent(target.facts))
    touched |= _incomplete_above(touched, (source.facts, target.facts), children)
    below = _below(touched, (source.facts, target.facts))
    parts = (part.id for group in children for table in below for part in group.get(table, ()))
    touched |= {key for key in parts if key.kind in _REACH_DOWN}
    touched = _with_dependants(touched, source, children)
    around = _surroundings(touched, (source.facts, target.facts), children)
    around |= below | {key for schema in (source, target) for key in schema.facts if key.kind in _ALWAYS}
    return _only(source, touched | around), _only(target, touched | around)


def _incomplete_above(
    touched: Collection[FactId],
    sides: Sequence[Mapping[FactId, Fact]],
    children: Sequence[Mapping[FactId, Sequence[Fact]]],
) -> set[FactId]:
    """Indexes and keys of partitioned tables to which something is attached, or may be, in the tables touched."""
    found: set[FactId] = set()
    for facts, inside in zip(sides, children, strict=True):
        queue = list({FactId("table", key.name[:2]) for key in touched if key.kind in (*INDEX_KINDS, *TABLES)})
        while queue:
            key = queue.pop()
            parents = parents_of(facts[key]) if key in facts else []
            queue += parents
            attached = [fact.attributes.get("partition_of") for fact in inside.get(key, ())]
            for fact in (fact for parent in parents for fact in inside.get(parent, ())):
                own = fact.id.kind in INDEX_KINDS
                if own and (fact.attributes.get("valid") is False or [fact.id.name[0], fact.id.name[-1]] in attached):
                    found.add(fact.id)
    return found


def _below(touched: Collection[FactId], sides: Sequence[Mapping[FactId, Fact]]) -> set[FactId]:
    """Partitions and heirs of the tables whose columns and indexes are touched: that reaches down to them."""
    queue = list({FactId("table", key.name[:2]) for key in touched if key.kind in _REACH_DOWN})
    below: dict[FactId, list[FactId]] = {}
    for facts in sides if queue else ():
        for key, fact in facts.items():
            for parent in parents_of(fact) if key.kind in TABLES else ():
                below.setdefault(parent, []).append(key)
    found: set[FactId] = set()
    while queue:
        more = [child for child in below.get(queue.pop(), ()) if child not in found]
        found.update(more)
        queue += more
    return found


def _with_dependants(
    touched: set[FactId], source: Schema, children: Sequence[Mapping[FactId, Sequence[Fact]]]
) -> set[FactId]:
    """With everything that would have to go if these facts went: what is inside them, and what needs them."""
    dependants: dict[FactId, list[FactId]] = {}
    for one, other in source.depends:
        dependants.setdefault(other, []).append(one)
    for fact in source.facts.values():
        owner = fact.attributes.get("owned_by") if fact.id.kind == "sequence" else None
        if isinstance(owner, list):
            dependants.setdefault(FactId("column", tuple(str(part) for part in owner)), []).append(fact.id)
    found: set[FactId] = set()
    queue = list(touched)
    while queue:
        key = queue.pop()
        if key in found:
            continue
        found.add(key)
        if key.kind == "schema":
            continue
        queue += dependants.get(key, ())
        queue += (child.id for group in children for child in group.get(key, ()))
        if key.kind == "column":  # whole rows of its table may be held elsewhere
            table = FactId("table", key.name[:2])
            queue += (other for other in dependants.get(table, ()) if other.kind == "materialized_view")
    return found


def _surroundings(
    touched: Collection[FactId],
    sides: Sequence[Mapping[FactId, Fact]],
    children: Sequence[Mapping[FactId, Sequence[Fact]]],
) -> set[FactId]:
    """The parents of these facts, the tables that those take their columns from, and what else is in them."""
    found: set[FactId] = set()
    queue = list(touched)
    while queue:
        key = queue.pop()
        for facts, inside in zip(sides, children, strict=True):
            fact = facts.get(key)
            if fact is None:
                continue
            above = [*parents_of(fact), *([fact.parent] if fact.parent else [])]
            queue += (parent for parent in above if parent not in found)
            found.update(above)
            if key.kind != "schema" and (key in found or key.kind in ("table", "foreign_table")):
                found.update(child.id for child in inside.get(key, ()))
    return found


def _only(schema: Schema, ids: Iterable[FactId]) -> Schema:
    kept = set(ids)
    return replace(
        schema,
        facts={key: schema.facts[key] for key in kept if key in schema.facts},
        depends=frozenset(edge for edge in schema.depends if edge[0] in kept and edge[1] in kept),
    )
