"""Whatever differs gets a level and one readable line."""

from __future__ import annotations

import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from drift_pipeline.diff.differences import AttributeChange, Change, Difference, SchemaDiff
from drift_pipeline.judge.findings import Severity
from drift_pipeline.judge.judge import judge
from drift_pipeline.judge.rules.registry import RULES
from drift_pipeline.report import render
from drift_pipeline.schema.facts import Fact, FactId, Schema
from tests.report.example import missing, report

KINDS = sorted({kind for rule in RULES for kind in rule.kinds if kind != "*"} | {"gadget"})
ATTRIBUTES = sorted({name for rule in RULES for name in rule.attributes if name != "*"} | {"color"})

texts = some.text(max_size=20)
values = some.recursive(
    some.none() | some.booleans() | some.integers() | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
attributes = some.dictionaries(some.sampled_from(ATTRIBUTES), values, max_size=4)


@some.composite
def differences(draw: some.DrawFn) -> Difference:
    key = FactId(draw(some.sampled_from(KINDS)), tuple(draw(some.lists(texts, min_size=1, max_size=4))))
    change = draw(some.sampled_from(list(Change)))
    before = Fact(key, draw(attributes)) if change is not Change.ADDED else None
    after = Fact(key, draw(attributes)) if change is not Change.REMOVED else None
    if change is Change.RENAMED and before is not None:
        before = Fact(FactId(key.kind, (*key.name[:-1], key.name[-1] + "old")), before.attributes)
    changes = ()
    if before is not None and after is not None:
        names = sorted(before.attributes.keys() | after.attributes.keys())
        changes = tuple(
            AttributeChange(name, before.attributes.get(name), after.attributes.get(name)) for name in names
        )
    return Difference(key, change, before, after, changes, hint=draw(texts))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(differences())
def test_any_difference_gets_a_level_and_one_printable_line(difference: Difference) -> None:
    nothing = Schema.of([])
    (finding,) = judge(SchemaDiff((difference,)), nothing, nothing, environment="production")
    assert finding.severity is not Severity.NONE
    assert finding.rule
    assert finding.reason
    assert finding.advice
    assert finding.title.replace("\u200d", "").isprintable()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.lists(differences(), max_size=3))
def test_any_report_can_be_rendered_and_written(found: list[Difference]) -> None:
    made = report(*found)
    for text in (
        render.to_json(made),
        render.to_markdown(made),
        render.to_text(made),
        render.to_text(made, 80, True),
        render.to_sql(made),
    ):
        assert text.encode()
    assert all(line.startswith("--") for line in render.to_sql(made).splitlines())


def test_ten_thousand_differences_are_judged_in_seconds() -> None:
    many = [missing("column", "public", f"t{number}", "c", type="text", not_null=False) for number in range(10_000)]
    began = time.monotonic()
    made = report(*many)
    assert len(made.findings) == 10_000
    assert time.monotonic() - began < 60
