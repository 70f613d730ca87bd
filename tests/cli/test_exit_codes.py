"""The exit code is the worst finding that counts, for each --fail-on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from drift_pipeline.diff.differences import Change, Difference
from drift_pipeline.exit_codes import exit_code
from drift_pipeline.judge.findings import Finding, Impact, Severity
from drift_pipeline.plan.statements import Plan
from drift_pipeline.report.report import Context, Coverage, Report
from drift_pipeline.schema.facts import FactId


def report_of(*findings: str) -> Report:
    """A report with findings such as "major", "minor breaks" or "critical aside"."""
    context = Context(
        environment="production",
        checked_at=datetime(2026, 1, 1, tzinfo=UTC),
        target="h:5432/d",
        server_version="18.0",
        scratch_version="18.0",
        models="x:y",
        tables=1,
        live_fingerprint="a",
        model_fingerprint="b",
    )
    return Report(context, tuple(_finding(*words.split()) for words in findings), Plan(), Coverage())


def _finding(severity: str, *more: str) -> Finding:
    difference = Difference(FactId("table", ("public", "t")), Change.ADDED, None, None)
    return Finding(
        difference,
        Severity(severity),
        rule="X",
        title="t",
        reason="r",
        advice="a",
        impact=Impact.BREAKS if "breaks" in more else Impact.NONE,
        set_aside="a pending migration brings it" if "aside" in more else "",
    )


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ((), 0),
        (("minor",), 0),
        (("minor breaks",), 0),
        (("minor", "major"), 1),
        (("major", "critical", "minor"), 2),
        (("critical aside", "minor"), 0),
        (("critical aside", "major"), 1),
    ],
)
def test_the_base(findings: tuple[str, ...], expected: int) -> None:
    assert exit_code(report_of(*findings)) == expected


@pytest.mark.parametrize(
    ("fail_on", "findings", "expected"),
    [
        ("minor", ("minor",), 1),
        ("minor", ("critical", "minor"), 2),
        ("critical", ("major",), 0),
        ("critical", ("critical",), 2),
        ("breaks", ("critical", "major"), 0),
        ("breaks", ("critical", "minor breaks"), 1),
        ("breaks", ("critical breaks",), 2),
        ("breaks", ("critical breaks aside",), 0),
        ("never", ("critical breaks",), 0),
    ],
)
def test_what_fails_can_be_chosen(fail_on: str, findings: tuple[str, ...], expected: int) -> None:
    assert exit_code(report_of(*findings), fail_on=fail_on) == expected
