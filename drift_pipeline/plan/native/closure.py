"""What has to go and come again although it does not differ, because it hangs on something that does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from drift_pipeline.plan.native.address import TYPES, name_of
from drift_pipeline.plan.native.situation import Situation
from drift_pipeline.plan.native.steps import Alteration, Rule, Scene, aspect_of, base_of
from drift_pipeline.schema.facts import Fact, FactId

STAYS_WHEN_RETYPED = frozenset(
    {"index", "primary_key", "unique", "check", "exclusion", "not_null", "statistics", "comment", "privilege"}
    | {"security_label", "sequence", "domain_check", "table"}
)
"""Dependants of a column that ALTER COLUMN TYPE takes along."""

AGAIN = "comes off and on again because of "
"""How a note begins that names what drew a fact in."""

NEVER_REBUILT = frozenset({"schema", "extension", "table", "foreign_table", "publication", "foreign_server"})
"""Kinds that hold too much to be dropped for the sake of another fact."""


@dataclass
class Closure:
    """The outcome: `rebuilt` facts are dropped and created again; `retyped` columns get the new form of a type that is
    replaced beneath them; `reset` parts (a default, a partition's bond) are taken off and put back.

    `open`: attributes that nothing settles. `causes`: for whatever was drawn in, the fact that drew it in.
    """

    rebuilt: set[FactId] = field(default_factory=set)
    disturbed: set[FactId] = field(default_factory=set)
    retyped: set[FactId] = field(default_factory=set)
    reset: set[FactId] = field(default_factory=set)
    open: dict[FactId, frozenset[str]] = field(default_factory=dict)
    causes: dict[FactId, FactId] = field(default_factory=dict)
    serves: Mapping[FactId, FactId] = field(default_factory=dict)

    def note(self, key: FactId, different: Collection[FactId]) -> str:
        """Why a statement concerns a fact that does not differ; `different`: those that do."""
        if key in different:
            return ""
        seen, cause = {key}, self.causes.get(key)
        while cause is not None and cause not in different and cause in self.causes and cause not in seen:
            seen.add(cause)
            cause = self.causes[cause]
        return "" if cause is None else f"{AGAIN}{cause.kind.replace('_', ' ')} {name_of(cause)}"

    def about(self, key: FactId, different: Collection[FactId]) -> frozenset[FactId]:
        """The fact, or the one for whose sake it is touched."""
        found, base = set(), base_of(key)
        while base not in found:
            found.add(base)
            if base in different and len(found) > 1:
                break
            base = base_of(self.causes.get(base) or self.serves.get(base, base))
        return frozenset(found)


def alterations_for(
    rule: Rule, scene: Scene, before: Fact, after: Fact, changed: frozenset[str]
) -> tuple[list[Alteration], frozenset[str]]:
    """The alterations that bring `changed` about, and the attributes that none of them can."""
    taken: list[Alteration] = []
    open_names = set(changed) - rule.follows
    for alteration in rule.alterations:
        names = open_names.intersection(alteration.attributes)
        if names and alteration.applies(scene, before, after) and alteration.possible(scene, before, after):
            taken.append(alteration)
            open_names -= names
    return taken, frozenset(open_names)


def close(situation: Situation, scene: Scene, rules: Mapping[str, Rule]) -> Closure:
    """Follow the source's dependencies from everything that goes or is disturbed to everything that stays."""
    closure = Closure(
        rebuilt=set(situation.incomplete.anew),
        causes=dict(situation.incomplete.causes),
        serves=situation.incomplete.serves,
    )
    queue: list[FactId] = [key for key in situation.source if key not in situation.goal]
    queue += situation.incomplete.anew
    for key in situation.changed:
        rule = rules.get(key.kind)
        if rule is None:
            continue
        before, after = situation.source[key], situation.goal[key]
        taken, left = alterations_for(rule, scene, before, after, situation.changed[key])
        unsettled = left & rule.beyond if rule.anew is None else left - rule.anew
        if unsettled:
            closure.open[key] = unsettled
        if left - unsettled:
            closure.rebuilt.add(key)
            queue.append(key)
        elif any(alteration.disturbs(scene, before, after) for alteration in taken):
            closure.disturbed.add(key)
            queue.append(key)
    seen: set[FactId] = set()
    while queue:
        key = queue.pop()
        if key not in seen:
            seen.add(key)
            found = _draw_in(key, situation, scene, closure)
            queue += found
            # what was disturbed may have to be rebuilt after all, and then draws more in
            seen.difference_update(found)
    return closure


def _draw_in(key: FactId, situation: Situation, scene: Scene, closure: Closure) -> list[FactId]:
    found: list[FactId] = []
    gone = key in closure.rebuilt or key not in situation.goal
    if gone:
        for child in scene.source_children.get(key, ()):
            if child.id in situation.goal and child.id not in closure.rebuilt:
                closure.rebuilt.add(child.id)
                closure.causes.setdefault(child.id, key)
                found.append(child.id)
    shell = scene.source_dependants.get(aspect_of(key, "shell"), ())
    for dependant in (*scene.source_dependants.get(key, ()), *shell, *_holders_of_rows(key, gone, situation, scene)):
        base = base_of(dependant)
        if base not in situation.goal or base in closure.rebuilt or situation.source[base].parent == key:
            continue
        if not gone and _stays(dependant, base, situation):
            continue
        if _treat(dependant, base, key, situation, closure):
            closure.causes.setdefault(base, key)
            found.append(base)
    return found


def _holders_of_rows(key: FactId, gone: bool, situation: Situation, scene: Scene) -> list[FactId]:
    """Materialized views that may hold whole rows of the table whose column is retyped: the server refuses then."""
    table = situation.source[key].parent
    if gone or key.kind != "column" or table is None:
        return []
    return [other for other in scene.source_dependants.get(table, ()) if other.kind == "materialized_view"]


def _stays(dependant: FactId, base: FactId, situation: Situation) -> bool:
    """Whether ALTER COLUMN TYPE leaves a dependant of the column in peace."""
    if base.kind == "publication_table":
        return not situation.source[base].attributes.get("filter")
    return base.kind in STAYS_WHEN_RETYPED or dependant != base


def _treat(dependant: FactId, base: FactId, key: FactId, situation: Situation, closure: Closure) -> bool:
    """Decide on one dependant of a fact that goes or is disturbed; whether it draws in others in turn."""
    if dependant != base:
        if not _changes(dependant, situation):
            closure.reset.add(dependant)
        closure.causes.setdefault(dependant, key)
        return False
    if base.kind == "column" and key.kind in TYPES:
        if key in situation.goal and "type" not in situation.changed.get(base, ()):
            closure.retyped.add(base)
            closure.disturbed.add(base)
            return True
        return False
    if base.kind in NEVER_REBUILT:
        return False
    if base.kind == "column" and not situation.source[base].attributes.get("generated"):
        return False
    closure.rebuilt.add(base)
    return True


def _changes(aspect: FactId, situation: Situation) -> bool:
    """Whether the part differs anyway, so that its own alteration takes the old one away."""
    name = aspect.kind.partition(".")[2]
    return name in situation.changed.get(base_of(aspect), ())


def column_default(column: FactId) -> FactId:
    """The default of a column, as a part of its own."""
    return aspect_of(column, "default")
