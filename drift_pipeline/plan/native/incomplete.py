"""Partitioned indexes and keys that are not complete: some partition of their table has none attached.

Such an index is invalid. As long as it is, what the partitions have of it are facts of their own; of a complete one
they are left out. It is made ON ONLY, when all partitions have joined, and what belongs to it is attached by
statements. It gets complete with the last one. It is never incomplete again, and lets nothing go, but by being made
anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from drift_pipeline.plan.native.address import INDEX_KINDS
from drift_pipeline.plan.native.attached import part_for
from drift_pipeline.plan.native.heirs import repeats
from drift_pipeline.plan.native.steps import aspect_of, by_parent
from drift_pipeline.schema.facts import Fact, FactId

Facts = Mapping[FactId, Fact]
_BOND = ("partition_of", "partition_bound")


@dataclass
class Incomplete:
    """What follows from the incomplete ones. `anew`: they have to be made again, with all that is attached to them.

    `waits`: what has to be there before. `attached`: those that get complete, and what is attached for that.
    `causes`: what goes with one of them and comes again. `serves`: what is there so that another one gets complete.
    `takes`: what a complete one finds and takes when it is made. `beyond_reach`: no statement makes them incomplete,
    since every partition shall have its part: their difference stays open.
    """

    anew: set[FactId] = field(default_factory=set)
    waits: dict[FactId, frozenset[FactId]] = field(default_factory=dict)
    attached: dict[FactId, frozenset[FactId]] = field(default_factory=dict)
    causes: dict[FactId, FactId] = field(default_factory=dict)
    serves: dict[FactId, FactId] = field(default_factory=dict)
    takes: dict[FactId, frozenset[FactId]] = field(default_factory=dict)
    beyond_reach: set[FactId] = field(default_factory=set)

    def wait(self, key: FactId, others: Iterable[FactId]) -> None:
        """`key` comes after the others."""
        self.waits[key] = self.waits.get(key, frozenset()) | frozenset(others)


def incomplete(source: Facts, goal: dict[FactId, Fact], target: Facts) -> Incomplete:
    """What follows; `goal` gets what comes with an index, and keeps what only becomes a part of a complete one."""
    found = Incomplete()
    if any(_bears(fact, source, goal) for facts in (source, goal) for fact in facts.values()):
        _Family(source, goal, target, found).settle()
    return found


def _bears(fact: Fact, source: Facts, goal: Facts) -> bool:
    """Whether partitions may have something of the index, or the key, that they have not by it."""
    if fact.id.kind not in INDEX_KINDS:
        return False
    if fact.attributes.get("valid") is False or fact.attributes.get("partition_of"):
        return True
    table = source.get(fact.parent) if fact.parent else None
    return fact.id not in goal and table is not None and bool(table.attributes.get("partition_key"))


def _is_incomplete(fact: Fact | None, facts: Facts) -> bool:
    if fact is None or fact.id.kind not in INDEX_KINDS or fact.attributes.get("valid") is not False:
        return False
    table = facts.get(fact.parent) if fact.parent else None
    return table is not None and bool(table.attributes.get("partition_key"))


_NOT_ALTERED = ("keys", "deferrable", "initially_deferred")


def _is_other(fact: Fact, after: Fact) -> bool:
    """Whether no statement makes the one of the other: a part cannot be dropped without what it is attached to."""
    return any(fact.attributes.get(name) != after.attributes.get(name) for name in _NOT_ALTERED)


def attached_to(fact: Fact, index: Fact) -> bool:
    """Whether the partition's fact is attached to that index or key of the parent."""
    return fact.attributes.get("partition_of") == [index.id.name[0], index.id.name[2]]


@dataclass
class _Family:
    source: Facts
    goal: dict[FactId, Fact]
    target: Facts
    found: Incomplete

    def __post_init__(self) -> None:
        self.partitions = _partitions(self.goal)
        self.had = by_parent(self.source)
        self.shall_have = by_parent(self.target)

    def settle(self) -> None:
        """From above: what an index brings along may be incomplete itself."""
        for key, fact in self.source.items():
            if key not in self.goal and self._is_partitioned(key):
                self._bring(fact)
        queue = sorted((key for key in self.goal if self._is_partitioned(key)), key=self._depth)
        for key in queue:
            self._be_taken_whole(key)
            if _is_incomplete(self.goal[key], self.goal):
                queue += self._come(key)
        keys = list(dict.fromkeys(queue))
        self._decide(keys)
        for key in keys:
            fact, before = self.goal[key], self.source.get(key)
            if _is_incomplete(fact, self.goal):
                self._wait(fact)
            elif self._was_same(fact) and _is_incomplete(before, self.source) and key not in self.found.attached:
                self._complete(fact)
            elif before is None or key in self.found.anew:
                self._take(fact)

    def _was_same(self, index: Fact) -> bool:
        before = self.source.get(index.id)
        return before is not None and repeats(before, index)

    def _is_partitioned(self, key: FactId) -> bool:
        table = self.goal.get(FactId("table", key.name[:2])) if key.kind in INDEX_KINDS else None
        return table is not None and bool(table.attributes.get("partition_key"))

    def _depth(self, key: FactId) -> int:
        depth, table = 0, self.goal.get(FactId("table", key.name[:2]))
        while table is not None and isinstance(parent := table.attributes.get("partition_of"), list):
            depth, table = depth + 1, self.goal.get(FactId("table", tuple(map(str, parent))))
        return depth

    # ------------------------------------------------------------------ one that shall be incomplete

    def _come(self, key: FactId) -> list[FactId]:
        """What the partitions shall have of it comes with it, unless it was incomplete before; the ids of that."""
        index, before = self.goal[key], self.source.get(key)
        if _is_incomplete(before, self.source):
            return []
        if self._is_beyond_reach(index):
            self.found.beyond_reach.add(key)
            self.goal[key] = replace(index, attributes={**index.attributes, "valid": True})
            return []
        return self._bring(index)

    def _bring(self, index: Fact) -> list[FactId]:
        """What the partitions had by an index that is not there any more as it was, and shall have on their own."""
        facts = (fact for table in self._below(index) for fact in self._of(table, index, self.shall_have))
        new = [fact for fact in facts if fact.id not in self.goal]
        self.goal.update((fact.id, fact) for fact in new)
        self.found.causes.update((fact.id, index.id) for fact in new)
        return [fact.id for fact in new if self._is_partitioned(fact.id)]

    def _is_beyond_reach(self, index: Fact) -> bool:
        """Whether every partition shall have its part: attaching the last one makes it complete."""
        parts = (self._of(table, index, self.shall_have) for table in self._below(index))
        return all(
            any(
                attached_to(fact, index) and (fact.attributes.get("valid") is not False or self._is_beyond_reach(fact))
                for fact in facts
            )
            for facts in parts
        )

    def _goal_parts(self) -> dict[FactId, Sequence[Fact]]:
        return by_parent(self.goal)

    def _decide(self, keys: Sequence[FactId]) -> None:
        """Which have to be made anew, with those that they are attached to, and those that are attached to them."""
        queue = [key for key in keys if key in self.source and self._must_go(self.goal[key])]
        while queue:
            key = queue.pop()
            if key in self.found.anew or key not in self.goal:
                continue
            self.found.anew.add(key)
            index = self.source[key]
            queue += [fact.id for fact in self._partitioned() if attached_to(fact, index)]
            table = self.goal.get(index.parent) if index.parent else None
            if table is not None and self._bound(table.id):
                queue += [fact.id for fact in self._partitioned() if attached_to(index, fact)]

    def _partitioned(self) -> list[Fact]:
        return [fact for key, fact in self.source.items() if self._is_partitioned(key)]

    def _must_go(self, index: Fact) -> bool:
        """Whether it cannot stay: it lets nothing go, takes what joins its table, and stays complete."""
        before = self.source[index.id]
        if not _is_incomplete(index, self.goal):
            return self._was_same(index) and not _is_incomplete(before, self.source) and self._exchanges(index)
        if not self._was_same(index) or not _is_incomplete(before, self.source):
            return True
        parts = by_parent(self.goal)
        for table in self._below(index):
            attached = {fact.id for fact in self._of(table, index, parts) if attached_to(fact, index)}
            had = {fact.id for fact in self._of(table, index, self.had) if attached_to(fact, index)}
            if had - attached if self._bound(table) else not attached and table.kind == "table":
                return True
        return False

    def _exchanges(self, index: Fact) -> bool:
        """Whether a complete one shall have other parts than it has, as far as those are facts of their own."""
        parts = [fact for table in self._below(index) if self._bound(table) for fact in self.had.get(table, ())]
        exchanged = []
        for fact in parts:
            after = self.goal.get(fact.id)
            if after is None:
                continue
            attached = attached_to(after, index)
            if attached != attached_to(fact, index):
                exchanged.append(after)
                if not attached:
                    self.found.wait(after.id, {index.id})
            elif attached and _is_other(fact, after):
                exchanged.append(after)
                if after.id in self.target:
                    self.found.wait(index.id, {after.id})
                else:  # the server makes it like its parent's
                    del self.goal[after.id]
        return bool(exchanged)

    def _take(self, index: Fact) -> None:
        """A complete one that is made takes what the partitions have, if that says the same."""
        parts = (fact for table in self._below(index) for fact in self.had.get(table, ()) if fact.id in self.goal)
        taken = (fact.id for fact in parts if not attached_to(fact, index) and attached_to(self.goal[fact.id], index))
        self.found.takes[index.id] = frozenset(taken)

    def _wait(self, index: Fact) -> None:
        parts = by_parent(self.goal)
        stays = self._was_same(index) and index.id not in self.found.anew
        for table in self._below(index):
            bond = {table, aspect_of(table, "partition_of")}
            self.found.wait(index.id, bond)
            for fact in self._of(table, index, parts):
                if attached_to(fact, index):
                    self.found.wait(aspect_of(fact.id, "attached"), {fact.id, index.id})
                if not stays or self._bound(table):
                    self.found.wait(fact.id, {index.id})
                elif not attached_to(fact, index):
                    # whatever says the same when the table joins is taken
                    self.found.wait(fact.id, bond)

    def _be_taken_whole(self, key: FactId) -> None:
        """One that a new and complete index of the parent takes over has to be complete before."""
        index, table = self.goal[key], self.goal.get(FactId("table", key.name[:2]))
        parent = table.attributes.get("partition_of") if table else None
        if not isinstance(parent, list) or key in self.target or not _is_incomplete(self.source.get(key), self.source):
            return
        for above in self.goal.values():
            comes = above.id not in self.source and above.attributes.get("valid") is not False
            if comes and above.id.name[:2] == tuple(map(str, parent)) and repeats(index, above):
                self.goal[key] = replace(index, attributes={**index.attributes, "valid": True})
                self.found.serves[key] = above.id
                self.found.wait(above.id, {key})

    # ------------------------------------------------------------------ one that shall be complete

    def _complete(self, index: Fact) -> None:
        """What is attached stays, what says the same is attached, the rest is made and attached."""
        attach: list[FactId] = []
        whole: list[FactId] = []
        below = False
        for table in self._below(index):
            if not self._bound(table):
                self.found.wait(index.id, {table, aspect_of(table, "partition_of")})  # which brings it along
                continue
            own = self._of(table, index, self.had)
            attached = next((fact for fact in own if attached_to(fact, index)), None)
            fact = attached or self._ready(table, index, own) or part_for(index, self.target.get(table), self.goal)
            if table.kind != "table" or fact is None:
                self.found.anew.add(index.id)
                return
            (whole if attached else attach).append(fact.id)
            if attached is not None and attached.id not in self.target:
                self._let_others_go(attached, own)
            self.found.serves.setdefault(fact.id, index.id)
            self.goal.setdefault(fact.id, fact)
            if _is_incomplete(fact, self.source):
                below = True
                self.goal[fact.id] = replace(fact, attributes={**fact.attributes, "valid": True})
                self._complete(self.goal[fact.id])
        if not attach and not below:
            # attaching one again makes the server look whether all are there
            attach = whole[:1]
        if not attach and not below:
            self.found.anew.add(index.id)
            return
        self.found.attached[index.id] = frozenset(attach)
        self.found.wait(index.id, attach)

    def _let_others_go(self, attached: Fact, own: Sequence[Fact]) -> None:
        """Of two that are the same, the one that is attached can only stay, whichever of them was to go."""
        for other in own:
            if other is not attached and other.id not in self.target and other.id in self.goal:
                self.found.serves[other.id] = attached.id
                del self.goal[other.id]

    def _ready(self, table: FactId, index: Fact, own: Sequence[Fact]) -> Fact | None:
        """What is attached in the goal, or is there on its own and shall not be there on its own."""
        wanted = (fact for fact in self.goal.values() if fact.parent == table and attached_to(fact, index))
        return next(wanted, None) or next((fact for fact in own if fact.id not in self.target), None)

    # ------------------------------------------------------------------ who belongs to whom

    def _below(self, index: Fact) -> list[FactId]:
        return sorted(self.partitions.get(index.id.name[:2], ()))

    def _bound(self, table: FactId) -> bool:
        """Whether it is a partition of the same table already, and stays where it is."""
        one, other = self.source.get(table), self.goal[table]
        return one is not None and all(one.attributes.get(name) == other.attributes.get(name) for name in _BOND)

    @staticmethod
    def _of(table: FactId, index: Fact, parts: Mapping[FactId, Sequence[Fact]]) -> list[Fact]:
        """What a partition has that is attached to the index, or says the same and could be."""
        own = [fact for fact in parts.get(table, ()) if fact.id.kind in INDEX_KINDS]
        return sorted(
            (fact for fact in own if attached_to(fact, index) or (_is_loose(fact) and repeats(fact, index))),
            key=lambda fact: fact.id,
        )


def _is_loose(fact: Fact) -> bool:
    return not fact.attributes.get("partition_of")


def _partitions(facts: Facts) -> dict[tuple[str, ...], list[FactId]]:
    found: dict[tuple[str, ...], list[FactId]] = {}
    for key, fact in facts.items():
        parent = fact.attributes.get("partition_of") if key.kind in ("table", "foreign_table") else None
        if isinstance(parent, list):
            found.setdefault(tuple(map(str, parent)), []).append(key)
    return found
