"""The project's Alembic revisions: listed without running anything, or run on a scratch database."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import subprocess
from typing import Any, Callable, Iterator  # noqa: UP035 - Python 3.9
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from . import guard
from .env_py import Ini, config_of


def listed(ini: Ini, versions: str = "") -> list[dict[str, Any]]:
    """Every revision from the heads down: ids, branches, the first line of its text, its file.

    `versions`: a further folder with revisions.
    """
    script = ScriptDirectory.from_config(_also_from(config_of(ini), versions))
    heads, found = set(script.get_heads()), []
    for each in script.walk_revisions():
        found.append(
            {
                "revision": each.revision,
                "parents": _names(each.down_revision),
                "depends_on": _names(each.dependencies),
                "branch_labels": sorted(each.branch_labels),
                "message": (each.doc or "").strip(),
                "path": os.path.relpath(each.path, os.path.dirname(ini.path)),
                "head": each.revision in heads,
            }
        )
    return found


def folders(ini: Ini) -> list[str]:
    """Where the project keeps env.py, its template and its revisions."""
    script = ScriptDirectory.from_config(config_of(ini))
    return [os.path.abspath(each) for each in (script.dir, *_locations(script))]


def _names(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else [str(each) for each in value]


def upgrade(ini: Ini, scratch: dict[str, str], revisions: list[str], versions: str = "") -> None:
    """Runs the migrations up to these revisions; the guard leads their engines to `scratch`.

    `versions`: a further folder with revisions.
    """

    def up(config: Config) -> None:
        for each in revisions:
            before = guard.connections[0]
            try:
                _up(config, each)
            except Exception:
                # an env.py that looks at the revision, such as one that keeps each branch in a database of its own
                heads = ScriptDirectory.from_config(config).get_heads() if each == "heads" else ()
                if len(heads) < 2 or guard.connections[0] != before:
                    raise
                for head in heads:
                    _up(config, head)

    _with_a_url_or_without(up, ini, scratch, versions)


def _up(config: Config, revision: str) -> None:
    if config.cmd_opts is not None:
        config.cmd_opts.revision = revision
    command.upgrade(config, revision)


def downgrade(ini: Ini, scratch: dict[str, str], revision: str, versions: str = "") -> None:
    """Runs the migrations down to this revision, which `relative` notations name as well."""
    _with_a_url_or_without(lambda config: command.downgrade(config, revision), ini, scratch, versions)


def _with_a_url_or_without(act: Callable[[Config], None], ini: Ini, scratch: dict[str, str], versions: str) -> None:
    """An env.py whose ini names no database makes a URL of its own, such as one for another driver than ours.

    It is asked without ours where it failed before it connected at all, so that nothing was done yet.
    """
    before = guard.connections[0]
    try:
        act(_also_from(config_of(ini, url=_url(scratch)), versions))
    except Exception as error:
        bare = config_of(ini, url=_url(scratch), named=False)
        if bare.get_main_option("sqlalchemy.url") or guard.connections[0] != before:
            raise
        first = error
    else:
        return
    try:
        act(_also_from(bare, versions))
    except Exception as error:
        told = isinstance(error, guard.ConnectionRefused) or guard.connections[0] != before
        raise (error if told else first) from None


def write(ini: Ini, folder: str, request: dict[str, Any]) -> dict[str, Any]:
    """Writes a revision on top of the heads into `folder`, by the project's own template and file_template.

    Several heads are not merged by it: it follows the one that `head` names. The folder where the project keeps its
    revisions is told, for whoever moves the file there; and hooks (formatters) that failed.
    """
    config = config_of(ini)
    theirs = ScriptDirectory.from_config(config)
    # hooks run on the file where it is; the project's other settings count as they are
    script = ScriptDirectory.from_config(_also_from(config, folder))
    home = _home(theirs, script, request["head"])
    upgrades, downgrades, imports = _with_imports(script, request["upgrades"], request["downgrades"])
    with _watched_hooks() as failed:
        made = script.generate_revision(
            request["revision"],
            request["message"],
            head=request["head"],
            version_path=folder,
            upgrades=upgrades,
            downgrades=downgrades,
            imports=imports,
        )
    if made is None:
        raise ValueError("the template wrote no revision")
    _tell(made.path, request["message"], request["details"])
    name = os.path.relpath(made.path, folder)  # file_template may hold folders
    return {
        "path": made.path,
        "name": name,
        "home": home,
        "parents": _names(made.down_revision),
        "failed": failed,
        "reversible": _defines(made.path, "downgrade"),
    }


def _defines(path: str, function: str) -> bool:
    with open(path, encoding="utf-8") as file:
        body = ast.parse(file.read()).body
    return any(isinstance(each, ast.FunctionDef) and each.name == function for each in body)


def _home(theirs: ScriptDirectory, script: ScriptDirectory, head: str) -> str:
    """Where the revision that it follows lies; else the first of the project's folders."""
    known = [os.path.abspath(each) for each in _locations(theirs) or [os.path.join(theirs.dir, "versions")]]
    if head != "base":
        for each in script.iterate_revisions(head, "base"):
            # one that was made just now for another environment lies nowhere yet
            lies = os.path.abspath(each.path)
            around = [folder for folder in known if lies.startswith(folder + os.sep)]
            if around:
                return max(around, key=len)
    return known[0]


_NEEDED = {"sa": "import sqlalchemy as sa", "postgresql": "from sqlalchemy.dialects import postgresql"}


def _with_imports(script: ScriptDirectory, upgrades: str, downgrades: str) -> tuple[str, str, str]:
    """What the template does not import by itself: where it has a place for imports there, else in the functions."""
    with open(os.path.join(script.dir, "script.py.mako"), encoding="utf-8") as file:
        template = file.read()
    wanted = {name: line for name, line in _NEEDED.items() if not re.search(rf"^\s*{line}\b", template, re.MULTILINE)}
    used = [line for name, line in wanted.items() if re.search(rf"\b{name}\.", upgrades + downgrades)]
    if re.search(r"\$\{\s*imports\b", template):
        return upgrades, downgrades, "\n".join(used)
    for name, line in wanted.items():
        upgrades, downgrades = (
            f"{line}\n    {body}" if re.search(rf"\b{name}\.", body) else body for body in (upgrades, downgrades)
        )
    return upgrades, downgrades, ""


@contextlib.contextmanager
def _watched_hooks() -> Iterator[list[str]]:
    """Alembic does not look at how its hooks end."""
    failed: list[str] = []
    plain: Any = subprocess.run

    def run(command: Any, *arguments: Any, **options: Any) -> Any:
        done = plain(command, *arguments, **options)
        if done.returncode:
            words = command if isinstance(command, str) else " ".join(os.path.basename(str(each)) for each in command)
            failed.append(f"{words}: exit code {done.returncode}")
        return done

    names: Any = subprocess
    names.run = run
    try:
        yield failed
    finally:
        names.run = plain


def _tell(path: str, message: str, details: list[str]) -> None:
    """Puts the details under the message in the file's docstring, or before everything as comments."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    first = ast.parse(text).body[:1]
    said = first and isinstance(first[0], ast.Expr) and isinstance(first[0].value, ast.Constant)
    lines = text.split("\n")
    at = next((at for at, line in enumerate(lines) if message in line), None)
    if said and at is not None and at < (first[0].end_lineno or 0) - 1:
        safe = [each.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') for each in details]
        lines[at + 1 : at + 1] = ["", *safe]
    else:
        lines[:0] = [f"# {each}".rstrip() for each in details]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    ast.parse("\n".join(lines))


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


def _url(scratch: dict[str, str]) -> Callable[[str], str]:
    """For env.py files that build no engine of their own."""
    user, name, host = (quote(scratch.get(each, ""), safe="") for each in ("user", "dbname", "host"))
    return lambda driver: f"postgresql+{driver}://{user}@/{name}?host={host}&port={scratch.get('port')}"
