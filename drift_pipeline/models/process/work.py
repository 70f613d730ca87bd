"""The work itself: from a request to the answer."""

from __future__ import annotations

import sys
from typing import Any

import sqlalchemy

from . import guard
from .ddl import Statements
from .dependencies import Recorder
from .locations import Locations
from .targets import metadata_of


def do(request: dict[str, Any], root: str, recorder: Recorder) -> dict[str, Any]:
    """The answer to a request; raises whatever the application raises."""
    allowed = request.get("allowed") or {}
    guard.install(allowed.get("host", ""), allowed.get("dbname", ""))
    guard.point_drivers_nowhere()
    sys.path[:0] = request["path"]
    recorder.start()
    answer = MODES[request["mode"]](request, root)
    answer["sqlalchemy"] = str(getattr(sqlalchemy, "__version__", ""))
    answer["dependencies"] = recorder.recorded(root)
    return answer


def _models(request: dict[str, Any], root: str) -> dict[str, Any]:
    return ddl_of(metadata_of(request["targets"]), request, root)


def ddl_of(found: list[sqlalchemy.MetaData], request: dict[str, Any], root: str) -> dict[str, Any]:
    """Statements, faults and locations of these MetaData."""
    translate = {key or None: value for key, value in request["schema_translate_map"].items()}
    statements = Statements(Locations(found, root), translate)
    for metadata in found:
        statements.add(metadata)
    return {
        "statements": statements.found,
        "faults": statements.faults,
        "tables": statements.tables,
        "columns": statements.columns,
    }


MODES = {"models": _models}
