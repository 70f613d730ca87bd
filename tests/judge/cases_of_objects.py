"""Constraints, indexes, tables, types, views, code and access: see cases.py."""

from __future__ import annotations

from tests.judge.cases import BASE, COLUMNS, TYPES, P, T, case

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
         ("K18", "critical", "degrades")),
    case(
        "primary_key_columns", "create table t (a int not null, b int not null);",
        "alter table t add primary key (a)", "alter table t add primary key (a, b)", ("K19", "critical", "degrades"),
    ),
    case(
        "primary_key_order", "create table t (a int not null, b int not null);",
        "alter table t add primary key (a, b)", "alter table t add primary key (b, a)", ("K14o", "major", "degrades"),
    ),
    case(
        "unique_order", "create table t (a int, b int);", "alter table t add constraint u unique (a, b)",
        "alter table t add constraint u unique (b, a)", ("K14o", "major", "degrades"),
    ),
    case(
        "foreign_key_order", "create table p2 (x int, y int, unique (x, y)); create table t (a int, b int);",
        "alter table t add constraint f foreign key (a, b) references p2 (x, y)",
        "alter table t add constraint f foreign key (b, a) references p2 (x, y)", ("K06c", "critical", "degrades"),
    ),
    case(
        "unique_columns", "create table t (a int, b int);", "alter table t add constraint u unique (a)",
        "alter table t add constraint u unique (a, b)", ("K14", "major", "degrades"),
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
        "not_null_named", "", "create table t (a int constraint nn not null)", "create table t (a int not null)",
    ),
    case(
        "not_null_not_valid", T, "alter table t add constraint nn not null a not valid",
        "alter table t add constraint nn not null a", ("K08", "major", "degrades"),
    ),
    case(
        "not_null_never_validated", T, "alter table t add constraint t_a_not_null not null a not valid",
        "alter table t alter a set not null", ("K24c", "major", "degrades"),
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
        "index_method", T, "create index i on t (a)", "create index i on t using hash (a)",
        ("I11", "major", "degrades"),
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
    case("domain_not_null", "create domain d as int;", "", "alter domain d set not null",
         ("D02c", "major", "degrades")),
    case("domain_nullable", "create domain d as int;", "alter domain d set not null", "",
         ("D03d", "critical", "breaks")),
    case("domain_default", "create domain d as int;", "", "alter domain d set default 1",
         ("D03e", "minor", "degrades")),
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
    case("view_invoker_extra", T + "create view v as select a from t;", "alter view v set (security_invoker = true)",
         "", ("V05", "critical", "degrades")),
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
    case("trigger_replica", TG + "create trigger g before insert on t for each row execute function w();",
         "alter table t enable replica trigger g", "", ("G06", "major", "degrades")),
    case("rule_extra", T, "create rule r as on insert to t do instead nothing", "", ("G04", "major", "degrades")),
    case("permissive_missing", T, "", "create policy y on t using (true)", ("P04", "critical", "degrades")),
    case("permissive_extra", T, "create policy y on t using (true)", "", ("P05", "major", "exposes")),
    case("restrictive_missing", T, "", "create policy y on t as restrictive using (true)",
         ("P05b", "major", "exposes")),
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
