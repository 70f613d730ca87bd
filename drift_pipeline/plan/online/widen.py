"""Changing a column's type while its table is in use: expand and contract.

A new column stands beside the old one. A trigger keeps it up to date, a backfill fills it, indexes and constraints are
built on it; then it takes the old one's place in one short transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from drift_pipeline.plan.native.quote import dotted, quote_ident, quote_literal
from drift_pipeline.plan.native.rules.identity import identity_words
from drift_pipeline.plan.online.draft import (
    NOT_NULL_CAN_WAIT,
    Scene,
    Ways,
    beside,
    brief,
    label,
    outside,
    reading,
    said,
    with_column,
    words_of,
)
from drift_pipeline.plan.online.rows import backfill
from drift_pipeline.plan.statements import Statement, Step
from drift_pipeline.schema.facts import Fact, FactId

_MOVES_ALONG = frozenset({"index", "unique", "primary_key", "check", "foreign_key", "not_null"})
"""What needs a column and can be built on the new one."""
_LATER = frozenset({"comment", "view", "materialized_view", "rule"})
"""What the plan itself takes off and puts on again; if it does not, the old column cannot go, and the proof says so."""
_INDEX_HEAD = re.compile(r"CREATE (?P<unique>UNIQUE )?INDEX .*? USING (?P<rest>\w+ \(.*)", re.DOTALL)
_KEY_COLUMNS = re.compile(r"(?P<kind>UNIQUE|PRIMARY KEY)(?P<nulls> NULLS NOT DISTINCT)? (?P<rest>\(.*)", re.DOTALL)

_IDENTITY = (Path(__file__).parent / "identity.sql").read_text().strip()
_FORMS = {"index": _INDEX_HEAD, "unique": _KEY_COLUMNS, "primary_key": _KEY_COLUMNS}
"""How what is built on an index beforehand has to be printed."""


def expand(scene: Scene, statement: Statement, table: tuple[str, ...], column: str, *, using: str) -> Ways:
    """The steps that give a column another type. `using`: the plan's own expression for the values."""
    before, after = scene.column(table, column)
    if before is None or after is None:
        return Ways(why_not="the column is not the same one before and after")
    change = _Change(scene, statement, table, before, after, using)
    why_not = change.objection
    return Ways(why_not=why_not) if why_not else change.ways()


@dataclass(frozen=True)
class _Change:
    """One column and all that needs it."""

    scene: Scene
    statement: Statement
    table: tuple[str, ...]
    before: Fact
    after: Fact
    using: str

    @property
    def column(self) -> str:
        return self.before.id.name[-1]

    @cached_property
    def new(self) -> str:
        """The new column's name, as an identifier."""
        return quote_ident(beside(self.column, "__new"))

    @property
    def old(self) -> str:
        return quote_ident(self.column)

    @property
    def head(self) -> str:
        return f"ALTER TABLE {dotted(*self.table)}"

    # ------------------------------------------------------------------ what needs the column

    @cached_property
    def dependents(self) -> list[FactId]:
        """What needs the column when its turn comes, privileges and the like included."""
        own = [key for key in self.scene.needed_by.get(self.before.id, ()) if key not in self.scene.gone]
        own += [
            fact.id
            for fact in self.scene.source.of_kind("privilege")
            if fact.id.name[:-1] == ("column", *self.before.id.name)
        ]
        return [key for key in own if key.kind not in _LATER]

    @property
    def objection(self) -> str:
        """Why it cannot be done so; empty if it can."""
        return next(self._objections(), "")

    def _objections(self) -> Iterator[str]:
        for name, words in {
            "generated": "it is a generated column", "inherited": "it belongs to the table's parent",
        }.items():  # fmt: skip
            if self.before.attributes.get(name) or self.after.attributes.get(name):
                yield words
        if bool(self.before.attributes.get("identity")) != bool(self.after.attributes.get("identity")):
            yield "it begins or ceases to number the rows itself"
        table = self.scene.table(self.table)
        if table is None or table.attributes.get("inherits") or table.attributes.get("partition_of"):
            yield f"{label(self.table)} is an heir or a partition"
        if table is not None and table.attributes.get("force_row_security"):
            yield f"policies may hide rows of {label(self.table)} from its own owner"
        others = {
            fact.id.name[-1]
            for fact in self.scene.source.of_kind("column")
            if fact.id.name[:2] == self.table and fact.id != self.before.id
        }
        if others & words_of(self.using):
            yield "other columns decide about its values"
        for key in self.dependents:
            if key.kind not in _MOVES_ALONG:
                yield f"{key} needs it"
            elif not self.scene.same(key) and key.kind != "not_null":
                yield f"{key} needs it and changes as well"
            elif (form := _FORMS.get(key.kind)) and not form.match(self._definition(key)):
                yield f"{key} needs it"

    def _definition(self, key: FactId) -> str:
        return str(self.scene.source.facts[key].attributes.get("_definition") or "")

    def _of(self, *kinds: str) -> list[FactId]:
        """Dependents of these kinds on the table itself; a foreign key within it is one of others, too."""
        return [key for key in self.dependents if key.kind in kinds and key.name[:2] == self.table]

    def _points_here(self, key: FactId) -> bool:
        fact = self.scene.source.facts[key]
        columns = fact.attributes.get("referenced_columns")
        here = fact.attributes.get("references") == list(self.table)
        return here and isinstance(columns, list) and self.column in columns

    @cached_property
    def incoming(self) -> list[FactId]:
        """Foreign keys that reference the column."""
        return [key for key in self.dependents if key.kind == "foreign_key" and self._points_here(key)]

    # ------------------------------------------------------------------ the steps

    def ways(self) -> Ways:
        """Before: all that takes time. Core: the new column takes the old one's place. After: what needs reading."""
        return Ways(
            core=tuple(self._core()),
            before=(*self._column_and_trigger(), *self._values(), *self._indexes(), *self._constraints()),
            after=tuple(self._validated(key) for key in self.incoming),
            title=f"Put the new column {self.column} of {label(self.table)} in the old one's place",
            kept=frozenset({f"column {label(self.table)}.{self.column}"}),
        )

    def _said(self, sql: str) -> Statement:
        return said(self.statement, sql)

    def _column_and_trigger(self) -> list[Step]:
        collation = self.after.attributes.get("collation")
        type_text = f"{self.after.attributes['type']}" + (f" COLLATE {collation}" if collation else "")
        value = with_column(self.using, self.column, f"NEW.{self.old}") if self.using else f"NEW.{self.old}"
        body = f"BEGIN NEW.{self.new} := {value}; RETURN NEW; END"
        function = (
            f"CREATE OR REPLACE FUNCTION {self._function}() RETURNS trigger LANGUAGE plpgsql AS $sync$ {body} $sync$"
        )
        trigger = (
            f"CREATE TRIGGER {self._trigger} BEFORE INSERT OR UPDATE ON {dotted(*self.table)}"
            f" FOR EACH ROW EXECUTE FUNCTION {self._function}()"
        )
        what = f"{label(self.table)}.{self.column}"
        return [
            brief(f"Add a column beside {what}, empty", self._said(f"{self.head} ADD COLUMN {self.new} {type_text}")),
            brief(f"Keep it up to date with what is written to {what}", self._said(function), self._said(trigger)),
        ]

    @property
    def _function(self) -> str:
        return dotted(*self.table[:-1], beside(f"{self.table[-1]}_{self.column}", "__sync"))

    @property
    def _trigger(self) -> str:
        # triggers fire in the order of their names: this one after those that change the value
        return quote_ident(beside(f"zz_{self.table[-1]}_{self.column}", "__sync"))

    def _values(self) -> list[Step]:
        value = self.using or self.old
        # json has no equality; with an expression of the plan's own, a value may become NULL
        left = (
            f"{self.new} IS DISTINCT FROM ({value})" if self.using else f"{self.new} IS NULL AND {self.old} IS NOT NULL"
        )
        steps = [
            backfill(self.statement, self.table, f"{self.new} = {value}", left, major=self.scene.major, complete=True)
        ]
        if self._not_null:
            rule = f"NOT NULL {self.new}" if self._named else f"CHECK ({self.new} IS NOT NULL)"
            add = f"{self.head} ADD CONSTRAINT {self._is_set} {rule} NOT VALID"
            steps += [
                brief(f"Refuse new rows without a new {self.column}", self._said(add)),
                reading(f"Read the rows of {label(self.table)} for it while it is in use",
                        self._said(self._validate(self._is_set))),
            ]  # fmt: skip
        if self._not_null and not self._named:
            make = self._said(f"{self.head} ALTER COLUMN {self.new} SET NOT NULL")
            steps.append(brief(f"Make the new {self.column} NOT NULL: the check has read the rows", make))
        return steps

    @property
    def _not_null(self) -> bool:
        return bool(self.before.attributes.get("not_null") and self.after.attributes.get("not_null"))

    @property
    def _named(self) -> bool:
        """From 18 on a NOT NULL is a constraint with a name, which may wait for being validated."""
        return self.scene.major >= NOT_NULL_CAN_WAIT

    @property
    def _is_set(self) -> str:
        return quote_ident(beside(f"{self.table[-1]}_{self.column}", "__is_set"))

    def _validate(self, constraint: str) -> str:
        return f"{self.head} VALIDATE CONSTRAINT {constraint}"

    def _renamed(self, text: str) -> str:
        return with_column(text, self.column, self.new)

    def _indexes(self) -> list[Step]:
        steps = []
        for key in self._of("index", "unique", "primary_key"):
            new = beside(key.name[-1], "__new")
            at = f"{quote_ident(new)} ON {dotted(*self.table)}"
            definition = self._definition(key)
            if key.kind == "index":
                match = _INDEX_HEAD.match(definition)
                unique = (match and match["unique"]) or ""
                build = f"CREATE {unique}INDEX CONCURRENTLY {at} USING {self._renamed(match['rest'] if match else '')}"
            else:
                build = f"CREATE UNIQUE INDEX CONCURRENTLY {at} {self._key(key)[1]}"
            sweep = self._said(f"DROP INDEX CONCURRENTLY IF EXISTS {dotted(*self.table[:-1], new)}")
            title = f"Build index {key.name[-1]} on the new column"
            steps.append(outside(title, sweep, self._said(build)))
        return steps

    def _key(self, key: FactId) -> tuple[str, str, str]:
        """A unique constraint or primary key: its kind, its index on the new column, and what follows USING INDEX."""
        match = _KEY_COLUMNS.match(self._definition(key))
        if match is None:
            return "", "", ""
        columns, tail, deferrable = match["rest"].partition(" DEFERRABLE")
        rest = self._renamed(columns) + (" NULLS NOT DISTINCT" if match["nulls"] else "")
        return match["kind"], rest, tail + deferrable

    def _constraints(self) -> list[Step]:
        steps = []
        for key in self._of("check", "foreign_key"):
            if key in self.incoming:
                continue
            name = quote_ident(beside(key.name[-1], "__new"))
            definition = self._definition(key)
            if key.kind == "foreign_key":
                columns, references, rest = definition.partition(" REFERENCES ")
                definition = self._renamed(columns) + references + rest
            else:
                definition = self._renamed(definition)
            valid = not definition.endswith(" NOT VALID")
            add = f"{self.head} ADD CONSTRAINT {name} {definition}" + (" NOT VALID" if valid else "")
            steps.append(brief(f"Add {key.name[-1]} on the new column, for new rows", self._said(add)))
            if valid:
                title = f"Read the rows for {key.name[-1]} while {label(self.table)} is in use"
                steps.append(reading(title, self._said(self._validate(name))))
        return steps

    def _core(self) -> Iterator[Statement]:
        for key in self.incoming:
            yield self._said(f"ALTER TABLE {dotted(*key.name[:2])} DROP CONSTRAINT {quote_ident(key.name[-1])}")
        yield self._said(f"DROP TRIGGER {self._trigger} ON {dotted(*self.table)}")
        yield self._said(f"DROP FUNCTION {self._function}()")
        for sequence in self.scene.source.of_kind("sequence"):
            if sequence.attributes.get("owned_by") == list(self.before.id.name):
                owner = f"{dotted(*self.table)}.{self.new}"
                yield self._said(f"ALTER SEQUENCE {dotted(*sequence.id.name)} OWNED BY {owner}")
        taken: tuple[str, ...] = (
            f"{self.head} DROP COLUMN {self.old}",
            f"{self.head} RENAME COLUMN {self.new} TO {self.old}",
        )
        if self.after.attributes.get("identity"):
            taken = (self._numbered_on(taken),)
        for sql in taken:  # what the new type cannot hold is lost with the old column
            yield replace(self._said(sql), destructive=self.statement.destructive, drops=self.statement.drops)
        if self._not_null:
            name = quote_ident(self.scene.not_null_name(self.table, self.column))
            last = f"RENAME CONSTRAINT {self._is_set} TO {name}" if self._named else f"DROP CONSTRAINT {self._is_set}"
            yield self._said(f"{self.head} {last}")
        if (default := self.before.attributes.get("default")) == self.after.attributes.get("default") and default:
            yield self._said(f"{self.head} ALTER COLUMN {self.old} SET DEFAULT {default}")
        yield from self._names()
        for key in self.incoming:
            text = self._definition(key).removesuffix(" NOT VALID")
            home = f"ALTER TABLE {dotted(*key.name[:2])}"
            yield self._said(f"{home} ADD CONSTRAINT {quote_ident(key.name[-1])} {text} NOT VALID")

    def _numbered_on(self, taken: tuple[str, ...]) -> str:
        """The same where the column numbers the rows itself: the new sequence goes on where the old one stood."""
        sequence = (
            f"pg_catalog.pg_get_serial_sequence({quote_literal(dotted(*self.table))}, {quote_literal(self.column)})"
        )
        numbered = f"{self.head} ALTER COLUMN {self.old} ADD GENERATED {identity_words(self.after)}"
        statements = ";\n    ".join((*taken, numbered))
        texts = {"%sequence%": sequence, "%statements%": statements}
        return re.sub("|".join(texts), lambda match: texts[match.group()], _IDENTITY)

    def _names(self) -> Iterator[Statement]:
        """Indexes and constraints get the names of those that went with the old column."""
        for key in self._of("index", "unique", "primary_key"):
            new, name = beside(key.name[-1], "__new"), quote_ident(key.name[-1])
            if key.kind == "index":
                yield self._said(f"ALTER INDEX {dotted(*self.table[:-1], new)} RENAME TO {name}")
                continue
            kind, _, tail = self._key(key)
            yield self._said(f"{self.head} ADD CONSTRAINT {name} {kind} USING INDEX {quote_ident(new)}{tail}")
        for key in self._of("check", "foreign_key"):
            if key not in self.incoming:
                new = quote_ident(beside(key.name[-1], "__new"))
                yield self._said(f"{self.head} RENAME CONSTRAINT {new} TO {quote_ident(key.name[-1])}")

    def _validated(self, key: FactId) -> Step:
        sql = f"ALTER TABLE {dotted(*key.name[:2])} VALIDATE CONSTRAINT {quote_ident(key.name[-1])}"
        return reading(f"Read the rows of {label(key.name[:2])} for {key.name[-1]} while it is in use", self._said(sql))
