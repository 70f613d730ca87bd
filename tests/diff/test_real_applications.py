"""What real applications differ in: a name is a name, the same meaning is nothing, and what is real is said once.

Live is what migrations left behind, models what create_all makes; each pair is built on a server.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import run_sql

CASES: dict[str, tuple[str, str, set[str]]] = {
    "naming_convention": (
        """
        create table p (id serial primary key);
        create table t (id serial primary key, a int unique, b text, p int references p, check (a > 0));
        create index on t (b);
        """,
        """
        create table p (id serial, constraint pk_p primary key (id));
        create table t (
            id serial, a int, b text, p int constraint fk_t_p references p, constraint pk_t primary key (id),
            constraint uq_t_a unique (a), constraint ck_t_a check (a > 0)
        );
        create index ix_t_b on t (b);
        """,
        {
            "renamed primary_key pk_p",
            "renamed primary_key pk_t",
            "renamed unique uq_t_a",
            "renamed foreign_key fk_t_p",
            "renamed check ck_t_a",
            "renamed index ix_t_b",
        },
    ),
    "renamed_table": (
        """
        create table old (id serial primary key, a int unique, b int check (b > 0), c int generated always as identity);
        create index on old (b);
        create table r (o int references old);
        alter table old rename to t;
        """,
        """
        create table t (id serial primary key, a int unique, b int check (b > 0), c int generated always as identity);
        create index on t (b);
        create table r (o int references t);
        """,
        {
            "renamed primary_key t_pkey",
            "renamed unique t_a_key",
            "renamed check t_b_check",
            "renamed index t_b_idx",
        },
    ),
    "renamed_column": (
        """
        create table t (id serial primary key, a int unique, p int references t);
        alter table t rename a to z; alter table t rename id to ident;
        """,
        "create table t (ident serial primary key, z int unique, p int references t);",
        {"renamed unique t_z_key"},
    ),
    "commented_names": (
        """
        create table p (a int primary key); create table t (a int constraint x references p);
        comment on constraint x on t is 'why';
        """,
        """
        create table p (a int primary key); create table t (a int constraint y references p);
        comment on constraint y on t is 'why';
        """,
        {"renamed foreign_key y"},
    ),
    "same_meaning": (
        """
        create table t (
            id bigserial primary key, a timestamptz default now(), b varchar default ''::text, c jsonb default '{}',
            x bool not null, k varchar check (k::text = any (array['p'::varchar, 'q'::varchar]::text[])),
            u uuid default gen_random_uuid(), n numeric(10, 2) default 0, s text default null
        );
        create unique index i on t (id, a) where x is false and k is not null;
        create unique index t_u on t (u);
        """,
        """
        create table t (
            id bigserial primary key, a timestamptz default current_timestamp, b varchar default '',
            c jsonb default '{}'::json, x bool not null, k varchar check (k in ('p', 'q')),
            u uuid default gen_random_uuid(), n numeric(10, 2) default 0.00, s text, constraint t_u unique (u)
        );
        create unique index i on t (id, a) where x = false and k is not null;
        """,
        set(),
    ),
    "order_of_a_key": (
        "create table t (a int, b int, primary key (a, b));",
        "create table t (a int, b int, primary key (b, a));",
        {"changed primary_key t_pkey"},
    ),
    "one_index_too_many": (
        "create table t (a int); create index i1 on t (a); create index i2 on t (a);",
        "create table t (a int); create index i3 on t (a);",
        {"renamed index i3", "removed index i2"},
    ),
    "a_foreign_key_twice": (
        "create table p (a int primary key);"
        "create table t (a int references p, constraint k foreign key (a) references p);",
        "create table p (a int primary key); create table t (a int constraint k references p);",
        {"removed foreign_key t_a_fkey"},
    ),
    # unique=True beside index=True is a unique index in the models, and was a constraint and an index in a migration
    "unique_and_indexed": (
        "create table t (a int unique); create index ix_t_a on t (a);",
        "create table t (a int); create unique index ix_t_a on t (a);",
        {"removed index ix_t_a"},
    ),
    "a_sequence_that_ends_too_early": (
        "create table t (id serial primary key); alter table t alter id type bigint;",
        "create table t (id bigserial primary key);",
        {"changed sequence t_id_seq"},
    ),
}


@pytest.fixture(scope="module")
def schemas(server: ScratchServer) -> Iterator[tuple[Schema, Schema]]:
    with server.create(label="live") as live, server.create(label="models") as models:
        for database, side in ((live, 0), (models, 1)):
            for name, case in CASES.items():
                run_sql(database, f"create schema {name}; set search_path = {name}; {case[side]}")
        yield read_schema(live), read_schema(models)


@pytest.mark.parametrize("name", CASES)
def test_what_real_applications_differ_in_is_said_once_and_nothing_else(
    schemas: tuple[Schema, Schema], name: str
) -> None:
    live, models = (
        replace(schema, facts={key: fact for key, fact in schema.facts.items() if name in key.name})
        for schema in schemas
    )
    found = {f"{item.change} {item.id.kind} {item.id.name[-1]}" for item in diff_schemas(live, models).differences}
    assert found == CASES[name][2]
    back = diff_schemas(models, live).differences
    assert len(back) == len(found)
