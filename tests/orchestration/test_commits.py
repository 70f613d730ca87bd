"""The sensor on new commits, and models taken from a commit: real git repositories, real loader."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import dagster as dg
import pytest

from drift_pipeline.commit import Commit
from drift_pipeline.config import Database, load_settings
from drift_pipeline.errors import ModelsError
from drift_pipeline.orchestration import repository as repositories
from drift_pipeline.orchestration.commits import Watched, migration_folders, remember, remembered
from drift_pipeline.orchestration.repository import find_repository
from tests.orchestration.project import AS_DECLARED, MODELS, SETTINGS, Project, failures, number

WITH_EMAIL = MODELS + "    email: Mapped[str | None] = mapped_column(String(80))\n"


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


def commit(project: Project, message: str = "change") -> str:
    git(project.root, "add", "-A")
    git(project.root, "commit", "-q", "--allow-empty", "-m", message)
    return git(project.root, "rev-parse", "HEAD")


@pytest.fixture
def followed(project: Project) -> Project:
    """The project, in a repository of its own, with migrations."""
    project.write("drift.toml", SETTINGS.replace("[models]", '[models]\nalembic = "alembic.ini"'))
    project.write("alembic.ini", "[alembic]\nscript_location = %(here)s/migrations\n")
    project.write("migrations/versions/0001.py", "revision = '1'\n")
    project.write("shop/views.py", "from shop import models\n")
    project.write("README.md", "shop\n")
    project.write(".gitignore", ".env\n.drift/\n__pycache__/\n")
    git(project.root, "init", "-q", "-b", "main")
    commit(project, "first")
    return project


@pytest.fixture
def watching(followed: Project, instance: dg.DagsterInstance) -> Project:
    """The same after a run that has seen what the loader reads."""
    settings = load_settings(followed.root)
    remember(Watched.of(["shop/__init__.py", "shop/models.py"], settings), Path(instance.storage_directory()))
    return followed


class Ticks:
    """The sensor as the daemon runs it, its cursor kept from tick to tick."""

    def __init__(self, project: Project, instance: dg.DagsterInstance) -> None:
        definitions = project.definitions
        (self.sensor,) = (sensor for sensor in definitions.sensors or () if sensor.name == "new_commits")
        self.instance, self.resource = instance, project.resource
        self.cursor: str | None = None

    def tick(self) -> dg.SensorResult:
        assert isinstance(self.sensor, dg.SensorDefinition)
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"drift": self.resource}
        )
        with context:
            data = self.sensor.evaluate_tick(context)
        self.cursor = data.cursor
        return dg.SensorResult(run_requests=data.run_requests, skip_reason=data.skip_message, cursor=data.cursor)

    def runs(self) -> list[str]:
        return [request.tags["drift/commit"] for request in self.tick().run_requests or []]


@pytest.fixture
def ticks(watching: Project, instance: dg.DagsterInstance) -> Ticks:
    return Ticks(watching, instance)


def test_the_sensor_runs_from_the_start(project: Project) -> None:
    (sensor,) = (sensor for sensor in project.definitions.sensors or () if sensor.name == "new_commits")
    assert isinstance(sensor, dg.SensorDefinition)
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.job_name == "drift_check"


def test_the_first_tick_only_notes_where_the_branch_stands(watching: Project, ticks: Ticks) -> None:
    assert ticks.runs() == []
    assert ticks.cursor == git(watching.root, "rev-parse", "HEAD")
    assert ticks.runs() == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("shop/models.py", WITH_EMAIL),
        ("shop/__init__.py", "x = 1\n"),
        ("migrations/versions/0002.py", "revision = '2'\n"),
        ("migrations/env.py", "x = 1\n"),
        ("alembic.ini", "[alembic]\nscript_location = migrations\n# changed\n"),
        ("drift.toml", SETTINGS),
        ("shop/new_model.py", "x = 1\n"),
    ],
)
def test_a_commit_that_touches_models_or_migrations_starts_a_run(
    name: str, text: str, watching: Project, ticks: Ticks
) -> None:
    ticks.tick()
    watching.write(name, text)
    newest = commit(watching)
    result = ticks.tick()
    (request,) = result.run_requests or []
    assert request.run_key == newest
    assert request.tags["drift/commit"] == newest
    assert request.tags["drift/branch"] == "main"
    assert ticks.runs() == []


@pytest.mark.parametrize(
    "name", ["README.md", "shop/views.py", "tests/test_new.py", "migrations.txt", "other/models.py"]
)
def test_any_other_commit_starts_none_and_is_not_looked_at_again(name: str, watching: Project, ticks: Ticks) -> None:
    ticks.tick()
    watching.write(name, "x = 2\n")
    newest = commit(watching)
    assert ticks.runs() == []
    assert ticks.cursor == newest


@pytest.mark.parametrize(
    ("ini", "text", "folders"),
    [
        ("alembic.ini", "[alembic]\nscript_location = migrations\n", ["migrations"]),
        # `alembic -c conf/alembic.ini` is started in the folder above
        ("conf/alembic.ini", "[alembic]\nscript_location = migrations\n", ["migrations"]),
        ("conf/alembic.ini", "[alembic]\nscript_location = %(here)s/../migrations\n", ["migrations"]),
        (
            "alembic.ini",
            "[other]\nscript_location = migrations\nversion_locations = one two\n",
            ["migrations", "one", "two"],
        ),
    ],
)
def test_the_folders_of_the_migrations_are_found_as_alembic_finds_them(
    ini: str, text: str, folders: list[str], tmp_path: Path
) -> None:
    section = "other" if "[other]" in text else "alembic"
    for name, content in {
        "drift.toml": f'[models]\nalembic = "{ini}"\nsection = "{section}"\n',
        ini: text,
        "migrations/env.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert migration_folders(load_settings(tmp_path, environ={})) == folders


def test_a_push_of_several_commits_is_one_run_of_the_newest(watching: Project, ticks: Ticks) -> None:
    ticks.tick()
    watching.write("shop/models.py", WITH_EMAIL)
    commit(watching)
    for _ in range(3):
        newest = commit(watching)
    assert ticks.runs() == [newest]


def test_a_file_that_goes_and_one_that_moves_count(watching: Project, ticks: Ticks) -> None:
    ticks.tick()
    git(watching.root, "mv", "shop/models.py", "shop/tables.py")
    newest = commit(watching)
    assert ticks.runs() == [newest]


def test_before_any_run_every_commit_counts(followed: Project, instance: dg.DagsterInstance) -> None:
    ticks = Ticks(followed, instance)
    ticks.tick()
    followed.write("README.md", "changed\n")
    newest = commit(followed)
    assert ticks.runs() == [newest]


def test_a_force_push_is_a_commit_like_any_other(watching: Project, ticks: Ticks) -> None:
    watching.write("shop/models.py", WITH_EMAIL)
    commit(watching)
    ticks.tick()
    git(watching.root, "reset", "-q", "--hard", "HEAD~1")
    git(watching.root, "reflog", "expire", "--expire=now", "--all")
    git(watching.root, "gc", "-q", "--prune=now")
    assert ticks.runs() == [git(watching.root, "rev-parse", "HEAD")]


def test_a_mirror_that_was_lost_is_made_again_and_the_commit_runs(
    watching: Project, ticks: Ticks, instance: dg.DagsterInstance
) -> None:
    ticks.tick()
    shutil.rmtree(Path(instance.storage_directory()) / "drift")
    assert ticks.runs() == []
    git(watching.root, "checkout", "-q", "--orphan", "anew")
    newest = commit(watching)
    assert ticks.runs() == [newest]


def test_the_settings_may_lie_below_the_top_of_the_repository(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    project = Project(tmp_path / "mono" / "services" / "shop", tmp_path / "artifacts", tmp_path / "home")
    project.write("drift.toml", SETTINGS)
    project.write("shop/models.py", MODELS)
    (tmp_path / "mono" / "other").mkdir()
    git(tmp_path / "mono", "init", "-q", "-b", "main")
    commit(project)
    remember(Watched.of(["shop/models.py"], load_settings(project.root)), Path(instance.storage_directory()))
    ticks = Ticks(project, instance)
    ticks.tick()
    (tmp_path / "mono" / "other" / "models.py").write_text("x = 1\n")
    git(tmp_path / "mono", "add", "-A")
    commit(project)
    assert ticks.runs() == []
    project.write("shop/models.py", WITH_EMAIL)
    newest = commit(project)
    assert ticks.runs() == [newest]


def test_where_there_is_no_repository_the_sensor_waits_quietly(project: Project, instance: dg.DagsterInstance) -> None:
    assert "in no git repository" in (Ticks(project, instance).tick().skip_reason.skip_message or "")  # type: ignore[union-attr]


def test_a_repository_that_is_down_is_a_failed_tick_without_its_token(watching: Project, ticks: Ticks) -> None:
    ticks.tick()
    before = ticks.cursor
    watching.variables["DRIFT_REPOSITORY"] = "http://someone:hunter2-token@127.0.0.1:1/shop.git"
    watching.save_variables()
    with pytest.raises(Exception, match="cannot be read") as caught:
        ticks.tick()
    told: BaseException | None = caught.value
    while told is not None:
        assert "hunter2" not in f"{told} {told!r}"
        told = told.__cause__ or told.__context__
    assert ticks.cursor == before


def test_a_branch_that_does_not_exist_is_said(watching: Project, ticks: Ticks) -> None:
    watching.variables["DRIFT_BRANCH"] = "no-such-branch"
    watching.save_variables()
    with pytest.raises(Exception, match="no branch no-such-branch"):
        ticks.tick()


def test_another_branch_than_the_one_checked_out_can_be_followed(watching: Project, ticks: Ticks) -> None:
    git(watching.root, "branch", "release/1.0")
    watching.variables["DRIFT_BRANCH"] = "release/1.0"
    watching.save_variables()
    ticks.tick()
    watching.write("shop/models.py", WITH_EMAIL)
    commit(watching)
    assert ticks.runs() == []
    git(watching.root, "branch", "-f", "release/1.0", "HEAD")
    (request,) = ticks.tick().run_requests or []
    assert request.tags["drift/branch"] == "release/1.0"


def test_what_was_watched_is_remembered_and_a_damaged_memory_is_none(tmp_path: Path, project: Project) -> None:
    watched = Watched.of(["shop/models.py", "/usr/lib/x.py"], load_settings(project.root))
    remember(watched, tmp_path)
    assert remembered(tmp_path) == watched
    assert "/usr/lib/x.py" not in watched.files
    (tmp_path / "drift" / "watched.json").write_text("[]")
    assert remembered(tmp_path) is None


# ---------------------------------------------------------------- the run of a commit


def run_at(project: Project, instance: dg.DagsterInstance, sha: str, branch: str = "main") -> dg.ExecuteInProcessResult:
    return project.execute(instance, "drift_check_production", {"drift/commit": sha, "drift/branch": branch})


@pytest.mark.slow
def test_a_run_checks_the_models_of_its_commit_and_not_those_that_lie_there(
    followed: Project, instance: dg.DagsterInstance, new_database: Callable[..., Database]
) -> None:
    followed.connect("PROD", new_database(AS_DECLARED))
    old = git(followed.root, "rev-parse", "HEAD")
    followed.write("shop/models.py", WITH_EMAIL)
    new = commit(followed)
    git(followed.root, "branch", "feature/x")
    followed.write("shop/models.py", "this is not even Python")
    status = git(followed.root, "status", "--porcelain")

    at_new = run_at(followed, instance, new, "feature/x")
    assert number(at_new, "production__drift_report", "total") == 1
    assert number(at_new, "production__drift_report", "commit") == new
    assert number(at_new, "production__drift_report", "branch") == "feature/x"
    at_old = run_at(followed, instance, old)
    assert number(at_old, "production__drift_report", "total") == 0

    assert git(followed.root, "status", "--porcelain") == status
    assert list((Path(instance.storage_directory()) / "drift" / "worktrees").iterdir()) == []
    assert not git(followed.root, "worktree", "list").splitlines()[1:]


def test_models_that_come_from_elsewhere_are_refused(
    followed: Project, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    # as an editable installation does it: the package is found in the checkout, wherever the run looks
    followed.write("drift.toml", SETTINGS.replace("[models]", f'[models]\npath = ["{followed.root}"]'))
    sha = commit(followed)
    result = run_at(followed, instance, sha)
    said = failures(result)["model_schema"]
    assert f"commit {sha[:10]} cannot be checked: {followed.root}" in (said.description or "")
    assert "install the application without -e" in str(said.metadata["next step"].value)


def test_a_commit_that_is_gone_or_none_is_could_not_look(followed: Project, instance: dg.DagsterInstance) -> None:
    for sha in ("0" * 40, "--upload-pack=touch /tmp/x", "HEAD"):
        assert set(failures(run_at(followed, instance, sha))) >= {"model_schema"}


def test_what_a_killed_run_left_is_swept_by_a_later_one(followed: Project, tmp_path: Path) -> None:
    found = find_repository(load_settings(followed.root), tmp_path / "storage", {})
    assert found
    newest = found.newest()
    left = found.storage / "worktrees" / "left-behind"
    left.mkdir(parents=True)
    long_ago = time.time() - repositories.ABANDONED - 10
    os.utime(left, (long_ago, long_ago))
    with found.worktree(newest) as root:
        assert (root / "shop/models.py").is_file()
        assert not left.exists()


def test_whoever_refuses_bare_repositories_can_follow_one(
    followed: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text("[safe]\nbareRepository = explicit\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    bare = tmp_path / "remote.git"
    git(followed.root, "clone", "-q", "--bare", str(followed.root), str(bare))
    for source in (str(followed.root), f"file://{bare}"):
        found = find_repository(load_settings(followed.root), tmp_path / "storage", {"DRIFT_REPOSITORY": source})
        assert found
        with found.worktree(found.newest()) as root:
            assert (root / "drift.toml").is_file()


def test_nobodys_hooks_run(followed: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = tmp_path / "template"
    hook = template / "hooks" / "post-checkout"
    hook.parent.mkdir(parents=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    hook.chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(f"[init]\ntemplateDir = {template}\n[core]\nhooksPath = {hook.parent}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    config.rename(tmp_path / ".gitconfig")
    found = find_repository(load_settings(followed.root), tmp_path / "storage", {})
    assert found
    with found.worktree(found.newest()):
        pass
    assert not (tmp_path / "hooked").exists()


def test_a_repository_can_be_given_by_its_address(followed: Project, tmp_path: Path) -> None:
    bare = tmp_path / "remote.git"
    git(followed.root, "clone", "-q", "--bare", str(followed.root), str(bare))
    settings = load_settings(followed.root)
    found = find_repository(settings, tmp_path / "storage", {"DRIFT_REPOSITORY": f"file://{bare}"})
    assert found
    newest = found.newest()
    assert newest == Commit("main", git(followed.root, "rev-parse", "HEAD"))
    with found.worktree(newest) as root:
        assert (root / "drift.toml").is_file()


TOKEN = "hunter2-token/with+signs"


class _Guarded(SimpleHTTPRequestHandler):
    """A repository as files, for whoever names the token; every path that was asked for is noted."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        scheme, _, told = self.headers.get("Authorization", " ").partition(" ")
        user, _, password = base64.b64decode(told).decode().partition(":")
        self.asked.append((self.path, user))
        if scheme != "Basic" or password != TOKEN:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="private"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def private(followed: Project, tmp_path: Path) -> Iterator[str]:
    """Address of the followed repository behind a token."""
    bare = tmp_path / "served" / "shop.git"
    git(followed.root, "clone", "-q", "--bare", str(followed.root), str(bare))
    git(bare, "update-server-info")
    _Guarded.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Guarded, directory=str(bare.parent))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/shop.git"
        server.shutdown()


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was typed behind `git`, as everybody on the machine can see it in the list of processes."""
    log, programs = tmp_path / "typed", tmp_path / "programs"
    programs.mkdir()
    (programs / "git").write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec {shutil.which("git")} "$@"\n')
    (programs / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return log


@pytest.mark.parametrize("where", ["variable", "address"])
def test_a_repository_that_needs_a_token_is_read_and_nobody_sees_the_token(
    where: str, followed: Project, private: str, typed: Path, instance: dg.DagsterInstance
) -> None:
    if where == "variable":
        followed.variables |= {"DRIFT_REPOSITORY": private, "DRIFT_REPOSITORY_TOKEN": TOKEN}
    else:
        followed.variables["DRIFT_REPOSITORY"] = private.replace("//", f"//robot:{quote(TOKEN, safe='')}@")
    followed.save_variables()
    ticks = Ticks(followed, instance)
    ticks.tick()
    assert ticks.cursor == git(followed.root, "rev-parse", "HEAD")
    assert {user for _, user in _Guarded.asked} == {"", "x-access-token" if where == "variable" else "robot"}
    seen = typed.read_text()
    assert "ls-remote" in seen
    mirror = Path(instance.storage_directory()) / "drift"
    kept = "".join(path.read_text(errors="replace") for path in mirror.rglob("*") if path.is_file())
    for text in (seen, kept):
        assert "hunter2" not in text


def test_a_token_that_is_refused_is_said_without_it(followed: Project, private: str, tmp_path: Path) -> None:
    variables = {"DRIFT_REPOSITORY": private, "DRIFT_REPOSITORY_TOKEN": "hunter2-of-yesterday"}
    found = find_repository(load_settings(followed.root), tmp_path, variables)
    assert found
    with pytest.raises(ModelsError, match="the repository of the models cannot be read") as caught:
        found.newest()
    assert "DRIFT_REPOSITORY_TOKEN" in caught.value.hint
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_a_token_is_for_its_own_host_alone(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    variables = {"DRIFT_REPOSITORY": "https://git.example.com:8443/a/b.git", "DRIFT_REPOSITORY_TOKEN": TOKEN}
    found = find_repository(settings, tmp_path, variables)
    assert found
    assert found.credentials
    assert "credential.https://git.example.com:8443.helper" in found.credentials.variables.values()
    assert "hunter2" not in repr(found)
    for source in ("git@github.com:a/b.git", "ssh://git@github.com/a/b.git", str(tmp_path), "file:///srv/b.git"):
        other = find_repository(settings, tmp_path, {**variables, "DRIFT_REPOSITORY": source})
        assert other
        assert (other.source, other.credentials) == (source, None)


def test_a_companys_certificates_reach_git_and_the_repository_of_a_hook_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git").write_text('#!/bin/sh\necho "$GIT_SSL_CAINFO, $GIT_DIR"\n')
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("GIT_SSL_CAINFO", "/etc/company.crt")
    monkeypatch.setenv("GIT_DIR", "/somewhere/.git")
    assert repositories.git("ls-remote").strip() == "/etc/company.crt,"


def test_without_git_the_message_says_so(followed: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = find_repository(load_settings(followed.root), tmp_path / "storage", {})
    assert found
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    if shutil.which("git"):
        pytest.skip("git lies beside the interpreter")
    with pytest.raises(ModelsError, match="git is not installed"):
        found.newest()
