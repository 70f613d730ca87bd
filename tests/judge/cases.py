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
        "create table t (c d)", ("Y22", "major", "none"),
    ),
    case(
        "used_by_view", "create table t (c int); create view v as select c from t;", "",
        "drop view v; alter table t alter c type bigint; create view v as select c from t",
        ("V03", "critical", "breaks"), ("Y25", "major", "breaks"),
    ),
)  # fmt: skip

CONSTRAINTS = (
    case(
        "foreign_key_not_valid", P + T, "", "alter table t add constraint f foreign key (a) references p not valid",
        ("K02", "major", "degrades"),
    ),
    case("add_check", T, "", "alter table t add constraint k check (a > 0)", ("K09", "major", "degrades")),
    case(
        "add_check_not_valid", T, "", "alter table t add constraint k check (a > 0) not valid",
        ("K10", "minor", "degrades"),
    ),
    case("add_unique", T, "", "alter table t add constraint u unique (a)", ("K13", "major", "degrades")),
    case("drop_unique", T, "alter table t add constraint u unique (a)", "", ("K15", "critical", "degrades")),
    case("add_primary_key", "create table t (a int not null);", "", "alter table t add primary key (a)",
         ("K17", "major", "degrades")),
    case("drop_primary_key", "create table t (a int not null);", "alter table t add primary key (a)", "",
         ("K18", "critical", "none")),
    case(
        "primary_key_columns", "create table t (a int not null, b int not null);",
        "alter table t add primary key (a)", "alter table t add primary key (a, b)", ("K19", "critical", "degrades"),
    ),
    case(
        "add_exclusion", "create table t (r int4range);", "",
        "alter table t add constraint x exclude using gist (r with &&)",
        ("K20", "major", "degrades"),
    ),
    case(
        "drop_exclusion", "create table t (r int4range);",
        "alter table t add constraint x exclude using gist (r with &&)",
        "", ("K21", "critical", "degrades"),
    ),
    case(
        "rename_constraint", T, "alter table t add constraint k check (a > 0)",
        "alter table t add constraint k2 check (a > 0)", ("K22", "minor", "none"),
    ),
    case(
        "check_expression", T, "alter table t add constraint k check (a > 0)",
        "alter table t add constraint k check (a > 1)", ("K12", "major", "degrades"),
    ),
    case(
        "unique_nulls", T, "alter table t add constraint u unique (a)",
        "alter table t add constraint u unique nulls not distinct (a)", ("K16", "major", "degrades"),
    ),
    case(
        "not_enforced", P + T, "alter table t add constraint f foreign key (a) references p",
        "alter table t add constraint f foreign key (a) references p not enforced", ("K04", "critical", "degrades"),
    ),
    case(
        "cascade_appears", P + T, "alter table t add constraint f foreign key (a) references p",
        "alter table t add constraint f foreign key (a) references p on delete cascade",
        ("K06", "critical", "degrades"),
    ),
    case(
        "other_action", P + T, "alter table t add constraint f foreign key (a) references p on delete cascade",
        "alter table t add constraint f foreign key (a) references p on delete set null", ("K06b", "major", "degrades"),
    ),
    case(
        "deferrable", P + T, "alter table t add constraint f foreign key (a) references p",
        "alter table t add constraint f foreign key (a) references p deferrable initially deferred",
        ("K07", "major", "degrades"),
    ),
    case(
        "never_validated", P + T, "alter table t add constraint f foreign key (a) references p not valid",
        "alter table t add constraint f foreign key (a) references p", ("K08", "major", "degrades"),
    ),
    case(
        "foreign_key_off", P + T + "alter table t add constraint f foreign key (a) references p;",
        "alter table t disable trigger all", "", ("K26b", "major", "degrades"),
    ),
)  # fmt: skip

INDEXES = (
    case("unique_index", T, "", "create unique index i on t (a)", ("I02", "major", "degrades")),
    case("drop_unique_index", T, "create unique index i on t (a)", "", ("I06u", "critical", "degrades")),
    case(
        "index_loses_unique", T, "create unique index i on t (a)", "create index i on t (a)",
        ("I06v", "critical", "degrades"),
    ),
    case(
        "index_becomes_unique", T, "create index i on t (a)", "create unique index i on t (a)",
        ("I02b", "major", "degrades"),
    ),
    case("index_keys", T, "create index i on t (a)", "create index i on t (a, b)", ("I11", "major", "degrades")),
    case(
        "index_predicate", T, "create index i on t (a)", "create index i on t (a) where a > 0",
        ("I11", "major", "degrades"),
    ),
    case(
        "index_method", T, "create index i on t (a)", "create index i on t using hash (a)", ("I11", "major", "degrades"),
    ),
    case("index_options", T + "create index i on t (a);", "", "alter index i set (fillfactor = 50)",
         ("I09", "minor", "none")),
    case("index_renamed", T, "create index i on t (a)", "create index i2 on t (a)", ("I10", "minor", "none")),
)  # fmt: skip

TABLES = (
    case("unlogged", T, "", "alter table t set unlogged", ("T08", "critical", "none")),
    case("logged", T, "alter table t set unlogged", "", ("T09", "major", "degrades")),
    case("fillfactor", T, "", "alter table t set (fillfactor = 50)", ("T12", "minor", "none")),
    case("cluster_on", T + "create index i on t (a);", "", "alter table t cluster on i", ("T13", "minor", "none")),
    case("replica_identity", T, "", "alter table t replica identity full", ("T15", "major", "degrades")),
    case("inherit", "create table p (a int);" + T, "", "alter table t inherit p",
         ("T16", "major", "degrades")),
    case(
        "extra_partition", "create table t (a int) partition by range (a);",
        "create table t1 partition of t for values from (1) to (2)", "", ("R03", "critical", "none"),
    ),
    case(
        "missing_partition", "create table t (a int) partition by range (a);", "",
        "create table t1 partition of t for values from (1) to (2)", ("R04", "minor", "breaks"),
    ),
    case(
        "partition_key", "", "create table t (a int, b int) partition by range (a)",
        "create table t (a int, b int) partition by range (b)", ("R05", "critical", "none"),
    ),
    case(
        "partition_bound", "create table t (a int) partition by range (a);",
        "create table t1 partition of t for values from (1) to (2)",
        "create table t1 partition of t for values from (1) to (3)", ("R02b", "critical", "degrades"),
    ),
    case("table_with_foreign_key", P, "", "create table t (a int references p)", ("T04", "minor", "breaks")),
    case("row_security_off", T, "", "alter table t enable row level security", ("P01", "major", "exposes")),
    case("row_security_on", T, "alter table t enable row level security", "", ("P02", "critical", "degrades")),
    case("force_off", T, "", "alter table t force row level security", ("P03", "major", "exposes")),
    case("force_on", T, "alter table t force row level security", "", ("P03b", "critical", "degrades")),
)  # fmt: skip

OTHERS = (
    case("enum_label_missing", "", "create type e as enum ('a')", "create type e as enum ('a', 'b')",
         ("E01", "minor", "breaks")),
    case("enum_label_extra", "", "create type e as enum ('a', 'b')", "create type e as enum ('a')",
         ("E04", "critical", "degrades")),
    case("enum_order", "", "create type e as enum ('a', 'b')", "create type e as enum ('b', 'a')",
         ("E05", "major", "degrades")),
    case("enum_missing", "", "", "create type e as enum ('a')", ("E06", "minor", "breaks")),
    case("enum_extra", "", "create type e as enum ('a')", "", ("E07", "critical", "none")),
    case("composite_longer", "", "create type c as (a int)", "create type c as (a int, b int)",
         ("E08", "minor", "breaks")),
    case("composite_shorter", "", "create type c as (a int, b int)", "create type c as (a int)",
         ("E09", "critical", "breaks")),
    case("range_subtype", "", "create type r as range (subtype = int4)", "create type r as range (subtype = int8)",
         ("E12", "critical", "breaks")),
    case("domain_check", "create domain d as int;", "", "alter domain d add constraint k check (value > 0)",
         ("D02", "major", "degrades")),
    case("domain_check_not_valid", "create domain d as int;", "",
         "alter domain d add constraint k check (value > 0) not valid", ("D03", "minor", "degrades")),
    case("domain_check_extra", "create domain d as int;", "alter domain d add constraint k check (value > 0)", "",
         ("D03b", "minor", "degrades")),
    case("domain_not_null", "create domain d as int;", "", "alter domain d set not null", ("D02c", "major", "degrades")),
    case("domain_nullable", "create domain d as int;", "alter domain d set not null", "", ("D03d", "critical", "breaks")),
    case("domain_default", "create domain d as int;", "", "alter domain d set default 1", ("D03e", "minor", "degrades")),
    case("domain_type", "", "create domain d as bigint", "create domain d as int", ("D05", "critical", "none")),
    case("sequence_missing", "", "", "create sequence s", ("S01", "minor", "breaks")),
    case("sequence_extra", "", "create sequence s", "", ("S02", "critical", "none")),
    case("sequence_maximum", "create sequence s;", "", "alter sequence s maxvalue 500", ("S03", "major", "none")),
    case("sequence_cycle", "create sequence s;", "", "alter sequence s cycle", ("S03b", "major", "degrades")),
    case("sequence_type", "create sequence s;", "alter sequence s as int", "", ("S03c", "minor", "degrades")),
    case("sequence_smaller", "create sequence s;", "", "alter sequence s as int", ("S03", "major", "degrades")),
    case("sequence_increment", "create sequence s;", "", "alter sequence s increment 5", ("S03c", "minor", "degrades")),
    case("sequence_owner", T + "create sequence s;", "", "alter sequence s owned by t.a", ("S04", "minor", "none")),
    case("view_missing", T, "", "create view v as select a from t", ("V01", "minor", "breaks")),
    case("view_extra", T, "create view v as select a from t", "", ("V04", "critical", "none")),
    case("view_rows", T, "create view v as select a from t", "create view v as select a from t where a > 0",
         ("V10", "major", "degrades")),
    case("view_columns_appended", T, "create view v as select a from t", "create view v as select a, b from t",
         ("V10", "major", "breaks")),
    case("view_columns_lost", T, "create view v as select a, b from t", "create view v as select a from t",
         ("V03", "critical", "degrades")),
    case("view_invoker", T + "create view v as select a from t;", "", "alter view v set (security_invoker = true)",
         ("V05", "critical", "exposes")),
    case("view_invoker_extra", T + "create view v as select a from t;", "alter view v set (security_invoker = true)", "",
         ("V05", "critical", "none")),
    case("matview_extra", T, "create materialized view v as select a from t", "", ("V06", "critical", "none")),
    case("matview_definition", T, "create materialized view v as select a from t",
         "create materialized view v as select a from t where a > 0", ("V07", "major", "degrades")),
    case("matview_empty", T, "create materialized view v as select a from t with no data",
         "create materialized view v as select a from t", ("V08", "minor", "breaks")),
)  # fmt: skip

F = "create function f(i int) returns int language sql as 'select 1';"
TG = T + "create function w() returns trigger language plpgsql as 'begin return new; end';"

CODE = (
    case("function_missing", "", "", F, ("F01", "minor", "breaks")),
    case("function_extra", "", F, "", ("F05", "critical", "none")),
    case("function_body", "", F, F.replace("select 1", "select 2"), ("F02", "major", "degrades")),
    case("function_volatility", F, "", "alter function f stable", ("F03", "major", "degrades")),
    case("function_definer", F, "", "alter function f security definer", ("F04", "critical", "breaks")),
    case("function_invoker", F, "alter function f security definer", "", ("F04", "critical", "exposes")),
    case("trigger_missing", TG, "", "create trigger g before insert on t for each row execute function w()",
         ("G01", "major", "degrades")),
    case("trigger_extra", TG, "create trigger g before insert on t for each row execute function w()", "",
         ("G02", "critical", "degrades")),
    case("trigger_off", TG + "create trigger g before insert on t for each row execute function w();",
         "alter table t disable trigger g", "", ("G03b", "major", "degrades")),
    case("trigger_on", TG + "create trigger g before insert on t for each row execute function w();",
         "", "alter table t disable trigger g", ("G03", "critical", "degrades")),
    case("rule_extra", T, "create rule r as on insert to t do instead nothing", "", ("G04", "major", "degrades")),
    case("permissive_missing", T, "", "create policy y on t using (true)", ("P04", "critical", "degrades")),
    case("permissive_extra", T, "create policy y on t using (true)", "", ("P05", "major", "exposes")),
    case("restrictive_missing", T, "", "create policy y on t as restrictive using (true)", ("P05b", "major", "exposes")),
    case("restrictive_extra", T, "create policy y on t as restrictive using (true)", "",
         ("P04b", "critical", "degrades")),
    case("policy_changed", T, "create policy y on t using (a > 0)", "create policy y on t using (a > 1)",
         ("P06", "critical", "exposes")),
    case("grant_missing", T, "", "grant select on t to pg_monitor", ("P07b", "major", "breaks")),
    case("grant_public_missing", T, "", "grant select on t to public", ("P07", "critical", "breaks")),
    case("grant_extra", T, "grant select on t to public", "", ("P08", "major", "exposes")),
    case("grant_wider", T + "grant select on t to pg_monitor;", "grant update on t to pg_monitor", "",
         ("P08b", "major", "exposes")),
    case("statistics_extra", T, "create statistics st on a, b from t", "", ("X05", "minor", "none")),
    case("collation_extra", "", 'create collation co from "C"', "", ("X11", "critical", "none")),
)  # fmt: skip

CASES = (*BASE, *COLUMNS, *TYPES, *CONSTRAINTS, *INDEXES, *TABLES, *OTHERS, *CODE)
