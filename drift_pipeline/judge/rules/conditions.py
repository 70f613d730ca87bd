"""Conditions of rules, each with its words. All of them are pure: facts in, yes or no out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from drift_pipeline.judge.rules.rule import Case, Condition
from drift_pipeline.judge.types import TIMESTAMP, TIMESTAMPTZ, Loss, family, keeps_rows, narrowing, parse_type
from drift_pipeline.schema.facts import FactId, Schema

_VOLATILE = re.compile(
    r"\b(gen_random_uuid|uuid_generate_v\w+|uuidv[47]|clock_timestamp|timeofday|random|random_normal|nextval"
    r"|gen_random_bytes|gen_salt)\s*\("
)


def state(name: str, value: Any, text: str, otherwise: str = "") -> Condition:
    """That an attribute of the fact has this value (in the models, or live if only live has the fact)."""
    return Condition(text, lambda case: case.stated(name) == value, otherwise)


def becomes(value: Any, text: str, otherwise: str = "") -> Condition:
    """That the changed attribute gets this value by the repair."""
    return Condition(text, lambda case: case.after == value, otherwise)


gained = Condition(
    "only the models have it", lambda case: _empty(case.before) and not _empty(case.after), "live has one"
)
lost = Condition("only the live database has it", lambda case: not _empty(case.before) and _empty(case.after))
changed = Condition("both have one", lambda case: not _empty(case.before) and not _empty(case.after))
only_order = Condition(
    "the columns are the same, in another order",
    lambda case: (
        # in a foreign key the order says which column refers to which
        case.difference.id.kind in ("unique", "primary_key")
        and isinstance(case.before, list)
        and isinstance(case.after, list)
        and sorted(map(str, case.before)) == sorted(map(str, case.after))
    ),
    "other columns",
)
turned_on = Condition("off live, on in the models", lambda case: not case.before and bool(case.after))
turned_off = Condition(
    "on live, off in the models", lambda case: bool(case.before) and not case.after, "it does not go off by the repair"
)

becomes_unlogged = becomes("unlogged", "the models have it unlogged", "the models have it logged")
becomes_disabled = Condition(
    "the models have it disabled", lambda case: str(case.after).startswith("disabled"), "the models have it enabled"
)


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


# columns

not_null = state("not_null", True, "the column is NOT NULL", "the column is nullable")
nullable = ~not_null
has_default = Condition("it has a default", lambda case: case.stated("default") is not None)
fills_itself = Condition(
    "it has a default, is an identity or generated",
    lambda case: any(case.stated(name) is not None for name in ("default", "identity", "generated")),
    "nothing fills it",
)
volatile_default = Condition(
    "its default differs from row to row", lambda case: bool(_VOLATILE.search(str(case.stated("default") or "")))
)


def _numbers_itself(case: Case) -> bool:
    return case.stated("identity") is not None or "nextval(" in str(case.stated("default") or "")


is_identity = Condition("it is an identity or serial", _numbers_itself)
generated_stored = state("generated", "stored", "it is a stored generated column")
generated_virtual = state("generated", "virtual", "it is a virtual generated column")
plain = Condition(
    "it is no generated column",
    lambda case: not case.live("generated") and not case.wanted("generated"),
    "it is a generated column on a side",
)
expression = Condition(
    "it is a generated column on both sides", lambda case: bool(case.live("generated") and case.wanted("generated"))
)
needs_default = Condition(
    "the column is NOT NULL and has nothing else to fill it",
    lambda case: (
        bool(case.wanted("not_null") or case.live("not_null"))
        and not case.wanted("identity")
        and not case.wanted("generated")
    ),
    "the column is nullable or something else fills it",
)
missing_but_required = Condition(
    "the column is NOT NULL live", lambda case: bool(case.live("not_null")) and not case.live("identity")
)
sequence_default = Condition(
    "the models take the value from a sequence", lambda case: "nextval(" in str(case.after or "")
)


def _is_not_null(schema: Schema, table: tuple[str, ...], column: str) -> bool:
    """Whether a column is NOT NULL; a partition's or child's column may stand with its parent only."""
    fact = schema.facts.get(FactId("column", (*table, column)))
    if fact is not None:
        return bool(fact.attributes.get("not_null"))
    home = schema.facts.get(FactId("table", table))
    above = (home.attributes.get("partition_of"), *_list(home.attributes.get("inherits"))) if home else ()
    return any(_is_not_null(schema, tuple(map(str, name)), column) for name in above if isinstance(name, list))


def _stays_not_null(case: Case) -> bool:
    table, columns = case.difference.id.name[:2], [str(item) for item in _list(case.stated("columns"))]
    return all(_is_not_null(schema, table, column) for schema in (case.source, case.target) for column in columns)


stays_not_null = Condition("the column is NOT NULL on both sides", _stays_not_null, "the column is nullable on a side")
holds_for_all_rows = Condition(
    "it is validated and holds for child tables",
    lambda case: case.stated("validated") is not False and not case.stated("no_inherit"),
    "it is NOT VALID or NO INHERIT",
)

# types


def _types(case: Case) -> tuple[str, str]:
    return str(case.before or ""), str(case.after or "")


narrower = Condition("values of the live type do not fit", lambda case: narrowing(*_types(case)) is not None)
timezone_shift = Condition(
    "timestamp with and without time zone",
    lambda case: {parse_type(text).base for text in _types(case)} == {TIMESTAMP, TIMESTAMPTZ},
)
json_kinds = Condition("between json and jsonb", lambda case: set(_types(case)) == {"json", "jsonb"})
no_rewrite = Condition("PostgreSQL keeps the rows as they are", lambda case: keeps_rows(*_types(case)))
other_family = Condition(
    "the types cannot be compared in a query",
    lambda case: family(_types(case)[0]) != family(_types(case)[1]) and not _same_base_of_domain(case),
)
live_refuses = Condition("values of the models do not fit the live type", lambda case: _loss(case) is Loss.REFUSED)
live_cuts = Condition("values of the models are rounded by the live type", lambda case: _loss(case) is Loss.CUT)


def _loss(case: Case) -> Loss | None:
    before, after = _types(case)
    found = narrowing(after, before)
    return found.loss if found else None


def what_is_lost(case: Case) -> str:
    """Sentence on a narrowing type change: what happens to the values that are stored."""
    found = narrowing(*_types(case))
    return found.text if found else ""


def what_live_does(case: Case) -> str:
    """Sentence on a live type that is too narrow for the models."""
    before, after = _types(case)
    found = narrowing(after, before)
    return found.text if found else ""


def named_type(text: str) -> FactId | None:
    """Schema and name of a type that somebody made, from its printed form; None for PostgreSQL's own."""
    parts = re.findall(r'"((?:[^"]|"")+)"|([^".\[\]()]+)', parse_type(text).base)
    names = tuple((quoted.replace('""', '"') or bare) for quoted, bare in parts)
    return FactId("", names) if len(names) == 2 else None


def type_is(schema: Schema, text: str, kind: str) -> bool:
    """True if this printed type is an enum, a domain … of the schema."""
    named = named_type(text)
    return named is not None and FactId(kind, named.name) in schema.facts


def _same_base_of_domain(case: Case) -> bool:
    before, after = _types(case)
    return family(_base(case.source, before)) == family(_base(case.target, after))


def _base(schema: Schema, text: str) -> str:
    named = named_type(text)
    domain = schema.facts.get(FactId("domain", named.name)) if named else None
    return str(domain.attributes.get("type")) if domain else text


enum_on_a_side = Condition(
    "one of the types is an enum",
    lambda case: type_is(case.source, _types(case)[0], "enum") or type_is(case.target, _types(case)[1], "enum"),
)
to_checked_domain = Condition(
    "the new type is a domain with a check", lambda case: _checked_domain(case.target, _types(case)[1])
)
of_checked_domain = Condition(
    "its type is a domain with a check", lambda case: _checked_domain(case.target, str(case.wanted("type") or ""))
)


def _checked_domain(schema: Schema, text: str) -> bool:
    named = named_type(text)
    if named is None:
        return False
    return any(fact.id.name[:2] == named.name for fact in schema.of_kind("domain_check"))


def _used_by_view(case: Case) -> bool:
    views = {"view", "materialized_view", "rule", "policy"}
    return any(needs.kind in views for needs in case.source.needed_by.get(case.difference.id, ()))


dependent_on = Condition("a view or rule uses the column", _used_by_view)


# lists and maps


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []


labels_gained = Condition("only the models have some", lambda case: bool(_minus(case.after, case.before)))
labels_lost = Condition(
    "only the live database has some",
    lambda case: bool(_minus(case.before, case.after)),
    "the models have all of the live ones",
)
reordered = Condition(
    "the same ones in another order",
    lambda case: not _minus(case.after, case.before) and not _minus(case.before, case.after),
)


def _common_order_differs(case: Case) -> bool:
    before, after = _list(case.before), _list(case.after)
    return [item for item in before if item in after] != [item for item in after if item in before]


common_reordered = Condition("the common ones stand in another order", _common_order_differs)


def _minus(left: Any, right: Any) -> list[Any]:
    others = _list(right)
    return [item for item in _list(left) if item not in others]


def _columns(value: Any) -> list[tuple[str, str]]:
    return [(str(item.get("name")), str(item.get("type"))) for item in _list(value) if isinstance(item, dict)]


columns_appended = Condition(
    "columns are only added at the end",
    lambda case: _columns(case.after)[: len(_columns(case.before))] == _columns(case.before),
    "columns go or change",
)
columns_missing = Condition(
    "live lacks columns or has other types",
    lambda case: bool([column for column in _columns(case.after) if column not in _columns(case.before)]),
)


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


grants_more = Condition(
    "the models grant more",
    lambda case: any(
        name not in _map(case.before) or (option and not _map(case.before)[name])
        for name, option in _map(case.after).items()
    ),
)
grants_less = Condition(
    "the live database grants more",
    lambda case: any(
        name not in _map(case.after) or (option and not _map(case.after)[name])
        for name, option in _map(case.before).items()
    ),
)
to_public = Condition("to PUBLIC", lambda case: case.difference.id.name[-1] == "PUBLIC", "not to PUBLIC")

# access

permissive = state("permissive", True, "it is permissive", "it is restrictive")
restrictive = ~permissive
trigger_on = Condition("live is disabled", lambda case: case.before in ("disabled", "D", False))
trigger_off = Condition("the models have it disabled", lambda case: case.after in ("disabled", "D", False))
_SECURITY = ("security_invoker", "security_barrier", "check_option")
security_option = Condition(
    "security_invoker, security_barrier or check_option differs",
    lambda case: any(_option(case.before, name) != _option(case.after, name) for name in _SECURITY),
    "no security option differs",
)
security_option_lost = Condition(
    "live lacks security_invoker or security_barrier",
    lambda case: any(_option(case.after, name) and not _option(case.before, name) for name in _SECURITY[:2]),
)


def _option(options: Any, name: str) -> str:
    value = str(_map(options).get(name, "")).lower()
    return "" if value in ("false", "off", "0", "no") else value


# constraints, indexes, sequences

unique = state("unique", True, "it is unique")
not_validated = state("validated", False, "it is NOT VALID", "old rows are checked")
loses_cascade = Condition(
    "the models delete or update other rows by it",
    lambda case: str(case.after).upper() == "CASCADE",
    "no CASCADE appears",
)
becomes_valid = Condition("live was never validated", lambda case: case.before is False, "live is validated")
partition = Condition("it is a partition", lambda case: case.stated("partition_of") is not None)
of_partitioned = Condition(
    "its table is partitioned",
    lambda case: bool(
        case.fact
        and case.fact.parent
        and any(
            table.attributes.get("partition_key")
            for schema in (case.source, case.target)
            if (table := schema.facts.get(case.fact.parent)) is not None
        )
    ),
    "its table is not partitioned",
)
with_foreign_key = Condition(
    "it has foreign keys",
    lambda case: any(item.kind == "foreign_key" for item in case.difference.contains),
)


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


lower_maximum = Condition("the maximum gets smaller", lambda case: _lower(case.before, case.after))


def _lower(before: Any, after: Any) -> bool:
    old, new = _number(before), _number(after)
    return old is not None and new is not None and new < old


lower_end = Condition(
    "it would end earlier",
    lambda case: (
        _lower(case.before, case.after)
        or _lower(_map(case.before).get("maximum"), _map(case.after).get("maximum"))
        or (case.attribute is not None and case.attribute.name == "type" and narrowing(*_types(case)) is not None)
    ),
)
smaller_type = Condition("the type gets smaller", lambda case: narrowing(*_types(case)) is not None)
identity_risk = Condition(
    "the maximum or the type gets smaller, or it starts to cycle",
    lambda case: (
        _lower(_map(case.before).get("maximum"), _map(case.after).get("maximum"))
        or bool(_map(case.after).get("cycle")) != bool(_map(case.before).get("cycle"))
        or narrowing(str(_map(case.before).get("type")), str(_map(case.after).get("type"))) is not None
    ),
    "other options",
)
live_sequence_smaller = Condition(
    "the live sequence ends earlier",
    lambda case: (
        _lower(case.after, case.before) or _lower(_map(case.after).get("maximum"), _map(case.before).get("maximum"))
    ),
)
major_upgrade = Condition(
    "the first number of the version differs",
    lambda case: str(case.before).split(".")[0] != str(case.after).split(".")[0],
    "the first number of the version is the same",
)


# what others need

in_use = Condition(
    "something in the database uses it",
    lambda case: bool(case.source.needed_by.get(case.difference.id)),
    "nothing in the database uses it",
)
is_needed = Condition(
    "something that is declared needs it",
    lambda case: bool(case.target.needed_by.get(case.difference.id)),
    "nothing that is declared needs it",
)


def _owner_is_declared(case: Case) -> bool:
    owner = case.live("owned_by")
    return isinstance(owner, list) and FactId("column", tuple(map(str, owner))) in case.target.facts


numbers_a_column = Condition("it belongs to a column that the models have", _owner_is_declared)
