"""Asset checks on the report: they colour the lineage and never stop a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg

from drift_pipeline.judge.findings import Impact
from drift_pipeline.plan.statements import Proof
from drift_pipeline.report.report import Report


@dataclass(frozen=True)
class ReportCheck:
    """One promise about a report. `offenders`: how many things break it; 0 passes."""

    name: str
    description: str
    severity: dg.AssetCheckSeverity
    offenders: Callable[[Report], int]


_ERROR, _WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN

REPORT_CHECKS = (
    ReportCheck(
        "no_critical_drift",
        "No difference whose repair may lose data or stop the application.",
        _ERROR,
        lambda report: report.counts["critical"],
    ),
    ReportCheck(
        "no_major_drift",
        "No difference whose repair needs planning.",
        _WARN,
        lambda report: report.counts["major"],
    ),
    ReportCheck(
        "nothing_breaks",
        "No difference breaks code that was built from the models, now.",
        _ERROR,
        lambda report: sum(finding.impact is Impact.BREAKS for finding in report.counting),
    ),
    ReportCheck(
        "plan_proven",
        "The SQL of the repair was run on scratch, and nothing stayed different.",
        _WARN,
        lambda report: max(1, len(report.plan.open)) if report.plan.proof is Proof.UNPROVEN else 0,
    ),
    ReportCheck(
        "everything_covered",
        "Every object in the database is of a kind that is compared, and every model could be built.",
        _WARN,
        lambda report: sum(report.coverage.not_covered.values()) + len(report.model_faults),
    ),
    ReportCheck(
        "no_expired_waiver",
        "No difference that was accepted until a day that is over: it counts again, and somebody has to decide anew.",
        _WARN,
        lambda report: sum(finding.waiver_expired for finding in report.findings),
    ),
)


def check_specs(asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks of one environment's report. None of them blocks what comes after it."""
    return [
        dg.AssetCheckSpec(check.name, asset=asset, description=check.description, blocking=False)
        for check in REPORT_CHECKS
    ]


def evaluate(asset: dg.AssetKey, report: Report) -> list[dg.AssetCheckResult]:
    """The outcome of every check; the number becomes a plot over time."""
    results = []
    for check in REPORT_CHECKS:
        offenders = check.offenders(report)
        results.append(
            dg.AssetCheckResult(
                asset_key=asset,
                check_name=check.name,
                passed=not offenders,
                severity=check.severity,
                metadata={"offenders": dg.MetadataValue.int(offenders)},
            )
        )
    return results
