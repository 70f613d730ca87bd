"""Two schemas of any origin: what is only printed in another way is no difference, and nothing is planned for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from drift_pipeline import comparison
from drift_pipeline.config import Database
from drift_pipeline.schema import snapshot
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import NewDatabase, run_sql

ADDED_LATER = """
create type pair as (a int);
create table t (id int primary key, ends pair default row(1)::pair);
alter type pair add attribute b int cascade;
"""
THERE_FROM_THE_START = """
create type pair as (a int, b int);
create table t (id int primary key, ends pair default row(1, null)::pair);
"""
VIEWS = """
create table t (id int primary key, a int, b text);
create view v as select id, a from t where b in ('x', 'y');
create materialized view m as select a, count(*) from t group by a with no data;
"""


def url_of(database: Database) -> str:
    found = database.parameters
    return f"postgresql://{found['user']}@/{found['dbname']}?host={found['host']}&port={found['port']}"


def test_a_default_that_the_same_server_prints_in_two_ways_is_no_difference(new_database: NewDatabase) -> None:
    source, target = new_database(ADDED_LATER), new_database(THERE_FROM_THE_START)
    printed = [run_sql(each, "select pg_get_expr(adbin, adrelid) from pg_attrdef") for each in (source, target)]
    assert printed[0] != printed[1], "the case is none any more"
    found = comparison.compare(url_of(source), url_of(target))
    assert found.differences == ()
    assert found.plan.statements == ()


def test_the_target_of_a_comparison_may_be_a_file_and_real_differences_stay(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    source = new_database(ADDED_LATER + "alter table t add extra int;")
    target = tmp_path / "target.json"
    target.write_text(snapshot.to_json(read_schema(new_database(THERE_FROM_THE_START))), encoding="utf-8")
    found = comparison.compare(url_of(source), str(target))
    assert [str(each.id) for each in found.differences] == ["column public.t.extra"]
    assert len(found.plan.statements) == 1


def test_two_databases_that_can_only_be_read_are_compared(new_database: NewDatabase) -> None:
    both = [new_database(ADDED_LATER), new_database(THERE_FROM_THE_START)]
    for each in both:
        run_sql(each, f'alter database "{each.parameters["dbname"]}" set default_transaction_read_only = on')
    assert comparison.compare(*map(url_of, both)).differences == ()


@pytest.mark.slow
def test_views_of_another_major_are_no_difference(major_server: ScratchServer, new_database: NewDatabase) -> None:
    other, newest = new_database(VIEWS, on=major_server), new_database(VIEWS)
    for source, target in ((other, newest), (newest, other)):
        found = comparison.compare(url_of(source), url_of(target))
        assert found.differences == ()
        assert found.plan.statements == ()
