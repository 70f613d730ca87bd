"""No SQL is called a repair before it was proven; what stays unproven is said."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.diff.reprint import Reprinter
from drift_pipeline.plan import sandbox
from drift_pipeline.plan.engines import Engine
from drift_pipeline.plan.planner import plan_between, plan_repair
from drift_pipeline.plan.roles import ProofRoles
from drift_pipeline.plan.statements import Plan, Proof
from drift_pipeline.schema.facts import Fact, FactId, Schema
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.schema.statistics import RelationStatistics, Statistics
from drift_pipeline.scratch.server import ScratchServer

LIVE = """
create type mood as enum ('sad');
create table author (id int primary key, name text);
create table book (id serial primary key, author int not null references author, title varchar(40), mood mood,
                   stray int, constraint named check (id > 0));
create table bystander (id int primary key);
create view titles as select id, title from book;
create index by_title on book (title);
"""
MODELS = """
create type mood as enum ('sad', 'glad');
create table author (id bigint primary key, name text not null);
create table book (id serial primary key, author bigint not null references author on delete cascade, title text,
                   mood mood default 'glad', constraint named check (id > 1));
create table bystander (id int primary key);
create table added (id int generated always as identity primary key, book int references book);
create view titles as select id, title from book;
create unique index by_title on book (title) where title is not null;
comment on table book is 'it''s; --';
"""


@dataclass
class Pair:
    """Two databases, and the plan that turns the first into the second."""

    server: ScratchServer
    live: Database
    models: Database

    def plan(self, **options: Any) -> Plan:
        live, models = read_schema(self.live), read_schema(self.models)
        return plan_repair(
            self.server,
            live=live,
            models=models,
            models_database=self.models,
            diff=diff_schemas(live, models),
            **options,
        )


@pytest.fixture
def pair(server: ScratchServer, new_database: Callable[..., Database]) -> Callable[..., Pair]:
    return lambda live, models: Pair(server, new_database(live), new_database(models))


def apply(plan: Plan, database: Database) -> None:
    """As somebody would: transactions around what may stand in one, the rest on its own."""
    connection = psycopg2.connect(**database.parameters)
    with connection.cursor() as cursor:
        for statement in plan.statements:
            if not statement.transactional:
                connection.commit()
                connection.autocommit = True
            cursor.execute(statement.sql)
            if not statement.transactional:
                connection.autocommit = False
    connection.commit()
    connection.close()


@pytest.mark.parametrize("engines", [("migra", "native"), ("native",), ("migra",)])
def test_a_proven_plan_makes_the_live_database_what_the_models_say(
    pair: Callable[..., Pair], dump: Callable[[Database], str], engines: tuple[str, ...]
) -> None:
    two = pair(LIVE, MODELS)
    plan = two.plan(engines=engines)
    assert (plan.proof, plan.open) == (Proof.PROVEN, ())
    assert all(statement.proven for statement in plan.statements)
    apply(plan, two.live)
    assert dump(two.live) == dump(two.models)


def test_rows_survive_what_is_not_called_destructive(
    pair: Callable[..., Pair], run_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    two = pair(LIVE, MODELS)
    plan = two.plan()
    run_sql(two.live, "insert into author values (1, 'a'); insert into bystander values (7);"
                      "insert into book values (2, 1, 't', 'sad', 9)")  # fmt: skip
    apply(plan, two.live)
    assert run_sql(two.live, "select id, author, title, mood::text from book") == [(2, 1, "t", "sad")]
    assert run_sql(two.live, "select * from bystander") == [(7,)]
    assert [each.drops for each in plan.statements if each.destructive] == [("column public.book.stray",)]


def test_nothing_differs_nothing_is_planned(pair: Callable[..., Pair]) -> None:
    assert pair(LIVE, LIVE).plan() == Plan()


HOSTILE = "create table foo (id int primary key); create type e as enum ('a' {}); create table t (id int, e e);"


def test_a_label_that_smuggles_sql_drops_no_table_and_is_told_with_the_engines_name(
    pair: Callable[..., Pair], dump: Callable[[Database], str]
) -> None:
    two = pair(HOSTILE.format(""), HOSTILE.format(", 'x''); DROP TABLE foo; --'"))
    plan = two.plan()
    (refused,) = [each for each in plan.refused if each.sql.upper().startswith("DROP TABLE FOO")]
    assert refused.engine == "migra"
    assert "migra wrote it" in refused.note
    assert "foo" in refused.note
    assert plan.proof is Proof.PROVEN
    apply(plan, two.live)
    assert dump(two.live) == dump(two.models)


ONE = "create table t (id int); create table other (id int);"
TWO = "create table t (id int, note text); create table other (id int);"
RIGHT = "alter table t add column note text"


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        ("drop table other", "table public.other"),
        ("create table evil (id int)", "table public.evil"),
        ("alter table other add x int", "column public.other.x"),
        ("delete from other", "defines no part of a schema"),
        ("do $$ begin drop table other; end $$", "defines no part of a schema"),
        ("create role evil superuser", "beyond the schema"),
        ("comment on table other is 'x'", "table.public.other"),
    ],
)
def test_a_statement_beyond_the_drift_is_refused_and_the_rest_is_kept(
    pair: Callable[..., Pair], proposing: Callable[..., Engine], harm: str, reason: str
) -> None:
    proposing(RIGHT, harm)
    plan = pair(ONE, TWO).plan(engines=("strange",))
    assert plan.proof is Proof.PROVEN
    assert [(each.engine, each.sql) for each in plan.statements] == [("strange", RIGHT)]
    assert any("strange wrote it" in each.note and reason in each.note for each in plan.refused)


def test_the_native_planner_goes_on_where_an_engine_stops(
    pair: Callable[..., Pair], proposing: Callable[..., Engine]
) -> None:
    proposing(RIGHT, "alter table t add column wrong nonsense")
    plan = pair(ONE, TWO + "create index i on t (note);").plan(engines=("strange",))
    assert plan.proof is Proof.PROVEN
    assert [each.engine for each in plan.statements] == ["strange", "native"]
    (refused,) = plan.refused
    assert 'type "nonsense" does not exist' in refused.note


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import time\ndef propose(a, b):\n    time.sleep(600)", ["time limit of 1 s", "engine_timeout"]),
        ("def propose(a, b):\n    raise RuntimeError(a)", ["strange failed", "RuntimeError"]),
        ("raise ModuleNotFoundError('x', name='strange')", ["not installed", "pip install 'strange>=1'"]),
    ],
)
def test_an_engine_that_fails_is_a_note_and_the_native_plan_stands(
    pair: Callable[..., Pair], engine_from: Callable[..., Engine], source: str, words: list[str]
) -> None:
    engine_from(source, ("strange", "strange>=1"))
    limit = 1.0 if "sleep" in source else 60.0
    plan = pair(ONE, TWO).plan(engines=("strange", "native"), engine_timeout=limit)
    assert (plan.proof, plan.engine) == (Proof.PROVEN, "native")
    assert all(word in " ".join(plan.notes) for word in words)


@pytest.mark.slow
def test_an_engine_stopped_inside_a_query_leaves_the_copy_to_the_others(
    pair: Callable[..., Pair], engine_from: Callable[..., Engine]
) -> None:
    engine_from(
        "import psycopg2\n"
        "def propose(source, target):\n"
        "    psycopg2.connect(source).cursor().execute('select pg_sleep(600)')\n"
    )
    two = pair(ONE, TWO)
    began = time.monotonic()
    two.plan(engines=("migra",), engine_timeout=120.0)
    # enough for the other engine, on any machine
    limit = round(2 + 2 * (time.monotonic() - began))
    plan = two.plan(engines=("strange", "migra"), engine_timeout=float(limit))
    assert (plan.proof, plan.engine) == (Proof.PROVEN, "migra")
    assert f"time limit of {limit} s" in plan.notes[0]


def test_the_plan_with_the_least_harm_wins_and_the_others_costs_are_told(pair: Callable[..., Pair]) -> None:
    enum = "create type e as enum ({}); create table t (e e); insert into t values ('a');"
    plan = pair(enum.format("'a'"), enum.format("'a', 'b'")).plan()
    assert plan.engine == "native"
    assert plan.cost.rewrites == 0
    (other,) = plan.alternatives
    assert (other.engine, other.proof) == ("migra", Proof.PROVEN)
    assert other.cost.rewrites > 0  # it replaces the type under every column


def test_a_column_that_is_dropped_and_made_anew_loses_to_one_that_is_altered(
    pair: Callable[..., Pair], proposing: Callable[..., Engine]
) -> None:
    proposing("alter table t drop column n", "alter table t add column n bigint")
    plan = pair("create table t (n int)", "create table t (n bigint)").plan(engines=("strange", "native"))
    assert plan.engine == "native"
    assert (plan.cost.data_loss, plan.alternatives[0].cost.data_loss) == (0, 1)
    assert not any(statement.destructive for statement in plan.statements)


def test_a_cast_that_cuts_values_loses_to_an_assignment_that_refuses_them(pair: Callable[..., Pair]) -> None:
    plan = pair("create table t (n varchar(40))", "create table t (n varchar(5))").plan()
    assert (plan.engine, plan.cost.data_loss) == ("native", 0)
    assert plan.alternatives[0].cost.data_loss == 1  # migra casts after USING
    rounded = pair("create table t (n numeric(10, 4))", "create table t (n numeric(10, 2))").plan()
    assert [each.destructive for each in rounded.statements] == [True]
    assert "rounded from 4 to 2 decimals" in rounded.statements[0].drops[0]


def test_a_key_that_comes_back_in_another_form_under_another_name_is_no_loss(pair: Callable[..., Pair]) -> None:
    table = 'create table p (id int primary key); create table "T" (a int {}, b int constraint f{} references p {});'
    plan = pair(
        table.format('constraint "U 1" unique, c int constraint gone unique', 1, ""),
        table.format('constraint "U 2" unique deferrable, c int', 2, "on delete cascade"),
    ).plan(engines=("native",))
    assert plan.proof is Proof.PROVEN
    assert sum(statement.sql.count("DROP CONSTRAINT") for statement in plan.statements) == 3
    assert [statement.drops for statement in plan.statements if statement.destructive] == [
        ('unique constraint gone on public."T"',)
    ]


def test_each_statement_names_the_differences_that_it_settles(pair: Callable[..., Pair]) -> None:
    two = pair('create table t (a int); create table "T" (a int)', 'create table t (a int, b int); create table "T" ()')
    diff = diff_schemas(read_schema(two.live), read_schema(two.models))
    added, removed = (next(each.key for each in diff.differences if each.change == change)
                      for change in ("added", "removed"))  # fmt: skip
    for engines in (("migra",), ("native",)):
        settled = {each.settles: each.sql for each in two.plan(engines=engines).statements}
        assert settled.keys() == {(added,), (removed,)}
        assert "drop column" in settled[removed,].lower()


def test_between_equals_the_engine_named_first_wins(pair: Callable[..., Pair]) -> None:
    assert pair(ONE, TWO).plan(engines=("migra", "native")).engine == "migra"
    assert pair(ONE, TWO).plan(engines=("native", "migra")).engine == "native"


def test_an_enum_value_and_its_use_are_not_put_into_one_transaction(pair: Callable[..., Pair]) -> None:
    two = pair("create type e as enum ('a'); create table t (e e)",
               "create type e as enum ('a', 'b'); create table t (e e default 'b')")  # fmt: skip
    plan = two.plan(engines=("native",))
    assert plan.proof is Proof.PROVEN
    assert [each.transactional for each in plan.statements if "ADD VALUE" in each.sql] == [False]


def test_what_cannot_be_rebuilt_on_scratch_is_said_and_not_called_done(
    server: ScratchServer, new_database: Callable[..., Database]
) -> None:
    models_database = new_database(TWO)
    models = read_schema(models_database)
    column = FactId("column", ("public", "t", "note"))
    strange = replace(models.facts[column], attributes={**models.facts[column].attributes, "type": "far.away"})
    live = replace(models, facts={**models.facts, column: strange})
    plan = plan_repair(
        server, live=live, models=models, models_database=models_database, diff=diff_schemas(live, models)
    )
    assert plan.proof is Proof.UNPROVEN
    assert any("public.t.note" in phrase for phrase in plan.open)
    assert plan.statements
    assert not any(statement.proven for statement in plan.statements)
    assert all(statement.note for statement in plan.statements)


@pytest.mark.slow
def test_plans_are_proven_on_every_major(major_server: ScratchServer, new_database: Callable[..., Database]) -> None:
    two = Pair(major_server, new_database(LIVE, on=major_server), new_database(MODELS, on=major_server))
    plan = two.plan()
    assert (plan.proof, plan.open) == (Proof.PROVEN, ())
    apply(plan, two.live)
    assert diff_schemas(read_schema(two.live), read_schema(two.models), planes="all").differences == ()


@pytest.mark.slow
def test_a_live_database_of_another_major_is_rebuilt_and_proven(
    major_server: ScratchServer, server: ScratchServer, new_database: Callable[..., Database]
) -> None:
    live_database, models_database = new_database(LIVE, on=major_server), new_database(MODELS)
    live, models = read_schema(live_database), read_schema(models_database)
    with Reprinter(models_database) as reprint:
        diff = diff_schemas(live, models, reprint=reprint)
    plan = plan_repair(server, live=live, models=models, models_database=models_database, diff=diff)
    assert (plan.proof, plan.open) == (Proof.PROVEN, ())
    apply(plan, live_database)
    with Reprinter(models_database) as reprint:
        assert diff_schemas(read_schema(live_database), models, reprint=reprint).differences == ()


def test_grants_owners_and_policies_are_proven_with_stand_ins_for_their_roles(
    pair: Callable[..., Pair], server: ScratchServer, run_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    maintenance = Database("maintenance", server.parameters)
    run_sql(maintenance, 'drop role if exists "grantee, ""x"""')
    run_sql(maintenance, 'create role "grantee, ""x"""')
    table = "create table t (a int); create function f() returns int language sql as 'select 1';"
    two = pair(
        table + "grant delete on t to public; create policy p on t using (true)",
        table + 'grant select, insert on t to "grantee, ""x""" with grant option; grant update (a) on t to public;'
        "revoke all on function f() from public; create policy p on t to current_user using (true)",
    )
    source, target = read_schema(two.live), read_schema(two.models)
    for planes in ("all", ("structure", "privileges")):
        options = {
            "live": source, "models": target, "models_database": two.models,
            "diff": diff_schemas(source, target, planes=planes),
        }  # fmt: skip
        plan = plan_repair(server, **options, engines=("native",))
        assert (plan.proof, plan.open) == (Proof.PROVEN, ())
    run_sql(two.models, 'drop owned by "grantee, ""x"""')
    run_sql(maintenance, 'drop role "grantee, ""x"""')
    # where the role does not exist, somebody stands in for it
    function = FactId("function", ("public", "f", ""))
    given = replace(target.facts[function], attributes={**target.facts[function].attributes, "owner": 'grantee, "x"'})
    target = replace(target, facts={**target.facts, function: given})
    plan = plan_between(server, source, target, planes="all", engines=("native",))
    assert (plan.proof, plan.open) == (Proof.PROVEN, ())
    assert run_sql(maintenance, "select from pg_roles where rolname like 'grantee, %'") == []


def test_without_a_scratch_server_the_plan_is_unproven_and_complete() -> None:
    table = Fact(FactId("schema", ("extra",)), {"owner": "x"})
    plan = plan_between(None, Schema.of([], 180000), Schema.of([table], 180000))
    assert plan.proof is Proof.UNPROVEN
    assert [each.sql for each in plan.statements] == ["CREATE SCHEMA extra"]
    assert plan.open == ("schema extra is missing",)
    assert not plan.statements[0].proven


def test_two_databases_without_models_are_planned_and_proven_too(
    pair: Callable[..., Pair], server: ScratchServer, dump: Callable[[Database], str]
) -> None:
    two = pair(LIVE, MODELS)
    source, target = read_schema(two.live), read_schema(two.models)
    plan = plan_between(server, source, target, source_database=two.live, target_database=two.models)
    assert (plan.proof, plan.open) == (Proof.PROVEN, ())
    apply(plan, two.live)
    assert dump(two.live) == dump(two.models)


def test_the_same_pair_is_not_planned_twice(
    pair: Callable[..., Pair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = pair(LIVE, MODELS)
    first = two.plan(engines=("native",), cache=tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("drift_pipeline.plan.planner.proof_roles", None)
        assert two.plan(engines=("native",), cache=tmp_path) == first
    for file in tmp_path.iterdir():
        file.write_text("{broken")
    assert two.plan(engines=("native",), cache=tmp_path) == first


def _sizes(**tables: int) -> Callable[[], Statistics]:
    relations = {("public", name): RelationStatistics(False, 1, size, 0) for name, size in tables.items()}
    return lambda: Statistics(relations)


@pytest.mark.slow
def test_which_proven_plan_is_taken_follows_the_sizes_of_today_and_not_those_of_the_day_it_was_remembered(
    pair: Callable[..., Pair],
    proposing: Callable[..., Engine],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One way writes `a` anew, the other one `b`, twice."""
    proposing(
        "alter table a add column token uuid",
        "alter table a alter column token set default gen_random_uuid()",
        "alter table b alter column n type bigint",
        "alter table b alter column n type int",
    )
    live = "create table a (id int); create table b (n int);"
    two = pair(live, live.replace("id int", "id int, token uuid default gen_random_uuid()"))

    def chosen(sizes: Callable[[], Statistics]) -> Plan:
        return two.plan(engines=("strange", "native"), cache=tmp_path, sizes=sizes)

    assert chosen(_sizes(a=8192, b=10**9)).engine == "native"
    assert chosen(_sizes(a=10**9, b=8192)).engine == "strange"
    monkeypatch.setattr("drift_pipeline.plan.planner.proof_roles", None)  # from here on nothing is proven anew
    grown = chosen(_sizes(a=10**10, b=16384))
    assert (grown.engine, grown.cost.rewritten_bytes) == ("strange", 2 * 16384)
    assert [(each.engine, each.cost.rewritten_bytes) for each in grown.alternatives] == [("native", 10**10)]


def test_nothing_is_left_on_the_scratch_server(
    pair: Callable[..., Pair],
    server: ScratchServer,
    run_sql: Callable[..., list[tuple[Any, ...]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # other processes may be proving on the same server: only our own copies and roles count
    made: list[Database] = []

    def noting(admin: Database, roles: ProofRoles) -> Database:
        made.append(original(admin, roles))
        return made[-1]

    original = sandbox._as_worker
    monkeypatch.setattr(sandbox, "_as_worker", noting)
    pair(LIVE, MODELS).plan()
    maintenance = Database("maintenance", server.parameters)
    databases = [each.parameters["dbname"] for each in made]
    roles = [each.parameters["user"] for each in made]
    assert len(databases) > 1
    assert run_sql(maintenance, "select datname from pg_database where datname = any(%s)", (databases,)) == []
    assert run_sql(maintenance, "select rolname from pg_roles where rolname = any(%s)", (roles,)) == []


def test_a_scratch_role_without_superuser_suffices(
    server: ScratchServer, run_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    maintenance = Database("maintenance", server.parameters)
    run_sql(maintenance, "drop role if exists plan_tester")
    run_sql(maintenance, "create role plan_tester login createdb")
    modest = replace(server, parameters={**server.parameters, "user": "plan_tester"})
    try:
        with modest.create() as live, modest.create() as models:
            run_sql(live, LIVE)
            run_sql(models, MODELS)
            plan = Pair(modest, live, models).plan()
        assert (plan.proof, plan.open) == (Proof.PROVEN, ())
    finally:
        run_sql(maintenance, "drop role plan_tester")
