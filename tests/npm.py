"""Programs that come from npm alone, for the tests that ask them for their judgement."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest


def from_npm(package: str, folder: Path) -> None:
    """Installs it into the folder. A registry that cannot be reached, after some tries, skips the test."""
    command = ["npm", "install", "--silent", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), package]
    for pause in (5, 20, 0):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            said = done.stderr + done.stdout
            if done.returncode == 0:
                return
        except subprocess.TimeoutExpired:
            said = "it took longer than 300 s"
        time.sleep(pause)
    pytest.skip(f"{package} cannot be had from npm here: {said.strip()[-300:]}")
