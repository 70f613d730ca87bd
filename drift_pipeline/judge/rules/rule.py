"""The words of a rule: which differences it speaks about, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drift_pipeline.diff.differences import AttributeChange, Change, Difference
from drift_pipeline.judge.findings import Impact, Severity
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value


@dataclass(frozen=True)
class Case:
    """One difference before the rules: with both schemas, and the attribute that is looked at (if it changed)."""

    difference: Difference
    source: Schema
    target: Schema
    attribute: AttributeChange | None = None

    def live(self, name: str) -> Value:
        """An attribute of the fact in the live database; None if there is no such fact."""
        return self.difference.before.attributes.get(name) if self.difference.before else None

    def wanted(self, name: str) -> Value:
        """An attribute of the fact in the models; None if there is no such fact."""
        return self.difference.after.attributes.get(name) if self.difference.after else None

    @property
    def fact(self) -> Fact | None:
        """The fact itself: as the models have it, or else as it lives."""
        return self.difference.after or self.difference.before

    def stated(self, name: str) -> Value:
        """An attribute of `fact`."""
        return self.fact.attributes.get(name) if self.fact else None

    @property
    def before(self) -> Value:
        """The changed attribute's value in the live database."""
        return self.attribute.before if self.attribute else None

    @property
    def after(self) -> Value:
        """The changed attribute's value in the models."""
        return self.attribute.after if self.attribute else None

    def related(self, kind: str, size: int) -> tuple[Fact | None, Fact | None]:
        """The fact of this kind that the first `size` parts of the name stand for: live and in the models."""
        key = FactId(kind, self.difference.id.name[:size])
        return self.source.facts.get(key), self.target.facts.get(key)


@dataclass(frozen=True)
class Condition:
    """When a rule holds: in words (for the list of rules) and as a test."""

    text: str
    holds: Callable[[Case], bool]
    otherwise: str = ""
    """In words, that it does not hold."""

    def __and__(self, other: Condition) -> Condition:
        return Condition(f"{self.text}, and {other.text}", lambda case: self.holds(case) and other.holds(case))

    def __or__(self, other: Condition) -> Condition:
        return Condition(f"{self.text}, or {other.text}", lambda case: self.holds(case) or other.holds(case))

    def __invert__(self) -> Condition:
        text = self.otherwise or f"not: {self.text}"
        return Condition(text, lambda case: not self.holds(case), self.text)


ALWAYS = Condition("", lambda case: True)


@dataclass(frozen=True)
class Rule:
    """How risky the repair of some differences is.

    `kinds`: of facts; `*` is any. `changes`: seen from the live database to the models. `attributes`: one of these
    changed; empty: the fact itself came, went or got another name. `statement`: what repairs it. `base`: a row of the
    fixed table, which no setting lowers.
    """

    id: str
    kinds: tuple[str, ...]
    changes: tuple[Change, ...]
    severity: Severity
    statement: str
    reason: str
    advice: str
    attributes: tuple[str, ...] = ()
    when: Condition = ALWAYS
    base: bool = False
    detail: Callable[[Case], str] | None = None
    """A sentence about the very case, put before the reason."""


@dataclass(frozen=True)
class ImpactRule:
    """What some differences do now to code that was built from the models. Fields as in `Rule`."""

    id: str
    kinds: tuple[str, ...]
    changes: tuple[Change, ...]
    impact: Impact
    reason: str
    attributes: tuple[str, ...] = ()
    when: Condition = ALWAYS
    detail: Callable[[Case], str] | None = None


@dataclass(frozen=True)
class ListedRule:
    """One rule as `drift rules` shows it.

    `sort`: severity, impact or remedy; `level`: the severity, the impact or the side; `set`: the project set it;
    `plane`: what has to be compared for it to speak.
    """

    id: str
    sort: str
    repair: str
    level: str
    fixed: bool
    when: str
    reason: str
    advice: str
    set: bool = False
    plane: str = "structure"


GOES_WITH: Mapping[str, str] = {
    "identity_options": "identity",
    "default": "generated",
    "partition_bound": "partition_of",
    "detach_pending": "partition_of",
    "validated": "enforced",
}
"""Attributes that are only another side of an attribute that came or went: they are neither judged nor told apart."""


def own_changes(difference: Difference) -> tuple[AttributeChange, ...]:
    """The changed attributes without those that only go with another one."""
    came_or_went = {item.name for item in difference.attributes if not (item.before and item.after)}
    return tuple(item for item in difference.attributes if GOES_WITH.get(item.name) not in came_or_went)


CREATE = (Change.ADDED,)
DROP = (Change.REMOVED,)
ALTER = (Change.CHANGED, Change.RENAMED)
RENAME = (Change.RENAMED,)
MISSING, EXTRA = CREATE, DROP
"""The same two, named from the live database's side."""

CRITICAL, MAJOR, MINOR = Severity.CRITICAL, Severity.MAJOR, Severity.MINOR
BREAKS, DEGRADES, EXPOSES, HARMLESS = Impact.BREAKS, Impact.DEGRADES, Impact.EXPOSES, Impact.NONE
