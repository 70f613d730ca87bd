"""The trend of all environments: what the asset shows, and the page that it writes.

Renders only; what there is to show comes from the index of checks.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from drift_pipeline.history.pace import Pace, days, pace
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.history.trend import TrendPoint, trend
from drift_pipeline.judge.findings import Severity
from drift_pipeline.report.chart import trend_chart
from drift_pipeline.report.pages import page_template

if TYPE_CHECKING:
    from jinja2 import Template

PAGE = "drift-trend.html"

LAST = 90
"""So many checks of each environment are drawn: a quarter of a year, at one a day."""


@dataclass(frozen=True)
class EnvironmentTrend:
    """One environment. `points`: its newest checks, oldest first; `checks`: how many there are in all."""

    environment: str
    points: tuple[TrendPoint, ...]
    pace: Pace
    checks: int

    @property
    def last(self) -> TrendPoint | None:
        """The newest check."""
        return self.points[-1] if self.points else None

    @property
    def emoji(self) -> str:
        """The sign of its severity now."""
        return Severity(self.last.severity).emoji if self.last else "❔"


@dataclass(frozen=True)
class Total:
    """The findings of all environments together at one moment."""

    checked_at: datetime
    critical: int
    major: int
    minor: int


def trends_of(store: ArtifactStore, environments: Iterable[str], *, last: int = LAST) -> tuple[EnvironmentTrend, ...]:
    """The trend of each of these environments. StoreError if the index cannot be read."""
    found = []
    for environment in environments:
        checks = store.checks(environment)
        found.append(EnvironmentTrend(environment, tuple(trend(checks, last=last)), pace(checks), len(checks)))
    return tuple(found)


def totals(trends: Sequence[EnvironmentTrend]) -> list[Total]:
    """The sum over all environments, after each check of any of them, oldest first."""
    moments = sorted(
        ((point.checked_at, number, point) for number, each in enumerate(trends) for point in each.points),
        key=lambda moment: moment[:2],
    )
    now: dict[int, TrendPoint] = {}
    sums = []
    for when, number, point in moments:
        now[number] = point
        sums.append(
            Total(
                when,
                sum(each.critical for each in now.values()),
                sum(each.major for each in now.values()),
                sum(each.minor for each in now.values()),
            )
        )
    return sums


def picture(svg: str) -> str:
    """A chart as the address of a picture, for pages that take no SVG of their own."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def lasted(duration: timedelta | None) -> str:
    """`3.5 days`; `-` for none."""
    if duration is None:
        return "-"
    number = f"{days(duration):g}"
    return f"{number} day" if number == "1" else f"{number} days"


def to_page(trends: Sequence[EnvironmentTrend], now: datetime) -> str:
    """One HTML page without network: a picture of all, a table, and a picture for each environment."""
    style = files("drift_pipeline.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
    return _template().render(
        trends=trends,
        whole=trend_chart(totals(trends), title="Findings of all environments") if len(trends) > 1 else "",
        charts=[trend_chart(each.points, title=f"Findings in {each.environment}") for each in trends],
        now=now,
        made=_moment(now),
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


@lru_cache(maxsize=1)
def _template() -> Template:
    return page_template("drift-trend.html.j2", moment=_moment, lasted=lasted)
