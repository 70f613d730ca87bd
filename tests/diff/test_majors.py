"""Two builds of one schema on servers of different majors do not differ."""

from __future__ import annotations

import pytest

from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.reprint import Reprinter
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import NewDatabase

SCRIPT = """
create schema app;
create type app.mood as enum ('ok', 'bad');
create domain app.code as varchar(5) default 'x' check (value in ('x', 'y'));
create table app.person (
    id bigserial primary key,
    name varchar(40) not null default '' unique check (name in ('a', 'b') or length(name) > 3),
    mood app.mood not null default 'ok',
    born date check (born > '1900-01-01'),
    at timestamptz not null default now() + interval '1 day 02:00',
    total numeric(10, 2) generated always as (length(name) * 1.5) stored,
    code app.code
);
create table app.child (
    id int generated always as identity,
    person bigint references app.person on delete set null,
    at date not null,
    primary key (id, at)
) partition by range (at);
create table app.child_1 partition of app.child for values from ('2020-01-01') to ('2021-01-01');
create index on app.person (lower(name) desc nulls last, mood) include (at) where mood <> 'bad' and born is not null;
create index on app.child (person);
create view app.plain as select id, name from app.person where mood = 'ok' order by name;
create view app.joined as
    select p.id, count(*) filter (where c.at > now()) as many, coalesce(max(c.at), p.born) as latest
    from app.person p left join app.child c on c.person = p.id group by p.id having count(*) >= 0;
create materialized view app.stored as with w as (select * from app.person) select name, mood from w;
create unique index on app.stored (name);
create function app.one(a int default 1) returns setof text language sql begin atomic
    select name from app.person where id > a; end;
create function app.unnamed(int, text default 'x' || 'y') returns bigint language sql begin atomic
    select count(*) from app.person where id > $1 and name in ('a', $2); end;
create function app.two() returns trigger language plpgsql as 'begin return new; end';
create trigger t before insert or update of name on app.person for each row
    when (new.name <> '') execute function app.two();
create trigger picky before update on app.person for each row
    when (old.name is distinct from new.name and new.name in ('a', 'b') and not (new.id between 1 and 3))
    execute function app.two();
create rule noted as on insert to app.person do also
    insert into app.child (person, at) select p.id, new.born from app.person p where p.name in ('a', new.name);
create rule kept as on update to app.person where old.name <> new.name do instead (
    update app.child set at = (select max(born) from app.person where id = old.id) where person = old.id;
    delete from app.child where person = new.id;
);
create rule through as on update to app.plain do instead update app.person set name = new.name where id = old.id;
create statistics app.guess on (lower(name)), (extract(year from born)), (case when name in ('a', 'b') then 1 end)
    from app.person;
create index on app.person using brin (born date_minmax_multi_ops (values_per_range = 16));
create index on app.person using gin (to_tsvector('english', name), string_to_array(name, ' ') array_ops)
    where name in ('a', 'b');
create policy p on app.person using (name = current_user)
    with check (exists (select from app.child c where c.person = person.id));
comment on column app.person.name is 'what people say';
grant select on app.person to public;
"""


@pytest.mark.slow
def test_builds_on_two_majors_do_not_differ(
    major_server: ScratchServer, server: ScratchServer, new_database: NewDatabase
) -> None:
    live, models = new_database(SCRIPT, on=major_server), new_database(SCRIPT, on=server)
    before, after = read_schema(live), read_schema(models)
    with Reprinter(models) as reprint:
        diff = diff_schemas(before, after, planes="all", reprint=reprint)
    assert [(str(item.id), item.attributes) for item in diff.differences if "owner" not in item.changed_names] == []
    assert ("reprinted" in diff.equivalent) == (major_server.major == 15)
    # exact, and without a server to ask, only what is printed in another way is left
    kinds = {item.id.kind for item in diff_schemas(before, after, exact=True).differences}
    assert kinds <= {"view", "materialized_view", "function"}


GRANTS = """
create table t (a int); create table u (a int); create view v as select 1 as a; create table s (a int);
grant all on t to pg_monitor with grant option; revoke grant option for update on t from pg_monitor;
grant select, insert, update, delete, truncate, references, trigger on u to pg_monitor;
grant all on v to public; revoke truncate on v from public;
grant select on s to pg_monitor;
alter default privileges grant all on tables to pg_monitor;
alter default privileges revoke delete on tables from pg_monitor;
"""


@pytest.mark.slow
def test_privileges_that_the_older_server_does_not_know_are_no_difference(
    major_server: ScratchServer, new_database: NewDatabase
) -> None:
    older, newer = read_schema(new_database(GRANTS, on=major_server)), read_schema(new_database(GRANTS))
    more = new_database(GRANTS + "revoke select on s from pg_monitor; grant insert on t to pg_read_all_data;")
    for source, target in ((older, newer), (newer, older)):
        assert diff_schemas(source, target, planes="all").differences == ()
    told = {str(item.id) for item in diff_schemas(older, read_schema(more), planes="all").differences}
    assert told == {"privilege table.public.s.pg_monitor", "privilege table.public.t.pg_read_all_data"}


@pytest.mark.slow
def test_a_privilege_that_only_the_newer_server_knows_is_no_difference_to_an_older_one(
    major_server: ScratchServer, new_database: NewDatabase
) -> None:
    if major_server.version >= 170000:
        pytest.skip("knows MAINTAIN")
    newer = new_database("create table t (a int); grant maintain on t to pg_monitor;")
    older = new_database("create table t (a int);", on=major_server)
    assert diff_schemas(read_schema(older), read_schema(newer), planes="all").differences == ()
