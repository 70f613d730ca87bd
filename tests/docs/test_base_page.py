"""docs/base.md names tests and files that exist, and what was asked for by name is there under that name."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache

import pytest

from tests.base.shop import TOP

PAGE = (TOP / "docs" / "base.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("| \n").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| point ")
]


@cache
def functions_of(path: str) -> frozenset[str]:
    """Names of the test functions of a file."""
    tree = ast.parse((TOP / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_every_point_names_a_test_that_exists(row: list[str]) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row[-1])
    assert named, "a point without a test"
    for path, name in named:
        assert (TOP / path).is_file(), path
        assert name in functions_of(path), f"{path}::{name}"


def test_every_file_that_is_named_exists() -> None:
    paths = re.findall(
        r"(?<![\w/.-])((?:scripts|docs|docker|examples|\.github)/[\w./-]*\w|\.pre-commit-hooks\.yaml)", PAGE
    )
    assert len(set(paths)) > 6
    for path in paths:
        assert (TOP / path).exists(), path


def test_packages_and_top_level_are_those_that_were_asked_for() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    packages = {re.split(r"[<>=\[ ]", requirement)[0] for requirement in project["dependencies"]}
    assert packages >= {
        "dagster",
        "dagster-webserver",
        "dagster-postgres",
        "sqlalchemy",
        "migra",
        "psycopg2-binary",
        "requests",
    }
    for name in ("drift_pipeline", "dagster.yaml", "workspace.yaml", "tests", "pyproject.toml", ".github", "docker"):
        assert (TOP / name).exists(), name
    for name in (".github/workflows/schema-drift-check.yml", "scripts/check_schema_drift.py"):
        assert (TOP / name).is_file(), name
