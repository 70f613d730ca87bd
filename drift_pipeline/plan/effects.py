"""What a statement did, measured from PostgreSQL's own catalogs and locks; its text is not asked.

Whatever drops an object or rewrites a table holds an ACCESS EXCLUSIVE lock on it until the transaction ends. So the
transaction's locks name every candidate, and a second session, which does not see the transaction, still knows what
they were: the cost follows the statement and not the size of the schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql as composed

from drift_pipeline.plan.statements import Statement, TableLock

_SQL = Path(__file__).parent / "sql"
_LOCKS = (_SQL / "locks.sql").read_text()
_RELATIONS = (_SQL / "relations.sql").read_text()
_OBJECTS = (_SQL / "objects.sql").read_text()
_RELATION_EXISTS = (_SQL / "relation_exists.sql").read_text()

_KEYS = (
    "select conname, conrelid::bigint from pg_catalog.pg_constraint where conrelid = any(%s::oid[]) and contype = 'f'"
)

MODES = {
    "AccessExclusiveLock": "ACCESS EXCLUSIVE", "ExclusiveLock": "EXCLUSIVE",
    "ShareRowExclusiveLock": "SHARE ROW EXCLUSIVE", "ShareLock": "SHARE",
    "ShareUpdateExclusiveLock": "SHARE UPDATE EXCLUSIVE",
}  # fmt: skip
"""Modes that stand in somebody's way, the strongest first, as `pg_locks` and as people call them."""

_NAMED_BY = {
    "pg_type": "typname", "pg_proc": "proname", "pg_constraint": "conname", "pg_trigger": "tgname",
    "pg_policy": "polname", "pg_rewrite": "rulename", "pg_statistic_ext": "stxname", "pg_collation": "collname",
    "pg_namespace": "nspname", "pg_ts_config": "cfgname", "pg_ts_dict": "dictname", "pg_foreign_server": "srvname",
}  # fmt: skip
"""Which column of a catalog holds the name that a statement can change."""

_KIND_OF_RELATION = {
    "r": "table", "p": "table", "f": "foreign table", "m": "materialized view", "v": "view", "S": "sequence",
    "c": "type", "i": "index", "I": "index",
}  # fmt: skip
_TABLES = frozenset({"table", "foreign table", "materialized view"})

HOLDS_DATA = frozenset({"table", "foreign table", "column", "sequence"})
"""Dropping one loses data, even if another of the same name is made afterwards."""

EASILY_REBUILT = frozenset(
    {"index", "default value", "statistics object", "domain constraint", "check constraint", "not null constraint",
     "comment", "default acl"}
)  # fmt: skip
"""Dropping one for good loses neither data nor a guarantee that existing rows could stand in the way of later."""

_KIND_OF_CONSTRAINT = {
    "c": "check constraint", "n": "not null constraint", "f": "foreign key", "p": "primary key",
    "u": "unique constraint", "x": "exclusion constraint",
}  # fmt: skip
_SCAN = re.compile(
    r'verifying table "(?P<table>.+)"'
    r'|validating foreign key constraint "(?P<key>.+)"'
    r'|building index "(?P<index>.+)" on table "(?P<indexed>.+)" (?:serially|with)'
)


@dataclass(frozen=True)
class Dropped:
    """An object that a statement dropped. `address`: type, names and arguments, by which PostgreSQL finds it again."""

    kind: str
    name: str
    address: tuple[str, tuple[str, ...], tuple[str, ...]]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class _Relation:
    oid: int
    kind: str
    schema: str
    name: str
    file: int
    columns: dict[int, str]

    @property
    def label(self) -> str:
        return f"{self.schema}.{self.name}"


class Witness:
    """Two sessions on the same database: `inside` the transaction that changes it, and `outside` of it.

    `outside` goes on seeing the catalogs as they were when it was first asked, until `begin_anew`: what did not exist
    then is nobody's loss, and what was called otherwise then is lost under that name.
    """

    def __init__(self, inside: Any, outside: Any) -> None:
        self._inside = inside
        self._outside = outside
        self._files: dict[int, int] = {}
        self._told: set[Dropped] = set()

    def begin_anew(self) -> None:
        """What was committed so far is the new beginning. Whoever waits for old snapshots need not wait for ours."""
        self._outside.rollback()
        self._files.clear()
        self._told.clear()

    def measure(self, statement: Statement, messages: Iterable[str]) -> tuple[Statement, list[Dropped]]:
        """The statement, which has just run inside, with what it rewrote, locked and scanned; and what it dropped."""
        locks = self._rows(self._inside, _LOCKS)
        oids = [oid for kind, oid, _, _ in locks if kind == "relation"]
        before, after = self._relations(self._outside, oids), self._relations(self._inside, oids)
        hardest = _hardest((oid, mode) for kind, oid, _, mode in locks if kind == "relation")
        locked = {oid: each for oid, each in before.items() if hardest[oid] == "AccessExclusiveLock"}
        dropped = [*_dropped_relations(locked, after), *_dropped_columns(locked, after)]
        dropped += self._dropped_objects([(oid, item) for kind, oid, item, _ in locks if kind == "object"], dropped)
        tables = {oid: each for oid, each in before.items() if each.kind in _TABLES}
        scans, read = self._scans(messages, tables)
        measured = replace(
            statement,
            rewrites=self._rewritten(before, after),
            locks=tuple(sorted(each.label for oid, each in tables.items() if oid in locked)),
            holds=tuple(sorted(TableLock(each.label, MODES[hardest[oid]]) for oid, each in tables.items())),
            scans=scans,
            reads=read,
        )
        if any(item.kind == "extension" for item in dropped):  # and not all that it consists of
            dropped = [item for item in dropped if item.kind == "extension" or item.kind in HOLDS_DATA]
        # changing a column's type makes the indexes on it anew, under other oids
        lost = [item for item in dropped if item.kind in HOLDS_DATA or not self.still_there(item)]
        news = [item for item in lost if item not in self._told]
        self._told.update(news)
        return measured, news

    def still_there(self, item: Dropped) -> bool:
        """True if an object of this kind and name exists inside (again)."""
        kind, names, arguments = item.address
        if kind in _KIND_OF_RELATION.values() and len(names) == 2:
            kinds = [letter for letter, name in _KIND_OF_RELATION.items() if name == kind]
            return bool(self._rows(self._inside, _RELATION_EXISTS, (*names, kinds))[0][0])
        with self._inside.cursor() as cursor:
            cursor.execute("savepoint still_there")
            try:
                cursor.execute(
                    "select from pg_catalog.pg_get_object_address(%s, %s::text[], %s::text[])",
                    (kind, list(names), list(arguments)),
                )
            except psycopg2.Error:
                cursor.execute("rollback to savepoint still_there")
                return False
            finally:
                cursor.execute("release savepoint still_there")
        return True

    # ------------------------------------------------------------------ questions

    def _rows(self, session: Any, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with session.cursor() as cursor:
            cursor.execute(sql, parameters)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def _relations(self, session: Any, oids: list[int]) -> dict[int, _Relation]:
        found = {}
        for oid, letter, schema, name, file, columns, numbers, unique in self._rows(session, _RELATIONS, (oids,)):
            kind = "unique index" if unique else _KIND_OF_RELATION.get(letter, "relation")
            found[oid] = _Relation(oid, kind, schema, name, file, dict(zip(numbers, columns, strict=True)))
        return found

    def _dropped_objects(self, objects: list[tuple[int, int]], relations: list[Dropped]) -> list[Dropped]:
        if not objects:
            return []
        parameters = ([each for each, _ in objects], [each for _, each in objects])
        remaining = {(row[0], row[1]) for row in self._rows(self._inside, _OBJECTS, parameters)}
        gone_with = {item.address[1] for item in relations}
        found = []
        for class_, oid, kind, identity, address_kind, names, arguments, constraint, catalog, name in self._rows(
            self._outside, _OBJECTS, parameters
        ):
            if (class_, oid) in remaining or tuple(names[:2]) in gone_with:
                continue
            first = self._first_name(catalog, oid)
            if first is None:
                continue
            kind_of_it = _KIND_OF_CONSTRAINT.get(constraint, kind) if kind == "table constraint" else kind
            item = Dropped(kind_of_it, identity, (address_kind, tuple(names), tuple(arguments or ())))
            found.append(_under_its_first_name(item, first, name) if first and name and first != name else item)
        return found

    def _first_name(self, catalog: str, oid: int) -> str | None:
        """What an object was called in the beginning; None if it did not exist. Empty for kinds without such a name."""
        column = _NAMED_BY.get(catalog)
        question = composed.SQL("select pg_catalog.quote_ident({}) from {} where oid = %s").format(
            composed.Identifier(column) if column else composed.Literal(""), composed.Identifier("pg_catalog", catalog)
        )
        with self._outside.cursor() as cursor:
            cursor.execute(question, (oid,))
            row = cursor.fetchone()
        return None if row is None else str(row[0]) if column else ""

    def _rewritten(self, before: dict[int, _Relation], after: dict[int, _Relation]) -> tuple[str, ...]:
        names = []
        for oid, relation in after.items():
            known = before.get(oid)
            if known is None or relation.kind not in _TABLES or not relation.file:
                continue
            if relation.file != self._files.get(oid, known.file):
                names.append(relation.label)
            self._files[oid] = relation.file
        return tuple(sorted(names))

    def _scans(self, messages: Iterable[str], tables: dict[int, _Relation]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What was read through, in words, and the tables of it; of those alone that others knew before."""
        labels = {each.name: each.label for each in tables.values()}
        matches = [match for message in messages if (match := _SCAN.search(message))]
        scans, read = [], set()
        for match in matches:
            table = match["table"] or match["indexed"]
            if table in labels:
                scans.append(f"index {match['index']}" if match["index"] else f"table {table}")
                read.add(labels[table])
        if any(match["key"] for match in matches):
            owners = dict(self._rows(self._inside, _KEYS, (list(tables),)))
            scans += [f"foreign key {match['key']}" for match in matches if match["key"] in owners]
            read |= {tables[owners[match["key"]]].label for match in matches if match["key"] in owners}
        return tuple(dict.fromkeys(scans)), tuple(sorted(read))


def _hardest(locks: Iterable[tuple[int, str]]) -> dict[int, str]:
    """The strongest mode for each relation."""
    order = list(MODES)
    found: dict[int, str] = {}
    for oid, mode in locks:
        found[oid] = min(mode, found.get(oid, mode), key=order.index)
    return found


def _under_its_first_name(item: Dropped, first: str, last: str) -> Dropped:
    kind, names, arguments = item.address
    address = (kind, (*names[:-1], names[-1].replace(last, first)), arguments)
    return Dropped(item.kind, item.name.replace(last, first), address)


def _dropped_relations(before: dict[int, _Relation], after: dict[int, _Relation]) -> list[Dropped]:
    gone = [relation for oid, relation in before.items() if oid not in after]
    return [
        Dropped(each.kind, each.label, (each.kind.removeprefix("unique "), (each.schema, each.name), ()))
        for each in gone
    ]


def _dropped_columns(before: dict[int, _Relation], after: dict[int, _Relation]) -> list[Dropped]:
    found = []
    for oid, relation in before.items():
        if oid not in after or relation.kind not in {"table", "foreign table", "type"}:
            continue
        for number in relation.columns.keys() - after[oid].columns.keys():
            name = relation.columns[number]
            address = ("table column", (relation.schema, relation.name, name), ())
            found.append(Dropped("column", f"{relation.label}.{name}", address))
    return found


def with_losses(statement: Statement, dropped: Sequence[Dropped], came_back: Iterable[Dropped]) -> Statement:
    """The statement with what it dropped for good, and whether that destroys anything."""
    back = set(came_back)
    lost = [item for item in dropped if item.kind in HOLDS_DATA or item not in back]
    # Its writer may know of losses that drop nothing (rows that leave with a partition); of drops, only we do.
    destructive = any(item.kind not in EASILY_REBUILT for item in lost) if dropped else statement.destructive
    return replace(statement, drops=tuple(str(item) for item in lost), destructive=destructive)
