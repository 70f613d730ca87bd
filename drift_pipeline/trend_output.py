"""The trend of an environment, for people and for programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drift_pipeline.history.trend import TrendPoint

_NUMBERS = ("critical", "major", "minor", "breaks", "new", "resolved")


def to_json(points: Sequence[TrendPoint]) -> str:
    """The rows as a JSON list, oldest first; times in UTC."""
    rows = [{**dataclasses.asdict(point), "checked_at": point.checked_at.isoformat()} for point in points]
    return json.dumps(rows, indent=2, sort_keys=True, ensure_ascii=False)


def to_text(points: Sequence[TrendPoint], environment: str) -> str:
    """The rows as a table, oldest first."""
    if not points:
        return f"{environment}: no check yet. `drift check --env {environment}` makes the first."
    lines = [f"{'checked (UTC)':<16}  {'severity':<8}  " + "  ".join(f"{name:>8}" for name in _NUMBERS) + "  commit"]
    for point in points:
        numbers = "  ".join(f"{getattr(point, name):>8}" for name in _NUMBERS)
        lines.append(f"{point.checked_at:%Y-%m-%d %H:%M}  {point.severity:<8}  {numbers}  {point.commit[:10]}".rstrip())
    return "\n".join(lines)
