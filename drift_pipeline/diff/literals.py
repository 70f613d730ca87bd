"""Literals as defaults: the value that a column of its type gets, whatever the literal is cast to on the way.

Only casts within one family of types are looked through, and only where they cannot change the value: never for
intervals, dates, enums or types of an extension.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from drift_pipeline.diff import sqltext
from drift_pipeline.schema.facts import Fact, Schema, Value

_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_TEXTS = frozenset({"text", "character varying", "character", "bpchar"})
_EXACT_IN_FLOAT = 2**24


def form(value: Value, fact: Fact, _schema: Schema) -> Value:
    """The canonical form of a default that is a literal; any other default as it is."""
    if not isinstance(value, str) or fact.attributes.get("generated"):
        return value
    # an empty array has two spellings
    parts = sqltext.replace(sqltext.tokens(value), ("ARRAY", "[", "]"), ("'{}'",))
    literal = sqltext.cast_literal(parts)
    if literal is None:
        return value
    text = sqltext.literal_text(literal[0]) if sqltext.is_literal(literal[0]) else literal[0]
    own, size = _type(str(fact.attributes.get("type")))
    read = _array if own.endswith("[]") else _READERS.get(own)
    found = read(text, own, size, [_type(cast) for cast in literal[1]]) if read else None
    return value if found is None else f"literal {found}"


def _type(name: str) -> tuple[str, tuple[int, ...]]:
    """Name and modifiers of a type as format_type prints it: `numeric(10,2)` is `("numeric", (10, 2))`."""
    plain = name.replace(" [ ]", "[]").replace(" ( ", "(").replace(" )", ")").replace(" , ", ",")
    found = re.fullmatch(r"([^()]+)(?:\(([-\d,]+)\))?(\[\])?", plain)
    if found is None:
        return plain, ()
    sizes = tuple(int(part) for part in found[2].split(",")) if found[2] else ()
    return found[1] + (found[3] or ""), sizes


_Casts = Sequence[tuple[str, tuple[int, ...]]]
_Reader = Callable[[str, str, tuple[int, ...], _Casts], str | None]


def _text(text: str, _own: str, _size: tuple[int, ...], casts: _Casts) -> str | None:
    # a length in a cast cuts, and blanks at the end are lost on the way through character(n)
    fits = all(name in _TEXTS and (not size or len(text) <= size[0]) for name, size in casts)
    return f"'{text}'" if fits and not text.endswith(" ") else None


def _integer(text: str, _own: str, _size: tuple[int, ...], casts: _Casts) -> str | None:
    fits = all(name in _INTEGERS or (name == "numeric" and not size) for name, size in casts)
    return str(int(text)) if fits and re.fullmatch(r"-?\d+", text) else None


def _numeric(text: str, _own: str, size: tuple[int, ...], casts: _Casts) -> str | None:
    fits = all(name in _INTEGERS or name == "numeric" for name, _ in casts)
    if not fits or not re.fullmatch(r"-?\d+(\.\d+)?", text) or any(cast_size for _, cast_size in casts):
        return None
    if "." in text and any(name in _INTEGERS for name, _ in casts):
        return None
    number = Decimal(text)
    if not size:
        return text
    scale = size[1] if len(size) > 1 else 0
    decimals = len(text.partition(".")[2])
    return str(number.quantize(Decimal(1).scaleb(-scale))) if 0 <= decimals <= scale else None


def _float(text: str, own: str, _size: tuple[int, ...], casts: _Casts) -> str | None:
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return None
    number = Decimal(text)
    small = number == number.to_integral_value() and abs(number) < _EXACT_IN_FLOAT
    for name, size in casts:
        exact = name == own or (name == "numeric" and not size)
        if not exact and not (small and name in _INTEGERS | {"real", "double precision"}):
            return None
    return str(number.normalize())


def _json(text: str, own: str, _size: tuple[int, ...], casts: _Casts) -> str | None:
    names = {name for name, _ in casts}
    # json keeps its text, jsonb re-orders it: only what has nothing to re-order goes through jsonb unchanged
    kept = own == "jsonb" or names <= {"json"} or text in ("{}", "[]")
    if not kept or not names <= {"json", "jsonb"}:
        return None
    return f"'{text}'" if own == "json" else _as_jsonb(text)


def _as_jsonb(text: str) -> str | None:
    """The text with its keys in order and its numbers as they stand: jsonb keeps the zeros of 1.00."""

    def number(digits: str) -> str:
        return f"\0{digits}"

    try:
        value = json.loads(text, parse_float=number, parse_int=number)
    except (ValueError, RecursionError):
        return None
    return json.dumps(value, sort_keys=True)


def _array(text: str, _own: str, _size: tuple[int, ...], casts: _Casts) -> str | None:
    return "'{}'" if text == "{}" and all(name.endswith("[]") and "." not in name for name, _ in casts) else None


_READERS: Mapping[str, _Reader] = {
    **dict.fromkeys(("text", "character varying", "character"), _text),
    **dict.fromkeys(_INTEGERS, _integer),
    "numeric": _numeric,
    "real": _float,
    "double precision": _float,
    "json": _json,
    "jsonb": _json,
}
