"""Identifiers in SQL text, as PostgreSQL's lexer takes them (manual, 4.1.1)."""

from __future__ import annotations

import re

import pytest

from drift_pipeline.plan.shapes import IDENTIFIER, parts_of, shape


@pytest.mark.parametrize(
    "name",
    ["orders", "_x", "Orders_2", "a$b", "größe", "ÄRGER", "таблица", "表", "a\u0301b", "😀", '"x ""y"" z"', '"1"'],
)
@pytest.mark.parametrize("flags", [0, re.IGNORECASE])
def test_a_name_is_taken_whole(name: str, flags: int) -> None:
    found = re.match(IDENTIFIER, f"{name} more", flags)
    assert found is not None
    assert found[0] == name


@pytest.mark.parametrize("text", ["1a", "$1", "-a", "(a", "'a'", ".", "[", "^", "`a", "{a", "~", "@", ""])
def test_what_is_no_name_is_not_taken(text: str) -> None:
    assert re.match(IDENTIFIER, text, re.IGNORECASE) is None


@pytest.mark.parametrize("sign", list(" .,;:()[]{}'\"#%&*+-/<=>?@^`|~!\\\n"))
def test_a_bare_name_ends_before_any_sign(sign: str) -> None:
    found = re.match(IDENTIFIER, f"ab{sign}c")
    assert found is not None
    assert found[0] == "ab"


def test_the_case_of_words_does_not_matter_and_that_of_names_is_kept() -> None:
    found = shape("alter table NAME:table drop column ID:column").match('ALTER  TABLE "Größe".Ärger DROP column ÜBER')
    assert found is not None
    assert parts_of(found["table"]) == ("Größe", "ärger")
    assert found["column"] == "ÜBER"
