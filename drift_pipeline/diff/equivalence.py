"""Spellings that mean the same. One row each: what it covers, why it holds, and the canonical form that shows it.

A row maps an attribute's value to a canonical form, each side by what its own schema says; two values are equivalent if
their forms are equal. So a row can never make two things equal that it does not bring to the same form itself. What is
hidden that way is counted under the row's id; `exact=True` asks none of them.

Not here on purpose: the order of a primary key's columns (the same constraint, but its index serves other queries), the
order of AND and OR, intervals and dates in other units, enums and types of extensions, DEFAULT with another precision.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from drift_pipeline.diff import conditions, literals, sqltext, varchar_lists
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value

Form: TypeAlias = Callable[[Value, Fact, Schema], Value]
Tokens: TypeAlias = tuple[str, ...]

REPRINTED = "reprinted"
"""The text of one side was created on the other's server, which then printed both alike."""


@dataclass(frozen=True)
class Equivalence:
    """One row: `covers` are (kind, attribute), "*" for any kind; `form` gives the canonical value."""

    id: str
    covers: frozenset[tuple[str, str]]
    reason: str
    form: Form

    def applies(self, kind: str, attribute: str) -> bool:
        """True if the row speaks of this attribute of this kind."""
        return (kind, attribute) in self.covers or ("*", attribute) in self.covers


def _texts(change: Callable[[Tokens, Fact, Schema], Tokens]) -> Form:
    """A form for expressions: changes the tokens of each text in the value, in lists and under `key` of index keys."""

    def form(value: Value, fact: Fact, schema: Schema) -> Value:
        if isinstance(value, str):
            return " ".join(change(sqltext.tokens(value), fact, schema))
        if isinstance(value, list):
            return [form(item, fact, schema) for item in value]
        if isinstance(value, dict) and "key" in value:
            return {**value, "key": form(value["key"], fact, schema)}
        return value

    return form


def _now(parts: Tokens, _fact: Fact, _schema: Schema) -> Tokens:
    parts = sqltext.replace(parts, ("transaction_timestamp", "(", ")"), ("now", "(", ")"))
    out: list[str] = []
    for index, part in enumerate(parts):
        # CURRENT_TIMESTAMP(3) rounds: another value
        plain = part == "CURRENT_TIMESTAMP" and parts[index + 1 : index + 2] != ("(",)
        out.extend(("now", "(", ")") if plain else (part,))
    return tuple(out)


def _utc(parts: Tokens, fact: Fact, schema: Schema) -> Tokens:
    parts = tuple("'UTC'" if token in ("'utc'", "'UTC'") else token for token in _now(parts, fact, schema))
    call = ("timezone", "(", "'UTC'", "::", "text", ",", "now", "(", ")", ")")
    return sqltext.replace(parts, call, ("(", "now", "(", ")", "AT", "TIME", "ZONE", "'UTC'", "::", "text", ")"))


_TRUTH: Mapping[Tokens, str] = {
    ("IS", "FALSE"): "false",
    ("IS", "NOT", "TRUE"): "false",
    ("=", "false"): "false",
    ("<>", "true"): "false",
    ("IS", "TRUE"): "true",
    ("IS", "NOT", "FALSE"): "true",
    ("=", "true"): "true",
    ("<>", "false"): "true",
}

_BEFORE = frozenset({"(", "AND", "OR"})
_BEHIND = frozenset({")", "AND", "OR"})
"""What stands around a condition that is a part of another one."""


def _truth(parts: Tokens, fact: Fact, schema: Schema) -> Tokens:
    """`(x IS FALSE)`, `(x = false)` and `(NOT x)` become one form where x is a boolean column that is never null."""

    def certain(token: str) -> bool:
        column = schema.facts.get(
            FactId("column", (*(fact.parent.name if fact.parent else ()), sqltext.identifier(token)))
        )
        return (
            column is not None
            and column.attributes.get("type") == "boolean"
            and bool(column.attributes.get("not_null"))
        )

    if len(parts) == 1 and certain(parts[0]):
        return ("(", parts[0], "=", "true", ")")
    out: list[str] = []
    index = 0
    while index < len(parts):
        end = sqltext.closing(parts, index) if parts[index] == "(" else -1
        inner = parts[index + 1 : end] if 0 < end - index < 6 else ()
        column, meant = "", ""
        if len(inner) == 2 and inner[0] == "NOT":
            column, meant = inner[1], "false"
        elif inner:
            column, meant = inner[0], _TRUTH.get(inner[1:], "")
        around = (*parts[index - 1 : index], *parts[index + 1 : index + 2])
        if meant and certain(column):
            out.extend(("(", column, "=", meant, ")"))
            index = end + 1
        elif len(around) == 2 and around[0] in _BEFORE and around[1] in _BEHIND and certain(parts[index]):
            # x AND …, where the other side says (x IS TRUE) AND …
            out.extend(("(", parts[index], "=", "true", ")"))
            index += 1
        else:
            out.append(parts[index])
            index += 1
    return tuple(out)


_TODAY = {"timestamp without time zone": ("LOCALTIMESTAMP",), "date": ("CURRENT_DATE",)}


def _today(parts: Tokens, fact: Fact, schema: Schema) -> Tokens:
    now = _TODAY.get(str(fact.attributes.get("type")))
    generated = fact.attributes.get("generated")
    return ("now", "(", ")") if now == parts and not generated else _now(parts, fact, schema)


_MOMENT = re.compile(r"'20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.(?!9+\b)\d+(?:\+00)?'::timestamp with(?:out)? time zone")


def frozen_moment(default: Value) -> bool:
    """Whether a default is a moment to the microsecond, which nobody writes: DEFAULT 'now()' is read once, and kept."""
    return isinstance(default, str) and "::timestamp" in default and _MOMENT.fullmatch(default) is not None


def _moment(value: Value, _fact: Fact, _schema: Schema) -> Value:
    return "the moment of its creation" if frozen_moment(value) else value


def _no_default(value: Value, fact: Fact, _schema: Schema) -> Value:
    if not isinstance(value, str) or fact.attributes.get("generated"):
        return value
    # NULL on a column of a domain overrides the default of the domain, which is a type with a schema in its name
    built_in = "." not in sqltext.tokens(str(fact.attributes.get("type")))
    literal = sqltext.cast_literal(sqltext.tokens(value))
    return None if built_in and literal is not None and literal[0] == "NULL" else value


def _owned_sequence(parts: Tokens, fact: Fact, schema: Schema) -> Tokens:
    for index in range(len(parts) - 5):
        if parts[index : index + 2] == ("nextval", "(") and parts[index + 3 : index + 6] == ("::", "regclass", ")"):
            name = sqltext.qualified_name(sqltext.literal_text(parts[index + 2]))
            sequence = schema.facts.get(FactId("sequence", name))
            if sequence is not None and sequence.attributes.get("owned_by") == list(fact.id.name):
                return (*parts[: index + 2], "owned", *parts[index + 3 :])
    return parts


_INTEGER_TYPES = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


def _reach(fact: Fact, schema: Schema) -> tuple[str, int] | None:
    """Type and greatest value of the column that owns the sequence, if the sequence reaches beyond it."""
    owner = fact.attributes.get("owned_by")
    column = schema.facts.get(FactId("column", tuple(map(str, owner)))) if isinstance(owner, list) else None
    column_type = str(column.attributes.get("type")) if column else ""
    maximum, increment = fact.attributes.get("maximum"), fact.attributes.get("increment")
    limit = _INTEGER_TYPES.get(column_type)
    if limit is None or not isinstance(maximum, int | str) or not isinstance(increment, int | str):
        return None
    return (column_type, limit) if int(maximum) >= limit and int(increment) > 0 else None


def _sequence_type(value: Value, fact: Fact, schema: Schema) -> Value:
    reach = _reach(fact, schema)
    return reach[0] if reach else value


def _sequence_maximum(value: Value, fact: Fact, schema: Schema) -> Value:
    reach = _reach(fact, schema)
    return reach[1] if reach else value


def _identity_options(value: Value, _fact: Fact, _schema: Schema) -> Value:
    return {key: item for key, item in value.items() if key != "sequence"} if isinstance(value, dict) else value


def _atomic(value: Value, fact: Fact, schema: Schema) -> Value:
    """Only the body of a function that the server prints from a tree; one that was given as text stays as it is."""
    tree = isinstance(value, str) and value.lstrip().startswith(("BEGIN ATOMIC", "RETURN "))
    return _flat(value, fact, schema) if tree and fact.attributes.get("language") == "sql" else value


_flat = _texts(lambda parts, _fact, _schema: conditions.flat(parts))


def _body(value: Value, fact: Fact, _schema: Schema) -> Value:
    if not isinstance(value, str):
        return value
    lines = value.replace("\r\n", "\n")
    # indentation of the first line means something in Python
    return lines.strip() if fact.attributes.get("language") in ("sql", "plpgsql") else lines.lstrip("\n").rstrip()


_DEFAULTS = frozenset({("column", "default"), ("domain", "default")})
_EXPRESSIONS = _DEFAULTS | {
    ("check", "expression"),
    ("domain_check", "expression"),
    ("index", "predicate"),
    ("index", "keys"),
    ("policy", "using"),
    ("policy", "check"),
}
_DEFINITIONS = frozenset(
    {
        ("view", "definition"),
        ("materialized_view", "definition"),
        ("rule", "definition"),
        ("trigger", "definition"),
        ("exclusion", "definition"),
        ("statistics", "expressions"),
    }
)
_BODIES = frozenset({("function", "body"), ("procedure", "body")})

EQUIVALENCES: tuple[Equivalence, ...] = (
    Equivalence("now", _EXPRESSIONS, "CURRENT_TIMESTAMP and transaction_timestamp() are now()", _texts(_now)),
    Equivalence(
        "now-in-its-type",
        _DEFAULTS,
        "now() stored without a time zone is LOCALTIMESTAMP, stored as a date CURRENT_DATE",
        _texts(_today),
    ),
    Equivalence("now-at-utc", _EXPRESSIONS, "timezone('utc', now()) is now() AT TIME ZONE 'utc'", _texts(_utc)),
    Equivalence(
        "boolean-not-null",
        # not in keys: an index on x and one on the expression (x = true) serve other queries
        _EXPRESSIONS - _DEFAULTS - {("index", "keys")},
        "x IS FALSE, x = false and NOT x agree where x is never null",
        _texts(_truth),
    ),
    Equivalence(
        "literal-cast",
        _DEFAULTS,
        "a literal is stored in the column's own type, whichever type of that family it is cast to",
        literals.form,
    ),
    Equivalence(
        "moment-of-creation",
        _DEFAULTS,
        "DEFAULT 'now()' is read once, when the table is made: each database keeps the moment of its own",
        _moment,
    ),
    Equivalence("null-default", _DEFAULTS, "DEFAULT NULL is no default", _no_default),
    Equivalence(
        "varchar-in-list",
        _EXPRESSIONS | _DEFINITIONS,
        "IN on varchar prints in another way after a restore",
        _texts(lambda parts, _fact, _schema: varchar_lists.as_texts(parts)),
    ),
    Equivalence(
        "nested-conditions",
        _EXPRESSIONS | _DEFINITIONS,
        "BETWEEN beside AND prints in another way after a restore",
        _flat,
    ),
    Equivalence("nested-conditions", _BODIES, "BETWEEN beside AND prints in another way after a restore", _atomic),
    Equivalence(
        "owned-sequence-name",
        frozenset({("column", "default")}),
        "the next value of the column's own sequence, whatever that is called",
        _texts(_owned_sequence),
    ),
    Equivalence(
        "owned-sequence-type",
        frozenset({("sequence", "type")}),
        "an owned sequence that reaches beyond its column's type ends where the column does",
        _sequence_type,
    ),
    Equivalence(
        "owned-sequence-type",
        frozenset({("sequence", "maximum")}),
        "an owned sequence that reaches beyond its column's type ends where the column does",
        _sequence_maximum,
    ),
    Equivalence(
        "owned-sequence-name",
        frozenset({("column", "identity_options")}),
        "the sequence behind an identity column keeps the name that the table had when it was made",
        _identity_options,
    ),
    Equivalence(
        "declared-and-inherited",
        frozenset({("column", "inherited"), ("check", "declared_again")}),
        "an heir that declares a column or check of its parent has the same one, until the parent drops its own",
        lambda _value, _fact, _schema: None,
    ),
    Equivalence(
        "option-order",
        frozenset({("*", "option_order"), ("*", "toast_option_order")}),
        "options do the same in whatever order they were given",
        lambda _value, _fact, _schema: None,
    ),
    Equivalence("body-whitespace", _BODIES, "line ends and white space around a body do nothing", _body),
)


def canonical(fact: Fact, attribute: str, schema: Schema, rules: Iterable[Equivalence] = EQUIVALENCES) -> Value:
    """The attribute's value in the form that all its equivalences bring it to."""
    value = fact.attributes.get(attribute)
    for rule in rules:
        if rule.applies(fact.id.kind, attribute):
            value = rule.form(value, fact, schema)
    return value


def equal_by(before: tuple[Fact, Schema], after: tuple[Fact, Schema], attribute: str) -> tuple[str, ...]:
    """Ids of the equivalences that make an attribute of two facts equal: one if one does it alone; () if none do."""
    rules = [rule for rule in EQUIVALENCES if rule.applies(after[0].id.kind, attribute)]

    def same(chosen: list[Equivalence]) -> bool:
        return canonical(before[0], attribute, before[1], chosen) == canonical(after[0], attribute, after[1], chosen)

    for rule in rules:
        if same([rule]):
            return (rule.id,)
    if not rules or not same(rules):
        return ()
    needed = list(rules)
    for rule in rules:
        rest = [other for other in needed if other is not rule]
        if same(rest):
            needed = rest
    return tuple(dict.fromkeys(rule.id for rule in needed))
