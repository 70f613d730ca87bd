"""The words of the models room: fault, and the subject that it is about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from drift_pipeline.schema.facts import Fact, Schema
from drift_pipeline.schema.scope import leave_out

# kinds of facts that a statement of each kind makes; a table takes along whatever its name begins
_MAKES: dict[str, frozenset[str]] = {
    "table": frozenset({"table", "foreign_table", "view", "materialized_view"}),
    "index": frozenset({"index", "unique"}),
    "constraint": frozenset({"primary_key", "unique", "check", "foreign_key", "exclusion", "index"}),
    "type": frozenset({"enum", "domain", "composite", "range"}),
    "sequence": frozenset({"sequence"}),
    "schema": frozenset({"schema"}),
}
_OF_A_TABLE = frozenset(
    {"column", "primary_key", "unique", "check", "foreign_key", "exclusion", "not_null", "index", "trigger", "policy"}
    | {"rule"}
)
_ABOUT_OTHERS = ("comment", "privilege")

EXCLUDED = "faults of the models"
"""The reason under which facts that a fault hides are counted."""


@dataclass(frozen=True)
class Subject:
    """What a statement of the models makes: kind (table, index, constraint ...) and name from the outside in.

    `columns`: of an index or a constraint, which may have no name yet.
    """

    kind: str
    name: tuple[str, ...]
    columns: tuple[str, ...] = ()

    def is_made_of(self, fact: Fact) -> bool:
        """Whether a fact, live or declared, is what this would have made, or goes away with it."""
        kind, name = fact.id.kind, fact.id.name
        if kind in _ABOUT_OTHERS:
            # a privilege's name goes on with its grantee
            kind, name = name[0], name[1 : len(self.name) + 1]
        if self.kind == "table" and kind in _OF_A_TABLE:
            return name[:2] == self.name
        if kind not in _MAKES.get(self.kind, frozenset()):
            return False
        if self.kind in ("index", "constraint") and (not self.name[-1] or name != self.name):
            # without a name: the same columns of the same table
            columns = fact.attributes.get("columns", fact.attributes.get("_columns"))
            return not self.name[-1] and name[:2] == self.name[:2] and bool(columns) and columns == list(self.columns)
        return name == self.name


@dataclass(frozen=True)
class ModelFault:
    """Something that the models declare and PostgreSQL refuses to build: a fault of the models, no drift.

    `what`: the object, such as `index public.ix_orders_total`. `message`: the server's. `location`: file and line.
    """

    what: str
    message: str
    location: str = ""
    subject: Subject | None = None


def without_faulty(schema: Schema, faults: Collection[ModelFault]) -> Schema:
    """A schema without the facts that the faults are about, counted in `excluded`.

    Applied to both sides: nothing is said about what could not be built, least of all that it should be dropped.
    """
    subjects = [fault.subject for fault in faults if fault.subject is not None and fault.subject.kind]
    if not subjects:
        return schema
    made = [key for key, fact in schema.facts.items() if any(each.is_made_of(fact) for each in subjects)]
    return leave_out(schema, made, EXCLUDED)
