"""Whether what the search proposes holds: the real loader imports it, in a process of its own."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drift_pipeline.errors import DriftError
from drift_pipeline.init.search import Found, proposals
from drift_pipeline.init.sources import Repository
from drift_pipeline.models.history import list_revisions
from drift_pipeline.models.loader import load_models
from drift_pipeline.settings import ModelSettings

PATIENCE = 60.0
MANY_TARGETS = 8
"""Nobody keeps a longer list up to date."""


@dataclass(frozen=True)
class Verified:
    """What drift.toml will say of the models. `error`: why they could not be loaded; `missing`: tables that stand in
    the source and that nothing of the targets declares; `revisions`: None where Alembic's files cannot be listed.
    """

    models: ModelSettings
    tables: int = 0
    missing: tuple[str, ...] = ()
    error: DriftError | None = None
    revisions: int | None = None
    alembic_error: DriftError | None = None


def verify(repository: Repository, found: Found, *, targets: Sequence[str] = (), alembic: str = "") -> Verified:
    """The targets that declare the most of what was found, the first of equals. `targets`, `alembic`: those given.

    An interpreter of the repository is preferred to drift's own, where it can import the models.
    """
    configuration = alembic or next(iter(repository.alembic), "")
    tries = [tuple(targets)] if targets else list(dict.fromkeys(proposals(found)))
    with tempfile.TemporaryDirectory(prefix="drift-init-") as folder:
        cache = Path(folder)
        best = _best(repository, found, tries, cache)
        if configuration and not targets and _wants_another(best):
            # whatever env.py imports: it may come from a library, or be made by code that no search reads
            by_env = _first(repository, found, ModelSettings(alembic=configuration), cache)
            if best is None or (not by_env.error and by_env.tables >= best.tables):
                best = by_env
        if best is None:
            return Verified(ModelSettings(path=found.path))
        return _with_alembic(best, repository.root, configuration, cache)


def _best(repository: Repository, found: Found, tries: Sequence[tuple[str, ...]], cache: Path) -> Verified | None:
    best: Verified | None = None
    for chosen in tries:
        verified = _first(repository, found, ModelSettings(targets=chosen), cache)
        if not verified.error and not verified.missing:
            return verified
        if best is None or (best.error and not verified.error) or len(verified.missing) < len(best.missing):
            best = verified if best is None or not verified.error else best
    return best


def _wants_another(best: Verified | None) -> bool:
    return best is None or bool(best.error or best.missing) or len(best.models.targets) > MANY_TARGETS


def _first(repository: Repository, found: Found, models: ModelSettings, cache: Path) -> Verified:
    """With the first interpreter that can import the models; with the error of the first one if none can."""
    models = dataclasses.replace(models, path=found.path, timeout=PATIENCE)
    errors: list[Verified] = []
    for python in _interpreters(repository):
        tried = dataclasses.replace(models, python=python)
        try:
            loaded = load_models(tried, repository.root, cache=cache)
        except DriftError as error:
            errors.append(Verified(tried, error=error))
            continue
        declared = {name.rpartition(".")[2] for name in loaded.tables} | {
            name.partition(".")[2] for name in loaded.tables
        }
        classes = [name for name in found.tables if not name.startswith("class ")]
        missing = tuple(sorted(name for name in classes if name not in declared))
        return Verified(tried, len(loaded.tables), missing)
    return errors[0]


def _interpreters(repository: Repository) -> list[str]:
    """Those of the repository, as drift.toml names them; the empty name is drift's own."""
    own = Path(sys.prefix).resolve()
    theirs = [name for name in repository.interpreters if (repository.root / name).parent.parent.resolve() != own]
    return [*theirs, ""]


def _with_alembic(verified: Verified, root: Path, configuration: str, cache: Path) -> Verified:
    if not configuration:
        return verified
    models = dataclasses.replace(verified.models, alembic=configuration)
    if verified.error:
        return dataclasses.replace(verified, models=models)  # the same interpreter would fail over the same
    try:
        revisions = list_revisions(models, root, cache=cache)
    except DriftError as error:
        return dataclasses.replace(verified, alembic_error=_explained(error, root / configuration))
    return dataclasses.replace(verified, models=models, revisions=len(revisions))


def _explained(error: DriftError, configuration: Path) -> DriftError:
    """An ini that names no folder, and lies in another one than env.py."""
    if "script_location" in configuration.read_text(encoding="utf-8", errors="replace"):
        return error
    error.hint = (
        f"write the folder of env.py as script_location under [alembic] in {configuration.name}, and run drift init "
        "--force"
    )
    return error
