"""Candidates for renames of columns and tables: a hint on both differences, for people. Nothing is decided by it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import partial
from typing import TypeAlias

from drift_pipeline.diff.differences import Change, Difference
from drift_pipeline.schema.facts import Fact, FactId, Schema

Alike: TypeAlias = Callable[[Difference, Difference], bool]

SIMILAR_NAMES = 0.6
SHARED_COLUMNS = 0.75
FEWEST_COLUMNS = 2
MOST_PAIRS = 10_000
"""Two schemas that have nothing in common are not searched for renames: nobody renamed a hundred tables at once."""


@dataclass(frozen=True)
class _Tables:
    """The columns of the tables of one schema, in their order."""

    columns: Mapping[FactId, tuple[Fact, ...]]

    @classmethod
    def of(cls, schema: Schema, wanted: Collection[FactId]) -> _Tables:
        found: dict[FactId, list[Fact]] = defaultdict(list)
        for key, fact in schema.facts.items():
            if key.kind == "column" and fact.parent is not None and fact.parent in wanted:
                found[fact.parent].append(fact)
        return cls({table: tuple(sorted(columns, key=_position)) for table, columns in found.items()})

    def neighbours(self, column: Fact, common: Collection[FactId]) -> tuple[FactId | None, FactId | None]:
        """The nearest columns before and after it that the other schema has as well."""
        ids = [fact.id for fact in self.columns.get(column.parent, ())] if column.parent else []
        at = ids.index(column.id)
        before = [key for key in ids[:at] if key in common]
        after = [key for key in ids[at + 1 :] if key in common]
        return (before[-1] if before else None), (after[0] if after else None)


def with_hints(found: Sequence[Difference], source: Schema, target: Schema) -> list[Difference]:
    """The differences, with a hint on each pair of one removed and one added that look like one under a new name.

    A hint is given only where each is the other's only candidate: two candidates are none.
    """
    wanted = {item.id for item in found if item.id.kind == "table"} | {
        item.parent
        for diff in found
        if diff.id.kind == "column"
        for item in (diff.before, diff.after)
        if item and item.parent
    }
    if not wanted:
        return list(found)
    left, right = _Tables.of(source, wanted), _Tables.of(target, wanted)
    common = source.facts.keys() & target.facts.keys()
    out = list(found)
    for kind, alike in (
        ("column", partial(_columns_alike, left=left, right=right, common=common)),
        ("table", partial(_tables_alike, left=left, right=right)),
    ):
        for old, new in _only_candidates(out, kind, alike):
            out[old], out[new] = _hinted(out[old], out[new])
    return out


def _only_candidates(found: Sequence[Difference], kind: str, alike: Alike) -> list[tuple[int, int]]:
    gone: dict[object, list[int]] = defaultdict(list)
    come: dict[object, list[int]] = defaultdict(list)
    for at, item in enumerate(found):
        place = {Change.REMOVED: gone, Change.ADDED: come}.get(item.change)
        if item.id.kind == kind and place is not None:
            place[item.id.name[:-1]].append(at)
    pairs = [
        (old, new)
        for group in gone.keys() & come.keys()
        if len(gone[group]) * len(come[group]) <= MOST_PAIRS
        for old in gone[group]
        for new in come[group]
        if alike(found[old], found[new])
    ]
    olds, news = Counter(old for old, _ in pairs), Counter(new for _, new in pairs)
    return [(old, new) for old, new in pairs if olds[old] == 1 and news[new] == 1]


def _columns_alike(
    old: Difference, new: Difference, *, left: _Tables, right: _Tables, common: Collection[FactId]
) -> bool:
    before, after = old.before, new.after
    if before is None or after is None or before.attributes.get("type") != after.attributes.get("type"):
        return False
    if left.neighbours(before, common) == right.neighbours(after, common):
        return True
    return _similar(before.id.name[-1], after.id.name[-1])


def _tables_alike(old: Difference, new: Difference, *, left: _Tables, right: _Tables) -> bool:
    before = {(fact.id.name[-1], str(fact.attributes.get("type"))) for fact in left.columns.get(old.id, ())}
    after = {(fact.id.name[-1], str(fact.attributes.get("type"))) for fact in right.columns.get(new.id, ())}
    if min(len(before), len(after)) < FEWEST_COLUMNS:
        return False
    return len(before & after) / len(before | after) >= SHARED_COLUMNS


def _similar(old: str, new: str) -> bool:
    return SequenceMatcher(None, old.lower(), new.lower()).ratio() >= SIMILAR_NAMES


def _position(fact: Fact) -> tuple[int, str]:
    position = fact.attributes.get("_position")
    return (position if isinstance(position, int) else 0), fact.id.name[-1]


def _hinted(old: Difference, new: Difference) -> tuple[Difference, Difference]:
    kind, was, now = old.id.kind, ".".join(old.id.name), ".".join(new.id.name)
    return (
        replace(old, hint=f"may have been renamed to {now}: that {kind} is new and looks the same"),
        replace(new, hint=f"may be a rename of {was}: that {kind} is gone and looks the same"),
    )
