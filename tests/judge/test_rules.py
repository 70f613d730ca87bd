"""The tables of rules as such: complete, unambiguous, and never below the fixed levels."""

from __future__ import annotations

from collections import Counter

import pytest

from drift_pipeline.diff.differences import AttributeChange, Change, Difference, SchemaDiff
from drift_pipeline.judge.findings import Finding, Severity
from drift_pipeline.judge.judge import judge
from drift_pipeline.judge.rules.examples.shown import EXAMPLES
from drift_pipeline.judge.rules.registry import IMPACT_RULES, RULES
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer
from tests.judge.test_on_a_server import make

NOTHING = Schema.of([])
NAME = ("public", "orders", "total")


def judge_one(difference: Difference, source: Schema = NOTHING, target: Schema = NOTHING) -> Finding:
    (finding,) = judge(SchemaDiff((difference,)), source, target, environment="production")
    return finding


def missing(kind: str, *name: str, **attributes: Value) -> Difference:
    return Difference(FactId(kind, name), Change.ADDED, None, Fact(FactId(kind, name), attributes))


def extra(kind: str, *name: str, **attributes: Value) -> Difference:
    return Difference(FactId(kind, name), Change.REMOVED, Fact(FactId(kind, name), attributes), None)


def changed(kind: str, *name: str, both: dict[str, Value] | None = None, **pairs: tuple[Value, Value]) -> Difference:
    key = FactId(kind, name)
    before = {**(both or {}), **{attribute: pair[0] for attribute, pair in pairs.items()}}
    after = {**(both or {}), **{attribute: pair[1] for attribute, pair in pairs.items()}}
    changes = tuple(AttributeChange(attribute, *pair) for attribute, pair in pairs.items())
    return Difference(key, Change.CHANGED, Fact(key, before), Fact(key, after), changes)


# DESIGN section 6, line by line: the repair statement, the difference that needs it, the level
FIXED = [
    ("DROP TABLE", extra("table", "public", "orders"), "critical"),
    ("DROP COLUMN", extra("column", *NAME), "critical"),
    ("DROP NOT NULL", changed("column", *NAME, not_null=(True, False)), "critical"),
    ("DROP FOREIGN KEY", extra("foreign_key", *NAME), "critical"),
    ("ADD COLUMN NOT NULL", missing("column", *NAME, not_null=True), "major"),
    ("ADD COLUMN NOT NULL DEFAULT", missing("column", *NAME, not_null=True, default="1"), "major"),
    ("ALTER COLUMN TYPE", changed("column", *NAME, type=("character varying(1)", "text")), "major"),
    ("ADD FOREIGN KEY", missing("foreign_key", *NAME, validated=True), "major"),
    ("DROP INDEX", extra("index", *NAME), "major"),
    ("SET NOT NULL", changed("column", *NAME, not_null=(False, True)), "major"),
    ("ADD COLUMN", missing("column", *NAME, not_null=False), "minor"),
    ("CREATE TABLE", missing("table", "public", "orders"), "minor"),
    ("CREATE INDEX", missing("index", *NAME, unique=False), "minor"),
    ("DROP CHECK", extra("check", *NAME), "minor"),
    ("COMMENT ON", missing("comment", "table", "public", "orders", text="x"), "minor"),
]


@pytest.mark.parametrize(("statement", "difference", "level"), FIXED, ids=lambda value: str(value)[:30])
def test_the_fixed_table_holds(statement: str, difference: Difference, level: str) -> None:
    assert judge_one(difference).severity == level


ALTERED = [row for row in FIXED if row[1].change is Change.CHANGED]


@pytest.mark.parametrize(("statement", "difference", "level"), ALTERED, ids=lambda value: str(value)[:30])
def test_other_changes_of_the_same_object_never_lower_a_fixed_level(
    statement: str, difference: Difference, level: str
) -> None:
    more = AttributeChange("storage", None, "external")
    wider = Difference(
        difference.id, Change.CHANGED, difference.before, difference.after, (more, *difference.attributes)
    )
    finding = judge_one(wider)
    assert finding.severity == level
    assert "C25" in finding.also
    assert "STORAGE" in finding.reason


def test_each_rule_has_an_id_of_its_own() -> None:
    repeated = [name for name, count in Counter(rule.id for rule in (*RULES, *IMPACT_RULES)).items() if count > 1]
    assert repeated == []


@pytest.mark.parametrize("rule", [*RULES, *IMPACT_RULES], ids=lambda rule: rule.id)
def test_each_rule_speaks_in_sentences(rule: object) -> None:
    for text in filter(None, (getattr(rule, name, "") for name in ("reason", "advice"))):
        assert not text[0].islower() or text.startswith("security_invoker")
        assert text.endswith(".")


def test_each_attribute_that_the_reader_states_has_a_rule_that_names_it(server: ScratchServer) -> None:
    with server.create(label="rules") as database:
        for case in EXAMPLES:
            make(database, case.name, case.both + case.live)
        facts = read_schema(database).facts.values()
    stated = {(fact.id.kind, name) for fact in facts for name in fact.stated}
    assert ("column", "type") in stated
    unnamed = {(kind, name) for kind, name in stated if not _named(kind, name) and kind not in ONE_RULE_FOR_ALL}
    assert unnamed - STATED_AND_EMPTY == set()


ONE_RULE_FOR_ALL = {
    "range", "statistics", "collation", "policy", "rule", "trigger", "function", "publication", "access_method",
    "default_privilege", "foreign_data_wrapper", "foreign_server", "text_search_configuration",
}  # fmt: skip
STATED_AND_EMPTY = {
    # columns of the query that their sisters need
    ("primary_key", "definition"),
    ("unique", "definition"),
    ("table", "server"),
    ("table", "server_options"),
    # what differs there is told of the index or the key
    ("table", "attached"),
    ("foreign_table", "attached"),
    # the server refuses them on foreign tables
    *(("foreign_table", name) for name in ("access_method", "cluster_on", "replica_identity")),
    *(("foreign_table", name) for name in ("row_security", "force_row_security")),
}


def _named(kind: str, attribute: str) -> bool:
    return any(attribute in rule.attributes and (kind in rule.kinds or "*" in rule.kinds) for rule in RULES)


@pytest.mark.parametrize(
    ("difference", "rule", "level"),
    [
        (missing("gadget", "public", "x"), "ZZ01", "major"),
        (extra("gadget", "public", "x"), "ZZ02", "critical"),
        (changed("gadget", "public", "x", color=("red", "blue")), "ZZ03", "major"),
        (changed("column", *NAME, color=("red", "blue")), "ZZ03", "major"),
    ],
)
def test_what_no_rule_knows_gets_a_level_all_the_same(difference: Difference, rule: str, level: str) -> None:
    finding = judge_one(difference)
    assert (finding.rule, finding.severity.value) == (rule, level)


@pytest.mark.parametrize(
    ("kind", "rule", "level"),
    [
        ("table", "T06", "critical"),
        ("column", "C17", "critical"),
        ("schema", "T19b", "critical"),
        ("foreign_key", "K22", "minor"),
        ("index", "I10", "minor"),
        ("sequence", "S07", "major"),
        ("enum", "E11", "major"),
        ("trigger", "G07", "minor"),
        ("gadget", "ZZ04", "major"),
    ],
)
def test_a_new_name_is_judged_by_who_uses_it(kind: str, rule: str, level: str) -> None:
    old, new = FactId(kind, ("public", "a", "x")), FactId(kind, ("public", "a", "y"))
    finding = judge_one(Difference(new, Change.RENAMED, Fact(old, {}), Fact(new, {})))
    assert (finding.rule, finding.severity.value) == (rule, level)
    assert "is called x in production, y in the models" in finding.title


def test_a_renamed_object_that_also_changed_gets_the_worse_level() -> None:
    old, new = FactId("index", ("public", "a", "x")), FactId("index", ("public", "a", "y"))
    change = AttributeChange("keys", ["a"], ["b"])
    finding = judge_one(Difference(new, Change.RENAMED, Fact(old, {}), Fact(new, {}), (change,)))
    assert (finding.rule, finding.severity) == ("I11", Severity.MAJOR)


def test_attaching_a_partition_is_one_matter() -> None:
    bound = "FOR VALUES FROM (1) TO (2)"
    attached = changed(
        "table", "public", "t1", partition_of=(None, ["public", "t"]), partition_bound=(None, bound),
        detach_pending=(None, False),
    )  # fmt: skip
    finding = judge_one(attached)
    assert (finding.rule, finding.severity, finding.also) == ("R01", Severity.MAJOR, ())
    assert finding.title == "table public.t1 is no partition in production, a partition of public.t in the models"


def test_a_not_null_that_the_parent_of_a_partition_still_holds_is_not_lost() -> None:
    constraint = extra("not_null", "public", "t1", "t1_a_not_null", columns=["a"], validated=True, no_inherit=False)
    alone = Schema.of([Fact(FactId("column", ("public", "t1", "a")), {"not_null": True})])
    parent = Fact(FactId("column", ("public", "t", "a")), {"not_null": True})
    attached = Schema.of([parent, Fact(FactId("table", ("public", "t1")), {"partition_of": ["public", "t"]})])
    assert judge_one(constraint, alone, attached).rule == "K24b"
    assert judge_one(constraint, alone, Schema.of([])).severity is Severity.CRITICAL


def test_the_worse_of_severity_and_impact_comes_first() -> None:
    differences = (
        missing("comment", "table", "public", "a", text="x"),
        missing("index", "public", "b", "i", unique=False),
        extra("index", "public", "b", "j", unique=False),
        missing("column", "public", "c", "n", not_null=False),
        extra("table", "public", "d"),
    )
    findings = judge(SchemaDiff(differences), NOTHING, NOTHING)
    assert [item.difference.id.kind for item in findings] == ["table", "column", "index", "index", "comment"]
    assert judge(SchemaDiff(differences[::-1]), NOTHING, NOTHING) == findings


def test_the_line_of_the_model_is_that_of_the_column_or_else_of_the_table() -> None:
    locations = {"public.orders": "shop/models.py:10", "public.orders.total": "shop/models.py:14"}
    differences = (
        missing("column", *NAME),
        missing("column", "public", "orders", "other"),
        missing("index", "public", "orders", "ix"),
        missing("comment", "column", *NAME, text="x"),
        missing("enum", "public", "mood"),
    )
    findings = judge(SchemaDiff(differences), NOTHING, NOTHING, locations=locations)
    found = {str(item.difference.id): item.location for item in findings}
    assert found == {
        "column public.orders.total": "shop/models.py:14",
        "column public.orders.other": "shop/models.py:10",
        "index public.orders.ix": "shop/models.py:10",
        "comment column.public.orders.total": "shop/models.py:14",
        "enum public.mood": "",
    }


def test_default_privileges_and_memberships_of_publications_have_words() -> None:
    finding = judge_one(missing("default_privilege", "app", "", "tables", "PUBLIC", privileges={"SELECT": False}))
    assert (finding.rule, finding.severity.value) == ("P09", "major")
    assert finding.title == (
        "default privileges of objects that app creates: tables for PUBLIC are missing in production: SELECT"
    )
    finding = judge_one(missing("publication_table", "pub", "public", "orders"))
    assert finding.rule == "X04"
    assert finding.title == "publication table public.orders in publication pub is missing in production"
