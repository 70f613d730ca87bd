"""Completion in real shells: commands, options, environments of the settings, and nothing said where it cannot."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Drift

BIN = Path(sys.executable).parent


@pytest.fixture
def folder(project: Path) -> Path:
    (project / "drift.toml").write_text('models = "shop_models:metadata"\n[environments.qa-eu]\n')
    return project


def environ() -> dict[str, str]:
    return {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "TERM": "xterm", "LC_ALL": "C"}


def run(shell: str, script: str, folder: Path) -> str:
    ended = subprocess.run(
        [shell, "-c", script], cwd=folder, env=environ(), capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stderr == ""
    return ended.stdout


def completed_by_bash(line: str, folder: Path) -> list[str]:
    """What bash offers at the end of this line."""
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    script = f"""
        eval "$(drift completion bash)"
        COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}
        $(complete -p drift | sed 's/.*-F //; s/ drift$//') drift
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return run("bash", script, folder).split()


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("drift comp", ["completion"]),
        ("drift completion ", ["bash", "zsh", "fish"]),
        ("drift check --fail", ["--fail-on"]),
        ("drift check --env ", ["production", "qa-eu", "staging"]),
        ("drift check --env q", ["qa-eu"]),
        ("drift diff qa-eu m", ["models"]),
    ],
)
def test_bash_completes(folder: Path, line: str, offered: list[str]) -> None:
    assert completed_by_bash(line, folder) == offered


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
def test_settings_with_a_mistake_complete_nothing_and_say_nothing(folder: Path) -> None:
    (folder / "drift.toml").write_text("nonsense = ")

    assert completed_by_bash("drift check --env ", folder) == []


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("fish"), reason="no fish here")
def test_fish_completes(folder: Path) -> None:
    def offered(line: str) -> list[str]:
        script = f"drift completion fish | source; complete -C '{line}'"
        return [each.split("\t")[0] for each in run("fish", script, folder).splitlines()]

    assert offered("drift comp") == ["completion"]
    assert offered("drift check --env ") == ["production", "qa-eu", "staging"]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("zsh"), reason="no zsh here")
def test_zsh_completes_on_the_tabulator_key(folder: Path) -> None:
    setup = 'autoload -Uz compinit; compinit -u -D; eval "$(drift completion zsh)"; PS1="ready> "'

    said = typed_into(["zsh", "-f", "-i"], folder, [(setup + "\n", "ready> "), ("drift diff models q\t", "qa-eu")])

    assert "drift diff models qa-eu" in said


def typed_into(shell: list[str], folder: Path, dialogue: list[tuple[str, str]]) -> str:
    """What a shell on a terminal prints, where each text is typed and the one beside it awaited."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(shell, cwd=folder, env=environ(), stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    said = ""
    try:
        for text, awaited in dialogue:
            os.write(controller, text.encode())
            until, begin = time.monotonic() + 120, len(said) + len(text)
            while awaited not in said[begin:] and time.monotonic() < until:
                if select.select([controller], [], [], 0.2)[0]:
                    said += os.read(controller, 4096).decode(errors="replace")
    finally:
        process.kill()
        process.wait()
        os.close(controller)
    return said


def test_a_shell_that_is_none_is_wrong_usage(drift: Drift) -> None:
    ended = drift("completion", "tcsh")

    assert ended.code == 3
    assert "'tcsh' is not one of" in ended.err
