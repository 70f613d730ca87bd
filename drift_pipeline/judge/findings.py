"""The words of the judge room: severity, impact, finding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from drift_pipeline.diff.differences import Difference


class Severity(StrEnum):
    """What repairing risks. The order of the members is from harmless to worst."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for none up to 3 for critical."""
        return list(Severity).index(self)

    @property
    def emoji(self) -> str:
        """The sign of the base: 🔴 🟠 🟡, and ✅ for none."""
        return {"none": "✅", "minor": "🟡", "major": "🟠", "critical": "🔴"}[self.value]


class Impact(StrEnum):
    """What the difference does now to code that was built from the models."""

    NONE = "none"
    DEGRADES = "degrades"
    EXPOSES = "exposes"
    BREAKS = "breaks"

    @property
    def rank(self) -> int:
        """0 for none up to 3 for breaks."""
        return list(Impact).index(self)


class Cause(StrEnum):
    """Where a difference comes from."""

    PENDING_MIGRATION = "pending migration"
    MANUAL_CHANGE = "manual change"
    UNMIGRATED_MODEL = "unmigrated model"
    UNKNOWN = "unknown"


class Remedy(StrEnum):
    """Which side should give way."""

    DATABASE = "database"
    MODELS = "models"
    DECIDE = "decide"


@dataclass(frozen=True)
class Evidence:
    """What the database itself says about a finding, in numbers alone.

    `text`: for people, such as "3 rows hold NULL: SET NOT NULL would fail". `count`: rows that were counted; None where
    nothing was counted. `fails`: the repair would fail or lose values because of it; `unsure`: nobody could look.
    """

    text: str
    count: int | None = None
    fails: bool = False
    unsure: bool = False

    @property
    def refusal(self) -> str:
        """Why the live database refuses the repair, or may do so; empty if it does not."""
        return f"fails: {self.text}" if self.fails else f"may fail: {self.text}" if self.unsure else ""


@dataclass(frozen=True)
class Age:
    """Since when a finding is there, from the history of checks.

    `first_seen`: when the unbroken row of checks that show it began. `checks`: how many those are, this one included.
    `came_back`: when it was last seen before it had been gone.
    """

    first_seen: datetime
    checks: int
    came_back: datetime | None = None


@dataclass(frozen=True)
class Finding:
    """A difference, judged.

    `rule`: id of the severity rule that decided (such as `C01`). `title`: one line for people, such as
    "column public.orders.note exists in production and not in the models". `location`: `file:line` of the model that
    declares the object, if known. `impact_reason` says what breaks, in a few words. `statement`: what repairs it, in
    general (`DROP COLUMN`). `also`: ids of rules that hold as well. `impact_rule`: id of the rule behind the impact.
    `set_aside`: why it is shown and does not count, such as "a pending migration brings it"; empty if it counts.
    `remedy`: which side should give way, and why, by which rule. `remark`: what became of its waiver. `evidence`: what
    the database says about it. `age`: since when it is there; None without a history. `declared`: commit and date of
    the model's line. `adoption`: lines for the model, if somebody wants to keep what live has.
    """

    difference: Difference
    severity: Severity
    rule: str
    title: str
    reason: str
    advice: str
    impact: Impact = Impact.NONE
    impact_reason: str = ""
    causes: tuple[Cause, ...] = (Cause.UNKNOWN,)
    location: str = ""
    also: tuple[str, ...] = ()
    statement: str = ""
    impact_rule: str = ""
    set_aside: str = ""
    remedy: Remedy = Remedy.DATABASE
    remedy_reason: str = ""
    remedy_rule: str = ""
    remark: str = ""
    evidence: tuple[Evidence, ...] = ()
    age: Age | None = None
    declared: str = ""
    adoption: str = ""

    @property
    def cause(self) -> Cause:
        """The first cause on the way from live to the models."""
        return self.causes[0]

    @property
    def counts(self) -> bool:
        """Whether it counts for drift yes or no, severity and exit code: it does unless somebody set it aside."""
        return not self.set_aside

    @property
    def waiver_expired(self) -> bool:
        """Whether it was accepted, and the last day of that is over."""
        return bool(self.remark) and not self.set_aside
