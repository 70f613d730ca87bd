"""The other way out: Python lines that declare in the models what the database has.

Written from the facts, so that no live database is reflected and no second one is made for it. What SQLAlchemy cannot
declare gets no lines.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from drift_pipeline.diff.differences import Change
from drift_pipeline.judge.adoption_types import CORE, Code, type_code
from drift_pipeline.judge.findings import Cause, Finding, Remedy
from drift_pipeline.schema.facts import Fact, FactId, Schema

_BIND = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
_NO_LENGTH = 100


def adoption_of(finding: Finding, home: Home) -> str:
    """Lines that declare in the models what live has; empty where nobody would want that or SQLAlchemy cannot.

    Wanted: for what exists in live alone or was changed there by hand, and for what the models should follow.
    """
    difference = finding.difference
    by_hand = Cause.MANUAL_CHANGE in finding.causes
    unknown = Cause.UNKNOWN in finding.causes and (
        difference.change is Change.REMOVED or finding.remedy is not Remedy.DATABASE
    )
    if difference.before is None or difference.plane != "structure" or not (by_hand or unknown):
        return ""
    return lines_for(difference.before, home)


def lines_for(fact: Fact, home: Home) -> str:
    """The imports and the declaration of one fact; empty if it cannot be declared."""
    writer = _TOP.get(fact.id.kind)
    code = writer(fact, home) if writer else None
    if code is None:
        return ""
    modules: dict[str, list[str]] = {}
    for module, name in sorted(code.names):
        modules.setdefault(module, []).append(name)
    imports = [f"from {module} import {', '.join(names)}" for module, names in modules.items()]
    return "\n".join([*imports, code.text])


class Home:
    """The schema that the facts are of; tables of its `default_schema` are those that name none in the models."""

    def __init__(self, live: Schema, default_schema: str = "public") -> None:
        self.live = live
        self.default_schema = default_schema
        self._parts: dict[tuple[str, ...], list[Fact]] | None = None

    def comment(self, fact_id: FactId) -> str:
        """What COMMENT ON says of it; empty if nothing."""
        found = self.live.facts.get(FactId("comment", (fact_id.kind, *fact_id.name)))
        return str(found.attributes.get("text")) if found else ""

    def parts(self, table: tuple[str, ...]) -> list[Fact]:
        """Everything that is declared inside of a table, columns in their order first."""
        if self._parts is None:
            self._parts = {}
            for fact in self.live.of_kind(*_INSIDE):
                self._parts.setdefault(fact.id.name[:2], []).append(fact)
        own = self._parts.get(table, [])
        return sorted(own, key=lambda fact: (_INSIDE.index(fact.id.kind), _position(fact), fact.id.name))


_INSIDE = ("column", "primary_key", "unique", "check", "foreign_key", "exclusion", "index")


def _position(fact: Fact) -> int:
    value = fact.attributes.get("_position")
    return value if isinstance(value, int) else 0


def _call(name: str, arguments: Iterable[str | Code | None], /, **named: str | Code | None) -> Code:
    """`name(arguments, key=value)`; what is None is left out. Strings are Python source already."""
    parts: list[str] = []
    names = {(CORE, name)}
    for key, value in [*((None, item) for item in arguments), *named.items()]:
        if value is None:
            continue
        text = value.text if isinstance(value, Code) else value
        names |= value.names if isinstance(value, Code) else frozenset()
        parts.append(f"{key}={text}" if key else text)
    return Code(f"{name}({', '.join(parts)})", frozenset(names))


def _sql(text: str) -> Code:
    """SQL as `text(...)`: colons that look like parameters are escaped."""
    return Code(f"text({_escaped(text)!r})", frozenset({(CORE, "text")}))


def _escaped(text: str) -> str:
    return _BIND.sub(r"\\:\1", text)


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


# ---------------------------------------------------------------- columns


def _column(fact: Fact, home: Home, *, in_key: bool = False) -> Code | None:
    facts = fact.attributes
    collation = str(facts.get("collation") or "")
    if collation and not collation.startswith("pg_catalog."):
        return None
    kind = type_code(str(facts.get("type")), home.live, collation.partition(".")[2].strip('"'))
    if kind is None:
        return None
    serial = bool(facts.get("_owned_sequence")) and not facts.get("identity")
    if serial and not in_key:
        return None  # SQLAlchemy makes a sequence of its own for keys alone
    filled = _computed(facts) or _identity(facts)
    default = facts.get("default") if filled is None and not serial else None
    comment = home.comment(fact.id)
    return _call(
        "Column",
        [repr(fact.id.name[2]), kind, filled],
        nullable="False" if facts.get("not_null") and not in_key else None,
        autoincrement="True" if serial else "False" if in_key and filled is None else None,
        server_default=_sql(str(default)) if default is not None else None,
        comment=repr(comment) if comment else None,
    )


def _computed(facts: Mapping[str, Any]) -> Code | None:
    if not facts.get("generated"):
        return None
    persisted = "True" if facts["generated"] == "stored" else "False"
    return _call("Computed", [repr(_escaped(str(facts.get("default"))))], persisted=persisted)


def _identity(facts: Mapping[str, Any]) -> Code | None:
    if not facts.get("identity"):
        return None
    options = facts.get("identity_options")
    given = options if isinstance(options, dict) else {}
    usual = {"start": 1, "increment": 1, "minimum": 1, "cache": 1, "cycle": False}
    limits = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
    usual["maximum"] = limits.get(str(given.get("type")), 0)
    words = {"minimum": "minvalue", "maximum": "maxvalue"}
    own = {words.get(key, key): repr(given[key]) for key, value in usual.items() if given.get(key, value) != value}
    return _call("Identity", [], always="True" if facts["identity"] == "always" else None, **own)


def _column_of_a_class(fact: Fact, home: Home) -> Code | None:
    table = fact.id.name[:2]
    keys = [_texts(part.attributes.get("columns")) for part in home.parts(table) if part.id.kind == "primary_key"]
    code = _column(fact, home, in_key=any(fact.id.name[2] in columns for columns in keys))
    if code is None:
        return None
    name = fact.id.name[2]
    plain = name.isidentifier() and not keyword.iskeyword(name) and name not in ("metadata", "registry")
    return Code(f"{name if plain else 'column'} = {code.text}", code.names)


# ---------------------------------------------------------------- constraints and indexes


def _timing(facts: Mapping[str, Any]) -> dict[str, str | Code | None]:
    return {
        "deferrable": "True" if facts.get("deferrable") else None,
        "initially": "'DEFERRED'" if facts.get("initially_deferred") else None,
    }


def _key(fact: Fact, home: Home) -> Code | None:
    facts = fact.attributes
    if facts.get("without_overlaps") or facts.get("definition") or facts.get("options") or facts.get("tablespace"):
        return None
    name = "PrimaryKeyConstraint" if fact.id.kind == "primary_key" else "UniqueConstraint"
    include = _texts(facts.get("include"))
    return _call(
        name,
        map(repr, _texts(facts.get("columns"))),
        name=repr(fact.id.name[2]),
        **_timing(facts),
        postgresql_include=repr(include) if include else None,
        postgresql_nulls_not_distinct="True" if facts.get("nulls_not_distinct") else None,
    )


def _check(fact: Fact, home: Home) -> Code | None:
    facts = fact.attributes
    if facts.get("enforced") is False:
        return None
    return _call(
        "CheckConstraint",
        [repr(_escaped(str(facts.get("expression"))))],
        name=repr(fact.id.name[2]),
        postgresql_not_valid="True" if facts.get("validated") is False else None,
    )


def _foreign_key(fact: Fact, home: Home) -> Code | None:
    facts = fact.attributes
    target = _texts(facts.get("references"))
    columns = _texts(facts.get("referenced_columns"))
    if facts.get("period") or facts.get("set_columns") or facts.get("enforced") is False:
        return None
    if any("." in part for part in (*target, *columns)):
        return None  # a reference is written with dots
    way = target if target[0] != home.default_schema else target[1:]
    references = [".".join((*way, column)) for column in columns]
    actions = {name: str(facts.get(f"on_{name[2:]}") or "no action") for name in ("ondelete", "onupdate")}
    return _call(
        "ForeignKeyConstraint",
        [repr(_texts(facts.get("columns"))), repr(references)],
        name=repr(fact.id.name[2]),
        **{name: repr(action.upper()) if action != "no action" else None for name, action in actions.items()},
        match="'FULL'" if facts.get("match") == "full" else None,
        **_timing(facts),
        postgresql_not_valid="True" if facts.get("validated") is False else None,
    )


def _index(fact: Fact, home: Home) -> Code | None:
    facts = fact.attributes
    keys, options = facts.get("keys"), facts.get("options")
    if not isinstance(keys, list) or facts.get("statistics") or facts.get("partition_of"):
        return None
    columns = set(_texts(facts.get("_columns")))
    written = [_index_key(key, columns) for key in keys if isinstance(key, dict)]
    include = _texts(facts.get("include"))
    method, predicate = str(facts.get("method")), facts.get("predicate")
    return _call(
        "Index",
        [repr(fact.id.name[2]), *written],
        unique="True" if facts.get("unique") else None,
        postgresql_using=repr(method) if method != "btree" else None,
        postgresql_where=_sql(str(predicate)) if predicate else None,
        postgresql_include=repr(include) if include else None,
        postgresql_with=repr(options) if options else None,
        postgresql_tablespace=repr(facts["tablespace"]) if facts.get("tablespace") else None,
        postgresql_nulls_not_distinct="True" if facts.get("nulls_not_distinct") else None,
    )


def _index_key(key: Mapping[str, Any], columns: set[str]) -> str | Code:
    """A bare column by its name, everything else as SQL."""
    text = str(key.get("key"))
    bare = text[1:-1].replace('""', '"') if text.startswith('"') and text.endswith('"') else text
    descending = key.get("order") == "desc"
    nulls = "first" if descending else "last"
    decorated = key.get("collation") or key.get("opclass") or descending or key.get("nulls") not in (None, nulls)
    if bare in columns and not decorated:
        return repr(bare)
    if key.get("collation"):
        text += f" COLLATE {key['collation']}"
    if key.get("opclass"):
        text += f" {key['opclass']}"
        if isinstance(key.get("opclass_options"), dict) and key["opclass_options"]:
            text += "(" + ", ".join(f"{name}={value}" for name, value in key["opclass_options"].items()) + ")"
    text += " DESC" if descending else ""
    if key.get("nulls") not in (None, nulls):
        text += f" NULLS {str(key['nulls']).upper()}"
    return _sql(text)


# ---------------------------------------------------------------- tables, sequences


def _table(fact: Fact, home: Home) -> Code | None:
    facts = fact.attributes
    if facts.get("partition_key") or facts.get("partition_of") or facts.get("inherits") or facts.get("of_type"):
        return None
    written: list[Code] = []
    parts = home.parts(fact.id.name)
    keyed = {name for part in parts if part.id.kind == "primary_key" for name in _texts(part.attributes.get("columns"))}
    for part in parts:
        if part.id.kind == "column":
            code = _column(part, home, in_key=part.id.name[2] in keyed)
        else:
            writer = _PARTS.get(part.id.kind)
            code = writer(part, home) if writer else None
        if code is None:
            return None
        written.append(code)
    schema, comment = fact.id.name[0], home.comment(fact.id)
    named = {
        "schema": repr(schema) if schema != home.default_schema else None,
        "comment": repr(comment) if comment else None,
        "prefixes": "['UNLOGGED']" if facts.get("persistence") == "unlogged" else None,
    }
    names = frozenset({(CORE, "Table")}).union(*(code.names for code in written))
    lines = [repr(fact.id.name[1]), "metadata", *(code.text for code in written)]
    lines += [f"{key}={value}" for key, value in named.items() if value]
    return Code("Table(\n" + "".join(f"    {line},\n" for line in lines) + ")", names)


def _sequence(fact: Fact, home: Home) -> Code | None:
    facts = fact.attributes
    if facts.get("owned_by"):
        return None
    usual: dict[str, Any] = {"start": 1, "increment": 1, "minimum": 1, "cache": 1, "cycle": False}
    words = {"minimum": "minvalue", "cache": "cache"}
    own = {words.get(key, key): repr(facts[key]) for key, value in usual.items() if facts.get(key, value) != value}
    limits = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
    if facts.get("maximum") != limits.get(str(facts.get("type"))):
        own["maxvalue"] = repr(facts.get("maximum"))
    kind = type_code(str(facts.get("type")), home.live)
    schema = fact.id.name[0]
    return _call(
        "Sequence",
        [repr(fact.id.name[1])],
        schema=repr(schema) if schema != home.default_schema else None,
        metadata="metadata",
        data_type=kind if facts.get("type") != "bigint" else None,
        **own,
    )


_Writer = Callable[[Fact, Home], Code | None]
_PARTS: dict[str, _Writer] = {
    "primary_key": _key,
    "unique": _key,
    "check": _check,
    "foreign_key": _foreign_key,
    "index": _index,
}
_TOP: dict[str, _Writer] = {**_PARTS, "column": _column_of_a_class, "table": _table, "sequence": _sequence}
"""Kinds that SQLAlchemy can declare; a comment goes with what it is about."""
