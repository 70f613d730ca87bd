"""drift-report.html as a browser shows it: filters, phones, dark rooms, printers, screen readers, hostile names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drift_pipeline.plan.statements import Alternative, Cost, Proof
from drift_pipeline.report import render
from drift_pipeline.report.report import Report
from tests.report.example import CLEAN, ONLINE, ORDINARY, hostile_steps

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Checked:
    checked_at: datetime
    critical: int
    major: int
    minor: int
    new: int = 0
    resolved: int = 0


POINTS = [
    Checked(datetime(2026, 11, 1, 2, 0, tzinfo=UTC) + timedelta(days=day), day % 3, 2, 1 + day % 2) for day in range(21)
]

FULL = replace(
    ORDINARY,
    plan=replace(
        ORDINARY.plan,
        cost=Cost(data_loss=1, rewrites=2, locks=1, scans=1, statements=3),
        alternatives=(Alternative("native", Proof.PROVEN, Cost(rewrites=1)),),
        statements=(
            replace(ORDINARY.plan.statements[0], drops=("table public.legacy",), locks=("public.legacy",)),
            *ORDINARY.plan.statements[1:],
        ),
    ),
)

EVERYTHING = {"full": FULL, "online": ONLINE, "clean": CLEAN, "hostile": hostile_steps()}


@pytest.fixture(params=EVERYTHING)
def shown(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a page, for each of the reports."""
    return written(EVERYTHING[request.param], tmp_path)


@pytest.fixture
def full(tmp_path: Path) -> str:
    return written(FULL, tmp_path)


def written(report: Report, folder: Path, points: Sequence[Checked] = POINTS) -> str:
    file = folder / "drift-report.html"
    file.write_text(render.to_html(report, points=points), encoding="utf-8")
    return file.as_uri()


def opened(page: Page, address: str) -> Page:
    """The page with all of its details open."""
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    return page


def visible_findings(page: Page) -> int:
    return page.locator("details.finding:visible").count()


def test_filters_hide_what_nobody_asked_for_and_say_how_much_is_shown(page: Page, full: str) -> None:
    page.goto(full)
    assert visible_findings(page) == 5
    page.get_by_label("minor").uncheck()
    assert visible_findings(page) == 3
    assert page.get_by_role("status").inner_text() == "3 of 5 shown"
    page.get_by_label("critical").uncheck()
    page.get_by_label("major").uncheck()
    assert visible_findings(page) == 0
    page.get_by_label("major").check()
    page.get_by_label("minor").check()
    page.get_by_label("breaks").uncheck()
    assert visible_findings(page) == 2
    page.get_by_label("breaks").check()
    page.get_by_label("critical").check()
    page.get_by_label("Words").fill("ORDERS numeric")
    assert page.get_by_role("status").inner_text() == "1 of 5 shown"
    assert "numeric(10,2)" in page.locator("details.finding:visible").inner_text()
    page.get_by_label("Words").press("Enter")
    assert page.url == full


def test_filters_work_from_the_keyboard_alone(page: Page, full: str) -> None:
    page.goto(full)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert visible_findings(page) == 4
    while page.evaluate("document.activeElement.tagName") != "SUMMARY":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("details.finding[open]").count() == 1
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"


def test_nothing_is_asked_of_any_network_and_nothing_is_refused(page: Page, shown: str) -> None:
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    opened(page, shown)
    page.wait_for_load_state("networkidle")
    assert asked == [shown]
    assert said == []


def test_hostile_names_do_nothing(page: Page, tmp_path: Path) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    opened(page, written(hostile_steps(), tmp_path))
    assert dialogs == []
    counted = page.evaluate(
        "['script', 'img', 'a', 'iframe', 'style'].map((tag) => document.querySelectorAll(tag).length)"
    )
    assert counted == [1, 0, 0, 0, 1]
    page.get_by_label("Words").fill("<script>alert(1)</script>")
    assert visible_findings(page) >= 3


@pytest.mark.parametrize("width", [320, 360, 768])
def test_on_a_phone_nothing_has_to_be_moved_sideways(width: int, browser: Browser, shown: str) -> None:
    with browser.new_context(viewport={"width": width, "height": 740}) as context:
        page = opened(context.new_page(), shown)
        wide = page.evaluate(
            """() => [...document.querySelectorAll('body *')]
                .filter((one) => !one.closest('pre, svg') && one.scrollWidth > one.clientWidth + 1 && one.clientWidth)
                .map((one) => one.outerHTML.slice(0, 120))"""
        )
        assert wide == []
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1400])
def test_axe_finds_nothing_that_keeps_people_out(scheme: str, width: int, browser: Browser, shown: str) -> None:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - only who looks at pages pays for it

    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:  # type: ignore[arg-type]  # a literal
        page = opened(context.new_page(), shown)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        # contrast is among what it looked at, and headings, labels and the language as well
        passed = {rule["id"] for rule in found.response["passes"]}
        assert {"color-contrast", "document-title", "html-has-lang", "heading-order", "landmark-one-main"} <= passed


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_ground_follows_what_the_reader_prefers(scheme: str, browser: Browser, full: str) -> None:
    with browser.new_context(color_scheme=scheme) as context:  # type: ignore[arg-type]  # a literal
        page = context.new_page()
        page.goto(full)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        chart = page.evaluate("getComputedStyle(document.querySelector('figure svg rect')).fill")
    assert (ground == "rgb(255, 255, 255)") is (scheme == "light")
    assert chart == ground


def test_the_trend_is_drawn_named_and_there_as_a_table(page: Page, full: str) -> None:
    opened(page, full)
    chart = page.get_by_role("img", name="Findings in production over time")
    box = chart.bounding_box()
    assert box
    assert box["width"] > 300
    page.set_viewport_size({"width": 360, "height": 740})
    assert chart.count() == 1
    small = chart.bounding_box()
    assert small
    scale = page.evaluate(
        """() => [...document.querySelectorAll('figure svg')].map((one) => one.getBoundingClientRect().width
            / one.viewBox.baseVal.width).find((scale) => scale > 0)"""
    )
    assert 12 * scale > 10  # its words stay readable
    table = page.get_by_role("table", name="Findings at each check")
    assert table.get_by_role("row").count() == len(POINTS) + 1


def test_the_plan_says_of_each_statement_what_it_costs(page: Page, full: str) -> None:
    opened(page, full)
    table = page.get_by_role("table", name="Statement by statement")
    first = table.get_by_role("row").nth(1).inner_text()
    assert 'DROP TABLE "public"."legacy"' in first
    assert "loses table public.legacy; locks against readers and writers public.legacy" in first
    assert "loses data or objects" in first
    text = page.locator("main").inner_text()
    assert "All of it loses 1 table or column, rewrites 2 tables" in text
    assert "native, proven: rewrites 1 table" in text


def test_on_paper_everything_is_open_and_the_filters_are_gone(page: Page, full: str) -> None:
    page.goto(full)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.finding[open]").count() == 5
    assert not page.locator("#filters").is_visible()
    assert page.get_by_text("The live type is too narrow").is_visible()
    assert page.pdf().startswith(b"%PDF")


@pytest.fixture
def without_script(browser: Browser) -> Iterator[Page]:
    with browser.new_context(java_script_enabled=False) as context:
        yield context.new_page()


def test_without_scripts_it_is_all_there_but_the_filters(without_script: Page, full: str) -> None:
    without_script.goto(full)
    assert visible_findings(without_script) == 5
    assert not without_script.locator("#filters").is_visible()
