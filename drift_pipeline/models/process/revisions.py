"""The project's Alembic revisions: listed without running anything, or run on a scratch database."""

from __future__ import annotations

import importlib.util
import os
from typing import Any
from urllib.parse import quote

from alembic import command
from alembic.config import Config
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


def upgrade(path: str, scratch: dict[str, str], revisions: list[str], x: list[str], versions: str = "") -> None:
    """Runs the migrations up to these revisions; the guard leads their engines to `scratch`.

    `versions`: a further folder with revisions.
    """
    config = _also_from(config_of(path, url=_url(scratch), x=x), versions)
    for each in revisions:
        command.upgrade(config, each)


def downgrade(path: str, scratch: dict[str, str], revision: str, x: list[str], versions: str = "") -> None:
    """Runs the migrations down to this revision, which `relative` notations name as well."""
    command.downgrade(_also_from(config_of(path, url=_url(scratch), x=x), versions), revision)


def write(path: str, folder: str, request: dict[str, Any]) -> dict[str, Any]:
    """Writes a revision on top of the heads into `folder`, by the project's own template and file_template.

    Several heads are not merged by it: it follows the one that `head` names. The folder where the project keeps its
    revisions is told, for whoever moves the file there.
    """
    config = config_of(path)
    # hooks (formatters) run on the file where it is; the project's other settings count as they are
    theirs = ScriptDirectory.from_config(config)
    home = os.path.join(theirs.dir, "versions")
    if theirs.version_locations:
        home = str(_locations(theirs)[0])
    script = ScriptDirectory.from_config(_also_from(config, folder))
    made = script.generate_revision(
        request["revision"],
        request["message"],
        head=request["head"],
        version_path=folder,
        upgrades=request["upgrades"],
        downgrades=request["downgrades"],
        imports="",
    )
    if made is None:
        raise ValueError("the template wrote no revision")
    return {"path": made.path, "home": os.path.abspath(home), "parents": _names(made.down_revision)}


def _locations(script: ScriptDirectory) -> list[str]:
    found = script.version_locations or []
    return [found] if isinstance(found, str) else [str(each) for each in found]


def _also_from(config: Config, folder: str) -> Config:
    if folder:
        script = ScriptDirectory.from_config(config)
        theirs = _locations(script) or [os.path.join(script.dir, "versions")]
        # `version_path_separator` is what older releases call the other one
        for option in ("path_separator", "version_path_separator"):
            config.set_main_option(option, "os")
        joined = os.pathsep.join([*(os.path.abspath(each) for each in theirs), folder])
        config.set_main_option("version_locations", joined.replace("%", "%%"))
    return config


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
