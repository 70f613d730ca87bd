"""`drift init` in fresh repositories: what it says, what it writes, and that the loader takes what it wrote."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from drift_pipeline import cli
from drift_pipeline.config import load_settings
from drift_pipeline.models.loader import load_models
from tests.init import projects
from tests.workflows.test_workflows import linted

WRITTEN = ["drift.toml", ".env.example", "drift-read-only-role.sql", ".github/workflows/schema-drift-check.yml"]


class Init:
    """Runs `drift init` in a folder. `out`, `err`: what the last run printed."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capture = patch, capture
        self.out = self.err = ""

    def __call__(self, folder: Path, *arguments: str) -> int:
        with self._patch.context() as patch:
            patch.chdir(folder)
            code = cli.run(["init", "--yes", *arguments])
        self.out, self.err = self._capture.readouterr()
        return code


@pytest.fixture
def init(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Init:
    return Init(monkeypatch, capsys)


def tables_of(folder: Path) -> set[str]:
    """What the real loader finds by the drift.toml that was written."""
    settings = load_settings(folder, environ={})
    return set(load_models(settings.models, settings.root, cache=folder / "cache").tables)


def settings_in(folder: Path) -> dict[str, object]:
    return tomllib.loads((folder / "drift.toml").read_text())


def test_a_project_of_one_file_with_migrations(tmp_path: Path, init: Init) -> None:
    folder = projects.written(tmp_path, projects.ONE_FILE)

    assert init(folder) == 0

    assert settings_in(folder) == {"models": {"targets": ["models:Base.metadata"], "alembic": "alembic.ini"}}
    assert tables_of(folder) == {"public.orders"}
    lines = init.out.splitlines()
    assert lines[:2] == [
        "✓ models: models:Base.metadata (models.py:5): 1 table",
        "✓ alembic: alembic.ini: 2 revisions",
    ]
    assert lines[2:6] == [f"wrote  {name}" for name in WRITTEN]
    assert lines[-1] == "  3. drift doctor --env production"


@pytest.mark.parametrize(
    ("files", "models", "tables"),
    [
        (projects.SRC_LAYOUT, {"targets": ["shop.models"], "path": ["src"]}, {"public.customers", "public.orders"}),
        (projects.NO_INIT_FILES, {"targets": ["app.orders.tables"]}, {"public.orders"}),
        (projects.FLASK, {"targets": ["shop.users"]}, {"public.user", "public.tags"}),
        (
            projects.TWO_BASES,
            {"targets": ["app.audit:metadata", "app.sales:SalesBase.metadata"]},
            {"public.orders", "audit.entries"},
        ),
    ],
    ids=["src layout", "packages without __init__", "Flask-SQLAlchemy", "two bases"],
)
def test_what_is_written_loads_every_table(
    tmp_path: Path, init: Init, files: projects.Files, models: dict[str, object], tables: set[str]
) -> None:
    folder = projects.written(tmp_path, files)

    assert init(folder) == 0

    assert settings_in(folder) == {"models": models}
    assert tables_of(folder) == tables


@pytest.mark.slow
def test_an_alembic_ini_that_alembic_cannot_use_is_told_and_left_out(tmp_path: Path, init: Init) -> None:
    folder = projects.written(tmp_path, projects.FLASK)

    assert init(folder) == 0

    assert "! alembic: the revisions of migrations/alembic.ini could not be listed" in init.out
    assert "# alembic: the revisions of migrations/alembic.ini" in (folder / "drift.toml").read_text()

    # what it says to do about it helps
    assert "next: write the folder of env.py as script_location under [alembic] in alembic.ini" in init.out
    (folder / "migrations/alembic.ini").write_text("[alembic]\nscript_location = %(here)s\n")
    assert init(folder, "--force") == 0
    assert "✓ alembic: migrations/alembic.ini: 0 revisions" in init.out

    # beside env.py, as Flask-Migrate has it, it need not be said
    (folder / "migrations/alembic.ini").write_text("[alembic]\n")
    (folder / "migrations/env.py").write_text("")
    assert init(folder, "--force") == 0
    assert "✓ alembic: migrations/alembic.ini: 0 revisions" in init.out


@pytest.mark.slow
def test_models_that_only_env_py_knows_come_from_there(tmp_path: Path, init: Init) -> None:
    hidden = """
        import importlib
        sa = importlib.import_module("sqlalch" + "emy")
        class Base:
            metadata = sa.MetaData()
        sa.Table("hidden", Base.metadata, sa.Column("id", sa.Integer))
    """
    folder = projects.written(tmp_path, {**projects.ONE_FILE, "models.py": hidden})
    ini = (folder / "alembic.ini").read_text()
    (folder / "alembic.ini").write_text(ini + "prepend_sys_path = .\n")

    assert init(folder) == 0

    assert settings_in(folder) == {"models": {"alembic": "alembic.ini"}}
    assert tables_of(folder) == {"public.hidden"}


def test_a_long_list_of_modules_gives_way_to_env_py(tmp_path: Path, init: Init) -> None:
    parts = [f"part{number}" for number in range(10)]
    files = {f"{part}.py": projects.model("db", part).replace("..", "") for part in parts}
    env_py = projects.ENV_PY.replace("from models import Base", f"import {', '.join(parts)}\n    from db import Base")
    files |= {"db.py": projects.BASE, "alembic.ini": projects.ALEMBIC + "prepend_sys_path = .\n"}
    folder = projects.written(tmp_path, {**files, "migrations/env.py": env_py})

    assert init(folder) == 0

    assert settings_in(folder) == {"models": {"alembic": "alembic.ini"}}
    assert "✓ models: those of alembic.ini: 10 tables" in init.out


def test_nothing_found_is_one_line_and_nothing_is_written(tmp_path: Path, init: Init) -> None:
    folder = projects.written(tmp_path, projects.NOTHING)

    assert init(folder) == 3

    said, following = init.err.splitlines()
    assert said.startswith(f"drift: no models were found in {folder}: 1 Python files were looked at")
    assert "drift init --models app.models:Base.metadata" in following
    assert init.out == ""
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "tool.py"]


def test_models_that_cannot_be_imported_are_written_with_what_is_wrong(tmp_path: Path, init: Init) -> None:
    broken = "import nowhere_to_be_found\n" + projects.BASE.replace("\n    ", "\n")
    folder = projects.written(tmp_path, {"models.py": broken, "alembic.ini": projects.ALEMBIC})

    assert init(folder) == 0

    assert "! models: models:Base.metadata (models.py:8), not loaded: the models of models:Base.metadata" in init.out
    assert "No module named 'nowhere_to_be_found'" in init.out
    assert "next: set models.python" in init.out
    assert "– alembic: alembic.ini, not looked into before the models can be loaded" in init.out
    assert settings_in(folder) == {"models": {"targets": ["models:Base.metadata"], "alembic": "alembic.ini"}}


def test_nothing_is_overwritten_without_force(tmp_path: Path, init: Init) -> None:
    folder = projects.written(tmp_path, projects.ONE_FILE)
    for name in WRITTEN:
        projects.written(folder, {name: "mine"})

    assert init(folder) == 0
    assert {(folder / name).read_text() for name in WRITTEN} == {"mine"}
    assert init.out.count("it was there; --force writes it anew") == 4

    assert init(folder, "--force") == 0
    assert not any((folder / name).read_text() == "mine" for name in WRITTEN)


def test_a_file_that_cannot_be_written_is_named_and_the_others_stand(tmp_path: Path, init: Init) -> None:
    folder = projects.written(tmp_path, {**projects.ONE_FILE, ".github": "a file, and no folder"})

    assert init(folder, "--github") == 3

    assert init.err.startswith(f"drift: cannot write {folder}/.github/workflows/schema-drift-check.yml: ")
    assert [line for line in init.out.splitlines() if line.startswith("wrote")] == [
        f"wrote  {each}" for each in WRITTEN[:3]
    ]
    assert tables_of(folder) == {"public.orders"}


def test_names_of_folders_are_data(tmp_path: Path, init: Init) -> None:
    strange = 'it\'s "ours" \\ ☃'
    moved = {f"{strange}/{name}": text for name, text in projects.ONE_FILE.items()}
    folder = projects.written(tmp_path, moved)

    assert init(folder) == 0

    assert settings_in(folder) == {
        "models": {"targets": ["models:Base.metadata"], "path": [strange], "alembic": f"{strange}/alembic.ini"}
    }
    assert tables_of(folder) == {"public.orders"}


def test_settings_in_pyproject_stay_the_only_ones(tmp_path: Path, init: Init) -> None:
    settings = '[tool.drift.models]\ntargets = ["models:Base"]\n'
    folder = projects.written(tmp_path, {**projects.ONE_FILE, "pyproject.toml": settings})

    assert init(folder, "--force") == 0

    assert "kept   pyproject.toml: its [tool.drift] holds the settings" in init.out
    assert not (folder / "drift.toml").exists()


def test_given_names_are_taken_as_they_are(tmp_path: Path, init: Init) -> None:
    folder = projects.written(tmp_path, projects.ONE_FILE)

    assert init(folder, "--models", "models", "--env", "staging,eu-west", "--no-github") == 0

    assert settings_in(folder) == {
        "models": {"targets": ["models"], "alembic": "alembic.ini"},
        "environments": {"eu-west": {"prefix": "EU_WEST"}},
    }
    example = (folder / ".env.example").read_text()
    assert "EU_WEST_DB_HOST=\n" in example
    assert "PROD_" not in example
    assert not (folder / ".github").exists()
    assert init.out.splitlines()[-1] == "  3. drift doctor --env staging"


@pytest.mark.parametrize("name", ["../x", "a b", "prod;rm", "", "é", "'"])
def test_an_environment_has_a_plain_name(tmp_path: Path, init: Init, name: str) -> None:
    folder = projects.written(tmp_path, projects.ONE_FILE)

    assert init(folder, "--env", name) == 3
    assert "cannot name an environment" in init.err
    assert not (folder / "drift.toml").exists()


def test_the_example_of_variables_holds_no_value_that_is_secret_and_is_read_like_one(
    tmp_path: Path, init: Init
) -> None:
    folder = projects.written(tmp_path, projects.ONE_FILE)
    assert init(folder) == 0

    lines = (folder / ".env.example").read_text().splitlines()

    values = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert {values[f"{prefix}_DB_PASSWORD"] for prefix in ("PROD", "STAGING")} == {""}
    assert values["PROD_DB_PORT"] == "5432"


def test_the_workflow_knows_the_environments_and_installs_the_application(tmp_path: Path, init: Init) -> None:
    folder = projects.written(tmp_path, {**projects.ONE_FILE, "requirements.txt": "sqlalchemy\n"})
    assert init(folder, "--env", "live,staging") == 0

    text = (folder / WRITTEN[-1]).read_text()
    workflow = yaml.safe_load(text)

    triggers = workflow[True]  # YAML's `on`
    assert triggers["workflow_dispatch"]["inputs"]["environment"]["options"] == ["live", "staging"]
    assert triggers["workflow_dispatch"]["inputs"]["environment"]["default"] == "live"
    assert triggers["workflow_call"]["secrets"]["LIVE_DB_PASSWORD"] == {"required": False}
    steps = workflow["jobs"]["check"]["steps"]
    check = next(step for step in steps if "LIVE_DB_HOST" in step.get("env", {}))
    assert check["env"]["LIVE_DB_HOST"] == "${{ secrets.LIVE_DB_HOST }}"
    names = [step["name"] for step in steps]
    assert names.index("Install the application, whose models are imported") < names.index(check["name"])
    assert "production" not in text.replace("# ", "").split("jobs:")[1]


@pytest.mark.slow
def test_the_linters_of_workflows_have_nothing_to_say_about_it(tmp_path: Path, init: Init) -> None:
    folder = projects.written(tmp_path, {**projects.ONE_FILE, "requirements.txt": "sqlalchemy\n"})
    assert init(folder, "--env", "production,qa") == 0

    ended = subprocess.run(
        [Path(sys.executable).with_name("zizmor"), "--offline", "--no-progress", folder / WRITTEN[-1]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout
    if shutil.which("npm"):
        assert linted(tmp_path / "linter", folder / WRITTEN[-1]) == []


def test_the_role_is_the_one_that_is_tested(tmp_path: Path, init: Init) -> None:
    folder = projects.written(tmp_path, projects.ONE_FILE)
    assert init(folder) == 0
    tested = Path(cli.__file__).parents[1] / "docs" / "read-only-role.sql"

    ours = (folder / "drift-read-only-role.sql").read_text()

    assert "-f drift-read-only-role.sql" in ours
    assert ours.splitlines()[6:] == tested.read_text().splitlines()[6:]


@pytest.mark.slow
def test_on_a_terminal_it_asks_and_takes_the_answers(tmp_path: Path) -> None:
    folder = projects.written(tmp_path, projects.ONE_FILE)

    said = typed_into(folder, ["models", "", "production", "n"])

    assert "Models [models:Base.metadata]:" in said
    assert "Write a workflow for GitHub?" in said
    assert settings_in(folder) == {"models": {"targets": ["models"], "alembic": "alembic.ini"}}
    assert "STAGING" not in (folder / ".env.example").read_text()
    assert not (folder / ".github").exists()


def typed_into(folder: Path, answers: list[str]) -> str:
    """What `drift init` prints on a terminal where these lines are typed."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "drift_pipeline", "init"],
        cwd=folder,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(terminal)
    os.write(controller, "".join(f"{answer}\n" for answer in answers).encode())
    said = b""
    while True:
        try:
            piece = os.read(controller, 4096)
        except OSError:  # the other side closed
            break
        if not piece:
            break
        said += piece
    os.close(controller)
    assert process.wait(60) == 0, said.decode()
    return said.decode()
