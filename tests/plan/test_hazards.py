"""Costs in words that somebody can decide by, with the sizes of the live tables."""

from __future__ import annotations

import pytest

from drift_pipeline.plan.costs import cost_of
from drift_pipeline.plan.hazards import hazards_of, with_hazards
from drift_pipeline.plan.statements import OnlinePlan, Plan, Statement, Step, TableLock
from drift_pipeline.report.online import both_lines, plan_hazards
from drift_pipeline.schema.statistics import RelationStatistics, Statistics

SIZES = Statistics(
    {
        ("public", "orders"): RelationStatistics(False, 12_345_678, 4_402_341_478, 7),
        ("shop", "small"): RelationStatistics(False, 950, 65536, 7),
        ("public", "empty"): RelationStatistics(False, 0, 0, 0),
    }
)


def held(table: str, mode: str) -> tuple[TableLock, ...]:
    return (TableLock(table, mode),)


REWRITE = Statement("ALTER TABLE public.orders ALTER COLUMN id TYPE bigint", "native", proven=True,
                    rewrites=("public.orders",), reads=("public.orders",),
                    holds=held("public.orders", "ACCESS EXCLUSIVE"))  # fmt: skip

WORDS = [
    (REWRITE, ["rewrites orders: about 12.3 M rows, 4.1 GB, ACCESS EXCLUSIVE meanwhile"]),
    (Statement("", "native", reads=("public.orders",), holds=held("public.orders", "SHARE")),
     ["reads all of orders: about 12.3 M rows, 4.1 GB, SHARE meanwhile"]),
    (Statement("", "native", reads=("shop.small",), holds=held("shop.small", "SHARE UPDATE EXCLUSIVE")),
     ["reads all of shop.small: about 950 rows, 64 kB, while reads and writes go on"]),
    (Statement("", "native", holds=held("public.orders", "ACCESS EXCLUSIVE")),
     ["locks orders for an instant, ACCESS EXCLUSIVE"]),
    (Statement("", "native", holds=held("public.orders", "SHARE UPDATE EXCLUSIVE")), []),
    (Statement("", "native", rewrites=("public.empty",), holds=held("public.empty", "ACCESS EXCLUSIVE")),
     ["rewrites empty: no rows, as far as the statistics know, ACCESS EXCLUSIVE meanwhile"]),
    (Statement("", "native", rewrites=("public.unknown",), holds=held("public.unknown", "ACCESS EXCLUSIVE")),
     ["rewrites unknown, ACCESS EXCLUSIVE meanwhile"]),
    (Statement("CREATE INDEX i ON orders (a)", "migra"),
     ["reads all of orders: about 12.3 M rows, 4.1 GB, SHARE meanwhile (by its kind; it was not measured)"]),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "words"), WORDS)
def test_a_cost_names_the_table_its_size_and_the_lock(statement: Statement, words: list[str]) -> None:
    assert list(hazards_of(statement, SIZES)) == words


def test_rewriting_two_small_tables_costs_less_than_rewriting_a_large_one() -> None:
    large = cost_of([REWRITE], SIZES)
    small = [Statement("", "native", rewrites=("shop.small",)), Statement("", "native", rewrites=("public.empty",))]
    assert cost_of(small, SIZES) < large
    assert cost_of(small) > cost_of([REWRITE])  # without sizes, numbers count
    assert large.rewritten_bytes == 4_402_341_478
    grown = Statistics({("shop", "small"): RelationStatistics(False, 1_000_000_000, 0, 7)})
    assert cost_of(small, Statistics({**SIZES.relations, **grown.relations})) > large  # its size is not known yet


def test_the_plain_and_the_online_plan_stand_side_by_side() -> None:
    lock = Statement("ALTER …", "native", proven=True, holds=held("public.orders", "ACCESS EXCLUSIVE"))
    stays = Step("SET UNLOGGED", (REWRITE,), online=False, note="no other way")
    plan = with_hazards(Plan((REWRITE,), online=OnlinePlan((Step("Add it", (lock,)), stays))), SIZES)
    assert plan_hazards(plan) == ["rewrites orders: about 12.3 M rows, 4.1 GB, ACCESS EXCLUSIVE meanwhile"]
    assert both_lines(plan) == [
        "plain, 1 statement: rewrites 1 table (4.1 GB), reads 1 table under locks",
        "online, 2 steps (not needed): rewrites 1 table (4.1 GB), reads 1 table under locks",
        "step that stays as it is, and holds others up: SET UNLOGGED: no other way",
    ]
    assert plan.online is not None
    assert plan.online.steps[0].statements[0].hazards == ("locks orders for an instant, ACCESS EXCLUSIVE",)
    assert both_lines(Plan((REWRITE,))) == []
