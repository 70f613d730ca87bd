"""The project's Alembic revisions: listed without running anything, or run on a scratch database."""

from __future__ import annotations

import importlib.util
import os
from typing import Any
from urllib.parse import quote

from alembic import command
from alembic.script import ScriptDirectory

from .env_py import config_of


def listed(path: str) -> list[dict[str, Any]]:
    """Every revision from the heads down: ids, branches, the first line of its text, its file."""
    script = ScriptDirectory.from_config(config_of(path))
    heads, found = set(script.get_heads()), []
    for each in script.walk_revisions():
        found.append(
            {
                "revision": each.revision,
                "parents": _names(each.down_revision),
                "depends_on": _names(each.dependencies),
                "branch_labels": sorted(each.branch_labels),
                "message": (each.doc or "").strip(),
                "path": os.path.relpath(each.path, os.path.dirname(path)),
                "head": each.revision in heads,
            }
        )
    return found


def _names(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else [str(each) for each in value]


def upgrade(path: str, scratch: dict[str, str], revisions: list[str], x: list[str]) -> None:
    """Runs the migrations up to these revisions; the guard leads their engines to `scratch`."""
    config = config_of(path, url=_url(scratch), x=x)
    for each in revisions:
        command.upgrade(config, each)


def _url(scratch: dict[str, str]) -> str:
    """For env.py files that build no engine of their own; the driver is the one that this interpreter has."""
    host = quote(scratch.get("host", ""), safe="")
    return "postgresql+{}://{}@/{}?host={}&port={}".format(
        _driver(), quote(scratch.get("user", ""), safe=""), quote(scratch["dbname"], safe=""), host, scratch.get("port")
    )


def _driver() -> str:
    for module in ("psycopg2", "psycopg", "asyncpg", "pg8000"):
        if importlib.util.find_spec(module):
            return module
    return "psycopg2"
