"""Progress: on a terminal, on standard error, gone when the work is done; nowhere else."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from drift_pipeline.config import Database
from tests.cli.conftest import variables_of

NewDatabase = Callable[..., Database]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOURS = re.compile(r"\x1b\[[0-9;]*[1-9][0-9;]*m")
TABLE = "CREATE TABLE customers (id integer PRIMARY KEY, name varchar(80) NOT NULL)"


def environment(database: Database, **others: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"CI", "NO_COLOR", "FORCE_COLOR"}}
    return {**kept, "TERM": "xterm-256color", "COLUMNS": "120", **variables_of(database), **others}


def on_a_terminal(folder: Path, variables: dict[str, str], *arguments: str, both: bool = False) -> tuple[str, str, int]:
    """Standard output (a pipe), what standard error showed on a terminal, and the exit code. `both`: the terminal shows
    standard output, too.
    """
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "drift_pipeline", *arguments],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=terminal if both else subprocess.PIPE,
        stderr=terminal,
        text=True,
    )
    os.close(terminal)
    shown: list[bytes] = []

    def read() -> None:
        try:
            while piece := os.read(controller, 4096):
                shown.append(piece)
        except OSError:  # the other side closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    out, _ = process.communicate(timeout=120)
    reader.join(10)
    os.close(controller)
    return out, b"".join(shown).decode(), process.returncode


@pytest.fixture
def drifted(new_database: NewDatabase) -> Database:
    return new_database(TABLE + "; ALTER TABLE customers ADD note text")


@pytest.mark.slow
def test_a_check_on_a_terminal_says_what_it_is_doing(project: Path, drifted: Database) -> None:
    out, err, code = on_a_terminal(project, environment(drifted), "check", "--env", "production")

    said = ESCAPES.sub("", err)
    for what in (
        "reading the schema of production",
        "loading the models",
        "comparing it with the models on scratch",
        "planning the repair and proving it on scratch",
    ):
        assert what in said
    assert "reading the schema" not in out
    assert code == 2
    # the last thing on the terminal is where the artifacts are; the line of progress was wiped
    assert said.rstrip().splitlines()[-1].startswith("artifacts: ")


@pytest.mark.slow
def test_colour_is_left_out_where_it_is_not_wanted(project: Path, drifted: Database) -> None:
    asked = ("check", "--env", "production")
    _, coloured, _ = on_a_terminal(project, environment(drifted), *asked, both=True)
    _, plain, _ = on_a_terminal(project, environment(drifted, NO_COLOR="1"), *asked, both=True)

    report = "The plan was proven on a scratch copy"
    for said in (coloured, plain):
        assert "loading the models" in ESCAPES.sub("", said)
        assert report in ESCAPES.sub("", said)
    assert COLOURS.search(coloured)
    # the cursor moves where the progress was; nothing has a colour
    assert not re.search(r"\x1b\[[0-9;]*(?:3|4|9|10)[0-7](?:;[0-9;]*)?m|\x1b\[[0-9;]*38;", plain)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "variables"),
    [(["--quiet"], {}), ([], {"TERM": "dumb"}), ([], {"CI": "true"})],
    ids=["quiet", "a terminal that can do nothing", "a CI job"],
)
def test_there_is_none_where_nobody_could_use_it(
    project: Path, drifted: Database, options: list[str], variables: dict[str, str]
) -> None:
    _, err, _ = on_a_terminal(project, environment(drifted, **variables), "check", "--env", "production", *options)

    assert "loading the models" not in err
    assert "\x1b" not in err


@pytest.mark.slow
def test_there_is_none_in_a_pipe(project: Path, drifted: Database) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "drift_pipeline", "check", "--env", "production"],
        cwd=project,
        env=environment(drifted),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 2
    assert [line.partition(":")[0] for line in ended.stderr.splitlines()] == ["artifacts"]
    assert "\x1b" not in ended.stdout + ended.stderr


@pytest.mark.slow
def test_an_error_stands_alone_when_the_progress_is_gone(project: Path) -> None:
    nowhere = Database("nowhere", {"host": "127.0.0.1", "port": "1", "dbname": "d", "user": "u"})

    _, err, code = on_a_terminal(project, environment(nowhere), "check", "--env", "production")

    lines = [line for line in ESCAPES.sub("", err).replace("\r", "\n").splitlines() if line.strip()]
    assert code == 3
    assert lines[-2].startswith("drift: Could not connect to production")
    assert lines[-1].startswith("  next: ")


@pytest.mark.slow
def test_a_fleet_says_how_many_of_its_databases_were_read(project: Path, new_database: NewDatabase) -> None:
    one, other = new_database(TABLE), new_database(TABLE)
    names = [database.parameters["dbname"] for database in (one, other)]
    (project / "drift.toml").write_text(
        f'models = "shop_models:metadata"\n[environments.production]\ndatabases = {names}\n'
    )

    _, err, code = on_a_terminal(project, environment(one), "check", "--env", "production")

    assert code in {0, 1}, err
    assert "reading the databases of production: 2 of 2" in ESCAPES.sub("", err)
