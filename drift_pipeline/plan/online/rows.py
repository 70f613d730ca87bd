"""Filling a column of a table in use: batch by batch, each in a transaction of its own."""

from __future__ import annotations

import re
from pathlib import Path

from drift_pipeline.plan.native.quote import dotted, quote_literal
from drift_pipeline.plan.online.draft import BATCHES
from drift_pipeline.plan.statements import Statement, Step

_BACKFILL = (Path(__file__).parent / "backfill.sql").read_text()
_CHECK = (Path(__file__).parent / "left.sql").read_text()
PAGES = 8
"""Pages of one batch: so few rows that whoever wants to write one of them hardly notices."""
PAUSE = 0.02
"""Seconds between batches, in which others and the replicas catch up."""


def backfill(
    statement: Statement, table: tuple[str, ...], assignment: str, condition: str, *, complete: bool = False
) -> Step:
    """`UPDATE table SET assignment WHERE condition`, page by page. What is done twice does no harm.

    `complete`: it fails if rows are left, which a trigger may see to, for then nothing may go on.
    """
    texts = {
        "%table_name%": quote_literal(dotted(*table)),
        "%table%": dotted(*table),
        "%assignment%": assignment,
        "%condition%": condition,
        "%pages%": str(PAGES),
        "%pause%": str(PAUSE),
        "%check%": _CHECK.replace("%table%", dotted(*table)).replace("%condition%", condition) if complete else "",
    }
    body = re.sub("|".join(texts), lambda match: texts[match.group()], _BACKFILL).strip()
    tag = "$backfill$"
    while tag in body:
        tag = f"{tag[:-1]}_$"
    filled = Statement(
        f"DO {tag}\n{body}\n{tag}", statement.engine, transactional=False, settles=statement.settles,
        note="Triggers on UPDATE fire for each row, as they do for every other update.",
    )  # fmt: skip
    return Step(f"Fill the rows of {'.'.join(table)}, {PAGES} pages at a time", (filled,), False, *BATCHES)
