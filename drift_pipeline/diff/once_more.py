"""How a fact's expression is created once more, by kind: beside a copy of its table, only from text that is trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from psycopg2 import sql

from drift_pipeline.diff import sqltext
from drift_pipeline.schema.facts import Fact, Schema, Value

Statements: TypeAlias = list[sql.Composable] | None
"""What creates a fact's expression once more; None if it has none or its text is not to be trusted."""


def statements_for(fact: Fact, schema: Schema, home: str) -> Statements:
    """What creates the fact's expression in the schema `home`. `schema`: the one that the fact is from."""
    if fact.id.kind == "domain_check":
        domain = schema.facts.get(fact.parent) if fact.parent else None
        return _domain_check(fact, home, domain) if domain else None
    create = _CREATE.get(fact.id.kind)
    return create(fact, home) if create else None


def is_one_expression(text: str) -> bool:
    """True if the text cannot reach beyond the place where an expression or query stands in a statement.

    Servers print nothing else; a snapshot file may hold anything.
    """
    depth = 0
    for part in sqltext.tokens(text):
        depth += (part in "([") - (part in ")]")
        prefixed = part[-1:] == "'" and part[:1] != "'"
        comment = part[:1] in "-+*/<>=~!@#%^&|`?" and ("--" in part or "/*" in part)
        if depth < 0 or part in (";", "'", '"', "$") or prefixed or comment:
            return False
    return depth == 0


def is_one_block(text: str) -> bool:
    """True if the text is one BEGIN ATOMIC … END and nothing behind it."""
    parts = sqltext.tokens(text)
    if parts[:2] != ("BEGIN", "ATOMIC") or not is_one_expression(text.replace(";", ",")):
        return False
    depth, ends = 0, []
    for at, part in enumerate(parts):
        depth += (part in ("BEGIN", "CASE")) - (part == "END")
        if depth == 0:
            ends.append(at)
    return ends == [len(parts) - 1]


def _copy(fact: Fact, schema: str) -> sql.Composed:
    table = sql.Identifier(schema, fact.id.name[1])
    return sql.SQL("CREATE TABLE {} (LIKE {})").format(table, sql.Identifier(*fact.id.name[:2]))


def _text(fact: Fact, attribute: str) -> sql.SQL | None:
    value = fact.attributes.get(attribute)
    return sql.SQL(value) if isinstance(value, str) and is_one_expression(value) else None


def _column(fact: Fact, schema: str) -> Statements:
    text, table = _text(fact, "default"), sql.Identifier(schema, fact.id.name[1])
    column = sql.Identifier(fact.id.name[2])
    if text is None:
        return None
    if not fact.attributes.get("generated"):
        return [
            _copy(fact, schema),
            sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}").format(table, column, text),
        ]
    column_type = _text(fact, "type")
    stored = sql.SQL("STORED" if fact.attributes.get("generated") == "stored" else "VIRTUAL")
    if column_type is None:
        return None
    return [
        _copy(fact, schema),
        sql.SQL("ALTER TABLE {} DROP COLUMN {}").format(table, column),
        sql.SQL("ALTER TABLE {} ADD COLUMN {} {} GENERATED ALWAYS AS ({}) {}").format(
            table, column, column_type, text, stored
        ),
    ]


def _check(fact: Fact, schema: str) -> Statements:
    text, table = _text(fact, "expression"), sql.Identifier(schema, fact.id.name[1])
    add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({}) NOT VALID")
    return [_copy(fact, schema), add.format(table, sql.Identifier(fact.id.name[2]), text)] if text else None


def _exclusion(fact: Fact, schema: str) -> Statements:
    text, table = _text(fact, "definition"), sql.Identifier(schema, fact.id.name[1])
    add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}")
    return [_copy(fact, schema), add.format(table, sql.Identifier(fact.id.name[2]), text)] if text else None


def _domain_check(fact: Fact, schema: str, domain: Fact) -> Statements:
    text, base = _text(fact, "expression"), _text(domain, "type")
    name = sql.Identifier(schema, fact.id.name[1])
    if text is None or base is None:
        return None
    return [
        sql.SQL("CREATE DOMAIN {} AS {}").format(name, base),
        sql.SQL("ALTER DOMAIN {} ADD CONSTRAINT {} CHECK ({})").format(name, sql.Identifier(fact.id.name[2]), text),
    ]


def _domain(fact: Fact, schema: str) -> Statements:
    text, base = _text(fact, "default"), _text(fact, "type")
    domain = sql.Identifier(schema, fact.id.name[1])
    if text is None or base is None:
        return None
    return [sql.SQL("CREATE DOMAIN {} AS {} DEFAULT {}").format(domain, base, text)]


def _index(fact: Fact, schema: str) -> Statements:
    keys, predicate = fact.attributes.get("keys"), fact.attributes.get("predicate")
    parts = [_key(key) for key in keys] if isinstance(keys, list) else []
    where = _text(fact, "predicate")
    if not parts or None in parts or (predicate is not None and where is None):
        return None
    create = sql.SQL("CREATE INDEX {} ON {} USING {} ({}) {}").format(
        sql.Identifier(fact.id.name[2]),
        sql.Identifier(schema, fact.id.name[1]),
        sql.Identifier(str(fact.attributes.get("method"))),
        sql.SQL(", ").join(part for part in parts if part is not None),
        sql.SQL("WHERE {}").format(where) if where else sql.SQL(""),
    )
    return [_copy(fact, schema), create]


def _key(key: Value) -> sql.Composed | None:
    """One key of an index, with its operator class and order: without them another key might be printed."""
    if not isinstance(key, dict) or not isinstance(key.get("key"), str) or not is_one_expression(str(key["key"])):
        return None
    words: list[sql.Composable] = [sql.SQL("({})").format(sql.SQL(str(key["key"])))]
    for before, name in (("COLLATE ", "collation"), ("", "opclass")):
        value = key.get(name)
        if value is not None and (not isinstance(value, str) or not sqltext.qualified_name(value)):
            return None
        if isinstance(value, str):
            words.append(sql.SQL(before) + sql.SQL(value))
    descending, nulls_first = key.get("order") == "desc", key.get("nulls") == "first"
    if descending:
        words.append(sql.SQL("DESC"))
    if descending != nulls_first:
        words.append(sql.SQL("NULLS FIRST" if nulls_first else "NULLS LAST"))
    return sql.SQL(" ").join(words)


def _view(fact: Fact, schema: str) -> Statements:
    value = fact.attributes.get("definition")
    text = value.strip().removesuffix(";") if isinstance(value, str) else ""
    if not text or not is_one_expression(text):
        return None
    materialized = fact.id.kind == "materialized_view"
    create = sql.SQL("CREATE MATERIALIZED VIEW {} AS {} WITH NO DATA" if materialized else "CREATE VIEW {} AS {}")
    return [create.format(sql.Identifier(schema, fact.id.name[1]), sql.SQL(text))]


def _policy(fact: Fact, schema: str) -> Statements:
    table = sql.Identifier(schema, fact.id.name[1])
    using, check = _text(fact, "using"), _text(fact, "check")
    clauses = [sql.SQL("USING ({})").format(using)] if using else []
    clauses += [sql.SQL("WITH CHECK ({})").format(check)] if check else []
    command = str(fact.attributes.get("command") or "all").upper()
    if not clauses or command not in ("ALL", "SELECT", "INSERT", "UPDATE", "DELETE"):
        return None
    create = sql.SQL("CREATE POLICY {} ON {} FOR {} {}").format(
        sql.Identifier(fact.id.name[2]), table, sql.SQL(command), sql.SQL(" ").join(clauses)
    )
    return [_copy(fact, schema), create]


def _routine(fact: Fact, schema: str) -> Statements:
    """A function whose body is SQL that the server understood (BEGIN ATOMIC); other bodies are kept as written."""
    body, arguments = fact.attributes.get("body"), _text(fact, "arguments")
    if (
        not isinstance(body, str)
        or not is_one_block(body)
        or arguments is None
        or fact.attributes.get("language") != "sql"
    ):
        return None
    returns = _text(fact, "returns")
    create = sql.SQL("CREATE {} {} ({}) {} LANGUAGE sql {}").format(
        sql.SQL("PROCEDURE" if fact.id.kind == "procedure" else "FUNCTION"),
        sql.Identifier(schema, fact.id.name[1]),
        arguments,
        sql.SQL("RETURNS {}").format(returns) if returns else sql.SQL(""),
        sql.SQL(body),
    )
    return [create]


_CREATE: Mapping[str, Callable[[Fact, str], Statements]] = {
    "column": _column,
    "check": _check,
    "exclusion": _exclusion,
    "domain": _domain,
    "index": _index,
    "view": _view,
    "materialized_view": _view,
    "policy": _policy,
    "function": _routine,
    "procedure": _routine,
}
