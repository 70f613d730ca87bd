"""PostgreSQL's types as SQLAlchemy writes them: printed form in, expression and imports out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from drift_pipeline.judge.rules.conditions import named_type
from drift_pipeline.schema.facts import FactId, Schema

CORE = "sqlalchemy"
DIALECT = "sqlalchemy.dialects.postgresql"

_PARTS = re.compile(r"(?P<base>[^()]+?)\s*(\((?P<modifier>-?\d+(,-?\d+)?)\))?(?P<rest>( with| without)[a-z ]*)?")


@dataclass(frozen=True)
class Code:
    """A piece of Python, and the names that it needs: `(module, name)`."""

    text: str
    names: frozenset[tuple[str, str]] = frozenset()


# printed base -> module, name; what stands in brackets is written behind it
_PLAIN: dict[str, tuple[str, str]] = {
    "smallint": (CORE, "SmallInteger"),
    "integer": (CORE, "Integer"),
    "bigint": (CORE, "BigInteger"),
    "text": (CORE, "Text"),
    "character varying": (CORE, "String"),
    "character": (CORE, "CHAR"),
    "boolean": (CORE, "Boolean"),
    "date": (CORE, "Date"),
    "numeric": (CORE, "Numeric"),
    "real": (CORE, "REAL"),
    "bytea": (CORE, "LargeBinary"),
    "json": (CORE, "JSON"),
    "double precision": (DIALECT, "DOUBLE_PRECISION"),
    "uuid": (DIALECT, "UUID"),
    "jsonb": (DIALECT, "JSONB"),
    "interval": (DIALECT, "INTERVAL"),
    "inet": (DIALECT, "INET"),
    "cidr": (DIALECT, "CIDR"),
    "macaddr": (DIALECT, "MACADDR"),
    "macaddr8": (DIALECT, "MACADDR8"),
    "money": (DIALECT, "MONEY"),
    "oid": (DIALECT, "OID"),
    "regclass": (DIALECT, "REGCLASS"),
    "tsvector": (DIALECT, "TSVECTOR"),
    "tsquery": (DIALECT, "TSQUERY"),
    "bit": (DIALECT, "BIT"),
    "int4range": (DIALECT, "INT4RANGE"),
    "int8range": (DIALECT, "INT8RANGE"),
    "numrange": (DIALECT, "NUMRANGE"),
    "daterange": (DIALECT, "DATERANGE"),
    "tsrange": (DIALECT, "TSRANGE"),
    "tstzrange": (DIALECT, "TSTZRANGE"),
}
_IN_EXTENSIONS = {"citext": "CITEXT", "hstore": "HSTORE"}
_WITH_PRECISION = {"interval": "precision"}
_TIMES = {"timestamp": ("TIMESTAMP", "DateTime"), "time": ("TIME", "Time")}


def type_code(printed: str, schema: Schema, collation: str = "") -> Code | None:
    """The type as an expression such as `String(20)`; None where SQLAlchemy has no word for it."""
    if printed.endswith("[]"):
        inner = type_code(printed.rstrip("[]"), schema, collation)
        if inner is None:
            return None
        dimensions = printed.count("[]")
        more = f", dimensions={dimensions}" if dimensions > 1 else ""
        return Code(f"ARRAY({inner.text}{more})", inner.names | {(DIALECT, "ARRAY")})
    found = _PARTS.fullmatch(printed)
    if found is None:
        return _named(printed, schema)
    base, modifier, rest = found["base"].strip(), found["modifier"] or "", (found["rest"] or "").strip()
    if base in _TIMES and not collation:
        return _time(base, modifier, rest)
    if rest or base not in _PLAIN:
        return _named(printed, schema)
    module, name = _PLAIN[base]
    return Code(f"{name}({_arguments(base, modifier, collation)})", frozenset({(module, name)}))


def _arguments(base: str, modifier: str, collation: str) -> str:
    if base == "bit varying" or (base == "bit" and not modifier):
        modifier = modifier or "1"
    given = [f"{_WITH_PRECISION[base]}={modifier}"] if modifier and base in _WITH_PRECISION else []
    given = given or ([modifier.replace(",", ", ")] if modifier else [])
    if base == "uuid":
        given.append("as_uuid=True")
    if collation:
        given.append(f"collation={collation!r}")
    return ", ".join(given)


def _time(base: str, modifier: str, rest: str) -> Code:
    exact, usual = _TIMES[base]
    zone = "timezone=True" if rest == "with time zone" else ""
    if modifier:
        given = ", ".join(item for item in (zone, f"precision={modifier}") if item)
        return Code(f"{exact}({given})", frozenset({(DIALECT, exact)}))
    return Code(f"{usual}({zone})", frozenset({(CORE, usual)}))


def _named(printed: str, schema: Schema) -> Code | None:
    """An enum or a domain of the database, or a type of an extension that SQLAlchemy knows."""
    if printed.startswith("bit varying"):
        length = re.sub(r"\D", "", printed)
        given = f"{length}, varying=True" if length else "varying=True"
        return Code(f"BIT({given})", frozenset({(DIALECT, "BIT")}))
    named = named_type(printed)
    if named is None:
        return None
    home, name = named.name
    enum, domain = schema.facts.get(FactId("enum", named.name)), schema.facts.get(FactId("domain", named.name))
    if enum is not None:
        labels = enum.attributes.get("labels")
        listed = ", ".join(repr(str(label)) for label in labels) if isinstance(labels, list) else ""
        return Code(f"ENUM({listed}, name={name!r}, schema={home!r})", frozenset({(DIALECT, "ENUM")}))
    if domain is not None:
        inner = type_code(str(domain.attributes.get("type")), schema)
        if inner is not None:
            names = inner.names | {(DIALECT, "DOMAIN")}
            return Code(f"DOMAIN({name!r}, {inner.text}, schema={home!r}, create_type=False)", names)
        return None
    known = _IN_EXTENSIONS.get(name)
    return Code(f"{known}()", frozenset({(DIALECT, known)})) if known else None
