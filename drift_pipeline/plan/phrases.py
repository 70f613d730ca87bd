"""Words about differences, for people who read a plan."""

from __future__ import annotations

import json

from drift_pipeline.diff.differences import Change, Difference
from drift_pipeline.schema.facts import Value

_LONGEST = 120


def stays_open(difference: Difference) -> str:
    """What the plan leaves different: one line, such as `column public.t.c: type is integer, wanted is bigint`."""
    if difference.change is Change.ADDED:
        return f"{difference.id} is missing"
    if difference.change is Change.REMOVED:
        return f"{difference.id} is still there"
    if difference.change is Change.RENAMED and difference.before is not None:
        return f"{difference.before.id} should be called {difference.id.name[-1]}"
    changes = (
        f"{item.name} is {_short(item.before)}, wanted is {_short(item.after)}" for item in difference.attributes
    )
    return f"{difference.id}: {'; '.join(changes)}"


def _short(value: Value) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
