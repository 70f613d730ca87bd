"""What few applications make: aggregates, operators and their classes, casts, text search, statistics, languages."""

from __future__ import annotations

from collections.abc import Mapping

from drift_pipeline.plan.native.address import address, name_of
from drift_pipeline.plan.native.quote import dotted, quote_ident, quote_literal
from drift_pipeline.plan.native.rules.common import OWNER, drop, from_definition
from drift_pipeline.plan.native.steps import Alteration, Rule, Scene, Sql, mapped, text
from drift_pipeline.schema.facts import Fact, Value


def path(value: Value) -> str:
    """A name that is given as a list: schema and name."""
    return dotted(*map(str, value)) if isinstance(value, list) else ""


def _rows(fact: Fact, name: str) -> list[list[Value]]:
    value = fact.attributes.get(name)
    return [row for row in value if isinstance(row, list)] if isinstance(value, list) else []


def _words(pairs: Mapping[str, Value]) -> str:
    return ", ".join(f"{word} = {value}" for word, value in pairs.items() if value not in (None, "", 0))


def _aggregate(_scene: Scene, fact: Fact) -> Sql:
    state = fact.attributes.get
    initial, moving_initial = state("initial"), state("moving_initial")
    modify = {"read only": "READ_ONLY", "shareable": "SHAREABLE", "read write": "READ_WRITE"}
    usual = "read only" if state("aggregate_kind") in (None, "normal") else "read write"
    pairs: dict[str, Value] = {
        "SFUNC": state("transition"),
        "STYPE": state("state_type"),
        "SSPACE": state("state_size"),
        "FINALFUNC": state("final"),
        "COMBINEFUNC": state("combine"),
        "SERIALFUNC": state("serial"),
        "DESERIALFUNC": state("deserial"),
        "INITCOND": None if initial is None else quote_literal(str(initial)),
        "MSFUNC": state("moving_transition"),
        "MINVFUNC": state("moving_inverse"),
        "MSTYPE": state("moving_state_type"),
        "MSSPACE": state("moving_state_size"),
        "MFINALFUNC": state("moving_final"),
        "MINITCOND": None if moving_initial is None else quote_literal(str(moving_initial)),
    }
    for prefix, word in (("final", "FINALFUNC"), ("moving_final", "MFINALFUNC")):
        kind = str(state(f"{prefix}_modify"))
        if state(prefix) and kind != usual:
            pairs[f"{word}_MODIFY"] = modify.get(kind)
    if (operator := text(fact, "sort_operator")) and "(" in operator:
        pairs["SORTOP"] = f"OPERATOR({operator.partition('(')[0]})"
    if text(fact, "parallel") not in ("", "unsafe"):
        pairs["PARALLEL"] = text(fact, "parallel").upper()
    flags = [
        word
        for name, word in (("final_extra", "FINALFUNC_EXTRA"), ("moving_final_extra", "MFINALFUNC_EXTRA"))
        if state(name)
    ]
    flags += ["HYPOTHETICAL"] if str(state("aggregate_kind")).startswith("hypothetical") else []
    body = ", ".join([_words(pairs), *flags])
    return [f"CREATE AGGREGATE {dotted(*fact.id.name[:2])}({text(fact, 'arguments') or '*'}) ({body})"]


def _statistics_target(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    value = after.attributes.get("statistics")
    return [f"ALTER STATISTICS {dotted(*after.id.name)} SET STATISTICS {-1 if value is None else value}"]


def _operator(_scene: Scene, fact: Fact) -> Sql:
    schema, name, left, right = fact.id.name
    pairs: dict[str, Value] = {
        "FUNCTION": text(fact, "function"),
        "LEFTARG": None if left == "NONE" else left,
        "RIGHTARG": right,
        "RESTRICT": text(fact, "restrict"),
        "JOIN": text(fact, "join"),
    }
    for attribute in ("commutator", "negator"):
        if other := text(fact, attribute):
            pairs[attribute.upper()] = f"OPERATOR({other.partition('(')[0]})"
    flags = [word for word in ("HASHES", "MERGES") if fact.attributes.get(word.lower())]
    return [f"CREATE OPERATOR {quote_ident(schema)}.{name} ({', '.join([_words(pairs), *flags])})"]


def _members(fact: Fact) -> list[str]:
    found = []
    for number, operator, purpose, family in (row[:4] for row in _rows(fact, "operators")):
        tail = f" FOR ORDER BY {family}" if purpose == "order by" else ""
        found.append(f"OPERATOR {number} {operator}{tail}")
    for number, left, right, function in (row[:4] for row in _rows(fact, "functions")):
        found.append(f"FUNCTION {number} ({left}, {right}) {function}")
    return found


def _operator_class(_scene: Scene, fact: Fact) -> Sql:
    default = "DEFAULT " if fact.attributes.get("default") else ""
    parts = _members(fact)
    if storage := text(fact, "storage"):
        parts.append(f"STORAGE {storage}")
    schema, name, method = fact.id.name
    head = f"CREATE OPERATOR CLASS {dotted(schema, name)} {default}FOR TYPE {text(fact, 'type')}"
    family = f" FAMILY {path(fact.attributes.get('family'))}" if fact.attributes.get("family") else ""
    return [f"{head} USING {quote_ident(method)}{family} AS {', '.join(parts) or 'STORAGE ' + text(fact, 'type')}"]


def _operator_family(_scene: Scene, fact: Fact) -> Sql:
    members = _members(fact)
    result = [f"CREATE OPERATOR FAMILY {name_of(fact.id)}"]
    return result + ([f"ALTER OPERATOR FAMILY {name_of(fact.id)} ADD {', '.join(members)}"] if members else [])


def _cast(_scene: Scene, fact: Fact) -> Sql:
    ways = {"function": f"WITH FUNCTION {text(fact, 'function')}", "inout": "WITH INOUT", "binary": "WITHOUT FUNCTION"}
    context = {"assignment": " AS ASSIGNMENT", "implicit": " AS IMPLICIT"}.get(text(fact, "context"), "")
    return [f"CREATE {address(fact.id)} {ways[text(fact, 'method')]}{context}"]


def _conversion(_scene: Scene, fact: Fact) -> Sql:
    default = "DEFAULT " if fact.attributes.get("default") else ""
    source, target = quote_literal(text(fact, "source")), quote_literal(text(fact, "target"))
    name = dotted(*fact.id.name)
    return [f"CREATE {default}CONVERSION {name} FOR {source} TO {target} FROM {text(fact, 'function')}"]


def _mapping(name: str, token: str, dictionaries: Value, word: str = "ADD") -> str:
    listed = ", ".join(path(item) for item in dictionaries) if isinstance(dictionaries, list) else ""
    return f"ALTER TEXT SEARCH CONFIGURATION {name} {word} MAPPING FOR {quote_ident(token)} WITH {listed}"


def _configuration(_scene: Scene, fact: Fact) -> Sql:
    name = dotted(*fact.id.name)
    result = [f"CREATE TEXT SEARCH CONFIGURATION {name} (PARSER = {path(fact.attributes.get('parser'))})"]
    return result + [_mapping(name, token, value) for token, value in mapped(fact, "mappings").items()]


def _mappings(_scene: Scene, before: Fact, after: Fact) -> Sql:
    name = dotted(*after.id.name)
    old, new = mapped(before, "mappings"), mapped(after, "mappings")
    gone = [
        f"ALTER TEXT SEARCH CONFIGURATION {name} DROP MAPPING FOR {quote_ident(token)}"
        for token in old
        if token not in new
    ]
    return gone + [
        _mapping(name, token, value, "ALTER" if token in old else "ADD")
        for token, value in new.items()
        if old.get(token) != value
    ]


def _dictionary(_scene: Scene, fact: Fact) -> Sql:
    options = f", {text(fact, 'options')}" if text(fact, "options") else ""
    template = path(fact.attributes.get("template"))
    return [f"CREATE TEXT SEARCH DICTIONARY {dotted(*fact.id.name)} (TEMPLATE = {template}{options})"]


def _parser(_scene: Scene, fact: Fact) -> Sql:
    words = _words({word.upper(): text(fact, word) for word in ("start", "gettoken", "end", "lextypes", "headline")})
    return [f"CREATE TEXT SEARCH PARSER {dotted(*fact.id.name)} ({words})"]


def _template(_scene: Scene, fact: Fact) -> Sql:
    words = _words({word.upper(): text(fact, word) for word in ("init", "lexize")})
    return [f"CREATE TEXT SEARCH TEMPLATE {dotted(*fact.id.name)} ({words})"]


def _language(_scene: Scene, fact: Fact) -> Sql:
    trusted = "TRUSTED " if fact.attributes.get("trusted") else ""
    words = [f"{word.upper()} {text(fact, word)}" for word in ("handler", "inline", "validator") if text(fact, word)]
    return [" ".join([f"CREATE {trusted}LANGUAGE {quote_ident(fact.id.name[0])}", *words])]


def _transform(_scene: Scene, fact: Fact) -> Sql:
    pairs = (("from_sql", "FROM SQL"), ("to_sql", "TO SQL"))
    words = [f"{word} WITH FUNCTION {text(fact, name)}" for name, word in pairs if text(fact, name)]
    return [f"CREATE {address(fact.id)} ({', '.join(words)})"]


def _access_method(_scene: Scene, fact: Fact) -> Sql:
    kind = text(fact, "type").upper()
    return [f"CREATE ACCESS METHOD {quote_ident(fact.id.name[0])} TYPE {kind} HANDLER {text(fact, 'handler')}"]


RULES: Mapping[str, Rule] = {
    "language": Rule(_language, drop, (OWNER,), rank=2),
    "access_method": Rule(_access_method, drop, rank=3),
    "conversion": Rule(_conversion, drop, (OWNER,), rank=10),
    "operator": Rule(_operator, drop, (OWNER,), rank=54),
    "operator_family": Rule(_operator_family, drop, (OWNER,), rank=55),
    "operator_class": Rule(_operator_class, drop, (OWNER,), rank=56),
    "cast": Rule(_cast, drop, rank=57),
    "transform": Rule(_transform, drop, rank=57),
    "aggregate": Rule(_aggregate, drop, (OWNER,), rank=58),
    "text_search_template": Rule(_template, drop, rank=15),
    "text_search_parser": Rule(_parser, drop, rank=15),
    "text_search_dictionary": Rule(_dictionary, drop, (OWNER,), rank=16),
    "text_search_configuration": Rule(_configuration, drop, (OWNER, Alteration(("mappings",), _mappings)), rank=17),
    "statistics": Rule(
        from_definition,
        drop,
        (OWNER, Alteration(("statistics",), _statistics_target, after_create=True)),
        loses=False,
        rank=46,
    ),
}
