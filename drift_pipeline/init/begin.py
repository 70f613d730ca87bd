"""`drift init` from end to end: find, ask, write, say what comes next."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from drift_pipeline.errors import ConfigError
from drift_pipeline.init import files
from drift_pipeline.init.search import Found, search
from drift_pipeline.init.sources import Repository, read_repository
from drift_pipeline.init.verify import Verified, verify
from drift_pipeline.models.loaded import few
from drift_pipeline.output import write_file
from drift_pipeline.settings_file import find_file

STANDARD = ("production", "staging")


@dataclass(frozen=True)
class Wishes:
    """What was given on the command line. `workflow`: None where nobody said."""

    models: tuple[str, ...] = ()
    alembic: str = ""
    environments: tuple[str, ...] = ()
    workflow: bool | None = None
    force: bool = False


@dataclass(frozen=True)
class Discovered:
    """What lies in the repository, and what of it the loader confirmed."""

    repository: Repository
    found: Found
    verified: Verified


@dataclass(frozen=True)
class Choice:
    """What is to be written, after questions or without."""

    verified: Verified
    environments: tuple[str, ...]
    workflow: bool
    force: bool = False
    notes: tuple[str, ...] = field(default=())


def discover(root: Path, wishes: Wishes) -> Discovered:
    """Looks into the folder. Raises ConfigError where there is nothing to begin with."""
    if wishes.alembic and not (root / wishes.alembic).is_file():
        raise ConfigError(f"there is no file {wishes.alembic} in {root}", hint="name the project's alembic.ini")
    repository = read_repository(root)
    found = search(repository)
    verified = verify(repository, found, targets=wishes.models, alembic=wishes.alembic)
    if not verified.models.targets and (verified.error or not verified.models.alembic):
        why = f"; {verified.error.message}" if verified.error else ""
        raise ConfigError(
            f"no models were found in {root}: {repository.seen} Python files were looked at, and none has a MetaData, "
            f"a declarative base or a table of SQLAlchemy{why}",
            hint="go to the folder of the application, or name them: drift init --models app.models:Base.metadata",
        )
    return Discovered(repository, found, verified)


def choose(discovered: Discovered, wishes: Wishes) -> Choice:
    """What is written where nobody is asked."""
    root = discovered.repository.root
    notes: list[str] = []
    workflow = wishes.workflow
    if workflow is None:
        workflow = not (root / ".gitlab-ci.yml").is_file() or (root / ".github").is_dir()
    top = _top_of_checkout(root)
    if workflow and top not in {None, root}:
        workflow = False
        notes.append(f"no workflow is written: GitHub reads those in {top} only; --github writes it here all the same")
    if wishes.workflow:
        workflow = True
        notes.clear()
    return Choice(
        discovered.verified, wishes.environments or STANDARD, workflow=workflow, force=wishes.force, notes=tuple(notes)
    )


def described(discovered: Discovered) -> Iterator[str]:
    """What was found, one line each."""
    verified = discovered.verified
    models = verified.models
    where = {holder.target: f" ({holder.file}:{holder.line})" for holder in discovered.found.holders}
    names = few([target + where.get(target, "") for target in models.targets]) or f"those of {models.alembic}"
    if verified.error:
        yield f"! models: {names}, not loaded: {verified.error.message}"
        yield f"    next: {verified.error.next_step}"
    else:
        python = f", loaded by {models.python}" if models.python else ""
        yield f"✓ models: {names}: {verified.tables} table{'s' * (verified.tables != 1)}{python}"
    if verified.missing:
        yield f"! models: nothing of them declares {few(verified.missing, most=3)}, which stand in the source"
        yield "    next: name their modules, too, under models.targets in drift.toml"
    if verified.revisions is not None:
        yield f"✓ alembic: {models.alembic}: {verified.revisions} revision{'s' * (verified.revisions != 1)}"
    elif verified.alembic_error:
        yield f"! alembic: {verified.alembic_error.message}"
        yield f"    next: {verified.alembic_error.next_step}"
    elif models.alembic:
        yield f"– alembic: {models.alembic}, not looked into before the models can be loaded"
    else:
        yield "– alembic: none found; without it the cause of drift cannot be told, and no revision be written"


def write(root: Path, choice: Choice) -> Iterator[str]:
    """Writes what is not there yet; one line for each file. Raises StoreError, with what was written before intact."""
    existing = find_file(root)
    settings_elsewhere = existing is not None and existing.parent == root and existing.name != files.SETTINGS
    if settings_elsewhere and existing is not None:
        yield f"kept   {existing.name}: its [tool.drift] holds the settings"
    contents: list[tuple[str, Callable[[], str]]] = [
        (files.VARIABLES, lambda: files.variables(choice.environments)),
        (files.ROLE, files.role),
    ]
    if not settings_elsewhere:
        note = ""
        if choice.verified.alembic_error:
            note = f"alembic: {choice.verified.alembic_error.message}".replace("\n", " ")
        contents.insert(0, (files.SETTINGS, lambda: files.settings(choice.verified, choice.environments, note)))
    if choice.workflow:
        install = files.installation(root, choice.verified.models.python)
        contents.append((files.WORKFLOW, lambda: files.workflow(choice.environments, install)))
    for name, text in contents:
        there = (root / name).exists()
        if there and not choice.force:
            yield f"kept   {name}: it was there; --force writes it anew"
            continue
        write_file(root / name, text())
        yield f"wrote  {name}"


def next_steps(root: Path, choice: Choice) -> Iterator[str]:
    """What a person does now, in order."""
    first = choice.environments[0]
    yield f"1. An administrator makes the role that looks, once for each database; how, stands in {files.ROLE}."
    ignored = "" if _ignored(root, f".env.{first}") else "; put .env.* and !.env.example into .gitignore first"
    yield f"2. cp {files.VARIABLES} .env.{first}, and fill it in{ignored}"
    yield f"3. drift doctor --env {first}"


def _top_of_checkout(root: Path) -> Path | None:
    """The top folder of the Git checkout that `root` lies in; None without Git, or outside of one."""
    said = _git(root, "rev-parse", "--show-toplevel")
    return Path(said.stdout.strip()).resolve() if said is not None and said.returncode == 0 else None


def _ignored(root: Path, name: str) -> bool:
    said = _git(root, "check-ignore", "--quiet", name)
    return said is None or said.returncode != 1


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None


def checked_name(name: str) -> str:
    """An environment's name, which becomes part of names of files, variables and jobs. Raises ConfigError."""
    if name and name.isascii() and name.replace("_", "").replace("-", "").isalnum() and name[0].isalpha():
        return name
    raise ConfigError(
        f"{name!r} cannot name an environment", hint="take letters, digits, _ and -, such as production or eu-west"
    )
