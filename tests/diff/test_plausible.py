"""A server is asked to print again only what may be the other side's text in other words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from drift_pipeline.diff.plausible import WherePlausible
from drift_pipeline.schema.facts import Fact, FactId, Schema

COLUMN = FactId("column", ("public", "t", "a"))


class Asked:
    """A printer that keeps what it is asked for, and prints nothing."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def printed_again(self, facts: Sequence[Fact], schema: Schema) -> Sequence[Fact | None]:
        self.facts += facts
        return [None] * len(facts)


def asked_about(one: str, other: str, *versions: int) -> bool:
    sides = [
        Schema({COLUMN: Fact(COLUMN, {"default": text})}, version)
        for text, version in zip((one, other), versions or (180000, 180000), strict=True)
    ]
    printer = Asked()
    found = WherePlausible(printer, *sides).printed_again(list(sides[0].facts.values()), sides[0])
    assert found == [None]
    return bool(printer.facts)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ROW(1, NULL::integer)", "ROW(1, NULL)"),
        ("((a > 1) AND (b > 2))", "(a > 1 AND b > 2)"),
        ("'x'::character varying(20)", "'x'::text"),
        ("'1'::numeric(10,2)[]", "'1'"),
        ("'2020-01-01'::timestamp without time zone", "'2020-01-01'::date"),
        ("f('a''b'::public.\"odd type\")", "f('a''b')"),
    ],
)
def test_casts_and_parentheses_may_be_another_spelling(one: str, other: str) -> None:
    assert asked_about(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", "2"), ("'a'", "'A'"), ("now()", "clock_timestamp()"), ("'a b'", "'ab'"), ("a > 1", "a >= 1"), ("1", "")],
)
def test_other_words_of_the_same_major_are_a_difference_without_a_server(one: str, other: str) -> None:
    assert not asked_about(one, other)
    assert asked_about(one, other, 150000, 180000), "another major may print anything otherwise"
