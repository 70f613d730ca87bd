"""Differences made by SQL, and what must be said of each: written by hand from the base table and the hazards.

A case has what both sides share, what was done live, what the models have instead; each runs in a schema of its own.
`expected`: rule, severity, impact of every finding in that schema, worst first.
"""

from __future__ import annotations

from dataclasses import dataclass

Expected = tuple[str, str, str]


@dataclass(frozen=True)
class SqlCase:
    name: str
    both: str
    live: str
    models: str
    expected: tuple[Expected, ...]


def case(name: str, both: str, live: str, models: str, *expected: Expected) -> SqlCase:
    return SqlCase(name, both, live, models, expected)


T = "create table t (id int primary key, a int, b text);"
P = "create table p (id int primary key);"


def column_type(name: str, live: str, models: str, *expected: Expected) -> SqlCase:
    return case(name, "", f"create table t (c {live})", f"create table t (c {models})", *expected)


# Each row of the fixed table, and the level that it has there.
BASE = (
    case("drop_table", "", T, "", ("T01", "critical", "none")),
    case("drop_column", T, "alter table t add note text", "", ("C01", "critical", "none")),
    case(
        "drop_not_null", T, "alter table t alter a set not null", "", ("C20", "critical", "breaks"),
    ),
    case(
        "drop_foreign_key", P + T, "alter table t add constraint f foreign key (a) references p", "",
        ("K05", "critical", "degrades"),
    ),
    case("add_column_not_null", T, "", "alter table t add note text not null", ("C07", "major", "breaks")),
    case(
        "add_column_not_null_default", T, "", "alter table t add note text not null default 'x'",
        ("C08", "major", "breaks"),
    ),
    column_type("alter_type", "integer", "bigint", ("Y00", "major", "breaks")),
    case(
        "add_foreign_key", P + T, "", "alter table t add constraint f foreign key (a) references p",
        ("K01", "major", "degrades"),
    ),
    case("drop_index", T, "create index i on t (a)", "", ("I06", "major", "none")),
    case("set_not_null", T, "", "alter table t alter a set not null", ("C18", "major", "degrades")),
    case("add_column", T, "", "alter table t add note text", ("C02", "minor", "breaks")),
    case("create_table", "", "", T, ("T03", "minor", "breaks")),
    case("create_index", T, "", "create index i on t (a)", ("I01", "minor", "degrades")),
    case("drop_check", T, "alter table t add constraint k check (a > 0)", "", ("K11", "minor", "degrades")),
    case("comment_missing", T, "", "comment on column t.a is 'x'", ("C32", "minor", "none")),
    case("comment_extra", T, "comment on table t is 'x'", "", ("C32", "minor", "none")),
    case("comment_changed", T, "comment on table t is 'x'", "comment on table t is 'y'", ("C32", "minor", "none")),
)  # fmt: skip

COLUMNS = (
    case("column_default", T, "", "alter table t add n int default 1", ("C03", "minor", "breaks")),
    case(
        "column_volatile", T, "", "alter table t add n uuid default gen_random_uuid()", ("C05", "major", "breaks"),
    ),
    case(
        "column_identity", T, "", "alter table t add n int generated always as identity", ("C06", "major", "breaks"),
    ),
    case(
        "column_stored", T, "", "alter table t add n int generated always as (a + 1) stored",
        ("C13", "major", "breaks"),
    ),
    case(
        "column_virtual", T, "", "alter table t add n int generated always as (a + 1) virtual",
        ("C14", "minor", "breaks"),
    ),
    case(
        "column_checked_domain", T + "create domain d as int check (value > 0);", "", "alter table t add n d",
        ("C12", "major", "breaks"),
    ),
    case(
        "extra_required_column", T, "alter table t add note text not null", "", ("C01", "critical", "breaks"),
    ),
    case(
        "extra_required_column_with_default", T, "alter table t add note text not null default ''", "",
        ("C01", "critical", "none"),
    ),
    case("default_gained", T, "", "alter table t alter a set default 1", ("C21", "minor", "degrades")),
    case(
        "default_gained_required", "create table t (a int not null);", "", "alter table t alter a set default 1",
        ("C21", "minor", "breaks"),
    ),
    case("default_lost", T, "alter table t alter a set default 1", "", ("C22b", "minor", "degrades")),
    case(
        "default_lost_required", "create table t (a int not null);", "alter table t alter a set default 1", "",
        ("C22", "major", "degrades"),
    ),
    case(
        "default_changed", T, "alter table t alter a set default 1", "alter table t alter a set default 2",
        ("C23", "minor", "degrades"),
    ),
    case(
        "identity_gained", "create table t (a int not null);", "",
        "alter table t alter a add generated always as identity", ("C26", "minor", "breaks"),
    ),
    case(
        "identity_lost", "create table t (a int not null);", "alter table t alter a add generated always as identity",
        "", ("C27", "major", "breaks"),
    ),
    case(
        "identity_kind", "create table t (a int generated always as identity);", "",
        "alter table t alter a set generated by default", ("C28", "major", "breaks"),
    ),
    case(
        "identity_increment", "create table t (a int generated always as identity);", "",
        "alter table t alter a set increment 5", ("C29b", "minor", "none"),
    ),
    case(
        "identity_maximum", "create table t (a int generated always as identity);", "",
        "alter table t alter a set maxvalue 500", ("C29", "major", "none"),
    ),
    case(
        "identity_cycle", "create table t (a int generated always as identity);", "",
        "alter table t alter a set cycle", ("C29", "major", "none"),
    ),
    case(
        "identity_runs_out", "create table t (a int generated always as identity);",
        "alter table t alter a set maxvalue 500", "", ("C29b", "minor", "degrades"),
    ),
    case(
        "expression_dropped", "", "create table t (a int, n int generated always as (a) stored)",
        "create table t (a int, n int)", ("C30", "major", "breaks"),
    ),
    case(
        "expression_gained", "", "create table t (a int, n int)",
        "create table t (a int, n int generated always as (a) stored)", ("C30b", "critical", "degrades"),
    ),
    case(
        "expression_kind", "", "create table t (a int, n int generated always as (a) stored)",
        "create table t (a int, n int generated always as (a) virtual)", ("C30c", "major", "degrades"),
    ),
    case(
        "expression_changed", "", "create table t (a int, n int generated always as (a) stored)",
        "create table t (a int, n int generated always as (a + 1) stored)", ("C31", "major", "degrades"),
    ),
    case(
        "collation", "", "create table t (c text)", 'create table t (c text collate "C")', ("C34", "major", "degrades"),
    ),
    case(
        "statistics_target", T, "", "alter table t alter a set statistics 500", ("C24", "minor", "none"),
    ),
    case("storage", T, "", "alter table t alter b set storage external", ("C25", "minor", "none")),
    case(
        "several_at_once", "create table t (c varchar(50));", "",
        "alter table t alter c type varchar(100), alter c set not null", ("C18", "major", "breaks"),
    ),
)  # fmt: skip

TYPES = (
    column_type("varchar_wider", "varchar(50)", "varchar(100)", ("Y01", "major", "breaks")),
    column_type("varchar_narrower", "varchar(100)", "varchar(50)", ("Y03", "critical", "none")),
    column_type("varchar_text", "varchar(50)", "text", ("Y01", "major", "breaks")),
    column_type("text_varchar", "text", "varchar", ("Y01", "major", "none")),
    column_type("text_limited", "text", "varchar(20)", ("Y03", "critical", "none")),
    column_type("text_char", "text", "char(3)", ("Y03", "critical", "none")),
    column_type("char_text", "char(3)", "text", ("Y00", "major", "breaks")),
    column_type("bigint_int", "bigint", "integer", ("Y03", "critical", "none")),
    column_type("int_smallint", "integer", "smallint", ("Y03", "critical", "none")),
    column_type("double_real", "double precision", "real", ("Y03", "critical", "none")),
    column_type("numeric_double", "numeric", "double precision", ("Y03", "critical", "none")),
    column_type("int_numeric", "integer", "numeric", ("Y00", "major", "degrades")),
    column_type("real_double", "real", "double precision", ("Y00", "major", "degrades")),
    column_type("numeric_precision_wider", "numeric(10,2)", "numeric(12,2)", ("Y01", "major", "breaks")),
    column_type("numeric_precision_narrower", "numeric(12,2)", "numeric(10,2)", ("Y03", "critical", "none")),
    column_type("numeric_scale_narrower", "numeric(12,4)", "numeric(12,2)", ("Y03", "critical", "breaks")),
    column_type("numeric_scale_moved", "numeric(10,2)", "numeric(10,4)", ("Y03", "critical", "degrades")),
    column_type("numeric_unlimited", "numeric(10,2)", "numeric", ("Y01", "major", "degrades")),
    column_type("numeric_limited", "numeric", "numeric(10,2)", ("Y03", "critical", "none")),
    column_type("timestamptz", "timestamp", "timestamptz", ("Y11", "major", "degrades")),
    column_type("timestamp", "timestamptz", "timestamp", ("Y11", "major", "degrades")),
    column_type("timestamp_finer", "timestamp(3)", "timestamp", ("Y01", "major", "degrades")),
    column_type("timestamp_coarser", "timestamp", "timestamp(3)", ("Y03", "critical", "none")),
    column_type("timestamp_date", "timestamp", "date", ("Y03", "critical", "none")),
    column_type("date_timestamp", "date", "timestamp", ("Y00", "major", "degrades")),
    column_type("cidr_inet", "cidr", "inet", ("Y01", "major", "none")),
    column_type("bit_varbit", "bit(8)", "bit varying", ("Y01", "major", "breaks")),
    column_type("varbit_shorter", "bit varying(16)", "bit varying(8)", ("Y03", "critical", "none")),
    column_type("json_jsonb", "json", "jsonb", ("Y18", "major", "degrades")),
    column_type("jsonb_json", "jsonb", "json", ("Y18", "major", "degrades")),
    column_type("json_text", "json", "text", ("Y00", "major", "breaks")),
    column_type("uuid_text", "uuid", "text", ("Y00", "major", "breaks")),
    column_type("text_uuid", "text", "uuid", ("Y00", "major", "breaks")),
    column_type("array_element", "int[]", "bigint[]", ("Y00", "major", "breaks")),
    column_type("array_narrower", "varchar(100)[]", "varchar(50)[]", ("Y03", "critical", "none")),
    case(
        "enum_text", "create type mood as enum ('a');", "create table t (c mood)", "create table t (c text)",
        ("Y20", "major", "breaks"),
    ),
    case(
        "domain_checked", "create domain d as int check (value > 0);", "create table t (c int)",
        "create table t (c d)", ("Y22", "major", "degrades"),
    ),
    case(
        "used_by_view", "create table t (c int); create view v as select c from t;", "",
        "drop view v; alter table t alter c type bigint; create view v as select c from t",
        ("V03", "critical", "breaks"), ("Y25", "major", "breaks"),
    ),
)  # fmt: skip
