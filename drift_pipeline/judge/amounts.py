"""Rows and bytes for people: estimates have no more digits than they know."""

from __future__ import annotations

from collections.abc import Sequence


def count_text(number: int) -> str:
    """`950`, `12.3 k`, `4.1 M`."""
    return _scaled(number, 1000, ("", " k", " M", " bn"))


def bytes_text(number: int) -> str:
    """`4.1 GB`."""
    return _scaled(number, 1024, (" B", " kB", " MB", " GB", " TB"))


def _scaled(number: float, step: int, units: Sequence[str]) -> str:
    *smaller, unit = units
    for small in smaller:
        if number < step:
            unit = small
            break
        number /= step
    return f"{number:.0f}{unit}" if number >= 100 else f"{number:.3g}{unit}"
