"""How SQL speaks of a fact: its address in DROP, ALTER, COMMENT ON; the names that it takes up."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drift_pipeline.plan.native.quote import dotted, quote_ident
from drift_pipeline.schema.facts import Fact, FactId, identity_sequence

CONSTRAINTS = ("primary_key", "unique", "check", "foreign_key", "exclusion", "not_null")
INDEX_KINDS = ("index", "primary_key", "unique", "exclusion")
RELATIONS = ("table", "foreign_table", "view", "materialized_view", "sequence")
TYPES = ("enum", "domain", "composite", "range", "base_type")
ROUTINES = ("function", "procedure", "aggregate")

_NOUNS: Mapping[str, str] = {
    "access_method": "ACCESS METHOD",
    "aggregate": "AGGREGATE",
    "base_type": "TYPE",
    "collation": "COLLATION",
    "composite": "TYPE",
    "conversion": "CONVERSION",
    "domain": "DOMAIN",
    "enum": "TYPE",
    "event_trigger": "EVENT TRIGGER",
    "extension": "EXTENSION",
    "foreign_data_wrapper": "FOREIGN DATA WRAPPER",
    "foreign_server": "SERVER",
    "foreign_table": "FOREIGN TABLE",
    "function": "FUNCTION",
    "index": "INDEX",
    "language": "LANGUAGE",
    "materialized_view": "MATERIALIZED VIEW",
    "operator": "OPERATOR",
    "operator_class": "OPERATOR CLASS",
    "operator_family": "OPERATOR FAMILY",
    "policy": "POLICY",
    "procedure": "PROCEDURE",
    "publication": "PUBLICATION",
    "range": "TYPE",
    "rule": "RULE",
    "schema": "SCHEMA",
    "sequence": "SEQUENCE",
    "statistics": "STATISTICS",
    "subscription": "SUBSCRIPTION",
    "table": "TABLE",
    "text_search_configuration": "TEXT SEARCH CONFIGURATION",
    "text_search_dictionary": "TEXT SEARCH DICTIONARY",
    "text_search_parser": "TEXT SEARCH PARSER",
    "text_search_template": "TEXT SEARCH TEMPLATE",
    "trigger": "TRIGGER",
    "view": "VIEW",
}


def noun(kind: str) -> str:
    """The key words for a kind; "" for kinds that SQL has no address for."""
    return _NOUNS.get(kind, "")


def _on_table(name: tuple[str, ...]) -> str:
    return f"{quote_ident(name[2])} ON {dotted(name[0], name[1])}"


def _routine(name: tuple[str, ...]) -> str:
    return f"{dotted(name[0], name[1])}({name[2]})"


def _procedure(name: tuple[str, ...]) -> str:
    """By the arguments that go in. Without a mode the server counts those that come out as well, and may find two."""
    return f"{dotted(name[0], name[1])}({'IN ' if name[2] else ''}{name[2]})"


def _aggregate(name: tuple[str, ...]) -> str:
    return f"{dotted(name[0], name[1])}({name[2] or '*'})"


def _operator(name: tuple[str, ...]) -> str:
    left, right = name[2], name[3]
    return f"{quote_ident(name[0])}.{name[1]} ({left}, {right})"


def _by_method(name: tuple[str, ...]) -> str:
    return f"{dotted(name[0], name[1])} USING {quote_ident(name[2])}"


_NAMES: Mapping[str, Callable[[tuple[str, ...]], str]] = {
    "aggregate": _aggregate,
    "function": _routine,
    "procedure": _procedure,
    "index": lambda name: dotted(name[0], name[2]),
    "operator": _operator,
    "operator_class": _by_method,
    "operator_family": _by_method,
    "policy": _on_table,
    "rule": _on_table,
    "trigger": _on_table,
}


def name_of(fact_id: FactId) -> str:
    """The name as it follows the noun: `s.t`, `s.f(integer)`, `name ON s.t`."""
    printed = _NAMES.get(fact_id.kind)
    return printed(fact_id.name) if printed else dotted(*fact_id.name)


def address(fact_id: FactId) -> str:
    """Noun and name, as DROP, COMMENT ON and SECURITY LABEL take them."""
    kind, name = fact_id.kind, fact_id.name
    if kind in CONSTRAINTS:
        return f"CONSTRAINT {_on_table(name)}"
    if kind == "domain_check":
        return f"CONSTRAINT {quote_ident(name[2])} ON DOMAIN {dotted(name[0], name[1])}"
    if kind == "column":
        return f"COLUMN {dotted(*name)}"
    if kind == "cast":
        return f"CAST ({name[0]} AS {name[1]})"
    if kind == "transform":
        return f"TRANSFORM FOR {name[0]} LANGUAGE {quote_ident(name[1])}"
    return f"{noun(kind)} {name_of(fact_id)}"


def table_of(fact_id: FactId) -> str:
    """The table of a column, constraint, index, trigger: schema and table, quoted."""
    return dotted(fact_id.name[0], fact_id.name[1])


def claims(fact: Fact) -> frozenset[tuple[str, ...]]:
    """The names that a fact takes up in the namespaces of its schema; two facts cannot hold one at the same time."""
    kind, name = fact.id.kind, fact.id.name
    taken: list[tuple[str, ...]] = []
    if kind in RELATIONS or kind == "composite":
        taken.append(("relation", *name))
    if kind in TYPES or (kind in RELATIONS and kind != "sequence"):
        taken.append(("type", *name))
    multirange = fact.attributes.get("multirange")
    if isinstance(multirange, list):
        taken.append(("type", *map(str, multirange)))
    if kind == "index" or kind in ("primary_key", "unique", "exclusion"):
        taken.append(("relation", name[0], name[2]))
    if kind in CONSTRAINTS:
        taken.append(("constraint", *name))
    if kind in ROUTINES:
        taken.append(("routine", *name))
    if kind == "column" and fact.attributes.get("identity"):
        taken += [("column", *name), ("relation", *identity_sequence(fact))]
    return frozenset(taken) or frozenset({(kind, *name)})
