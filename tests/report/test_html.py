"""drift-report.html: one file, whose names are text and whose only script is its own."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from drift_pipeline.judge.words import dotted
from drift_pipeline.report import render
from tests.report.example import CLEAN, HOSTILE, ONLINE, ORDINARY, extra, hostile_steps, report

VOID = {"meta", "input", "br"}
EMPTY_ATTRIBUTES = {"hidden", "checked"}


class Document(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.open: list[str] = []
        self.unclosed: list[str] = []
        self.text: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
            self.text.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.unclosed.append(tag)
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.text[tag][-1] += data


def test_every_element_is_closed_where_it_should_be() -> None:
    for made in (CLEAN, ORDINARY, ONLINE, hostile_steps()):
        document = Document(render.to_html(made))
        assert document.unclosed == []
        assert document.open == []


def test_hostile_names_are_text_and_nothing_else() -> None:
    document = Document(render.to_html(hostile_steps()))
    assert document.tags.count("script") == document.tags.count("style") == 1
    assert not {"img", "a", "iframe", "object", "link", "svg"} & set(document.tags)
    titles = " ".join(document.text["summary"])
    for name in HOSTILE:
        assert dotted(("public", name)) in titles


def test_no_attribute_holds_a_name_or_an_address() -> None:
    document = Document(render.to_html(hostile_steps()))
    for tag, name, value in document.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in {"src", "href", "style", "srcset"}
        assert re.fullmatch(r"[\w\s:,;='./+-]*", value or ""), (tag, name, value)
        assert "http:" not in (value or "")


def test_the_policy_allows_just_the_scripts_and_styles_of_the_page() -> None:
    document = Document(render.to_html(ORDINARY))
    (policy,) = (
        value for tag, name, value in document.attributes if tag == "meta" and (value or "").startswith("default")
    )
    for tag in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(document.text[tag][0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in str(policy)
    assert str(policy).startswith("default-src 'none'")


def test_each_table_and_field_has_its_name_for_a_screen_reader() -> None:
    document = Document(render.to_html(ORDINARY))
    assert ("html", "lang", "en") in document.attributes
    assert document.tags.count("caption") == document.tags.count("table")
    assert document.tags.count("label") == document.tags.count("input")
    assert document.tags.count("legend") == document.tags.count("fieldset")
    cells = document.tags.count("th")
    assert sum(tag == "th" and name == "scope" for tag, name, _ in document.attributes) == cells
    assert document.tags.count("h1") == 1


def test_before_and_after_stand_side_by_side() -> None:
    document = Document(render.to_html(ORDINARY))
    cells = document.text["td"]
    at = cells.index("numeric(10,2)")
    assert cells[at + 1] == "numeric(12,2)"


def test_the_page_says_verdict_coverage_advice_and_faults() -> None:
    document = Document(render.to_html(ORDINARY))
    (text,) = document.text["body"]
    for words in (
        "Breaks the application now: column public.orders.total",
        "Not compared: 2 triggers",
        "maintenance window",
        'function "f" does not exist',
        "5 differences",
    ):
        assert words in text
    assert document.text["pre"][0] == render.to_sql(ORDINARY)


def test_steps_for_a_database_in_use_are_shown_with_what_they_do_to_others() -> None:
    (text,) = Document(render.to_html(ONLINE)).text["body"]
    for words in (
        "In steps, for a database in use",
        "build the index not in a transaction",
        "drop the table not online",
        "nothing makes it gentler",
        "locks public.legacy (12 MB) for an instant",
        "an index was left as it is",
    ):
        assert words in text


def test_no_drift_is_said_with_what_was_not_compared() -> None:
    (text,) = Document(render.to_html(CLEAN)).text["body"]
    assert "No drift in production." in text
    assert "Not compared: 2 triggers" in text


def test_a_huge_report_is_cut_with_a_word_on_how_many_more() -> None:
    text = render.to_html(report(*(extra("table", "public", f"t{number}") for number in range(3000))))
    assert "and 1000 more, in drift-report.json" in text
    assert len(text) < 5_000_000
