"""From the names in the settings to MetaData objects."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any, Iterable, Iterator  # noqa: UP035 - as in all files here: Python 3.9

from sqlalchemy import MetaData

# submodules that importing a whole package must not run: programs, tests, other ways to the same models
NOT_IMPORTED = {"__main__", "conftest", "tests", "test", "alembic", "migrations", "wsgi", "asgi"}
LARGEST_SEARCH = 50


class TargetError(Exception):
    """A target that was imported and yet holds no MetaData."""


def metadata_of(targets: Iterable[str]) -> list[MetaData]:
    """The MetaData of `module:attribute` and `module` names, each once, in their order."""
    found: list[MetaData] = []
    for target in targets:
        module_name, _, attribute = target.partition(":")
        module = importlib.import_module(module_name.strip())
        own = list(_of_attribute(module, attribute.strip(), target) if attribute else _of_module(module))
        if not own:
            raise TargetError(f"{target} holds no MetaData and no declarative base")
        found.extend(own)
    return list({id(each): each for each in found}.values())


def _of_attribute(module: ModuleType, attribute: str, target: str) -> Iterator[MetaData]:
    value: Any = module
    for name in attribute.split("."):
        try:
            value = getattr(value, name)
        except AttributeError:
            raise TargetError(f"{module.__name__} has no attribute {attribute}{_similar(module, name)}") from None
    found = list(of_value(value))
    if not found:
        kind = type(value).__name__
        raise TargetError(f"{target} is a {kind}: neither MetaData, nor a declarative base, nor a list of them")
    yield from found


def _similar(module: ModuleType, name: str) -> str:
    candidates = [key for key, value in vars(module).items() if not key.startswith("_") and _plain(value)]
    return "; it has " + ", ".join(sorted(candidates)[:5]) if candidates else ""


def _plain(value: Any) -> MetaData | None:
    """The MetaData that a value is or carries: MetaData, a declarative base, a registry, a table, `db`."""
    if isinstance(value, MetaData):
        return value
    # a proxy may answer to any name, and a lazy one raise anything
    try:
        carried = getattr(value, "metadata", None)
    except Exception:
        return None
    return carried if isinstance(carried, MetaData) else None


def of_value(value: Any, depth: int = 0) -> Iterator[MetaData]:
    """Every MetaData in a value: itself, what it carries, what a list or a mapping holds, what calling it returns."""
    # Flask-SQLAlchemy keeps one MetaData for each bind
    extensions = getattr(value, "extensions", None)
    if isinstance(extensions, dict) and "sqlalchemy" in extensions:
        value = extensions["sqlalchemy"]  # a Flask application, such as create_app() returns
        value = getattr(value, "db", value)
    several = getattr(value, "metadatas", None)
    plain = _plain(value)
    if isinstance(several, dict) and several:
        yield from of_value(several, depth + 1)
    elif plain is not None:
        yield plain
    elif isinstance(value, dict):
        for each in value.values():
            yield from of_value(each, depth + 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for each in value:
            yield from of_value(each, depth + 1)
    elif callable(value) and not isinstance(value, type) and depth == 0:
        yield from of_value(value(), depth + 1)


def _of_module(module: ModuleType) -> Iterator[MetaData]:
    """A module, or a package with all its modules: a table whose module nobody imports is silently missing."""
    modules = [module]
    for name in sorted(_submodules(module)):
        modules.append(importlib.import_module(name))
    for each in modules:
        for value in list(vars(each).values()):
            found = _plain(value) if not isinstance(value, ModuleType) else None
            if found is not None and (found.tables or isinstance(value, MetaData)):
                yield found


def _submodules(package: ModuleType) -> Iterator[str]:
    for _finder, name, is_package in pkgutil.iter_modules(getattr(package, "__path__", ()), package.__name__ + "."):
        last = name.rpartition(".")[2]
        if last in NOT_IMPORTED or last.startswith("test_"):
            continue
        yield name
        if is_package:
            yield from _submodules(importlib.import_module(name))
