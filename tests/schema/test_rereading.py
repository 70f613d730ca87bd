"""Reading again what statements touched gives the same schema as reading everything."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.schema import rereading
from drift_pipeline.schema.facts import Schema
from drift_pipeline.schema.reader import schema_in
from drift_pipeline.schema.rereading import read_again, read_whole
from drift_pipeline.schema.snapshot import to_json

HOUSE = """
create type mood as enum ('sad', 'glad');
create function double(int) returns int immutable language sql as 'select $1 * 2';
create table person (id int generated always as identity primary key, name text, mood mood default 'sad');
create table pet (id serial primary key, owner int references person, name varchar(20), unique (name));
create index by_double on pet (double(owner));
create view owners as select person.name, pet.name as pet from person join pet on pet.owner = person.id;
create view of_owners as select name from owners;
create table log (at date, what text) partition by range (at);
create table log_2020 partition of log for values from ('2020-01-01') to ('2021-01-01');
create function names() returns setof person language sql begin atomic select * from person; end;
create policy mine on pet using (owner in (select id from person));
create statistics two on id, owner from pet;
comment on column pet.name is 'what it is called';
"""
STATEMENTS = (
    "alter table person add column age int default 3",
    "alter table person rename to human",
    "alter table human rename column name to called",
    "alter table pet alter column id type bigint",
    "alter table pet drop constraint pet_owner_fkey",
    "alter table pet rename constraint pet_name_key to one_name",
    "comment on column pet.name is 'another'",
    "comment on constraint one_name on pet is 'said'",
    "alter sequence pet_id_seq owned by human.id",
    "alter sequence pet_id_seq increment by 7",
    "alter table human alter column id set increment by 5",
    "alter table human alter column id drop identity",
    "alter table log add column more int",
    "create index on log (at)",
    "alter index log_at_idx rename to log_when",
    "alter index log_2020_at_idx rename to log_2020_when",
    "alter index log_2020_when set (fillfactor = 50)",
    "alter table log_2020 add constraint nonempty check (what <> '')",
    "alter table log detach partition log_2020",
    "create table log_2021 partition of log for values from ('2021-01-01') to ('2022-01-01')",
    "alter index by_double rename to by_twice",
    "alter view owners rename column pet to animal",
    "alter table pet disable trigger all",
    "alter table pet enable row level security",
    "alter policy mine on pet rename to theirs",
    "alter statistics two rename to pair",
    "grant select (name) on pet to public",
    "alter table pet set (fillfactor = 50, toast.autovacuum_enabled = off)",
    "alter table pet replica identity using index pet_pkey",
    "alter table pet alter column owner set statistics 5",
    "drop view of_owners",
    "create publication news for table pet (id)",
    "alter function double(int) rename to twice",
    "alter type mood rename value 'sad' to 'blue'",
    "create schema other",
    "alter table pet set schema other",
    "drop table other.pet cascade",
)
RELATIONS_ALONE = "create publication news for table pet (id)"
"""After this one, types and functions are changed, and everything is read."""


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "all at once"])
def test_what_is_read_again_is_what_a_whole_read_says(
    new_database: Callable[[str], Database], monkeypatch: pytest.MonkeyPatch, together: bool
) -> None:
    monkeypatch.setattr(rereading, "AT_MOST", 2.0)  # a house this small would be read as a whole
    with closing(psycopg2.connect(**new_database(HOUSE).parameters)) as connection, connection.cursor() as cursor:
        reading = read_whole(connection)
        for statement in STATEMENTS:
            _run(cursor, statement)
            if not together or statement == RELATIONS_ALONE:
                reading = read_again(connection, reading)
                assert _text(reading.schema) == _text(schema_in(connection)), statement


def test_one_changed_table_of_many_is_read_and_no_other(
    new_database: Callable[[str], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = "".join(f"create table t{each} (id int primary key);" for each in range(40))
    asked: list[int] = []
    part = rereading.part_in
    monkeypatch.setattr(rereading, "part_in", lambda *words: asked.append(len(words[1])) or part(*words))
    with closing(psycopg2.connect(**new_database(tables).parameters)) as connection, connection.cursor() as cursor:
        before = read_whole(connection)
        _run(cursor, "alter table t7 add column more text")
        after = read_again(connection, before)
        assert max(asked) < 5
        assert _text(after.schema) == _text(schema_in(connection))


def _run(cursor: Any, statement: str) -> None:
    # reading pins an empty search path for the rest of the transaction
    cursor.execute("set local search_path = public, other")
    cursor.execute(statement)


def _text(schema: Schema) -> str:
    return to_json(replace(schema, excluded={}, not_covered={}))
