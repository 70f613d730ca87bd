"""Options stand in the order in which they were given: pg_dump shows it, so an exact plan restores it."""

from __future__ import annotations

import pytest

from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.plan.native.write import write_statements
from drift_pipeline.schema.reader import read_schema
from tests.conftest import NewDatabase, run_sql

PAIRS = {
    "view": (
        "create view v with (security_barrier, security_invoker) as select 1 as a",
        "create view v with (security_invoker, security_barrier) as select 1 as a",
    ),
    "table": (
        "create table t (a int) with (fillfactor = 50, autovacuum_enabled = off)",
        "create table t (a int) with (autovacuum_enabled = off, fillfactor = 60)",
    ),
    "key": (
        "create table t (a int, constraint u unique (a) with (fillfactor = 50, deduplicate_items = on))",
        "create table t (a int, constraint u unique (a) with (deduplicate_items = on, fillfactor = 50))",
    ),
    "index": (
        "create table t (a int[]); create index i on t using gin (a) with (gin_pending_list_limit=99, fastupdate=on)",
        "create table t (a int[]); create index i on t using gin (a) with (fastupdate=on, gin_pending_list_limit=99)",
    ),
    "toast": (
        "create table t (a text) with (toast.vacuum_truncate = on, toast.autovacuum_enabled = off)",
        "create table t (a text) with (toast.autovacuum_enabled = off, toast.vacuum_truncate = on)",
    ),
    "column": (
        "create table t (a int); alter table t alter a set (n_distinct = 5, n_distinct_inherited = 6)",
        "create table t (a int); alter table t alter a set (n_distinct_inherited = 6, n_distinct = 5)",
    ),
}
STORED = "select reloptions::text from pg_class where oid >= 16384 union all select attoptions::text from pg_attribute"


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_the_order_of_options_is_seen_and_restored_when_exact(new_database: NewDatabase, kind: str, back: bool) -> None:
    left, right = map(new_database, reversed(PAIRS[kind]) if back else PAIRS[kind])
    source, target = read_schema(left), read_schema(right)
    diff = diff_schemas(source, target, planes="all", exact=True)
    assert any(name.endswith("option_order") for item in diff.differences for name in item.changed_names)
    for statement in write_statements(source, target, diff.differences, planes=diff.planes):
        run_sql(left, statement.sql)
    assert sorted(map(str, run_sql(left, STORED))) == sorted(map(str, run_sql(right, STORED)))
