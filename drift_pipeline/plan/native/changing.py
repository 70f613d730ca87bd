"""Steps for what stays and changes, or is taken off and put back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from drift_pipeline.plan.native.closure import alterations_for
from drift_pipeline.plan.native.ground import BONDS, Ground
from drift_pipeline.plan.native.heirs import parents_of
from drift_pipeline.plan.native.quote import dotted
from drift_pipeline.plan.native.rules import RULES
from drift_pipeline.plan.native.rules.columns import write_type
from drift_pipeline.plan.native.rules.tables import join, leave
from drift_pipeline.plan.native.steps import Alteration, Phase, Step, aspect_of, base_of
from drift_pipeline.schema.facts import Fact, FactId


@dataclass(frozen=True)
class Changing(Ground):
    """Alterations, attribute by attribute."""

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
            elif alteration.aspect in BONDS:
                if aspect_of(key, alteration.aspect) not in self.closure.reset:
                    yield from self._bond(aspect_of(key, alteration.aspect), before, after)
            else:
                yield self._part(before, after, alteration, alteration.write(self.scene, before, after), Phase.ALTER)

    def _bond(self, aspect: FactId, before: Fact, after: Fact) -> Iterator[Step]:
        """A table leaves its parents, and joins others: two steps, since between them one may go and another come."""
        again = after.id in self.situation.rejoining
        destructive = before is not after and bool(before.attributes.get("partition_of")) and not again
        leaving = self._around(aspect, tuple(leave(self.scene, before, after)), ())
        joining = self._around(aspect, (), tuple(join(self.scene, before, after)))
        if before is not after and parents_of(before) == parents_of(after):
            # only the bound differs: back before the parent gets new columns, which then reach the child
            leaving = replace(leaving, phase=Phase.ALTER, order=(0, *leaving.order))
            joining = replace(joining, phase=Phase.ALTER, order=(1, *joining.order))
        note = leaving.note or ("its NOT NULL constraints get other names only on their own" if again else "")
        yield replace(leaving, destructive=destructive, note=note)
        yield joining

    def _changes_by_parts(self, alteration: Alteration, key: FactId) -> bool:
        """Whether a default is taken off first and set later: its column gets another type or an identity between."""
        if alteration.aspect != "default" or not self._fills(self.situation.source[key], "default"):
            return False
        others = self.situation.changed[key] & {"type", "collation"}
        return bool(others) or aspect_of(key, "default") in self.closure.causes or key in self.closure.retyped

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
