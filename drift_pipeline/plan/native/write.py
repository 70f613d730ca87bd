"""The native planner: statements that turn one schema into another, written from facts alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from drift_pipeline.diff.differences import Change, Difference
from drift_pipeline.plan.native.address import INDEX_KINDS, ROUTINES, TYPES
from drift_pipeline.plan.native.build import Builder
from drift_pipeline.plan.native.closure import Closure, close
from drift_pipeline.plan.native.extent import cut_out
from drift_pipeline.plan.native.graph import in_order, needs
from drift_pipeline.plan.native.heirs import comes_with_parent, kept_from
from drift_pipeline.plan.native.renames import rename_steps
from drift_pipeline.plan.native.rules import RULES
from drift_pipeline.plan.native.rules.privileges import privilege_steps
from drift_pipeline.plan.native.rules.tables import stands_alone
from drift_pipeline.plan.native.situation import Situation, situation_of
from drift_pipeline.plan.native.steps import Edges, Scene, Step, aspect_of, base_of, by_parent
from drift_pipeline.plan.statements import Statement
from drift_pipeline.schema.coverage import PLANES
from drift_pipeline.schema.facts import Fact, FactId, Schema

ENGINE = "native"
_BEFORE_BONDS = ("column", "check", "not_null", "primary_key", "unique", "exclusion", "index")
"""What a table has of its own before it is attached; as long as it is, some of that cannot be dropped."""


def write_statements(
    source: Schema, target: Schema, differences: Sequence[Difference], *, planes: Collection[str] = PLANES
) -> tuple[Statement, ...]:
    """Statements, in order, that settle these differences on a database that is as `source`.

    Pure: needs no server. Works in both directions. A difference whose key no statement lists in `settles` is not
    settled: its kind or attribute has no rule. `planes`: what the target has on other planes is not taken over (the
    owner of a new table, say).
    """
    if not differences:
        return ()
    source, target = cut_out(source, target, differences)
    situation = situation_of(source, target, differences, planes, in_place=_can_be_altered)
    scene = _scene(situation, source.server_major or target.server_major, planes)
    closure = close(situation, scene, RULES)
    brought = {key for key in closure.rebuilt if comes_with_parent(key, situation.source, target.facts)}
    if brought:
        closure.rebuilt -= brought
        situation = replace(situation, goal={key: fact for key, fact in situation.goal.items() if key not in brought})
        scene = _scene(situation, source.server_major or target.server_major, planes)
    closure.rebuilt.update(key for key in situation.beside if key in situation.source)
    scene = _decided(scene, situation, closure)
    steps = [
        *rename_steps(situation),
        *Builder(situation, scene, closure).steps(),
        *privilege_steps(scene, situation, closure),
    ]
    steps = [step for step in steps if step.sql]
    ordered = in_order(steps, _without_swaps(scene, closure), scene.goal_needs)
    not_settled = frozenset(item.key for item in differences if _stays_open(item, closure, situation))
    statements = [
        statement for step in _separated(ordered, scene) for statement in _statements(step, situation, not_settled)
    ]
    return (*_preamble(scene, situation), *statements)


def _can_be_altered(difference: Difference) -> bool:
    """Whether what has another name can stay although it differs besides: not if it comes anew anyway."""
    rule = RULES.get(difference.id.kind)
    if difference.change is not Change.RENAMED or rule is None or rule.anew is not None:
        return True
    known = rule.follows.union(rule.beyond, *(alteration.attributes for alteration in rule.alterations))
    return difference.changed_names <= known


def _scene(situation: Situation, major: int, planes: Collection[str]) -> Scene:
    waits = situation.incomplete.waits
    later = situation.beside.keys() | waits.keys()
    there = _bound(needs(situation.source, situation.source_depends), situation.adopted, situation.source)
    there = _later(_taken_along(there, situation), kept_from(situation.adopted, situation.source, situation.goal))
    return Scene(
        source=situation.source,
        goal=situation.goal,
        source_needs=_later(there, _left_with(situation.adopted)),
        goal_needs=_bound(
            _later(_later(needs(situation.goal, situation.goal_depends, coming=True), situation.beside), waits),
            situation.adopted,
            situation.goal,
            later,
        ),
        major=major,
        planes=frozenset(planes),
        attached=situation.incomplete.attached,
    )


def _left_with(adopted: Edges) -> Edges:
    """The bonds of tables that leave, with the copies of foreign keys that can be dropped when they are loose."""
    keys = {table: frozenset(key for key in moved if key.kind == "foreign_key") for table, moved in adopted.items()}
    return {aspect_of(table, "partition_of"): found for table, found in keys.items() if found}


def _taken_along(edges: Edges, situation: Situation) -> Edges:
    """What a table takes along when it leaves does not go with the parent's index any more."""
    moved = {key for keys in situation.adopted.values() for key in keys if key.kind in INDEX_KINDS}
    more = {
        key: frozenset(other for other in edges[key] if other.kind not in INDEX_KINDS or other.name[:2] == key.name[:2])
        for key in moved
        if key in edges and key in situation.goal
    }
    return {**edges, **more} if more else edges


def _later(edges: Edges, waiting: Edges) -> Edges:
    more = {key: edges.get(key, frozenset()) | others for key, others in waiting.items()}
    return {**edges, **more} if more else edges


def _bound(
    edges: Edges, tables: Iterable[FactId], facts: Mapping[FactId, Fact], later: Collection[FactId] = ()
) -> Edges:
    """What a child only repeats stays as long as the bond lasts, and has to be there before it is made."""
    result = dict(edges)
    children = by_parent(facts)
    for table in tables:
        parts = {fact.id for fact in children.get(table, ()) if fact.id.kind in _BEFORE_BONDS and fact.id not in later}
        for bond in ("partition_of", "inherits"):
            aspect = aspect_of(table, bond)
            if aspect in edges:
                result[aspect] = edges[aspect] | parts
    return result


def _decided(scene: Scene, situation: Situation, closure: Closure) -> Scene:
    """The scene with what is created anew and what is dropped, each with everything inside it."""
    fresh = {key for key in situation.goal if key not in situation.source} | closure.rebuilt
    gone = {key for key in situation.source if key not in situation.goal} | closure.rebuilt
    used = {key for column in closure.retyped for key in scene.source_needs.get(column, ())}
    swapped = {key: f"{key.name[1][:50]}__old" for key in closure.rebuilt if key.kind in TYPES and key in used}
    fresh = _spread(fresh, scene.goal_children)
    attached_later = [key for key in fresh if key.kind == "table" and stands_alone(scene, scene.goal[key])]
    gone = _spread(gone, scene.source_children)
    return replace(
        scene,
        source_needs=_let_go(scene.source_needs, situation.adopted, gone),
        goal_needs=_bound(
            scene.goal_needs,
            attached_later,
            scene.goal,
            situation.beside.keys() | situation.incomplete.waits.keys(),
        ),
        fresh=frozenset(fresh),
        gone=frozenset(gone),
        swapped=swapped,
    )


def _let_go(edges: Edges, tables: Iterable[FactId], gone: Collection[FactId]) -> Edges:
    """A part that goes with its parent's index need not wait until its table has left: it goes while it is attached."""
    result = dict(edges)
    for table in tables:
        aspect = aspect_of(table, "partition_of")
        own = [part for part in edges.get(aspect, ()) if part in gone and part.name[:2] == table.name]
        attached = {part for part in own if any(key in gone and key.kind in INDEX_KINDS for key in edges.get(part, ()))}
        if attached:
            result[aspect] = edges[aspect] - attached
    return result


def _spread(ids: Iterable[FactId], children: Mapping[FactId, Sequence[Fact]]) -> set[FactId]:
    """The ids and all that is inside them."""
    found: set[FactId] = set()
    queue = list(ids)
    while queue:
        key = queue.pop()
        if key not in found:
            found.add(key)
            queue.extend(child.id for child in children.get(key, ()))
    return found


def _without_swaps(scene: Scene, closure: Closure) -> Edges:
    """The source's needs, with those that have to let go before a type is put aside."""
    edges = dict(scene.source_needs)
    for key in scene.swapped:
        aside = FactId("type aside", key.name)
        for dependant in scene.source_dependants.get(key, ()):
            stays = base_of(dependant) in closure.retyped and dependant.kind == "column"
            if not stays and dependant not in scene.swapped:
                edges[dependant] = edges.get(dependant, frozenset()) | {aside}
    return edges


def _separated(steps: Sequence[Step], scene: Scene) -> list[Step]:
    """A label added to an enum cannot be used in the same transaction: such statements say so."""
    users = {needed for step in steps for made in step.makes for needed in scene.goal_needs.get(made, ())}
    return [
        replace(step, transactional=False)
        if any(key.kind == "enum" and key in users for key in step.makes) and "ADD VALUE" in step.sql[0]
        else step
        for step in steps
    ]


def _stays_open(difference: Difference, closure: Closure, situation: Situation) -> bool:
    """Whether the difference names an attribute that no statement sets, of a fact that does not come anew."""
    if difference.id in situation.incomplete.beyond_reach:
        return True
    names = closure.open.get(difference.id, frozenset())
    return bool(names & difference.changed_names) and difference.id not in closure.rebuilt


def _statements(step: Step, situation: Situation, not_settled: frozenset[str]) -> list[Statement]:
    keys = (key for fact_id in sorted(step.about) for key in situation.keys.get(fact_id, ()))
    settles = tuple(dict.fromkeys(key for key in keys if key not in not_settled))
    again = {base_of(key) for key in step.makes | step.leaves} - situation.keys.keys() if step.note else set()
    return [
        Statement(
            sql,
            ENGINE,
            destructive=step.destructive,
            transactional=step.transactional,
            settles=settles,
            note=step.note,
            again=tuple(sorted(map(str, again))),
        )
        for sql in step.sql
    ]


def _preamble(scene: Scene, situation: Situation) -> list[Statement]:
    """Bodies of functions may name what comes later, or each other."""
    routines = [key for key in scene.goal if key.kind in ROUTINES and (key in scene.fresh or key in situation.changed)]
    if not routines:
        return []
    settles = tuple(dict.fromkeys(key for routine in sorted(routines) for key in situation.keys.get(routine, ())))
    return [Statement("SET check_function_bodies = off", ENGINE, settles=settles)]
