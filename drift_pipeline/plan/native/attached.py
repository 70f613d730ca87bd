"""What a partition has of its parent's index or key, written as if it were the partition's own.

It is no fact as long as the parent's is complete. Where it has to be made by itself, it gets the name that the target's
partition has for it, or else the one that the server would choose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from drift_pipeline.plan.native.quote import dotted, quote_ident
from drift_pipeline.plan.native.steps import listed, mapped, text
from drift_pipeline.schema.facts import Fact, FactId

MAX_NAME_BYTES = 63
_ENDINGS: Mapping[str, str] = {"primary_key": "pkey", "unique": "key", "exclusion": "excl", "index": "idx"}


def part_for(index: Fact, partition: Fact | None, taken: Mapping[FactId, Fact]) -> Fact | None:
    """The part of a parent's index or key on a partition; None where its definition cannot be told. `taken`: facts
    whose names are in use. Source of the partition's name for it: the hint `_attached_indexes`."""
    if partition is None:
        return None
    definition, name = text(index, "_definition"), _usual_name(index, partition.id, taken)
    if index.id.kind == "index":
        end = _end(index)
        if not end:
            return None
        named = (name for name, other in _hinted(partition).items() if other.endswith(end))
        name = next((each for each in sorted(named) if not _in_use(each, partition.id, taken)), name)
        definition = f"{_head(index)}{quote_ident(name)} ON {dotted(*partition.id.name)}{end}"
    attributes = {**index.attributes, "_definition": definition, "valid": True}
    attributes["partition_of"] = [index.id.name[0], index.id.name[2]]
    key = FactId(index.id.kind, (*partition.id.name, name))
    return replace(index, id=key, parent=partition.id, attributes=attributes)


def _head(index: Fact) -> str:
    return f"CREATE {'UNIQUE ' if index.attributes.get('unique') else ''}INDEX "


def _end(index: Fact) -> str:
    """What follows the table's name in the definition of a partitioned index: it holds for each partition."""
    table = dotted(*index.id.name[:2])
    printed = text(index, "_definition")
    begin = f"{_head(index)}{quote_ident(index.id.name[2])} ON ONLY {table} "
    return f" {printed.removeprefix(begin)}" if printed.startswith(begin) else ""


def _hinted(partition: Fact) -> dict[str, str]:
    return {name: str(definition) for name, definition in mapped(partition, "_attached_indexes").items()}


def _usual_name(index: Fact, partition: FactId, taken: Mapping[FactId, Fact]) -> str:
    """As the server names it: table, columns, kind; with a number where that is taken."""
    ending = _ENDINGS[index.id.kind]
    for number in range(len(taken) + 1):
        words = [*_columns(index), f"{ending}{number or ''}"]
        rest = "_".join(words if index.id.kind != "primary_key" else words[-1:])
        name = f"{_cut(partition.name[-1], MAX_NAME_BYTES - len(rest.encode()) - 1)}_{rest}"
        if not _in_use(name, partition, taken):
            break
    return _cut(name, MAX_NAME_BYTES)


def _columns(index: Fact) -> list[str]:
    if index.id.kind != "index":
        return listed(index, "columns")
    quoted = {quote_ident(name): name for name in listed(index, "_columns")}
    keys = index.attributes.get("keys")
    names = [str(key.get("key")) for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
    return [*(quoted.get(name) or _of_expression(name) for name in names), *listed(index, "include")]


def _of_expression(printed: str) -> str:
    """A call is called by its function, anything else by a general word."""
    call = re.match(r"(\w+)\(", printed)
    return call[1] if call else "expr"


def _in_use(name: str, table: FactId, taken: Mapping[FactId, Fact]) -> bool:
    own = ("index", "primary_key", "unique", "exclusion")
    relations = ("table", "foreign_table", "view", "materialized_view", "sequence", "composite")
    return any(FactId(kind, (table.name[0], name)) in taken for kind in relations) or any(
        key.kind in own and (key.name[0], key.name[2]) == (table.name[0], name) for key in taken
    )


def _cut(name: str, length: int) -> str:
    encoded = name.encode()
    return name if len(encoded) <= length else encoded[: max(length, 0)].decode(errors="ignore")
