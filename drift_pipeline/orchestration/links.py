"""Where a checkout's files and commits can be read in a browser, and references to the models' code."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg

from drift_pipeline.config import ModelSettings, Settings
from drift_pipeline.errors import DriftError
from drift_pipeline.orchestration.repository import git

_Made = TypeVar("_Made")

CODE_REFERENCES = "dagster/code_references"
"""The key by which Dagster's UI knows them."""

_REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^@/\s]*@)?|[\w.-]+@)(?P<host>[\w.-]+)(?::\d+(?=/))?[/:](?P<path>[\w./~-]+?)(?:\.git)?/?"
)
_MIDDLE = (("gitlab", "/-"), ("github", ""))
"""Part of the host's name, and what stands before `/blob/`."""


@dataclass(frozen=True)
class Website:
    """The page of a repository, without credentials. `folder`: of the settings below its top, with a slash at its end.

    `commit`: the one that is checked out.
    """

    base: str
    folder: str = ""
    commit: str = ""

    def file(self, name: str, line: int | None = None) -> str:
        """Address of a file; `name` is relative to the settings."""
        return f"{self.base}/blob/{self.commit or 'HEAD'}/{self.folder}{name}" + (f"#L{line}" if line else "")

    def at(self, sha: str) -> str:
        """Address of a commit."""
        return f"{self.base}/commit/{sha}"


def website_of(root: Path) -> Website | None:
    """The website of the repository that this folder lies in, or None: no git, or no host that we know the pages of."""
    base = web_address(_asked(root, "remote", "get-url", "origin"))
    return (
        Website(base, _asked(root, "rev-parse", "--show-prefix"), _asked(root, "rev-parse", "HEAD")) if base else None
    )


def _asked(root: Path, *question: str) -> str:
    try:
        return git("-c", "safe.directory=*", "-C", str(root), *question, check=False).strip()
    except DriftError:
        return ""  # links are a help, and nothing waits for them


def web_address(remote: str) -> str:
    """`https://github.com/o/r` for any spelling of a remote on GitHub or GitLab, never with credentials; else empty."""
    match = _REMOTE.fullmatch(remote)
    middle = next((middle for part, middle in _MIDDLE if match and part in match["host"]), None)
    return f"https://{match['host']}/{match['path']}{middle}" if match and middle is not None else ""


def model_files(settings: Settings) -> list[str]:
    """The files that the settings name as the models' places, relative to the settings; those that exist."""
    found = [
        _module_file(settings.models, settings.root, target.partition(":")[0]) for target in settings.models.targets
    ]
    named = [*found, settings.models.alembic, Path(settings.source).name if settings.source else ""]
    return [name for name in dict.fromkeys(named) if name and (settings.root / name).is_file()]


def _module_file(models: ModelSettings, root: Path, module: str) -> str:
    for folder in models.path:
        base = Path(folder, *module.split("."))
        for candidate in (base.with_suffix(".py"), base / "__init__.py"):
            if module and (root / candidate).is_file():
                return candidate.as_posix()
    return ""


def code_references(
    places: Iterable[str], root: Path, website: Website | None
) -> dict[str, dg.CodeReferencesMetadataValue]:
    """Metadata that shows these places (`file` or `file:line`, relative to `root`) as code; empty without any.

    On the repository's website where it is known: the UI's reader seldom sits at the machine that the files lie on.
    """
    references = [_reference(place, root, website) for place in places if place]
    if not references:
        return {}
    return {CODE_REFERENCES: _quietly(dg.CodeReferencesMetadataValue, code_references=references)}


def _reference(place: str, root: Path, website: Website | None) -> dg.LocalFileCodeReference | dg.UrlCodeReference:
    name, _, number = place.rpartition(":")
    line = int(number) if name and number.isdigit() else None
    name = name if line else place
    if website and not Path(name).is_absolute() and ".." not in Path(name).parts:
        return _quietly(dg.UrlCodeReference, url=website.file(name, line), label=place)
    return _quietly(dg.LocalFileCodeReference, file_path=str(root / name), line_number=line, label=place)


def _quietly(make: Callable[..., _Made], **fields: Any) -> _Made:
    # they are beta in Dagster 1.13, and say so for every one that is made
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        return make(**fields)
