"""Which differences a foreign engine's statement settles, and which values it cuts.

The native planner knows what it writes a statement for. An engine's statement is matched by the names in it: that
decides nothing but where a person reads about it. Cut values are a matter of types, by the tables of the judge.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from drift_pipeline.diff.differences import Change, Difference
from drift_pipeline.judge.types import Loss, family, narrowing
from drift_pipeline.plan.native.quote import dotted, quote_ident
from drift_pipeline.plan.statements import Statement
from drift_pipeline.schema.facts import FactId

_IDENTIFIER = re.compile(r'"(?P<quoted>(?:[^"]|"")*)"|(?P<bare>[^\x00-@\[-^`{-\x7f][^\x00-#%-/:-@\[-^`{-\x7f]*)')
_KEYS = frozenset({"primary_key", "unique", "foreign_key", "exclusion"})
_ABOUT_OTHERS = frozenset({"comment", "privilege"})
_EXPLICIT_CAST = re.compile(r"\busing\b", re.IGNORECASE)
VALUES = "values"
"""What `drops` calls values that a change of type cuts."""


def attributed(
    statements: Sequence[Statement], differences: Sequence[Difference], left: Sequence[Difference] = ()
) -> list[Statement]:
    """The statements with `settles` and with the loss of cut values. `differences`: from where the statements begin;
    `left`: those that are there when all have run."""
    replaced = _replaced(differences, {item.after.id for item in left if item.after is not None})
    told = (_with_cuts(_with_settles(statement, differences), differences) for statement in statements)
    return [_without_replaced(statement, replaced) for statement in told]


def _replaced(differences: Sequence[Difference], lacking: Collection[FactId]) -> tuple[str, ...]:
    """What keys and indexes are called that are there under another name, and in another form, when all is done."""
    names = []
    for item in differences:
        if item.change is Change.RENAMED and item.before and item.after and item.after.id not in lacking:
            schema, table, *rest = item.before.id.name
            if item.id.kind in _KEYS:
                names.append(f" {quote_ident(rest[0])} on {dotted(schema, table)}")
            elif item.id.kind == "index":
                names.append(f" {schema}.{rest[0]}")
    return tuple(names)


def _without_replaced(statement: Statement, replaced: tuple[str, ...]) -> Statement:
    """The drop of something that another statement makes again under another name loses nothing."""
    lost = tuple(drop for drop in statement.drops if not (replaced and drop.endswith(replaced)))
    return statement if lost == statement.drops else replace(statement, drops=lost, destructive=bool(lost))


def _with_settles(statement: Statement, differences: Sequence[Difference]) -> Statement:
    if statement.settles:
        return statement
    names = _identifiers(statement.sql)
    matches = [(len(path), item.key) for item in differences if (path := _path(item)) and set(path) <= names]
    deepest = max((depth for depth, _ in matches), default=0)
    return replace(statement, settles=tuple(key for depth, key in matches if depth == deepest))


def _path(difference: Difference) -> tuple[str, ...]:
    """The names that a statement about the difference has to hold, the schema aside (which may be left out)."""
    name = difference.id.name
    if difference.id.kind in _ABOUT_OTHERS:
        name = name[1:]
    return name[1:] if len(name) > 1 else name


def _identifiers(sql: str) -> set[str]:
    found = set()
    for match in _IDENTIFIER.finditer(sql):
        found.add(match["quoted"].replace('""', '"') if match["quoted"] is not None else match["bare"].lower())
        if match["bare"]:
            found.add(match["bare"])
    return found


def _with_cuts(statement: Statement, differences: Sequence[Difference]) -> Statement:
    cuts = []
    for item in differences:
        if item.id.kind != "column" or item.change is not Change.CHANGED:
            continue
        if ".".join(item.id.name[:2]) not in statement.rewrites or item.id.name[-1] not in _identifiers(statement.sql):
            continue
        for change in item.attributes:
            loss = narrowing(str(change.before), str(change.after)) if change.name == "type" else None
            if loss and (loss.loss is Loss.CUT or _cuts_off(statement, str(change.after))):
                cuts.append(f"{VALUES} of column {'.'.join(item.id.name)}: {loss.text}")
    if not cuts:
        return statement
    return replace(statement, destructive=True, drops=(*statement.drops, *cuts))


def _cuts_off(statement: Statement, type_text: str) -> bool:
    """An assignment refuses what does not fit; the explicit cast after USING cuts texts off without a word."""
    return family(type_text) in {"text", "bits"} and bool(_EXPLICIT_CAST.search(statement.sql))
