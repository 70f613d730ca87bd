"""Statements of the native planner as Alembic's own operations, where there is one that makes the same statement.

What the statement is about is read from its text, which the planner writes in few shapes; what it makes, from the facts
that the plan leads to. Whether the operation makes the statement is not believed here: Alembic writes it as SQL
(`models/process/operations.py`), and the proof of the revision compares the facts afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from drift_pipeline.plan.native.rules.columns import position
from drift_pipeline.plan.revisions.runner import AlembicRunner
from drift_pipeline.plan.revisions.source import call, literal, text_call
from drift_pipeline.plan.revisions.types import type_source
from drift_pipeline.plan.statements import Statement
from drift_pipeline.schema.facts import Fact, FactId, Schema

_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_TABLE = rf"(?P<schema>{_NAME})\.(?P<table>{_NAME})"
_COLUMN = rf"(?P<column>{_NAME})"
_CONSTRAINT = rf"(?P<name>{_NAME})"
_ALTER = rf"ALTER TABLE {_TABLE} "
_COLUMN_OF = rf"{_ALTER}ALTER COLUMN {_COLUMN} "


@dataclass(frozen=True)
class Place:
    """What a statement is about, with the names as they are stored. `rest`: what else its shape names."""

    schema: str
    table: str = ""
    column: str = ""
    name: str = ""
    rest: str = ""


Write = Callable[["Operations", Place], list[str]]


class Operations:
    """The operations of one direction. `before`, `after`: the schemas that it leads from and to."""

    def __init__(self, before: Schema, after: Schema, default_schema: str) -> None:
        self.before, self.after = before, after
        self.default_schema = default_schema

    def of(self, sql: str) -> list[str]:
        """The operation for a statement as lines of source; none where SQL says it better or alone."""
        if _NO_WORDS.search(sql):
            return []
        for shape, write in _SHAPES.items():
            if match := shape.fullmatch(sql.strip()):
                found = {key: _stored(value) for key, value in match.groupdict().items() if value and key != "rest"}
                place = Place(**found, rest=match.groupdict().get("rest") or "")
                return write(self, place)
        return []

    def schema(self, name: str, argument: str = "schema") -> list[str]:
        """The argument that names a schema, unless it is the one that everything without is in."""
        return [] if name == self.default_schema else [f"{argument}={literal(name)}"]

    def made(self, kind: str, *name: str) -> Fact | None:
        """The fact that the statement makes."""
        return self.after.facts.get(FactId(kind, name))

    def gone(self, kind: str, *name: str) -> Fact | None:
        """The fact that the statement takes away."""
        return self.before.facts.get(FactId(kind, name))


_NO_WORDS = re.compile(r"\b(?:NOT VALID|USING INDEX|IF (?:NOT )?EXISTS|ONLY)\b")
"""What only SQL says, whatever the facts are in the end."""


def _stored(identifier: str) -> str:
    return identifier[1:-1].replace('""', '"') if identifier.startswith('"') else identifier


# ---------------------------------------------------------------- tables and columns

_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")


def _column_source(fact: Fact) -> str:
    """`sa.Column(…)`; empty where SQLAlchemy has no words for what the column is."""
    stated = fact.attributes
    kind = type_source(str(stated["type"]))
    special = ("generated", "identity", "collation", "foreign_options", "inherited")
    if not kind or any(stated.get(name) for name in special):
        return ""
    arguments = [literal(fact.id.name[-1]), kind]
    if stated.get("default") is not None:
        arguments.append(f"server_default={text_call(str(stated['default']))}")
    arguments.append(f"nullable={not stated.get('not_null')}")
    return f"sa.Column({', '.join(arguments)})"


def _says_the_same(sql: str, columns: list[str]) -> bool:
    """Whether the statement says at once what the columns have in the end: a default may have to wait for others."""
    plain = _QUOTED.sub("''", sql)
    defaults = sum("server_default=" in each for each in columns)
    not_null = sum("nullable=False" in each for each in columns)
    return plain.count(" DEFAULT ") == defaults and plain.count(" NOT NULL") == not_null


def _add_column(operations: Operations, place: Place) -> list[str]:
    fact = operations.made("column", place.schema, place.table, place.column)
    column = _column_source(fact) if fact else ""
    if not column or not _says_the_same(place.rest, [column]):
        return []
    return call("op.add_column", [literal(place.table), column, *operations.schema(place.schema)])


def _drop_column(operations: Operations, place: Place) -> list[str]:
    return call("op.drop_column", [literal(place.table), literal(place.column), *operations.schema(place.schema)])


def _create_table(operations: Operations, place: Place) -> list[str]:
    table = operations.made("table", place.schema, place.table)
    if table is None or any(
        table.attributes.get(name) for name in ("partition_of", "partition_key", "inherits", "of_type", "options")
    ):
        return []
    facts = [each for each in operations.after.of_kind("column") if each.parent == table.id]
    columns = [_column_source(each) for each in sorted(facts, key=position)]
    if not all(columns) or not _says_the_same(place.rest, columns):
        return []
    return call("op.create_table", [literal(place.table), *columns, *operations.schema(place.schema)])


def _drop_table(operations: Operations, place: Place) -> list[str]:
    return call("op.drop_table", [literal(place.table), *operations.schema(place.schema)])


def _altered(argument: Callable[[Place], list[str]]) -> Write:
    def write(operations: Operations, place: Place) -> list[str]:
        arguments = argument(place)
        if not arguments:
            return []
        names = [literal(place.table), literal(place.column)]
        return call("op.alter_column", [*names, *arguments, *operations.schema(place.schema)])

    return write


def _new_type(place: Place) -> list[str]:
    name, _, using = place.rest.partition(" USING ")
    kind = type_source(name)
    if not kind or " COLLATE " in name:
        return []
    return [f"type_={kind}", *([f"postgresql_using={literal(using)}"] if using else [])]


def _comment_on_table(operations: Operations, place: Place) -> list[str]:
    fact = operations.made("comment", "table", place.schema, place.table)
    names = [literal(place.table), *operations.schema(place.schema)]
    if fact is None:
        return call("op.drop_table_comment", names)
    return call("op.create_table_comment", [names[0], literal(str(fact.attributes["text"])), *names[1:]])


def _comment_on_column(operations: Operations, place: Place) -> list[str]:
    fact = operations.made("comment", "column", place.schema, place.table, place.column)
    text = literal(str(fact.attributes["text"])) if fact else "None"
    names = [literal(place.table), literal(place.column), f"comment={text}"]
    return call("op.alter_column", [*names, *operations.schema(place.schema)])


# ---------------------------------------------------------------- constraints and indexes

_UNUSUAL = ("include", "nulls_not_distinct", "without_overlaps", "period", "options", "tablespace", "no_inherit")


def _named(name: str) -> str:
    # a naming convention of the models' MetaData must not be applied to what has its name
    return f"op.f({literal(name)})"


def _listed(names: object) -> str:
    return f"[{', '.join(literal(str(each)) for each in names)}]" if isinstance(names, list) else "[]"


def _deferral(fact: Fact) -> list[str]:
    if not fact.attributes.get("deferrable"):
        return []
    return ["deferrable=True", *(['initially="DEFERRED"'] if fact.attributes.get("initially_deferred") else [])]


def _add_constraint(operations: Operations, place: Place) -> list[str]:
    for kind, write in _CONSTRAINTS.items():
        fact = operations.made(kind, place.schema, place.table, place.name)
        if fact is not None:
            stated = fact.attributes
            plain = not any(stated.get(name) for name in _UNUSUAL)
            plain = plain and stated.get("validated") is not False and stated.get("enforced") is not False
            return write(operations, place, fact) if plain else []
    return []


def _unique(operations: Operations, place: Place, fact: Fact) -> list[str]:
    arguments = [_named(place.name), literal(place.table), _listed(fact.attributes["columns"])]
    return call("op.create_unique_constraint", [*arguments, *operations.schema(place.schema), *_deferral(fact)])


def _primary_key(operations: Operations, place: Place, fact: Fact) -> list[str]:
    if fact.attributes.get("deferrable"):
        return []
    arguments = [_named(place.name), literal(place.table), _listed(fact.attributes["columns"])]
    return call("op.create_primary_key", [*arguments, *operations.schema(place.schema)])


def _check(operations: Operations, place: Place, fact: Fact) -> list[str]:
    arguments = [_named(place.name), literal(place.table), text_call(str(fact.attributes["expression"]))]
    return call("op.create_check_constraint", [*arguments, *operations.schema(place.schema)])


def _foreign_key(operations: Operations, place: Place, fact: Fact) -> list[str]:
    stated, to = fact.attributes, fact.attributes["references"]
    if stated.get("set_columns") or stated.get("match") != "simple" or not isinstance(to, list):
        return []
    arguments = [_named(place.name), literal(place.table), literal(str(to[1]))]
    arguments += [_listed(stated["columns"]), _listed(stated["referenced_columns"])]
    arguments += operations.schema(place.schema, "source_schema") + operations.schema(str(to[0]), "referent_schema")
    for action, argument in (("on_update", "onupdate"), ("on_delete", "ondelete")):
        if stated.get(action) not in (None, "no action"):
            arguments.append(f"{argument}={literal(str(stated[action]).upper())}")
    return call("op.create_foreign_key", [*arguments, *_deferral(fact)])


_CONSTRAINTS: Mapping[str, Callable[[Operations, Place, Fact], list[str]]] = {
    "unique": _unique,
    "primary_key": _primary_key,
    "check": _check,
    "foreign_key": _foreign_key,
}
_TYPES = {"unique": "unique", "primary_key": "primary", "check": "check", "foreign_key": "foreignkey"}


def _drop_constraint(operations: Operations, place: Place) -> list[str]:
    for kind, word in _TYPES.items():
        if operations.gone(kind, place.schema, place.table, place.name):
            arguments = [_named(place.name), literal(place.table), *operations.schema(place.schema)]
            return call("op.drop_constraint", [*arguments, f"type_={literal(word)}"])
    return []


def _create_index(operations: Operations, place: Place) -> list[str]:
    fact = operations.made("index", place.schema, place.table, place.name)
    keys = fact.attributes.get("keys") if fact else None
    if fact is None or not isinstance(keys, list) or fact.attributes.get("partition_of"):
        return []
    stated = fact.attributes
    if any(stated.get(name) for name in ("options", "tablespace", "nulls_not_distinct", "statistics")):
        return []
    listed = [_key(each) for each in keys]
    if not all(listed):
        return []
    arguments = [_named(place.name), literal(place.table), f"[{', '.join(listed)}]", *operations.schema(place.schema)]
    arguments.append(f"unique={bool(stated.get('unique'))}")
    if stated.get("method") != "btree":
        arguments.append(f"postgresql_using={literal(str(stated['method']))}")
    if stated.get("include"):
        arguments.append(f"postgresql_include={_listed(stated['include'])}")
    if stated.get("predicate"):
        arguments.append(f"postgresql_where={text_call(str(stated['predicate']))}")
    if place.rest:
        arguments.append("postgresql_concurrently=True")
    return call("op.create_index", arguments)


_PLAIN_COLUMN = re.compile(_NAME)


def _key(key: object) -> str:
    """One key of an index: a column's name, or text where there is more to say."""
    if not isinstance(key, dict):
        return ""
    expression = str(key["key"])
    words = [f"COLLATE {key['collation']}"] if key.get("collation") else []
    if key.get("opclass_options"):
        return ""
    words += [str(key["opclass"])] if key.get("opclass") else []
    order, nulls = key.get("order"), key.get("nulls")
    words += ["DESC"] if order == "desc" else []
    if (order, nulls) in {("asc", "first"), ("desc", "last")}:
        words.append(f"NULLS {str(nulls).upper()}")
    if _PLAIN_COLUMN.fullmatch(expression) and not words:
        return literal(_stored(expression))
    return text_call(" ".join([expression if _PLAIN_COLUMN.fullmatch(expression) else f"({expression})", *words]))


def _drop_index(operations: Operations, place: Place) -> list[str]:
    found = [
        each
        for each in operations.before.of_kind("index")
        if each.id.name[0] == place.schema and each.id.name[-1] == place.name
    ]
    if not found:
        return []
    arguments = [_named(place.name), f"table_name={literal(found[0].id.name[1])}", *operations.schema(place.schema)]
    return call("op.drop_index", [*arguments, *(["postgresql_concurrently=True"] if place.rest else [])])


# ---------------------------------------------------------------- whether it is the same

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+|\S""")
_HEAD = 6
"""So many words name what is done to what: ALTER TABLE t ALTER COLUMN c, CREATE UNIQUE INDEX i ON t."""


def operations_for(
    runner: AlembicRunner, operations: Operations, statements: Iterable[Statement]
) -> dict[str, list[str]]:
    """By statement, the operation that makes it, for those that have one. MigrationError."""
    proposed = {each.sql: lines for each in statements if (lines := operations.of(each.sql))}
    if not proposed:
        return {}
    made = runner.operations_as_sql(["\n".join(lines) for lines in proposed.values()])
    pairs = zip(proposed.items(), made, strict=True)
    return {sql: lines for (sql, lines), compiled in pairs if is_made_by(sql, compiled, operations.default_schema)}


def is_made_by(sql: str, compiled: list[str], default_schema: str) -> bool:
    """Whether Alembic makes one statement, and it does the same to the same object. The facts decide about the rest."""
    if len(compiled) != 1:
        return False
    wanted, found = (_words(each, default_schema) for each in (sql, compiled[0]))
    return wanted[:_HEAD] == found[:_HEAD]


def _words(sql: str, default_schema: str) -> list[str]:
    sql = sql.replace(" USING btree ", " ", 1)  # what is meant where nothing is said
    tokens = [_stored(each) if each.startswith('"') else each.lower() for each in _TOKEN.findall(sql)]
    # with this schema in front or without, it is the same object
    kept: list[str] = []
    for word in tokens:
        if word == "." and kept and kept[-1] == default_schema:
            kept.pop()
        else:
            kept.append(word)
    return kept


_SHAPES: Mapping[re.Pattern[str], Write] = {
    re.compile(shape, re.DOTALL): write
    for shape, write in (
        (rf"{_ALTER}ADD COLUMN {_COLUMN} (?P<rest>.+)", _add_column),
        (rf"{_ALTER}DROP COLUMN {_COLUMN}", _drop_column),
        (rf"CREATE TABLE {_TABLE} \((?P<rest>.+)\)", _create_table),
        (rf"DROP TABLE {_TABLE}", _drop_table),
        (rf"{_COLUMN_OF}TYPE (?P<rest>.+)", _altered(_new_type)),
        (rf"{_COLUMN_OF}SET NOT NULL", _altered(lambda _: ["nullable=False"])),
        (rf"{_COLUMN_OF}DROP NOT NULL", _altered(lambda _: ["nullable=True"])),
        (
            rf"{_COLUMN_OF}SET DEFAULT (?P<rest>.+)",
            _altered(lambda place: [f"server_default={text_call(place.rest)}"]),
        ),
        (rf"{_COLUMN_OF}DROP DEFAULT", _altered(lambda _: ["server_default=None"])),
        (
            rf"{_ALTER}RENAME COLUMN {_COLUMN} TO {_CONSTRAINT}",
            _altered(lambda place: [f"new_column_name={literal(place.name)}"]),
        ),
        (rf"COMMENT ON TABLE {_TABLE} IS .+", _comment_on_table),
        (rf"COMMENT ON COLUMN {_TABLE}\.{_COLUMN} IS .+", _comment_on_column),
        (rf"{_ALTER}ADD CONSTRAINT {_CONSTRAINT} .+", _add_constraint),
        (rf"{_ALTER}DROP CONSTRAINT {_CONSTRAINT}", _drop_constraint),
        (rf"CREATE (?:UNIQUE )?INDEX (?P<rest>CONCURRENTLY )?{_CONSTRAINT} ON {_TABLE} .+", _create_index),
        (rf"DROP INDEX (?P<rest>CONCURRENTLY )?(?P<schema>{_NAME})\.{_CONSTRAINT}", _drop_index),
    )
}
