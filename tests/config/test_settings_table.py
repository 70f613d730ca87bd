"""The documentation names every setting, and none that does not exist."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from drift_pipeline import settings_table
from drift_pipeline.config import EnvironmentSettings, Settings
from drift_pipeline.settings_file import SECTIONS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["docs/settings.md"])
def test_the_table_of_settings_is_up_to_date(name: str) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")

    assert settings_table.put_into(page) == page, f"run: python -m drift_pipeline.settings_table {name}"


def test_every_setting_that_a_file_may_hold_explains_itself() -> None:
    internal = {"root", "source", "env_file", "name", "environments", *SECTIONS}
    for word in (Settings, *SECTIONS.values(), EnvironmentSettings):
        for field in dataclasses.fields(word):
            assert field.name in internal or field.metadata.get("meaning"), field.name


def test_no_two_settings_share_a_variable() -> None:
    variables = [row.variable for row in settings_table.rows() if row.variable]

    assert len(variables) == len(set(variables))
