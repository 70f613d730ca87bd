"""What is not compared and stands in the way of a repair: a view that live alone has, on a column whose type changes.

A proof without it would say of SQL that it runs where it does not. So the copies hold it as well: a repair takes it
away and puts it back as it was, and what cannot be repaired without taking it away for good is left as it is, and said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from drift_pipeline.diff.differences import Change, Difference, SchemaDiff
from drift_pipeline.plan.phrases import stays_open
from drift_pipeline.plan.statements import Plan, Proof
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value

FOLLOWS = ("view", "materialized_view")
"""Kinds whose columns follow from what they stand on: what types these have is another's business."""

MADE_ANEW = frozenset(
    {"view", "materialized_view", "function", "procedure", "aggregate", "enum", "domain", "composite", "range"}
)
"""Kinds that a repair may drop and create again, with all that is a part of them."""

IN_WAY = MADE_ANEW | {"trigger", "rule", "policy", "table", "foreign_table"}
"""Kinds that keep a column from being dropped or retyped."""

_Users = dict[FactId, list[FactId]]


@dataclass(frozen=True)
class Bystanders:
    """`live` and `models` as they are planned for, `diff` without what cannot be repaired; `ids`: what was added to
    both. `held`: each difference that stays, with what needs the thing as it is."""

    live: Schema
    models: Schema
    diff: SchemaDiff
    ids: frozenset[FactId] = frozenset()
    held: tuple[tuple[Difference, FactId], ...] = field(default=())

    def scope(self, compared: Callable[[Schema], Schema]) -> Callable[[Schema], Schema]:
        """What counts of a copy: what is compared, and what was added."""
        if not self.ids:
            return compared

        def part(schema: Schema) -> Schema:
            here = {key: _stated(fact) for key, fact in schema.facts.items() if key in self.ids}
            kept = compared(schema)
            return _joined(kept, here, schema)

        return part

    def warnings(self, environment: str) -> list[str]:
        """What a revision, which runs on databases that have none of this, says where one has it."""
        whole = (key for key in self.ids if key.kind in IN_WAY and self.live.facts[key].parent not in self.ids)
        names = ", ".join(sorted(map(str, whole)))
        if not names:
            return []
        return [
            f"{environment} has {names}, which is not compared and hangs on what changes: PostgreSQL may refuse this "
            "revision there. schema-diff.sql takes it off and puts it back"
        ]

    def told(self, plan: Plan) -> Plan:
        """The plan with what it leaves, and why."""
        if not self.held:
            return plan
        said = (f"{stays_open(difference)}: {user}, which is not compared, needs it" for difference, user in self.held)
        return replace(plan, proof=Proof.UNPROVEN, open=(*plan.open, *said))


def bystanders_of(everything: Schema, live: Schema, models: Schema, diff: SchemaDiff) -> Bystanders:
    """Who is concerned by the repair of these differences without being compared.

    `everything`: all facts of the live database; `live`, `models`: the part of both that is compared.
    """
    touched = _touched(diff.differences)
    if not touched:  # nothing goes or changes
        return Bystanders(live, models, diff)
    out = everything.facts.keys() - live.facts.keys()
    anew = frozenset(each.id for each in diff.differences if "partition_key" in each.changed_names)
    if not anew and not _concerned(everything, out):
        return Bystanders(live, models, diff)
    links = _Links(everything, out)
    ids = links.with_needs(links.users_of(touched, anew))
    if not ids:
        return Bystanders(live, models, diff)
    # what is made anew is granted by default what the old one may never have been
    ids |= {key for key in out if key.kind == "default_privilege"}
    held = links.held(ids, diff.differences)
    kept = {key for difference, _ in held for key in (difference.id, *difference.contains)}
    added = {key: _stated(everything.facts[key]) for key in ids}
    staying = {key: live.facts[key] for key in kept if key in live.facts}
    gone = {difference.key for difference, _ in held}
    return Bystanders(
        _joined(live, added, everything),
        _joined(models, {**added, **staying}, everything),
        replace(diff, differences=tuple(each for each in diff.differences if each.key not in gone)),
        frozenset(ids),
        held,
    )


def _concerned(everything: Schema, out: set[FactId]) -> bool:
    """Whether anything that is not compared hangs on anything at all: mostly it does not, and that is quickly told."""
    parents = (everything.facts[key].parent for key in out)
    return any(parent is not None and parent.kind in MADE_ANEW for parent in parents) or any(
        user in out for user, _ in everything.depends
    )


def _touched(differences: Iterable[Difference]) -> set[FactId]:
    return {
        key
        for each in differences
        if each.before is not None and each.change in (Change.REMOVED, Change.CHANGED)
        for key in (each.before.id, *each.contains)
    }


def _stated(fact: Fact) -> Fact:
    if fact.id.kind not in FOLLOWS:
        return fact
    columns = fact.attributes.get("columns")
    own: list[Value] = [
        {**each, "type": ""}
        for each in (columns if isinstance(columns, list) else ())
        if isinstance(each, dict) and each.get("default") is not None
    ]
    attributes = {name: value for name, value in fact.attributes.items() if name != "columns"}
    return replace(fact, attributes={**attributes, **({"columns": own} if own else {})})


def _joined(schema: Schema, more: Mapping[FactId, Fact], origin: Schema) -> Schema:
    """The schema with these facts, and with the edges that `origin` knows between what is there now."""
    if not more:
        return schema
    facts = {**schema.facts, **more}
    edges = {
        edge
        for edge in origin.depends
        if (edge[0] in more or edge[1] in more) and edge[0] in facts and edge[1] in facts
    }
    return replace(schema, facts=facts, depends=schema.depends | edges)


class _Links:
    """Who needs whom, and who is a part of whom, in the live database; `out`: what is not compared."""

    def __init__(self, schema: Schema, out: set[FactId]) -> None:
        self._schema = schema
        self._out = out
        self._users = schema.needed_by
        self._parts: _Users = defaultdict(list)
        for key in out:
            if parent := schema.facts[key].parent:
                self._parts[parent].append(key)

    def users_of(self, keys: Iterable[FactId], anew: Collection[FactId] = ()) -> set[FactId]:
        """What is not compared and depends on one of these, directly or through others, or is a part (a comment, what
        was granted) of what may be made anew. `anew`: tables that are, since they are partitioned in another way."""
        queue, seen, found = list(keys), set[FactId](), set[FactId]()
        while queue:
            key = queue.pop()
            if key in seen:
                continue
            seen.add(key)
            if key in self._out:
                found.add(key)
            if key.kind in MADE_ANEW or key in anew:
                found.update(self._parts.get(key, ()))
            queue.extend(self._users.get(key, ()))
        return found

    def with_needs(self, keys: set[FactId]) -> set[FactId]:
        """The same with all that it takes to make them: whole objects, and what those need."""
        needs: _Users = defaultdict(list)
        for user, used in self._schema.depends if keys else ():
            if user in self._out:
                needs[user].append(used)
        queue, found = list(keys), set[FactId]()
        while queue:
            key = queue.pop()
            if key in found or key not in self._out:
                continue
            found.add(key)
            queue.extend(needs.get(key, ()))
            queue.extend(self._parts.get(key, ()))
            if parent := self._schema.facts[key].parent:
                queue.append(parent)
        return found

    def held(self, ids: set[FactId], differences: Iterable[Difference]) -> tuple[tuple[Difference, FactId], ...]:
        """The differences whose repair would take away what one of `ids` needs."""
        found = []
        for difference in differences:
            if difference.change is Change.REMOVED:
                users = (user for key in (difference.id, *difference.contains) for user in self._users.get(key, ()))
                if (user := next((user for user in sorted(set(users)) if user in ids), None)) is not None:
                    found.append((difference, user))
        return tuple(found)
