"""Cron lines and time zones: what is refused here is refused by Dagster, and the other way round."""

from __future__ import annotations

import pytest
from dagster._utils.schedules import is_valid_cron_string

from drift_pipeline.cron import cron_problem, timezone_problem

LINES = [
    "0 2 * * *",
    "*/15 * * * *",
    "0 0 1 jan,feb mon-fri",
    "0 22-2 * * *",
    "0 0 * * fri-mon",
    "0 0 * * 7",
    "0 0 L * *",
    "0 0 * * 5#1",
    "0 2 * * ?",
    "0 0 29 2 *",
    "0 0 30 2 1",
    "1-5/2 * * * *",
    "@daily",
    "@Weekly",
    "60 * * * *",
    "0 24 * * *",
    "0 0 0 * *",
    "0 0 31 2 *",
    "0 0 30 feb *",
    "* * * *",
    "* * * * * *",
    "*/0 * * * *",
    "*-5 * * * *",
    "-1 * * * *",
    "H H * * *",
    "tomorrow at two",
    "",
    "0 2 * * * ; rm",
    "0,, 2 * * *",
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_taken_exactly_if_dagster_takes_it(line: str) -> None:
    assert (cron_problem(line) == "") is is_valid_cron_string(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 2 * *", "has 4 fields instead of five (minute, hour, day of the month, month, day of the week)"),
        ("0 2 * * funday", "'funday' is no day of the week (0 to 7)"),
        ("0 0 31 4,6 *", "names a day that no such month has"),
    ],
)
def test_what_is_wrong_is_said_in_a_few_words(line: str, said: str) -> None:
    assert cron_problem(line) == said


def test_time_zones_are_those_of_the_tz_database() -> None:
    assert timezone_problem("Europe/Berlin") == timezone_problem("UTC") == ""
    for name in ("Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "Europe", "UTC+2\0"):
        assert "is no time zone" in timezone_problem(name), name
