"""Sequences that may stand beyond the limits that the models give them: what a proof on a copy cannot know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drift_pipeline.diff.differences import Difference
from drift_pipeline.judge.findings import Evidence
from drift_pipeline.judge.words import dotted
from drift_pipeline.schema.counting import Count, Question, Sort
from drift_pipeline.schema.facts import Fact, identity_sequence

_DECIDE = "Give the model a wider limit, or restart the sequence by hand if numbers may be handed out a second time"


@dataclass(frozen=True)
class _Limits:
    """As a sequence has them, or shall have them."""

    start: int
    minimum: int
    maximum: int
    rising: bool


def position(difference: Difference) -> Question | None:
    """What to ask of a sequence whose limits get narrower, so that PostgreSQL may refuse them; None of all others.

    A plan moves a sequence up to where a new one would begin, and never back.
    """
    sides = _sides(difference)
    if sides is None:
        return None
    sequence, old, new = sides
    low, high, condition = new.minimum, new.maximum, ""
    if not low <= old.start <= high:
        low, high = (min(low, old.minimum), high) if new.rising else (low, max(high, old.maximum))
        condition = "is_called"
    nothing_in_common = old.minimum > new.maximum or old.maximum < new.minimum  # then it begins again
    if nothing_in_common or low <= old.minimum <= old.maximum <= high:
        return None
    return Question(Sort.POSITION, sequence, low=low, high=high, condition=condition)


def _sides(difference: Difference) -> tuple[tuple[str, str], _Limits, _Limits] | None:
    """The sequence of the live database, its limits there and in the models; None if it is not on both sides."""
    before, after = difference.before, difference.after
    if before is None or after is None:
        return None
    old, new = _limits(before), _limits(after)
    if old is None or new is None:
        return None
    name = before.id.name
    return identity_sequence(before) if before.id.kind == "column" else (name[0], name[1]), old, new


def told(question: Question, count: Count) -> Evidence:
    """What the answer to such a question says about the finding."""
    name = dotted(question.table)
    if count.rows is None:
        limits = f"{question.low} to {question.high}"
        return Evidence(
            f"Where {name} stands could not be read: {count.problem}. The repair fails if it stands beyond {limits}",
            unsure=True,
        )
    if not count.rows:
        return Evidence(f"{name} stands within the limits that the models give it", 0)
    over = count.value is not None and count.value > question.high
    limit = f"maximum {question.high}" if over else f"minimum {question.low}"
    return Evidence(
        f"{name} stands at {count.value}, beyond its new {limit}: PostgreSQL refuses that. {_DECIDE}", fails=True
    )


def _limits(fact: Fact) -> _Limits | None:
    options = fact.attributes if fact.id.kind == "sequence" else fact.attributes.get("identity_options")
    if not isinstance(options, Mapping):
        return None
    start, low, high, step = (options.get(name) for name in ("start", "minimum", "maximum", "increment"))
    if not (isinstance(start, int) and isinstance(low, int) and isinstance(high, int)):
        return None
    return _Limits(start, low, high, not isinstance(step, int) or step > 0)
