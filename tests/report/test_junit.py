"""drift-report.xml, as an independent reader of JUnit's XML understands it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from xml.etree import ElementTree

import junitparser
import pytest

from drift_pipeline.exit_codes import fails
from drift_pipeline.judge.words import visible
from drift_pipeline.report import render
from drift_pipeline.report.report import Report
from tests.report.example import CLEAN, HOSTILE, ORDINARY, hostile_report


def read(text: str) -> junitparser.TestSuite:
    parsed = junitparser.JUnitXml.fromstring(text.encode())
    (suite,) = parsed
    return suite


def kinds(suite: junitparser.TestSuite) -> list[str]:
    return [type(case.result[0]).__name__ if case.result else "passed" for case in suite]


def test_each_finding_is_a_test_that_fails_from_major_on() -> None:
    suite = read(render.to_junit(ORDINARY))
    assert suite.name == "schema drift: production"
    expected = ["Failure" if item.severity.rank >= 2 else "passed" for item in ORDINARY.findings]
    assert kinds(suite) == [*expected, "Skipped"]
    first = next(iter(suite))
    assert first.name == "table public.legacy (T01)"
    assert first.classname == "production.table"
    assert first.result[0].type == "critical"
    assert first.result[0].message == ORDINARY.findings[0].title
    assert "The table and all its rows would be lost" in first.result[0].text


@pytest.mark.parametrize(("fail_on", "failures"), [("minor", 5), ("major", 3), ("critical", 1), ("never", 0)])
def test_what_fails_is_what_makes_the_check_fail(fail_on: str, failures: int) -> None:
    text = render.to_junit(ORDINARY, fails=partial(fails, fail_on=fail_on))
    assert kinds(read(text)).count("Failure") == failures


@pytest.mark.parametrize("made", [CLEAN, ORDINARY, hostile_report()], ids=["clean", "ordinary", "hostile"])
def test_the_numbers_at_the_top_are_those_of_the_tests(made: Report) -> None:
    suite = read(render.to_junit(made))
    stated = (suite.tests, suite.failures, suite.errors, suite.skipped)
    suite.update_statistics()
    assert stated == (suite.tests, suite.failures, suite.errors, suite.skipped)


def test_no_drift_is_one_test_that_passed() -> None:
    suite = read(render.to_junit(CLEAN))
    assert kinds(suite) == ["passed"]
    assert "Not compared: " in ElementTree.tostring(suite._elem, encoding="unicode")


def test_what_is_set_aside_is_skipped_with_its_reason() -> None:
    aside = replace(ORDINARY.findings[0], set_aside="accepted by ann")
    first = next(iter(read(render.to_junit(replace(ORDINARY, findings=(aside,))))))
    assert first.result[0].message == "set aside: accepted by ann"


def test_hostile_names_are_text() -> None:
    text = render.to_junit(hostile_report())
    names = {case.name for case in read(text)}
    assert len(names) >= 3 * len(HOSTILE)
    assert not set(text) & set("\x1b\x00\x07\u202e")
    assert any(visible("<script>alert(1)</script>") in name for name in names)


def test_a_test_names_file_and_line_of_the_model_within_the_repository() -> None:
    placed = replace(
        ORDINARY,
        findings=(replace(ORDINARY.findings[0], location="shop/models.py:12"),),
        context=replace(ORDINARY.context, folder="backend/"),
    )
    case = next(iter(read(render.to_junit(placed))))
    assert case._elem.attrib["file"] == "backend/shop/models.py"
    assert case._elem.attrib["line"] == "12"
