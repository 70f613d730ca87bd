"""What the process ends with. 0, 1 and 2 speak of drift; 3 says that nobody could look, and nothing else does."""

from __future__ import annotations

from drift_pipeline.judge.findings import Finding, Impact, Severity
from drift_pipeline.report.report import Report

OK = 0
MAJOR = 1
CRITICAL = 2
COULD_NOT_LOOK = 3

# From which severity on a finding counts, for each --fail-on that is a level.
_THRESHOLDS = {"minor": Severity.MINOR, "major": Severity.MAJOR, "critical": Severity.CRITICAL}


def exit_code(report: Report, *, fail_on: str = "major") -> int:
    """0, 1 or 2: the worst finding that counts.

    `fail_on`: critical, major or minor (such findings and worse ones), breaks (whatever breaks the code that runs now),
    or never.
    """
    failing = [finding for finding in report.counting if fails(finding, fail_on)]
    if not failing:
        return OK
    return CRITICAL if any(finding.severity is Severity.CRITICAL for finding in failing) else MAJOR


def fails(finding: Finding, fail_on: str) -> bool:
    """Whether this finding, if it counts, makes the check fail."""
    if fail_on == "breaks":
        return finding.impact is Impact.BREAKS
    return fail_on in _THRESHOLDS and finding.severity.rank >= _THRESHOLDS[fail_on].rank
