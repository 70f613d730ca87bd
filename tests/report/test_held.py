"""Drops that nobody asked for stay comments, whoever reads the SQL."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from drift_pipeline.plan.statements import Plan, Proof, Statement
from drift_pipeline.report import render
from drift_pipeline.report.report import Report
from tests.report.example import extra, missing, report

UNKNOWN = [
    (extra("table", "public", "legacy"), "DROP TABLE public.legacy"),
    (extra("view", "public", "v"), "DROP VIEW public.v"),
    (extra("function", "public", "f", "integer, text"), "DROP FUNCTION public.f(integer, text)"),
    (extra("sequence", "public", "s"), "DROP SEQUENCE public.s"),
    (extra("enum", "public", "mood"), "DROP TYPE public.mood"),
    (extra("schema", "other"), "DROP SCHEMA other"),
    (extra("trigger", "public", "t", "audit"), "DROP TRIGGER audit ON public.t"),
]
NOTE = missing("column", "public", "orders", "note", type="text", not_null=False)


def planned(*, allow_drop: tuple[str, ...] = (), destructive: bool = True) -> Report:
    differences = [difference for difference, _ in UNKNOWN]
    statements = [
        Statement(sql, "native", destructive=destructive, proven=True, settles=(difference.key,))
        for difference, sql in UNKNOWN
    ]
    statements.append(Statement("ALTER TABLE public.orders ADD note text", "native", settles=(NOTE.key,)))
    plan = Plan(tuple(statements), Proof.PROVEN)
    return replace(report(*differences, NOTE, plan=plan), allow_drop=allow_drop)


def executable(sql: str) -> list[str]:
    return [line for line in sql.splitlines() if line and not line.startswith("--")]


@pytest.mark.parametrize("destructive", [True, False], ids=["marked as destructive", "not marked"])
def test_the_drop_of_what_the_models_do_not_know_is_a_comment_that_says_why(destructive: bool) -> None:
    sql = render.to_sql(planned(destructive=destructive))
    assert executable(sql) == ["ALTER TABLE public.orders ADD note text;"]
    for _, statement in UNKNOWN:
        assert f"-- {statement};" in sql
    assert "nobody asked to drop it: the models don't know table public.legacy" in sql
    assert "Commented out, because nobody asked for these drops: 7 of 8 statements." in sql


def test_a_drop_that_is_asked_for_by_name_is_sql_and_no_other_is() -> None:
    sql = render.to_sql(planned(allow_drop=("public.leg*", "public.f", "other")))
    assert executable(sql) == [
        "DROP TABLE public.legacy;",
        "DROP FUNCTION public.f(integer, text);",
        "DROP SCHEMA other;",
        "ALTER TABLE public.orders ADD note text;",
    ]


def test_everything_is_sql_when_everything_is_allowed() -> None:
    sql = render.to_sql(planned(), True)
    assert executable(sql) == [f"{statement};" for _, statement in UNKNOWN] + [
        "ALTER TABLE public.orders ADD note text;"
    ]


def test_the_sql_in_the_json_drops_nothing_that_nobody_asked_for() -> None:
    data = json.loads(render.to_json(planned()))
    assert executable(data["sql"]) == ["ALTER TABLE public.orders ADD note text;"]
    held = [statement["held_back"] for statement in data["plan"]["statements"]]
    assert all("nobody asked" in reason for reason in held[:-1])
    assert held[-1] == ""


def test_a_column_by_hand_stays_a_comment_until_it_is_named() -> None:
    column = extra("column", "public", "orders", "vip")
    statement = Statement("ALTER TABLE public.orders DROP vip", "native", destructive=True, settles=(column.key,))
    shown = report(column, plan=Plan((statement,), Proof.PROVEN))
    assert executable(render.to_sql(shown)) == []
    assert "loses data or objects" in render.to_sql(shown)
    assert executable(render.to_sql(replace(shown, allow_drop=("public.orders.vip",)))) == [
        "ALTER TABLE public.orders DROP vip;"
    ]


def test_what_is_commented_out_is_counted_for_people() -> None:
    text = render.to_text(planned(), 400)
    assert "7 would drop what the models don't know, and nobody asked for that" in text
