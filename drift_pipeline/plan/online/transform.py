"""From the statements of a proven plan to steps: pure, by the rules' table. Nothing is run here."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from drift_pipeline.plan.native.closure import AGAIN
from drift_pipeline.plan.online.draft import BRIEF, Drafted, Scene, Ways, brief, distinct
from drift_pipeline.plan.online.objects import Signature, belongs_to, called, created, dropped, only_furnishes
from drift_pipeline.plan.online.rules import REPLACEMENTS, Replacement, dropped_by, ways_of
from drift_pipeline.plan.shapes import parts_of, shape
from drift_pipeline.plan.statements import Statement, Step
from drift_pipeline.schema.facts import Fact, FactId, Schema

_TOUCHES = shape(r"alter table (?:only )?NAME:table (?:(?:alter|drop) (?:column )?|add column )ID:column(?=\s|$)")
_TAKES = shape(
    r"alter table (?:only )?NAME:table (?:alter (?:column )?ID:column (?:set data )?type|drop column ID:gone(?=\s|$))"
)
_MAKES_WAY = shape(r"(?:create (?!index|unique)|alter (?:table .* add column|type) )")
"""What an object may need that comes back later."""


def steps_of(
    statements: Sequence[Statement], source: Schema, goal: Schema, *, major: int, plain: frozenset[int] = frozenset()
) -> list[Drafted]:
    """The steps of the online variant, in their order.

    `statements`: measured, they turn `source` into `goal`. `major`: of the server that the steps are for. `plain`:
    places of statements that are to stay as they are.
    """
    return _Transformation(tuple(statements), source, goal, major, plain).steps()


def as_they_are(statements: Sequence[Statement]) -> list[Drafted]:
    """A step for each statement, in their order: what remains where nothing else could be run."""
    why = "it did not work on scratch in any other way"
    ways = (Ways(core=(each,), why_not=why if each.rewrites or each.reads else "") for each in statements)
    return [
        draft for place, each in enumerate(ways) for draft in _unfolded(each, statements[place], frozenset({place}))
    ]


@dataclass(frozen=True)
class _Transformation:
    statements: tuple[Statement, ...]
    source: Schema
    goal: Schema
    major: int
    plain: frozenset[int]
    replaced: dict[int, tuple[int, Replacement]] = field(default_factory=dict)
    """The place of what creates the new object: the place of what drops the old one, and how."""
    unneeded: set[int] = field(default_factory=set)
    """Places of statements that other steps make superfluous."""
    off: set[FactId] = field(default_factory=set)
    """What is taken off for a while though it comes back as it was."""
    whole: set[int] = field(default_factory=set)
    """Places of statements that stay as they are because all around them do."""
    groups: list[set[int]] = field(default_factory=list)
    """Places of statements that belong in one transaction."""

    def steps(self) -> list[Drafted]:
        self._pair_constraints()
        self._pair_others()
        self._merge()
        return _joined(self._drafts())

    # ------------------------------------------------------------------ what belongs together

    def _scene(self, place: int) -> Scene:
        """As it is when a statement's turn comes: what goes for good, or comes otherwise, is gone."""
        gone = {
            key
            for statement in self.statements[:place]
            for key in dropped_by(self._start, statement)
            if not self._start.same(key) or key in self.off
        }
        return Scene(self.source, self.goal, self.major, frozenset(gone))

    @cached_property
    def _start(self) -> Scene:
        return Scene(self.source, self.goal, self.major)

    def _pair_constraints(self) -> None:
        for place, statement in enumerate(self.statements):
            keys = dropped_by(self._start, statement)
            found = self._created_again(place) if keys else None
            if found is None:
                continue
            last, replacement = found
            (key, *_) = keys
            columns = {needed for needs, needed in self.source.depends if needs == key}
            retyped = [at for at in range(place + 1, last) if self._retyped(at) in columns]
            if {place, last} <= self.plain:
                self._leave(range(place, last + 1))
            elif self._start.same(key) and retyped and all(self._is_expanded(at) for at in retyped):
                self.unneeded.update((place, last))
            elif self._start.same(key) and key.kind == "foreign_key":
                self.off.add(key)  # it comes back as one that is checked later
            elif self._start.same(key):
                self.groups.append({place, *retyped, last})
            elif not retyped:
                self.replaced[last] = (place, replacement)
                self.unneeded.add(place)

    def _created_again(self, place: int) -> tuple[int, Replacement] | None:
        for replacement in REPLACEMENTS:
            drops = shape(replacement.drop).match(self.statements[place].sql.strip())
            if drops is None:
                continue
            for last in range(place + 1, len(self.statements)):
                creates = shape(replacement.create).match(self.statements[last].sql.strip())
                if creates and self._same_name(drops.groupdict(), creates.groupdict()):
                    return last, replacement
        return None

    @staticmethod
    def _same_name(drops: dict[str, str], creates: dict[str, str]) -> bool:
        if parts_of(drops["name"])[-1] != parts_of(creates["name"])[-1]:
            return False
        if drops.get("table"):
            return parts_of(drops["table"]) == parts_of(creates["table"])
        return parts_of(drops["name"])[:-1] == parts_of(creates["table"])[:-1]

    def _retyped(self, place: int) -> FactId | None:
        """The column that a statement takes away or gives another type."""
        match = _TAKES.match(self.statements[place].sql.strip())
        if match is None:
            return None
        return FactId("column", (*parts_of(match["table"]), *parts_of(match["column"] or match["gone"])))

    def _is_expanded(self, place: int) -> bool:
        if place in self.plain:
            return False
        ways = ways_of(self._scene(place), self.statements[place])
        return bool(ways.before) and not ways.why_not

    def _pair_others(self) -> None:
        """Views, functions, triggers … that go and come back: without a moment in between in which they lack."""
        for place, statement in enumerate(self.statements):
            name = dropped(statement.sql)
            if name is None:
                continue
            back = (at for at in range(place + 1, len(self.statements)) if created(self._sql(at)) == name)
            last = next(back, None)
            if last is None:
                continue
            members = {place, last, *self._between(place, last), *self._said_of(last, name)}
            furnishing = {at for at in members if at > last and only_furnishes(self._sql(at))}
            if members <= self.plain:
                self._leave(range(place, max(members - furnishing) + 1), furnishing)
            else:
                self.groups.append(members)

    def _leave(self, places: range, more: Collection[int] = ()) -> None:
        """All of these in one transaction, as they are."""
        self.groups.append({*places, *more})
        self.whole.update(places, more)

    def _between(self, place: int, last: int) -> Iterator[int]:
        """What the object stood in the way of, and whatever else is done to the same columns."""
        needed = self._columns_below(self.statements[place])
        touched = set()
        for at in range(place + 1, last):
            column = self._retyped(at)
            if column in needed:
                touched.add(column)
                yield at
            elif self._touched(at) in touched or self._takes_dependent(at, needed):
                yield at

    def _takes_dependent(self, place: int, needed: set[FactId]) -> bool:
        """Another object of this sort that is dropped in between: views on views go with them."""
        name = dropped(self._sql(place))
        return name is not None and any(fact.id in needed for fact in self._named(name))

    def _touched(self, place: int) -> FactId | None:
        match = _TOUCHES.match(self.statements[place].sql.strip())
        return FactId("column", (*parts_of(match["table"]), *parts_of(match["column"]))) if match else None

    def _named(self, name: Signature) -> list[Fact]:
        kind, *names = name
        return [fact for fact in self.source.of_kind(kind.replace(" ", "_")) if set(fact.id.name[:2]) <= set(names)]

    def _columns_below(self, drop: Statement) -> set[FactId]:
        """Everything that the dropped object needs, directly or by way of others."""
        name = dropped(drop.sql)
        waiting = [fact.id for fact in self._named(name)] if name else []
        found: set[FactId] = set()
        while waiting:
            key = waiting.pop()
            needed = self._needs.get(key, set()) - found
            found |= needed
            waiting += [each for each in needed if each.kind in ("view", "materialized_view", "function")]
        return found

    @cached_property
    def _needs(self) -> dict[FactId, set[FactId]]:
        found: dict[FactId, set[FactId]] = {}
        for needs, needed in self.source.depends:
            found.setdefault(needs, set()).add(needed)
        return found

    def _said_of(self, last: int, name: Signature) -> Iterator[int]:
        """What gives the object back its owner, comments, grants, triggers: until then others are refused."""
        return (at for at in range(last + 1, len(self.statements)) if belongs_to(self._sql(at), name))

    def _merge(self) -> None:
        """Groups that share a statement are one."""
        merged: list[set[int]] = []
        for group in self.groups:
            together = set(group)
            apart = []
            for other in merged:
                if other & together:
                    together |= other
                else:
                    apart.append(other)
            merged = [*apart, together]
        self.groups[:] = merged

    # ------------------------------------------------------------------ the steps

    def _drafts(self) -> Iterator[Drafted]:
        for place, statement in enumerate(self.statements):
            grouped = any(place in group for group in self.groups)
            if not grouped and place not in self.unneeded:
                yield from self._alone(place, statement)
            for group in self.groups:
                if place == self._anchor(group):
                    yield from self._together(sorted(group - self.unneeded))

    def _anchor(self, group: set[int]) -> int:
        """Where a group's turn comes: as early as it may, so that an index on what it changes is built only once."""
        change = [at for at in group if self._retyped(at)]
        last = max((at for at in group if not only_furnishes(self._sql(at))), default=max(group))
        if not change or group & self.whole:
            return last
        makes = [at for at in range(min(group), last) if at not in group and _MAKES_WAY.match(self._sql(at))]
        return max(*change, *makes, min(group))

    def _sql(self, place: int) -> str:
        return self.statements[place].sql.strip()

    def _alone(self, place: int, statement: Statement) -> Iterator[Drafted]:
        origins = {place}
        if place in self.replaced and place not in self.plain:
            first, replacement = self.replaced[place]
            origins.add(first)
            ways = self._replacing(place, first, replacement)
        else:
            ways = self._ways(place)
        yield from _unfolded(ways, statement, frozenset(origins))

    def _is_slow(self, place: int) -> bool:
        statement = self.statements[place]
        return bool(statement.rewrites or statement.reads)

    def _replacing(self, place: int, first: int, replacement: Replacement) -> Ways:
        drop, create = self.statements[first], self.statements[place]
        match = shape(replacement.create).match(create.sql.strip().rstrip(";"))
        found = match.groupdict() if match else {}
        ways = replacement.write(self._scene(place), drop, found, create)
        if ways.why_not:  # then at least without a moment in which there is neither
            return replace(ways, core=(drop, create))
        return ways

    def _ways(self, place: int) -> Ways:
        statement = self.statements[place]
        if place in self.whole:
            return Ways(why_not="it did not work on scratch in any other way")
        if place in self.plain:
            reason = "the online form of it did not work on scratch" if self._is_slow(place) else ""
            return Ways(core=(self.statements[place],), why_not=reason)
        return ways_of(self._scene(place), statement)

    def _together(self, places: list[int]) -> Iterator[Drafted]:
        ways = [(place, self._ways(place)) for place in places]
        origins = frozenset(places)
        changed = frozenset(at for at, each in ways if each.before or each.after or each.core != (self.statements[at],))
        changed -= self.plain | self.whole
        for _, each in ways:
            yield from (Drafted(step, origins, changed) for step in each.before)
        core: list[Statement] = []
        for place, each in ways:
            core += each.core or (() if each.before and not each.why_not else (self.statements[place],))
        if core:
            reasons = [each.why_not for _, each in ways if each.why_not]
            note = "; ".join(dict.fromkeys(reasons))
            title = _group_title([self.statements[place] for place in places])
            step = _said_once(replace(brief(title, *core), online=not reasons, note=note))
            kept = frozenset(name for _, each in ways for name in each.kept)
            yield Drafted(_unhurried(step) if reasons else step, origins, changed, kept)
        for _, each in ways:
            yield from (Drafted(step, origins, changed) for step in each.after)


def _unfolded(ways: Ways, statement: Statement, origins: frozenset[int]) -> Iterator[Drafted]:
    if ways.why_not:
        step = brief(_title(statement), *(ways.core or (statement,)))
        step = replace(step, transactional=statement.transactional, online=False, note=ways.why_not)
        yield Drafted(_unhurried(step), origins, origins)
        return
    yield from (Drafted(step, origins, origins) for step in ways.before)
    if ways.core:
        title = ways.title or _title(ways.core[0])
        step = brief(title, *ways.core)
        if not all(each.transactional for each in ways.core):
            step = replace(step, transactional=False)
        yield Drafted(step, origins, origins, ways.kept)
    yield from (Drafted(step, origins, origins) for step in ways.after)


def _said_once(step: Step) -> Step:
    """The reason why several statements are there, said of the step."""
    notes = distinct(each.note for each in step.statements if each.note.startswith(AGAIN))
    if not notes or step.note:
        return step
    because = f"What does not differ {AGAIN}{', '.join(note.removeprefix(AGAIN) for note in notes)}."
    statements = tuple(replace(each, note="") if each.note in notes else each for each in step.statements)
    return replace(step, statements=statements, note=because)


def _unhurried(step: Step) -> Step:
    """What cannot be done online may take as long as it takes, once it has its locks."""
    return replace(step, lock_timeout=BRIEF[0], statement_timeout="0")


def _joined(drafts: Iterator[Drafted]) -> list[Drafted]:
    """Neighbours that lock nothing that anybody uses are one step."""
    result: list[Drafted] = []
    for draft in drafts:
        last = result[-1] if result else None
        if last is not None and _is_quiet(last) and _is_quiet(draft):
            statements = (*last.step.statements, *draft.step.statements)
            step = replace(last.step, statements=statements, title="Make what nobody uses yet")
            result[-1] = Drafted(step, last.origins | draft.origins, last.changed | draft.changed)
        else:
            result.append(draft)
    return result


def _is_quiet(draft: Drafted) -> bool:
    step = draft.step
    if not step.transactional or not step.online or step.lock_timeout != BRIEF[0]:
        return False
    return all(_MAKES.match(each.sql.strip()) and not each.holds and not each.destructive for each in step.statements)


_MAKES = re.compile(r"create\s+(?!trigger|policy|rule)|comment\s+on\b", re.IGNORECASE)


def _title(statement: Statement) -> str:
    text = " ".join(statement.sql.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _group_title(statements: Sequence[Statement]) -> str:
    """Names what goes and comes back, if that is why they are together."""
    names = [called(name) for each in statements if (name := dropped(each.sql))]
    if names:
        return f"In one go, so that nobody misses {', '.join(names)}"
    return f"In one go: {'; '.join(dict.fromkeys(_title(each) for each in statements))}"


_LONGEST = 100
