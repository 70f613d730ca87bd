"""Which extensions a schema needs, and how they come onto scratch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its module calls it

# words that only an extension brings: its types, the operator classes and the functions that schemas use
_WORDS: Mapping[str, str] = {
    "citext": r"citext",
    "hstore": r"hstore",
    "ltree": r"ltree|lquery|ltxtquery|gist_ltree_ops",
    "vector": r"vector|halfvec|sparsevec|vector_\w+_ops|halfvec_\w+_ops|sparsevec_\w+_ops|ivfflat|hnsw",
    "postgis": r"geometry|geography|st_\w+|box2d|box3d",
    "postgis_raster": r"raster",
    "pg_trgm": r"gin_trgm_ops|gist_trgm_ops|similarity|word_similarity|show_trgm",
    "btree_gist": r"gist_(?:int[248]|float[48]|text|bpchar|bytea|date|time|timetz|timestamp|timestamptz|uuid|enum|bool"
    r"|cash|oid|inet|cidr|macaddr8?|numeric|interval|bit|vbit)_ops",
    "intarray": r"gin__int_ops|gist__int_ops|gist__intbig_ops|query_int",
    "unaccent": r"unaccent",
    "fuzzystrmatch": r"levenshtein|soundex|metaphone|dmetaphone|daitch_mokotoff",
    "earthdistance": r"ll_to_earth|earth_box|earth_distance",
    "cube": r"cube",
    "isn": r"ean13|isbn13|issn13|ismn13|isbn|issn|ismn|upc",
    "seg": r"seg",
    "pgcrypto": r"gen_random_bytes|gen_salt|crypt|digest|hmac|pgp_\w+|armor|dearmor",
    "uuid-ossp": r"uuid_generate_v[1345](?:mc)?|uuid_nil|uuid_ns_\w+",
}
_FINDERS = {name: re.compile(rf"(?<![\w$])(?:{words})(?![\w$])", re.IGNORECASE) for name, words in _WORDS.items()}

_CREATE = re.compile(
    r"""^\s*create\s+extension\s+(?:if\s+not\s+exists\s+)?
        (?:"(?P<quoted>(?:[^"]|"")+)"|(?P<plain>[\w-]+))
        (?:.*?\bschema\s+(?:"(?P<quoted_schema>(?:[^"]|"")+)"|(?P<schema>\w+)))?""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
# An exclusion constraint over plain types says nothing by name; PostgreSQL's complaint does. No such thing for gin: an
# index on text without an operator class is nearly always one that lacks gin_trgm_ops, and no live database has it.
_NO_CLASS = re.compile(r"has no default operator class for access method \"gist\"")

STAND_IN = "stand-in:"
"""How the comment of an extension begins that scratch only stands in for."""


@dataclass
class Extensions:
    """The extensions of one scratch database while it is built. `missing`: wanted, and the server has them not."""

    connection: Connection
    default_schema: str
    schemas: Mapping[str, str]
    installed: set[str] = field(default_factory=set)
    missing: dict[str, str] = field(default_factory=dict)

    def want(self, name: str, schema: str = "") -> bool:
        """Creates an extension, in the schema where live has it, else in the default one. Whether it is there now."""
        if name in self.installed:
            return True
        if name in self.missing:
            return False
        place = self.schemas.get(name, "") or schema or self.default_schema
        with self.connection.cursor() as cursor:
            try:
                # some extensions insist on a schema of their own
                cursor.execute("select 1 from pg_catalog.pg_available_extensions where name = %s", (name,))
                if cursor.fetchone() is None:
                    self.missing[name] = "the server does not have it"
                    return False
                cursor.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(place)))
                statement = "create extension if not exists {} schema {} cascade"
                cursor.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(place)))
            except psycopg2.Error as first:
                try:
                    cursor.execute(sql.SQL("create extension if not exists {} cascade").format(sql.Identifier(name)))
                except psycopg2.Error:
                    self.missing[name] = (first.diag.message_primary or str(first)).strip()
                    return False
        self.installed.add(name)
        self.set_search_path()
        return True

    def set_search_path(self) -> None:
        """Unqualified names: made in the default schema, found also where the extensions lie."""
        names = dict.fromkeys((self.default_schema, *(self.schemas.get(each, "") for each in self.installed), "public"))
        path = sql.SQL(", ").join(sql.Identifier(each) for each in names if each)
        with self.connection.cursor() as cursor:
            cursor.execute(sql.SQL("set search_path to {}").format(path))

    def stand_ins(self) -> tuple[str, ...]:
        """The names of those that are there by signature only."""
        with self.connection.cursor() as cursor:
            cursor.execute(
                "select e.extname from pg_catalog.pg_extension e join pg_catalog.pg_description d"
                " on d.objoid = e.oid and d.classoid = 'pg_catalog.pg_extension'::pg_catalog.regclass"
                " where pg_catalog.starts_with(d.description, %s) order by 1",
                (STAND_IN,),
            )
            return tuple(row[0] for row in cursor.fetchall())


def created_by(statement: str) -> tuple[str, str] | None:
    """Name and schema of the extension that a statement creates, if it creates one."""
    found = _CREATE.match(statement)
    if found is None:
        return None
    name = found["quoted"].replace('""', '"') if found["quoted"] else found["plain"].lower()
    schema = found["quoted_schema"].replace('""', '"') if found["quoted_schema"] else (found["schema"] or "").lower()
    return name, schema


def needed_after(message: str) -> tuple[str, ...]:
    """The extensions that PostgreSQL's complaint calls for: the statement's own text would be a worse witness.

    A column may be called digest or vector; a type or a function that does not exist is named in the complaint.
    """
    if _NO_CLASS.search(message):
        return ("btree_gist",)
    if "does not exist" not in message or message.startswith("column "):
        return ()
    return tuple(name for name, finder in _FINDERS.items() if finder.search(message))
