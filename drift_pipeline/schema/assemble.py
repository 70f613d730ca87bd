"""From rows to facts: pure, and the same for every kind of object.

Objects are known by their addresses (classid, objid, objsubid), as in pg_depend: by them a row finds its parent, a
comment what it is about, and a dependency both of its ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from drift_pipeline.schema.facts import Fact, FactId, Schema, Value

Address: TypeAlias = tuple[int, int, int]
Row: TypeAlias = tuple[Any, ...]

ORPHANS = "comments, labels and privileges on what is not read"

_FIXED = 8
"""Columns that every family begins with: kind, name, the object's address, its parent's address."""


class Assembly:
    """Facts from rows, a query's at a time: those that stand alone, then what needs what, then those about others.

    Each answer can be taken in while the server works on the next one. `like`: a schema whose objects stand for facts
    that are the same, so that comparing the two costs nothing.
    """

    def __init__(self, like: Schema | None = None) -> None:
        self._like: Mapping[FactId, Fact] = like.facts if like else {}
        self._ids: dict[Address, FactId] = {}
        self._parents: list[tuple[FactId, Address, dict[str, Value]]] = []
        self._aliases: dict[Address, Address] = {}
        self._facts: dict[FactId, Fact] = {}
        self._edges: frozenset[tuple[FactId, FactId]] = frozenset()
        self._not_covered: dict[str, int] = {}
        self._excluded: dict[str, int] = {}

    def family(self, columns: Sequence[str], rows: list[Row]) -> None:
        """Facts that stand alone."""
        for row, attributes in zip(rows, _attributes(columns, rows), strict=True):
            fact_id = FactId(row[0], tuple(row[1]))
            self._ids[row[2:5]] = fact_id
            self._parents.append((fact_id, row[5:8], attributes))

    def aliases(self, rows: list[Row]) -> None:
        """After all families: addresses that stand for another one."""
        self._aliases = {row[0:3]: row[3:6] for row in rows}
        self._stand()

    def depends(self, rows: list[Row]) -> None:
        """After the aliases: pairs of addresses."""
        self._edges = _edges(rows, self._ids, self._aliases)

    def about(self, rows: list[Row]) -> None:
        """After the aliases: facts about others."""
        for kind, prefix, suffix, *address, other_kind, other_name, stated in rows:
            about = self._ids.get(tuple(address)) or (FactId(other_kind, tuple(other_name)) if other_kind else None)
            parent = about if about in self._facts else _resolve(tuple(address), self._ids, self._aliases)
            if about is None:
                if parent is None:
                    self._not_covered[ORPHANS] = self._not_covered.get(ORPHANS, 0) + 1
                continue
            id_ = FactId(kind, (*(prefix or ()), about.kind, *about.name, *(suffix or ())))
            self._facts[id_] = self._fact(id_, stated, parent)

    def counts(self, rows: list[Row]) -> None:
        """Side, phrase, number."""
        for side, phrase, count in rows:
            (self._excluded if side == "excluded" else self._not_covered)[phrase] = count

    def schema(self, version: int) -> Schema:
        """All of it. `version`: the server's."""
        if self._parents:  # facts alone were wanted
            self._stand()
        return Schema(self._facts, version, self._not_covered, self._excluded, self._edges)

    def _stand(self) -> None:
        known = self._ids.get
        for id_, parent, attributes in self._parents:
            self._facts[id_] = self._fact(id_, attributes, known(parent))
        self._parents.clear()

    def _fact(self, id_: FactId, attributes: dict[str, Value], parent: FactId | None) -> Fact:
        twin = self._like.get(id_)
        if twin is not None and twin.attributes == attributes and twin.parent == parent:
            return twin
        return Fact(id_, attributes, parent)


def _attributes(columns: Sequence[str], rows: list[Row]) -> list[dict[str, Value]]:
    """The attributes of each row: one JSON object, or one column each."""
    names = columns[_FIXED:]
    if names == ["attributes"]:
        return [row[_FIXED] for row in rows]
    return [dict(zip(names, row[_FIXED:], strict=True)) for row in rows]


def _resolve(address: Address, ids: dict[Address, FactId], aliases: dict[Address, Address]) -> FactId | None:
    """The fact at an address, or the one that it is a part of: a column's table, a constraint's index."""
    for _ in range(8):
        if found := ids.get(address):
            return found
        if address in aliases:
            address = aliases[address]
        elif address[2]:
            address = (address[0], address[1], 0)
        else:
            break
    return None


def _edges(
    rows: list[Row], ids: dict[Address, FactId], aliases: dict[Address, Address]
) -> frozenset[tuple[FactId, FactId]]:
    edges = set()
    known = ids.get
    for row in rows:
        needs = known(row[0:3]) or _resolve(row[0:3], ids, aliases)
        needed = known(row[3:6]) or _resolve(row[3:6], ids, aliases)
        if needs is not None and needed is not None and needs is not needed:
            edges.add((needs, needed))
    return frozenset(edges)
