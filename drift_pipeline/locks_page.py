"""The page of locks, made from the table that the tests measure: python -m drift_pipeline.locks_page docs/locks.md"""

from __future__ import annotations

import sys
from pathlib import Path

from drift_pipeline.plan.claims import BLOCKS, CLAIMS, Claim

BEGIN = """# What statements lock

What each kind of statement does to those who use its table. The plan of a report is *measured*: each statement runs on
a copy of the schema, in a transaction of its own, and PostgreSQL is asked for its locks, for the tables that it wrote
anew and for those that it read. This table says the same beforehand; the tests hold every row against PostgreSQL 15,
16, 17 and 18. The ids are those of the [rules](rules.md).

| lock | means |
|---|---|
"""

TABLE = """
| id | statement | lock on its table | lock on others | reads, rewrites | |
|---|---|---|---|---|---|
"""


def to_markdown() -> str:
    """The whole page."""
    modes = (mode for mode in BLOCKS if mode != "EXCLUSIVE")
    legend = "\n".join(f"| {mode} | {BLOCKS[mode]} |" for mode in modes)
    return f"{BEGIN}{legend}\n{TABLE}" + "\n".join(_row(claim) for claim in CLAIMS) + "\n"


def _row(claim: Claim) -> str:
    does = "rewrites it" if claim.rewrites else "reads all of it" if claim.reads else ""
    does += "reads all of them" if claim.reads_other else ""
    since = f"From PostgreSQL {claim.since} on. " if claim.since > 15 else ""
    cells = (claim.rule, f"`{claim.what}`", claim.own.lower(), claim.other.lower(), does, f"{since}{claim.why}".strip())
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(to_markdown(), encoding="utf-8")
