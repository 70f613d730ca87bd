"""The page of locks says what the measured table says."""

from __future__ import annotations

from pathlib import Path

from drift_pipeline.locks_page import to_markdown

TOP = Path(__file__).resolve().parents[2]


def test_the_page_of_locks_is_up_to_date() -> None:
    page = (TOP / "docs" / "locks.md").read_text(encoding="utf-8")
    assert page == to_markdown(), "python -m drift_pipeline.locks_page docs/locks.md writes it"
