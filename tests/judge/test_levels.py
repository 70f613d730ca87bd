"""Levels that a project sets, and the floor that none of them goes through."""

from __future__ import annotations

import json

import pytest

from drift_pipeline.diff.differences import Difference, SchemaDiff
from drift_pipeline.errors import ConfigError
from drift_pipeline.judge.findings import Severity
from drift_pipeline.judge.judge import judge
from drift_pipeline.judge.rules.fallback import FALLBACK
from drift_pipeline.judge.rules.levels import checked_levels
from drift_pipeline.judge.rules.listing import listed_rules
from drift_pipeline.judge.rules.registry import IMPACT_RULES, RULES
from drift_pipeline.judge.rules.remedy import REMEDIES
from drift_pipeline.rules_output import to_json, to_text
from tests.judge.test_rules import FIXED, NAME, NOTHING, changed, extra


def level(difference: Difference, **wanted: str) -> str:
    (finding,) = judge(SchemaDiff((difference,)), NOTHING, NOTHING, levels=checked_levels(wanted))
    return finding.severity.value


def test_a_rule_is_raised_and_lowered_by_its_id() -> None:
    default = changed("column", *NAME, default=("1", "2"))
    view = extra("view", "public", "v")
    assert (level(default), level(default, C23="critical")) == ("minor", "critical")
    assert (level(view), level(view, V04="minor")) == ("critical", "minor")
    assert level(extra("index", *NAME), I06="critical") == "critical"


EVERYTHING_LOWERED = {rule.id: "minor" for rule in (*RULES, *FALLBACK) if not rule.base}


@pytest.mark.parametrize(("statement", "difference", "wanted"), FIXED, ids=lambda value: str(value)[:30])
def test_whatever_is_lowered_the_fixed_table_holds(statement: str, difference: Difference, wanted: str) -> None:
    assert level(difference, **EVERYTHING_LOWERED) == wanted
    both = {**(difference.before.attributes if difference.before else {}), "default": "nextval('s')"}
    if difference.id.kind == "column" and difference.before and not difference.after:
        assert level(extra("column", *NAME, **both), **EVERYTHING_LOWERED) == wanted


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.base and rule.severity is not Severity.MINOR])
def test_no_rule_of_the_fixed_table_can_be_lowered(rule: object) -> None:
    name, statement, floor = (getattr(rule, field) for field in ("id", "statement", "severity"))
    with pytest.raises(ConfigError) as raised:
        checked_levels({name: "minor"})
    assert all(word in raised.value.message for word in (name, statement, floor))
    assert "drift-waivers.toml" in raised.value.hint


@pytest.mark.parametrize(
    ("name", "wanted", "said", "hint"),
    [
        ("I66", "minor", "there is no rule 'I66'", "did you mean I06?"),
        ("i06", "critical", "there is no rule 'i06'", "did you mean I06?"),
        ("nonsense", "minor", "there is no rule", "drift rules"),
        ("C23", "none", "'none' is no level", "minor, major or critical"),
        ("C23", "bad", "'bad' is no level", "minor, major or critical"),
        (IMPACT_RULES[0].id, "minor", "says what a difference breaks now", "severity"),
        ("W23", "major", "W23 says which side should give way", "only the severity of a repair"),
        ("w23", "major", "w23 says which side should give way", "only the severity of a repair"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(name: str, wanted: str, said: str, hint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        checked_levels({name: wanted})
    assert said in raised.value.message
    assert hint in raised.value.hint


def test_the_list_holds_every_rule_once_with_the_projects_levels() -> None:
    ids = [rule.id for rule in listed_rules()]
    assert sorted(ids) == sorted(rule.id for rule in (*RULES, *FALLBACK, *IMPACT_RULES, *REMEDIES))
    levels = checked_levels({"C23": "critical"})
    told = {rule["id"]: rule for rule in json.loads(to_json(levels))}
    assert (told["C23"]["level"], told["C23"]["set"], told["C01"]["fixed"]) == ("critical", True, True)
    lines = to_text(levels).splitlines()
    assert len(lines) == len(ids)
    assert next(line for line in lines if line.startswith("C23 ")).split()[1:3] == ["severity", "critical"]
