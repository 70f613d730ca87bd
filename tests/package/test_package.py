"""The package as somebody installs it: built here, put into an environment of its own, used in another folder."""

from __future__ import annotations

import email
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import drift_pipeline
from tests.base.shop import TOP

BIN = Path(sys.executable).parent
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]


def run(*command: str | Path, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Without this checkout on the path, and without settings of whoever runs the tests."""
    left_out = ("PYTHON", "DRIFT_", "PROD_", "STAGING_", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    if "DRIFT_SCRATCH_HOME" in os.environ:
        environment["DRIFT_SCRATCH_HOME"] = os.environ["DRIFT_SCRATCH_HOME"]
    return subprocess.run(
        list(command),
        cwd=folder,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_version_is_the_same_everywhere() -> None:
    newest = re.search(r"(?m)^## (\S+)", (TOP / "CHANGELOG.md").read_text())

    assert newest
    assert {PROJECT["version"], newest[1]} == {drift_pipeline.__version__}


def test_nothing_under_the_gpl_is_installed_by_default() -> None:
    named = {re.split(r"[<>=\[ ]", each)[0] for each in PROJECT["dependencies"]}

    assert PROJECT["license"] == "MIT"
    assert not named & {"pglast", "results", "pgmig"}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source archive, and the wheel that is built from what is in it."""
    folder = tmp_path_factory.mktemp("dist")
    made = run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, folder=TOP)
    assert made.returncode == 0, made.stderr
    (source,) = folder.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    made = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, folder=unpacked)
    assert made.returncode == 0, made.stderr
    (wheel,) = folder.glob("*.whl")
    return source, wheel


def versioned(*folders: str) -> Iterator[str]:
    """Files that the repository knows."""
    yield from run("git", "ls-files", "-z", *folders, folder=TOP).stdout.split("\0")[:-1]


@pytest.mark.slow
def test_the_wheel_holds_the_package_with_all_its_data_and_nothing_else(archives: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(archives[1]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert set(versioned("drift_pipeline")) <= names
    assert {name.partition("/")[0] for name in names} == {"drift_pipeline"}
    assert {
        "drift_pipeline/py.typed",
        "drift_pipeline/_templates/read-only-role.sql",
        "drift_pipeline/_templates/schema-drift-check.yml",
        "drift_pipeline/_templates/troubleshooting.md",
        "drift_pipeline/_examples/shop/drift.toml",
        "drift_pipeline/report/drift-report.schema.json",
    } <= names
    assert not {name for name in names if "__pycache__" in name or "/.drift/" in name or name.endswith(".pyc")}


@pytest.mark.slow
def test_the_metadata_says_what_it_is(archives: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(archives[1]) as wheel:
        (name,) = (each for each in wheel.namelist() if each.endswith(".dist-info/METADATA"))
        metadata = email.message_from_string(wheel.read(name).decode())
        licences = [each for each in wheel.namelist() if each.endswith("/licenses/LICENSE")]

    assert (metadata["Name"], metadata["Version"]) == ("drift-pipeline", drift_pipeline.__version__)
    assert (metadata["License-Expression"], len(licences)) == ("MIT", 1)
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert set(metadata.get_all("Provides-Extra")) >= {"notify", "engines"}
    assert metadata["Requires-Python"] == ">=3.11"


@pytest.mark.slow
def test_the_source_archive_holds_what_a_reader_needs_and_no_work_of_the_day(archives: tuple[Path, Path]) -> None:
    with tarfile.open(archives[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {"README.md", "LICENSE", "CHANGELOG.md", "docs/index.md", "examples/shop/drift.toml"} <= names
    assert set(versioned("docs")) <= names
    assert not {name for name in names if name.startswith((".env", "site/", ".drift", "tests/"))}


@pytest.fixture(scope="module")
def installed(archives: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment that holds the locked requirements and the wheel, and nothing else."""
    folder = tmp_path_factory.mktemp("clean")
    made = run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", folder=folder)
    assert made.returncode == 0, made.stderr
    python = folder / "venv" / "bin" / "python"
    for what in (["--require-hashes", "-r", TOP / "requirements" / "run.txt"], ["--no-deps", archives[1]]):
        # uv is the quick way; where only pip knows the way to a package index, pip goes it; once more after a hiccup
        ways = [[BIN / "uv", "pip", "install", "-q", "--python", python], [
            sys.executable, "-m", "pip", "--python", python, "install", "-q"]] * 2  # fmt: skip
        for way in ways:
            done = run(*way, *what, folder=folder, UV_SYSTEM_CERTS="1")
            if done.returncode == 0:
                break
        assert done.returncode == 0, done.stderr
    return python.parent


@pytest.mark.slow
def test_what_is_installed_runs_in_any_folder(installed: Path, tmp_path: Path) -> None:
    told = run(installed / "drift", "--version", folder=tmp_path)
    assert (told.returncode, told.stdout) == (0, f"drift {drift_pipeline.__version__}\n"), told.stderr

    shown = run(installed / "drift", "demo", "--artifacts", tmp_path / "kept", folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "🔴 Breaks the application now" in shown.stdout
    kept = {path.name for path in (tmp_path / "kept" / "production" / "latest").iterdir()}
    assert {"schema-diff.sql", "drift-report.json", "drift-summary.md", "drift-report.html"} <= kept


@pytest.mark.slow
def test_what_is_installed_begins_in_a_repository(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text("from sqlalchemy import MetaData, Table\nm = MetaData()\nTable('t', m)\n")

    begun = run(installed / "drift", "init", "--yes", folder=tmp_path)

    assert begun.returncode == 0, begun.stderr
    assert "✓ models: models:m (models.py:2): 1 table" in begun.stdout
    for name, beside in (
        ("drift-read-only-role.sql", "docs/read-only-role.sql"),
        (".github/workflows/schema-drift-check.yml", ".github/workflows/schema-drift-check.yml"),
    ):
        written, ours = ((folder / file).read_text() for folder, file in ((tmp_path, name), (TOP, beside)))
        assert written.splitlines()[8:30] == ours.splitlines()[8:30]


@pytest.mark.slow
def test_what_is_installed_is_typed_for_whoever_uses_it(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "use.py").write_text(
        "import drift_pipeline\n"
        "report: drift_pipeline.Report = drift_pipeline.check('production')\n"
        "wrong: int = drift_pipeline.compare('a', 'b')\n"
    )

    checked = run(BIN / "mypy", "--python-executable", installed / "python", "--strict", "use.py", folder=tmp_path)

    assert re.findall(r"use.py:(\d+): error: .*\[(\w[\w-]*)\]", checked.stdout) == [("3", "assignment")], checked.stdout
