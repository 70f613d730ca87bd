"""Which reader read it: facts that are kept are only worth something to the reader that made them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


@cache
def edition() -> str:
    """A digest of everything that decides what the facts of a database look like: the catalog queries, the assembly."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("sql/*.sql"), folder / "assemble.py", folder / "reader.py", folder / "facts.py"]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
