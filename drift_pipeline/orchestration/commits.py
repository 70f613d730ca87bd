"""Which commits matter, and the models as they were at one of them."""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from drift_pipeline.commit import Commit
from drift_pipeline.config import Settings, load_settings, variables_for
from drift_pipeline.desired import ModelSchema
from drift_pipeline.errors import ModelsError, StoreError
from drift_pipeline.history.files import write_files
from drift_pipeline.orchestration.repository import find_repository

COMMIT_TAG, BRANCH_TAG = "drift/commit", "drift/branch"

WATCHED = "watched.json"


@dataclass(frozen=True)
class Watched:
    """What a commit must touch to start a run. `files`: those that the loader read, relative to the settings.

    `folders`: those whose every file counts (migrations). `listed`: those in which a new module may be found by
    looking through the folder: files that come or go there count, changed ones that nobody imported do not.
    """

    files: frozenset[str]
    folders: frozenset[str]
    listed: frozenset[str]

    @classmethod
    def of(cls, files: Collection[str], settings: Settings) -> Watched:
        """What is watched after these files were read for these settings."""
        own = {os.path.normpath(name) for name in files if not os.path.isabs(name)}
        named = {Path(settings.source).name if settings.source else "drift.toml", settings.models.alembic}
        return cls(
            frozenset(own | {name for name in named if name}),
            frozenset(migration_folders(settings)),
            frozenset(str(PurePosixPath(name).parent) for name in own if name.endswith(".py")),
        )

    def touched(self, changed: Sequence[tuple[str, str]], prefix: str) -> list[str]:
        """The paths among these changes (status, path below the top) that matter. `prefix`: of the settings."""
        return [path for status, path in changed if self._matters(status, os.path.relpath(path, prefix))]

    def _matters(self, status: str, path: str) -> bool:
        if path in self.files or any(path.startswith(f"{folder}/") for folder in self.folders):
            return True
        return status in "AD" and path.endswith(".py") and str(PurePosixPath(path).parent) in self.listed


def migration_folders(settings: Settings) -> list[str]:
    """The folders of the Alembic revisions, relative to the settings; none without an alembic.ini."""
    ini = settings.root / settings.models.alembic
    if not settings.models.alembic or not ini.is_file():
        return []
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(ini, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return []
    name = settings.models.section
    section = parser[name] if parser.has_section(name) else {}
    # Flask-Migrate's ini lies beside env.py and names no folder
    location = section.get("script_location", ".")
    named = [location, *section.get("version_locations", "").replace(",", " ").split()]
    home = ini.parent.resolve()
    # started in a folder above, as by `alembic -c conf/alembic.ini`
    start = next((each for each in (home, *home.parents) if (each / location / "env.py").is_file()), home)
    folders = [str((start / name.replace("%(here)s", str(home))).resolve()) for name in named if name]
    return [os.path.relpath(folder, settings.root.resolve()) for folder in folders]


def remember(watched: Watched, storage: Path) -> None:
    """Keep what is watched for the sensor. A disk that is full makes it forget, and then every commit counts."""
    text = json.dumps({name: sorted(getattr(watched, name)) for name in ("files", "folders", "listed")})
    try:
        write_files(storage / "drift", {WATCHED: text})
    except (OSError, StoreError):
        (storage / "drift" / WATCHED).unlink(missing_ok=True)


def remembered(storage: Path) -> Watched | None:
    """What the last run watched, or None if there was none: then every commit counts."""
    try:
        raw = json.loads((storage / "drift" / WATCHED).read_text(encoding="utf-8"))
        return Watched(*(frozenset(map(str, raw[name])) for name in ("files", "folders", "listed")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def commit_of(tags: Mapping[str, str]) -> Commit | None:
    """The commit that a run was started for, or None: then the models are taken as they lie there."""
    sha = tags.get(COMMIT_TAG, "")
    return Commit(tags.get(BRANCH_TAG, ""), sha) if sha else None


@contextmanager
def settings_at(settings: Settings, commit: Commit | None, storage: Path) -> Iterator[Settings]:
    """The settings as the commit has them, in a worktree of our mirror; without a commit, those that lie here.

    Credentials and variables stay those of here. ModelsError if the commit cannot be had.
    """
    if commit is None:
        yield settings
        return
    repository = find_repository(settings, storage, variables_for(settings))
    if repository is None:
        raise ModelsError(
            f"commit {commit.sha[:10]} cannot be checked: {settings.root} is in no git repository",
            hint="set DRIFT_REPOSITORY to the repository of the models",
        )
    with repository.worktree(commit) as root:
        there = load_settings(root, environ=variables_for(settings))
        python = there.models.python
        if python and not os.path.isabs(python) and os.sep in python:
            # a virtual environment is no part of a commit
            python = str(settings.root / python)
        yield replace(there, models=replace(there.models, python=python), artifacts=settings.artifacts)


def refuse_strangers(models: ModelSchema, root: Path, commit: Commit) -> None:
    """ModelsError if a table's class, or any module that is no installed package, was read from outside `root`.

    What an editable installation imports is some other state of the code, and judging by it would be wrong.
    """
    declared = {location.rpartition(":")[0] for location in models.loaded.tables.values() if location}
    outside = sorted(name for name in {*models.loaded.files, *declared} if _is_outside(name, root))
    if outside:
        raise ModelsError(
            f"commit {commit.sha[:10]} cannot be checked: {outside[0]} was imported instead of the commit's own file",
            hint="install the application without -e for models.python, or let models.path lead to its modules",
        )


def _is_outside(name: str, root: Path) -> bool:
    path = (root / name).resolve()
    if path.is_relative_to(root):
        return False
    # a package that only comes with the application may declare tables, but not under the name of one of its files
    parts = path.parts
    installed = next((number for number, part in enumerate(parts) if part in ("site-packages", "dist-packages")), None)
    return installed is None or (root / Path(*parts[installed + 1 :])).exists()
