"""What happens to values when a column's type changes: read from the types' printed form, by tables.

The text is PostgreSQL's `format_type`; nothing here knows SQLAlchemy's types. Measured on PostgreSQL 15 to 18.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

_PATTERN = re.compile(r"(?P<base>[^\"()\[\]]+?)(\((?P<modifier>-?\d+(,-?\d+)?)\))?(?P<rest>[a-z ]*)(?P<array>(\[\])*)")

VARCHAR, CHAR, TEXT = "character varying", "character", "text"
TIMESTAMP, TIMESTAMPTZ = "timestamp without time zone", "timestamp with time zone"
TIME, TIMETZ = "time without time zone", "time with time zone"
DOUBLE = "double precision"
VARBIT = "bit varying"

INTEGERS = {"smallint": (2, "32,767"), "integer": (4, "2,147,483,647"), "bigint": (8, "9,223,372,036,854,775,807")}
EXACT_DIGITS = {"real": 6, DOUBLE: 15}

FAMILIES = {
    **dict.fromkeys(("smallint", "integer", "bigint", "numeric", "real", DOUBLE), "number"),
    **dict.fromkeys((VARCHAR, CHAR, TEXT, "citext", "public.citext", "name"), "text"),
    **dict.fromkeys((TIMESTAMP, TIMESTAMPTZ, "date"), "date and time"),
    **dict.fromkeys((TIME, TIMETZ), "time of day"),
    **dict.fromkeys(("json", "jsonb"), "JSON"),
    **dict.fromkeys(("bit", VARBIT), "bits"),
    **dict.fromkeys(("inet", "cidr"), "network"),
}
"""Types whose values can be compared with each other in a query. A type that is not listed is a family of its own."""


class Loss(Enum):
    """What a narrower type does to a value that does not fit."""

    REFUSED = "refused"
    CUT = "cut"


@dataclass(frozen=True)
class TypeText:
    """A printed type in parts: `numeric`, (10, 2), 0 dimensions."""

    base: str
    modifiers: tuple[int, ...] = ()
    dimensions: int = 0


@dataclass(frozen=True)
class Narrowing:
    """That a type cannot hold what another can: whether such values are refused or cut, and a sentence for people."""

    loss: Loss
    text: str


def parse_type(text: str) -> TypeText:
    """Take PostgreSQL's `format_type` text apart. What it does not understand (quoted names) stays one base."""
    match = _PATTERN.fullmatch(text)
    if match is None:
        stripped = re.sub(r"(\[\])+$", "", text)
        return TypeText(stripped, (), (len(text) - len(stripped)) // 2)
    modifiers = tuple(int(item) for item in (match["modifier"] or "").split(",") if item)
    return TypeText((match["base"] + match["rest"]).strip(), modifiers, len(match["array"] or "") // 2)


def family(text: str) -> str:
    """Which types its values can be compared with."""
    parsed = parse_type(text)
    return FAMILIES.get(parsed.base, parsed.base) + "[]" * parsed.dimensions


def narrowing(before: str, after: str) -> Narrowing | None:
    """What is lost when values of type `before` go into type `after`; None when nothing is."""
    old, new = parse_type(before), parse_type(after)
    if old.dimensions != new.dimensions:
        return None
    for judge in (_numbers, _text, _temporal, _bits):
        found = judge(old, new)
        if found is not None:
            return found
    return None


def _numbers(old: TypeText, new: TypeText) -> Narrowing | None:
    if FAMILIES.get(old.base) != "number" or FAMILIES.get(new.base) != "number":
        return None
    if new.base in INTEGERS:
        return _into_integer(old, new)
    if new.base == "numeric":
        return _into_numeric(old, new)
    if old.base in {"smallint", new.base} or (old.base in {"integer", "real"} and new.base == DOUBLE):
        return None
    return Narrowing(Loss.CUT, f"{new.base} keeps about {EXACT_DIGITS[new.base]} digits, the others are lost")


def _into_integer(old: TypeText, new: TypeText) -> Narrowing | None:
    size, largest = INTEGERS[new.base]
    if old.base not in INTEGERS:
        return Narrowing(Loss.CUT, f"decimals are rounded away, and values above {largest} are refused")
    if INTEGERS[old.base][0] <= size:
        return None
    return Narrowing(Loss.REFUSED, f"values above {largest} do not fit")


def _into_numeric(old: TypeText, new: TypeText) -> Narrowing | None:
    if not new.modifiers:
        return None
    precision, scale = new.modifiers[0], new.modifiers[1] if len(new.modifiers) > 1 else 0
    whole = precision - scale
    if old.base in INTEGERS:
        digits = {"smallint": 5, "integer": 10, "bigint": 19}[old.base]
        return Narrowing(Loss.REFUSED, f"only {whole} digits before the point fit") if digits > whole else None
    if old.base != "numeric" or not old.modifiers:
        return Narrowing(Loss.CUT, f"values are rounded to {scale} decimals, and {whole} digits before the point fit")
    old_scale = old.modifiers[1] if len(old.modifiers) > 1 else 0
    if scale < old_scale:
        return Narrowing(Loss.CUT, f"values are rounded from {old_scale} to {scale} decimals")
    if whole < old.modifiers[0] - old_scale:
        return Narrowing(Loss.REFUSED, f"only {whole} digits before the point fit")
    return None


def _text(old: TypeText, new: TypeText) -> Narrowing | None:
    if FAMILIES.get(old.base) != "text" or FAMILIES.get(new.base) != "text" or not new.modifiers:
        return None
    limit = new.modifiers[0]
    if old.modifiers and old.modifiers[0] <= limit:
        return None
    return Narrowing(Loss.REFUSED, f"values longer than {limit} characters do not fit")


def _temporal(old: TypeText, new: TypeText) -> Narrowing | None:
    if old.base in {TIMESTAMP, TIMESTAMPTZ}:
        if new.base == "date":
            return Narrowing(Loss.CUT, "the time of day is lost")
        if new.base in {TIME, TIMETZ}:
            return Narrowing(Loss.CUT, "the date is lost")
    both = {old.base, new.base}
    if both <= {TIMESTAMP, TIMESTAMPTZ} or both <= {TIME, TIMETZ} or both == {"interval"}:
        if new.modifiers and (not old.modifiers or new.modifiers[0] < old.modifiers[0]):
            return Narrowing(Loss.CUT, f"fractions of a second are rounded to {new.modifiers[0]} digits")
        if old.base == TIMETZ and new.base == TIME:
            return Narrowing(Loss.CUT, "the time zone is lost")
    return None


def _bits(old: TypeText, new: TypeText) -> Narrowing | None:
    if FAMILIES.get(old.base) != "bits" or FAMILIES.get(new.base) != "bits" or not new.modifiers:
        return None
    if old.base == VARBIT and not old.modifiers:
        return Narrowing(Loss.REFUSED, f"values longer than {new.modifiers[0]} bits do not fit")
    length = old.modifiers[0] if old.modifiers else 1
    if length > new.modifiers[0]:
        return Narrowing(Loss.REFUSED, f"values longer than {new.modifiers[0]} bits do not fit")
    return None


_NO_REWRITE_PAIRS = frozenset({("cidr", "inet"), ("xml", TEXT), (VARCHAR, TEXT), (TEXT, VARCHAR), ("bit", VARBIT)})
_NO_REWRITE_SAME = frozenset({VARCHAR, "numeric", TIMESTAMP, TIMESTAMPTZ, TIME, TIMETZ, "interval", VARBIT})


def keeps_rows(before: str, after: str) -> bool:
    """True if PostgreSQL changes the type without rewriting the table (measured: 10 of 24 conversions)."""
    old, new = parse_type(before), parse_type(after)
    if old.dimensions or new.dimensions or narrowing(before, after) is not None:
        return False
    if old.base == new.base:
        if old.base == "numeric" and new.modifiers and old.modifiers:
            # the stored form of numeric depends on its scale
            return old.modifiers[1:] == new.modifiers[1:]
        return old.base in _NO_REWRITE_SAME
    return (old.base, new.base) in _NO_REWRITE_PAIRS
