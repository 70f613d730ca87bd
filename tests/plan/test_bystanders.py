"""What only production has, and nobody compares, outlives the repair of what it stands on."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from drift_pipeline import comparison, use_case
from drift_pipeline.config import Database, load_settings
from drift_pipeline.plan.statements import Proof
from drift_pipeline.report.report import Report
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import NewDatabase

MODELS = """
from sqlalchemy import Column, Integer, MetaData, Numeric, Table, Text

metadata = MetaData()
Table(
    "orders", metadata, Column("id", Integer, primary_key=True), Column("total", Numeric(12, 2)), Column("note", Text)
)
"""
NARROW = "create table orders (id serial primary key, total numeric(10,2), note text);"


def ask(database: Database, query: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(**database.parameters)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def run(database: Database, *statements: str) -> None:
    with closing(psycopg2.connect(**database.parameters)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)


class Shop:
    """A project whose models are MODELS, and its production."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._monkeypatch = monkeypatch
        (root / "models.py").write_text(MODELS)
        self.configure("")

    def configure(self, more: str) -> None:
        (self.root / "drift.toml").write_text(
            f'[models]\ntargets = ["models:metadata"]\n[environments.production]\n{more}'
        )

    def check(self, live: Database) -> Report:
        found = live.parameters
        for key in ("host", "port", "user"):
            self._monkeypatch.setenv(f"PROD_DB_{key.upper()}", found[key])
        self._monkeypatch.setenv("PROD_DB_NAME", found["dbname"])
        self._monkeypatch.setenv("PROD_DB_PASSWORD", "none")
        return use_case.check("production", settings=load_settings(root=self.root))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(tmp_path, monkeypatch)


@pytest.fixture
def reader(server: ScratchServer) -> Iterator[str]:
    """A role that exists for the test's time; asked for before databases, it goes after those where it has rights."""
    home, role = Database("home", dict(server.parameters)), f"reader_{secrets.token_hex(4)}"
    run(home, f"create role {role}")
    yield role
    run(home, f"drop role {role}")


ON_THE_COLUMN = {
    "a view": "create view v as select id, total from orders; comment on view v is 'of finance'",
    "a view on a view": "create view w as select total from orders; create view v as select total + 1 as more from w",
    "a materialized view": "create materialized view v as select total from orders; create index v_total on v (total)",
    "a view with a default": "create view v as select id, total from orders; alter view v alter id set default 7",
    "a trigger": "create function touched() returns trigger language plpgsql as 'begin return new; end';"
    "create trigger touched before update of total on orders for each row execute function touched()",
    "a policy": "create policy small on orders using (total < 100)",
    "a rule": "create rule r as on update to orders where old.total <> new.total do nothing",
    "a function with a body that is known": "create function f() returns numeric"
    " begin atomic select max(total) from orders; end",
    "a view on a table that is left out": "create schema other; create table other.t (id int primary key);"
    "create view v as select o.total, t.id from orders o join other.t t on t.id = o.id",
}


QUICK = ("a view", "a trigger")


@pytest.mark.parametrize(
    "stands",
    [
        pytest.param(text, id=name, marks=() if name in QUICK else pytest.mark.slow)
        for name, text in ON_THE_COLUMN.items()
    ],
)
def test_what_stands_on_a_column_whose_type_changes_is_there_afterwards_as_it_was(
    shop: Shop, new_database: NewDatabase, stands: str
) -> None:
    live = new_database(NARROW + stands)
    seen = (
        "select 'view', viewname, definition from pg_views where schemaname not in ('pg_catalog', 'information_schema')"
        " union all select 'materialized', matviewname, definition from pg_matviews"
        " union all select 'trigger', tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal"
        " union all select 'policy', policyname, qual from pg_policies"
        " union all select 'rule', rulename, definition from pg_rules where schemaname = 'public'"
        " union all select 'index', indexname, indexdef from pg_indexes where schemaname = 'public'"
        " union all select 'function', proname, pg_get_functiondef(oid) from pg_proc"
        " where pronamespace = 'public'::regnamespace"
        " union all select 'default', '', pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = to_regclass('v')"
        " union all select 'comment', '', description from pg_description where objoid >= 16384 order by 1, 2"
    )
    before = ask(live, seen)
    report = shop.check(live)
    assert report.plan.proof is Proof.PROVEN, report.plan
    run(live, *(statement.sql for statement in report.plan.statements))
    assert ask(live, seen) == before
    assert shop.check(live).findings == ()


def test_a_view_that_is_made_anew_keeps_what_was_granted_on_it(
    shop: Shop, reader: str, new_database: NewDatabase
) -> None:
    live = new_database(NARROW + "create view v as select id, total from orders;")
    run(live, f"grant select on v to {reader}", f"grant update (total) on v to {reader} with grant option")
    before = ask(live, "select relacl from pg_class where relname = 'v'")
    report = shop.check(live)
    assert report.plan.proof is Proof.PROVEN, report.plan
    run(live, *(statement.sql for statement in report.plan.statements))
    assert ask(live, "select relacl from pg_class where relname = 'v'") == before
    granted = f"select has_column_privilege('{reader}', 'v', 'total', 'update with grant option')"
    assert ask(live, granted) == [(True,)]


def test_a_view_that_is_made_anew_is_opened_to_nobody_by_default(
    shop: Shop, reader: str, new_database: NewDatabase
) -> None:
    live = new_database(NARROW + "create view v as select id, total from orders;")
    run(live, f"alter default privileges grant select on tables to {reader}")
    report = shop.check(live)
    assert report.plan.proof is Proof.PROVEN, report.plan
    run(live, *(statement.sql for statement in report.plan.statements))
    assert ask(live, f"select has_table_privilege('{reader}', 'v', 'select')") == [(False,)]
    run(live, f"alter default privileges revoke select on tables from {reader}")


@pytest.mark.parametrize("partition", ["", "create table part partition of orders for values in (1);"])
def test_a_table_that_is_made_anew_is_its_owners_and_keeps_what_was_granted_on_it(
    shop: Shop, reader: str, new_database: NewDatabase, partition: str
) -> None:
    columns = "(id serial primary key, total numeric(12,2), note text)"
    live = new_database(f"create table orders {columns} partition by list (id); {partition}")
    run(live, f"grant select on orders to {reader}")
    before = ask(live, "select relacl from pg_class where relname = 'orders'")
    report = shop.check(live)
    # its partition stands beside it afterwards: nothing can be attached to a plain table
    run(live, *(each.sql for each in report.plan.statements if "ATTACH PARTITION" not in each.sql))
    assert ask(live, "select relkind from pg_class where relname = 'orders'") == [("r",)]
    assert ask(live, "select relacl from pg_class where relname = 'orders'") == before


def test_a_comparison_of_two_databases_keeps_grants_that_nobody_compares(
    reader: str, new_database: NewDatabase
) -> None:
    view = "create view v as select id, total from orders;"
    source, target = new_database(NARROW + view), new_database(NARROW.replace("10,", "12,") + view)
    run(source, f"grant select on v to {reader}")
    found = comparison.compare(*(_url(each) for each in (source, target)))
    assert any(statement.sql.startswith("GRANT SELECT") for statement in found.plan.statements)


@pytest.mark.parametrize("planes", [("structure",), ("structure", "privileges")], ids=str)
def test_a_comparison_of_two_databases_names_the_owner_that_the_source_has(
    reader: str, new_database: NewDatabase, planes: tuple[str, ...]
) -> None:
    view = "create view v as select id, total from orders;"
    source, target = new_database(NARROW + view), new_database(NARROW.replace("10,", "12,") + view)
    for each in (source, target):
        run(each, f"alter view v owner to {reader}")
    found = comparison.compare(*(_url(each) for each in (source, target)), planes=planes)
    owners = [each.sql for each in found.plan.statements if "OWNER TO" in each.sql or each.sql.startswith("GRANT")]
    assert owners == [f"ALTER VIEW public.v OWNER TO {reader}"]
    run(source, *(each.sql for each in found.plan.statements))


def _url(database: Database) -> str:
    found = database.parameters
    return f"postgresql://{found['user']}@/{found['dbname']}?host={found['host']}&port={found['port']}"


def test_a_column_that_a_view_needs_stays_and_is_said_to_and_the_rest_is_repaired(
    shop: Shop, new_database: NewDatabase
) -> None:
    live = new_database(
        NARROW.replace("note text", "note text, extra int") + "create view v as select extra from orders;"
    )
    report = shop.check(live)
    assert report.plan.proof is Proof.UNPROVEN
    assert report.plan.open == (
        "column public.orders.extra is still there: view public.v, which is not compared, needs it",
    )
    run(live, *(statement.sql for statement in report.plan.statements))
    assert [str(finding.difference.id) for finding in shop.check(live).findings] == ["column public.orders.extra"]


def test_where_nothing_else_is_to_be_repaired_no_statement_is_offered(shop: Shop, new_database: NewDatabase) -> None:
    live = new_database(
        NARROW.replace("10,2", "12,2") + "create table kept (id int); create view v as select id from kept;"
    )
    report = shop.check(live)
    assert report.plan.statements == ()
    assert report.plan.open == ("table public.kept is still there: view public.v, which is not compared, needs it",)


def test_a_table_that_the_settings_ignore_is_not_taken_along_with_the_one_it_references(
    shop: Shop, new_database: NewDatabase
) -> None:
    shop.configure('[[ignore]]\nkind = "table"\npattern = "public.audit"\n')
    live = new_database(
        NARROW.replace("10,2", "12,2")
        + "create table old (id int primary key); create table audit (id int references old, what text);"
    )
    report = shop.check(live)
    assert report.plan.statements == ()
    assert len(report.plan.open) == 1
    assert "which is not compared, needs it" in report.plan.open[0]
