"""The blocks of code in the documentation: what they are, and what the comment above them says about running them.

<!-- not run: why -->     it is only shown
<!-- exit: 2 -->          it ends with this code (otherwise 0; `drift check` may find drift, `drift diff` differences)
<!-- fresh: a b -->       these files are taken away before it runs
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RUN = ("console", "sh", "bash", "sql", "toml", "python")
_FENCE = re.compile(r"(?m)^(?P<indent> *)```(?P<language>\w+)[^\n]*\n(?P<text>.*?)^(?P=indent)```[ ]*$", re.DOTALL)
_MARK = re.compile(r"<!-- (not run|exit|fresh|run): (.+?) -->\s*$")


@dataclass(frozen=True)
class Block:
    """One fenced block. `marks`: what the comments right above it say."""

    page: str
    line: int
    language: str
    text: str
    marks: dict[str, str]

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Command:
    """One command of a console block, and what is shown under it."""

    line: str
    shown: str


def blocks(page: Path, top: Path) -> list[Block]:
    """The blocks of a page, with files put in where the page includes them."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        body = textwrap.dedent(match["text"])
        body = re.sub(r'(?m)^--8<-- "(.+)"$', lambda each: (top / each[1]).read_text(encoding="utf-8"), body)
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page.name, line, match["language"], body, dict(_marks(text[: match.start()]))))
    return found


def _marks(before: str) -> Iterator[tuple[str, str]]:
    for line in reversed(before.rstrip("\n").splitlines()):
        match = _MARK.fullmatch(line.strip())
        if not match:
            return
        yield match[1], match[2]


def commands(block: Block) -> list[Command]:
    """The commands after `$ `, each with the lines that follow it."""
    found: list[Command] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:], ""))
        elif found:
            found[-1] = Command(found[-1].line, f"{found[-1].shown}{line}\n")
    return found


def shows(shown: str, printed: str) -> str:
    """Empty if each part of it, between `…`, was printed in its order, however lines are broken; else the part."""
    flat, place = " ".join(printed.split()), 0
    for part in shown.split("…"):
        wanted = " ".join(part.split())
        found = flat.find(wanted, place)
        if found < 0:
            return wanted
        place = found + len(wanted)
    return ""
