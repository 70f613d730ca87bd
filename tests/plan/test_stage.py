"""Statements run in a sandbox without superuser, and what they do is measured by the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from drift_pipeline.config import Database
from drift_pipeline.plan.guard import objection
from drift_pipeline.plan.roles import proof_roles
from drift_pipeline.plan.sandbox import sandbox
from drift_pipeline.plan.stage import NEEDS_ADMIN, Ran, Stage
from drift_pipeline.plan.statements import Statement, TableLock
from drift_pipeline.scratch.server import ScratchServer

SHOP = """
create type mood as enum ('sad', 'glad');
create table author (id int primary key);
create table book (id int primary key, author int references author, title varchar(10) unique, mood mood,
                   check (id > 0));
create view titles as select title from book;
create function one() returns int language sql as 'select 1';
create index plain on book (mood);
create unique index sole on book (author, mood);
"""


@pytest.fixture
def run(server: ScratchServer, new_database: Callable[..., Database]) -> Iterator[Callable[..., Ran]]:
    """Runs statements on a copy of SHOP (or of what `on` makes)."""

    def go(*statements: str, on: str = SHOP) -> Ran:
        template = new_database(on)
        with proof_roles(server, ()) as roles, sandbox(server, roles, template=template.parameters["dbname"]) as box:
            stage = Stage(box)
            try:
                return stage.run([Statement(sql, "test") for sql in statements])
            finally:
                stage.close()

    return go


def _only(ran: Ran) -> Statement:
    assert ran.failed == []
    (statement,) = ran.kept
    return statement


@pytest.mark.parametrize(
    ("sql", "drops"),
    [
        ("drop table book cascade", ["table public.book", "view public.titles"]),
        ("alter table book drop column mood", ["column public.book.mood", "unique index public.sole"]),
        ("drop view titles", ["view public.titles"]),
        ("drop function one()", ["function public.one()"]),
        ("alter table book drop constraint book_author_fkey", ["foreign key book_author_fkey on public.book"]),
        ("alter table book drop constraint book_title_key", ["unique constraint book_title_key on public.book"]),
        ("drop index sole", ["unique index public.sole"]),
        ("drop type mood cascade", ["column public.book.mood", "type public.mood"]),
    ],
)  # fmt: skip
def test_what_is_lost_makes_a_statement_destructive(run: Callable[..., Ran], sql: str, drops: Sequence[str]) -> None:
    statement = _only(run(sql))
    assert statement.destructive
    assert set(drops) <= set(statement.drops)


@pytest.mark.parametrize(
    "sql",
    [
        "drop index plain",
        "alter table book drop constraint book_id_check",
        "alter table book alter title drop not null",
        "alter table author alter id type bigint",
        "create table other (id int)",
        "comment on table book is 'x'",
    ],
)
def test_what_can_be_made_again_is_not_destructive(run: Callable[..., Ran], sql: str) -> None:
    assert not _only(run(sql)).destructive


def test_an_object_that_comes_back_was_not_lost_and_data_that_does_was(run: Callable[..., Ran]) -> None:
    ran = run(
        "drop view titles",
        "create view titles as select title, id from book",
        "drop table book cascade",
        "create table book (id int)",
    )
    assert [statement.destructive for statement in ran.kept] == [True, False, True, False]
    ran = run("drop view titles", "create view titles as select title, id from book")
    assert [statement.destructive for statement in ran.kept] == [False, False]


def test_an_enum_that_is_replaced_under_its_columns_is_a_rewrite_and_no_loss(run: Callable[..., Ran]) -> None:
    ran = run(
        "alter type mood rename to mood_old",
        "create type mood as enum ('sad', 'glad', 'mad')",
        "alter table book alter mood type mood using mood::text::mood",
        "drop type mood_old",
    )
    assert ran.failed == []
    assert not any(statement.destructive for statement in ran.kept)
    assert [statement.rewrites for statement in ran.kept] == [(), (), ("public.book",), ()]


def test_rewrites_locks_and_scans_are_measured(run: Callable[..., Ran]) -> None:
    widened = _only(run("alter table author alter id type bigint"))
    assert widened.rewrites == ("public.author",)
    assert set(widened.locks) == {"public.author", "public.book"}  # the referencing table as well
    assert _only(run("alter table book add note text default 'x'")).rewrites == ()
    checked = _only(run("alter table book add check (id > 5)"))
    assert checked.scans == ("table book",)
    assert _only(run("create index fresh on book (id)")).locks == ()


@pytest.mark.parametrize(
    ("sql", "holds", "reads"),
    [
        ("create index fresh on book (id)", [("book", "SHARE")], ["book"]),
        ("create index concurrently fresh on public.book (id)", [("book", "SHARE UPDATE EXCLUSIVE")], ["book"]),
        ("alter table book add foreign key (id) references author",
         [("author", "SHARE ROW EXCLUSIVE"), ("book", "SHARE ROW EXCLUSIVE")], ["book"]),
        ("alter table book add check (id > 5) not valid", [("book", "ACCESS EXCLUSIVE")], []),
        ("comment on table book is 'x'", [("book", "SHARE UPDATE EXCLUSIVE")], []),
        ("create table other (id int primary key)", [], []),
        ("alter domain label add check (value <> '')", [("person", "SHARE")], ["person"]),
    ],
)  # fmt: skip
def test_every_lock_that_stands_in_the_way_is_measured_and_which_tables_are_read(
    run: Callable[..., Ran], sql: str, holds: list[tuple[str, str]], reads: list[str]
) -> None:
    measured = _only(run(sql, on=SHOP + "create domain label as text; create table person (name label);"))
    assert [(lock.table, lock.mode) for lock in measured.holds] == [(f"public.{table}", mode) for table, mode in holds]
    assert list(measured.reads) == [f"public.{table}" for table in reads]


def test_each_statement_is_measured_alone_with_those_before_it_committed(run: Callable[..., Ran]) -> None:
    ran = run("alter table book add note text", "alter table book add year int", "create index fresh on book (note)")
    assert [statement.locks for statement in ran.kept] == [("public.book",), ("public.book",), ()]
    assert ran.kept[2].holds == (TableLock("public.book", "SHARE"),)


def test_what_the_statements_make_themselves_is_nobodys_loss(run: Callable[..., Ran]) -> None:
    ran = run("create type helper as enum ('a')", "create table aside (id int)", "drop type helper", "drop table aside")
    assert [(statement.drops, statement.destructive) for statement in ran.kept] == [((), False)] * 4


def test_statements_that_fail_are_tried_again_after_the_others(run: Callable[..., Ran]) -> None:
    ran = run("create view second as select * from first", "create view first as select 1 as one", "drop table nowhere")
    assert [statement.sql for statement in ran.kept] == [
        "create view first as select 1 as one",
        "create view second as select * from first",
    ]
    assert [(statement.sql, words) for statement, words in ran.failed] == [
        ("drop table nowhere", 'table "nowhere" does not exist')
    ]


def test_what_a_transaction_forbids_runs_outside_and_says_so(run: Callable[..., Ran]) -> None:
    ran = run(
        "create index concurrently fresh on book (title)",
        "alter type mood add value 'mad'",
        "alter table book alter mood set default 'mad'",
    )
    assert ran.failed == []
    assert [statement.transactional for statement in ran.kept] == [False, False, True]


def test_statements_have_no_rights_of_a_superuser(run: Callable[..., Ran]) -> None:
    attack = "copy (select 1) to program 'id'"
    ran = run(
        f"do $$ begin execute $x$ {attack} $x$; end $$",
        f"do $$ begin reset role; reset session authorization; execute $x$ {attack} $x$; end $$",
        "do $$ begin perform pg_read_file('PG_VERSION'); end $$",
        "alter system set fsync = off",
        "create role intruder superuser",
        "set session_replication_role = origin",
        "create function evil() returns int language c as 'libc', 'system'",
    )
    assert ran.kept == []


def test_a_function_that_runs_for_ever_is_stopped(
    server: ScratchServer, new_database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drift_pipeline.plan.sandbox._LIMITS", "-c statement_timeout=1500ms")
    template = new_database("create function slow() returns int language sql as 'select 1 from pg_sleep(60)'")
    with proof_roles(server, ()) as roles, sandbox(server, roles, template=template.parameters["dbname"]) as box:
        stage = Stage(box)
        ran = stage.run([Statement("create materialized view waits as select slow()", "test")])
        stage.close()
    assert "statement timeout" in ran.failed[0][1]


def test_event_triggers_of_the_schema_stay_silent(run: Callable[..., Ran]) -> None:
    ran = run(
        "create extension hstore",
        "create table quiet (id int)",
        on="create function shout() returns event_trigger language plpgsql as $$ begin raise exception 'no'; end $$;"
        "create event trigger shouts on ddl_command_start execute function shout();",
    )
    assert ran.failed == []


def test_untrusted_extensions_are_installed_for_the_statements(run: Callable[..., Ran]) -> None:
    ran = run("create extension pg_stat_statements", "comment on extension pg_stat_statements is 'x'")
    assert ran.failed == []
    assert _only(run("drop extension citext", on="create extension citext")).destructive


@pytest.mark.parametrize(
    ("sql", "needs"),
    [
        ("create extension if not exists vector", True),
        ("ALTER TABLE public.t OWNER TO app", True),
        ('alter function "a;b".f(integer, text) owner to "My App"', True),
        ("alter table t add column c int default evil(), owner to app", False),
        ("alter table t add check (evil()) not valid, owner to app", False),
        ("create foreign data wrapper w validator evil options (a 'b')", False),
        ("create subscription s connection 'host=evil' publication p", False),
        ("create table t (id int)", False),
    ],
)
def test_only_definitions_that_run_nothing_may_be_made_as_superuser(sql: str, needs: bool) -> None:
    assert bool(NEEDS_ADMIN.fullmatch(sql)) is needs


@pytest.mark.parametrize(
    ("sql", "allowed"),
    [
        ("create table t (id int)", True),
        ("ALTER USER MAPPING FOR a SERVER s OPTIONS (SET x 'y')", True),
        ("grant select on t to reader", True),
        ("set check_function_bodies = off", True),
        ("set role postgres", False),
        ("delete from t", False),
        ("do $$ begin end $$", False),
        ("truncate t", False),
        ("create role r", False),
        ("alter system set fsync = off", False),
        ("grant pg_write_server_files to public", False),
        ("drop database d", False),
        ("", False),
    ],
)
def test_statements_of_other_sorts_are_not_even_run(sql: str, allowed: bool) -> None:
    assert (objection(sql) == "") is allowed
