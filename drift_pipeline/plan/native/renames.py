"""Renames: the same constraint, index or sequence under another name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from drift_pipeline.plan.native.address import CONSTRAINTS, claims, name_of, noun, table_of
from drift_pipeline.plan.native.quote import dotted, quote_ident
from drift_pipeline.plan.native.situation import Situation
from drift_pipeline.plan.native.steps import Phase, Sql, Step
from drift_pipeline.schema.facts import FactId


def rename_steps(situation: Situation) -> Iterator[Step]:
    """One step for each rename."""
    for old, new in situation.renames:
        fact = situation.source[new]
        before = claims(replace(fact, id=old))
        yield Step(
            tuple(rename(old, new.name[-1])),
            Phase.RENAME,
            (*new.name,),
            about=frozenset({new}),
            frees=before,
            takes=claims(fact) - before,
        )


def rename(old: FactId, name: str) -> Sql:
    """The statement that renames; none for kinds that have no rule for it."""
    if old.kind == "domain_check":
        head = f"ALTER DOMAIN {table_of(old)} RENAME CONSTRAINT {quote_ident(old.name[2])}"
    elif old.kind in CONSTRAINTS:
        head = f"ALTER TABLE {table_of(old)} RENAME CONSTRAINT {quote_ident(old.name[2])}"
    elif old.kind in ("trigger", "rule", "policy"):
        head = f"ALTER {noun(old.kind)} {name_of(old)} RENAME"
    elif old.kind == "column":
        head = f"ALTER TABLE {table_of(old)} RENAME COLUMN {quote_ident(old.name[2])}"
    elif old.kind == "index":
        head = f"ALTER INDEX {dotted(old.name[0], old.name[2])} RENAME"
    elif noun(old.kind):
        head = f"ALTER {noun(old.kind)} {name_of(old)} RENAME"
    else:
        return []
    return [f"{head} TO {quote_ident(name)}"]
