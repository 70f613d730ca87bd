"""Examples of constraints, indexes, tables, types, views, code and access."""

from __future__ import annotations

from typing import Final

from drift_pipeline.judge.rules.examples.example import P, T, example

D: Final = "create table d (k int, a int) partition by list (k); create table d1 partition of d default;"

CONSTRAINTS: Final = (
    example(
        "foreign_key_not_valid", P + T, "", "alter table t add constraint f foreign key (a) references p not valid",
        ("K02", "major", "degrades"),
    ),
    example("add_check", T, "", "alter table t add constraint k check (a > 0)", ("K09", "major", "degrades")),
    example(
        "add_check_not_valid", T, "", "alter table t add constraint k check (a > 0) not valid",
        ("K10", "minor", "degrades"),
    ),
    example("add_unique", T, "", "alter table t add constraint u unique (a)", ("K13", "major", "degrades")),
    example("drop_unique", T, "alter table t add constraint u unique (a)", "", ("K15", "critical", "degrades")),
    example("add_primary_key", "create table t (a int not null);", "", "alter table t add primary key (a)",
            ("K17", "major", "degrades")),
    example("drop_primary_key", "create table t (a int not null);", "alter table t add primary key (a)", "",
            ("K18", "critical", "degrades")),
    example(
        "primary_key_columns", "create table t (a int not null, b int not null);",
        "alter table t add primary key (a)", "alter table t add primary key (a, b)", ("K19", "critical", "degrades"),
    ),
    example(
        "primary_key_order", "create table t (a int not null, b int not null);",
        "alter table t add primary key (a, b)", "alter table t add primary key (b, a)", ("K14o", "major", "degrades"),
    ),
    example(
        "unique_order", "create table t (a int, b int);", "alter table t add constraint u unique (a, b)",
        "alter table t add constraint u unique (b, a)", ("K14o", "major", "degrades"),
    ),
    example(
        "foreign_key_order", "create table p2 (x int, y int, unique (x, y)); create table t (a int, b int);",
        "alter table t add constraint f foreign key (a, b) references p2 (x, y)",
        "alter table t add constraint f foreign key (b, a) references p2 (x, y)", ("K06c", "critical", "degrades"),
    ),
    example(
        "unique_columns", "create table t (a int, b int);", "alter table t add constraint u unique (a)",
        "alter table t add constraint u unique (a, b)", ("K14", "major", "degrades"),
    ),
    example(
        "add_exclusion", "create table t (r int4range);", "",
        "alter table t add constraint x exclude using gist (r with &&)",
        ("K20", "major", "degrades"),
    ),
    example(
        "drop_exclusion", "create table t (r int4range);",
        "alter table t add constraint x exclude using gist (r with &&)",
        "", ("K21", "critical", "degrades"),
    ),
    example(
        "rename_constraint", T, "alter table t add constraint k check (a > 0)",
        "alter table t add constraint k2 check (a > 0)", ("K22", "minor", "none"),
    ),
    example(
        "check_expression", T, "alter table t add constraint k check (a > 0)",
        "alter table t add constraint k check (a > 1)", ("K12", "major", "degrades"),
    ),
    example(
        "unique_nulls", T, "alter table t add constraint u unique (a)",
        "alter table t add constraint u unique nulls not distinct (a)", ("K16", "major", "degrades"),
    ),
    example(
        "not_enforced", P + T, "alter table t add constraint f foreign key (a) references p",
        "alter table t add constraint f foreign key (a) references p not enforced", ("K04", "critical", "degrades"),
    ),
    example(
        "cascade_appears", P + T, "alter table t add constraint f foreign key (a) references p",
        "alter table t add constraint f foreign key (a) references p on delete cascade",
        ("K06", "critical", "degrades"),
    ),
    example(
        "other_action", P + T, "alter table t add constraint f foreign key (a) references p on delete cascade",
        "alter table t add constraint f foreign key (a) references p on delete set null", ("K06b", "major", "degrades"),
    ),
    example(
        "deferrable", P + T, "alter table t add constraint f foreign key (a) references p",
        "alter table t add constraint f foreign key (a) references p deferrable initially deferred",
        ("K07", "major", "degrades"),
    ),
    example(
        "never_validated", P + T, "alter table t add constraint f foreign key (a) references p not valid",
        "alter table t add constraint f foreign key (a) references p", ("K08", "major", "degrades"),
    ),
    example(
        "not_null_named", "", "create table t (a int constraint nn not null)", "create table t (a int not null)",
    ),
    example(
        "not_null_not_valid", T, "alter table t add constraint nn not null a not valid",
        "alter table t add constraint nn not null a", ("K08", "major", "degrades"),
    ),
    example(
        "not_null_never_validated", T, "alter table t add constraint t_a_not_null not null a not valid",
        "alter table t alter a set not null", ("K24c", "major", "degrades"),
    ),
    example(
        "foreign_key_off", P + T + "alter table t add constraint f foreign key (a) references p;",
        "alter table t disable trigger all", "", ("K26b", "major", "degrades"),
    ),
)  # fmt: skip

INDEXES: Final = (
    example("unique_index", T, "", "create unique index i on t (a)", ("I02", "major", "degrades")),
    example("drop_unique_index", T, "create unique index i on t (a)", "", ("I06u", "critical", "degrades")),
    example(
        "index_loses_unique", T, "create unique index i on t (a)", "create index i on t (a)",
        ("I06v", "critical", "degrades"),
    ),
    example(
        "index_becomes_unique", T, "create index i on t (a)", "create unique index i on t (a)",
        ("I02b", "major", "degrades"),
    ),
    example("index_keys", T, "create index i on t (a)", "create index i on t (a, b)", ("I11", "major", "degrades")),
    example(
        "index_predicate", T, "create index i on t (a)", "create index i on t (a) where a > 0",
        ("I11", "major", "degrades"),
    ),
    example(
        "index_method", T, "create index i on t (a)", "create index i on t using hash (a)",
        ("I11", "major", "degrades"),
    ),
    example(
        "index_attached", D + "create table d2 partition of d for values in (2); create index i on only d (a);"
        "create index j on d1 (a);", "", "alter index i attach partition j", ("I12", "major", "degrades"),
    ),
    example("index_options", T + "create index i on t (a);", "", "alter index i set (fillfactor = 50)",
            ("I09", "minor", "none")),
    example("index_renamed", T, "create index i on t (a)", "create index i2 on t (a)", ("I10", "minor", "none")),
)  # fmt: skip

TABLES: Final = (
    example("unlogged", T, "", "alter table t set unlogged", ("T08", "critical", "none")),
    example("logged", T, "alter table t set unlogged", "", ("T09", "major", "degrades")),
    example("fillfactor", T, "", "alter table t set (fillfactor = 50)", ("T12", "minor", "none")),
    example("cluster_on", T + "create index i on t (a);", "", "alter table t cluster on i", ("T13", "minor", "none")),
    example("replica_identity", T, "", "alter table t replica identity full", ("T15", "major", "degrades")),
    example("inherit", "create table p (a int);" + T, "", "alter table t inherit p",
            ("T16", "major", "degrades")),
    example(
        "extra_partition", "create table t (a int) partition by range (a);",
        "create table t1 partition of t for values from (1) to (2)", "", ("R03", "critical", "none"),
    ),
    example(
        "missing_partition", "create table t (a int) partition by range (a);", "",
        "create table t1 partition of t for values from (1) to (2)", ("R04", "minor", "breaks"),
    ),
    example(
        "partition_key", "", "create table t (a int, b int) partition by range (a)",
        "create table t (a int, b int) partition by range (b)", ("R05", "critical", "none"),
    ),
    example(
        "partitioned_live", "", "create table t (a int) partition by range (a)", "create table t (a int)",
        ("R05", "critical", "none"),
    ),
    example(
        "partition_bound", "create table t (a int) partition by range (a);",
        "create table t1 partition of t for values from (1) to (2)",
        "create table t1 partition of t for values from (1) to (3)", ("R02b", "critical", "degrades"),
    ),
    example("table_with_foreign_key", P, "", "create table t (a int references p)", ("T04", "minor", "breaks")),
    example("row_security_off", T, "", "alter table t enable row level security", ("P01", "major", "exposes")),
    example("row_security_on", T, "alter table t enable row level security", "", ("P02", "critical", "degrades")),
    example("force_off", T, "", "alter table t force row level security", ("P03", "major", "exposes")),
    example("force_on", T, "alter table t force row level security", "", ("P03b", "critical", "degrades")),
)  # fmt: skip

V: Final = "create view v as select a from t;"

OTHERS: Final = (
    example("enum_label_missing", "", "create type e as enum ('a')", "create type e as enum ('a', 'b')",
            ("E01", "minor", "breaks")),
    example("enum_label_extra", "", "create type e as enum ('a', 'b')", "create type e as enum ('a')",
            ("E04", "critical", "degrades")),
    example("enum_order", "", "create type e as enum ('a', 'b')", "create type e as enum ('b', 'a')",
            ("E05", "major", "degrades")),
    example("enum_missing", "", "", "create type e as enum ('a')", ("E06", "minor", "breaks")),
    example("enum_extra", "", "create type e as enum ('a'); create domain d as e", "", ("E07", "critical", "none"),
            ("E07u", "minor", "none")),
    example("enum_forgotten", "", "create type e as enum ('a')", "", ("E07u", "minor", "none")),
    example("composite_longer", "", "create type c as (a int)", "create type c as (a int, b int)",
            ("E08", "minor", "breaks")),
    example("composite_shorter", "", "create type c as (a int, b int)", "create type c as (a int)",
            ("E09", "critical", "breaks")),
    example("range_subtype", "", "create type r as range (subtype = int4)", "create type r as range (subtype = int8)",
            ("E12", "critical", "breaks")),
    example("domain_check", "create domain d as int;", "", "alter domain d add constraint k check (value > 0)",
            ("D02", "major", "degrades")),
    example("domain_check_not_valid", "create domain d as int;", "",
            "alter domain d add constraint k check (value > 0) not valid", ("D03", "minor", "degrades")),
    example("domain_check_extra", "create domain d as int;", "alter domain d add constraint k check (value > 0)", "",
            ("D03b", "minor", "degrades")),
    example("domain_not_null", "create domain d as int;", "", "alter domain d set not null",
            ("D02c", "major", "degrades")),
    example("domain_nullable", "create domain d as int;", "alter domain d set not null", "",
            ("D03d", "critical", "breaks")),
    example("domain_default", "create domain d as int;", "", "alter domain d set default 1",
            ("D03e", "minor", "degrades")),
    example("domain_type", "", "create domain d as bigint", "create domain d as int", ("D05", "critical", "none")),
    example("sequence_missing", "", "", "create sequence s", ("S01", "minor", "breaks")),
    example("sequence_extra", "", "create sequence s", "", ("S02", "critical", "none")),
    example("serial_extra", "", "create table t (id serial)", "create table t (id int not null)",
            ("S02", "critical", "none"), ("C22", "major", "degrades")),
    example("sequence_maximum", "create sequence s;", "", "alter sequence s maxvalue 500", ("S03", "major", "none")),
    example("sequence_cycle", "create sequence s;", "", "alter sequence s cycle", ("S03b", "major", "degrades")),
    example("sequence_type", "create sequence s;", "alter sequence s as int", "", ("S03c", "minor", "degrades")),
    example("sequence_smaller", "create sequence s;", "", "alter sequence s as int", ("S03", "major", "degrades")),
    example("sequence_increment", "create sequence s;", "", "alter sequence s increment 5",
            ("S03c", "minor", "degrades")),
    example("sequence_owner", T + "create sequence s;", "", "alter sequence s owned by t.a", ("S04", "minor", "none")),
    example("view_missing", T, "", "create view v as select a from t", ("V01", "minor", "breaks")),
    example("view_extra", T, "create view v as select a from t", "", ("V04", "critical", "none")),
    example("view_rows", T, "create view v as select a from t", "create view v as select a from t where a > 0",
            ("V10", "major", "degrades")),
    example("view_columns_appended", T, "create view v as select a from t", "create view v as select a, b from t",
            ("V10", "major", "breaks")),
    example("view_columns_lost", T, "create view v as select a, b from t", "create view v as select a from t",
            ("V03", "critical", "degrades")),
    example("view_invoker", T + V, "", "alter view v set (security_invoker = true)",
            ("V05", "critical", "exposes")),
    example("view_invoker_extra", T + V, "alter view v set (security_invoker = true)",
            "", ("V05", "critical", "degrades")),
    example("matview_extra", T, "create materialized view v as select a from t", "", ("V06", "critical", "none")),
    example("matview_definition", T, "create materialized view v as select a from t",
            "create materialized view v as select a from t where a > 0", ("V07", "major", "degrades")),
    example("matview_empty", T, "create materialized view v as select a from t with no data",
            "create materialized view v as select a from t", ("V08", "minor", "breaks")),
)  # fmt: skip

F: Final = "create function f(i int) returns int language sql as 'select 1';"
TG: Final = T + "create function w() returns trigger language plpgsql as 'begin return new; end';"

CODE: Final = (
    example("function_missing", "", "", F, ("F01", "minor", "breaks")),
    example("function_extra", "", F, "", ("F05", "critical", "none")),
    example("function_body", "", F, F.replace("select 1", "select 2"), ("F02", "major", "degrades")),
    example("function_volatility", F, "", "alter function f stable", ("F03", "major", "degrades")),
    example("function_definer", F, "", "alter function f security definer", ("F04", "critical", "breaks")),
    example("function_invoker", F, "alter function f security definer", "", ("F04", "critical", "exposes")),
    example("trigger_missing", TG, "", "create trigger g before insert on t for each row execute function w()",
            ("G01", "major", "degrades")),
    example("trigger_extra", TG, "create trigger g before insert on t for each row execute function w()", "",
            ("G02", "critical", "degrades")),
    example("trigger_off", TG + "create trigger g before insert on t for each row execute function w();",
            "alter table t disable trigger g", "", ("G03b", "major", "degrades")),
    example("trigger_on", TG + "create trigger g before insert on t for each row execute function w();",
            "", "alter table t disable trigger g", ("G03", "critical", "degrades")),
    example("trigger_replica", TG + "create trigger g before insert on t for each row execute function w();",
            "alter table t enable replica trigger g", "", ("G06", "major", "degrades")),
    example("rule_extra", T, "create rule r as on insert to t do instead nothing", "", ("G04", "major", "degrades")),
    example("permissive_missing", T, "", "create policy y on t using (true)", ("P04", "critical", "degrades")),
    example("permissive_extra", T, "create policy y on t using (true)", "", ("P05", "major", "exposes")),
    example("restrictive_missing", T, "", "create policy y on t as restrictive using (true)",
            ("P05b", "major", "exposes")),
    example("restrictive_extra", T, "create policy y on t as restrictive using (true)", "",
            ("P04b", "critical", "degrades")),
    example("policy_changed", T, "create policy y on t using (a > 0)", "create policy y on t using (a > 1)",
            ("P06", "critical", "exposes")),
    example("grant_missing", T, "", "grant select on t to pg_monitor", ("P07b", "major", "breaks")),
    example("grant_public_missing", T, "", "grant select on t to public", ("P07", "critical", "breaks")),
    example("grant_extra", T, "grant select on t to public", "", ("P08", "major", "exposes")),
    example("grant_wider", T + "grant select on t to pg_monitor;", "grant update on t to pg_monitor", "",
            ("P08b", "major", "exposes")),
    example("statistics_extra", T, "create statistics st on a, b from t", "", ("X05", "minor", "none")),
    example("collation_extra", "", 'create collation co from "C"', "", ("X11", "critical", "none")),
)  # fmt: skip
