"""The Python files of a repository, and the names that they are imported by. Nothing is imported or run here."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

LARGEST_FILE = 2_000_000
MOST_FILES = 20_000

# folders that hold no application code of the project
_SKIPPED = frozenset(
    (
        *("node_modules", "site-packages", "__pycache__", "build", "dist", "venv", "env"),
        *("tests", "test", "testing", "docs", "doc", "examples", "benchmarks"),
    )
)
# what a file must mention to be worth parsing
_WORTH = re.compile(rb"sqlalchemy|sqlmodel|__tablename__|\.Model\b|MetaData|DeclarativeBase", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """One file that may declare something. `path`: relative to the repository; `module`: as it is imported."""

    path: PurePosixPath
    module: str
    root: str
    tree: ast.Module

    @cached_property
    def imports(self) -> dict[str, str]:
        """Local name → dotted name of what it stands for; relative imports are written out."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for each in node.names:
                    top = each.name.partition(".")[0]
                    found[each.asname or top] = each.name if each.asname else top
            elif isinstance(node, ast.ImportFrom):
                base = _absolute(node, self)
                found.update({each.asname or each.name: f"{base}.{each.name}" for each in node.names})
        return found

    def dotted(self, node: ast.expr | None) -> str:
        """The dotted name of an expression such as `orm.DeclarativeBase`; own names get the module before them."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id, f"{self.module}.{node.id}")
        if isinstance(node, ast.Attribute):
            before = self.dotted(node.value)
            return f"{before}.{node.attr}" if before else ""
        if isinstance(node, ast.Subscript):  # Base[int]
            return self.dotted(node.value)
        if isinstance(node, ast.Call):  # registry().generate_base
            return self.dotted(node.func)
        return ""


@dataclass(frozen=True)
class Repository:
    """What lies in a folder. `seen`: Python files that were looked at."""

    root: Path
    sources: tuple[Source, ...]
    seen: int
    alembic: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = field(default=())


def read_repository(root: Path) -> Repository:
    """Reads the folder. Files that are no Python of this version are passed over."""
    files: list[PurePosixPath] = []
    alembic: list[str] = []
    for folder, names in _folders(root):
        files += [folder / name for name in names if name.endswith(".py")][: MOST_FILES - len(files)]
        alembic += [str(folder / name) for name in names if name == "alembic.ini" or _configures(root, folder, name)]
    imported: set[str] = set()
    parsed: list[tuple[PurePosixPath, ast.Module]] = []
    for file in files:
        text = _bytes(root / file)
        imported.update(_top_levels(text))
        # packages hand on what their modules make
        tree = _parsed(text) if _WORTH.search(text) or file.name == "__init__.py" else None
        if tree is not None:
            parsed.append((file, tree))
    sources = []
    for file, tree in parsed:
        base, module = _named(root, file, imported)
        sources.append(Source(file, module, base, tree))
    nearest = sorted(alembic, key=lambda name: (name.count("/"), name.endswith(".toml"), name))
    return Repository(root, tuple(sources), len(files), tuple(nearest), _interpreters(root))


def _folders(root: Path) -> Iterator[tuple[PurePosixPath, list[str]]]:
    for where, folders, names in os.walk(root):
        folder = PurePosixPath(Path(where).relative_to(root).as_posix())
        if "pyvenv.cfg" in names:
            folders[:] = []
            continue
        revisions = {"versions"} if "env.py" in names else set()
        folders[:] = sorted(
            name for name in folders if name not in _SKIPPED | revisions and not name.startswith((".", "_example"))
        )
        own = {"env.py", "setup.py", "conftest.py"} if revisions else {"setup.py", "conftest.py"}
        yield folder, sorted(name for name in names if name not in own and not name.startswith("test_"))


def _configures(root: Path, folder: PurePosixPath, name: str) -> bool:
    return name == "pyproject.toml" and b"[tool.alembic]" in _bytes(root / folder / name)


def _bytes(path: Path) -> bytes:
    try:
        return b"" if path.stat().st_size > LARGEST_FILE else path.read_bytes()
    except OSError:
        return b""


def _parsed(text: bytes) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)", re.MULTILINE)


def _top_levels(text: bytes) -> set[str]:
    """First parts of the names that a file imports absolutely, and their first two."""
    names = {name.decode() for name in _IMPORT.findall(text)}
    return names | {name.partition(".")[0] for name in names}


def _named(root: Path, file: PurePosixPath, imported: set[str]) -> tuple[str, str]:
    """The folder for `models.path` and the module's name.

    The package begins at the first folder whose name and the next one's the repository's code imports together, `a.b`;
    else at the first one with an `__init__.py` that is imported by its name; else where the `__init__.py` files end;
    else, since packages need none, at a folder that is imported by its name.
    """
    parts = list(file.parent.parts)
    regular = [(root.joinpath(*parts[: at + 1]) / "__init__.py").is_file() for at in range(len(parts))]
    pairs = [f"{one}.{other}" for one, other in zip(parts, [*parts[1:], file.stem], strict=False)]
    start = next((at for at, pair in enumerate(pairs) if pair in imported), None)
    if start is None:
        start = next((at for at, name in enumerate(parts) if regular[at] and name in imported), None)
    if start is None:
        start = len(parts)
        while start and regular[start - 1]:
            start -= 1
    if start == len(parts):
        named = next((name for name in parts if name in imported), None)
        # a project's folder often has the name of the package in it
        start = len(parts) - 1 - parts[::-1].index(named) if named else start
    package = parts[start:]
    if not all(part.isidentifier() for part in package):
        start, package = len(parts), []
    name = [] if file.stem == "__init__" else [file.stem]
    return "/".join(parts[:start]) or ".", ".".join([*package, *name])


def _absolute(node: ast.ImportFrom, source: Source) -> str:
    if not node.level:
        return node.module or ""
    package = source.module.split(".") if source.path.stem == "__init__" else source.module.split(".")[:-1]
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def _interpreters(root: Path) -> tuple[str, ...]:
    names = (".venv", "venv", "env")
    return tuple(f"{name}/bin/python" for name in names if (root / name / "bin" / "python").exists())
