"""Texts are printed again by the server itself: safely, and without a trace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import REPRINTED, diff_schemas
from drift_pipeline.diff.differences import Change
from drift_pipeline.diff.once_more import is_one_block, is_one_expression
from drift_pipeline.diff.reprint import Reprinter
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value
from drift_pipeline.schema.reader import read_schema
from tests.conftest import NewDatabase, run_sql

MODELS = """
create schema app;
create domain app.code as varchar(5) default 'x' check (value in ('x', 'y'));
create function app.clean(text) returns text language sql immutable as 'select lower($1)';
create table app."Order" (
    id bigint generated always as identity primary key,
    v varchar(9) default upper('new'),
    n numeric default 1 + 1 check (n > 0 and "Order".n < 100),
    total numeric generated always as (n * 2) stored,
    twice numeric generated always as (n * 4) virtual,
    at timestamptz default now() + interval '1 day',
    code app.code default 'y',
    during tstzrange,
    constraint "v's" check (v in ('a', 'it''s; --')),
    constraint ex exclude using gist (during with &&) where (n > 0)
);
create index plain on app."Order" (v, n desc, at nulls first);
create index odd on app."Order" using btree (app.clean(v) text_pattern_ops desc, (n + 1) desc nulls last, v collate "C")
    where v in ('a', 'b') and n is not null;
create index hashed on app."Order" using hash (lower(v));
create policy p on app."Order" for update using (v = current_user)
    with check (exists (select from app."Order" o where o.id = "Order".id));
create policy q on app."Order" for insert with check (n > 0);
create view app.v (one, two) as select o.id, p.v || ';'
    from app."Order" o join app."Order" p using (id) where p.v in ('a', 'b');
create view app.simple as select id, v as "V ""quoted"" x" from app."Order";
create function app.f(a int default 1, b text = ';') returns setof int language sql
    begin atomic select case when n > a then 1 end from app."Order" where v <> b; select 2; end;
create procedure app.p(a int) language sql begin atomic update app."Order" set n = a where n > 1; end;
create materialized view app.m as select count(*) as many from app."Order" group by v having count(*) > 1;
"""


@pytest.fixture
def models(new_database: NewDatabase) -> Database:
    return new_database(MODELS)


ORDER = FactId("table", ("app", "Order"))


def on_order(kind: str, name: str, **attributes: Value) -> Fact:
    return Fact(FactId(kind, (*ORDER.name, name)), attributes, ORDER)


def index_on(key: str, opclass: str | None = None) -> Fact:
    keys: Value = [{"key": key, "opclass": opclass, "order": "asc", "nulls": "last"}]
    return on_order("index", "x", method="btree", keys=keys)


def only_reprint(database: Database, *facts: Fact, schema: Schema | None = None) -> list[Fact | None]:
    with Reprinter(database) as reprinter:
        return reprinter.printed_again(facts, schema or Schema.of(facts))


def expressions(schema: Schema) -> list[Fact]:
    return [
        fact
        for fact in schema.facts.values()
        if any(fact.attributes.get(name) is not None for name in REPRINTED.get(fact.id.kind, ()))
    ]


def test_every_kind_of_text_is_printed_as_it_was(models: Database) -> None:
    schema = read_schema(models)
    facts = expressions(schema)
    assert {fact.id.kind for fact in facts} >= {"column", "check", "index", "view", "materialized_view", "exclusion"}
    facts = [fact for fact in facts if fact.id.name[-2:] != ("clean", "text")]
    for fact, again in zip(facts, only_reprint(models, *facts, schema=schema), strict=True):
        assert again is not None, fact.id
        assert again.id == fact.id
        for name in REPRINTED[fact.id.kind]:
            # the one pattern that is no fixed point is brought to one form by the equivalence of its own
            if "varying" not in str(fact.attributes.get(name)):
                assert again.attributes.get(name) == fact.attributes.get(name), fact.id


def test_scratch_is_left_as_it_was(models: Database) -> None:
    before = read_schema(models)
    only_reprint(models, *expressions(before), schema=before)
    assert read_schema(models) == before
    assert run_sql(models, "select rolname from pg_roles where rolname ~ '^drift_reprint'") == []


def changed(schema: Schema, fact: Fact, **attributes: str) -> Schema:
    other = Fact(fact.id, {**fact.attributes, **attributes}, fact.parent)
    return replace(schema, facts={**schema.facts, fact.id: other})


def test_a_view_as_an_older_server_prints_it_is_no_difference(models: Database) -> None:
    schema = read_schema(models)
    view = schema.facts[FactId("view", ("app", "simple"))]
    older = ' SELECT "Order".id,\n    "Order".v AS "V ""quoted"" x"\n   FROM app."Order";'
    assert view.attributes["definition"] != older
    live = changed(schema, view, definition=older)
    with Reprinter(models) as reprinter:
        diff = diff_schemas(live, schema, reprint=reprinter)
        other = diff_schemas(changed(schema, view, definition=older.replace(".v", ".code")), schema, reprint=reprinter)
    assert (diff.differences, diff.equivalent) == ((), {"reprinted": 1})
    assert [item.id for item in other.differences] == [view.id]
    assert diff_schemas(live, schema, exact=True).differences
    assert diff_schemas(live, schema).differences


def test_a_renamed_check_in_another_spelling_is_renamed(models: Database) -> None:
    schema = read_schema(models)
    check = schema.facts[FactId("check", ("app", "Order", "v's"))]
    renamed = on_order("check", "old", **{**check.attributes, "expression": "v in ('a', 'it''s; --')"})
    live = replace(schema, facts={**{k: f for k, f in schema.facts.items() if k != check.id}, renamed.id: renamed})
    with Reprinter(models) as reprinter:
        diff = diff_schemas(live, schema, reprint=reprinter)
    assert [(item.change, item.id) for item in diff.differences] == [(Change.RENAMED, check.id)]


def test_what_cannot_be_created_is_not_printed_and_spoils_nothing_else(models: Database) -> None:
    schema = read_schema(models)
    good = schema.facts[FactId("check", ("app", "Order", "v's"))]
    bad = on_order("check", "x", **{**good.attributes, "expression": "no_such_column > 0"})
    gone = Fact(FactId("check", ("app", "gone", "x")), good.attributes, FactId("table", ("app", "gone")))
    printed = only_reprint(models, bad, good, gone, schema=schema)
    assert [again is None for again in printed] == [True, False, True]


@pytest.mark.parametrize(
    "text",
    [
        '1); COMMIT; DROP TABLE app."Order" CASCADE; --',
        "true) NOT VALID; COMMIT",
        "true) --",
        "true /* ",
        "v = 'x",
        'v = "x',
        "v = E'\\'); COMMIT; --'",
        "v = $$x$$",
        "(true",
        "true)(",
        "array[1)",
    ],
)
def test_text_that_reaches_beyond_its_place_is_never_run(models: Database, text: str) -> None:
    before = read_schema(models)
    facts = [
        on_order("check", "x", expression=text),
        on_order("column", "v", default=text),
        Fact(FactId("view", ("app", "w")), {"definition": f"select {text}"}),
        on_order("policy", "x", using=text),
        index_on(text),
        index_on("v", text),
    ]
    assert only_reprint(models, *facts) == [None] * len(facts)
    assert read_schema(models) == before


def test_signs_inside_literals_and_names_are_no_end_of_an_expression() -> None:
    assert is_one_expression("((a)::text = 'x; -- '' ('::text) AND (\"b;)\" -> 'k' ->> 'l') IS NOT NULL")


def test_a_body_is_one_block_or_never_run() -> None:
    assert is_one_block("BEGIN ATOMIC\n SELECT CASE WHEN a THEN 'END;' END;\n SELECT 2;\nEND")
    for text in (
        "SELECT 1",
        "BEGIN ATOMIC SELECT 1; END; DROP TABLE t",
        "BEGIN ATOMIC SELECT 1; END; BEGIN ATOMIC SELECT 1; END",
        "BEGIN ATOMIC SELECT 1; END; SELECT CASE WHEN true THEN 1 END",
        "BEGIN ATOMIC SELECT (1; END",
        "BEGIN ATOMIC SELECT 1; -- END",
        "BEGIN; END",
    ):
        assert not is_one_block(text), text


def test_functions_that_live_names_run_without_rights(models: Database) -> None:
    run_sql(
        models,
        """create function app.who() returns int language plpgsql immutable as $$ begin
        if current_setting('is_superuser') = 'on' then raise 'superuser'; end if; return 1; end $$""",
    )
    index = index_on("(n + (app.who())::numeric)")
    (again,) = only_reprint(models, index)
    assert again is not None


def test_many_texts_are_printed_in_several_transactions(models: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drift_pipeline.diff.reprint.AT_ONCE", 7)
    facts = [on_order("check", f"c{number}", expression=f"n > {number}") for number in range(30)]
    printed = only_reprint(models, *facts)
    assert [again and again.attributes["expression"] for again in printed] == [
        f"(n > ({number})::numeric)" for number in range(30)
    ]


def test_an_expression_that_does_not_end_is_stopped(models: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drift_pipeline.diff.reprint.STATEMENT_TIMEOUT", "200ms")
    run_sql(models, "create function app.slow() returns int language sql immutable as 'select 1 from pg_sleep(60)'")
    index = index_on("(n + (app.slow())::numeric)")
    assert only_reprint(models, index) == [None]
