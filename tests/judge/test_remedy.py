"""Which side should give way."""

from __future__ import annotations

import pytest

from drift_pipeline.diff.differences import Change, Difference
from drift_pipeline.schema.facts import Fact, FactId
from tests.judge.test_rules import NAME, changed, extra, judge_one, missing

OLD, NEW = FactId("column", NAME), FactId("column", ("public", "orders", "sum"))
RENAMED = Difference(NEW, Change.RENAMED, Fact(OLD, {}), Fact(NEW, {}))

CASES = [
    ("a bigint that the models call integer", changed("column", *NAME, type=("bigint", "integer")), "models"),
    ("a text that the models limit", changed("column", *NAME, type=("text", "character varying(20)")), "models"),
    ("an integer that the models call bigint", changed("column", *NAME, type=("integer", "bigint")), "database"),
    ("a label that the models lack", changed("enum", "public", "e", labels=(["a", "b"], ["a"])), "models"),
    ("a label that live lacks", changed("enum", "public", "e", labels=(["a"], ["a", "b"])), "database"),
    ("a shorter sequence", changed("sequence", "public", "s", maximum=(100, 10)), "models"),
    ("a longer sequence", changed("sequence", "public", "s", maximum=(10, 100)), "database"),
    ("an unlogged model", changed("table", "public", "t", persistence=("permanent", "unlogged")), "models"),
    ("row security that the models lack", changed("table", "public", "t", row_security=(True, False)), "models"),
    ("row security that live lacks", changed("table", "public", "t", row_security=(False, True)), "database"),
    ("a tuned table", changed("table", "public", "t", options=({"fillfactor": "70"}, {})), "models"),
    ("NOT NULL by hand", changed("column", *NAME, not_null=(True, False)), "decide"),
    ("NOT NULL that live lacks", changed("column", *NAME, not_null=(False, True)), "database"),
    ("a default by hand", changed("column", *NAME, default=("1", None)), "decide"),
    ("a default that live lacks", changed("column", *NAME, default=(None, "1")), "database"),
    ("an unknown table", extra("table", "public", "legacy"), "decide"),
    ("an unknown function", extra("function", "public", "f", "integer"), "decide"),
    ("an unknown trigger", extra("trigger", "public", "t", "x"), "decide"),
    ("an unknown schema", extra("schema", "other"), "decide"),
    ("an unknown type", extra("enum", "public", "e"), "decide"),
    ("an unknown column", extra("column", *NAME), "decide"),
    ("an unknown index", extra("index", *NAME), "decide"),
    ("an unknown check", extra("check", *NAME), "decide"),
    ("a column under another name", RENAMED, "decide"),
    ("a missing table", missing("table", "public", "t"), "database"),
    ("a missing column", missing("column", *NAME), "database"),
    ("a missing trigger", missing("trigger", "public", "t", "x"), "database"),
    ("something nobody knows", missing("gadget", "x"), "database"),
]


@pytest.mark.parametrize(("what", "difference", "side"), CASES, ids=[case[0] for case in CASES])
def test_the_side_that_should_give_way(what: str, difference: Difference, side: str) -> None:
    finding = judge_one(difference)
    assert finding.remedy == side
    assert finding.remedy_reason.endswith(".")
    assert finding.remedy_rule.startswith("W")
