"""What all steps are built on: names that they free and take, whose differences they settle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from drift_pipeline.plan.native.above import retyped_above
from drift_pipeline.plan.native.address import claims
from drift_pipeline.plan.native.closure import Closure
from drift_pipeline.plan.native.quote import dotted, quote_ident
from drift_pipeline.plan.native.rules import RULES
from drift_pipeline.plan.native.rules.columns import only_column, write_default
from drift_pipeline.plan.native.situation import Situation
from drift_pipeline.plan.native.steps import Alteration, Phase, Scene, Sql, Step, aspect_of, base_of
from drift_pipeline.schema.facts import Fact, FactId

BONDS = ("partition_of", "inherits")
_SLOTS = ("default", "identity")
"""Parts of a column of which there can be one at a time: the old one goes before the new one comes."""


def slot_name(aspect: FactId) -> tuple[str, ...]:
    """What the part takes up: a column has a default or an identity, one at a time."""
    kind, _, part = aspect.kind.partition(".")
    return (f"{kind} value" if part in _SLOTS else aspect.kind, *aspect.name)


@dataclass(frozen=True)
class Ground:
    """The situation of one plan, and the steps that every kind of change is made of."""

    situation: Situation
    scene: Scene
    closure: Closure

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

    def _about(self, key: FactId) -> frozenset[FactId]:
        """The fact, or the one for whose sake it is touched."""
        if key.kind == "not_null":
            return self._same_not_null(key)
        return self.closure.about(key, self.situation.keys)

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
        return self.closure.note(key, self.situation.keys)

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
            about=self._about(after.id)
            | self.scene.attached.get(after.id, frozenset())
            | self._own(alteration, before, after)
            | (self._retyped_along.get(after.id, frozenset()) if "type" in alteration.attributes else frozenset()),
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

    @cached_property
    def _retyped_along(self) -> Mapping[FactId, frozenset[FactId]]:
        """Columns of partitions and heirs that get their type with their parent's column."""
        found: dict[FactId, frozenset[FactId]] = {}
        for key, names in self.situation.changed.items():
            if key.kind == "column" and names & {"type", "collation"}:
                above = retyped_above(self.scene, self.situation.source[key], self.situation.goal[key])
                if above is not None:
                    found[above] = found.get(above, frozenset()) | {key}
        return found

    @staticmethod
    def _own(alteration: Alteration, before: Fact, after: Fact) -> frozenset[FactId]:
        """The privileges of the owner, old and new: they change hands with the object."""
        if "owner" not in alteration.attributes:
            return frozenset()
        owners = {str(fact.attributes.get("owner")) for fact in (before, after)}
        return frozenset(FactId("privilege", (after.id.kind, *after.id.name, owner)) for owner in owners)

    def _around(self, aspect: FactId, off: tuple[str, ...], on: tuple[str, ...]) -> Step:
        base = base_of(aspect)
        adopted = self.situation.adopted.get(base, frozenset()) if aspect.kind.endswith(BONDS) else frozenset()
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
