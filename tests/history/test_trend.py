"""First seen, age, new, resolved, come back: expectations written by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from drift_pipeline.history.checks import CheckRecord, SeenFinding
from drift_pipeline.history.trend import Seen, TrendPoint, movement, trend

START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def check(number: int, *keys: str, severity: str = "minor") -> CheckRecord:
    return CheckRecord(
        environment="production",
        run_id=f"run-{number}",
        checked_at=day(number),
        severity=severity,
        counts={"critical": 0, "major": 0, "minor": len(keys)},
        breaks=1,
        live_fingerprint="l",
        model_fingerprint="m",
        commit=f"c{number}",
        findings={key: SeenFinding("minor", "none", f"title of {key}") for key in keys},
    )


def test_a_finding_is_as_old_as_the_unbroken_row_of_checks_that_show_it() -> None:
    earlier = [check(0), check(1, "a"), check(2, "a", "b"), check(3, "a")]
    seen = movement({"a", "b"}, day(4), earlier).since

    assert seen["a"] == Seen(day(1), 4)
    assert seen["a"].age(day(4)) == timedelta(days=3)
    assert seen["b"] == Seen(day(4), 1, came_back=day(2))


def test_what_is_new_and_what_is_resolved_is_told_against_the_check_before() -> None:
    moved = movement({"kept", "new"}, day(2), [check(0, "long gone"), check(1, "kept", "gone")])

    assert moved.new == ("new",)
    assert dict(moved.resolved or {}) == {"gone": SeenFinding("minor", "none", "title of gone")}
    assert moved.previous == day(1)
    assert moved.changed


def test_the_same_findings_as_before_are_no_change() -> None:
    assert not movement({"a"}, day(1), [check(0, "a")]).changed
    assert not movement((), day(1), [check(0)]).changed


def test_the_first_check_knows_no_new_and_no_resolved_and_counts_as_a_change_if_it_found_anything() -> None:
    first = movement({"a"}, day(0), [])
    assert (first.new, first.resolved, first.previous) == ((), None, None)
    assert first.changed
    assert not movement((), day(0), []).changed


def test_a_clock_that_went_backwards_gives_no_negative_age() -> None:
    assert Seen(day(3), 1).age(day(1)) == timedelta(0)


def test_the_trend_is_the_last_checks_with_what_came_and_went() -> None:
    rows = trend([check(0, "a"), check(1, "a", "b"), check(2, "b", "c", "d")], last=2)

    assert rows == [
        TrendPoint(day(1), "run-1", "minor", 0, 0, 2, 1, new=1, resolved=0, commit="c1"),
        TrendPoint(day(2), "run-2", "minor", 0, 0, 3, 1, new=2, resolved=1, commit="c2"),
    ]
    assert trend([]) == []
