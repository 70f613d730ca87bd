"""Steps from facts: one for everything that goes, comes or changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from drift_pipeline.plan.native.address import INDEX_KINDS, claims
from drift_pipeline.plan.native.closure import Closure, alterations_for
from drift_pipeline.plan.native.graph import reaches, shells_of
from drift_pipeline.plan.native.heirs import parents_of
from drift_pipeline.plan.native.quote import dotted, quote_ident
from drift_pipeline.plan.native.rules import RULES
from drift_pipeline.plan.native.rules.columns import (
    default_waits,
    inline_columns,
    not_null_of,
    only_column,
    position,
    write_default,
    write_type,
)
from drift_pipeline.plan.native.rules.tables import join, leave, stands_alone
from drift_pipeline.plan.native.rules.types import rename_type
from drift_pipeline.plan.native.situation import ABOUT_OTHERS, Situation
from drift_pipeline.plan.native.steps import Alteration, Phase, Scene, Sql, Step, aspect_of, base_of
from drift_pipeline.schema.facts import Fact, FactId

_BONDS = ("partition_of", "inherits")
_SLOTS = ("default", "identity")
"""Parts of a column of which there can be one at a time: the old one goes before the new one comes."""


def slot_name(aspect: FactId) -> tuple[str, ...]:
    """What the part takes up: a column has a default or an identity, one at a time."""
    kind, _, part = aspect.kind.partition(".")
    return (f"{kind} value" if part in _SLOTS else aspect.kind, *aspect.name)


@dataclass(frozen=True)
class Builder:
    """Writes the steps of one plan."""

    situation: Situation
    scene: Scene
    closure: Closure

    def steps(self) -> Iterator[Step]:
        """Every step, in no order."""
        yield from self._drops()
        yield from self._creations()
        for key in self.situation.changed:
            if key not in self.scene.fresh:
                yield from self._alterations(key)
        for column in self.closure.retyped - self.scene.fresh:
            yield self._retype(column)
        for aspect in self.closure.reset:
            if base_of(aspect) not in self.scene.fresh:
                yield from self._reset(aspect)

    # what goes

    def _drops(self) -> Iterator[Step]:
        for key in sorted(self.scene.gone):
            fact = self.situation.source[key]
            rule = RULES.get(key.kind)
            if rule is None or self._goes_with_another(fact):
                continue
            if key in self.scene.swapped:
                yield from self._swap(fact)
                continue
            sql = rule.drop(self.scene, fact)
            if any(other in self.scene.gone for other in self._attached(key)):
                sql = [f"{statement} CASCADE" for statement in sql]
            leaves = frozenset(self._with_parts(key, self.scene.source_children))
            yield Step(
                tuple(sql),
                Phase.DROP,
                (-rule.rank, *key.name),
                about=self._about(key) | self._content(leaves, self.scene.goal),
                leaves=leaves,
                disturbs=leaves,
                frees=self._claims(leaves, self.situation.source),
                destructive=rule.loses,
                note=self._note(key),
            )

    def _content(self, ids: Iterable[FactId], kept: Mapping[FactId, Fact]) -> frozenset[FactId]:
        return frozenset(base_of(key) for key in ids if base_of(key) not in kept)

    def _attached(self, key: FactId) -> list[FactId]:
        """Indexes and keys of partitions that are attached to this one of the partitioned table."""
        if key.kind not in INDEX_KINDS:
            return []
        dependants = self.scene.source_dependants.get(key, ())
        return [other for other in dependants if other.kind in INDEX_KINDS and other.name[:2] != key.name[:2]]

    def _goes_with_another(self, fact: Fact) -> bool:
        if fact.id.kind in INDEX_KINDS:
            needed = (key for key in self.scene.source_needs.get(fact.id, ()) if key.kind in INDEX_KINDS)
            if any(key in self.scene.gone and key.name[:2] != fact.id.name[:2] for key in needed):
                return True
        parent = fact.parent
        if fact.id.kind == "user_mapping" or fact.id in self._circular_keys:
            return False
        if parent in self.scene.gone and parent not in self.scene.swapped and parent:
            if parent.kind != "schema" or fact.id.kind in ABOUT_OTHERS:
                return True
        if fact.id.kind == "function" and shells_of(fact.id, self.scene.source_needs) & self.scene.gone:
            return True
        owner = fact.attributes.get("owned_by")
        if fact.id.kind != "sequence" or not isinstance(owner, list):
            return False
        return FactId("column", tuple(map(str, owner))) in self.scene.gone

    def _with_parts(self, key: FactId, children: Mapping[FactId, Iterable[Fact]]) -> Iterator[FactId]:
        """A fact, its parts and everything that goes or comes with it."""
        source = children is self.scene.source_children
        yield key
        for alteration in RULES[key.kind].alterations if key.kind in RULES else ():
            if alteration.aspect:
                yield aspect_of(key, alteration.aspect)
        for child in children.get(key, ()):
            if key.kind == "schema" and child.id.kind not in ABOUT_OTHERS:
                continue
            if source and child.id in self._circular_keys:
                continue
            yield from self._with_parts(child.id, children)
        for other in self._attached(key) if source else ():
            if other in self.scene.gone:
                yield from self._with_parts(other, children)
        for sequence in self.scene.owned_sequences.get(key, ()) if source else ():
            if sequence in self.scene.gone:
                yield from self._with_parts(sequence, children)
        if key.kind == "base_type" and source:
            yield from self.scene.source_dependants.get(aspect_of(key, "shell"), ())

    @cached_property
    def _circular_keys(self) -> frozenset[FactId]:
        """Foreign keys among tables that go and refer to each other in a circle: they have to go first."""
        keys: dict[FactId, tuple[FactId, FactId]] = {}
        for key in self.scene.gone:
            fact = self.situation.source[key]
            table = fact.attributes.get("references")
            if key.kind == "foreign_key" and fact.parent in self.scene.gone and fact.parent and isinstance(table, list):
                other = FactId("table", tuple(str(part) for part in table))
                if other in self.scene.gone and other != fact.parent:
                    keys[key] = (fact.parent, other)
        edges: dict[FactId, frozenset[FactId]] = {}
        for one, other in keys.values():
            edges[one] = edges.get(one, frozenset()) | {other}
        return frozenset(key for key, (one, other) in keys.items() if reaches(other, one, edges))

    def _claims(self, ids: Iterable[FactId], facts: Mapping[FactId, Fact]) -> frozenset[tuple[str, ...]]:
        found: set[tuple[str, ...]] = set()
        for key in ids:
            base = base_of(key)
            if key == base and key in facts:
                found |= claims(facts[key])
            elif key.kind.partition(".")[2] in _SLOTS and self._fills(facts[base], key.kind.partition(".")[2]):
                found.add(slot_name(key))
        return frozenset(found)

    @staticmethod
    def _fills(fact: Fact, slot: str) -> bool:
        return fact.attributes.get(slot) is not None and not fact.attributes.get("generated")

    def _swap(self, fact: Fact) -> Iterator[Step]:
        """Put the old type aside under another name; drop it when its last column has left."""
        aside = self.scene.swapped[fact.id]
        put_aside = frozenset({FactId("type aside", fact.id.name)})
        yield Step(
            tuple(rename_type(fact, aside)),
            Phase.ALTER,
            (0, *fact.id.name),
            about=self._about(fact.id),
            leaves=put_aside,
            disturbs=put_aside,
            frees=claims(fact),
            note=self._note(fact.id),
        )
        yield Step(
            (f"DROP {'DOMAIN' if fact.id.kind == 'domain' else 'TYPE'} {dotted(fact.id.name[0], aside)}",),
            Phase.FINISH,
            (0, *fact.id.name),
            about=self._about(fact.id),
            leaves=frozenset({fact.id}),
            disturbs=frozenset({fact.id}),
            note=self._note(fact.id),
        )

    # what comes

    def _creations(self) -> Iterator[Step]:
        inline = self._inlined()
        for key in sorted(self.scene.fresh):
            fact = self.situation.goal[key]
            rule = RULES.get(key.kind)
            if rule is None or key in inline:
                continue
            if key.kind == "base_type" and fact.attributes.get("defined"):
                yield self._shell(fact)
            yield from self._creation(fact, inline.items())

    @staticmethod
    def _shell(fact: Fact) -> Step:
        """The name of a base type, so that its functions can be created before it."""
        sql = f"CREATE TYPE {dotted(*fact.id.name)}"
        shell = frozenset({aspect_of(fact.id, "shell")})
        return Step((sql,), Phase.CREATE, (12, *fact.id.name), frozenset({fact.id}), makes=shell, takes=claims(fact))

    def _inlined(self) -> dict[FactId, FactId]:
        """Facts that the CREATE of another one makes: columns of a new table, NOT NULL of a new column."""
        result: dict[FactId, FactId] = {}
        for key in self.scene.fresh:
            fact = self.situation.goal[key]
            if key.kind in ("table", "foreign_table"):
                inline = inline_columns(self.scene, fact)
                if stands_alone(self.scene, fact):
                    inline = [child for child in self.scene.goal_children.get(key, ()) if child.id.kind == "column"]
                result |= {column.id: key for column in inline}
        for key in self.scene.fresh:
            if key.kind == "not_null" and stands_alone(self.scene, self._table(key)):
                result[key] = self._table(key).id
        for key in self.scene.fresh:
            if key.kind == "column" and not self.situation.goal[key].attributes.get("inherited"):
                constraint = not_null_of(self.scene.goal_children, self.situation.goal[key])
                if constraint is not None and constraint.attributes.get("validated", True) is not False:
                    result[constraint.id] = result.get(key, key)
        return result

    def _table(self, part: FactId) -> Fact:
        return self.situation.goal[self.situation.goal[part].parent or part]

    def _creation(self, fact: Fact, inline: Iterable[tuple[FactId, FactId]]) -> Iterator[Step]:
        rule = RULES[fact.id.kind]
        made = {key for key, maker in inline if maker == fact.id} | {fact.id}
        parts: set[FactId] = set()
        later: list[tuple[Fact, Alteration]] = []
        sql = rule.create(self.scene, fact)
        for key in sorted(made, key=lambda item: position(self.situation.goal[item])):
            own = self.situation.goal[key]
            for alteration in RULES[key.kind].alterations:
                aspect = aspect_of(key, alteration.aspect) if alteration.aspect else key
                if alteration.aspect == "default" and default_waits(self.scene, own) and not self._is_generated(own):
                    later.append((own, alteration))
                elif not alteration.after_create:
                    parts.add(aspect)
                elif any(own.attributes.get(name) != alteration.fresh for name in alteration.attributes):
                    if alteration.aspect:
                        later.append((own, alteration))
                    else:
                        sql += alteration.write(self.scene, own, own)
        if stands_alone(self.scene, fact):
            parts.discard(aspect_of(fact.id, "partition_of"))
        makes = frozenset(made | parts)
        yield Step(
            tuple(sql),
            Phase.CREATE,
            (rule.rank, *position(fact)[:1], *fact.id.name) if fact.id.kind == "column" else (rule.rank, *fact.id.name),
            about=frozenset().union(*(self._about(key) for key in made), self._granted_anyway(made)),
            makes=makes,
            takes=self._claims(makes, self.situation.goal),
            note=self._note(fact.id),
        )
        if stands_alone(self.scene, fact):
            attach = self._around(aspect_of(fact.id, "partition_of"), (), tuple(join(self.scene, fact, fact)))
            yield replace(attach, phase=Phase.CREATE, order=(RULES["index"].rank, *fact.id.name, ""))
        for own, alteration in later:
            yield self._part(own, own, alteration, alteration.write(self.scene, own, own), Phase.FINISH)

    def _granted_anyway(self, made: Iterable[FactId]) -> set[FactId]:
        """Privileges that need no GRANT: an object comes with its owner's and the usual ones."""
        children = self.scene.goal_children
        return {child.id for key in made for child in children.get(key, ()) if child.id.kind == "privilege"}

    @staticmethod
    def _is_generated(fact: Fact) -> bool:
        return bool(fact.attributes.get("generated"))

    # what changes

    def _alterations(self, key: FactId) -> Iterator[Step]:
        rule = RULES.get(key.kind)
        if rule is None:
            return
        before, after = self.situation.source[key], self.situation.goal[key]
        taken, _ = alterations_for(rule, self.scene, before, after, self.situation.changed[key])
        for alteration in taken:
            if self._changes_by_parts(alteration, key):
                yield self._default_off(before)
                if self._fills(after, "default"):
                    yield self._default_on(after)
            elif alteration.aspect in _BONDS:
                if aspect_of(key, alteration.aspect) not in self.closure.reset:
                    yield from self._bond(aspect_of(key, alteration.aspect), before, after)
            else:
                yield self._part(before, after, alteration, alteration.write(self.scene, before, after), Phase.ALTER)

    def _bond(self, aspect: FactId, before: Fact, after: Fact) -> Iterator[Step]:
        """A table leaves its parents, and joins others: two steps, since between them one may go and another come."""
        destructive = before is not after and bool(before.attributes.get("partition_of"))
        leaving = self._around(aspect, tuple(leave(self.scene, before, after)), ())
        joining = self._around(aspect, (), tuple(join(self.scene, before, after)))
        if before is not after and parents_of(before) == parents_of(after):
            # only the bound differs: back before the parent gets new columns, which then reach the child
            leaving = replace(leaving, phase=Phase.ALTER, order=(0, *leaving.order))
            joining = replace(joining, phase=Phase.ALTER, order=(1, *joining.order))
        yield replace(leaving, destructive=destructive)
        yield joining

    def _changes_by_parts(self, alteration: Alteration, key: FactId) -> bool:
        """Whether a default is taken off first and set later: its column gets another type or an identity between."""
        if alteration.aspect != "default" or not self._fills(self.situation.source[key], "default"):
            return False
        others = self.situation.changed[key] & {"type", "collation"}
        return bool(others) or aspect_of(key, "default") in self.closure.causes or key in self.closure.retyped

    def _part(self, before: Fact, after: Fact, alteration: Alteration, sql: Sql, phase: Phase) -> Step:
        rule = RULES[after.id.kind]
        part = aspect_of(after.id, alteration.aspect) if alteration.aspect else after.id
        disturbs = alteration.disturbs(self.scene, before, after) or (bool(alteration.aspect) and before is not after)
        slot = alteration.aspect in _SLOTS
        name = slot_name(part)
        return Step(
            tuple(sql),
            phase,
            (rule.rank, *after.id.name, rule.alterations.index(alteration)),
            about=self._about(after.id) | self.scene.attached.get(after.id, frozenset()),
            leaves=frozenset() if before is after else frozenset({part}),
            disturbs=frozenset({part}) if disturbs else frozenset(),
            makes=frozenset({part}),
            frees=frozenset({name})
            if slot and before is not after and self._fills(before, alteration.aspect)
            else frozenset(),
            takes=frozenset({name}) if slot and self._fills(after, alteration.aspect) else frozenset(),
            destructive=before is not after and alteration.destructive(self.scene, before, after),
            note=self._note(after.id),
        )

    def _retype(self, column: FactId) -> Step:
        before, after = self.situation.source[column], self.situation.goal[column]
        return Step(
            tuple(write_type(self.scene, before, after, swapped=True)),
            Phase.ALTER,
            (RULES["column"].rank, *column.name),
            about=self._about(column),
            leaves=frozenset({column}),
            disturbs=frozenset({column}),
            makes=frozenset({column}),
            note=self._note(column),
        )

    def _reset(self, aspect: FactId) -> Iterator[Step]:
        base = base_of(aspect)
        before, after = self.situation.source[base], self.situation.goal[base]
        part = aspect.kind.partition(".")[2]
        if part == "default":
            yield self._default_off(before)
            yield self._default_on(after)
        elif part in ("partition_of", "inherits"):
            yield from self._bond(aspect, after, after)
        elif part == "owned_by":
            head = f"ALTER SEQUENCE {dotted(*base.name)} OWNED BY"
            owner = after.attributes.get("owned_by")
            yield self._around(aspect, (f"{head} NONE",), ())
            if isinstance(owner, list):
                yield self._around(aspect, (), (f"{head} {dotted(*map(str, owner))}",))
        elif part in ("replica_identity", "cluster_on"):
            for alteration in RULES[base.kind].alterations:
                if alteration.aspect == part:
                    yield self._around(aspect, (), tuple(alteration.write(self.scene, after, after)))

    def _around(self, aspect: FactId, off: tuple[str, ...], on: tuple[str, ...]) -> Step:
        base = base_of(aspect)
        adopted = self.situation.adopted.get(base, frozenset()) if aspect.kind.endswith(_BONDS) else frozenset()
        return Step(
            off or on,
            Phase.DROP if off else Phase.FINISH,
            (RULES[base.kind].rank, *base.name),
            about=self._about(base) | adopted,
            leaves=frozenset({aspect}) if off else frozenset(),
            disturbs=frozenset({aspect}) if off else frozenset(),
            makes=frozenset() if off else frozenset({aspect}),
            frees=frozenset({slot_name(aspect)}) if off else frozenset(),
            takes=frozenset() if off else frozenset({slot_name(aspect)}),
            note=self._note(base),
        )

    def _default_off(self, before: Fact) -> Step:
        sql = f"ALTER TABLE {dotted(*before.id.name[:2])} ALTER COLUMN {quote_ident(before.id.name[2])} DROP DEFAULT"
        return self._around(aspect_of(before.id, "default"), (sql,), ())

    def _default_on(self, after: Fact) -> Step:
        return self._around(aspect_of(after.id, "default"), (), tuple(write_default(self.scene, after, after)))

    # whom it concerns

    def _about(self, key: FactId) -> frozenset[FactId]:
        """The fact, or the one for whose sake it is touched."""
        if key.kind == "not_null":
            return self._same_not_null(key)
        found, base = set(), base_of(key)
        while base not in found:
            found.add(base)
            if base in self.situation.keys and len(found) > 1:
                break
            base = base_of(self.closure.causes.get(base, base))
        return frozenset(found)

    def _same_not_null(self, key: FactId) -> frozenset[FactId]:
        """A column's NOT NULL is one thing, whatever the constraint was and will be called."""
        found = {key}
        for facts in (self.situation.source, self.situation.goal):
            if key in facts:
                column = FactId("column", (*key.name[:2], only_column(facts[key])))
                found.add(column)
                found |= {
                    other.id
                    for group in (self.scene.source_children, self.scene.goal_children)
                    for other in group.get(FactId("table", key.name[:2]), ())
                    if other.id.kind == "not_null" and only_column(other) == column.name[-1]
                }
        return frozenset(found)

    def _note(self, key: FactId) -> str:
        cause = self.closure.causes.get(key)
        if cause is None or key in self.situation.keys:
            return ""
        return f"comes off and on again because of {cause}"
