"""Both hooks, in a Git repository of the shop's team: the plain one, and the one of pre-commit."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from drift_pipeline.config import Database
from tests.base.shop import TOP, Shop, drift, variables_of

pytestmark = pytest.mark.slow

HOOKS = TOP / ".pre-commit-hooks.yaml"
NOBODY = Database("staging", {"host": "127.0.0.1", "port": "1", "dbname": "shop", "user": "drift"})


def git(repository: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Git with an author, without the settings of whoever runs the tests."""
    author = {f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "DRIFT_"))}
    if "DRIFT_SCRATCH_HOME" in os.environ:
        clean["DRIFT_SCRATCH_HOME"] = os.environ["DRIFT_SCRATCH_HOME"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        ["git", *arguments],
        cwd=repository,
        env={**clean, **author, "GIT_CONFIG_GLOBAL": os.devnull, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def repository(checkout: Path) -> Path:
    """The team's repository with everything committed, and a changed model and a changed README in its work tree."""
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        assert git(checkout, *command).returncode == 0
    hook = checkout / ".git" / "hooks" / "pre-commit"
    shutil.copy(TOP / "scripts" / "pre-commit", hook)
    hook.chmod(0o755)
    (checkout / "README").write_text("words\n")
    models = checkout / "shop" / "models.py"
    models.write_text(models.read_text() + "\n# a word more\n")
    return checkout


def commit(repository: Path, database: Database, *files: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Stages these files and commits them, with a staging database behind the variables."""
    assert git(repository, "add", *files).returncode == 0
    return git(repository, "commit", "-m", "second", **variables_of(database, "STAGING"), **environment)


def commits(repository: Path) -> int:
    return int(git(repository, "rev-list", "--count", "HEAD").stdout)


def test_a_commit_without_models_is_not_checked(repository: Path) -> None:
    done = commit(repository, NOBODY, "README")
    assert done.returncode == 0, done.stderr
    assert "drift" not in done.stderr
    assert commits(repository) == 2


def test_critical_drift_on_staging_blocks_the_commit_of_a_model(repository: Path, shop: Shop) -> None:
    done = commit(repository, shop.production, "shop/models.py")
    assert done.returncode != 0
    assert commits(repository) == 1
    assert "🔴" in done.stdout + done.stderr
    assert "the commit is blocked: critical drift on staging" in done.stderr
    hook = subprocess.run(
        [".git/hooks/pre-commit"],
        cwd=repository,
        env={
            **os.environ,
            **variables_of(shop.production, "STAGING"),
            "PATH": f"{Path(sys.executable).parent}:/usr/bin",
        },
        capture_output=True,
        check=False,
    )
    assert hook.returncode == 2


def test_major_drift_is_told_and_lets_the_commit_pass(repository: Path, shop: Shop) -> None:
    done = commit(repository, shop.staging, "shop/models.py")
    assert done.returncode == 0, done.stderr
    assert "Major drift in staging" in done.stdout + done.stderr
    assert commits(repository) == 2


def test_a_staging_that_does_not_answer_blocks_nobody_and_is_told(repository: Path) -> None:
    done = commit(repository, NOBODY, "shop/models.py")
    assert done.returncode == 0
    assert commits(repository) == 2
    assert "staging could not be looked at; the commit goes on" in done.stderr


@pytest.mark.parametrize(
    ("staged", "folder", "checked"),
    [
        ("shop/models.py", "", True),
        ("models/order.py", "", True),
        ("app/models/order.py", "", True),
        ("docs/models.md", "", False),
        ("remodels/order.py", "", False),
        ("src/tables/order.py", "src/tables", True),
        ("shop/models.py", "src/tables", False),
    ],
)
def test_only_files_of_the_models_folder_start_a_check(staged: str, folder: str, checked: bool, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    file = tmp_path / staged
    file.parent.mkdir(parents=True)
    file.write_text("x = 1\n")
    git(tmp_path, "add", staged)
    # there are no settings here: whoever looks says so
    done = subprocess.run(
        ["sh", TOP / "scripts" / "pre-commit"],
        cwd=tmp_path,
        env={
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            **({"DRIFT_MODELS_DIR": folder} if folder else {}),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert ("could not be looked at" in done.stderr) is checked


def test_a_model_that_is_deleted_or_moved_away_counts(repository: Path) -> None:
    git(repository, "checkout", "-q", "shop/models.py")
    git(repository, "mv", "shop/models.py", "shop/tables.py")
    done = git(repository, "commit", "-m", "moved", **variables_of(NOBODY, "STAGING"))
    assert "could not be looked at" in done.stderr


def hook() -> Mapping[str, object]:
    (only,) = yaml.safe_load(HOOKS.read_text())
    return dict(only)


@pytest.mark.parametrize(("name", "code"), [("production", 2), ("staging", 0), ("nobody", 0)])
def test_the_entry_of_the_hook_blocks_on_critical_drift_alone(checkout: Path, shop: Shop, name: str, code: int) -> None:
    program, *arguments = shlex.split(str(hook()["entry"]))
    assert program == "drift"
    database = NOBODY if name == "nobody" else getattr(shop, name)
    assert drift(checkout, *arguments, variables=variables_of(database, "STAGING")).code == code


@pytest.mark.slow
def test_pre_commit_itself_runs_the_hook_for_models_and_blocks(repository: Path, shop: Shop, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("pre-commit")
    # a release of ours, as far as pre-commit looks at it
    release = tmp_path / "release"
    release.mkdir()
    shutil.copy(HOOKS, release)
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "release"], ["tag", "v1"]):
        assert git(release, *command).returncode == 0
    config = {"repos": [{"repo": str(release), "rev": "v1", "hooks": [{"id": "schema-drift"}]}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    (repository / ".git" / "hooks" / "pre-commit").unlink()

    # what an application's own hook environment brings: pre-commit keeps its copies of repositories apart
    apart = {"PRE_COMMIT_HOME": str(tmp_path / "home"), "PRE_COMMIT_COLOR": "never"}
    installed = subprocess.run(
        [program, "install"], cwd=repository, env={**os.environ, **apart}, capture_output=True, text=True, check=False
    )
    assert installed.returncode == 0, installed.stderr
    git(repository, "add", ".pre-commit-config.yaml")

    skipped = commit(repository, NOBODY, "README", **apart)
    assert (skipped.returncode, "(no files to check)Skipped" in skipped.stderr) == (0, True), skipped.stderr
    blocked = commit(repository, shop.production, "shop/models.py", **apart)
    assert (blocked.returncode, "exit code: 2" in blocked.stderr) == (1, True), blocked.stderr
    assert commits(repository) == 2
    assert commit(repository, shop.staging, "shop/models.py", **apart).returncode == 0
    assert commits(repository) == 3
