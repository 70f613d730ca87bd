"""Whether a repair is needed where a revision runs: one history serves many databases.

What somebody did by hand in production did not happen on staging, on a laptop, or in a database that is made anew. So a
revision looks at the catalogs before it creates, drops or renames something, and leaves alone what is as it should be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drift_pipeline.diff.differences import Change, Difference
from drift_pipeline.plan.native.address import CONSTRAINTS, RELATIONS, TYPES
from drift_pipeline.plan.native.quote import dotted, quote_ident, quote_literal
from drift_pipeline.schema.facts import FactId


@dataclass(frozen=True)
class Guard:
    """`key`: of the difference; `comment`: for people; `question`: SQL that is true where the repair is needed.

    Without a question the repair always runs: changing something to what it is already does nothing.
    """

    key: str
    comment: str
    question: str = ""


_IN_A_TABLE: Mapping[str, tuple[str, str, str]] = {
    **dict.fromkeys(CONSTRAINTS, ("pg_constraint", "conrelid", "conname")),
    "column": ("pg_attribute", "attrelid", "attname"),
    "trigger": ("pg_trigger", "tgrelid", "tgname"),
    "policy": ("pg_policy", "polrelid", "polname"),
    "rule": ("pg_rewrite", "ev_class", "rulename"),
}
"""Kinds whose third name stands in a catalog beside their table: catalog, its column for the table and for the name."""


def guards_for(differences: Iterable[Difference]) -> list[Guard]:
    """A guard for each difference, in their order."""
    return [Guard(each.key, f"{each.change}: {each.id}", _question(each)) for each in differences]


def _question(difference: Difference) -> str:
    if difference.change is Change.ADDED and difference.after:
        there = existence(difference.after.id)
        return f"SELECT NOT ({there})" if there else ""
    if difference.change in (Change.REMOVED, Change.RENAMED) and difference.before:
        there = existence(difference.before.id)
        return f"SELECT {there}" if there else ""
    return ""


def existence(fact_id: FactId) -> str:
    """An SQL expression that is true where such an object exists; empty for kinds that have no simple one."""
    kind, name = fact_id.kind, fact_id.name
    if kind in (*RELATIONS, "index"):
        # an index is known by its table in our facts, and by its schema in PostgreSQL's
        return f"pg_catalog.to_regclass({quote_literal(dotted(name[0], name[-1]))}) IS NOT NULL"
    if kind in TYPES:
        return f"pg_catalog.to_regtype({quote_literal(dotted(*name[:2]))}) IS NOT NULL"
    if kind == "schema":
        return f"pg_catalog.to_regnamespace({quote_literal(quote_ident(name[0]))}) IS NOT NULL"
    if kind in _IN_A_TABLE:
        catalog, table, column = _IN_A_TABLE[kind]
        dropped = " AND NOT attisdropped" if kind == "column" else ""
        return (
            f"EXISTS (SELECT FROM pg_catalog.{catalog} WHERE {column} = {quote_literal(name[2])} AND "
            f"{table} = pg_catalog.to_regclass({quote_literal(dotted(*name[:2]))}){dropped})"
        )
    return ""
