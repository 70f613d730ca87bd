"""The words of the diff room: change, difference, comparison of two schemas.

Source is where one stands (the live database), target is where one wants to be (the models). `added` facts are those
that the target has and the source lacks: a repair would create them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from drift_pipeline.schema.facts import Fact, FactId, Value


class Change(StrEnum):
    """What happened to a fact on the way from source (live) to target (models)."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """One attribute of a fact that differs: its value in the source and in the target."""

    name: str
    before: Value
    after: Value


@dataclass(frozen=True)
class Difference:
    """A fact that is added, removed, renamed or changed between source and target.

    `contains`: facts that come or go with this one because it is their parent (a table's columns). They are no
    differences of their own. `plane`: structure, privileges, owners or tuning. `hint`: for people, such as a candidate
    for a rename; nothing is decided by it.
    """

    id: FactId
    change: Change
    before: Fact | None
    after: Fact | None
    attributes: tuple[AttributeChange, ...] = ()
    contains: tuple[FactId, ...] = ()
    plane: str = "structure"
    hint: str = ""

    @property
    def key(self) -> str:
        """Identity over time, free of the environment: the same drift keeps it from check to check."""
        detail = sorted((item.name, json.dumps(item.after, sort_keys=True)) for item in self.attributes)
        names = [self.before.id.name if self.before else None, self.after.id.name if self.after else None]
        text = json.dumps([self.id.kind, self.change, names, detail], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def changed_names(self) -> frozenset[str]:
        """Names of the attributes that differ."""
        return frozenset(item.name for item in self.attributes)


@dataclass(frozen=True)
class SchemaDiff:
    """Everything that differs, and what was found equal in meaning: `equivalent` counts those by rule."""

    differences: tuple[Difference, ...]
    equivalent: Mapping[str, int] = field(default_factory=dict)
    planes: tuple[str, ...] = ("structure",)
    column_order: tuple[FactId, ...] = ()
    """Tables whose common columns stand in another order: reported, never repaired."""
