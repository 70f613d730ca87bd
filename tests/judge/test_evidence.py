"""Evidence: sizes from the statistics for every role; counts of rows for a role that may read; never a value."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drift_pipeline.config import Database, Settings
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.judge.evidence import from_statistics, with_evidence
from drift_pipeline.judge.findings import Evidence, Finding
from drift_pipeline.judgement import count_evidence, findings_of
from drift_pipeline.plan.statements import Plan
from drift_pipeline.report import render
from drift_pipeline.report.json_report import finding_data
from drift_pipeline.report.report import Report
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.schema.statistics import RelationStatistics, Statistics, read_statistics
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import NewDatabase, run_sql
from tests.judge.test_rules import NAME, changed, extra, judge_one
from tests.report.example import CONTEXT, COVERAGE

SECRET = "4111-1111-1111-1111"

BOTH = """
    create schema s; set search_path = s;
    create type mood as enum ('sad', 'ok');
    create table parents (id int primary key, code text, "odd ""one" int, big bigint, price numeric, note text,
                          mood text, a int, b int, deleted boolean not null default false);
    create table children (id int primary key, parent_id int);
    create table empty (id int primary key);
"""
LIVE = f"""
    alter table s.parents add constraint old check (true);
    insert into s.parents values
      (1, 'x', null, 1, 1.5, '{SECRET}', 'ok', 1, 1, false),
      (2, 'x', 3, 3000000000, 123456.5, 'short', 'glad', 1, 1, true),
      (3, null, 4, -3000000000, 7, null, null, 1, null, false);
    insert into s.children values (1, 1), (2, 99), (3, null), (4, 98);
"""
MODELS = """
    set search_path = s;
    alter table parents alter "odd ""one" set not null;
    alter table parents alter big type integer;
    alter table parents alter price type numeric(7, 2);
    alter table parents alter note type varchar(10);
    alter table parents alter mood type mood using null;
    alter table parents add unique (code);
    create unique index "one {live}" on parents (a, b) where not deleted;
    create unique index never_mind on parents (lower(code));
    alter table parents add constraint positive check (price > 5 and note not like '%{x}%');
    alter table parents add wanted int not null;
    alter table empty add wanted int not null;
    alter table children add constraint to_parent foreign key (parent_id) references parents (id);
    create unique index fine on children (id) include (parent_id);
"""
UNFIT = "that do not fit the type of the models: changing it would fail"
EXPECTED = {
    'column odd "one': ('1 row with NULL in "odd ""one": SET NOT NULL would fail', 1, True),
    "column big": (f"2 rows with values in big {UNFIT}", 2, True),
    "column price": (f"1 row with values in price {UNFIT}", 1, True),
    "column note": (f"1 row with values in note {UNFIT}", 1, True),
    "column mood": (f"1 row with values in mood {UNFIT}", 1, True),
    "unique parents_code_key": ("1 value in code occurs more than once: the key cannot be made", 1, True),
    "index one {live}": ("No value occurs twice in (a, b)", 0, False),
    "check positive": ("1 row breaks the constraint: it cannot be added", 1, True),
    "column parents.wanted": ("Adding the column as NOT NULL would fail: s.parents has 3 rows", 3, True),
    "column empty.wanted": ("Adding the column as NOT NULL would not fail: s.empty is empty", 0, False),
    "foreign_key to_parent": ("2 rows without a parent by parent_id: the foreign key cannot be added", 2, True),
    "index fine": ("No value occurs twice in id", 0, False),
}
DEEP = Settings(root=Path("/nonexistent"), evidence="deep", evidence_timeout=60.0)


@pytest.fixture(scope="module")
def pair(server: ScratchServer) -> Iterator[tuple[Database, Database]]:
    with server.create(label="live") as live, server.create(label="models") as models:
        run_sql(live, BOTH + LIVE)
        run_sql(models, BOTH)
        run_sql(models, MODELS)
        yield live, models


def judged(live: Database, models: Database, reading: Database, settings: Settings = DEEP) -> tuple[Finding, ...]:
    source, target = read_schema(live), read_schema(models)
    diff = diff_schemas(source, target)
    counted = count_evidence(settings, reading, diff, source, target)
    return findings_of(
        settings, diff, source, target, environment="production", locations={}, causes={}, counted=counted
    ).findings


def named(finding: Finding) -> str:
    name = finding.difference.id.name
    return f"{finding.difference.id.kind} {'.'.join(name[1:]) if name[-1] == 'wanted' else name[-1]}"


def test_rows_that_decide_are_counted(pair: tuple[Database, Database]) -> None:
    live, models = pair
    findings = {named(finding): finding for finding in judged(live, models, live)}
    told = {
        name: (item.text, item.count, item.fails) for name, finding in findings.items() for item in finding.evidence
    }
    assert told == EXPECTED
    assert findings["index never_mind"].evidence == ()
    assert findings["check old"].evidence == ()


def test_what_would_fail_is_critical_and_what_would_not_keeps_its_level(pair: tuple[Database, Database]) -> None:
    live, models = pair
    findings = {named(finding): finding for finding in judged(live, models, live)}
    failing = [findings[name] for name, (_, _, fails) in EXPECTED.items() if fails]
    assert {finding.severity.value for finding in failing} == {"critical"}
    raised = [finding for finding in failing if judge_level(finding) != "critical"]
    assert raised
    assert all(finding.reason.startswith("Raised to critical by what is stored: ") for finding in raised)
    assert findings["column empty.wanted"].severity == "major"
    assert findings["index fine"].severity == judge_level(findings["index fine"])


def judge_level(finding: Finding) -> str:
    return judge_one(finding.difference).severity.value


def test_no_value_of_a_row_leaves_the_database(pair: tuple[Database, Database]) -> None:
    live, models = pair
    report = Report(CONTEXT, judged(live, models, live), Plan(), COVERAGE)
    for write in (render.to_json, render.to_markdown, render.to_text, render.to_html):
        text = write(report)
        assert SECRET not in text
        assert "glad" not in text


@pytest.fixture
def stranger(pair: tuple[Database, Database]) -> Iterator[Database]:
    """A role that may connect to live and nothing else."""
    live, _ = pair
    # roles are the server's, and the server is shared by all that test at the same time
    role = f"drift_stranger_{os.getpid()}"
    run_sql(live, f"create role {role} login")
    yield Database("production", {**live.parameters, "user": role})
    run_sql(live, f"drop owned by {role}; drop role {role}")


def test_a_role_that_may_only_connect_reads_the_statistics(pair: tuple[Database, Database], stranger: Database) -> None:
    live, _ = pair
    run_sql(live, "analyze s.parents")
    statistics = read_statistics(stranger)
    assert statistics.note == ""
    parents = statistics.relations["s", "parents"]
    assert (parents.rows, parents.index) == (3, False)
    assert parents.analysed is not None
    assert parents.bytes > 0
    assert statistics.relations["s", "parents_pkey"].index


def test_rows_that_nobody_may_read_are_said_to_be_uncounted(
    pair: tuple[Database, Database], stranger: Database
) -> None:
    live, models = pair
    findings = judged(live, models, stranger)
    evidence = [item for finding in findings for item in finding.evidence]
    assert len(evidence) == len(EXPECTED)
    assert all(item.count is None and not item.fails for item in evidence)
    assert evidence[0].text.endswith("could not be counted: the role has no right to")


def test_what_row_security_hides_is_not_taken_for_absent(pair: tuple[Database, Database], stranger: Database) -> None:
    live, models = pair
    role = stranger.parameters["user"]
    run_sql(live, f"grant usage on schema s to {role}; grant select on s.children, s.parents to {role}")
    run_sql(live, "alter table s.children enable row level security")
    try:
        findings = {named(finding): finding for finding in judged(live, models, stranger)}
    finally:
        run_sql(live, "alter table s.children disable row level security")
    assert findings["foreign_key to_parent"].evidence[0].count is None
    assert findings['column odd "one'].evidence[0].count == 1


def test_a_count_that_takes_too_long_is_given_up(new_database: NewDatabase) -> None:
    # the condition itself is slow: whatever a model's check calls is bounded in time
    slow = "create function slow(int) returns boolean language sql as 'select pg_sleep(5) is not null';"
    table = "create table t (a int); insert into t values (1);"
    live = new_database(slow + table)
    models = new_database(slow + "create table t (a int, constraint c check (slow(a)))")
    (finding,) = judged(live, models, live, replace(DEEP, evidence_timeout=0.2))
    assert finding.evidence[0].text.endswith("it took longer than 0.2 s (evidence_timeout)")
    assert finding.severity == judge_level(finding)


def test_nothing_is_written_while_counting(new_database: NewDatabase) -> None:
    harm = """
        create table t (a int); insert into t values (1); create table log (a int);
        create function harm(int) returns boolean language plpgsql as
          'begin insert into public.log values (1); return true; end';
    """
    live = new_database(harm)
    models = new_database(harm + "alter table t add constraint c check (harm(a))")
    (finding,) = judged(live, models, live)
    assert "could not be counted" in finding.evidence[0].text
    assert run_sql(live, "select count(*) from log") == [(0,)]


def test_more_than_a_thousand_is_enough_to_know(new_database: NewDatabase) -> None:
    live = new_database("create table t (a int); insert into t select null from generate_series(1, 5000)")
    models = new_database("create table t (a int not null)")
    findings = judged(live, models, live)
    (evidence,) = [item for finding in findings for item in finding.evidence]
    assert evidence == Evidence("More than 1,000 rows with NULL in a: SET NOT NULL would fail", 1001, True)


def test_without_deep_evidence_no_row_is_asked_for(pair: tuple[Database, Database]) -> None:
    live, models = pair
    nowhere = Database("production", {"host": "/nonexistent", "dbname": "x"})
    source, target = read_schema(live), read_schema(models)
    settings = replace(DEEP, evidence="statistics")
    assert count_evidence(settings, nowhere, diff_schemas(source, target), source, target) == {}


def test_a_database_that_went_away_costs_the_evidence_alone() -> None:
    nowhere = Database("production", {"host": "/nonexistent", "dbname": "x"})
    assert "could not be read" in read_statistics(nowhere).note


SIZES = Statistics(
    {
        ("public", "orders"): RelationStatistics(False, 12_345_678, 4_400_000_000, 5),
        ("public", "total"): RelationStatistics(True, 12_345_678, 250_000_000, 0),
        ("public", "used"): RelationStatistics(True, 12_345_678, 900, 1_234_567),
    }
)


def test_sizes_are_told_in_few_digits() -> None:
    (size,) = from_statistics(changed("column", *NAME, type=("text", "integer")), SIZES)
    assert size.text == "About 12.3 M rows, 4.1 GB with indexes (never analysed)"
    _, unused = from_statistics(extra("index", *NAME), SIZES)
    assert unused.text == "No query on this server has used the index since counting began; it takes 238 MB"
    _, used = from_statistics(extra("index", "public", "orders", "used"), SIZES)
    assert used.text == "Queries have used the index 1.23 M times since counting began; it takes 900 B"
    assert from_statistics(extra("function", "public", "orders", "integer"), SIZES) == ()


def test_partitions_count_for_their_table(new_database: NewDatabase) -> None:
    database = new_database("""
        create table p (a int primary key) partition by range (a);
        create table p1 partition of p for values from (0) to (10);
        create table p2 partition of p for values from (10) to (20) partition by range (a);
        create table p21 partition of p2 for values from (10) to (20);
        insert into p select generate_series(0, 14);
        analyze p1; analyze p21;
    """)
    relations = read_statistics(database).relations
    assert [relations["public", name].rows for name in ("p", "p1", "p2", "p21")] == [15, 10, 5, 5]
    run_sql(database, "analyze p")  # which notes the sums as well
    again = read_statistics(database).relations
    assert [again["public", name].rows for name in ("p", "p1", "p2", "p21")] == [15, 10, 5, 5]
    assert again["public", "p"].bytes == again["public", "p1"].bytes + again["public", "p21"].bytes


def test_a_table_that_has_grown_since_it_was_analysed_says_so(new_database: NewDatabase) -> None:
    database = new_database("""
        create table small (a int) with (autovacuum_enabled = false);
        create table large (a int) with (autovacuum_enabled = false);
        insert into small select generate_series(1, 10);
        insert into large select generate_series(1, 10000);
        analyze small, large;
    """)
    before = read_statistics(database).relations
    run_sql(
        database,
        """
        insert into small select generate_series(1, 2000);
        insert into large select generate_series(1, 20000);
        select pg_stat_force_next_flush();
        """,
    )
    after = read_statistics(database).relations
    small, large = (after["public", name] for name in ("small", "large"))
    assert [small.rows, large.rows] == [2010, 30000]
    assert small.bytes == 0  # ten rows on one page tell nothing of two thousand
    assert large.bytes == 3 * before["public", "large"].bytes


def test_evidence_never_lowers_a_level() -> None:
    finding = judge_one(extra("table", "public", "orders"))
    assert with_evidence(finding, [Evidence("nothing stored", 0)]).severity == "critical"


def test_the_json_holds_the_evidence(pair: tuple[Database, Database]) -> None:
    live, models = pair
    finding = next(item for item in judged(live, models, live) if named(item) == "foreign_key to_parent")
    data = json.loads(json.dumps(finding_data(finding)))
    assert data["evidence"] == [{"text": EXPECTED["foreign_key to_parent"][0], "count": 2, "fails": True}]
