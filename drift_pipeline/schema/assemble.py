"""From rows to facts: pure, and the same for every kind of object.

Objects are known by their addresses (classid, objid, objsubid), as in pg_depend: by them a row finds its parent, a
comment what it is about, and a dependency both of its ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from drift_pipeline.schema.facts import Fact, FactId, Schema, Value

Address: TypeAlias = tuple[int, int, int]
Row: TypeAlias = tuple[Any, ...]

ORPHANS = "comments, labels and privileges on what is not read"


@dataclass
class Harvest:
    """The rows of one transaction, as the server sent them.

    `families`: column names and rows of facts; `about`: rows about other facts; `aliases`: addresses that stand for
    another one; `depends`: pairs of addresses; `counts`: side, phrase, number.
    """

    version: int = 0
    families: list[tuple[Sequence[str], list[Row]]] = field(default_factory=list)
    about: list[Row] = field(default_factory=list)
    aliases: list[Row] = field(default_factory=list)
    depends: list[Row] = field(default_factory=list)
    counts: list[Row] = field(default_factory=list)


_FIXED = 8
"""Columns that every family begins with: kind, name, the object's address, its parent's address."""


def assemble(harvest: Harvest) -> Schema:
    """Facts from rows: first those that stand alone, then those about others, then what needs what."""
    ids: dict[Address, FactId] = {}
    found: list[tuple[FactId, Address, dict[str, Value]]] = []
    for columns, rows in harvest.families:
        for row, attributes in zip(rows, _attributes(columns, rows), strict=True):
            fact_id = FactId(row[0], tuple(row[1]))
            ids[row[2:5]] = fact_id
            found.append((fact_id, row[5:8], attributes))
    aliases = {row[0:3]: row[3:6] for row in harvest.aliases}
    facts = {id_: Fact(id_, attributes, ids.get(parent)) for id_, parent, attributes in found}
    excluded: dict[str, int] = {}
    not_covered: dict[str, int] = {}
    for side, phrase, count in harvest.counts:
        (excluded if side == "excluded" else not_covered)[phrase] = count
    for kind, prefix, suffix, *address, other_kind, other_name, stated in harvest.about:
        about = ids.get(tuple(address)) or (FactId(other_kind, tuple(other_name)) if other_kind else None)
        parent = about if about in facts else _resolve(tuple(address), ids, aliases)
        if about is None:
            if parent is None:
                not_covered[ORPHANS] = not_covered.get(ORPHANS, 0) + 1
            continue
        id_ = FactId(kind, (*(prefix or ()), about.kind, *about.name, *(suffix or ())))
        facts[id_] = Fact(id_, stated, parent)
    return Schema(facts, harvest.version, not_covered, excluded, _edges(harvest.depends, ids, aliases))


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
