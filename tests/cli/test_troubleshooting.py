"""Every error names its entry of the page about trouble, and the page has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import drift_pipeline
from drift_pipeline.errors import DriftError
from tests.cli.conftest import Drift

PAGE = Path(drift_pipeline.__file__).resolve().parents[1] / "docs" / "troubleshooting.md"


def kinds(word: type[DriftError] = DriftError) -> Iterator[type[DriftError]]:
    for kind in word.__subclasses__():
        yield kind
        yield from kinds(kind)


@pytest.mark.parametrize("kind", sorted(kinds(), key=lambda kind: kind.__name__))
def test_the_page_has_an_entry_for_every_error(kind: type[DriftError]) -> None:
    entries = re.findall(r"^#+ (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert kind.topic in {entry.strip().lower().replace(" ", "-") for entry in entries}


def test_the_message_names_its_entry(drift: Drift) -> None:
    assert "(docs/troubleshooting.md#configuration)" in drift("check", "--env", "prod").err


def test_the_doctor_names_the_entry_of_what_fails(drift: Drift) -> None:
    out = drift("doctor", "--env", "staging").out

    assert "✗ staging: staging: STAGING_DB_HOST" in out
    assert "(docs/troubleshooting.md#configuration)" in out


@pytest.mark.parametrize("topic", ["connection-refused", "docs/troubleshooting.md#connection-refused"])
def test_an_entry_can_be_read_where_the_message_is(drift: Drift, topic: str) -> None:
    ended = drift("explain", topic)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("## Connection refused\n")
    assert "pg_isready" in ended.out
    assert ended.out.count("## ") == 1


def test_every_error_can_be_explained(drift: Drift) -> None:
    listed = drift("explain").out.split()

    assert {kind.topic for kind in kinds() if kind.topic} <= set(listed)


def test_an_entry_that_is_none_names_the_nearest(drift: Drift) -> None:
    ended = drift("explain", "conection-refusd")

    assert ended.code == 3
    assert "did you mean connection-refused?" in ended.err
