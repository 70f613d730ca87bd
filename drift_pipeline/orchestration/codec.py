"""Frozen dataclasses as JSON and back, by their type hints.

What passes between assets is kept as JSON and not as a pickle: it survives refactorings, can be read by people, and
loading it runs no code. Only dataclasses, enums, datetimes, paths and what JSON itself knows are taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache, singledispatch
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from drift_pipeline.schema.facts import Value

T = TypeVar("T")


def dumps(value: object) -> str:
    """JSON text of a dataclass. TypeError for what JSON cannot hold."""
    return json.dumps(_encode(value), ensure_ascii=False, separators=(",", ":"))


def loads(kind: type[T], text: str) -> T:
    """The dataclass of this kind that `dumps` wrote. ValueError if the text is none."""
    try:
        hint: Any = kind
        decoded: T = _decoder(hint)(json.loads(text))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a stored {kind.__name__}") from error
    return decoded


@singledispatch
def _encode(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        # cached properties and the like are no fields and stay behind
        return {item.name: _encode(getattr(value, item.name)) for item in fields(value) if item.init}
    raise TypeError(f"{type(value).__name__} has no JSON form")


@_encode.register(str | int | float | NoneType)
def _(value: str | float | None) -> Any:
    return value


@_encode.register
def _(value: Enum) -> Any:
    return value.value


@_encode.register
def _(value: datetime) -> Any:
    return value.isoformat()


@_encode.register
def _(value: Path) -> Any:
    return str(value)


@_encode.register
def _(value: Mapping) -> Any:  # type: ignore[type-arg]  # singledispatch takes classes without parameters
    if all(isinstance(key, str) for key in value):
        return {str(key): _encode(item) for key, item in value.items()}
    return [[_encode(key), _encode(item)] for key, item in value.items()]


@_encode.register(list | tuple)
def _(value: Sequence[Any]) -> Any:
    return [_encode(item) for item in value]


@_encode.register(set | frozenset)
def _(value: Set[Any]) -> Any:
    return sorted((_encode(item) for item in value), key=repr)


def _same(raw: Any) -> Any:
    return raw


@cache
def _decoder(hint: Any) -> Callable[[Any], Any]:
    """What turns JSON into a value of this hint; made once for each hint. What JSON itself knows stays as it is."""
    origin, args = get_origin(hint), get_args(hint)
    if hint == Value:
        return _same
    if origin in (Union, UnionType):
        return _optional(args)
    return _container(origin, args) if isinstance(origin, type) else _plain(hint)


def _plain(hint: Any) -> Callable[[Any], Any]:
    if hint is datetime:
        return datetime.fromisoformat
    if not isinstance(hint, type):
        return _same
    if is_dataclass(hint):
        return _dataclass(hint)
    if issubclass(hint, tuple) and hasattr(hint, "_fields"):
        return _named_tuple(hint)
    return hint if issubclass(hint, Enum | Path) else _same


def _container(origin: type, args: tuple[Any, ...]) -> Callable[[Any], Any]:
    if issubclass(origin, Mapping):
        return _mapping(*args)
    if origin is tuple and args[1:] != (Ellipsis,):
        return _fixed_tuple(args)
    return _collection(origin, args[0]) if issubclass(origin, Sequence | Set) else _same


def _optional(args: tuple[Any, ...]) -> Callable[[Any], Any]:
    present = [arg for arg in args if arg is not NoneType]
    if len(present) != 1:
        # a choice among JSON's own kinds needs no decoding
        return _same
    inner = _decoder(present[0])
    return lambda raw: None if raw is None else inner(raw)


def _dataclass(kind: type) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    names = [item.name for item in fields(kind) if item.init]

    def decode(raw: dict[str, Any]) -> Any:
        return kind(**{name: _decoder(hints[name])(raw[name]) for name in names if name in raw})

    return decode


def _named_tuple(kind: type) -> Callable[[Any], Any]:
    hints = tuple(get_type_hints(kind).values())
    return lambda raw: kind(*(_decoder(hint)(item) for hint, item in zip(hints, raw, strict=True)))


def _mapping(key_hint: Any, value_hint: Any) -> Callable[[Any], Any]:
    def decode(raw: Any) -> dict[Any, Any]:
        key, value = _decoder(key_hint), _decoder(value_hint)
        pairs = raw.items() if isinstance(raw, dict) else raw
        return {key(name): value(item) for name, item in pairs}

    return decode


def _fixed_tuple(args: tuple[Any, ...]) -> Callable[[Any], Any]:
    return lambda raw: tuple(_decoder(arg)(item) for arg, item in zip(args, raw, strict=True))


def _collection(origin: type, item_hint: Any) -> Callable[[Any], Any]:
    build = origin if origin in (tuple, list, frozenset, set) else tuple
    return lambda raw: build(_decoder(item_hint)(item) for item in raw)
