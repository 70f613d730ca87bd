"""The report on a terminal and in a pipe, and the table of environments."""

from __future__ import annotations

import re
from dataclasses import replace

from rich.cells import cell_len

from drift_pipeline.judge.findings import Cause, Impact, Severity
from drift_pipeline.plan.statements import Plan, Statement
from drift_pipeline.report import render
from drift_pipeline.report.report import Report
from drift_pipeline.report.verdict import recommendations
from tests.report.example import CLEAN, HOSTILE, ORDINARY, extra, hostile_report, missing, report, retyped

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def test_in_a_pipe_there_is_one_line_for_each_finding_and_no_escape() -> None:
    text = render.to_text(ORDINARY, 100, False)
    assert "\x1b" not in text
    (line,) = (line for line in text.splitlines() if "public.legacy" in line and line.startswith("critical"))
    assert re.match(r"critical +none +T01 +table public\.legacy exists in production", line)


def test_the_first_words_say_what_breaks() -> None:
    assert render.to_text(ORDINARY, 300).startswith(
        "🔴 Breaks the application now: column public.orders.total is numeric(10,2) in production, "
        "numeric(12,2) in the models (and 1 more). Drift in production: 5 differences (1 critical, 2 major, 2 minor)."
    )


def test_explanations_keep_to_the_width() -> None:
    for width in (60, 80, 120):
        text = render.to_text(ORDINARY, width, False)
        findings = re.compile(r"(critical|major|minor) ")
        assert all(cell_len(line) <= width for line in text.splitlines() if not findings.match(line))


def test_a_terminal_gets_a_table_with_colours() -> None:
    text = render.to_text(ORDINARY, 100, True)
    assert "\x1b[" in text
    bare = ESCAPE.sub("", text)
    assert "─" in bare
    assert "What differs" in bare
    assert all(cell_len(line) <= 100 for line in bare.splitlines())


def test_without_colour_the_table_has_no_escape() -> None:
    text = render.to_text(ORDINARY, 100, False, table=True)
    assert "\x1b" not in text
    assert "─" in text


def test_names_cannot_steer_the_terminal() -> None:
    hostile = hostile_report()
    plain = render.to_text(hostile, 100, False)
    assert not set(plain) & set("\x1b\r\u202e\u200b\x07")
    drawn = ESCAPE.sub("", render.to_text(hostile, 200, True))
    assert not set(drawn) & set("\x1b\r\u202e\u200b\x07")
    assert "[red]markup[/red]" in plain


def test_hostile_names_keep_one_line_for_each_finding() -> None:
    hostile = hostile_report()
    text = render.to_text(hostile, 100, False)
    found = [line for line in text.splitlines() if re.match(r"(critical|major|minor) +\w+ +[A-Z]+\d+\w? ", line)]
    assert len(found) == len(hostile.findings) == 3 * len(HOSTILE)


def test_no_drift_is_said_with_what_was_not_compared() -> None:
    for text in (render.to_text(CLEAN), render.to_text(CLEAN, 100, True)):
        bare = ESCAPE.sub("", text)
        assert "No drift in production." in bare
        assert "Not compared: 2 triggers (the models cannot declare them)" in bare.replace("\n", " ")


def test_causes_and_pending_migrations_are_told() -> None:
    first, *others = ORDINARY.findings
    known = replace(first, causes=(Cause.MANUAL_CHANGE, Cause.UNMIGRATED_MODEL))
    text = render.to_text(replace(ORDINARY, findings=(known, *others), pending=("0004 notes",)), 400)
    assert "Cause: manual change, unmigrated model." in text
    assert "Migrations not applied: 0004 notes." in text


def brought_and_not() -> Report:
    """Two tables that break the application, one of which comes with a migration that waits, and an index."""
    seen = report(
        missing("table", "public", "t"),
        missing("table", "public", "u"),
        missing("index", "public", "v", "i", unique=False),
    )
    first, *others = seen.findings
    return replace(
        seen,
        findings=(replace(first, causes=(Cause.PENDING_MIGRATION,)), *others),
        pending=("0004 notes", "0005 more"),
        plan=Plan(tuple(Statement(f"SELECT {each}", "native", settles=(first.difference.key,)) for each in (1, 2))),
    )


def test_the_first_step_is_to_apply_what_is_written_already() -> None:
    now = recommendations(brought_and_not())["now"]
    assert now[1:] == [
        "Apply the migrations that wait, with alembic upgrade head: 0004 notes, 0005 more."
        " They bring 1 of the 2 that break the application.",
        "The rest is repaired by SQL, in schema-diff.sql: table public.u.",
    ]
    harmless = report(missing("index", "public", "v", "i", unique=False))
    (finding,) = harmless.findings
    waiting = replace(finding, causes=(Cause.PENDING_MIGRATION,))
    first, *rest = recommendations(replace(harmless, findings=(waiting,), pending=("0004 notes",)))["minor"]
    assert first == "Apply the migrations that wait, with alembic upgrade head: 0004 notes. They bring all of it."
    assert rest == recommendations(harmless)["minor"]
    assert recommendations(replace(harmless, pending=("0004 notes",)))["minor"] == rest  # they bring nothing of it


def test_whoever_runs_the_sql_is_told_of_the_migrations_that_would_fail_afterwards() -> None:
    shown = brought_and_not()
    head, first, second, *_ = render.to_sql(shown).split("\n\n")
    assert "Migrations not applied: 0004 notes, 0005 more. Apply them first" in head
    assert "before the SQL: Migrations not applied" in render.to_text(shown, 400)
    assert "table public.t is missing in production\n-- (comes with a migration that is not applied)\n" in first
    assert "minor T03: table public.t, as above\n-- (comes with a migration that is not applied)\n" in second
    manual = replace(shown, findings=tuple(replace(each, causes=(Cause.MANUAL_CHANGE,)) for each in shown.findings))
    assert "Apply them first" not in render.to_sql(manual)


# ---------------------------------------------------------------- the verdict


def test_the_verdict_of_harmless_drift_says_that_nothing_breaks() -> None:
    assert render.verdict(report(extra("table", "public", "old"))) == (
        "Critical drift in production: 1 difference (1 critical). Nothing breaks now."
    )


def test_the_verdict_names_what_only_degrades_after_the_counts() -> None:
    assert render.verdict(report(missing("index", "public", "t", "i", unique=False))) == (
        "Minor drift in production: 1 difference (1 minor). Degrades the application now."
    )


def test_the_verdict_of_one_breaking_difference() -> None:
    narrower = report(retyped("public", "t", "c", before="integer", after="bigint"))
    assert render.verdict(narrower) == (
        "Breaks the application now: column public.t.c is integer in production, bigint in the models. "
        "Drift in production: 1 difference (1 major)."
    )


def test_faults_of_the_models_are_not_hidden_by_no_drift() -> None:
    faulty = replace(CLEAN, model_faults=ORDINARY.model_faults)
    assert render.verdict(faulty) == (
        "No drift in production. 1 declaration of the models could not be built, and was not compared."
    )


def test_full_coverage_says_that_nothing_was_left_out() -> None:
    line = render.coverage_line(replace(CLEAN.coverage, unmanaged={}, planes_off=(), schemas=("public",), facts=1))
    assert line == "Compared: 1 fact in schema public. Not compared: nothing was left out."


# ---------------------------------------------------------------- since the last check, and several environments


def test_new_resolved_and_remaining_findings_are_told_by_their_keys() -> None:
    before = render.report_data(report(extra("table", "public", "a"), extra("table", "public", "b")))
    after = render.report_data(report(extra("table", "public", "b"), extra("table", "public", "c")))
    changes = render.changes_between(before, after)
    assert [item.title.split()[1] for item in changes.new] == ["public.c"]
    assert [item.title.split()[1] for item in changes.resolved] == ["public.a"]
    assert [item.title.split()[1] for item in changes.still] == ["public.b"]
    assert changes.text == "1 new, 1 resolved, 1 as before"
    assert render.changes_between(after, after).text == "nothing changed"
    assert len(render.changes_between(None, after).new) == 2


def test_environments_stand_in_one_table_with_those_that_nobody_could_look_at() -> None:
    data = render.report_data(ORDINARY)
    clean = render.report_data(report(environment="staging"))
    rows = [
        render.EnvironmentVerdict.of(data, artifacts="/srv/artifacts/production/latest", previous=clean),
        render.EnvironmentVerdict.of(clean),
        render.EnvironmentVerdict("eu\x1b[31m", error="connection refused"),
    ]
    text = render.verdict_table(rows, 100)
    assert "\x1b" not in text
    lines = text.splitlines()
    (production,) = (line for line in lines if line.startswith(" production "))
    assert production.split() == ["production", "🔴", "critical", "1", "2", "2", "breaks", "5", "new"]
    (staging,) = (line for line in lines if line.startswith(" staging "))
    assert staging.split() == ["staging", "✅", "none", "0", "0", "0", "none"]
    assert "could not look" in text
    assert ": connection refused" in text
    assert "artifacts: /srv/artifacts/production/latest" in text
    assert rows[0].severity is Severity.CRITICAL
    assert rows[0].impact is Impact.BREAKS
