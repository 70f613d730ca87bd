"""What of a schema is compared: the chosen schemas, without what is ignored. What models cannot declare: `managed`.

Everything that is left out is counted by its reason, so that "no drift" says of what.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase, translate
from typing import TypeAlias

from drift_pipeline.config import IgnoreRule
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value

SCHEMA_AT: Mapping[str, int | None] = {
    **dict.fromkeys(
        (
            "extension",
            "event_trigger",
            "publication",
            "subscription",
            "foreign_data_wrapper",
            "foreign_server",
            "user_mapping",
            "language",
            "transform",
            "access_method",
            "cast",
        )
    ),
    "default_privilege": 1,
    "publication_table": 1,
    "publication_schema": 1,
}
"""Where the schema stands in the names of a kind; None: the kind belongs to the database. First, for all others."""

ABOUT_AT: Mapping[str, int] = {"comment": 0, "privilege": 0, "security_label": 1}
"""Kinds whose names hold, from this position on, the kind and the name of the object that they are about."""

BUILT_IN: tuple[IgnoreRule, ...] = (
    IgnoreRule("*", "*.spatial_ref_sys", "table of PostGIS"),
    IgnoreRule("view", "*.geometry_columns", "view of PostGIS"),
    IgnoreRule("view", "*.geography_columns", "view of PostGIS"),
    IgnoreRule("view", "*.raster_columns", "view of PostGIS"),
    IgnoreRule("view", "*.raster_overviews", "view of PostGIS"),
    IgnoreRule("view", "*.pg_stat_statements", "view of pg_stat_statements"),
    IgnoreRule("view", "*.pg_stat_statements_info", "view of pg_stat_statements"),
    IgnoreRule("view", "*.pg_buffercache", "view of pg_buffercache"),
    IgnoreRule("view", "*.hypopg_list_indexes", "view of hypopg"),
)
"""What an extension or a managed platform makes. Members of an extension are never read in the first place; these are
left where an extension was dumped and restored as plain objects, as old releases did."""

VERSION_TABLE = "alembic_version"
VERSION_TABLE_REASON = "Alembic's version table"


def schema_of(fact_id: FactId) -> str:
    """The schema that the fact belongs to; empty for what belongs to the database as a whole."""
    if fact_id.kind in ABOUT_AT:
        about = fact_id.name[ABOUT_AT[fact_id.kind] :]
        return schema_of(FactId(about[0], about[1:])) if len(about) > 1 else ""
    at = SCHEMA_AT.get(fact_id.kind, 0)
    return fact_id.name[at] if at is not None and at < len(fact_id.name) else ""


def restrict(
    schema: Schema,
    *,
    schemas: Collection[str] | None = None,
    ignore: Sequence[IgnoreRule] = (),
    version_tables: Collection[str] = (VERSION_TABLE,),
) -> Schema:
    """The part of the schema that is compared; what was left out is counted in `excluded`, by reason.

    `schemas`: those to keep, None for all; what belongs to the database as a whole is kept. `ignore`: rules by kind and
    shell pattern on the dotted name, beside the built-in ones. `version_tables`: Alembic's, with or without schema.
    What belongs to something that is left out goes with it.
    """
    rules = _compiled((*_version_rules(version_tables), *BUILT_IN, *ignore))
    outside = _Outside(schemas)
    reasons: dict[FactId, str] = {}
    kept: dict[FactId, Fact] = {}
    for key, fact in schema.facts.items():
        reason = outside(key) or _rule_for(key, rules)
        if reason:
            reasons[key] = reason
        else:
            kept[key] = fact
    counted = Counter(reason for key, reason in reasons.items() if _stands_alone(schema.facts[key], reasons))
    take_children(kept, reasons)
    return part_of(schema, kept, counted)


def _stands_alone(fact: Fact, reasons: Mapping[FactId, str]) -> bool:
    """True for what counts: an object, and not each of its columns."""
    return fact.parent is None or fact.parent.kind == "schema" or fact.parent not in reasons


class _Outside:
    """Why a fact belongs to no schema that is compared; empty if it does. Asked of every fact, so answers are kept."""

    def __init__(self, schemas: Collection[str] | None) -> None:
        self._schemas = schemas
        self._known: dict[tuple[str, str], str] = {}

    def __call__(self, key: FactId) -> str:
        if self._schemas is None:
            return ""
        if key.kind in ABOUT_AT or key.kind in SCHEMA_AT or not key.name:
            return self._reason(schema_of(key))
        home = key.kind, key.name[0]
        if home not in self._known:
            self._known[home] = self._reason(schema_of(key))
        return self._known[home]

    def _reason(self, where: str) -> str:
        compared = self._schemas is None or not where or where in self._schemas
        return "" if compared else f"schema {where} is not compared"


def _version_rules(tables: Collection[str]) -> list[IgnoreRule]:
    patterns = [_literal(name) if "." in name else f"*.{_literal(name)}" for name in tables]
    return [IgnoreRule("table", pattern, VERSION_TABLE_REASON) for pattern in patterns]


def _literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


@dataclass(frozen=True)
class _Own:
    """The rules of one kind. `pattern`: one for all of them, as most facts match none. `last`: if every rule says only
    how the last part of a name is called, those names."""

    pattern: re.Pattern[str]
    rules: tuple[IgnoreRule, ...]
    last: frozenset[str] | None

    @classmethod
    def of(cls, rules: Sequence[IgnoreRule]) -> _Own:
        ends = [rule.pattern.removeprefix("*.") for rule in rules]
        plain = all(
            rule.pattern.startswith("*.") and not set(end) & set("*?[.") for rule, end in zip(rules, ends, strict=True)
        )
        pattern = re.compile("|".join(translate(rule.pattern) for rule in rules))
        return cls(pattern, tuple(rules), frozenset(ends) if plain else None)

    def rule_for(self, key: FactId) -> IgnoreRule | None:
        """The first rule that the fact falls under."""
        name = key.name[-1]
        if self.last is not None and name not in self.last and "." not in name:
            return None
        dotted = ".".join(key.name)
        if not self.pattern.match(dotted):
            return None
        return next(rule for rule in self.rules if fnmatchcase(dotted, rule.pattern))


_Rules: TypeAlias = Mapping[str, _Own]


def _compiled(rules: Sequence[IgnoreRule]) -> _Rules:
    found: dict[str, list[IgnoreRule]] = defaultdict(list)
    for rule in rules:
        found[rule.kind].append(rule)
    return {kind: _Own.of(own) for kind, own in found.items()}


def _rule_for(key: FactId, rules: _Rules) -> str:
    for kind in (key.kind, "*"):
        if kind in rules and (rule := rules[kind].rule_for(key)):
            return rule.reason or f"ignored: {rule.kind} {rule.pattern}"
    return ""


def take_children(kept: dict[FactId, Fact], reasons: Mapping[FactId, str]) -> None:
    """Move what belongs to something left out from `kept`: its parts, the sequences of its columns, and what makes a
    column NOT NULL."""
    gone = set(reasons)
    moved = bool(gone)
    while moved:
        children = [key for key, fact in kept.items() if fact.parent in gone or _owner(fact) in gone]
        for key in children:
            del kept[key]
        gone.update(children)
        moved = bool(children)


def _owner(fact: Fact) -> FactId | None:
    """The table whose column owns the sequence; the column that a NOT NULL is about, which stands beside it."""
    if fact.id.kind == "not_null":
        columns = fact.attributes.get("columns")
        return FactId("column", (*fact.id.name[:2], *map(str, columns if isinstance(columns, list) else ())))
    owner = fact.attributes.get("owned_by") if fact.id.kind == "sequence" else None
    return FactId("table", tuple(map(str, owner[:2]))) if isinstance(owner, list) else None


def part_of(schema: Schema, kept: Mapping[FactId, Fact], more: Mapping[str, int]) -> Schema:
    """The schema with these of its facts, and what they need of each other. `more`: counts of what was left out."""
    excluded = dict(Counter(dict(schema.excluded)) + Counter(dict(more)))
    gone = schema.facts.keys() - kept.keys()
    depends = schema.depends
    if gone:
        depends = frozenset(edge for edge in depends if edge[0] not in gone and edge[1] not in gone)
    return replace(schema, facts=kept, excluded=dict(sorted(excluded.items())), depends=depends)


def without_own_privileges(schema: Schema) -> Schema:
    """The schema without what owners may do with their own objects, which says nothing but who the owner is."""
    own = {
        key
        for key, fact in schema.facts.items()
        if key.kind == "privilege" and key.name[-1] == _owner_role(fact, schema)
    }
    kept = {key: fact for key, fact in schema.facts.items() if key not in own}
    return replace(schema, facts=kept) if own else schema


def _owner_role(privilege: Fact, schema: Schema) -> Value:
    about = schema.facts.get(privilege.parent) if privilege.parent else None
    while about is not None and "owner" not in about.attributes:
        about = schema.facts.get(about.parent) if about.parent else None
    return about.attributes["owner"] if about is not None else None


def leave_out(schema: Schema, ids: Collection[FactId], reason: str) -> Schema:
    """The schema without these facts and what belongs to them, counted under the reason."""
    gone = {key: reason for key in ids if key in schema.facts}
    if not gone:
        return schema
    kept = {key: fact for key, fact in schema.facts.items() if key not in gone}
    counted = Counter({reason: len(gone)})
    take_children(kept, gone)
    return part_of(schema, kept, counted)


TYPES = frozenset({"enum", "domain", "composite", "range", "base_type"})


def used_only_outside(schema: Schema, kept: Collection[FactId]) -> frozenset[FactId]:
    """The types among `kept` that something uses, and nothing of `kept` does: no repair could drop one of them."""
    users: dict[FactId, set[FactId]] = defaultdict(set)
    for user, used in schema.depends:
        if used.kind in TYPES and user != used:
            users[used].add(user)
    inside, found = set(kept), set[FactId]()
    while more := {each for each in users.keys() & inside if not users[each] & inside}:
        found |= more
        inside -= more
    return frozenset(found)
