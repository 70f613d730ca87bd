"""Other tools that compare two PostgreSQL schemas, each in a virtual environment of its own, made when first needed."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Peer:
    """One tool. `compares`: what its operation in `peer_worker` does."""

    name: str
    requirements: tuple[str, ...]
    compares: str


PEERS = (
    Peer("migra", ("migra>=3.0", "setuptools<81", "sqlalchemy>=2.0", "psycopg2-binary>=2.9"), "two databases"),
    Peer("results", ("results>=2.0", "psycopg[binary]>=3"), "two databases"),
    Peer("pgmig", ("pgmig>=1.1", "psycopg[binary]>=3"), "two databases"),
    Peer("alembic", ("alembic>=1.13", "sqlalchemy>=2.0", "psycopg2-binary>=2.9"), "models and a database"),
)


def home() -> Path:
    """Where the environments lie: they are kept, and may be thrown away."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "drift-pipeline" / "bench"


def interpreter(peer: Peer) -> Path:
    """The Python of a peer's environment, made if it is not there. Raises CalledProcessError, FileNotFoundError."""
    folder = home() / peer.name
    python = folder / "bin" / "python"
    stamp = folder / "requirements"
    wanted = "\n".join(peer.requirements)
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    run("uv", "venv", "--quiet", "--python", "3.11", str(folder))
    run("uv", "pip", "install", "--quiet", "--python", str(python), *peer.requirements)
    stamp.write_text(wanted)
    return python


def run(*command: str) -> str:
    """A program's output. Raises CalledProcessError with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    return done.stdout
