"""Where the code stands: branch and commit of the models' checkout."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Commit:
    """Branch and commit that the models are of; empty where there is no git."""

    branch: str = ""
    sha: str = ""


def current_commit(root: Path, environ: Mapping[str, str] = os.environ) -> Commit:
    """Branch and commit of the checkout in `root`. In a CI job the variables win: it checks out without a branch."""
    return Commit(
        environ.get("GITHUB_HEAD_REF")
        or environ.get("GITHUB_REF_NAME")
        or _git(root, "rev-parse", "--abbrev-ref", "HEAD"),
        environ.get("GITHUB_SHA") or _git(root, "rev-parse", "HEAD"),
    )


def folder_in_repository(root: Path) -> str:
    """Path of this folder within its checkout, with a slash at its end; empty for the top, and outside of git."""
    return _git(root, "rev-parse", "--show-prefix")


def _git(root: Path, *arguments: str) -> str:
    try:
        result = subprocess.run(
            # a checkout that is mounted into a container belongs to somebody else, which git would refuse to read
            ["git", "-c", "safe.directory=*", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
