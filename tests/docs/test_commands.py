"""Whatever the README and the pages tell somebody to type or to open exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from drift_pipeline.commands import drift
from drift_pipeline.commands_page import to_markdown
from tests.base.shop import TOP

PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]


def commands(page: Path) -> list[str]:
    """`drift …` in inline code and in blocks; rows of a table that go on with `… --option` belong to `check`."""
    text = page.read_text()
    inline = re.findall(r"`((?:[A-Z_]+=\S+ )*(?:drift|…) [^`\n]+)`", text)
    blocks = re.findall(r"(?m)^\$ (drift [^#\n]+)", text)
    return [*inline, *blocks]


def unknown_in(command: str) -> list[str]:
    """What `drift` does not know of a command as it is written."""
    words = shlex.split(
        command.partition(";")[0].replace("…", "check", 1) if command[0] == "…" else command.partition(";")[0]
    )
    words = words[words.index("drift") + 1 :] if "drift" in words else words
    if words[0].startswith("-"):
        return [word for word in words if word not in {"--help", "--version"}]
    found = drift.commands.get(words[0]) if isinstance(drift, click.Group) else None
    if found is None:
        return [words[0]]
    known = {option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)} | {
        "--help"
    }
    return [word for word in words[1:] if re.fullmatch(r"--?[a-z-]+", word) and word not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_exists(page: Path) -> None:
    for command in commands(page):
        assert unknown_in(command) == [], command


def test_the_readme_shows_every_command() -> None:
    shown = " ".join(commands(TOP / "README.md"))
    for name in drift.commands:
        if name not in {"ci", "pre-commit"}:  # for machines; the workflow and the hooks call them
            assert f"drift {name}" in shown, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", (TOP / "Makefile").read_text()))
    for page in PAGES:
        for target in re.findall(r"(?:`|^\$ )make ([a-z-]+)", page.read_text(), re.MULTILINE):
            assert target in targets, f"{page.name}: make {target}"


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    assert (TOP / "docs" / "commands.md").read_text(encoding="utf-8") == to_markdown(), (
        "python -m drift_pipeline.commands_page docs/commands.md writes it"
    )
