"""A schema as JSON: sorted and versioned, the same bytes for the same schema; one fact a line, for git."""

from __future__ import annotations

import glob
import json
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from drift_pipeline.errors import SnapshotError
from drift_pipeline.schema.facts import FORMAT_VERSION, Fact, FactId, Schema
from drift_pipeline.schema.garbage import no_garbage

FORMAT = "drift-snapshot"
MAX_BYTES = 1 << 30
"""A snapshot of ten thousand tables has about a tenth of that."""

_AT_ONCE = 500
_BETWEEN = 5318008141421356237
"""A number that no schema holds in this place; where one does, it is noticed."""

_ABANDONED_AFTER = 3600.0
_HINT = "write a new one with: drift snapshot SOURCE -o FILE"


def to_json(schema: Schema) -> str:
    """The schema as JSON text that ends with a line end. Equal schemas give equal text, whatever order made them."""
    encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":")).encode
    ids = schema.sorted_ids
    head = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "server_version": schema.server_version,
        "not_covered": dict(schema.not_covered),
        "excluded": dict(schema.excluded),
    }
    parts = [f"{encode(key)}: {encode(value)},\n" for key, value in head.items()]
    with no_garbage():
        facts = ",\n".join(_fact_lines(schema, ids, encode))
        depends = ",\n".join(_edge_lines(schema, ids, encode))
    return "{\n" + "".join(parts) + f'"facts": [\n{facts}\n],\n"depends": [\n{depends}\n]\n' + "}\n"


def _fact_lines(schema: Schema, ids: Sequence[FactId], encode: Callable[[object], str]) -> Iterator[str]:
    for start in range(0, len(ids), _AT_ONCE):
        rows = [_row(schema.facts[key]) for key in ids[start : start + _AT_ONCE]]
        # many in one call, parted by a number: a call for each would take most of the time
        lines = encode([each for row in rows for each in (row, _BETWEEN)])[1:].split(f",{_BETWEEN}")
        # the last is what is behind the last number; more than that, and the number stands in a name
        yield from (line.lstrip(",") for line in lines[:-1]) if len(lines) == len(rows) + 1 else map(encode, rows)


def _row(fact: Fact) -> list[object]:
    parent = [fact.parent.kind, *fact.parent.name] if fact.parent else None
    return [fact.id.kind, fact.id.name, parent, dict(fact.attributes)]


def _edge_lines(schema: Schema, ids: Sequence[FactId], encode: Callable[[object], str]) -> Iterator[str]:
    number = {key: at for at, key in enumerate(ids)}

    def end(key: FactId) -> object:
        # by the number of its line where there is one: names would make up half of the file
        return number.get(key, [key.kind, *key.name])

    if all(needs in number and needed in number for needs, needed in schema.depends):
        # their numbers have the order of their names
        edges = sorted((number[needs], number[needed]) for needs, needed in schema.depends)
        yield from (f"[{needs},{needed}]" for needs, needed in edges)
        return
    for needs, needed in sorted(schema.depends):
        yield encode([end(needs), end(needed)])


def from_json(text: str) -> Schema:
    """The schema that `to_json` wrote. Raises SnapshotError for anything else, of another version included."""
    with no_garbage():
        return _parsed(text)


def _parsed(text: str) -> Schema:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SnapshotError("this is no snapshot of a schema: it is no JSON", hint=_HINT) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise SnapshotError("this is JSON, but no snapshot of a schema", hint=_HINT)
    if data.get("version") != FORMAT_VERSION:
        _wrong_version(data.get("version"))
    try:
        return _schema(data)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SnapshotError("this snapshot is damaged: it does not hold what a snapshot must", hint=_HINT) from error


def _wrong_version(found: object) -> NoReturn:
    newer = isinstance(found, int) and found > FORMAT_VERSION
    hint = "update drift-pipeline, or write the snapshot with this release" if newer else _HINT
    raise SnapshotError(
        f"this snapshot has version {found!r:.40}; this release reads version {FORMAT_VERSION}", hint=hint
    )


def _schema(data: Mapping[str, Any]) -> Schema:
    facts: dict[FactId, Fact] = {}
    ids: list[FactId] = []
    shared: dict[tuple[str, ...], FactId] = {}
    for kind, name, parent, attributes in data["facts"]:
        key = _fact_id([kind, *name])
        if not isinstance(attributes, dict) or key in facts:
            raise ValueError(kind)
        owner = None
        if parent is not None:
            owner = shared.get(tuple(parent))
            if owner is None:
                owner = shared.setdefault(tuple(parent), _fact_id(parent))
        facts[key] = Fact(key, attributes, owner)
        ids.append(key)
    depends = frozenset((_end(needs, ids), _end(needed, ids)) for needs, needed in data["depends"])
    version = data["server_version"]
    if not isinstance(version, int):
        raise TypeError(version)
    return Schema(facts, version, _counts(data["not_covered"]), _counts(data["excluded"]), depends)


def _fact_id(parts: list[object]) -> FactId:
    names = [part for part in parts if isinstance(part, str)]
    if len(names) != len(parts) or len(names) < 2:
        raise ValueError(parts)
    return FactId(names[0], tuple(names[1:]))


def _end(value: object, ids: list[FactId]) -> FactId:
    if isinstance(value, list):
        return _fact_id(value)
    if not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return ids[value]


def _counts(value: object) -> dict[str, int]:
    if not isinstance(value, dict) or not all(isinstance(number, int) for number in value.values()):
        raise TypeError(value)
    return value


def load(path: Path | str, *, max_bytes: int = MAX_BYTES) -> Schema:
    """The schema in this file. Raises SnapshotError, naming the file, if it cannot be read or is no snapshot."""
    path = Path(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise SnapshotError(f"{path} is no file", hint=_HINT)
        if status.st_size > max_bytes:
            raise SnapshotError(
                f"{path} has {status.st_size:,} bytes; a snapshot has {max_bytes:,} at most", hint="is it another file?"
            )
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror}", hint=_HINT) from error
    except UnicodeDecodeError as error:
        raise SnapshotError(f"{path} is no snapshot of a schema: it is no text", hint=_HINT) from error
    try:
        return from_json(text)
    except SnapshotError as error:
        raise SnapshotError(f"{path}: {error.message}", hint=error.hint) from error


def save(schema: Schema, path: Path | str) -> None:
    """Write the schema to this file, whole or not at all: what was there before stays until the new one is complete.

    Raises SnapshotError if it cannot be written.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        _sweep(path)
        content = to_json(schema).encode()
        with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=_prefix(path), delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_usual_mode())
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise SnapshotError(
            f"{path} cannot be written: {error.strerror}", hint="choose a folder that exists and may be written to"
        ) from error
    except UnicodeEncodeError as error:
        raise SnapshotError(f"{path} cannot be written: a name or text of the schema is no Unicode") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _prefix(path: Path) -> str:
    return f".{path.name[:60]}.part-"


def _sweep(path: Path) -> None:
    """Remove what a killed writer of the same file left half-written; a younger one may still be at work."""
    for left in path.parent.glob(f"{glob.escape(_prefix(path))}*"):
        if time.time() - left.stat().st_mtime > _ABANDONED_AFTER:
            left.unlink(missing_ok=True)


def _usual_mode() -> int:
    """What open() would have given the file; a temporary file is the owner's alone."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
