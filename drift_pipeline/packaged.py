"""Files of the repository that the package brings along: beside it where it is installed, else in the checkout."""

from __future__ import annotations

from pathlib import Path

from drift_pipeline.errors import DriftError

FILES = {
    "read-only-role.sql": "docs",
    "troubleshooting.md": "docs",
    "schema-drift-check.yml": ".github/workflows",
}
"""Each with its folder in the repository; pyproject.toml puts them into the wheel."""


def packaged(name: str) -> str:
    """The text of one of them. DriftError where it is in neither place."""
    package = Path(__file__).resolve().parent
    for folder in (package / "_templates", package.parent / FILES[name]):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise DriftError(f"{name} is not installed with this package", hint="reinstall drift-pipeline")
