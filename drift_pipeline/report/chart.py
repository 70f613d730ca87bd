"""The trend as a picture: counts by severity over time, as one SVG that needs nothing else.

Colours are attributes with `var(--text, …)` and no styles: a page with variables of its own makes the chart light or
dark, a content security policy without inline styles lets it through, and a file of its own is light. The three of the
levels stand out from white and from black, and from each other by a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import pairwise
from typing import Protocol

from drift_pipeline.judge.words import visible

LEVELS = ("critical", "major", "minor")
"""From the base line upwards: the worst stands where heights are easiest to compare."""

_COLOURS = {
    "critical": "var(--chart-critical, #d0392f)",
    "major": "var(--chart-major, #c76f12)",
    "minor": "var(--chart-minor, #a88a00)",
}
_GROUND, _LINE = "var(--ground, #fff)", "var(--line, #d0d7de)"
_TEXT, _QUIET = "var(--text, #1b1f24)", "var(--quiet, #57606a)"

_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 16.0, 34.0, 28.0
_TICK_STEPS = (1, 2, 5)


class Point(Protocol):
    """One check: when it was made, and how many findings of each severity it had."""

    @property
    def checked_at(self) -> datetime:
        """When, with a time zone."""

    @property
    def critical(self) -> int:
        """Findings whose repair may lose data."""

    @property
    def major(self) -> int:
        """Findings whose repair needs planning."""

    @property
    def minor(self) -> int:
        """All other findings."""


def trend_chart(
    points: Sequence[Point], *, width: int = 720, height: int = 220, title: str = "Findings over time"
) -> str:
    """The checks (oldest first) as steps, one severity upon the other: SVG text, without an XML declaration.

    `title`: what it is of; data, as the name of an environment is. Read aloud, it is the title and one sentence.
    Without points it says that there is no check yet. More checks than there are pixels are drawn by their worst.
    """
    shown = visible(title)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{escape(shown)}</title>",
        f"<desc>{escape(in_words(points))}</desc>",
        f'<rect width="{width}" height="{height}" fill="{_GROUND}"/>',
    ]
    if points:
        parts += _drawn(_Frame.of(points, width, height), _thinned(points, max(int(width - _LEFT - _RIGHT), 2)))
    else:
        parts.append(_text(width / 2, height / 2, "no check yet", anchor="middle", colour=_QUIET))
    return "\n".join([*parts, "</svg>"])


def in_words(points: Sequence[Point]) -> str:
    """What the chart shows, in one sentence."""
    if not points:
        return "No check yet."
    first, last = points[0], points[-1]
    counts = ", ".join(f"{getattr(last, level)} {level}" for level in LEVELS)
    many = "One check on" if len(points) == 1 else f"{len(points)} checks, {_day(first.checked_at)} to"
    most = max(_total(point) for point in points)
    return f"{many} {_day(last.checked_at)}; at the last one {counts}; at most {most} findings."


def sparkline(points: Sequence[Point], *, most: int = 640) -> str:
    """The same without words, in at most so many characters, for places that show only what is short.

    As many checks are drawn as fit; the colours are those of light pages.
    """
    drawn = _thinned(points, 120)
    while True:
        svg = _sparkline(drawn)
        if len(svg) <= most or len(drawn) <= 2:
            return svg
        drawn = _thinned(points, max(len(drawn) * 3 // 4, 2))


def _sparkline(points: Sequence[Point]) -> str:
    paths = []
    top = max((_total(point) for point in points), default=0) or 1
    edges = _columns(points, 120)
    # the whole first, and upon it what is worse: so each needs its upper edge alone
    for number in range(len(LEVELS), 0, -1):
        counts = [sum(getattr(point, level) for level in LEVELS[:number]) for point in points]
        heights = [24 - max(round(24 * count / top), min(count, 1)) for count in counts]
        if any(height < 24 for height in heights):
            steps = "".join(f"V{height}H{right}" for height, right in _runs(heights, edges))
            colour = _COLOURS[LEVELS[number - 1]].partition("#")[2].rstrip(")")
            paths.append(f'<path fill="#{colour}" d="M0 24{steps}V24z"/>')
    size = 'viewBox="0 0 120 24" width="360" height="72"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(paths)}<path d="M0 24h120" stroke="#888"/></svg>'


def _columns(points: Sequence[Point], width: int) -> list[int]:
    """Where each point ends, time to scale."""
    frame = _Frame.of(points, int(width + _LEFT + _RIGHT), 100) if points else None
    begins = [round(frame.x(point.checked_at) - _LEFT) for point in points] if frame else []
    return [*begins[1:], width]


def _runs(heights: Sequence[int], edges: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Neighbours of the same height as one."""
    for (height, edge), (following, _) in pairwise([*zip(heights, edges, strict=True), (-1, 0)]):
        if height != following:
            yield height, edge


@dataclass(frozen=True)
class _Frame:
    """From times and counts to places in the picture."""

    begin: datetime
    seconds: float
    top: int
    step: int
    width: int
    height: int

    @classmethod
    def of(cls, points: Sequence[Point], width: int, height: int) -> _Frame:
        begin, end = points[0].checked_at, points[-1].checked_at
        # the last check holds for a while, too: else it would have no width
        tail = (end - begin) / max(len(points) - 1, 1) if len(points) > 1 else timedelta(days=1)
        most = max(1, *(_total(point) for point in points))
        step = next(step * 10**power for power in range(19) for step in _TICK_STEPS if step * 10**power * 4 >= most)
        seconds = max((end + tail - begin).total_seconds(), 1.0)
        return cls(begin, seconds, -(-most // step) * step, step, width, height)

    def x(self, when: datetime) -> float:
        inner = self.width - _LEFT - _RIGHT
        return _LEFT + inner * min(max((when - self.begin).total_seconds() / self.seconds, 0.0), 1.0)

    def y(self, count: int) -> float:
        return self.height - _BOTTOM - (self.height - _TOP - _BOTTOM) * count / self.top

    @property
    def right(self) -> float:
        return self.width - _RIGHT


def _drawn(frame: _Frame, points: Sequence[Point]) -> Iterator[str]:
    yield from _grid(frame)
    below = [0] * len(points)
    for level in LEVELS:
        above = [base + getattr(point, level) for base, point in zip(below, points, strict=True)]
        if above != below:
            yield f'<path d="{_area(frame, points, below, above)}" fill="{_COLOURS[level]}" stroke="{_GROUND}"/>'
        below = above
    yield from _dates(frame, points)
    yield from _legend(points[-1])


def _area(frame: _Frame, points: Sequence[Point], below: Sequence[int], above: Sequence[int]) -> str:
    """Up to `above` along the steps, and back along `below`."""
    edges = [frame.x(point.checked_at) for point in points] + [frame.right]
    there = [
        f"{left:.1f},{frame.y(count):.1f} {right:.1f},{frame.y(count):.1f}"
        for (left, right), count in zip(pairwise(edges), above, strict=True)
    ]
    back = [
        f"{right:.1f},{frame.y(count):.1f} {left:.1f},{frame.y(count):.1f}"
        for (left, right), count in zip(pairwise(edges), below, strict=True)
    ]
    return "M" + " L".join([*there, *reversed(back)]) + " Z"


def _grid(frame: _Frame) -> Iterator[str]:
    for count in range(0, frame.top + 1, frame.step):
        y = frame.y(count)
        yield f'<line x1="{_LEFT:.1f}" y1="{y:.1f}" x2="{frame.right:.1f}" y2="{y:.1f}" stroke="{_LINE}"/>'
        yield _text(_LEFT - 6, y + 4, str(count), anchor="end", colour=_QUIET)


def _dates(frame: _Frame, points: Sequence[Point]) -> Iterator[str]:
    y = frame.height - _BOTTOM + 18
    begin, end = points[0].checked_at, points[-1].checked_at
    form = _time if _day(begin) == _day(end) else _day
    yield _text(_LEFT, y, form(begin), colour=_QUIET)
    if form(begin) != form(end):
        yield _text(frame.right, y, form(end), anchor="end", colour=_QUIET)


def _legend(last: Point) -> Iterator[str]:
    x = _LEFT
    for level in LEVELS:
        label = f"{level} {getattr(last, level)}"
        yield f'<rect x="{x:.1f}" y="10" width="12" height="12" fill="{_COLOURS[level]}"/>'
        yield _text(x + 17, 20, label)
        x += 32 + 7 * len(label)


def _text(x: float, y: float, said: str, *, anchor: str = "start", colour: str = _TEXT) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(said)}</text>'


def _thinned(points: Sequence[Point], most: int) -> Sequence[Point]:
    """At most so many points: of neighbours the worst, so that no peak is lost; the last stays the last."""
    if len(points) <= most:
        return points
    size = -(-len(points) // (most - 1))
    earlier = points[:-1]
    groups = [earlier[begin : begin + size] for begin in range(0, len(earlier), size)]
    return [*(max(group, key=lambda point: (point.critical, _total(point))) for group in groups), points[-1]]


def _total(point: Point) -> int:
    return point.critical + point.major + point.minor


def _day(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d}"


def _time(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M}"
