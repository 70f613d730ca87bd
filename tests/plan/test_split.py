"""Statements are cut where PostgreSQL would cut them."""

from __future__ import annotations

import pytest

from drift_pipeline.plan.split import split_statements


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("", []),
        (" ;; \n", []),
        ("-- only a comment", []),
        ("select 1; select 2", ["select 1", "select 2"]),
        ("comment on table t is 'a;b''c;'; drop table t;", ["comment on table t is 'a;b''c;'", "drop table t"]),
        (r"select E'a\';b'; select 2", [r"select E'a\';b'", "select 2"]),
        (r"select 'a\'; select 2", [r"select 'a\'", "select 2"]),
        ('drop table "a;""b"; select 1', ['drop table "a;""b"', "select 1"]),
        ("do $x$ begin; end; $y$; $x$; select 1", ["do $x$ begin; end; $y$; $x$", "select 1"]),
        ("select a$b; select c$b", ["select a$b", "select c$b"]),
        ("/* a; /* b; */ c; */ select 1; -- d;\nselect 2", ["select 1", "select 2"]),
        ("create rule r as on insert to t do also (select 1; select 2); select 3",
         ["create rule r as on insert to t do also (select 1; select 2)", "select 3"]),
        ("create function f() returns int begin atomic select 1; select case when true then 1 end; end; select 2",
         ["create function f() returns int begin atomic select 1; select case when true then 1 end; end", "select 2"]),
        ("create type e as enum ('x'); DROP TABLE foo; --');",
         ["create type e as enum ('x')", "DROP TABLE foo"]),
    ],
)  # fmt: skip
def test_text_is_cut_at_the_semicolons_that_end_statements(sql: str, expected: list[str]) -> None:
    assert split_statements(sql) == expected
