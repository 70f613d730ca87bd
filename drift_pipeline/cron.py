"""Cron lines and time zones, checked where they are written down: Dagster would only refuse them when it starts."""

from __future__ import annotations

import re
import zoneinfo
from typing import NamedTuple


class _Field(NamedTuple):
    """One of the five: its name, its least and greatest number, and names that stand for numbers from `least` on."""

    name: str
    least: int
    greatest: int
    names: tuple[str, ...] = ()


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_PART = re.compile(r"(?P<begin>\*|\w+)(?:-(?P<end>\w+))?(?:/(?P<step>\d+))?")
_NICKNAMES = frozenset({"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"})
_NO_NUMBERS = {"day of the month": re.compile(r"l|\?"), "day of the week": re.compile(r"\w{1,3}#[1-5]|l[0-7]|\?")}
"""The last day, the second Friday: Dagster counts them."""


def cron_problem(line: str) -> str:
    """Why this is no cron line of five fields, in a few words; empty if it is one."""
    if line.strip().lower() in _NICKNAMES:
        return ""
    parts = line.split()
    if len(parts) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        return f"has {len(parts)} fields instead of five ({names})"
    values = []
    for field, text in zip(_FIELDS, parts, strict=True):
        found = _numbers(field, text)
        if found is None:
            return f"{text!r:.40} is no {field.name} ({field.least} to {field.greatest})"
        values.append(found)
    _, _, days, months, _ = values
    if all(min(days) > _DAYS[month - 1] for month in months):
        return "names a day that no such month has"
    return ""


def _numbers(field: _Field, text: str) -> set[int] | None:
    """The numbers that the text of one field names, or None if it is none."""
    every = range(field.least, field.greatest + 1)
    if field.name in _NO_NUMBERS and _NO_NUMBERS[field.name].fullmatch(text.lower()):
        return set(every)
    numbers: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part.lower())
        if match is None or (match["begin"] == "*" and match["end"]):
            return None
        begin = field.least if match["begin"] == "*" else _number(field, match["begin"])
        alone = match["begin"] != "*" and not match["end"] and not match["step"]
        end = begin if alone else _number(field, match["end"]) if match["end"] else field.greatest
        step = int(match["step"] or 1)
        if begin is None or end is None or not step:
            return None
        # from Friday to Monday goes over the end of the week
        row = [number for number in every if number >= begin] + [number for number in every if number < begin]
        numbers.update(row[: row.index(end) + 1 : step])
    return numbers


def _number(field: _Field, text: str) -> int | None:
    if text in field.names:
        return field.least + field.names.index(text)
    known = text.isascii() and text.isdigit() and field.least <= int(text) <= field.greatest
    return int(text) if known else None


def timezone_problem(name: str) -> str:
    """Why this is no time zone, in a few words; empty if it is one."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return "is no time zone such as UTC or Europe/Berlin"
    return ""
