"""How the process behaves, whatever it is told to do: start, end, interruption, pipes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import drift_pipeline
from drift_pipeline import cli
from tests.cli.conftest import PASSWORD, Drift

ROOT = Path(drift_pipeline.__file__).resolve().parent.parent
FORBIDDEN = ("dagster", "alembic", "sqlalchemy", "migra")


def imported_by(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has imported after this code."""
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(ended.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "from drift_pipeline.cli import run\nrun(['--help'])",
        "from drift_pipeline.cli import run\nrun(['check', '--env', 'nowhere'])",
        "import drift_pipeline.use_case, drift_pipeline.report.render, drift_pipeline.history.artifacts",
        "import drift_pipeline.doctor, drift_pipeline.demo, drift_pipeline.ci",
    ],
    ids=["help", "start of check", "whole check", "other commands"],
)
def test_the_command_line_imports_neither_dagster_nor_alembic_nor_sqlalchemy(code: str) -> None:
    assert not imported_by(code) & set(FORBIDDEN)


def seconds_of_imports(code: str) -> float:
    """The best of three runs: seconds that the interpreter spends on imports, its own start aside."""
    best = []
    for _ in range(3):
        ended = subprocess.run(
            [sys.executable, "-c", f"import time; t = time.process_time()\n{code}\nprint(time.process_time() - t)"],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},  # what the first run compiles, the others find
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        best.append(float(ended.stdout.splitlines()[-1]))
    return min(best)


YARDSTICK = (
    "import asyncio, unittest.mock, http.server, xml.dom.minidom, logging.config, sqlite3, email.mime.text,"
    "urllib.request, decimal, statistics, tarfile, pydoc"
)
"""Imports from the standard library that take 0.06 s where the budget of ours is 0.7 s."""


def test_help_and_the_start_of_a_check_stay_within_the_budget_of_imports() -> None:
    budget = 0.7 * max(1.0, seconds_of_imports(YARDSTICK) / 0.06)
    assert seconds_of_imports("from drift_pipeline.cli import run; run(['--help'])") < budget
    assert seconds_of_imports("import drift_pipeline.commands, drift_pipeline.use_case") < budget


def test_help_and_version_end_with_0(drift: Drift) -> None:
    helped, told = drift("--help"), drift("--version")

    assert (helped.code, helped.err) == (0, "")
    assert "3 could not look" in helped.out
    assert (told.code, told.out) == (0, f"drift {drift_pipeline.__version__}\n")


def test_every_command_has_help_that_tells_its_exit_codes(drift: Drift) -> None:
    for command in ("check", "diff", "snapshot", "doctor", "demo", "ci", "trends"):
        ended = drift(command, "--help")
        assert ended.code == 0
        assert "Exit codes:" in ended.out


@pytest.mark.parametrize("error", [SystemExit(1), SystemExit(2), SystemExit("text"), MemoryError(), ValueError("x")])
def test_no_crash_ends_like_drift(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(*_: object) -> int:
        raise error

    monkeypatch.setattr(cli, "_run", crash)

    assert cli.run(["check"]) == 3
    assert "Traceback" not in capsys.readouterr().err


def test_an_unexpected_exception_is_named_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(_arguments: list[str], secrets: set[str]) -> int:
        secrets.add(PASSWORD)
        raise RuntimeError(f"with {PASSWORD}\nand postgresql://u:other@h/d")

    monkeypatch.setattr(cli, "_run", crash)

    assert cli.run(["check"]) == 3
    assert capsys.readouterr().err.splitlines()[0] == (
        "drift: it stopped unexpectedly: RuntimeError: with *** and postgresql://u:***@h/d"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_with_3(project: Path, number: signal.Signals) -> None:
    with socket.socket() as silent:  # accepts connections and never answers, so that the check waits
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(120)
        host, port = silent.getsockname()
        variables = {
            "PROD_DATABASE_URL": f"postgresql://u:{PASSWORD}@{host}:{port}/d",
            "DRIFT_CONNECT_TIMEOUT": "600",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "drift_pipeline", "check", "--env", "production"],
            cwd=project,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        waiting, _ = silent.accept()
        process.send_signal(number)
        out, err = process.communicate(timeout=120)  # the connection would wait for longer
        waiting.close()

    assert process.returncode == 3
    assert out == ""
    assert "drift: interrupted\n  next: " in err
    assert "Traceback" not in err


BUFFERED = pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
"""Most machines have a buffer before standard output, which Python empties when it exits; containers mostly not."""


@BUFFERED
@pytest.mark.parametrize("arguments", ["trends --env production --json", "--help"])
def test_a_reader_that_goes_away_leaves_no_traceback(project: Path, unbuffered: str, arguments: str) -> None:
    # it is gone before anything is written
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "drift_pipeline", *arguments.split()],
        cwd=project,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writer)

    assert (ended.returncode, ended.stderr) == (0, "")


@BUFFERED
@pytest.mark.parametrize("arguments", ["trends --env production", "--version"])
def test_a_full_disk_behind_standard_output_is_no_success(project: Path, unbuffered: str, arguments: str) -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "drift_pipeline", *arguments.split()],
            cwd=project,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    assert ended.returncode == 3
    assert "No space left" in ended.stderr
    assert len(ended.stderr.splitlines()) == 2


def test_names_survive_a_locale_without_unicode(project: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "drift_pipeline", "trends", "--env", "überall"],
        cwd=project,
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert ended.returncode == 3
    assert "überall" in ended.stderr


def test_the_old_script_is_the_same_check(project: Path) -> None:
    script = ROOT / "scripts" / "check_schema_drift.py"

    helped = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, check=False)
    refused = subprocess.run(
        [sys.executable, script, "--env", "nowhere"], cwd=project, capture_output=True, text=True, check=False
    )

    assert helped.returncode == 0
    for option in ("--env", "--generate-migration", "--export"):
        assert option in helped.stdout
    assert refused.returncode == 3
    assert "unknown environment 'nowhere'" in refused.stderr


def test_the_old_script_says_what_is_missing_where_the_package_cannot_run(project: Path) -> None:
    script = ROOT / "scripts" / "check_schema_drift.py"

    ended = subprocess.run(
        [sys.executable, "-S", "-E", script, "--env", "production"],  # without site-packages
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 3
    assert "Traceback" not in ended.stderr
    assert "next: " in ended.stderr
