"""Loading the models: in a process of their own, once for each state of their files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from drift_pipeline.config import ModelSettings
from drift_pipeline.errors import ConfigError, ModelsError
from drift_pipeline.models import cache as kept_answers
from drift_pipeline.models.environment import for_models, stable
from drift_pipeline.models.faults import ModelFault, Subject
from drift_pipeline.models.loaded import LoadedModels, ModelStatement, few
from drift_pipeline.models.subprocesses import interpreter, run
from drift_pipeline.redaction import redact, secrets_in

__all__ = ["LoadedModels", "ModelStatement", "kept_models", "load_models"]


def load_models(
    models: ModelSettings, root: Path, *, cache: Path | None = None, default_schema: str = "public"
) -> LoadedModels:
    """What the settings' targets declare. `root`: the folder that relative paths are relative to.

    `cache`: where answers are kept, default `.drift/cache` below the root. `default_schema`: of tables whose model
    names none. Raises ConfigError where the settings name no models, and ModelsError where they cannot be loaded.
    """
    request, source = _request(models, root)
    answer, cached = answer_of(request, models, root, cache)
    return _told(answer, source, models, default_schema, cached=cached)


def kept_models(
    models: ModelSettings, root: Path, *, cache: Path | None = None, default_schema: str = "public"
) -> LoadedModels | None:
    """The same where it is kept from before, else None: no process is started. Raises as `load_models` does."""
    request, source = _request(models, root)
    folder, key = cache_key(request, models, root, cache)
    answer = kept_answers.kept(folder, key, root)
    return None if answer is None else _told(answer, source, models, default_schema, cached=True)


def _told(
    answer: Mapping[str, Any], source: str, models: ModelSettings, default_schema: str, *, cached: bool
) -> LoadedModels:
    if not answer["tables"]:
        raise ModelsError(
            f"{source} declares no tables",
            hint="name the modules that declare them, or a package whose modules are all imported",
        )
    environment, _ = for_models(os.environ, models.env)
    return _loaded(answer, source, default_schema, cached=cached, secrets=secrets_in(environment))


def _request(models: ModelSettings, root: Path) -> tuple[dict[str, Any], str]:
    """Targets win: whoever names them means them."""
    if models.targets:
        return {"mode": "models", "targets": list(models.targets)}, few(models.targets)
    if models.alembic:
        return {"mode": "alembic", "alembic": str(alembic_file(models, root))}, models.alembic
    raise ConfigError(
        "the settings name no models",
        hint='set models.targets to "package.module:Base.metadata", or models.alembic to the path of alembic.ini',
    )


def alembic_file(models: ModelSettings, root: Path) -> Path:
    """The project's alembic.ini. Raises ConfigError where the settings name none, or one that does not exist."""
    path = (root / models.alembic).absolute()
    if not models.alembic or not path.is_file():
        raise ConfigError(
            f"there is no file {models.alembic}" if models.alembic else "the settings name no alembic.ini",
            hint="set models.alembic to the path of the project's alembic.ini",
        )
    return path


def answer_of(
    request: Mapping[str, Any], models: ModelSettings, root: Path, cache: Path | None
) -> tuple[dict[str, Any], bool]:
    """The process's answer to a request, and whether it was kept from before."""
    folder, key = cache_key(request, models, root, cache)
    answer = kept_answers.kept(folder, key, root)
    if answer is not None:
        return answer, True
    answer = run(request, models, root)
    kept_answers.keep(folder, key, answer)
    return answer, False


def cache_key(request: Mapping[str, Any], models: ModelSettings, root: Path, cache: Path | None) -> tuple[Path, str]:
    """Folder and name of what is kept for a request."""
    folder = root / kept_answers.FOLDER if cache is None else cache
    environment, _ = for_models(os.environ, models.env)
    settings = {
        **request,
        "path": models.path,
        "translate": dict(models.schema_translate_map),
        "section": models.section,
        "x": models.x,
    }
    return folder, kept_answers.key_of(settings, interpreter(models, root), stable(environment))


def _loaded(
    answer: Mapping[str, Any], source: str, default_schema: str, *, cached: bool, secrets: Collection[str] = ()
) -> LoadedModels:
    statements = tuple(
        ModelStatement(each["sql"], each["what"], each["location"], each["kind"], _subject(each, default_schema))
        for each in answer["statements"]
    )
    tables = {f"{schema or default_schema}.{table}": where for schema, table, where in answer["tables"]}
    columns = {
        f"{schema or default_schema}.{table}.{column}": where for schema, table, column, where in answer["columns"]
    }
    options = answer.get("options") or {}
    # sorted: SQLAlchemy keeps a table's indexes in a set, whose order differs from run to run
    text = json.dumps(sorted([each.kind, each.sql] for each in statements))
    return LoadedModels(
        statements=statements,
        tables=tables,
        columns=columns,
        schemas=tuple(sorted({schema or default_schema for schema, _table, _where in answer["tables"]})),
        source=source,
        fingerprint=hashlib.sha256(text.encode()).hexdigest()[:32],
        faults=tuple(
            ModelFault(each["what"], each["message"], each["location"], _subject(each, default_schema))
            for each in answer["faults"]
        ),
        version_tables=tuple(
            f"{schema or default_schema}.{name}" for schema, name in options.get("version_tables", ())
        ),
        include_schemas=bool(options.get("include_schemas")),
        filters=bool(options.get("filters")),
        unfinished=redact(str(options.get("unfinished") or ""), secrets),
        sqlalchemy=answer["sqlalchemy"],
        cached=cached,
        files=tuple(sorted(answer["dependencies"]["files"])),
    )


def _subject(found: Mapping[str, Any], default_schema: str) -> Subject | None:
    raw = found["subject"]
    if not raw["kind"]:
        return None
    return Subject(raw["kind"], (raw["schema"] or default_schema, *raw["name"]), tuple(raw["columns"]))
