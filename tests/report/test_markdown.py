"""drift-summary.md, as a Markdown renderer shows it: names are names there, and nothing else."""

from __future__ import annotations

import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from drift_pipeline.judge.words import dotted, visible
from drift_pipeline.report import render
from drift_pipeline.report.escape import code, fence, markdown, markdown_line
from tests.report.example import CLEAN, HOSTILE, ORDINARY, extra, hostile_report, missing, report

PARSER = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])


class Page(HTMLParser):
    """What a browser would make of the page: its elements, and the text inside some of them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.open: list[str] = []
        self.codes: list[str] = []
        self.blocks: list[str] = []
        self.rows: list[int] = []
        self.text = ""
        self.feed(PARSER.render(text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1
        if tag == "code":
            (self.blocks if "pre" in self.open else self.codes).append("")
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.text += data
        if "code" in self.open:
            (self.blocks if "pre" in self.open else self.codes)[-1] += data

    def handle_comment(self, data: str) -> None:
        self.elements.append("comment")


SAFE = {"h1", "h2", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "ul", "li", "br"}


def test_hostile_names_make_no_element() -> None:
    page = Page(render.to_markdown(hostile_report(), findings=1000))
    assert set(page.elements) <= SAFE


def test_hostile_names_are_shown_as_they_are() -> None:
    page = Page(render.to_markdown(hostile_report(), findings=1000))
    assert {dotted(("public", name)) for name in HOSTILE} <= set(page.codes)
    assert {dotted(("public", "t", name)) for name in HOSTILE} <= set(page.codes)
    shown = " ".join(page.text.split())
    for name in HOSTILE:
        assert " ".join(visible(f"perhaps {name}").split()) in shown


def test_every_row_has_the_columns_of_its_table() -> None:
    page = Page(render.to_markdown(hostile_report(), findings=1000))
    assert set(page.rows) <= {2, 3}
    assert page.rows.count(3) >= 3 * len(HOSTILE)


def test_the_sql_is_shown_to_the_letter_whatever_backticks_it_has() -> None:
    hostile = hostile_report()
    page = Page(render.to_markdown(hostile))
    assert page.blocks[-1] == render.to_sql(hostile)
    assert len(page.blocks) == 1 + sum(bool(finding.adoption) for finding in hostile.findings)


def test_a_fence_is_longer_than_any_run_of_backticks() -> None:
    assert fence("no") == "```"
    assert fence("a ``` b ````` c") == "``````"


def test_each_name_alone_survives_the_escapes() -> None:
    for name in HOSTILE:
        shown = visible(name)
        for text in (f"a {markdown(name)} b", f"- {markdown_line(name)}", f"| x |\n|---|\n| {markdown(name)} |"):
            assert shown.strip() in Page(text).text.replace("\n", " ")
            assert set(Page(text).elements) <= SAFE
        in_cell = Page(f"| x |\n|---|\n| {code(name)} |")
        assert in_cell.codes == [shown]
        assert in_cell.rows == [1, 1]


def test_nobody_is_mentioned() -> None:
    text = markdown("ask @everyone about #1")
    assert "@everyone" not in text
    assert Page(text).codes == ["@", "#"]


def test_a_report_has_what_the_base_asks_for() -> None:
    text = render.to_markdown(ORDINARY)
    page = Page(text)
    assert text.startswith("# 🔴 Schema drift: production")
    for words in (
        "Breaks the application now: column public.orders.total is numeric(10,2) in production",
        "Compared: 214 facts in schemas public, billing. Not compared: 2 triggers",
        "🔴 Critical (1)",
        "🟠 Major (2)",
        "🟡 Minor (2)",
        "Review every DROP",
        "Back up the database",
        "maintenance window",
        "when traffic is low",
        "next regular release",
        'function "f" does not exist',
        "abc1234def56",
    ):
        assert words in page.text, words
    assert "drop table" in page.blocks[0].lower()


def test_no_drift_is_said_with_what_was_not_compared() -> None:
    page = Page(render.to_markdown(CLEAN))
    assert "No drift in production." in page.text
    assert "Not compared: 2 triggers" in page.text
    assert not page.blocks


def test_what_was_set_aside_is_listed_apart() -> None:
    aside = replace(ORDINARY.findings[0], set_aside="known to the plugin team")
    page = Page(render.to_markdown(replace(ORDINARY, findings=(aside, *ORDINARY.findings[1:]))))
    assert "Set aside (1)" in page.text
    assert "known to the plugin team" in page.text


def test_a_huge_report_is_cut_with_a_word_on_how_many_more() -> None:
    huge = report(*(extra("table", "public", f"{number:05}_{'n' * 50}") for number in range(5000)))
    began = time.monotonic()
    text = render.to_markdown(huge)
    assert time.monotonic() - began < 30
    assert len(text.encode()) < 500_000
    assert "… and 4800 more, in `drift-report.json`" in text
    assert "🔴 Critical (5000)" in text


def test_the_report_of_one_minor_difference_is_short() -> None:
    text = render.to_markdown(report(missing("index", "public", "t", "i", unique=False)))
    assert "Critical (" not in text
    assert "Review every DROP" not in text
    assert len(text.splitlines()) < 50


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ci.example/acme/shop/runs/1?a=1&b=2", True),
        ("", False),
        ("javascript:alert(1)", False),
        ("https://ci.example/> <script>", False),
        ("https://ci.example/a|b", False),
    ],
)
def test_the_full_report_is_linked_where_its_address_is_one(address: str, shown: bool) -> None:
    text = render.to_markdown(replace(ORDINARY, context=replace(ORDINARY.context, url=address)))
    assert (f"| Full report | <{address}> |" in text) is shown
    assert ("Full report" in text) is shown
