"""Asset checks on the report: they colour the lineage and never stop a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import dagster as dg

from drift_pipeline.judge.findings import Finding, Impact, Severity
from drift_pipeline.orchestration.metadata import bullets
from drift_pipeline.plan.statements import Proof
from drift_pipeline.report.report import Report


@dataclass(frozen=True)
class ReportCheck:
    """One promise about a report. `offenders`: how many things break it; 0 passes. `which`: what they are, in words."""

    name: str
    description: str
    severity: dg.AssetCheckSeverity
    offenders: Callable[[Report], int]
    which: Callable[[Report], Iterable[str]]


_ERROR, _WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


def _titles(findings: Iterable[Finding]) -> list[str]:
    return [finding.title for finding in findings]


def _of(severity: Severity) -> Callable[[Report], list[str]]:
    return lambda report: _titles(each for each in report.counting if each.severity is severity)


def _breaking(report: Report) -> list[str]:
    return _titles(each for each in report.counting if each.impact is Impact.BREAKS)


def _expired(report: Report) -> list[str]:
    return _titles(each for each in report.findings if each.waiver_expired)


def _uncovered(report: Report) -> list[str]:
    faults = [f"{fault.what}: {fault.message}" for fault in report.model_faults]
    return [*faults, *(f"{kind}: {count}" for kind, count in report.coverage.not_covered.items() if count)]


def _unproven(report: Report) -> list[str]:
    return list(report.plan.open) if report.plan.proof is Proof.UNPROVEN else []


REPORT_CHECKS = (
    ReportCheck(
        "no_critical_drift",
        "No difference whose repair may lose data or stop the application.",
        _ERROR,
        lambda report: report.counts["critical"],
        _of(Severity.CRITICAL),
    ),
    ReportCheck(
        "no_major_drift",
        "No difference whose repair needs planning.",
        _WARN,
        lambda report: report.counts["major"],
        _of(Severity.MAJOR),
    ),
    ReportCheck(
        "nothing_breaks",
        "No difference breaks code that was built from the models, now.",
        _ERROR,
        lambda report: len(_breaking(report)),
        _breaking,
    ),
    ReportCheck(
        "plan_proven",
        "The SQL of the repair was run on scratch, and nothing stayed different.",
        _WARN,
        lambda report: max(1, len(report.plan.open)) if report.plan.proof is Proof.UNPROVEN else 0,
        _unproven,
    ),
    ReportCheck(
        "everything_covered",
        "Every object in the database is of a kind that is compared, and every model could be built.",
        _WARN,
        lambda report: sum(report.coverage.not_covered.values()) + len(report.model_faults),
        _uncovered,
    ),
    ReportCheck(
        "no_expired_waiver",
        "No difference that was accepted until a day that is over: it counts again, and somebody has to decide anew.",
        _WARN,
        lambda report: len(_expired(report)),
        _expired,
    ),
)


def check_specs(asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks of one environment's report. None of them blocks what comes after it."""
    return [
        dg.AssetCheckSpec(check.name, asset=asset, description=check.description, blocking=False)
        for check in REPORT_CHECKS
    ]


def evaluate(asset: dg.AssetKey, report: Report) -> list[dg.AssetCheckResult]:
    """The outcome of every check; the number becomes a plot over time, and what it counts is named beside it."""
    results = []
    for check in REPORT_CHECKS:
        offenders, which = check.offenders(report), list(check.which(report))
        results.append(
            dg.AssetCheckResult(
                asset_key=asset,
                check_name=check.name,
                passed=not offenders,
                severity=check.severity,
                metadata={
                    "offenders": dg.MetadataValue.int(offenders),
                    **({"which": bullets(which)} if which else {}),
                },
            )
        )
    return results
