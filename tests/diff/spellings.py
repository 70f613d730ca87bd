"""Pairs of DDL: those that mean the same in other words, and those that only look as if they did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """`sides`: the two spellings, run in a schema called `name`. `rules`: what hides the difference."""

    name: str
    sides: tuple[str, str]
    rules: tuple[str, ...] = ()


def default(name: str, column_type: str, one: str, other: str, *rules: str) -> Case:
    """The same column with two defaults."""
    sides = [
        f"create table t (a {column_type} default ({value}))" if value else f"create table t (a {column_type})"
        for value in (one, other)
    ]
    return Case(name, (sides[0], sides[1]), rules)


def check(name: str, columns: str, one: str, other: str, *rules: str) -> Case:
    """The same table with two checks."""
    return Case(
        name,
        (
            f"create table t ({columns}, constraint c check ({one}))",
            f"create table t ({columns}, constraint c check ({other}))",
        ),
        rules,
    )


def tables(name: str, one: str, other: str, *rules: str) -> Case:
    """Two scripts."""
    return Case(name, (one, other), rules)


def parted(*indexes: str) -> str:
    """A partition of which nobody named the indexes that it has from its parent, made in this order."""
    made = (f"create index {name} on p (a) where a > {ord(name)}" for name in indexes)
    return "; ".join(("create table p (a int) partition by list (a)", "create table p1 partition of p default", *made))


SAME: tuple[Case, ...] = (
    default("now_1", "timestamptz", "now()", "current_timestamp", "now"),
    default("now_2", "timestamptz", "now()", "transaction_timestamp()", "now"),
    default("now_3", "timestamptz", "now() + interval '1 day'", "current_timestamp + interval '1 day'", "now"),
    check("now_4", "a timestamptz", "a < now()", "a < current_timestamp", "now"),
    tables(
        "moment_1",
        "create table t (a timestamptz default 'now()', b timestamp(3) default 'now')",
        "create table t (a timestamptz default 'now', b timestamp(3) default 'now()')",
        "moment-of-creation",
    ),
    default("utc_1", "timestamp", "timezone('utc', now())", "now() at time zone 'utc'", "now-at-utc"),
    default("utc_2", "timestamp", "timezone('UTC', now())", "(current_timestamp at time zone 'utc')", "now-at-utc"),
    check("bool_1", "x boolean not null", "x is false", "x = false", "boolean-not-null"),
    check("bool_2", "x boolean not null", "not x", "x is not true", "boolean-not-null"),
    check("bool_3", "x boolean not null, n int", "n > 1 or (x is true)", "n > 1 or (x = true)", "boolean-not-null"),
    check("bool_4", 'n int, "Is On" boolean not null', '"Is On"', '"Is On" is not false', "boolean-not-null"),
    tables(
        "bool_5",
        "create table t (x boolean not null, n int); create index i on t (n) where x is false",
        "create table t (x boolean not null, n int); create index i on t (n) where not x",
        "boolean-not-null",
    ),
    tables(
        "bool_6",
        "create table t (x boolean not null, n int); create index i on t (n) where x",
        "create table t (x boolean not null, n int); create index i on t (n) where x = true",
        "boolean-not-null",
    ),
    default("text_1", "varchar(10)", "'x'", "'x'::text", "literal-cast"),
    default("text_2", "varchar(10)", "'x'", "'x'::varchar(10)", "literal-cast"),
    default("text_3", "text", "''", "''::varchar", "literal-cast"),
    default("text_4", "char(3)", "'x'", "'x'::text", "literal-cast"),
    default("text_5", "text", "'it''s \\ \"x\"'", "'it''s \\ \"x\"'::varchar", "literal-cast"),
    default("json_1", "jsonb", "'{}'", "'{}'::json", "literal-cast"),
    default("json_2", "jsonb", '\'{"b": 1, "a": [2]}\'', '\'{"b": 1, "a": [2]}\'::json', "literal-cast"),
    default("json_3", "json", "'[]'", "'[]'::jsonb", "literal-cast"),
    default("int_1", "bigint", "0", "'0'::bigint", "literal-cast"),
    default("int_2", "bigint", "-1", "'-1'::bigint", "literal-cast"),
    default("int_3", "smallint", "7", "7::bigint", "literal-cast"),
    default("int_4", "integer", "0", "0::numeric", "literal-cast"),
    default("num_1", "numeric(10,2)", "0", "0.0", "literal-cast"),
    default("num_2", "numeric(10,2)", "'0'", "0.00", "literal-cast"),
    default("num_3", "numeric", "0", "'0'", "literal-cast"),
    default("num_4", "numeric(10,2)", "-1.5", "'-1.50'", "literal-cast"),
    default("float_1", "double precision", "0", "'0.0'", "literal-cast"),
    default("float_2", "double precision", "1.5", "'1.5'", "literal-cast"),
    default("float_3", "real", "0.1", "'0.1'", "literal-cast"),
    default("array_1", "text[]", "'{}'", "array[]::text[]", "literal-cast"),
    default("array_2", "varchar[]", "'{}'", "'{}'::text[]", "literal-cast"),
    default("array_3", "varchar(9)[]", "'{}'", "array[]::varchar(9)[]", "literal-cast"),
    default("null_1", "varchar(5)", "null", "", "null-default"),
    default("null_2", "text", "null::varchar", "", "null-default"),
    default("null_3", "numeric(4,2)", "null", "", "null-default"),
    check(
        "list_1",
        "v varchar",
        "v in ('a', 'b''c')",
        "v::text = any (array['a'::varchar::text, 'b''c'::varchar::text])",
        "varchar-in-list",
    ),
    check(
        "list_2",
        "v varchar",
        "v is null or v not in ('a', 'b')",
        "v is null or v::text <> all (array[('a'::varchar)::text, ('b'::varchar)::text])",
        "varchar-in-list",
    ),
    tables(
        "seq_1",
        "create table t (id serial); alter sequence t_id_seq rename to before_id_seq",
        "create table t (id serial)",
        "owned-sequence-name",
    ),
    tables(
        "seq_2",
        "create table t (id bigserial)",
        "create sequence other; create table t (id bigint not null default nextval('other')); "
        "alter sequence other owned by t.id",
        "owned-sequence-name",
    ),
    tables(
        "seq_3",
        "create table t (id serial)",
        "create sequence t_id_seq; create table t (id int not null default nextval('t_id_seq')); "
        "alter sequence t_id_seq owned by t.id",
        "owned-sequence-type",
    ),
    tables(
        "seq_4",
        'create table "T t" (id int generated always as identity); alter table "T t" rename to t',
        "create table t (id int generated always as identity)",
        "owned-sequence-name",
        "not-null-name",
    ),
    tables(
        "seq_5",
        'create sequence "Odd "" name"; create table t (id bigint not null default nextval(\'"Odd "" name"\')); '
        'alter sequence "Odd "" name" owned by t.id',
        "create table t (id bigserial)",
        "owned-sequence-name",
    ),
    tables(
        "notnull_1", "create table t (a int constraint nn not null)", "create table t (a int not null)", "not-null-name"
    ),
    tables(
        "body_1",
        "create function f() returns int language sql as E'\\r\\n select 1;\\r\\n'",
        "create function f() returns int language sql as ' select 1;'",
        "body-whitespace",
    ),
    tables(
        "body_2",
        "create procedure p() language plpgsql as E'begin\\r\\n null; end'",
        "create procedure p() language plpgsql as E'begin\\n null; end\\n  '",
        "body-whitespace",
    ),
    tables(
        "unique_1",
        "create table t (a int, b int); create unique index u on t (a, b)",
        "create table t (a int, b int, constraint u unique (a, b))",
        "unique-index-is-constraint",
    ),
    tables(
        "unique_2",
        "create table t (a int, b int); create unique index u1 on t (a) include (b) nulls not distinct",
        "create table t (a int, b int, constraint u2 unique nulls not distinct (a) include (b))",
        "unique-index-is-constraint",
    ),
    tables(
        "declared_by_an_heir",
        "create table p (a int); create table t (a int) inherits (p)",
        "create table p (a int); create table t () inherits (p)",
        "declared-and-inherited",
    ),
    tables(
        "option_order",
        "create view t with (security_barrier, security_invoker) as select 1 as a",
        "create view t with (security_invoker, security_barrier) as select 1 as a",
        "option-order",
    ),
    *(
        tables(
            f"restored_{kind}",
            f"create table t (a varchar(9), b int); {sql}".replace("ONE_OF", "in ('x', 'y')"),
            f"create table t (a varchar(9), b int); {sql}".replace(
                "ONE_OF", "::text = any (array[('x'::varchar)::text, ('y'::varchar)::text])"
            ),
            "varchar-in-list",
        )
        for kind, sql in (
            ("view", "create view v as select b from t where a ONE_OF"),
            ("stored", "create materialized view v as select b from t where a ONE_OF with no data"),
            ("rule", "create rule r as on delete to t where old.a ONE_OF do instead nothing"),
            (
                "trigger",
                "create trigger r before update on t for each row when (new.a ONE_OF)"
                " execute function suppress_redundant_updates_trigger()",
            ),
            ("statistics", "create statistics s on (case when a ONE_OF then 1 end), b from t"),
            ("exclusion", "alter table t add constraint e exclude using btree (b with =) where (a ONE_OF)"),
        )
    ),
    default("today_1", "timestamp", "now()", "localtimestamp", "now-in-its-type"),
    default("today_2", "date", "current_date", "now()", "now-in-its-type"),
    check("bool_7", "x boolean not null, n int", "x or n > 1", "x is true or n > 1", "boolean-not-null"),
    check(
        "bool_8",
        "x boolean not null, n int",
        "n > 1 and (n < 9 or x)",
        "n > 1 and (n < 9 or x = true)",
        "boolean-not-null",
    ),
    check(
        "nested_1", "a int, b int", "a between 1 and 5 and b > 0", "a >= 1 and a <= 5 and b > 0", "nested-conditions"
    ),
    check("nested_2", "a int, b int", "a not between 1 and 5 or b > 0", "a < 1 or a > 5 or b > 0", "nested-conditions"),
    check("nested_3", "a int, b int, c int", "a in (b, 3) or c > 1", "a = b or (a = 3 or c > 1)", "nested-conditions"),
    tables(
        "nested_4",
        'create table t (a int, "AND" int); create view v as select a from t where a between 1 and 5 and "AND" > 2',
        'create table t (a int, "AND" int); create view v as select a from t where a >= 1 and a <= 5 and "AND" > 2',
        "nested-conditions",
    ),
    tables(
        "nested_5",
        "create function f(a int) returns boolean return (a, 1) = (2, 3) and a > 0",
        "create function f(a int) returns boolean return a = 2 and 1 = 3 and a > 0",
        "nested-conditions",
    ),
    tables("part_number_1", parted("i", "j"), parted("j", "i"), "part-name-number"),
)

ALIKE: tuple[Case, ...] = (
    tables("x_part_number_1", parted("i", "j"), parted("i", "j") + "; alter index p1_a_idx1 rename to p1_b_idx"),
    tables("x_part_number_2", parted("i", "j"), parted("i", "j") + "; alter index p1_a_idx1 rename to p1_a_idx2x"),
    check("x_nested_1", "a int, b int, c int", "(a > 1 or b > 2) and c > 3", "a > 1 or (b > 2 and c > 3)"),
    check("x_nested_2", "a int, b int, c int", "not (a > 1 and b > 2) and c > 3", "not a > 1 and b > 2 and c > 3"),
    check("x_nested_3", "a text, b int", "a <> '((b > 1) AND (b > 2)) AND'", "a <> '(b > 1) AND (b > 2) AND'"),
    tables(
        "x_nested_4",
        "create function f(a int) returns boolean language sql as 'select ((a > 1) and (a > 2)) and (a > 3)'",
        "create function f(a int) returns boolean language sql as 'select (a > 1) and (a > 2) and (a > 3)'",
    ),
    default("x_moment_1", "timestamptz", "now()", "'now'::timestamptz"),
    default("x_moment_2", "timestamp", "'9999-12-31 23:59:59.999'", "'9999-12-31 23:59:59.999999'"),
    default("x_moment_3", "timestamp", "'2026-01-01 00:00:00'", "'2026-01-01 00:00:01'"),
    default("x_now_1", "timestamptz", "now()", "clock_timestamp()"),
    default("x_now_2", "timestamptz", "now()", "current_timestamp(3)"),
    default("x_now_3", "timestamptz", "now()", "statement_timestamp()"),
    default("x_now_4", "text", "'now()'", "'transaction_timestamp()'"),
    tables(
        "x_now_5",
        "create function now() returns timestamptz language sql as 'select null::timestamptz'; "
        "create table t (a timestamptz default x_now_5.now())",
        "create function now() returns timestamptz language sql as 'select null::timestamptz'; "
        "create table t (a timestamptz default current_timestamp)",
    ),
    default("x_today_1", "timestamp", "now()", "localtimestamp(0)"),
    default("x_today_2", "timestamp", "now()", "current_date"),
    check("x_bool_7", "x boolean, n int", "x or n > 1", "x is true or n > 1"),
    check("x_bool_8", "x boolean not null, n int", "x or n > 1", "x and n > 1"),
    default("x_utc_1", "timestamp", "timezone('utc', now())", "timezone('CET', now())"),
    default("x_utc_2", "timestamp", "timezone('utc', now())", "now()"),
    check("x_bool_1", "x boolean", "x is false", "x = false"),
    check("x_bool_2", "x boolean not null", "x is false", "x = true"),
    check("x_bool_3", "x boolean not null", "x", "not x"),
    check("x_bool_4", "x boolean not null, y boolean not null", "x = false", "y = false"),
    tables(
        "x_bool_5",
        "create table t (x boolean not null); create index i on t (x)",
        "create table t (x boolean not null); create index i on t ((x = true))",
    ),
    tables(
        "x_bool_6",
        "create table t (x boolean not null, n int); create index i on t (n) where x is false",
        "create table t (x boolean, n int); create index i on t (n) where x = false",
    ),
    default("x_text_1", "varchar(1)", "'xyz'", "'xyz'::varchar(1)"),
    default("x_text_2", "varchar(3)", "'x'", "'y'"),
    default("x_text_3", "text", "'x '", "'x '::char(2)"),
    default("x_text_4", "text", "'x'", "'x'::mood"),
    default("x_text_5", "text", "'A'", "'a'"),
    default("x_json_1", "json", '\'{"b": 1, "a": 2}\'', '\'{"b": 1, "a": 2}\'::jsonb'),
    default("x_json_3", "jsonb", "'{\"a\": 1.0}'", "'{\"a\": 1.00}'"),
    default("x_json_4", "jsonb", "'{\"a\": 1}'", '\'{"a": "1"}\''),
    default("x_json_2", "jsonb", "'{}'", "'[]'"),
    default("x_int_1", "bigint", "0", "1"),
    default("x_int_2", "integer", "1", "1.5"),
    default("x_num_1", "numeric", "0", "0.00"),
    default("x_num_2", "numeric(10,1)", "1.25", "1.3"),
    default("x_num_3", "numeric(10,2)", "1.5", "1.5::int"),
    default("x_float_1", "double precision", "0.1", "0.1::real"),
    default("x_float_2", "double precision", "16777217", "16777217::real"),
    default("x_date_1", "timestamp", "'2020-01-01'", "'2020-01-01'::date"),
    default("x_interval_1", "interval", "'1 day'", "'24 hours'"),
    default("x_array_1", "text[]", "'{}'", "'{a}'"),
    default("x_array_2", "text[]", "'{}'", "'{NULL}'"),
    default("x_null_1", "text", "'NULL'", ""),
    default("x_null_2", "text", "null::text || 'x'", ""),
    tables(
        "x_null_3",
        "create domain d as int default 5; create table t (a d default null)",
        "create domain d as int default 5; create table t (a d)",
    ),
    check("x_list_1", "v varchar", "v in ('a', 'b')", "v in ('b', 'a')"),
    check("x_list_2", "v varchar", "v in ('a', 'b')", "v not in ('a', 'b')"),
    check("x_list_3", "v varchar", "v in ('a', 'b')", "v in ('a', 'b', 'c')"),
    tables(
        "x_seq_1",
        "create sequence s; create table t (id bigint not null default nextval('s'))",
        "create table t (id bigserial)",
    ),
    tables(
        "x_seq_2",
        "create sequence s; create table t (id bigserial, o bigint default nextval('s'))",
        "create sequence s; create table t (id bigserial, o bigint default nextval('t_id_seq'))",
    ),
    tables(
        "x_seq_3", "create table t (id bigserial); alter sequence t_id_seq as integer", "create table t (id bigserial)"
    ),
    tables("x_seq_4", "create table t (id serial)", "create table t (id int generated by default as identity)"),
    tables("x_seq_5", "create table t (id serial); alter sequence t_id_seq increment 2", "create table t (id serial)"),
    tables(
        "x_seq_6", "create table t (id serial); alter sequence t_id_seq maxvalue 1000", "create table t (id serial)"
    ),
    tables(
        "x_identity_1",
        "create table t (id int generated always as identity)",
        "create table t (id int generated by default as identity)",
    ),
    tables(
        "x_identity_2",
        "create table t (id int generated always as identity (start 5))",
        "create table t (id int generated always as identity)",
    ),
    tables(
        "x_body_1",
        "create function f() returns text language sql as 'select ''a  b'''",
        "create function f() returns text language sql as 'select ''a b'''",
    ),
    tables(
        "x_unique_1",
        "create table t (a int); create unique index u on t (a) where a > 0",
        "create table t (a int constraint u unique)",
    ),
    tables(
        "x_unique_2",
        "create table t (a int); create unique index u on t (a)",
        "create table t (a int constraint u unique deferrable)",
    ),
    tables(
        "x_unique_3",
        "create table t (a text); create unique index u on t (lower(a))",
        "create table t (a text constraint u unique)",
    ),
    tables(
        "x_unique_4",
        "create table t (a int, b int); create unique index u on t (a, b)",
        "create table t (a int, b int, constraint u unique (b, a))",
    ),
    tables(
        "x_unique_5",
        "create table t (a int); create unique index u on t (a) nulls not distinct",
        "create table t (a int constraint u unique)",
    ),
    tables(
        "x_unique_6",
        "create table t (a int); create unique index u on t (a desc)",
        "create table t (a int constraint u unique)",
    ),
    tables(
        "x_unique_7",
        "create table t (a text); create unique index u on t (a text_pattern_ops)",
        "create table t (a text constraint u unique)",
    ),
    tables(
        "x_unique_8", "create table t (a int); create index u on t (a)", "create table t (a int constraint u unique)"
    ),
    tables(
        "x_unique_9",
        'create table t (a text); create unique index u on t (a collate "C")',
        "create table t (a text constraint u unique)",
    ),
    tables(
        "x_key_1",
        "create table t (a int, b int, primary key (a, b))",
        "create table t (a int, b int, primary key (b, a))",
    ),
)
