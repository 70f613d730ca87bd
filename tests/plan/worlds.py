"""Generated pairs of schemas: each side says something else about the same names, so that any of it may change.

A world is a list of slots, in an order in which they can be built. A slot has variants, each a list of statements; the
source chooses one of them and the target mostly the same. What a choice does not allow (an index on a column that this
side does not have) is left out when it is built, so that nearly every draw makes two schemas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from hypothesis import strategies as st

from tests.diff.generated import NAMES, literal, quoted

Variant: TypeAlias = tuple[str, ...]

TYPES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    # name: (type, defaults, three values)
    "integer": ("integer", ("0", "1 + 1", "s.one()"), ("1", "2", "3")),
    "bigint": ("bigint", ("'7'::bigint",), ("1", "2", "3")),
    "smallint": ("smallint", ("1",), ("1", "2", "3")),
    "numeric": ("numeric(12,2)", ("0", "1.50"), ("1.25", "2", "3")),
    "text": ("text", ("''", "'it''s'", "upper('x')", "s.word('a')"), ("'1'", "'2'", "'3'")),
    "varchar": ("varchar(30)", ("'x'",), ("'1'", "'2'", "'3'")),
    "char": ("char(4)", ("'x'",), ("'1'", "'2'", "'3'")),
    "timestamptz": ("timestamptz", ("now()",), ("'2020-01-02Z'", "'2021-01-02Z'", "'2022-01-02Z'")),
    "timestamp": ("timestamp", ("'2020-12-31'",), ("'2020-01-02'", "'2021-01-02'", "'2022-01-02'")),
    "date": ("date", ("current_date",), ("'2020-01-02'", "'2021-01-02'", "'2022-01-02'")),
    "boolean": ("boolean", ("false",), ("true", "false", "true")),
    "bytea": ("bytea", ("'\\x00ff'",), ("'\\x01'", "'\\x02'", "'\\x03'")),
    "json": ("json", ("'{}'",), ("'1'", "'{\"a\": 1}'", "'null'")),
    "jsonb": ("jsonb", ("'{}'",), ("'1'", "'{\"a\": 1}'", "'null'")),
    "uuid": ("uuid", ("gen_random_uuid()",), tuple(f"'00000000-0000-0000-0000-00000000000{n}'" for n in "123")),
    "text[]": ("text[]", ("'{}'", "array['a', 'b']"), ("'{1}'", "'{2}'", "'{3}'")),
    "mood": ("s.mood", ("'ok'",), ("'ok'", "'bad'", "'ok'")),
    "mood[]": ("s.mood[]", ("'{ok}'",), ("'{ok}'", "'{bad}'", "'{}'")),
    "code": ("s.code", ("'c'",), ("'1'", "'2'", "'3'")),
    "pair": ("s.pair", (), ("'(1,x)'", "'(2,y)'", "'(3,z)'")),
    "range": ("int4range", ("'[1,2)'",), ("'[1,2)'", "'[2,3)'", "'[3,4)'")),
}

FAMILIES = (
    ("integer", "bigint", "smallint", "numeric", "text"),
    ("text", "varchar", "char", "code", "mood"),
    ("timestamptz", "timestamp", "date", "text"),
    ("json", "jsonb", "text"),
    ("text[]", "mood[]"),
)


@dataclass(frozen=True)
class World:
    """Two schemas to be built statement by statement, and the tables that get rows."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    tables: tuple[tuple[str, str], ...]


SHARED: tuple[tuple[Variant, ...], ...] = (
    (
        ("create type s.mood as enum ('ok', 'bad')",),
        ("create type s.mood as enum ('new', 'ok', 'it''s', 'bad')",),
        ("create type s.mood as enum ('bad', 'ok')",),
        ("create type s.mood as enum ('ok', 'meh', 'bad')", "comment on type s.mood is 'how'"),
    ),
    (
        ("create domain s.code as varchar(9)",),
        ("create domain s.code as varchar(9) check (value <> '')",),
        ("create domain s.code as varchar(12) default 'd'",),
        ("create domain s.code as text constraint filled check (length(value) > 0) not null",),
    ),
    (
        ("create type s.pair as (a int, b text)",),
        ("create type s.pair as (a bigint, b text)",),
        ("create type s.pair as (a int, b text, c date)",),
        (),
    ),
    (
        ("create function s.one() returns int language sql immutable as 'select 1'",),
        ("create function s.one() returns int language sql volatile as 'select 2'",),
        ("create function s.one() returns smallint language sql immutable as 'select 1::smallint'",),
        ("create function s.one() returns int language plpgsql immutable as 'begin return 1; end'",),
    ),
    (
        ("create function s.word(a text) returns text language sql immutable as 'select a'",),
        ("create function s.word(b text) returns text language sql immutable return b || ''",),
        ("create function s.word(a text, b int default 0) returns text language sql immutable as 'select a'",),
    ),
    (
        ("create function s.good(a bigint) returns boolean language sql immutable as 'select a is not null'",),
        ("create function s.good(b bigint) returns boolean language sql immutable as 'select b > -9'",),
    ),
    (
        ("create function s.touch() returns trigger language plpgsql as 'begin return new; end'",),
        ("create function s.touch() returns trigger language plpgsql as 'begin return new; end' security definer",),
    ),
    (
        (),
        ("create sequence s.counter",),
        ("create sequence s.counter as integer increment 3",),
    ),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Two schemas of up to four tables."""
    names = draw(st.lists(NAMES, min_size=4, max_size=4, unique=True))
    columns = draw(st.lists(NAMES.filter(lambda name: name != "k"), min_size=4, max_size=4, unique=True))
    tables = [("s", name) for name in names[: draw(st.integers(1, 4))]]
    slots: list[tuple[Variant, ...]] = list(SHARED)
    for number, table in enumerate(tables):
        slots.append(_table(table, number, tables))
        for column in columns[: draw(st.integers(1, 4))]:
            slots.append(tuple(draw(_column(table, column))))
    partitioned = draw(st.booleans())
    if partitioned:
        slots += _partitions(columns[0])
        tables.append(("s", "parts"))
    pool = [slot for table in tables for slot in _about(table, columns, tables)]
    chosen = draw(st.lists(st.sampled_from(range(len(pool))), max_size=14, unique=True))
    slots += [pool[number] for number in sorted(chosen)]
    source, target = [], []
    for slot in slots:
        before = draw(st.integers(0, len(slot) - 1))
        after = draw(st.integers(0, len(slot) - 1)) if draw(st.integers(0, 2)) == 0 else before
        source += slot[before]
        target += slot[after]
    return World(tuple(source), tuple(target), tuple(dict.fromkeys([*tables, ("s", "part1"), ("s", "part2")])))


def dotted(table: tuple[str, str]) -> str:
    return f"{quoted(table[0])}.{quoted(table[1])}"


def _table(table: tuple[str, str], number: int, tables: list[tuple[str, str]]) -> tuple[Variant, ...]:
    t, alter = dotted(table), f"alter table {dotted(table)}"
    plain = f"create table {t} (k integer)"
    variants: list[Variant] = [
        (plain,),
        (plain, f"{alter} alter k set not null"),
        (plain, f"{alter} add primary key (k)"),
        (plain, f"{alter} add constraint pk primary key (k) include (k)", f"comment on constraint pk on {t} is 'key'"),
        (f"create unlogged table {t} (k integer primary key)",),
        (),
    ]
    if number:
        variants.append((f"create table {t} () inherits ({dotted(tables[0])})",))
    return tuple(variants)


@st.composite
def _column(draw: st.DrawFn, table: tuple[str, str], name: str) -> list[Variant]:
    """Two ways to have the column, and mostly a third: not to have it."""
    family = draw(st.sampled_from([*FAMILIES, *((kind,) for kind in sorted(TYPES))]))
    variants = [draw(_declared(table, name, draw(st.sampled_from(family)))) for _ in range(2)]
    return [*variants, ()] if draw(st.booleans()) else variants


@st.composite
def _declared(draw: st.DrawFn, table: tuple[str, str], name: str, kind: str) -> Variant:
    type_, defaults, _ = TYPES[kind]
    rest = draw(st.sampled_from(["", *(f" default ({default})" for default in defaults)]))
    if kind in ("integer", "bigint", "smallint"):
        rest = draw(
            st.sampled_from(
                [
                    rest,
                    " generated always as identity",
                    " generated by default as identity (start 5 increment 2)",
                    " generated always as (k + 1) stored",
                    " generated always as (k * 2) virtual",
                    " SERIAL",
                ]
            )
        )
    if kind in ("text", "varchar"):
        rest = draw(st.sampled_from([rest, ' collate "C"' + rest, " generated always as (s.word(k::text)) stored"]))
    if draw(st.integers(0, 2)) == 0 and "generated" not in rest:
        rest += " not null"
    if "SERIAL" in rest:
        type_ = {"integer": "serial", "bigint": "bigserial", "smallint": "smallserial"}[kind]
        rest = rest.replace(" SERIAL", "")
    return (f"alter table {dotted(table)} add column {quoted(name)} {type_}{rest}",)


def _partitions(column: str) -> list[tuple[Variant, ...]]:
    c = quoted(column)
    one, two = "s.part1", "s.part2"
    first = "partition of s.parts for values from (0) to ({})"
    return [
        (
            (f"create table s.parts (k integer, {c} text) partition by range (k)",),
            (f"create table s.parts (k integer not null, {c} text) partition by range (k)",),
            (f"create table s.parts (k integer, {c} varchar(20) not null) partition by range (k)",),
            (f"create table s.parts (k integer, {c} text, primary key (k)) partition by range (k)",),
            (f"create table s.parts (k integer, {c} text)",),
        ),
        (
            (f"create table {one} {first.format(2)}",),
            (f"create table {one} {first.format(3)}",),
            (f"create table {one} (k integer, {c} text)",),
            (
                f"create table {one} (k integer not null, {c} text not null unique)",
                f"alter table s.parts attach partition {one} for values from (0) to (2)",
            ),
            (),
        ),
        (
            (f"create table {two} partition of s.parts default",),
            (f"create table {two} partition of s.parts for values from (3) to (9)",),
            (f"create table {two} (k integer, {c} varchar(20))",),
            (),
        ),
        ((), (f"create index parts_index on s.parts ({c})",), (f"create index parts_index on s.parts ({c}, k desc)",)),
        ((), (f"create index local_index on {one} ({c})",), (f"create unique index local_index on {one} (k)",)),
        ((), ("alter table s.parts add constraint positive check (k >= 0)",)),
        ((), (f"alter table {one} add constraint local_check check (k < 99)",)),
        ((), ("create trigger tr before insert on s.parts for each row execute function s.touch()",)),
    ]


def _about(table: tuple[str, str], columns: list[str], tables: list[tuple[str, str]]) -> list[tuple[Variant, ...]]:
    """Slots that say more about a table; each may be left out on one side."""
    t, alter = dotted(table), f"alter table {dotted(table)}"
    name = f"{table[1]}"[:40]
    other = dotted(tables[(tables.index(table) + 1) % len(tables)])
    c, d = quoted(columns[0]), quoted(columns[1 % len(columns)])
    view, second = f"s.{quoted('v ' + name)}", f"s.{quoted('w ' + name)}"
    index = quoted("i " + name)
    return [
        ((), (f"create index {index} on {t} ({c})",), (f"create index {index} on {t} ({c} desc, {d}) include (k)",),
         (f"create unique index {index} on {t} ({c}) where k > 0",), (f"create index {index} on {t} ((k + 1), {c})",)),
        ((), (f"create index on {t} using hash ({d})",), (f"create index on {t} (lower({d}::text))",)),
        ((), (f"{alter} add constraint u unique ({c})",), (f"{alter} add constraint u unique (k, {c})",),
         (f"{alter} add constraint u2 unique nulls not distinct ({c}) deferrable",)),
        ((), (f"{alter} add constraint ck check (k > 0)",), (f"{alter} add constraint ck check (s.good(k))",),
         (f"{alter} add constraint ck2 check (k > 0) not valid", f"comment on constraint ck2 on {t} is 'x'")),
        ((), (f"{alter} add check ({c} is not null or {d} is not null)",), (f"{alter} add check ({d} is not null)",)),
        ((), (f"{alter} add constraint ku unique (k)", f"{alter} add foreign key (k) references {t} (k)")),
        ((), (f"{alter} add constraint ku unique (k)",),
         (f"{alter} add constraint ku unique (k)", f"{alter} replica identity full")),
        ((), (f"{alter} add constraint fo foreign key (k) references {other}",),
         (f"{alter} add constraint fo foreign key (k) references {other} (k) on delete cascade deferrable",),
         (f"{alter} add constraint fo foreign key ({c}) references {other} (k) not valid",)),
        ((), (f"{alter} add exclude using gist (int4range(k, k, '[]') with &&)",)),
        ((), (f"create view {view} as select k, {c} from {t}",), (f"create view {view} as select * from {t}",),
         (f"create view {view} with (security_barrier) as select {c}, k from {t} where {c} is null",),
         (f"create materialized view {view} as select {c} from {t}", f"create index on {view} ({c})")),
        ((), (f"create view {second} as select * from {view}",),
         (f"create view {second} as select count(*) from {view}", f"comment on view {second} is 'n'")),
        ((), (f"create function s.of_row({t}) returns int language sql as 'select 1'",),
         (f"create function s.all_rows() returns setof {t} language sql return null",)),
        ((), (f"create trigger tr before insert on {t} for each row execute function s.touch()",),
         (f"create trigger tr after update of {c} on {t} for each row when (old.k > 0) execute function s.touch()",),
         (f"create trigger tr after insert on {t} for each row execute function s.touch()",
          f"{alter} disable trigger tr")),
        ((), (f"{alter} enable row level security", f"create policy p on {t} using ({c} is not null)"),
         (f"create policy p on {t} for insert with check (k > 0)",)),
        ((), (f"create rule r as on delete to {t} do instead nothing",)),
        ((), (f"comment on table {t} is {literal(name)}", f"comment on column {t}.{c} is {literal(columns[0])}"),
         (f"comment on column {t}.{c} is 'other'",)),
        ((), (f"create statistics s.{quoted('st ' + name)} on k, {c} from {t}",)),
        ((), (f"{alter} alter {c} set statistics 200", f"{alter} set (fillfactor = 70)"),
         (f"{alter} alter {c} set storage plain",)),
        ((), (f"grant select on {t} to public",), (f"grant select ({c}), insert on {t} to public",)),
        ((), (f"{alter} alter k set default nextval('s.counter')",),
         ("alter sequence s.counter owned by " + f"{t}.k",)),
        ((), (f"{alter} alter {d} set default s.one()",), (f"{alter} alter {d} drop default",)),
    ]  # fmt: skip
