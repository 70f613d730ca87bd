"""The trend's picture: what is drawn, what is read aloud, and that nothing in a name becomes markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta

import pytest

from drift_pipeline.history.trend import TrendPoint
from drift_pipeline.report.chart import in_words, sparkline, trend_chart

BEGIN = datetime(2026, 3, 1, 2, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def point(day: float, critical: int = 0, major: int = 0, minor: int = 0) -> TrendPoint:
    when = BEGIN + timedelta(days=day)
    return TrendPoint(when, f"run {day}", "none", critical, major, minor, 0, 0, 0)


def drawn(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def tops(svg: str) -> dict[str, list[tuple[float, float]]]:
    """Corners of each severity's area, by the name of its colour."""
    found = {}
    for path in drawn(svg).iter(f"{SVG}path"):
        level = re.search(r"--chart-(\w+)", path.get("fill", ""))
        assert level
        pairs = re.findall(r"([\d.]+),([\d.]+)", path.get("d", ""))
        found[level[1]] = [(float(x), float(y)) for x, y in pairs]
    return found


def test_a_step_is_as_high_as_its_count_and_stands_on_what_is_worse() -> None:
    areas = tops(trend_chart([point(0, critical=1, minor=1), point(1, critical=2)], width=460, height=162))
    # 162 pixels less margins are 100 from 0 to 2; 460 less margins are 400, half of it for each check
    assert areas["critical"][:4] == [(44, 84), (244, 84), (244, 34), (444, 34)]
    assert areas["minor"][:4] == [(44, 34), (244, 34), (244, 34), (444, 34)]
    assert "major" not in areas


def test_time_is_to_scale_and_not_one_column_a_check() -> None:
    areas = tops(trend_chart([point(0, critical=1), point(8, critical=2), point(9, critical=3)]))
    first, second = areas["critical"][1][0] - areas["critical"][0][0], areas["critical"][3][0] - areas["critical"][2][0]
    assert first == pytest.approx(8 * second, rel=0.02)


def test_it_is_read_aloud_as_a_title_and_one_sentence() -> None:
    svg = drawn(trend_chart([point(0, major=4), point(2, critical=1, minor=2)], title="production"))
    assert svg.get("role") == "img"
    assert svg[0].tag == f"{SVG}title"
    assert svg[0].text == "production"
    assert svg[1].text == (
        "2 checks, 2026-03-01 to 2026-03-03; at the last one 1 critical, 0 major, 2 minor; at most 4 findings."
    )


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a & b", "]]>", "x\x00\x07y", 'q"q', "日本 🔴", "\u202eabc"]
)
def test_a_name_is_shown_and_never_markup(name: str) -> None:
    svg = drawn(trend_chart([point(0, 1)], title=name))
    assert {element.tag for element in svg.iter()} <= {
        SVG + tag for tag in ("svg", "title", "desc", "rect", "line", "text", "path")
    }
    assert "style" not in {attribute for element in svg.iter() for attribute in element.attrib}


def test_without_checks_it_says_so() -> None:
    assert "no check yet" in trend_chart([])
    assert in_words([]) == "No check yet."


def test_one_check_fills_the_width_and_no_findings_are_an_empty_frame() -> None:
    assert tops(trend_chart([point(0, 1)], width=460))["critical"][:2] == [(44, 34), (444, 34)]
    assert tops(trend_chart([point(0), point(1)])) == {}


def test_checks_of_the_same_moment_and_huge_counts_are_drawn() -> None:
    drawn(trend_chart([point(0, 1), point(0, 2)]))
    svg = trend_chart([point(0, minor=123_456)])
    assert len(list(drawn(svg).iter(f"{SVG}line"))) <= 6


def test_thousands_of_checks_stay_small_and_keep_their_peak() -> None:
    points = [point(day / 24, critical=7 if day == 4321 else 0) for day in range(10_000)]
    svg = trend_chart(points)
    assert len(svg) < 120_000
    assert min(y for _, y in tops(svg)["critical"]) < 60
    assert "at most 7 findings" in svg


@pytest.mark.parametrize("many", [0, 1, 2, 30, 1000])
def test_a_sparkline_fits_into_its_room_whatever_there_is_to_draw(many: int) -> None:
    points = [point(day, day % 7, day % 5, day % 3) for day in range(many)]
    svg = sparkline(points, most=600)
    assert len(svg) <= 600
    drawn(svg)


def test_a_sparkline_draws_what_is_worse_upon_the_whole() -> None:
    svg = sparkline([point(0, critical=1, minor=1), point(1, major=2), point(2, major=2), point(3, minor=4)])
    paths = [(path.get("fill"), path.get("d")) for path in drawn(svg).iter(f"{SVG}path")]
    assert paths == [
        ("#a88a00", "M0 24V12H90V0H120V24z"),
        ("#c76f12", "M0 24V18H30V12H90V24H120V24z"),
        ("#d0392f", "M0 24V18H30V24H120V24z"),
        (None, "M0 24h120"),
    ]


def test_one_finding_among_thousands_is_still_seen_in_a_sparkline() -> None:
    assert "V23H" in sparkline([point(0, minor=5000), point(1, critical=1)])
