"""The rooms of the house: each imports only from those above it, and Dagster stays in its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "drift_pipeline"

ROOMS = (
    "schema",
    "scratch",
    "models",
    "diff",
    "judge",
    "plan",
    "report",
    "history",
    "notify",
    "orchestration",
)

WORDS = {"facts", "differences", "findings", "statements", "faults", "report"}
"""The modules that hold a room's words: these may be named from anywhere."""

HEAVY = {"dagster", "alembic", "sqlalchemy", "migra"}
"""What only processes of their own import."""

OWN_PROCESS = ("models/process/", "plan/engines/")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_rooms_above_it(room: str) -> None:
    above = set(ROOMS[: ROOMS.index(room) + 1])
    wrong = []
    for path in (PACKAGE / room).rglob("*.py"):
        for name in imports(path):
            package, _, rest = name.partition(".")
            other, _, module = rest.partition(".")
            if package == "drift_pipeline" and other in ROOMS and other not in above and module not in WORDS:
                wrong.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert not wrong


def test_what_is_heavy_is_imported_in_processes_of_its_own_and_dagster_in_its_room_alone() -> None:
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE).as_posix()
        for name in imports(path):
            package = name.partition(".")[0]
            if package == "dagster" and place.startswith("orchestration/"):
                continue
            if package in HEAVY and not (package != "dagster" and place.startswith(OWN_PROCESS)):
                wrong.append(f"{place} imports {name}")
    assert not wrong
