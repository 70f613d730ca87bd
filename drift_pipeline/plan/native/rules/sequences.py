"""Sequences, and the options that identity columns share with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from drift_pipeline.plan.native.address import address
from drift_pipeline.plan.native.quote import dotted, quote_literal
from drift_pipeline.plan.native.rules.common import OWNER, drop
from drift_pipeline.plan.native.steps import Alteration, Rule, Scene, Sql, text
from drift_pipeline.schema.facts import Fact, Value

_MAXIMUM = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
_LIMITS = ("start", "minimum", "maximum", "increment")
_WORDS = {
    "increment": "INCREMENT BY",
    "minimum": "MINVALUE",
    "maximum": "MAXVALUE",
    "start": "START WITH",
    "cache": "CACHE",
}


def default_options(kind: str, increment: int) -> dict[str, Value]:
    """What PostgreSQL takes for options that are not given."""
    maximum = _MAXIMUM.get(kind, _MAXIMUM["bigint"])
    low, high = (1, maximum) if increment > 0 else (-maximum - 1, -1)
    start = low if increment > 0 else high
    return {"increment": 1, "minimum": low, "maximum": high, "start": start, "cache": 1, "cycle": False}


def _number(value: Value) -> int:
    return int(value) if isinstance(value, (int, float, str)) else 1


def option_words(options: Mapping[str, Value], before: Mapping[str, Value]) -> list[str]:
    """The options that differ from `before`, as the words that CREATE and ALTER SEQUENCE share."""
    words = [
        f"{word} {options[name]}"
        for name, word in _WORDS.items()
        if options.get(name) is not None and str(options[name]) != str(before.get(name))
    ]
    if "cycle" in options and bool(options["cycle"]) != bool(before.get("cycle")):
        words.append("CYCLE" if options["cycle"] else "NO CYCLE")
    return words


def new_option_words(options: Mapping[str, Value], kind: str) -> list[str]:
    """The options of a new sequence that are not what PostgreSQL takes anyway."""
    rising = _number(options.get("increment", 1)) > 0
    usual = default_options(kind, 1 if rising else -1)
    start = options.get("minimum" if rising else "maximum")
    return option_words(options, usual if start is None else {**usual, "start": start})


def into_limits(name: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> tuple[Sql, list[str]]:
    """What brings a sequence within new limits: statements to run before ALTER SEQUENCE, and more words for it.

    PostgreSQL refuses limits that the last value is beyond. Where a new sequence would be, its value is moved: nothing
    that was handed out is handed out again. One that ran past its new end is left to fail.
    """
    old, new = ({key: _number(side.get(key, 1)) for key in _LIMITS} for side in (before, after))
    if new["minimum"] <= old["start"] <= new["maximum"]:
        return [], []
    low, high = max(old["minimum"], new["minimum"]), min(old["maximum"], new["maximum"])
    if low > high:
        return [], ["RESTART"]
    first = min(max(new["start"], low), high)
    rising = new["increment"] > 0
    short, next_one, past = ("<", low, f"> {high}") if rising else (">", high, f"< {low}")
    narrowed = (high < old["maximum"], low > old["minimum"])
    ways = [f"last_value {short} {next_one}"] if narrowed[rising] else []
    ways += [f"(last_value {past} AND NOT is_called)"] if narrowed[not rising] else []
    value = str(first) if first == next_one else f"CASE WHEN is_called THEN {next_one} ELSE {first} END"
    there = " OR ".join(ways)
    # quoted names and numbers, nothing else
    moved = f"SELECT pg_catalog.setval({quote_literal(name)}, {value}, false) FROM {name} WHERE {there}"  # noqa: S608
    return [moved], []


def _create(_scene: Scene, fact: Fact) -> Sql:
    kind = text(fact, "type") or "bigint"
    words = [] if kind == "bigint" else [f"AS {kind}"]
    words += new_option_words(fact.attributes, kind)
    unlogged = "UNLOGGED " if fact.attributes.get("persistence") == "unlogged" else ""
    return [" ".join([f"CREATE {unlogged}SEQUENCE {dotted(*fact.id.name)}", *words])]


_OPTIONS = ("type", "increment", "minimum", "maximum", "start", "cache", "cycle")


def _write_options(_scene: Scene, before: Fact, after: Fact) -> Sql:
    kind = text(after, "type")
    words = [f"AS {kind}"] if kind and kind != text(before, "type") else []
    if words:  # a new type moves limits that were those of the old one, so that all are said again
        words += option_words(after.attributes, {"cycle": before.attributes.get("cycle")})
    else:
        words += option_words(after.attributes, before.attributes)
    name = dotted(*after.id.name)
    first, more = into_limits(name, before.attributes, after.attributes)
    return [*first, f"ALTER SEQUENCE {name} {' '.join([*words, *more])}"] if words else []


def _write_owned_by(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    owner = after.attributes.get("owned_by")
    words = dotted(*map(str, owner)) if isinstance(owner, list) else "NONE"
    return [f"ALTER SEQUENCE {dotted(*after.id.name)} OWNED BY {words}"]


def _write_owner(scene: Scene, before: Fact, after: Fact) -> Sql:
    """One that belongs to a column has the table's owner, and changes it with the table."""
    old, new = (fact.attributes.get("owned_by") for fact in (before, after))
    if before is after or not isinstance(old, list):
        return OWNER.write(scene, before, after)
    if old == new:
        return []
    return [f"ALTER SEQUENCE {dotted(*after.id.name)} OWNED BY NONE", *OWNER.write(scene, before, after)]


def _write_persistence(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    word = "UNLOGGED" if after.attributes.get("persistence") == "unlogged" else "LOGGED"
    return [f"ALTER {address(after.id)} SET {word}"]


RULES: Mapping[str, Rule] = {
    "sequence": Rule(
        _create,
        drop,
        (
            replace(OWNER, write=_write_owner),
            Alteration(_OPTIONS, _write_options),
            Alteration(("owned_by",), _write_owned_by, after_create=True, aspect="owned_by"),
            Alteration(("persistence",), _write_persistence),
        ),
        anew=frozenset(),
        rank=25,
    )
}
