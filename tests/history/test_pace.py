"""How long drift stays, and the page that shows it: expectations written by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from drift_pipeline.errors import StoreError
from drift_pipeline.history.checks import CheckRecord, SeenFinding
from drift_pipeline.history.pace import Pace, pace
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.history.trend_page import LAST, PAGE, to_page, totals, trends_of

START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def check(number: float, *keys: str, environment: str = "production") -> CheckRecord:
    return CheckRecord(
        environment=environment,
        run_id=f"run-{environment}-{number}",
        checked_at=day(number),
        severity="major" if keys else "none",
        counts={"critical": 0, "major": len(keys), "minor": 0},
        breaks=0,
        live_fingerprint="l",
        model_fingerprint="m",
        findings={key: SeenFinding("major", "none", f"title of {key}") for key in keys},
    )


def test_the_oldest_finding_of_now_counts_from_when_it_was_last_not_there() -> None:
    found = pace([check(0, "a"), check(1), check(2, "a", "b"), check(5, "a", "b", "c")])
    assert found.oldest == day(2)
    assert found.oldest_age(day(6)) == timedelta(days=4)


def test_time_to_repair_is_from_the_first_check_that_saw_it_to_the_first_that_did_not() -> None:
    found = pace([check(0, "quick", "slow", "stays"), check(2, "slow", "stays"), check(9, "stays"), check(10, "stays")])
    assert (found.repaired, found.typical, found.longest) == (2, timedelta(days=2), timedelta(days=9))
    assert found.oldest == day(0)


def test_what_comes_back_is_repaired_twice() -> None:
    found = pace([check(0, "a"), check(1), check(4, "a"), check(8)])
    assert (found.repaired, found.typical, found.longest) == (2, timedelta(days=1), timedelta(days=4))
    assert found.oldest is None


def test_without_checks_or_findings_there_is_nothing_to_tell() -> None:
    assert pace([]) == pace([check(0), check(1)]) == Pace()


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    kept = ArtifactStore(str(tmp_path))
    for record in (
        check(0, "a", "b"),
        check(1, "a"),
        check(0.5, environment="staging"),
        check(1.5, "x", environment="staging"),
    ):
        kept.write(record.environment, record.run_id, {"drift-summary.md": "x"}, check=record)
    return kept


def test_the_whole_is_the_sum_of_what_each_environment_had_at_that_moment(store: ArtifactStore) -> None:
    sums = totals(trends_of(store, ["production", "staging"]))
    assert [(each.checked_at, each.major) for each in sums] == [(day(0), 2), (day(0.5), 2), (day(1), 1), (day(1.5), 2)]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> _Tags:
    parser = _Tags()
    parser.feed(page)
    return parser


def test_the_page_shows_each_environment_and_needs_no_network(store: ArtifactStore) -> None:
    page = to_page(trends_of(store, ["production", "staging", "empty"]), day(3))
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)]
    assert rows[1:] == [
        "production major 0 1 0 0 3 days 1 1 day 2026-03-02 02:00 UTC",
        "staging major 0 1 0 0 1.5 days 0 - 2026-03-02 14:00 UTC",
        "empty no check yet",
    ]
    assert read(page).tags.count("svg") == 4
    assert not re.search(r"""(?:src|href)=["'](?!#)""", page)
    assert not re.search(r"\sstyle=", page)


def test_a_hostile_name_is_text_on_the_page() -> None:
    store = ArtifactStore("memory://trend-of-hostile-names")
    name = '<script>alert(1)</script>" onload=x'
    record = check(0, "a", environment=name)
    store.write(name, "run", {}, check=record)
    parsed = read(to_page(trends_of(store, [name, "other"]), day(1)))
    assert "script" not in parsed.tags
    assert "<script>alert(1)</script>" in parsed.text


def test_long_histories_are_cut_and_say_so(tmp_path: Path) -> None:
    store = ArtifactStore(str(tmp_path))
    for number in range(LAST + 10):
        store.write("production", f"{number}", {}, check=check(number, "a"))
    (only,) = trends_of(store, ["production"])
    assert (len(only.points), only.checks) == (LAST, LAST + 10)
    assert f"The newest {LAST} of {LAST + 10} checks." in to_page([only], day(200))


def test_a_page_about_all_lies_beside_the_environments_and_is_none(store: ArtifactStore, tmp_path: Path) -> None:
    assert store.page(PAGE) is None
    place = store.write_page(PAGE, "<p>one\r\n")
    assert store.write_page(PAGE, "<p>two\r\n") == place == str(tmp_path / PAGE)
    assert store.page(PAGE) == "<p>two\r\n"
    assert store.environments() == ["production", "staging"]
    with pytest.raises(StoreError):
        store.write_page("../outside.html", "x")
