"""Examples of what is rarer, and of what belongs to the database as a whole."""

from __future__ import annotations

from typing import Final

from drift_pipeline.judge.rules.examples.example import Example, P, T, exactly, example, of_database

_PARTITIONED: Final = "create table t (a int) partition by range (a);"
_CHILD: Final = "create table t1 partition of t for values from (1) to (2);"
_FOREIGN_KEY: Final = "alter table t add constraint f foreign key (a) references p"
_HEIR: Final = "create table p (a int); create table c () inherits (p)"
_HEIR_NOT_NULL: Final = (
    "create table p (a int not null no inherit); create table c () inherits (p);"
    "alter table c add constraint nn not null a not valid"
)
_F: Final = "create function f(i int) returns int language sql as 'select 1';"
_TG: Final = T + "create function w() returns trigger language plpgsql as 'begin return new; end';"
_MATERIALIZED: Final = "create materialized view v as select a from t;"

TABLES_AND_COLUMNS: Final = (
    example("access_method", "create access method heap2 type table handler heap_tableam_handler;",
            "create table t (a int)", "create table t (a int) using heap2", ("T11", "major", "none")),
    example("owner", T, "", "alter table t owner to pg_monitor",
            ("P07b", "major", "breaks"), ("P08", "major", "exposes"), ("T14", "major", "none")),
    example("of_type", "create type c as (a int);", "create table t (a int)", "create table t of c",
            ("T22", "major", "none")),
    example("attach", _PARTITIONED, "create table t1 (a int)", _CHILD, ("R01", "major", "degrades")),
    example("detach", _PARTITIONED, _CHILD, "create table t1 (a int)", ("R02", "critical", "degrades")),
    exactly("inherited_column", "create table p (a int);", "create table t (a int default 1) inherits (p)",
            "create table t () inherits (p); alter table t alter a set default 1", ("T16c", "major", "none")),
    example("extra_serial", T, "alter table t add n int generated always as identity", "",
            ("C35", "critical", "none")),
    example("foreign_table_server", "create foreign data wrapper w1; create server s1 foreign data wrapper w1;"
            "create server s2 foreign data wrapper w1;", "create foreign table t (a int) server s1",
            "create foreign table t (a int) server s2", ("X08", "major", "degrades")),
    example("foreign_column_options", "create foreign data wrapper w2; create server s3 foreign data wrapper w2;"
            "create foreign table t (a int) server s3;", "",
            "alter foreign table t alter a options (column_name 'b')", ("X06c", "major", "none")),
)  # fmt: skip

KEYS: Final = (
    example("key_options", T, "alter table t add constraint u unique (a)",
            "alter table t add constraint u unique (a) with (fillfactor = 50)", ("I09k", "minor", "none")),
    example("exclusion_definition", "create table t (r int4range);",
            "alter table t add constraint x exclude using gist (r with &&)",
            "alter table t add constraint x exclude using gist (r with =)", ("K23", "major", "degrades")),
    example("enforced", P + T, f"{_FOREIGN_KEY} not enforced", _FOREIGN_KEY, ("K04b", "major", "degrades")),
    example("foreign_key_switched_off", f"{P}{T}{_FOREIGN_KEY};", "", "alter table t disable trigger all",
            ("K26", "critical", "degrades")),
    example("key_switched_off", T + "alter table t add constraint u unique (a) deferrable;", "",
            "alter table t disable trigger all", ("K26c", "critical", "degrades")),
    example("key_switched_on", T + "alter table t add constraint u unique (a) deferrable;",
            "alter table t disable trigger all", "", ("K26d", "major", "degrades")),
    example("partition_validated", "create table t (a int) partition by list (a);"
            "create table t1 partition of t default; alter table t add constraint k check (a > 0) not valid;", "",
            "alter table t1 validate constraint k", ("K08p", "minor", "none")),
    example("replaced_by_not_valid", T, "alter table t add constraint k check (a > 0)",
            "alter table t add constraint k check (a > 0) not valid", ("K03", "minor", "degrades")),
    example("no_inherit", T, "alter table t add constraint k check (a > 0)",
            "alter table t add constraint k check (a > 0) no inherit", ("K25", "major", "degrades")),
    example("not_null_of_another_column", T, "alter table t add constraint nn not null a not valid",
            "alter table t add constraint nn not null b not valid", ("C20", "critical", "breaks"),
            ("C18", "major", "degrades"), ("K24", "major", "degrades")),
    example("not_null_of_an_heir", "", _HEIR, _HEIR_NOT_NULL,
            ("C19", "major", "degrades"), ("C18", "major", "degrades")),
    example("not_null_of_an_heir_extra", "", _HEIR_NOT_NULL, _HEIR,
            ("C20n", "critical", "breaks"), ("C20", "critical", "breaks")),
    exactly("not_null_of_its_own", "create table p (a int not null);",
            "create table t (a int, constraint own not null a) inherits (p)", "create table t (a int) inherits (p)",
            ("K24b", "minor", "none")),
    example("index_invalid", _PARTITIONED + _CHILD, "create index i on only t (a)", "create index i on t (a)",
            ("I08p", "major", "degrades")),
    example("key_invalid", "create table t (a int not null) partition by range (a);" + _CHILD,
            "alter table only t add primary key (a)", "alter table t add primary key (a)",
            ("I08p", "major", "degrades")),
)  # fmt: skip

TYPES_AND_CODE: Final = (
    example("domain_check_changed", "create domain d as int;", "alter domain d add constraint k check (value > 0)",
            "alter domain d add constraint k check (value > 1)", ("D02b", "major", "degrades")),
    example("domain_check_renamed", "create domain d as int;", "alter domain d add constraint k check (value > 0)",
            "alter domain d add constraint k2 check (value > 0)", ("D03c", "minor", "none")),
    example("domain_not_null_name", "", "create domain d as int constraint a not null",
            "create domain d as int constraint b not null", ("D07", "minor", "none")),
    example("domain_wider", "", "create domain d as int", "create domain d as bigint", ("D06", "major", "breaks")),
    exactly("sequence_renamed", T, "create sequence s owned by t.a", "create sequence s2 owned by t.a",
            ("S07", "major", "breaks")),
    example("sequence_smaller_type", "create sequence s maxvalue 500;", "", "alter sequence s as int",
            ("S05", "major", "degrades")),
    example("collation_changed", "", 'create collation co from "C"', "create collation co (locale = 'POSIX')",
            ("X07", "major", "none")),
    example("collation_missing", "", "", 'create collation co from "C"', ("X10", "minor", "breaks")),
    example("depends_on_extension", T + "create index i on t (a);", "",
            "alter index i depends on extension plpgsql", ("X15", "minor", "none")),
    exactly("setting_order", "", "create function f() returns int set work_mem = 64 set jit = off return 1",
            "create function f() returns int set jit = off set work_mem = 64 return 1",
            ("X16", "minor", "none")),
    exactly("option_order", T,
            "create view v with (security_barrier = true, security_invoker = true) as select a from t",
            "create view v with (security_invoker = true, security_barrier = true) as select a from t",
            ("V05b", "minor", "none")),
    example("matview_statistics", T + _MATERIALIZED, "",
            "alter materialized view v alter a set statistics 500", ("C24v", "minor", "none")),
    example("function_result", "", _F, _F.replace("returns int", "returns bigint"), ("F05b", "critical", "breaks")),
    example("function_cost", _F, "", "alter function f cost 500", ("F03", "major", "none")),
    example("trigger_changed", _TG, "create trigger g before insert on t for each row execute function w()",
            "create trigger g before update on t for each row execute function w()", ("G06", "major", "degrades")),
    example("grant_more_to_public", T + "grant select on t to public;", "", "grant update on t to public",
            ("P07c", "critical", "breaks")),
    example("grant_more", T + "grant select on t to pg_monitor;", "", "grant update on t to pg_monitor",
            ("P07d", "major", "breaks")),
    example("granted_by_another", T + "grant select on t to pg_read_all_data with grant option;",
            "set role pg_read_all_data; grant select on t to pg_monitor; reset role;",
            "grant select on t to pg_monitor", ("P08c", "minor", "none")),
    example("default_privileges_extra", "",
            "alter default privileges in schema default_privileges_extra grant select on tables to public", "",
            ("P09", "major", "exposes")),
    example("default_privileges_missing", "", "",
            "alter default privileges in schema default_privileges_missing grant select on tables to public",
            ("P09", "major", "none")),
    example("text_search_missing", "", "", "create text search configuration c (copy = simple)",
            ("X12", "minor", "breaks")),
    example("text_search_extra", "", "create text search configuration c (copy = simple)", "",
            ("X13", "critical", "none")),
    example("text_search_changed", "create text search configuration c (copy = simple);", "",
            "alter text search configuration c drop mapping for url", ("X14", "major", "none")),
)  # fmt: skip

OF_DATABASE: Final = (
    of_database("extension hstore", "", "create extension hstore", "", ("X02", "critical", "none")),
    Example("extension_citext", "", "", "create extension citext; create domain ci as citext",
            (("X01", "minor", "breaks"), ("E06", "minor", "breaks")), "extension citext"),
    of_database("extension fuzzystrmatch", "", "", "create extension fuzzystrmatch", ("X01", "minor", "degrades")),
    of_database("extension pg_trgm", "", "create extension pg_trgm version '1.5'", "create extension pg_trgm",
                ("X03b", "minor", "none")),
    of_database("extension unaccent", "", "create extension unaccent schema public", "create extension unaccent",
                ("X09", "major", "none")),
    of_database("schema extra", "", "create schema extra", "", ("T19", "critical", "none")),
    of_database("schema lacking", "", "", "create schema lacking", ("T20", "minor", "breaks")),
    of_database("publication pub", "", "create publication pub for all tables", "", ("X04", "major", "none")),
    of_database("publication lost", "", "", "create publication lost", ("X04", "major", "degrades")),
    of_database("foreign_data_wrapper fdw", "", "", "create foreign data wrapper fdw", ("X06", "major", "breaks")),
    # the last one: it sees what is created after it
    of_database("event_trigger et", "create function e() returns event_trigger language plpgsql as 'begin end';", "",
                "create event trigger et on ddl_command_start execute function e()", ("G01", "major", "degrades")),
)  # fmt: skip
