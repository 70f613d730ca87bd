"""Facts against facts. Generic: what is known about kinds lies in tables (planes, equivalences, what implies what)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

from drift_pipeline.diff import equivalence, noise, renames
from drift_pipeline.diff.differences import AttributeChange, Change, Difference, SchemaDiff
from drift_pipeline.diff.heirs import completed
from drift_pipeline.diff.majors import held_by_both
from drift_pipeline.diff.matching import Facts, Pairs, owner_of, pair_facts
from drift_pipeline.errors import ConfigError
from drift_pipeline.schema.coverage import ATTACHED, KIND_SINCE, PLANES, plane_of
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value

IMPLIED: Mapping[str, str] = {"not_null": "not_null"}
"""Kinds that state again what an attribute of their only column states: since 18 a NOT NULL is a constraint as well."""

NOT_FOLDED_INTO = frozenset({"schema"})
"""Parents that are too large to stand for what is in them: a missing schema does not hide that its tables miss."""

NAMES_AN_INDEX: Mapping[str, str] = {"replica_identity": "index:", "cluster_on": ""}
"""Attributes of a table that hold the name of one of its indexes, after this prefix: they follow when it is renamed."""

REPRINTED: Mapping[str, frozenset[str]] = {
    "column": frozenset({"default"}),
    "check": frozenset({"expression"}),
    "exclusion": frozenset({"definition"}),
    "domain": frozenset({"default"}),
    "domain_check": frozenset({"expression"}),
    "index": frozenset({"keys", "predicate"}),
    "view": frozenset({"definition"}),
    "materialized_view": frozenset({"definition"}),
    "policy": frozenset({"using", "check"}),
    "function": frozenset({"body"}),
    "procedure": frozenset({"body"}),
}
"""Attributes that hold SQL, whose text depends on the server that printed it."""

_Unequal: TypeAlias = tuple[Fact, Fact, tuple[str, ...]]

_INDEX_KINDS = ("index", "primary_key", "unique", "exclusion")


class Printer(Protocol):
    """Prints facts again on the server that printed the target's, so that two spellings of one text can be told."""

    def printed_again(self, facts: Sequence[Fact], schema: Schema) -> Sequence[Fact | None]:
        """Each fact of the schema as that server prints it; None where in doubt."""


def diff_schemas(
    source: Schema,
    target: Schema,
    *,
    planes: Collection[str] | str = ("structure",),
    exact: bool = False,
    reprint: Printer | None = None,
) -> SchemaDiff:
    """Everything that turns `source` (live) into `target` (models), as differences in a stable order.

    `planes`: which to compare, or "all". `exact`: count no spelling as equal to another, and show every name.
    `reprint`: asked about texts that no equivalence makes equal. Raises ConfigError for an unknown plane.
    """
    chosen = _planes(planes)
    older = min((major for major in (source.server_major, target.server_major) if major), default=0)
    kinds_out = frozenset(kind for kind, since in KIND_SINCE.items() if older and older < since)
    source, target = held_by_both(source, target)
    order = _column_order(source, target)
    source, target = completed(source, target)
    again = _Again(source, target, None if exact else reprint)
    pairs = pair_facts(source, target, kinds_out, exact=exact, again=again)
    run = _Comparison(source, target, frozenset(chosen), exact, again, pairs)
    run.equivalent.update(pairs.equivalent)
    found = run.changes()
    found += _whole(run.without_mere_names(pairs.removed), Change.REMOVED, run.planes)
    found += _whole(run.without_mere_names(pairs.added), Change.ADDED, run.planes)
    found = renames.with_hints(_without_implied(found), source, target)
    return SchemaDiff(tuple(sorted(found, key=_order)), dict(sorted(run.equivalent.items())), chosen, order)


def _planes(planes: Collection[str] | str) -> tuple[str, ...]:
    asked = {planes} if isinstance(planes, str) else set(planes)
    unknown = asked - set(PLANES) - {"all"}
    if unknown:
        raise ConfigError(
            f"there is no plane called {', '.join(sorted(unknown))}", hint=f"choose from {', '.join(PLANES)}, or all"
        )
    return tuple(plane for plane in PLANES if "all" in asked or plane in asked)


def _order(difference: Difference) -> tuple[str, tuple[str, ...], str, str]:
    return difference.id.kind, difference.id.name, difference.change.value, difference.plane


class _Again:
    """What was printed again, once each."""

    def __init__(self, source: Schema, target: Schema, reprint: Printer | None) -> None:
        self._reprint = reprint
        self._known: dict[int, dict[FactId, Fact | None]] = {id(source): {}, id(target): {}}

    def __call__(self, schema: Schema, facts: Sequence[Fact]) -> dict[FactId, Fact]:
        """Those of the facts that could be printed again."""
        known = self._known[id(schema)]
        new = [fact for fact in facts if fact.id.kind in REPRINTED and fact.id not in known]
        if new and self._reprint is not None:
            known.update(zip((fact.id for fact in new), self._reprint.printed_again(new, schema), strict=True))
        found = ((fact.id, known.get(fact.id)) for fact in facts)
        return {key: fact for key, fact in found if fact is not None}


@dataclass
class _Comparison:
    """One run: what was asked for, and what it counts on the way."""

    source: Schema
    target: Schema
    planes: frozenset[str]
    exact: bool
    again: _Again
    pairs: Pairs
    equivalent: Counter[str] = field(default_factory=Counter)

    def changes(self) -> list[Difference]:
        """The renamed and the changed ones among the pairs."""
        found: list[Difference] = []
        unequal: list[_Unequal] = []
        for old, new in self.pairs.pairs:
            before, after = self.source.facts[old], self.target.facts[new]
            if old.kind != new.kind:
                continue
            if old in self.pairs.renamed:
                found.extend(self._renamed(before, after))
            if before is after or before.attributes == after.attributes:
                continue
            if names := self._unequal_names(before, after):
                unequal.append((before, after, names))
        return _as_one(found, self._changed(unequal))

    def without_mere_names(self, facts: Facts) -> Facts:
        """The facts without those that only give a name to what the other side states without one."""
        kept = {}
        for key, fact in facts.items():
            if not self.exact and noise.only_a_name(fact, self.source, self.target):
                self.equivalent[noise.NOISE_NAMES[key.kind]] += 1
            else:
                kept[key] = fact
        return kept

    def _renamed(self, before: Fact, after: Fact) -> list[Difference]:
        rule = noise.noise_name(before, after)
        if rule and not self.exact:
            self.equivalent[rule] += 1
            return []
        if plane_of(before.id.kind) not in self.planes or before.parent in self.pairs.renamed:
            return []
        return [Difference(after.id, Change.RENAMED, before, after, plane=plane_of(before.id.kind))]

    def _changed(self, unequal: Sequence[_Unequal]) -> list[Difference]:
        """The differences among the unequal attributes, those out that only a server tells to be the same."""
        found: list[Difference] = []
        again = self._printed_alike(unequal)
        for before, after, names in unequal:
            by_plane: dict[str, list[AttributeChange]] = defaultdict(list)
            for name in names:
                if (before.id, name) in again:
                    self.equivalent[equivalence.REPRINTED] += 1
                else:
                    change = AttributeChange(name, before.attributes.get(name), after.attributes.get(name))
                    by_plane[plane_of(before.id.kind, name)].append(change)
            found.extend(
                Difference(after.id, Change.CHANGED, before, after, tuple(changes), plane=plane)
                for plane, changes in by_plane.items()
            )
        return found

    def _unequal_names(self, before: Fact, after: Fact) -> tuple[str, ...]:
        """The attributes that differ, on the planes asked for, beyond what equivalences hide."""
        left, right = before.attributes, after.attributes
        # a value that is the same may differ once an index has its new name; hints never do
        renamed = bool(self.pairs.renamed)
        unlike = (
            key for key in left.keys() | right.keys() if key[0] != "_" and (renamed or left.get(key) != right.get(key))
        )
        names = []
        for name in sorted(unlike):
            asked = plane_of(before.id.kind, name) in self.planes and name != ATTACHED
            if asked and self._follow(before, name, left.get(name)) != right.get(name):
                rules = () if self.exact else equivalence.equal_by((before, self.source), (after, self.target), name)
                self.equivalent.update(rules)
                if not rules:
                    names.append(name)
        return tuple(names)

    def _printed_alike(self, unequal: Sequence[_Unequal]) -> set[tuple[FactId, str]]:
        """Attributes that the server prints alike: live's as the models' stand, or both printed again."""
        texts = [
            (before, after, name)
            for before, after, names in unequal
            for name in names
            if name in REPRINTED.get(before.id.kind, ())
        ]
        if not texts:
            return set()
        old = self.again(self.source, [before for before, _, _ in texts])
        alike = {(before.id, name) for before, after, name in texts if self._same(old.get(before.id), after, name)}
        rest = [(before, after, name) for before, after, name in texts if (before.id, name) not in alike]
        new = self.again(self.target, [after for before, after, _ in rest if before.id in old])
        alike |= {
            (before.id, name) for before, after, name in rest if self._same(old.get(before.id), new.get(after.id), name)
        }
        return alike

    def _same(self, before: Fact | None, after: Fact | None, name: str) -> bool:
        if before is None or after is None:
            return False
        values = (fact.attributes.get(name) for fact in (before, after))
        return len({str(value) for value in values}) == 1 or bool(
            equivalence.equal_by((before, self.source), (after, self.target), name)
        )

    def _follow(self, fact: Fact, attribute: str, value: Value) -> Value:
        """The value with the name of an index as it will be once that is renamed."""
        if attribute == "partition_of" and fact.id.kind in _INDEX_KINDS and isinstance(value, list):
            # names of indexes are unique in their schema
            for old, now in self.pairs.renamed.items():
                if old.kind in _INDEX_KINDS and [old.name[0], old.name[-1]] == value:
                    return [now.name[0], now.name[-1]]
        prefix = NAMES_AN_INDEX.get(attribute)
        if not self.pairs.renamed or prefix is None or not isinstance(value, str) or not value.startswith(prefix):
            return value
        for kind in _INDEX_KINDS:
            new = self.pairs.renamed.get(FactId(kind, (*fact.id.name, value.removeprefix(prefix))))
            if new is not None:
                return prefix + new.name[-1]
        return value


def _as_one(renamed: Sequence[Difference], changed: Sequence[Difference]) -> list[Difference]:
    """What has another name and differs besides is one difference."""
    beside = {(item.id, item.plane): item for item in changed}
    found = []
    for item in renamed:
        more = beside.pop((item.id, item.plane), None)
        found.append(replace(item, attributes=more.attributes) if more else item)
    return [*found, *beside.values()]


def _whole(facts: Facts, change: Change, planes: frozenset[str]) -> list[Difference]:
    """One difference for each fact that came or went alone; what came or went with its parent is contained in that."""
    contains: dict[FactId, list[FactId]] = defaultdict(list)
    tops: list[Fact] = []
    for fact in facts.values():
        if plane_of(fact.id.kind) not in planes:
            continue
        top = _top(fact, facts)
        if top is fact:
            tops.append(fact)
        else:
            contains[top.id].append(fact.id)
    return [
        Difference(
            fact.id,
            change,
            fact if change is Change.REMOVED else None,
            fact if change is Change.ADDED else None,
            contains=tuple(sorted(contains[fact.id])),
            plane=plane_of(fact.id.kind),
        )
        for fact in tops
    ]


def _top(fact: Fact, facts: Facts) -> Fact:
    """The outermost of the facts that this one came or went with."""
    while True:
        homes = [home for home in (owner_of(fact), fact.parent) if home is not None and home in facts]
        above = [home for home in homes if home.kind not in NOT_FOLDED_INTO]
        if not above:
            return fact
        fact = facts[above[0]]


def _without_implied(found: list[Difference]) -> list[Difference]:
    """Fold what only states again (IMPLIED) into the difference of the column whose attribute says it."""
    columns: dict[FactId, int] = {}
    for at, difference in enumerate(found):
        if difference.id.kind == "column" and difference.plane == "structure":
            columns[difference.id] = at
    contains: dict[int, list[FactId]] = defaultdict(list)
    kept: list[tuple[int, Difference]] = []
    for at, difference in enumerate(found):
        implied_by = _implied_by(difference)
        home = columns.get(implied_by) if implied_by else None
        if home is not None and home != at and _says(found[home], IMPLIED[difference.id.kind], difference.change):
            contains[home].append(difference.id)
        else:
            kept.append((at, difference))
    return [
        replace(difference, contains=tuple(sorted((*difference.contains, *contains[at]))))
        if at in contains
        else difference
        for at, difference in kept
    ]


def _implied_by(difference: Difference) -> FactId | None:
    """The column that a difference of an implied kind is about."""
    fact = difference.after or difference.before
    if difference.id.kind not in IMPLIED or fact is None or difference.change in (Change.CHANGED, Change.RENAMED):
        return None
    columns = fact.attributes.get("columns")
    single = isinstance(columns, list) and len(columns) == 1
    return (
        FactId("column", (*difference.id.name[:2], str(columns[0]))) if single and isinstance(columns, list) else None
    )


def _says(column: Difference, attribute: str, change: Change) -> bool:
    if column.change is change:
        return True
    wanted = change is Change.ADDED
    return any(item.name == attribute and bool(item.after) is wanted for item in column.attributes)


def _column_order(source: Schema, target: Schema) -> tuple[FactId, ...]:
    """Tables whose common columns stand in another order."""
    columns = [(key, fact) for key, fact in source.facts.items() if key.kind == "column"]
    # where every column is the same object on both sides, so is its place
    unlike = {fact.parent for key, fact in columns if (twin := target.facts.get(key)) is not None and twin is not fact}
    moved: dict[FactId, list[tuple[object, object]]] = defaultdict(list)
    for key, fact in columns if unlike else ():
        twin = target.facts.get(key)
        if twin is not None and fact.parent is not None and fact.parent in unlike:
            moved[fact.parent].append((fact.attributes.get("_position"), twin.attributes.get("_position")))
    return tuple(sorted(table for table, positions in moved.items() if _reordered(positions)))


def _reordered(positions: Iterable[tuple[object, object]]) -> bool:
    known = sorted((left, right) for left, right in positions if isinstance(left, int) and isinstance(right, int))
    rights = [right for _, right in known]
    return rights != sorted(rights)
