"""What a revision says about itself, for those who review it and those who run it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from drift_pipeline.plan.revisions.choice import Chosen, changed_twice
from drift_pipeline.plan.revisions.guards import Guard, described
from drift_pipeline.plan.revisions.source import one_line
from drift_pipeline.plan.revisions.words import Drifted
from drift_pipeline.plan.statements import Statement
from drift_pipeline.schema.facts import Schema

_WIDTH = 98
_SHOWN = 60


def story(drifted: Drifted, base: Schema, at_head: Schema, chosen: Chosen, beside: Iterable[Guard] = ()) -> list[str]:
    """Lines for the docstring: what drifted, since when and why, what is locked meanwhile, what it was made for."""
    lines = [f"What drifted on {one_line(drifted.environment)}:", ""]
    for each in chosen.wanted:
        more = drifted.told.get(each.id, "")
        lines += _item(f"{described(each)}{f' ({more})' if more else ''}")
    if chosen.elsewhere:
        lines += ["", "What only the history lacks, and the other databases with it:", ""]
        for each in chosen.elsewhere:
            lines += _item(described(each))
    if others := sorted({guard.comment for guard in beside}):
        lines += ["", "What stands in the way on some databases:", ""]
        for comment in others:
            lines += _item(comment)
    costs = [cost for each in chosen.statements for cost in _costs(each)]
    if costs:
        lines += ["", "What it locks, as measured statement by statement on an empty copy:", ""]
        for cost in costs:
            lines += _item(cost)
    if chosen.withheld:
        names = ", ".join(str(each.id) for each in chosen.withheld)
        lines += ["", *_wrapped(f"Left as it is, because data or objects would be lost: {names}")]
    twice = changed_twice(at_head, base, drifted.models, chosen.wanted)
    if twice:
        names = ", ".join(str(each.id) for each in twice)
        lines += ["", *_wrapped(f"Changed by hand and by the models: {names}; downgrade() brings back the form here")]
    here = one_line(drifted.environment)
    made_for = f"Made for the schema with the fingerprint {base.fingerprint[:16]}"
    lines += [
        "",
        *_wrapped(
            f"{made_for}, to reach {drifted.models.fingerprint[:16]}. Alembic ran it on a copy of the schema of {here} "
            "with its pending revisions, and on the history from nothing."
        ),
    ]
    return lines


def _costs(statement: Statement) -> Iterator[str]:
    words = [f"locks {each.table} ({each.mode})" for each in statement.holds]
    if not statement.holds:
        words += [f"locks {table} (ACCESS EXCLUSIVE)" for table in statement.locks]
    words += [f"rewrites {table}" for table in statement.rewrites]
    words += [f"reads through {what}" for what in statement.scans]
    if words:
        yield f"{textwrap.shorten(one_line(statement.sql), _SHOWN, placeholder=' …')}: {', '.join(words)}"


def _item(text: str) -> list[str]:
    return textwrap.wrap(one_line(text), _WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(one_line(text), _WIDTH, break_long_words=False)
