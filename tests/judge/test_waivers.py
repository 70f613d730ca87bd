"""Waivers: accepted findings are shown and do not count, until they end."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from drift_pipeline.diff.differences import Difference, SchemaDiff
from drift_pipeline.errors import ConfigError
from drift_pipeline.judge.findings import Finding
from drift_pipeline.judge.judge import judge
from drift_pipeline.judge.waivers import Waiver, apply_waivers
from drift_pipeline.waivers_file import FILE_NAME, read_waivers
from tests.judge.test_rules import NOTHING, extra, missing

TODAY = date(2026, 11, 22)


def findings(*differences: Difference) -> tuple[Finding, ...]:
    return judge(SchemaDiff(differences), NOTHING, NOTHING, environment="production")


def waiver(name: str, *, kind: str = "*", change: str = "", environment: str = "", until: date = TODAY) -> Waiver:
    return Waiver(name, "the report needs it", "ann", until, kind, change, environment, "drift-waivers.toml, entry 1")


OLD_INDEX = extra("index", "public", "orders", "ix_old")
NEW_COLUMN = missing("column", "public", "orders", "note", not_null=False)


def test_a_waived_finding_is_shown_with_owner_end_and_reason_and_does_not_count() -> None:
    (index, column), notes = apply_waivers(
        findings(OLD_INDEX, NEW_COLUMN)[::-1], [waiver("public.orders.ix_*", kind="index")], "production", TODAY
    )
    if index.difference.id.kind != "index":
        index, column = column, index
    assert index.set_aside == "waived by ann until 2026-11-22: the report needs it"
    assert not index.counts
    assert column.counts
    assert notes == ()


@pytest.mark.parametrize(
    "other",
    [
        waiver("public.orders.ix_old", kind="column"),
        waiver("public.orders.ix_old", change="missing"),
        waiver("ix_old"),
        waiver("PUBLIC.orders.ix_old"),
        waiver("public.orders.ix_old", environment="staging"),
    ],
)
def test_a_waiver_is_about_nothing_but_what_it_names(other: Waiver) -> None:
    (finding,), _ = apply_waivers(findings(OLD_INDEX), [other], "production", TODAY)
    assert finding.counts


def test_an_expired_waiver_counts_again_and_says_so_in_the_finding_and_in_a_note() -> None:
    ended = waiver("public.orders.ix_old", until=date(2026, 11, 21))
    (finding,), notes = apply_waivers(findings(OLD_INDEX), [ended], "production", TODAY)
    assert finding.counts
    assert finding.remark == "The waiver by ann expired on 2026-11-21: the report needs it."
    assert notes == (
        "drift-waivers.toml, entry 1: the waiver of public.orders.ix_old by ann expired on 2026-11-21: "
        "its findings count again",
    )


def test_a_waiver_that_still_holds_wins_over_one_that_ended() -> None:
    ended = waiver("public.orders.*", until=date(2026, 1, 1))
    (finding,), _ = apply_waivers(findings(OLD_INDEX), [ended, waiver("public.orders.ix_old")], "production", TODAY)
    assert not finding.counts


def test_a_waiver_that_matches_nothing_any_more_is_told_where_it_belongs() -> None:
    waivers = [waiver("public.gone", kind="table", change="extra"), waiver("public.x", environment="staging")]
    _, notes = apply_waivers(findings(OLD_INDEX), waivers, "production", TODAY)
    assert notes == (
        "drift-waivers.toml, entry 1: the waiver of extra table public.gone matches nothing in production any more",
    )


GOOD = """
[[waiver]]
kind = "index"
name = "public.orders.ix_old"
change = "extra"
environment = "staging"
reason = "the report needs it"
owner = "ann@example.com"
expires = 2027-01-31
"""


def test_the_file_is_read_as_it_is_documented(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(GOOD + GOOD.replace("2027-01-31", '"2027-02-01"'))
    first, second = read_waivers(tmp_path, {"staging": 1})
    assert (first.kind, first.name, first.change, first.environment) == (
        "index", "public.orders.ix_old", "extra", "staging",
    )  # fmt: skip
    assert (first.owner, first.expires, second.expires) == ("ann@example.com", date(2027, 1, 31), date(2027, 2, 1))
    assert second.where == "drift-waivers.toml, entry 2"


def test_without_the_file_nothing_is_waived(tmp_path: Path) -> None:
    assert read_waivers(tmp_path) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('reason = "the report needs it"', "", "entry 1 (public.orders.ix_old) has no reason"),
        ('reason = "the report needs it"', 'reason = ""', "has no reason"),
        ('reason = "the report needs it"', 'reason = "  "', "reason must be a text"),
        ('owner = "ann@example.com"', "", "has no owner"),
        ("expires = 2027-01-31", "", "has no expires"),
        ("expires = 2027-01-31", 'expires = "soon"', "expires is no date"),
        ("expires = 2027-01-31", "expires = 3", "expires is no date"),
        ('name = "public.orders.ix_old"', "", "entry 1 has no name"),
        ('name = "public.orders.ix_old"', "name = 3", "name must be a text"),
        ('change = "extra"', 'change = "dropped"', "change is none of missing, extra, changed, renamed"),
        ('environment = "staging"', 'environment = "prod"', "there is no environment 'prod'"),
        ('owner = "ann@example.com"', 'ownr = "ann"', "unknown key 'ownr'"),
        ("[[waiver]]", "[[waivers]]", "'waivers' is not understood"),
        ("[[waiver]]", "[waiver]", "'waiver' is not understood"),
        ("[[waiver]]", "[[waiver", "not valid TOML"),
    ],
)
def test_a_waiver_that_is_half_said_is_refused_and_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / FILE_NAME).write_text(GOOD.replace(old, new))
    with pytest.raises(ConfigError) as raised:
        read_waivers(tmp_path, {"staging", "production"})
    assert said in raised.value.message
    assert FILE_NAME in raised.value.message
    assert raised.value.hint
