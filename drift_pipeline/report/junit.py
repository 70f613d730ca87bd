"""drift-report.xml: the findings as JUnit XML, for CI systems that show tests.

One test for each finding: failed where it makes the check fail, passed with a text where it does not, skipped where it
is set aside. Without findings there is one test that passed, so that no system takes the file for an empty one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from xml.etree import ElementTree

from drift_pipeline.judge.findings import Finding, Severity
from drift_pipeline.judge.words import kind_word, subject, visible
from drift_pipeline.report.explain import said
from drift_pipeline.report.report import Report
from drift_pipeline.report.verdict import coverage_line, verdict


def major_or_worse(finding: Finding) -> bool:
    """What makes a check fail unless somebody set it otherwise."""
    return finding.severity.rank >= Severity.MAJOR.rank


def to_junit(report: Report, *, fails: Callable[[Finding], bool] = major_or_worse) -> str:
    """The report as JUnit XML. `fails`: whether a finding that counts makes the check fail."""
    counted = _counted(report, fails)
    root = ElementTree.Element("testsuites", {"name": "schema drift", **counted})
    suite = ElementTree.SubElement(root, "testsuite", {**_about(report), **counted})
    _properties(suite, report)
    for finding in report.findings:
        _case(suite, finding, report, fails=fails)
    _faults(suite, report)
    if not (report.findings or report.model_faults):
        ElementTree.SubElement(suite, "testcase", _named(report, "schema", "equals the models", ""))
    ElementTree.SubElement(suite, "system-out").text = visible(f"{verdict(report)} {coverage_line(report.coverage)}")
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _counted(report: Report, fails: Callable[[Finding], bool]) -> dict[str, str]:
    faults = len(report.model_faults)
    return {
        "tests": str(len(report.findings) + faults or 1),
        "failures": str(sum(fails(finding) for finding in report.counting)),
        "errors": "0",
        "skipped": str(len(report.findings) - len(report.counting) + faults),
        "time": f"{sum(report.context.timings.values()):.3f}",
    }


def _about(report: Report) -> dict[str, str]:
    """Name, moment and machine of the suite; the format knows no time zone, so it is UTC."""
    context = report.context
    moment = context.checked_at.astimezone(UTC) if context.checked_at.tzinfo else context.checked_at
    return {
        "name": f"schema drift: {visible(context.environment)}",
        "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}",
        "hostname": visible(context.target),
    }


def _properties(suite: ElementTree.Element, report: Report) -> None:
    context = report.context
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (("environment", context.environment), ("branch", context.branch), ("commit", context.commit)):
        if value:
            ElementTree.SubElement(properties, "property", {"name": name, "value": visible(value)})


def _case(suite: ElementTree.Element, finding: Finding, report: Report, *, fails: Callable[[Finding], bool]) -> None:
    difference = finding.difference
    name = f"{subject(difference.id)} ({finding.rule})"
    kind = kind_word(difference.id.kind)
    case = ElementTree.SubElement(suite, "testcase", _named(report, kind, name, finding.location))
    text = "\n".join(visible(f"{part.label}: {part.text}") for part in said(finding, report.context.checked_at))
    if not finding.counts:
        ElementTree.SubElement(case, "skipped", {"message": visible(f"set aside: {finding.set_aside}")})
    elif fails(finding):
        about = {"message": finding.title, "type": finding.severity.value}
        ElementTree.SubElement(case, "failure", about).text = text
    else:
        ElementTree.SubElement(case, "system-out").text = f"{finding.severity.value}: {finding.title}\n{text}"


def _faults(suite: ElementTree.Element, report: Report) -> None:
    for fault in report.model_faults:
        case = ElementTree.SubElement(suite, "testcase", _named(report, "models", visible(fault.what), fault.location))
        ElementTree.SubElement(case, "skipped", {"message": visible(f"cannot be built: {fault.message}")})


def _named(report: Report, kind: str, name: str, location: str) -> dict[str, str]:
    """What identifies a test; `file` and `line` are read by GitLab and others that lead to the place."""
    named = {"classname": f"{visible(report.context.environment)}.{kind}", "name": name, "time": "0"}
    file, _, line = location.rpartition(":")
    if file and line.isdigit():
        named |= {"file": visible(f"{'' if file.startswith('/') else report.context.folder}{file}"), "line": line}
    return named
