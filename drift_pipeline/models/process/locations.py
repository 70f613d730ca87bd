"""Where tables and columns are declared: file and line, found in the source text of the modules in use."""

from __future__ import annotations

import ast
import gc
import inspect
import os
import sys
from types import ModuleType
from typing import Any, Dict, Iterator, Tuple  # noqa: UP035 - evaluated below by Python 3.9

from sqlalchemy import MetaData, Table
from sqlalchemy.orm import Mapper

Place = Tuple[str, int]  # noqa: UP006
Placed = Dict[Tuple[str, str], Place]  # noqa: UP006


class Locations:
    """Answers `of(table)` and `of(table, column)` with "file:line", or "" where nobody can tell."""

    def __init__(self, metadata: list[MetaData], root: str) -> None:
        self._root = root
        self._sources: dict[str, _Source | None] = {}
        self._tables: dict[int, Place] = {}
        self._columns: dict[tuple[int, str], Place] = {}
        for mapper in _mappers():
            self._note_class(mapper)
        known = {id(table) for each in metadata for table in each.tables.values()}
        if known - set(self._tables):
            self._note_core_tables(metadata)

    def of(self, table: Any, column: str = "") -> str:
        """The column's line, else its table's."""
        place = self._columns.get((id(table), column)) or self._tables.get(id(table))
        return f"{_shown(place[0], self._root)}:{place[1]}" if place else ""

    def _source(self, module_name: str) -> _Source | None:
        if module_name not in self._sources:
            module = sys.modules.get(module_name)
            self._sources[module_name] = _Source.of(module) if module is not None else None
        return self._sources[module_name]

    def _note_class(self, mapper: Any) -> None:
        table = mapper.local_table
        source = self._source(mapper.class_.__module__)
        if not isinstance(table, Table) or source is None:
            return
        line = source.classes.get(mapper.class_.__qualname__)
        # with single-table inheritance the first class is the one that made the table
        if line and (mapper.inherits is None or mapper.inherits.local_table is not table):
            self._tables.setdefault(id(table), (source.path, line))
        for key, column in _columns(mapper):
            for owner in mapper.class_.__mro__:
                declared = self._source(owner.__module__)
                at = declared.attributes.get((owner.__qualname__, key)) if declared else None
                if declared and at:
                    self._columns.setdefault((id(table), column.name), (declared.path, at))
                    break

    def _note_core_tables(self, metadata: list[MetaData]) -> None:
        """`Table("name", …)` calls, by the name written there: best effort, nothing else is left of them."""
        calls: dict[str, tuple[Place, dict[str, int]]] = {}
        for name in [each for each, module in list(sys.modules.items()) if _may_declare(module)]:
            source = self._source(name)
            if source is not None:
                for title, (line, columns) in source.tables.items():
                    calls.setdefault(title, ((source.path, line), columns))
        for each in metadata:
            for table in each.tables.values():
                if id(table) in self._tables or table.name not in calls:
                    continue
                place, columns = calls[table.name]
                self._tables[id(table)] = place
                for column, line in columns.items():
                    self._columns.setdefault((id(table), column), (place[0], line))


def _mappers() -> Iterator[Any]:
    """Every mapper there is. Asking a base for its mappers would miss the other bases."""
    return (each for each in gc.get_objects() if type(each) is Mapper)


def _columns(mapper: Any) -> Iterator[tuple[str, Any]]:
    """Attribute names and columns, without configuring the mappers: a broken relationship is no drift."""
    try:
        return iter([(key, each) for key, each in mapper.columns.items() if each.table is mapper.local_table])
    except Exception:
        return iter([])


def _may_declare(module: Any) -> bool:
    path = getattr(module, "__file__", None)
    return isinstance(path, str) and any(isinstance(each, Table) for each in list(vars(module).values()))


def _shown(path: str, root: str) -> str:
    """Relative to the root; of an installed package, what follows site-packages: machines differ in the rest.

    The environment may lie below the root, the root in a folder of that name.
    """
    if path.startswith(root + os.sep):
        path = os.path.relpath(path, root)
    for mark in ("site-packages", "dist-packages"):
        if os.sep + mark + os.sep in path:
            return path.rpartition(os.sep + mark + os.sep)[2]
    return path


class _Source:
    """Lines of one file: classes by qualified name, their attributes, `Table(...)` calls by name."""

    def __init__(self, path: str, tree: ast.Module) -> None:
        self.path = path
        self.classes: dict[str, int] = {}
        self.attributes: dict[tuple[str, str], int] = {}
        self.tables: dict[str, tuple[int, dict[str, int]]] = {}
        self._visit(tree, "")

    @classmethod
    def of(cls, module: ModuleType) -> _Source | None:
        try:
            path = inspect.getsourcefile(module)
            if not path:
                return None
            with open(path, "rb") as stream:
                return cls(os.path.realpath(path), ast.parse(stream.read()))
        except (OSError, TypeError, SyntaxError, ValueError):
            return None

    def _visit(self, node: ast.AST, scope: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = scope
            if isinstance(child, ast.ClassDef):
                inner = scope + child.name
                self.classes.setdefault(inner, child.lineno)
                self._note_attributes(child, inner)
                inner += "."
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                inner = scope + child.name + ".<locals>."
            elif isinstance(child, ast.Call):
                self._note_table(child)
            self._visit(child, inner)

    def _note_attributes(self, declared: ast.ClassDef, qualified: str) -> None:
        for statement in declared.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                self.attributes.setdefault((qualified, statement.target.id), statement.lineno)
            elif isinstance(statement, ast.Assign):
                for target in statement.targets:
                    if isinstance(target, ast.Name):
                        self.attributes.setdefault((qualified, target.id), statement.lineno)
            elif isinstance(statement, ast.FunctionDef):  # declared_attr
                self.attributes.setdefault((qualified, statement.name), statement.lineno)

    def _note_table(self, call: ast.Call) -> None:
        name = _first_text(call)
        if not name or _called(call) != "Table":
            return
        columns: dict[str, int] = {}
        for argument in call.args[1:]:
            if isinstance(argument, ast.Call) and _called(argument) == "Column":
                column = _first_text(argument)
                if column:
                    columns.setdefault(column, argument.lineno)
        self.tables.setdefault(name, (call.lineno, columns))


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _first_text(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
