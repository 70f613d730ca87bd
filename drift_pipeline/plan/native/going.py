"""Steps for what goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from drift_pipeline.plan.native.above import goes_with_parent, heirs_of
from drift_pipeline.plan.native.address import INDEX_KINDS, claims
from drift_pipeline.plan.native.graph import in_circles, reaches, shells_of
from drift_pipeline.plan.native.ground import Ground
from drift_pipeline.plan.native.heirs import parents_of
from drift_pipeline.plan.native.quote import dotted
from drift_pipeline.plan.native.rules import RULES
from drift_pipeline.plan.native.rules.columns import only_column
from drift_pipeline.plan.native.rules.types import rename_type
from drift_pipeline.plan.native.situation import ABOUT_OTHERS
from drift_pipeline.plan.native.steps import Phase, Step, aspect_of, base_of
from drift_pipeline.schema.facts import Fact, FactId

_LOOSE = frozenset({"foreign_key", "check", "trigger", "rule", "policy", "column.default"})
"""Parts that can go before what they belong to."""
_HOLDS_ROWS = ("table", "foreign_table", "column", "sequence", "extension")


@dataclass(frozen=True)
class Going(Ground):
    """Drops: each fact on its own, but for what goes with another one."""

    def _drops(self) -> Iterator[Step]:
        for key in sorted(self.scene.gone):
            fact = self.situation.source[key]
            rule = RULES.get(key.kind)
            if key.kind == "column" and aspect_of(key, "default") in self._in_circles:
                yield replace(self._default_off(fact), destructive=self._is_loss(fact))
            if rule is None or self._goes_with_another(fact):
                continue
            if key in self.scene.swapped:
                yield from self._swap(fact)
                continue
            sql = rule.drop(self.scene, fact)
            if key.kind == "index" and any(
                other in self.scene.gone and other.kind != "index" for other in self._attached(key)
            ):
                # a constraint goes with its index only if it is told to
                sql = [f"{statement} CASCADE" for statement in sql]
            leaves = frozenset(self._with_parts(key, self.scene.source_children))
            yield Step(
                tuple(sql),
                Phase.DROP,
                (-rule.rank, *key.name),
                about=self._about(key) | self._content(leaves, self.scene.goal) | self._left_to_heirs(fact),
                leaves=leaves,
                disturbs=leaves,
                frees=self._claims(leaves, self.situation.source) | self._left_out(leaves),
                # what goes first in a circle must not go without the rest
                destructive=(rule.loses or key in self._in_circles) and self._is_loss(fact),
                note=self._note(key),
            )

    def _is_loss(self, fact: Fact) -> bool:
        """What comes again is no loss, but for rows; a generated column's are computed again."""
        if fact.id not in self.scene.fresh and fact.id not in self.situation.replaced:
            return True
        return fact.id.kind in _HOLDS_ROWS and not fact.attributes.get("generated")

    def _content(self, ids: Iterable[FactId], kept: Mapping[FactId, Fact]) -> frozenset[FactId]:
        return frozenset(base_of(key) for key in ids if base_of(key) not in kept)

    def _left_to_heirs(self, fact: Fact) -> frozenset[FactId]:
        """Columns of heirs that are their own as soon as the parent has dropped its."""
        keeping = heirs_of(self.scene, fact)[0] if fact.id.kind == "column" else []
        own = (FactId("column", (*table.name, fact.id.name[-1])) for table in keeping)
        return frozenset(key for key in own if self.situation.changed.get(key) == frozenset({"inherited"}))

    def _left_out(self, ids: Iterable[FactId]) -> frozenset[tuple[str, ...]]:
        """Names of what partitions have by an index, and that comes again on its own."""
        return self._claims(
            (key for key, cause in self.situation.incomplete.causes.items() if cause in ids), self.situation.goal
        )

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
        if fact.id.kind == "user_mapping" or fact.id in self._in_circles:
            return False
        inside = parent is not None and (parent.kind != "schema" or fact.id.kind in ABOUT_OTHERS)
        if inside and parent in self.scene.gone and parent not in self.scene.swapped:
            return True
        if fact.id.kind == "function" and shells_of(fact.id, self.scene.source_needs) & self.scene.gone:
            return True
        owner = fact.attributes.get("owned_by")
        if fact.id.kind == "sequence" and isinstance(owner, list):
            return FactId("column", tuple(map(str, owner))) in self.scene.gone
        return fact.id.kind == "not_null" and any(fact.id in found for found in self._not_nulls.values())

    @cached_property
    def _heirs_columns(self) -> Mapping[FactId, list[FactId]]:
        """Columns of heirs and partitions that are dropped along with their parents' column."""
        found: dict[FactId, list[FactId]] = {}
        for key in self.scene.gone:
            fact = self.situation.source[key]
            if key.kind == "column" and fact.attributes.get("inherited") and goes_with_parent(self.scene, fact):
                table = self.situation.source[fact.parent] if fact.parent else fact
                for parent in parents_of(table):
                    found.setdefault(FactId("column", (*parent.name, key.name[-1])), []).append(key)
        return found

    def _with_parts(self, key: FactId, children: Mapping[FactId, Iterable[Fact]]) -> Iterator[FactId]:
        """A fact, its parts and everything that goes or comes with it."""
        source = children is self.scene.source_children
        yield key
        for alteration in RULES[key.kind].alterations if key.kind in RULES else ():
            if alteration.aspect and not (source and aspect_of(key, alteration.aspect) in self._in_circles):
                yield aspect_of(key, alteration.aspect)
        for child in children.get(key, ()):
            if key.kind == "schema" and child.id.kind not in ABOUT_OTHERS:
                continue
            if source and child.id in self._in_circles:
                continue
            yield from self._with_parts(child.id, children)
        for other in (*self._attached(key), *self._heirs_columns.get(key, ())) if source else ():
            if other in self.scene.gone and self.situation.source[other].parent not in self.scene.gone:
                yield from self._with_parts(other, children)
        for other in self._not_nulls.get(key, ()) if source and key.kind == "column" else ():
            yield from self._with_parts(other, children)
        for sequence in self.scene.owned_sequences.get(key, ()) if source else ():
            if sequence in self.scene.gone:
                yield from self._with_parts(sequence, children)
        if key.kind == "base_type" and source:
            yield from self.scene.source_dependants.get(aspect_of(key, "shell"), ())

    @cached_property
    def _not_nulls(self) -> Mapping[FactId, list[FactId]]:
        """NOT NULL constraints that go with their column: one of an identity column cannot go before it."""
        found: dict[FactId, list[FactId]] = {}
        for key in self.scene.gone:
            if key.kind == "not_null":
                column = FactId("column", (*key.name[:2], only_column(self.situation.source[key])))
                if column in self.scene.gone and self.situation.source[column].attributes.get("identity"):
                    found.setdefault(column, []).append(key)
        return found

    @cached_property
    def _in_circles(self) -> frozenset[FactId]:
        """Parts of what goes by which it hangs on itself in a circle, such as foreign keys of two tables that refer to
        each other: they have to go first."""
        edges: dict[FactId, set[FactId]] = {}
        loose: dict[FactId, set[FactId]] = {}
        for part, needed in self._needs_of_what_goes():
            whole, other = self._whole(base_of(part)), self._whole(needed)
            if whole != other:
                edges.setdefault(whole, set()).add(other)
                if part.kind in _LOOSE and part != whole:
                    loose.setdefault(part, set()).add(other)
        circles = in_circles(edges)
        return frozenset(
            part
            for part, others in loose.items()
            if any(
                self._whole(base_of(part)) in circles and reaches(other, self._whole(base_of(part)), circles)
                for other in others
            )
        )

    def _needs_of_what_goes(self) -> Iterator[tuple[FactId, FactId]]:
        """What goes, and which of the rest of that it needs."""
        for key in self.scene.gone:
            for part in (key, aspect_of(key, "default")) if key.kind == "column" else (key,):
                for needed in self.scene.source_needs.get(part, ()):
                    if needed in self.scene.gone:
                        yield part, needed

    def _whole(self, key: FactId) -> FactId:
        """What it goes away with."""
        parent = self.situation.source[key].parent if key in self.situation.source else None
        while parent is not None and parent in self.scene.gone and parent.kind != "schema":
            key, parent = parent, self.situation.source[parent].parent
        return key

    def _swap(self, fact: Fact) -> Iterator[Step]:
        """Put the old type aside under another name; drop it when its last column has left."""
        aside = self.scene.swapped[fact.id]
        put_aside = frozenset({FactId("type aside", fact.id.name)})
        yield Step(
            tuple(rename_type(self.scene, fact, aside)),
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
