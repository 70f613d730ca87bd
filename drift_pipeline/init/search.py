"""Where a repository declares its models: MetaData objects, declarative bases, and the modules that declare tables."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from drift_pipeline.init.sources import Repository, Source


class Kind(NamedTuple):
    """What a name of a library makes: what people call it, and how a target reaches the MetaData from it."""

    called: str
    suffix: str


_LIBRARIES = ("sqlalchemy", "flask_sqlalchemy", "sqlmodel", "flask_sqlalchemy_lite")
# called at the top of a module, and assigned to a name
_CALLS = {
    "MetaData": Kind("MetaData", ""),
    "registry": Kind("registry", ""),
    "SQLAlchemy": Kind("Flask-SQLAlchemy", ""),
    "declarative_base": Kind("declarative base", ".metadata"),
    "generate_base": Kind("declarative base", ".metadata"),
}
# a class that has one of these as its base is a declarative base
_BASES = {
    "DeclarativeBase": Kind("declarative base", ".metadata"),
    "DeclarativeBaseNoMeta": Kind("declarative base", ".metadata"),
}


@dataclass(frozen=True)
class Holder:
    """A MetaData, or something that carries one. `name`: dotted; `uses`: the dotted name of a MetaData given to it."""

    target: str
    called: str
    file: str
    line: int
    name: str
    uses: str = ""


@dataclass(frozen=True)
class Declaring:
    """A module that declares tables, as far as their names stand in its source."""

    module: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What the search found."""

    holders: tuple[Holder, ...]
    declaring: tuple[Declaring, ...]
    path: tuple[str, ...]

    @property
    def tables(self) -> frozenset[str]:
        """Names of all tables that stand in the source."""
        return frozenset(name for each in self.declaring for name in each.tables)


def search(repository: Repository) -> Found:
    """Looks through the sources."""
    names = _Names(repository.sources)
    own_kinds = {name: kind for source in repository.sources for name, kind in _own_kinds(source)}
    holders = [holder for source in repository.sources for holder in _holders(source, names, own_kinds)]
    used = {holder.uses for holder in holders}
    own = [holder for holder in holders if holder.name not in used]
    flask = {holder.name for holder in holders if holder.called == "Flask-SQLAlchemy"}
    bases = {f"{name}.Model" for name in flask}
    bases |= {holder.name for holder in holders if holder.called == "declarative base"}
    tables_of = _Tables({f"{name}.Table" for name in flask}, bases, names)
    declaring, roots = [], []
    for source in repository.sources:
        tables = tuple(dict.fromkeys(tables_of(source)))
        tables = tuple(name for name in tables if not name.startswith("alembic_version"))
        if tables:
            declaring.append(Declaring(source.module, tables))
        if tables or any(holder.file == str(source.path) for holder in own):
            roots.append(source.root)
    return Found(tuple(own), tuple(declaring), tuple(dict.fromkeys(roots)) or (".",))


def proposals(found: Found) -> Iterator[tuple[str, ...]]:
    """Targets to try, the most readable first: the bases; the modules that declare the tables."""
    if found.holders:
        yield tuple(holder.target for holder in found.holders)
    modules = sorted(each.module for each in found.declaring)
    if modules:
        package = _common_package(modules)
        if package and len(modules) > 1:
            yield (package,)
        yield tuple(modules)


def _common_package(modules: list[str]) -> str:
    """The package that holds all of them and is not the whole application; empty if there is none."""
    first, last = modules[0].split("."), modules[-1].split(".")
    common = []
    for one, other in zip(first, last, strict=False):
        if one != other:
            break
        common.append(one)
    return ".".join(common) if len(common) > 1 or common in (["models"], ["model"], ["entities"]) else ""


class _Names:
    """Where names come from that a package hands on, such as `db` of `app/__init__.py`."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._modules = {source.module: source for source in sources}

    def __call__(self, dotted: str) -> str:
        """The dotted name by which its own module knows it."""
        for _ in range(MOST_HOPS):
            module, rest = dotted, ""
            while module and module not in self._modules:
                module, _dot, last = module.rpartition(".")
                rest = f"{last}.{rest}" if rest else last
            name, _dot, behind = rest.partition(".")
            origin = self._modules[module].imports.get(name) if module and name else None
            if not origin:
                break
            dotted = f"{origin}.{behind}" if behind else origin
        return dotted


MOST_HOPS = 8


def _own_kinds(source: Source) -> Iterator[tuple[str, Kind]]:
    """Classes that a project derives from those of a library that are called."""
    for node in _top_level(source.tree.body):
        if isinstance(node, ast.ClassDef):
            kind = next((_CALLS[name] for base in node.bases if (name := _of_library(source, base)) in _CALLS), None)
            if kind:
                yield f"{source.module}.{node.name}", kind


def _holders(source: Source, names: _Names, own_kinds: Mapping[str, Kind]) -> Iterator[Holder]:
    for node in _top_level(source.tree.body):
        if isinstance(node, ast.ClassDef):
            yield from _of_class(source, node)
            continue
        target, value = _assigned(node)
        if not (target and isinstance(value, ast.Call)):
            continue
        kind = _CALLS.get(_of_library(source, value.func)) or own_kinds.get(names(source.dotted(value.func)))
        if kind:
            given = next((each.value for each in value.keywords if each.arg == "metadata"), None)
            yield _holder(source, target, kind, node.lineno, uses=names(source.dotted(given)))


def _of_class(source: Source, node: ast.ClassDef) -> Iterator[Holder]:
    for base in node.bases:
        kind = _BASES.get(_of_library(source, base))
        if kind:
            pairs = [_assigned(each) for each in node.body]
            given = next((value for name, value in pairs if name == "metadata"), None)
            yield _holder(source, node.name, kind, node.lineno, uses=source.dotted(given))


def _holder(source: Source, name: str, kind: Kind, line: int, *, uses: str) -> Holder:
    target = f"{source.module}:{name}{kind.suffix}"
    return Holder(target, kind.called, str(source.path), line, f"{source.module}.{name}", uses)


def _of_library(source: Source, node: ast.expr) -> str:
    """The last part of a name that comes from one of the libraries, `generate_base` of any registry; else empty."""
    name = source.dotted(node)
    last = name.rpartition(".")[2]
    return last if name.startswith(tuple(f"{each}." for each in _LIBRARIES)) or last == "generate_base" else ""


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module, also those in `if` and `try`; not those in functions."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            inner = [*node.body, *node.orelse]
            if isinstance(node, ast.Try):
                inner += [each for handler in node.handlers for each in handler.body]
            yield from _top_level(inner)


def _assigned(node: ast.stmt) -> tuple[str, ast.expr | None]:
    """Name and value of `name = value` and `name: type = value`."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.value
    return "", None


class _Tables:
    """The tables that a file declares. `makers`: further names of SQLAlchemy's Table; `bases`: declarative ones."""

    def __init__(self, makers: set[str], bases: set[str], names: _Names) -> None:
        self._makers, self._bases, self._names = makers, bases, names

    def __call__(self, source: Source) -> Iterator[str]:
        """Their names. A class that gives none of its own, as mixins do for it, counts by the class's name."""
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                yield from self._of_class(source, node)
            elif isinstance(node, ast.Call) and node.args and self._makes_table(source, node):
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value

    def _makes_table(self, source: Source, node: ast.Call) -> bool:
        return _of_library(source, node.func) == "Table" or self._names(source.dotted(node.func)) in self._makers

    def _of_class(self, source: Source, node: ast.ClassDef) -> Iterator[str]:
        pairs = dict(_assigned(each) for each in node.body)
        named = pairs.get("__tablename__")
        if isinstance(named, ast.Constant) and isinstance(named.value, str):
            yield named.value
            return
        mapped = any(self._names(source.dotted(base)) in self._bases for base in node.bases)
        sqlmodel = any(each.arg == "table" for each in node.keywords)
        if (mapped or sqlmodel) and "__abstract__" not in pairs:
            yield f"class {node.name}"
