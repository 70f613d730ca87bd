"""schema-diff.sql, judged by a server that runs it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drift_pipeline.config import Database
from drift_pipeline.plan.statements import OnlinePlan, Plan, Proof, Statement, Step
from drift_pipeline.report import render
from drift_pipeline.report.escape import commented_out, sql_comment
from drift_pipeline.report.report import Report
from tests.conftest import NewDatabase, run_sql
from tests.report.example import CLEAN, HOSTILE, ORDINARY, hostile_report

TABLES = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.fixture
def database(new_database: NewDatabase) -> Database:
    tables = "".join(f"create table public.{quoted(name)} ();" for name in HOSTILE)
    return new_database(f"create table public.victim (); {tables}")


def as_sql(script: str) -> str:
    """The script without what psql alone understands."""
    return script.replace("\\set ON_ERROR_STOP on\n", "")


def tables(database: Database) -> set[str]:
    return {name for (name,) in run_sql(database, TABLES)}


def test_nothing_hostile_runs_when_drops_are_commented_out(database: Database) -> None:
    run_sql(database, as_sql(render.to_sql(hostile_report())) + "select 1")
    assert tables(database) == {"victim", *HOSTILE}


def test_allowed_drops_drop_just_what_they_name(database: Database) -> None:
    run_sql(database, as_sql(render.to_sql(hostile_report(), allow_destructive=True)))
    assert tables(database) == {"victim"}


def test_a_statement_of_several_lines_is_commented_out_whole(database: Database) -> None:
    statements = (
        Statement("DROP TABLE\npublic.victim\r\nCASCADE;\rDROP TABLE public.plain", "x", destructive=True),
        Statement("CREATE TABLE public.fresh ()", "x"),
    )
    text = render.to_sql(replace(ORDINARY, plan=Plan(statements, Proof.UNPROVEN)))
    run_sql(database, text)
    assert tables(database) == {"victim", "fresh", *HOSTILE}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_comment_cannot_be_left(name: str) -> None:
    for line in (sql_comment(name), commented_out(f"x {name}")):
        assert all(part.startswith("--") for part in line.split("\n"))
        assert "\r" not in line


def lines_with(report: Report, words: str) -> list[str]:
    return [line for line in render.to_sql(report).splitlines() if words in line]


def test_each_statement_says_what_it_settles_and_what_is_odd_about_it() -> None:
    first = ORDINARY.findings[0]
    (index,) = (number for number, item in enumerate(ORDINARY.plan.statements) if item.destructive)
    settled = replace(ORDINARY.plan.statements[index], settles=(first.difference.key,))
    report = replace(ORDINARY, plan=replace(ORDINARY.plan, statements=(settled, *ORDINARY.plan.statements[1:])))
    text = render.to_sql(report)
    assert f"-- {first.severity.emoji} {first.severity.value} {first.rule}: {first.title}\n" in text
    assert lines_with(report, "loses data or objects")
    assert lines_with(report, "cannot run inside a transaction; ") == []
    assert lines_with(report, "not proven on scratch; cannot run inside a transaction")
    assert lines_with(report, "-- slow")
    assert '-- DROP TABLE "public"."legacy";' in text
    assert "\nALTER TABLE public.orders ADD COLUMN note text;" in text
    assert "--   comment on table public.orders" in text


def test_the_header_says_verdict_coverage_and_what_is_held_back() -> None:
    head = render.to_sql(ORDINARY).split("\n\n")[0]
    assert all(line.startswith("--") for line in head.split("\n"))
    assert "Breaks the application now" in head
    assert "Not compared: " in head
    assert "Commented out, because data or objects would be lost: 1 of 3 statements" in head
    assert "Commented out" not in render.to_sql(ORDINARY, allow_destructive=True)


def test_without_drift_there_is_nothing_to_run() -> None:
    text = render.to_sql(CLEAN)
    assert all(line.startswith("--") for line in text.splitlines())
    assert "Nothing to change." in text
    assert "Not compared: " in text


def uncommented(sql: str) -> str:
    return "\n".join(line.removeprefix("-- ") for line in sql.split("\n"))


def test_commented_lines_give_the_statement_back() -> None:
    statement = "DROP FUNCTION f;\n\n  -- kept\nDROP VIEW v"
    assert uncommented(commented_out(statement)).replace("--\n", "\n") == statement


ADD = Statement("ALTER TABLE t ADD CHECK (a > 0) NOT VALID", "native", hazards=("locks t for an instant",))
BUILD = (
    Statement("DROP INDEX CONCURRENTLY IF EXISTS i", "native"),
    Statement("CREATE INDEX CONCURRENTLY i ON t (a)", "native"),
)
LOSE = Statement("ALTER TABLE t DROP COLUMN b", "native", destructive=True)


def online(*steps: Step) -> Report:
    plan = OnlinePlan(steps, Proof.PROVEN)
    return replace(ORDINARY, plan=Plan((ADD,), Proof.PROVEN, online=plan))


def test_each_step_of_an_online_plan_has_its_limits_and_its_transaction() -> None:
    text = render.to_sql(
        online(Step("Add it", (ADD,)), Step("Build it", BUILD, False, "10min", "0", note="What is left goes first."))
    )
    assert text.split("\n\n")[2:4] == [
        "-- Step 1 of 2: Add it\n-- locks t for an instant\n"
        "SET lock_timeout = '2s';\nSET statement_timeout = '10s';\n"
        "BEGIN;\nALTER TABLE t ADD CHECK (a > 0) NOT VALID;\nCOMMIT;",
        "-- Step 2 of 2: Build it\n-- What is left goes first.\n-- outside of a transaction\n"
        "SET lock_timeout = '10min';\nSET statement_timeout = '0';\n"
        "DROP INDEX CONCURRENTLY IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON t (a);",
    ]
    assert "\\set ON_ERROR_STOP on" in text  # a step must never follow one that failed
    assert text.endswith("RESET lock_timeout;\nRESET statement_timeout;\n")


def test_a_step_that_loses_something_is_a_comment_as_a_whole() -> None:
    step = Step("Drop it", (ADD, LOSE), online=False, note="nothing else can")
    part = render.to_sql(online(step)).split("\n\n")[2]
    assert part.startswith("-- Step 1 of 1: Drop it\n-- This stays as it is: nothing else can.\n")
    assert all(line.startswith("--") for line in part.splitlines())
    assert "DROP COLUMN b;\nCOMMIT;" in render.to_sql(online(step), allow_destructive=True)
