"""What a CI job is told of a report: annotations as GitHub takes them, a summary that is never too long."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drift_pipeline import ci
from drift_pipeline.errors import StoreError
from drift_pipeline.history.artifacts import keep_report
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.report.json_report import finding_data
from drift_pipeline.report.report import Report
from tests.report.example import CLEAN, CONTEXT, ORDINARY, extra, hostile_report, missing, report

NOW = CONTEXT.checked_at + timedelta(minutes=1)
HOUR = timedelta(hours=1)


def annotations(made: Report, folder: str = "") -> tuple[str, ...]:
    return ci.annotated([finding_data(finding) for finding in made.findings], folder=folder)


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(str(tmp_path))


def test_at_most_ten_of_each_level_since_github_drops_the_others_without_a_word() -> None:
    many = report(
        *(extra("table", "public", f"t{number}") for number in range(30)),
        *(missing("column", "public", "t", f"c{number}", type="text", not_null=False) for number in range(30)),
    )
    lines = annotations(many)
    assert [sum(line.startswith(f"::{level} ") for line in lines) for level in ("error", "warning", "notice")] == [
        10,
        0,
        10,
    ]
    assert lines[0].startswith("::error ")


def test_a_line_of_a_model_is_named_by_its_path_in_the_repository() -> None:
    placed = replace(ORDINARY, findings=(replace(ORDINARY.findings[0], location="shop/mo,de:ls.py:12"),))
    (line,) = annotations(placed, "backend/")
    assert line.startswith("::error file=backend/shop/mo%2Cde%3Als.py,line=12,title=Schema drift::table public.legacy ")
    absolute = replace(ORDINARY, findings=(replace(ORDINARY.findings[0], location="/srv/models.py:12"),))
    assert "file=/srv/models.py,line=12," in annotations(absolute, "backend/")[0]


def test_hostile_names_stay_within_their_annotation() -> None:
    for line in annotations(hostile_report()):
        assert "\n" not in line
        assert "\r" not in line
        assert line.count("::") >= 2


def test_what_is_set_aside_is_not_marked() -> None:
    aside = tuple(replace(finding, set_aside="accepted") for finding in ORDINARY.findings)
    assert annotations(replace(ORDINARY, findings=aside)) == ()


@pytest.mark.parametrize("text", ["ümläut line\n" * 200_000, "🔴" * 600_000, "x" * 2_000_000])
def test_a_summary_stays_within_githubs_limit_in_bytes(text: str) -> None:
    shown = ci.cut(text, ci.SUMMARY_LIMIT)
    assert len(shown.encode()) <= 1024 * 1024
    assert shown.endswith("the whole report is in the artifact.*\n")
    assert ci.cut("short\n", ci.SUMMARY_LIMIT) == "short\n"


def test_the_outputs_say_drift_severity_artifact_and_when(store: ArtifactStore) -> None:
    keep_report(store, ORDINARY, "1")
    outputs = ci.read_result(store, "production", attempt="2", max_age=HOUR, now=NOW).outputs
    assert outputs == {
        "drift_detected": "true",
        "severity": "critical",
        "report_artifact": "schema-drift-production-2",
        "last_success": "2026-11-22T02:00:00Z",
    }
    keep_report(store, CLEAN, "2")
    assert ci.read_result(store, "production", max_age=HOUR, now=NOW).outputs["drift_detected"] == "false"


def test_an_old_report_is_none(store: ArtifactStore) -> None:
    keep_report(store, ORDINARY, "1")
    with pytest.raises(StoreError, match="2026-11-22 02:00 UTC, so this job made none"):
        ci.read_result(store, "production", max_age=HOUR, now=NOW + 2 * HOUR)


def test_all_files_are_handed_over_also_without_drift(store: ArtifactStore, tmp_path: Path) -> None:
    keep_report(store, CLEAN, "1")
    written = ci.copy_artifacts(store, "production", tmp_path / "out")
    assert sorted(path.name for path in written) == [
        "drift-report.html",
        "drift-report.json",
        "drift-report.sarif",
        "drift-report.xml",
        "drift-summary.md",
        "schema-diff.sql",
    ]
    assert all(path.read_text() for path in written)


def test_a_job_that_could_not_look_says_how_long_ago_somebody_could(store: ArtifactStore) -> None:
    keep_report(store, CLEAN, "1")
    told = ci.nobody_looked(store, "production", now=datetime(2026, 11, 25, 2, 1, tzinfo=UTC))
    assert told.outputs == {"last_success": "2026-11-22T02:00:00Z"}
    assert "2026-11-22 02:00 UTC (3 days ago) and found no drift." in told.summary
    assert ci.nobody_looked(store, "staging").outputs == {}


def test_a_hostile_environment_stays_within_the_summary_and_its_annotation(store: ArtifactStore) -> None:
    told = ci.nobody_looked(store, "x`\n::error::y")
    assert told.summary.count("\n::") == 0
    assert all("\n" not in line for line in told.annotations)
