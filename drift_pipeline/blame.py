"""Which commit last touched the lines of the models that findings are about."""

from __future__ import annotations

import subprocess
import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

MOST_FILES = 50
"""A finding in more files than these is no longer looked up: this is a help, and nobody waits for it."""

_NOBODY = "0" * 40


def declared_by(root: Path, places: Collection[str], *, timeout: float = 3.0) -> Mapping[str, str]:
    """For each `file:line` (relative to `root`, or absolute): `commit abc1234567 of 2026-10-01`.

    Empty where there is no git, no checkout, or only the newest commit of a shallow clone; `timeout`: seconds for all.
    """
    lines: dict[str, list[int]] = defaultdict(list)
    for place in sorted(set(places)):
        file, _, line = place.rpartition(":")
        if file and line.isdigit():
            lines[file].append(int(line))
    deadline = time.monotonic() + timeout
    if not lines or _git(root, deadline, "rev-parse", "--is-shallow-repository").strip() != "false":
        return {}
    found: dict[str, str] = {}
    for file, numbers in list(lines.items())[:MOST_FILES]:
        spans = [part for number in numbers for part in ("-L", f"{number},{number}")]
        what = ("--porcelain", *spans, "--", file)
        # blame.ignoreRevsFile of a user's settings names a file that this repository may not have: git then gives up
        text = _git(root, deadline, "blame", *what) or _git(root, deadline, "blame", "--no-ignore-revs-file", *what)
        found |= {f"{file}:{number}": words for number, words in _commits(text).items()}
    return found


def _commits(porcelain: str) -> dict[int, str]:
    """Line number -> words, from `git blame --porcelain`."""
    dates: dict[str, str] = {}
    lines: dict[int, str] = {}
    sha = ""
    for row in porcelain.splitlines():
        if row.startswith("\t"):
            continue
        words = row.split(" ")
        if len(words) >= 3 and len(words[0]) == 40 and words[2].isdigit():
            sha = words[0]
            lines[int(words[2])] = sha
        elif words[0] == "author-time" and sha:
            dates[sha] = f"{datetime.fromtimestamp(int(words[1]), UTC):%Y-%m-%d}"
    return {
        number: "not committed yet" if sha == _NOBODY else f"commit {sha[:10]} of {dates.get(sha, 'an unknown day')}"
        for number, sha in lines.items()
    }


def _git(root: Path, deadline: float, *arguments: str) -> str:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        return ""
    try:
        result = subprocess.run(
            # a checkout that is mounted into a container belongs to somebody else, which git would refuse to read
            ["git", "-c", "safe.directory=*", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=remaining,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout if result.returncode == 0 else ""
