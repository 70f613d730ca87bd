"""The online variant: the same repair in steps that hold nobody up, proven like the plain one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.reprint import Reprinter
from drift_pipeline.plan.online.rows import backfill
from drift_pipeline.plan.online.run import run_steps
from drift_pipeline.plan.online.transform import steps_of
from drift_pipeline.plan.planner import plan_repair
from drift_pipeline.plan.statements import Plan, Proof, Statement, TableLock
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer, scratch_server
from tests.conftest import installation_for
from tests.conftest import run_sql as run_sql_text

TABLE = FactId("table", ("public", "t"))
AX = (TableLock("public.t", "ACCESS EXCLUSIVE"),)


def fact(kind: str, *name: str, **attributes: Value) -> Fact:
    return Fact(FactId(kind, ("public", "t", *name)), attributes, None if kind == "table" else TABLE)


def column(name: str, type_text: str = "integer", **attributes: Value) -> Fact:
    return fact("column", name, type=type_text, **attributes)


PLAIN = (fact("table"), column("a"), column("b"))


def steps(
    *statements: str | Statement, source: Sequence[Fact] = PLAIN, goal: Sequence[Fact] = PLAIN, major: int = 17
) -> list[list[str]]:
    """The SQL of each step; what runs outside of a transaction has a sign in front."""
    given = [each if isinstance(each, Statement) else Statement(each, "native", holds=AX) for each in statements]
    drafts = steps_of(given, Schema.of(source), Schema.of(goal), major=major)
    return [
        [("" if draft.step.transactional else "! ") + each.sql for each in draft.step.statements] for draft in drafts
    ]


IN_TWO = [
    ("CREATE INDEX i ON public.t USING btree (a)",
     [["! DROP INDEX CONCURRENTLY IF EXISTS public.i", "! CREATE INDEX CONCURRENTLY i ON public.t USING btree (a)"]]),
    ("CREATE UNIQUE INDEX i ON public.t USING btree (a) WHERE (b > 0)",
     [["! DROP INDEX CONCURRENTLY IF EXISTS public.i",
       "! CREATE UNIQUE INDEX CONCURRENTLY i ON public.t USING btree (a) WHERE (b > 0)"]]),
    ("ALTER TABLE public.t ADD CONSTRAINT c CHECK ((a > 0))",
     [["ALTER TABLE public.t ADD CONSTRAINT c CHECK ((a > 0)) NOT VALID"],
      ["ALTER TABLE public.t VALIDATE CONSTRAINT c"]]),
    ("ALTER TABLE public.t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES public.p(id) ON DELETE CASCADE",
     [["ALTER TABLE public.t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES public.p(id) ON DELETE CASCADE NOT VALID"],
      ["ALTER TABLE public.t VALIDATE CONSTRAINT f"]]),
    ("ALTER TABLE public.t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b) DEFERRABLE INITIALLY DEFERRED",
     [["! DROP INDEX CONCURRENTLY IF EXISTS public.u",
       "! CREATE UNIQUE INDEX CONCURRENTLY u ON public.t (a) INCLUDE (b) NULLS NOT DISTINCT"],
      ["ALTER TABLE public.t ADD CONSTRAINT u UNIQUE USING INDEX u DEFERRABLE INITIALLY DEFERRED"]]),
    ("ALTER TABLE public.t ALTER COLUMN a SET NOT NULL",
     [["ALTER TABLE public.t ADD CONSTRAINT t_a_is_set CHECK (a IS NOT NULL) NOT VALID"],
      ["ALTER TABLE public.t VALIDATE CONSTRAINT t_a_is_set"],
      ["ALTER TABLE public.t ALTER COLUMN a SET NOT NULL"],
      ["ALTER TABLE public.t DROP CONSTRAINT t_a_is_set"]]),
    ("ALTER TABLE public.t ADD COLUMN c integer", [["ALTER TABLE public.t ADD COLUMN c integer"]]),
    ("CREATE INDEX i ON public.made USING btree (a)", [["CREATE INDEX i ON public.made USING btree (a)"]]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), IN_TWO)
def test_what_takes_long_is_done_while_others_go_on(sql: str, expected: list[list[str]]) -> None:
    assert steps(sql) == expected


def test_from_18_on_a_not_null_waits_for_being_validated() -> None:
    assert steps("ALTER TABLE public.t ALTER COLUMN a SET NOT NULL", major=18) == [
        ["ALTER TABLE public.t ADD CONSTRAINT t_a_not_null NOT NULL a NOT VALID"],
        ["ALTER TABLE public.t VALIDATE CONSTRAINT t_a_not_null"],
    ]


def test_an_index_that_changes_is_there_all_the_time() -> None:
    index = fact("index", "i")
    changed = fact("index", "i", unique=True)
    found = steps(
        "DROP INDEX public.i", "CREATE UNIQUE INDEX i ON public.t USING btree (a)",
        source=(*PLAIN, index), goal=(*PLAIN, changed),
    )  # fmt: skip
    assert found == [
        ["! DROP INDEX CONCURRENTLY IF EXISTS public.i__new",
         "! CREATE UNIQUE INDEX CONCURRENTLY i__new ON public.t USING btree (a)"],
        ["ALTER INDEX public.i RENAME TO i__old", "ALTER INDEX public.i__new RENAME TO i"],
        ["! DROP INDEX CONCURRENTLY IF EXISTS public.i__old"],
    ]  # fmt: skip


def test_a_rule_that_changes_holds_all_the_time() -> None:
    found = steps(
        "ALTER TABLE public.t DROP CONSTRAINT c", "ALTER TABLE public.t ADD CONSTRAINT c CHECK ((a > 1))",
        source=(*PLAIN, fact("check", "c", expression="(a > 0)")),
        goal=(*PLAIN, fact("check", "c", expression="(a > 1)")),
    )  # fmt: skip
    assert found == [
        ["ALTER TABLE public.t ADD CONSTRAINT c__new CHECK ((a > 1)) NOT VALID"],
        ["ALTER TABLE public.t VALIDATE CONSTRAINT c__new"],
        ["ALTER TABLE public.t DROP CONSTRAINT c", "ALTER TABLE public.t RENAME CONSTRAINT c__new TO c"],
    ]


def test_what_is_made_anew_gets_back_all_that_it_had_in_the_same_step() -> None:
    """Else whoever was granted the view is refused until the GRANT comes."""
    again = "comes off and on again because of view public.v"
    late = [
        'CREATE TRIGGER "a on b" INSTEAD OF INSERT ON public.v FOR EACH ROW EXECUTE FUNCTION public.g()',
        "COMMENT ON COLUMN public.v.a IS 'which'",
        "COMMENT ON VIEW public.v IS 'what'",
        "COMMENT ON FUNCTION public.f(public.v) IS 'how'",
        "REVOKE ALL ON FUNCTION public.f(public.v) FROM PUBLIC",
        'GRANT SELECT ("x on y") ON TABLE public.v TO reader',
        'grant select on "public"."v" to "reader"',
        "GRANT EXECUTE ON FUNCTION public.f(public.v) TO reader",
    ]
    together = [
        "DROP FUNCTION public.f(public.v)",
        "DROP VIEW public.v",
        "ALTER TABLE public.t ALTER COLUMN a TYPE text",
        "CREATE VIEW public.v AS SELECT a FROM public.t",
        "ALTER VIEW public.v OWNER TO owner",
        "CREATE FUNCTION public.f(x public.v) RETURNS text LANGUAGE sql AS 'select x.a'",
        "ALTER FUNCTION public.f(public.v) OWNER TO owner",
    ]
    others = ["CREATE TABLE public.made (a int)", "GRANT SELECT ON TABLE public.made TO reader"]
    view, changed = FactId("view", ("public", "v")), column("a", "character varying(9)")
    function = FactId("function", ("public", "f", "public.v"))
    source = replace(
        Schema.of((fact("table"), changed, Fact(view, {}), Fact(function, {}))),
        depends=frozenset({(view, changed.id), (function, view)}),
    )
    goal = Schema.of((fact("table"), column("a", "text"), Fact(view, {})))
    given = [Statement(sql, "native", note=again) for sql in (*together, others[0], *late, others[1])]
    found = [draft.step for draft in steps_of(given, source, goal, major=17)]
    (step,) = [each for each in found if len(each.statements) > 2]
    assert [each.sql for each in step.statements] == [*together, *late]
    assert [each.sql for other in found for each in other.statements if other is not step] == others
    assert step.note == "What does not differ comes off and on again because of view public.v."
    assert {each.note for each in step.statements} == {""}


def test_a_trigger_that_is_off_is_made_anew_and_off_in_one_step() -> None:
    sql = [
        "DROP TRIGGER a ON public.t",
        "CREATE TRIGGER a BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.g()",
        "ALTER TABLE public.t DISABLE TRIGGER a",
        "COMMENT ON TRIGGER a ON public.t IS 'why'",
    ]
    assert steps(*sql, "COMMENT ON TABLE public.t IS 'other'") == [sql, ["COMMENT ON TABLE public.t IS 'other'"]]


STAYS = [
    (Statement("ALTER TABLE public.t ADD CONSTRAINT e EXCLUDE USING gist (a WITH =)", "native"), "one way only"),
    (Statement("ALTER TABLE public.t ADD COLUMN g integer GENERATED ALWAYS AS (a) STORED", "native",
               rewrites=("public.t",)),
     "computed"),
    (Statement("ALTER TABLE public.t SET UNLOGGED", "native", rewrites=("public.t",), holds=AX), "rewriting public.t"),
    (Statement("ALTER TABLE public.t ALTER COLUMN a TYPE timestamp with time zone", "native"), "TimeZone"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "words"), STAYS)
def test_what_cannot_be_done_online_stays_as_it_is_and_is_said(statement: Statement, words: str) -> None:
    goal = (*PLAIN, column("g", generated="stored", default="a"))
    source = (fact("table"), column("a", "timestamp without time zone"), column("b"))
    goal = (fact("table"), column("a", "timestamp with time zone"), column("b"), goal[-1])
    (draft,) = steps_of([statement], Schema.of(source), Schema.of(goal), major=17)
    assert [each.sql for each in draft.step.statements] == [statement.sql]
    assert not draft.step.online
    assert words in draft.step.note


def test_names_are_data() -> None:
    source = (Fact(FactId("table", ("public", 'o"dd; T')), {}),)
    (step, *_) = steps_of(
        [Statement('CREATE INDEX "i; x" ON public."o""dd; T" USING btree (a)', "native")],
        Schema.of(source), Schema.of(source), major=17,
    )  # fmt: skip
    assert [each.sql for each in step.step.statements] == [
        'DROP INDEX CONCURRENTLY IF EXISTS public."i; x"',
        'CREATE INDEX CONCURRENTLY "i; x" ON public."o""dd; T" USING btree (a)',
    ]


# ---------------------------------------------------------------- on real servers

LIVE = """
create type mood as enum ('sad', 'glad');
create table author (id int generated always as identity primary key, name text, born varchar(9));
create table book (id serial primary key, author int not null references author, title varchar(40), mood mood,
                   price numeric(6, 2), sold int default 3 not null unique, stray int, constraint named check (id > 0));
create index by_title on book (title);
create index by_sold on book ((sold + 1)) where sold > 0;
create view titles as select id, title from book;
create view shouted as select upper(title) as title from titles;
create function noted() returns trigger language plpgsql as 'begin return new; end';
create trigger noted before insert on book for each row execute function noted();
create table log (id int, kind int) partition by range (id);
create table log_low partition of log for values from (0) to (1000);
insert into author (name) select 'n' || n from generate_series(1, 20) n;
insert into book (author, title, mood, price, sold) select n, 'title ' || n, 'sad', n, n from generate_series(1, 20) n;
insert into log select n, n from generate_series(1, 20) n;
"""
MODELS = """
create type mood as enum ('sad', 'calm', 'glad');
create table author (id bigint generated always as identity primary key, name text not null, born varchar(20));
create table book (id bigserial primary key, author bigint not null references author on delete cascade, title text,
                   mood mood default 'calm', price numeric(8, 4), sold bigint default 3 not null unique,
                   token uuid not null default gen_random_uuid(), made timestamptz default clock_timestamp(),
                   constraint named check (id > 1 or title is null or id = 1));
create unique index by_title on book (title) where title is not null;
create index by_sold on book ((sold + 1)) where sold > 0;
create view titles as select id, title from book;
create view shouted as select upper(title) as title from titles;
create function noted() returns trigger language plpgsql as 'begin return new; end';
create trigger noted before insert or update on book for each row execute function noted();
create table log (id int, kind int not null, constraint positive check (kind > 0)) partition by range (id);
create table log_low partition of log for values from (0) to (1000);
create table review (id int primary key, book bigint references book);
create index on review (book);
comment on column book.sold is 'how many';
"""


def planned(server: ScratchServer, live: Database, models: Database, **options: Any) -> Plan:
    before, after = read_schema(live), read_schema(models)
    return plan_repair(
        server,
        live=before,
        models=after,
        models_database=models,
        diff=diff_schemas(before, after),
        **{"engines": ("native",), **options},
    )


@pytest.mark.slow
def test_the_steps_make_a_database_with_rows_what_the_models_say_on_every_major(
    major_server: ScratchServer,
    new_database: Callable[..., Database],
    dump: Callable[[Database], str],
    run_sql: Callable[..., list[tuple[Any, ...]]],
) -> None:
    live, models = new_database(LIVE, on=major_server), new_database(MODELS, on=major_server)
    online = planned(major_server, live, models, online=True).online
    assert online is not None
    assert (online.proof, online.open) == (Proof.PROVEN, ())
    assert [step.title for step in online.steps if not step.online] == []
    assert online.cost.rewrites == 0
    assert [each.drops for each in online.statements if each.destructive] == [("column public.book.stray",)]
    rows = "select author, title, mood::text, price, sold from book order by id"
    before = run_sql(live, rows)
    run_steps(live, online.steps)
    assert run_sql(live, rows) == before
    assert dump(live) == dump(models)
    assert run_sql(live, "insert into author (name) values ('next') returning id") == [(21,)]
    assert run_sql(live, "insert into book (author, sold) values (1, 100) returning id") == [(21,)]
    assert run_sql(live, "select count(distinct token), count(made) from book where id < 21") == [(20, 20)]


PRINTED_BY_15 = """
create table author (id int primary key, name varchar(40), age {0});
create view adults as select id, upper(name) as name from author where name like 'a%' and age > 17;
create view old as select a.id, a.age from author a join adults b using (id) where a.age > 70 or b.name = 'a';
create rule kept as on delete to author where old.age > 100 do instead nothing;
"""


@pytest.mark.slow
def test_what_an_older_server_prints_otherwise_is_printed_again_where_its_columns_are_as_there(
    server: ScratchServer, new_database: Callable[..., Database]
) -> None:
    """The same text has other casts in a copy of the models, and in a copy of what lives."""
    installed = installation_for(15)
    if installed is None:
        pytest.skip("PostgreSQL 15 is not installed on this machine")
    with scratch_server(installation=installed) as older, older.create(label="test") as live:
        run_sql_text(live, PRINTED_BY_15.format("smallint") + "insert into author values (1, 'abe', 71)")
        models = new_database(PRINTED_BY_15.format("bigint").replace("varchar(40)", "text"))
        before, after = read_schema(live), read_schema(models)
        with Reprinter(models) as reprint:
            diff = diff_schemas(before, after, reprint=reprint)
        plan = plan_repair(server, live=before, models=after, models_database=models, diff=diff, online=True)
        assert (plan.proof, plan.open) == (Proof.PROVEN, ())
        assert plan.online is not None
        assert (plan.online.proof, plan.online.open) == (Proof.PROVEN, ())
        run_steps(live, plan.online.steps)
        with Reprinter(models) as reprint:
            assert diff_schemas(read_schema(live), after, reprint=reprint).differences == ()


@pytest.mark.slow
def test_a_step_that_failed_is_run_again_without_anything_to_clear_away(
    server: ScratchServer, new_database: Callable[..., Database], run_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    live = new_database("create table t (a int, b int); insert into t values (1, 1), (1, 2)")
    models = new_database("create table t (a int, b bigint); create unique index once on t (a)")
    online = planned(server, live, models, online=True).online
    assert online is not None
    told: list[int] = []
    with pytest.raises(psycopg2.errors.UniqueViolation):
        run_steps(live, online.steps, told=lambda number, _: told.append(number))
    validity = "select indisvalid from pg_index where indexrelid = 'once'::regclass"
    assert run_sql(live, validity) == [(False,)]
    run_sql(live, "delete from t where b = 2")
    run_steps(live, online.steps, begin_at=told[-1])
    assert run_sql(live, validity) == [(True,)]
    assert diff_schemas(read_schema(live), read_schema(models)).differences == ()


@pytest.mark.slow
@pytest.mark.parametrize("major", [13, 14])
def test_rows_are_filled_page_by_page_for_servers_that_cannot_go_to_pages_as_well(
    new_database: Callable[..., Database], run_sql: Callable[..., list[tuple[Any, ...]]], major: int
) -> None:
    live = new_database(
        "create table t (a int, page int); insert into t select n, null from generate_series(1, 5000) n"
    )
    step = backfill(Statement("", "test"), ("public", "t"), "page = a", "page IS NULL", major=major, complete=True)
    run_steps(live, [step])
    assert run_sql(live, "select count(*) from t where a = page") == [(5000,)]


@pytest.mark.slow
def test_no_value_is_lost_where_a_trigger_keeps_rows_from_being_filled(
    server: ScratchServer, new_database: Callable[..., Database], run_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    stubborn = """
        create function keep() returns trigger language plpgsql as 'begin return null; end';
        create trigger keep before update on t for each row when (old.b = 2) execute function keep();
    """
    live = new_database(f"create table t (a int, b int); insert into t values (1, 1), (2, 2); {stubborn}")
    models = new_database(f"create table t (a bigint, b int); {stubborn}")
    online = planned(server, live, models, online=True).online
    assert online is not None
    with pytest.raises(psycopg2.errors.RaiseException, match="rows that could not be filled"):
        run_steps(live, online.steps)
    assert run_sql(live, "select a from t order by a") == [(1,), (2,)]


def test_the_variant_that_was_asked_for_is_proven_and_says_what_it_locks(
    server: ScratchServer, new_database: Callable[..., Database]
) -> None:
    live, models = (
        new_database("create table t (a int)"),
        new_database("create table t (a int); create index i on t (a)"),
    )
    online = planned(server, live, models, online=True).online
    assert online is not None
    assert online.proof is Proof.PROVEN
    assert [(step.transactional, step.statements[-1].sql) for step in online.steps] == [
        (False, "CREATE INDEX CONCURRENTLY i ON public.t USING btree (a)")
    ]
    assert online.steps[0].statements[-1].holds == (TableLock("public.t", "SHARE UPDATE EXCLUSIVE"),)
