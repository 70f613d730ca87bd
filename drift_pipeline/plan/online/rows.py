"""Filling a column of a table in use: batch by batch, each in a transaction of its own."""

from __future__ import annotations

import re
from pathlib import Path

from drift_pipeline.plan.native.quote import dotted, quote_literal
from drift_pipeline.plan.online.draft import BATCHES
from drift_pipeline.plan.statements import Statement, Step

_HERE = Path(__file__).parent
_BACKFILL, _CHECK = (_HERE / "backfill.sql").read_text(), (_HERE / "left.sql").read_text()
_BATCH, _BATCH_BY_ROW = (_HERE / "batch.sql").read_text().strip(), (_HERE / "batch_by_row.sql").read_text().strip()
_FINDS_PAGES = 14
"""The first major that goes to a range of pages at once; those before it have to be told of each row's place."""
PAGES = 8
"""Pages of one batch: so few rows that whoever wants to write one of them hardly notices."""
PAUSE = 0.02
"""Seconds between batches, in which others and the replicas catch up."""


def backfill(
    statement: Statement,
    table: tuple[str, ...],
    assignment: str,
    condition: str,
    *,
    major: int,
    complete: bool = False,
) -> Step:
    """`UPDATE table SET assignment WHERE condition`, page by page. What is done twice does no harm.

    `major`: of the server that it is for. `complete`: it fails if rows are left, which a trigger may see to, for then
    nothing may go on.
    """
    texts = {
        "%table_name%": quote_literal(dotted(*table)),
        "%table%": dotted(*table),
        "%assignment%": assignment,
        "%condition%": condition,
        "%batch%": (_BATCH if major >= _FINDS_PAGES else _BATCH_BY_ROW).replace("%pages%", str(PAGES)),
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
