"""The alert of silence: an environment that nobody looked at for too long, and the word that it is looked at again.

Pure: what is known and what was told before in, what is to be told out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from drift_pipeline.notify.alerts import NAME
from drift_pipeline.notify.message import Line, Message, Span, line, one_line

NEXT_STEP = "see in Dagster's UI whether the schedule is on, the daemon runs, and what the last runs say"


@dataclass(frozen=True)
class Watched:
    """One environment that is watched. `since`: from when on, for those that were never checked.

    `told`: when its silence was told of; None while there is nothing to tell.
    """

    since: datetime
    told: datetime | None = None

    def is_late(self, last: datetime | None, now: datetime, limit: timedelta) -> bool:
        """Whether its last successful check, None if there was none, is too long ago."""
        return now - (last or self.since) > limit

    def news(self, last: datetime | None, now: datetime, limit: timedelta) -> str:
        """`late` or `again` where that was not told yet; else empty."""
        late = self.is_late(last, now, limit)
        return "" if late == (self.told is not None) else "late" if late else "again"

    def after(self, news: str, now: datetime) -> Watched:
        """What is known once these news were told."""
        return replace(self, told=now if news == "late" else None)


def silence_alert(
    environment: str, last: datetime | None, now: datetime, limit: timedelta, *, link: str = ""
) -> Message:
    """Nobody looked at this environment for longer than `limit`. `link`: where its checks are shown."""
    name = one_line(environment, NAME)
    seen = f"{_moment(last)} ({_hours(now - last)} ago)" if last else "never"
    return Message(
        subject=f"🔇 Schema drift: {name} is not being checked",
        head=(
            line("🔇 ", Span("Schema Drift Check Overdue", "b")),
            line(),
            line("🗄️ Environment: ", Span(name, "b")),
            line(f"🕑 Last successful check: {seen}"),
            line(),
            line(f"No check succeeded for more than {_hours(limit)}: drift would go unnoticed."),
        ),
        tail=(line(), line("➡️ ", Span("Next step: ", "b"), NEXT_STEP), *_link(link)),
    )


def silence_over(environment: str, last: datetime, *, link: str = "") -> Message:
    """The environment whose silence was told of is checked again."""
    name = one_line(environment, NAME)
    return Message(
        subject=f"✅ Schema drift: {name} is checked again",
        head=(
            line("✅ ", Span("Schema Drift Checks Resumed", "b")),
            line(),
            line("🗄️ Environment: ", Span(name, "b")),
            line(f"🕑 Last successful check: {_moment(last)}"),
        ),
        tail=_link(link),
        silent=True,
    )


def to_state(watched: Mapping[str, Watched]) -> dict[str, dict[str, str | None]]:
    """As JSON takes it."""
    return {
        name: {"since": item.since.isoformat(), "told": item.told.isoformat() if item.told else None}
        for name, item in watched.items()
    }


def from_state(raw: object) -> dict[str, Watched]:
    """What `to_state` wrote; nothing if it is anything else: better one alert too many than none."""
    try:
        if isinstance(raw, Mapping):
            return {
                str(name): Watched(_read(item["since"]), item["told"] and _read(item["told"]))
                for name, item in raw.items()
            }
    except (KeyError, TypeError, ValueError):
        pass
    return {}


def _read(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _hours(duration: timedelta) -> str:
    hours = duration.total_seconds() / 3600
    return f"{hours / 24:.0f} days" if hours >= 72 else f"{round(hours, 1):g} hours"


def _link(link: str) -> tuple[Line, ...]:
    return (line(), line("🔗 ", Span("View Checks", href=link))) if link.startswith(("http://", "https://")) else ()
