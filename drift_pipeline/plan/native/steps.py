"""The words of the native planner: step, rule, alteration, scene."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import TypeAlias

from drift_pipeline.schema.facts import Fact, FactId, Value

Edges: TypeAlias = Mapping[FactId, frozenset[FactId]]
Sql: TypeAlias = list[str]


class Phase(IntEnum):
    """Which step goes first among those that nothing else orders."""

    RENAME = 0
    DROP = 1
    ALTER = 2
    CREATE = 3
    FINISH = 4


@dataclass(frozen=True)
class Step:
    """Statements that run together, and what they do to the facts.

    `about`: facts whose differences it settles. `leaves`: facts whose source form is gone afterwards. `disturbs`: those
    of them that nothing in the source may still depend on when the step runs. `makes`: facts that have their target
    form afterwards. `frees`, `takes`: names that stop or start to be in use.
    """

    sql: tuple[str, ...]
    phase: Phase
    order: tuple[int | str, ...]
    about: frozenset[FactId] = frozenset()
    leaves: frozenset[FactId] = frozenset()
    disturbs: frozenset[FactId] = frozenset()
    makes: frozenset[FactId] = frozenset()
    frees: frozenset[tuple[str, ...]] = frozenset()
    takes: frozenset[tuple[str, ...]] = frozenset()
    destructive: bool = False
    transactional: bool = True
    note: str = ""


@dataclass(frozen=True)
class Scene:
    """Both schemas as the rules see them: what is there (renames done), what shall be there, and who needs whom."""

    source: Mapping[FactId, Fact]
    goal: Mapping[FactId, Fact]
    source_needs: Edges
    goal_needs: Edges
    major: int
    planes: Collection[str]
    fresh: frozenset[FactId] = frozenset()
    """Facts that the plan creates, or drops and creates again."""
    gone: frozenset[FactId] = frozenset()
    """Facts of the source that the plan drops, for good or to create them again."""
    attached: Mapping[FactId, frozenset[FactId]] = field(default_factory=dict)
    """Indexes of partitioned tables that become valid, and those of the partitions that are attached for that."""
    swapped: Mapping[FactId, str] = field(default_factory=dict)
    """Types that are replaced beneath columns that stay, and the name under which the old one waits."""

    @cached_property
    def goal_children(self) -> Mapping[FactId, Sequence[Fact]]:
        """The target's facts by parent."""
        return by_parent(self.goal)

    @cached_property
    def source_children(self) -> Mapping[FactId, Sequence[Fact]]:
        """The source's facts by parent."""
        return by_parent(self.source)

    @cached_property
    def referenced(self) -> frozenset[FactId]:
        """The source's tables that foreign keys refer to."""
        paths = (fact.attributes.get("references") for fact in self.source.values() if fact.id.kind == "foreign_key")
        return frozenset(FactId("table", tuple(map(str, path))) for path in paths if isinstance(path, list))

    @cached_property
    def needs_of_new(self) -> Edges:
        """What is needed by what is wanted; new tables need what the defaults of their columns do."""
        more: dict[FactId, frozenset[FactId]] = {}
        for key in self.fresh:
            if key.kind == "column" and (needed := self.goal_needs.get(aspect_of(key, "default"))):
                table = FactId("table", key.name[:2])
                if table in self.fresh:
                    more[table] = more.get(table, self.goal_needs.get(table, frozenset())) | (needed - {key})
        return {**self.goal_needs, **more} if more else self.goal_needs

    @cached_property
    def owned_sequences(self) -> Mapping[FactId, Sequence[FactId]]:
        """The source's sequences by the column that they go away with."""
        found: dict[FactId, list[FactId]] = {}
        for fact in self.source.values():
            owner = fact.attributes.get("owned_by") if fact.id.kind == "sequence" else None
            if isinstance(owner, list):
                found.setdefault(FactId("column", tuple(str(part) for part in owner)), []).append(fact.id)
        return dict(found)

    @cached_property
    def not_null_names(self) -> frozenset[tuple[str, str]]:
        """Schema and name of NOT NULL constraints that are not called as the server would: copies, renamed tables'."""
        found: set[tuple[str, str]] = set()
        for fact in (*self.source.values(), *self.goal.values()):
            if fact.id.kind == "not_null":
                found.add((fact.id.name[0], fact.id.name[-1]))
            elif fact.id.kind == "table":  # a partition's are no facts of their own
                found.update((fact.id.name[0], str(name)) for name in mapped(fact, "_not_null_names").values())
        return frozenset(found)

    @cached_property
    def default_privileges(self) -> Sequence[Fact]:
        """What ALTER DEFAULT PRIVILEGES says in the source."""
        return [fact for fact in self.source.values() if fact.id.kind == "default_privilege"]

    @cached_property
    def source_dependants(self) -> Edges:
        """Who needs a fact in the source."""
        return turned(self.source_needs)


Create: TypeAlias = Callable[[Scene, Fact], Sql]
Write: TypeAlias = Callable[[Scene, Fact, Fact], Sql]
Test: TypeAlias = Callable[[Scene, Fact, Fact], bool]


def always(_scene: Scene, _before: Fact, _after: Fact) -> bool:
    """The alteration is possible whatever the values."""
    return True


def never(_scene: Scene, _before: Fact, _after: Fact) -> bool:
    """The alteration loses nothing."""
    return False


@dataclass(frozen=True)
class Alteration:
    """How attributes are changed in place, all of `attributes` by one call of `write`.

    `applies`: the alteration is meant for such facts; the first that is, is taken. `possible`: else the fact is
    dropped and created again. `after_create`: CREATE does not carry the attribute, so it is set by the same
    statements when its value is not `fresh`; `aspect` then makes that a step of its own, since it may need
    facts that come later (a table's replica identity needs an index). `disturbs`: what depends on the fact has
    to be dropped before and created again after it.
    """

    attributes: tuple[str, ...]
    write: Write
    possible: Test = always
    applies: Test = always
    after_create: bool = False
    fresh: Value = None
    aspect: str = ""
    disturbs: Test = never
    destructive: Test = never


@dataclass(frozen=True)
class Rule:
    """How facts of a kind come, change and go. A changed attribute without alteration makes the fact come anew, but for
    those that hold data: there it stays open unless the rule names it."""

    create: Create
    drop: Create
    alterations: tuple[Alteration, ...] = ()
    follows: frozenset[str] = frozenset()
    """Attributes that change by themselves when others do, and are set by no statement."""
    beyond: frozenset[str] = frozenset()
    """Attributes that no statement sets: a difference in them stays open."""
    anew: frozenset[str] | None = None
    """For kinds that hold data: the attributes for whose sake it may be dropped and created again. None: any."""
    loses: bool = True
    """Dropping it loses data or an object that something may use; a step back that only costs time does not."""
    rank: int = 50
    """Order among kinds where dependencies leave a choice."""


def aspect_of(fact_id: FactId, aspect: str) -> FactId:
    """The id of a part of a fact that comes and goes on its own, such as a column's default."""
    return FactId(f"{fact_id.kind}.{aspect}", fact_id.name)


def base_of(fact_id: FactId) -> FactId:
    """The fact that an aspect belongs to; other ids as they are."""
    return FactId(fact_id.kind.partition(".")[0], fact_id.name)


def by_parent(facts: Mapping[FactId, Fact]) -> dict[FactId, Sequence[Fact]]:
    """Facts grouped by their parent."""
    groups: dict[FactId, list[Fact]] = {}
    for fact in facts.values():
        if fact.parent is not None:
            groups.setdefault(fact.parent, []).append(fact)
    return dict(groups)


def turned(edges: Edges) -> dict[FactId, frozenset[FactId]]:
    """The same edges seen from the other end."""
    result: dict[FactId, set[FactId]] = {}
    for one, others in edges.items():
        for other in others:
            result.setdefault(other, set()).add(one)
    return {key: frozenset(value) for key, value in result.items()}


def text(fact: Fact, name: str) -> str:
    """An attribute that is text; "" where it is missing."""
    value = fact.attributes.get(name)
    return value if isinstance(value, str) else "" if value is None else str(value)


def listed(fact: Fact, name: str) -> list[str]:
    """An attribute that is a list of text."""
    value = fact.attributes.get(name)
    return [str(item) for item in value] if isinstance(value, list) else []


def mapped(fact: Fact, name: str) -> dict[str, Value]:
    """An attribute that is an object."""
    value = fact.attributes.get(name)
    return dict(value) if isinstance(value, dict) else {}
