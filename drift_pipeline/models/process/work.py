"""The work itself: from a request to the answer."""

from __future__ import annotations

import importlib
from typing import Any

import sqlalchemy

from . import guard
from .ddl import Statements
from .dependencies import Recorder
from .locations import Locations
from .targets import metadata_of


def do(request: dict[str, Any], root: str, recorder: Recorder) -> dict[str, Any]:
    """The answer to a request; raises whatever the application raises."""
    guard.install(request.get("allowed") or {})
    guard.point_drivers_nowhere()
    recorder.start()
    answer = MODES[request["mode"]](request, root)
    if request.get("alembic"):
        history: Any = importlib.import_module(".revisions", __package__)
        recorder.also(history.folders(ini_of(request)))
    answer["sqlalchemy"] = str(getattr(sqlalchemy, "__version__", ""))
    answer["dependencies"] = recorder.recorded(root)
    return answer


def ini_of(request: dict[str, Any]) -> Any:
    """The alembic.ini of a request, with its section and the arguments of env.py."""
    env_py: Any = importlib.import_module(".env_py", __package__)
    return env_py.Ini(request["alembic"], request["section"], request["x"])


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


def _of_env_py(request: dict[str, Any], root: str) -> dict[str, Any]:
    """The same by the project's own env.py, with its options."""
    # imported here: a project without Alembic has none to import
    env_py: Any = importlib.import_module(".env_py", __package__)
    calls = env_py.captured(ini_of(request))
    found = env_py.metadata_of(calls)
    if request.get("names") is not None:
        filters: Any = importlib.import_module(".filters", __package__)
        left_out: dict[str, Any] = filters.excluded(calls, found, request["names"], request["default_schema"])
        return left_out
    answer = ddl_of(found, request, root)
    answer["options"] = env_py.options_of(calls)
    return answer


def _revisions(request: dict[str, Any], _root: str) -> dict[str, Any]:
    history: Any = importlib.import_module(".revisions", __package__)
    return {"revisions": history.listed(ini_of(request), request.get("versions") or "")}


def _upgrade(request: dict[str, Any], _root: str) -> dict[str, Any]:
    history: Any = importlib.import_module(".revisions", __package__)
    ini, versions = ini_of(request), request.get("versions") or ""
    try:
        if request["mode"] == "downgrade":
            history.downgrade(ini, request["allowed"], request["to"][0], versions)
        else:
            history.upgrade(ini, request["allowed"], request["to"], versions)
    finally:
        guard.hang_up()
    return {}


def _write(request: dict[str, Any], _root: str) -> dict[str, Any]:
    history: Any = importlib.import_module(".revisions", __package__)
    written: dict[str, Any] = history.write(ini_of(request), request["versions"], request)
    return written


def _operations(request: dict[str, Any], _root: str) -> dict[str, Any]:
    operations: Any = importlib.import_module(".operations", __package__)
    return {"statements": operations.as_sql(request["sources"])}


MODES = {
    "models": _models,
    "alembic": _of_env_py,
    "revisions": _revisions,
    "upgrade": _upgrade,
    "downgrade": _upgrade,
    "write": _write,
    "operations": _operations,
}
