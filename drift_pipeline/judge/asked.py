"""Whose drop nobody asked for: objects that only the database has, and that may be somebody else's."""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatchcase

from drift_pipeline.diff.differences import Change, Difference
from drift_pipeline.judge.rules.remedy import OBJECTS


def is_unknown_object(difference: Difference) -> bool:
    """True for an object that only the database has: a table, a function, a trigger … that the models don't know."""
    return difference.change is Change.REMOVED and difference.id.kind in OBJECTS


def is_named(difference: Difference, patterns: Collection[str]) -> bool:
    """Whether a shell pattern is about the object; functions go by their name without arguments as well."""
    name = difference.id.name
    return any(fnmatchcase(".".join(part), pattern) for pattern in patterns for part in (name, name[:2]))
