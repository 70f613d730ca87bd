"""New limits of a sequence: the plan runs whatever was handed out, and nothing is handed out twice."""

from __future__ import annotations

import psycopg2
import pytest

from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.plan.native.write import write_statements
from drift_pipeline.schema.reader import read_schema
from tests.conftest import NewDatabase, run_sql

# the sequence as it is and as it shall be, the values that were taken, and the one that comes next
CASES = {
    "never used": ("", "minvalue 100 start 120", 0, 120),
    "used below the new minimum": ("", "minvalue 100 start 120", 7, 100),
    "used beyond the new minimum": ("", "minvalue 100 start 100", 5000, 5001),
    "never used, started above the new maximum": ("start 100", "maxvalue 50", 0, 1),
    "falling and never used": ("increment -1", "increment -1 maxvalue -100 start -100", 0, -100),
    "falling and used": ("increment -1", "increment -1 maxvalue -100 start -100", 7, -100),
    "nothing in common": ("maxvalue 50", "minvalue 100 start 100", 7, 100),
}


def test_a_sequence_goes_on_within_its_new_limits(new_database: NewDatabase) -> None:
    names = dict(zip(CASES, "abcdefghij", strict=False))
    left, right = (
        new_database("".join(f"create sequence {names[case]} {CASES[case][side]};" for case in CASES))
        for side in (0, 1)
    )
    for case, (_, _, taken, _) in CASES.items():
        run_sql(left, f"select nextval('{names[case]}') from generate_series(1, {taken})")
    source, target = read_schema(left), read_schema(right)
    differences = diff_schemas(source, target, planes="all", exact=True).differences
    for statement in write_statements(source, target, differences):
        run_sql(left, statement.sql)
    assert diff_schemas(read_schema(left), target, planes="all", exact=True).differences == ()
    after = {case: run_sql(left, f"select nextval('{names[case]}')") for case in CASES}
    assert after == {case: [(following,)] for case, (*_, following) in CASES.items()}


def test_a_sequence_that_ran_past_its_new_end_is_left_to_a_person(new_database: NewDatabase) -> None:
    left, right = new_database("create sequence s start 60"), new_database("create sequence s maxvalue 50")
    run_sql(left, "select nextval('s')")
    source, target = read_schema(left), read_schema(right)
    differences = diff_schemas(source, target, planes="all", exact=True).differences
    script = ";".join(statement.sql for statement in write_statements(source, target, differences))
    with pytest.raises(psycopg2.Error, match="cannot be greater than MAXVALUE"):
        run_sql(left, script)
    assert run_sql(left, "select nextval('s')") == [(61,)]
