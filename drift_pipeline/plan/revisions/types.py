"""PostgreSQL's names of types as SQLAlchemy types, in Python source. What is not here is left to SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLAIN: Mapping[str, str] = {
    "smallint": "sa.SmallInteger()",
    "integer": "sa.Integer()",
    "bigint": "sa.BigInteger()",
    "boolean": "sa.Boolean()",
    "text": "sa.Text()",
    "character varying": "sa.String()",
    "numeric": "sa.Numeric()",
    "real": "sa.REAL()",
    "double precision": "postgresql.DOUBLE_PRECISION()",
    "date": "sa.Date()",
    "time without time zone": "sa.Time()",
    "time with time zone": "sa.Time(timezone=True)",
    "timestamp without time zone": "sa.DateTime()",
    "timestamp with time zone": "sa.DateTime(timezone=True)",
    "bytea": "sa.LargeBinary()",
    "uuid": "postgresql.UUID()",
    "json": "postgresql.JSON()",
    "jsonb": "postgresql.JSONB()",
    "interval": "postgresql.INTERVAL()",
    "inet": "postgresql.INET()",
    "cidr": "postgresql.CIDR()",
    "macaddr": "postgresql.MACADDR()",
    "tsvector": "postgresql.TSVECTOR()",
    "money": "postgresql.MONEY()",
    "int4range": "postgresql.INT4RANGE()",
    "int8range": "postgresql.INT8RANGE()",
    "numrange": "postgresql.NUMRANGE()",
    "daterange": "postgresql.DATERANGE()",
    "tsrange": "postgresql.TSRANGE()",
    "tstzrange": "postgresql.TSTZRANGE()",
}
_LENGTH = {"character varying": "sa.String", "character": "sa.CHAR"}
_WITH_LENGTH = re.compile(r"(character(?: varying)?)\((\d+)\)")
_WITH_SCALE = re.compile(r"numeric\((\d+),(\d+)\)")
_ARRAY = re.compile(r"(.+?)((?:\[\])+)")


def type_source(name: str) -> str:
    """The source of the SQLAlchemy type that PostgreSQL calls by this name; empty if there is none in the table."""
    if name in _PLAIN:
        return _PLAIN[name]
    if found := _WITH_LENGTH.fullmatch(name):
        return f"{_LENGTH[found[1]]}({found[2]})"
    if found := _WITH_SCALE.fullmatch(name):
        return f"sa.Numeric({found[1]}, {found[2]})"
    if found := _ARRAY.fullmatch(name):
        inner, dimensions = type_source(found[1]), len(found[2]) // 2
        more = f", dimensions={dimensions}" if dimensions > 1 else ""
        return f"postgresql.ARRAY({inner}{more})" if inner else ""
    return ""
