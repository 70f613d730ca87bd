"""Steps from facts: one for everything that goes, comes or changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from drift_pipeline.plan.native.address import claims
from drift_pipeline.plan.native.changing import Changing
from drift_pipeline.plan.native.going import Going
from drift_pipeline.plan.native.quote import dotted
from drift_pipeline.plan.native.rules import RULES
from drift_pipeline.plan.native.rules.columns import default_waits, inline_columns, not_null_of, position
from drift_pipeline.plan.native.rules.tables import join, not_nulls_of_heir, stands_alone
from drift_pipeline.plan.native.rules.types import inline_checks
from drift_pipeline.plan.native.steps import Alteration, Phase, Step, aspect_of, base_of
from drift_pipeline.schema.facts import Fact, FactId


@dataclass(frozen=True)
class Builder(Going, Changing):
    """Writes the steps of one plan."""

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

    def _creations(self) -> Iterator[Step]:
        inline = self._inlined()
        made: dict[FactId, set[FactId]] = {}
        for key, maker in inline.items():
            made.setdefault(maker, set()).add(key)
        for key in sorted(self.scene.fresh):
            fact = self.situation.goal[key]
            rule = RULES.get(key.kind)
            if rule is None or key in inline:
                continue
            if key.kind == "base_type" and fact.attributes.get("defined"):
                yield self._shell(fact)
            yield from self._creation(fact, made.get(key, set()) | {key})

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
            if key.kind == "domain":
                result |= {check.id: key for check in inline_checks(self.scene, fact)}
            if key.kind in ("table", "foreign_table"):
                inline = inline_columns(self.scene, fact)
                result |= {each.id: key for each in not_nulls_of_heir(self.scene, fact)}
                if stands_alone(self.scene, fact) or fact.attributes.get("of_type"):
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

    def _creation(self, fact: Fact, made: set[FactId]) -> Iterator[Step]:
        """`made`: the fact, and others that its CREATE makes as well."""
        rule = RULES[fact.id.kind]
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
            about=frozenset().union(
                *(self._about(key) for key in made),
                self._granted_anyway(made),
                self.situation.incomplete.takes.get(fact.id, ()),
            ),
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
