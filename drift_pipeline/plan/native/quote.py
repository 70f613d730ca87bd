"""Names and text as SQL.

psycopg2's own composition needs a connection to render; the native planner has none, since it writes from two
snapshots. The rules are those of PostgreSQL's `quote_identifier` and `quote_literal`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*\Z")

_WORDS = """
all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case
cast char character check coalesce collate collation column concurrently constraint create cross
current_catalog current_date current_role current_schema current_time current_timestamp current_user dec
decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign
freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect
interval into is isnull join json json_array json_arrayagg json_exists json_object json_objectagg json_query
json_scalar json_serialize json_table json_value lateral leading least left like limit localtime
localtimestamp merge_action national natural nchar none normalize not notnull null nullif numeric offset on
only or order out outer overlaps overlay placing position precision primary real references returning right
row select session_user setof similar smallint some substring symmetric system_user table tablesample then
time timestamp to trailing treat trim true union unique user using values varchar variadic verbose when where
window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
xmlserialize xmltable
"""

NOT_PLAIN = frozenset(_WORDS.split())
"""Every word that a server of major 15 to 18 does not take as a plain name everywhere (pg_get_keywords, not "U")."""


def quote_ident(name: str) -> str:
    """The name as an SQL identifier: bare where PostgreSQL itself would print it bare."""
    if _PLAIN.match(name) and name not in NOT_PLAIN:
        return name
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """The text as an SQL string literal, right under either setting of `standard_conforming_strings`."""
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


def dotted(*names: str) -> str:
    """Names joined to one qualified name: schema and table, say."""
    return ".".join(quote_ident(name) for name in names)


def columns(names: Iterable[str]) -> str:
    """Column names as a list for parentheses."""
    return ", ".join(quote_ident(name) for name in names)


def role(name: str) -> str:
    """A role in GRANT, POLICY or OWNER TO; the pseudo role PUBLIC is a key word, not a name."""
    return "PUBLIC" if name == "PUBLIC" else quote_ident(name)
