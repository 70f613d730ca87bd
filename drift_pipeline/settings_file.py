"""drift.toml, or [tool.drift] in pyproject.toml: found, read, checked.

Mistakes are found here and nowhere else: an unknown key names the nearest known one, a wrong type names the key and
what is expected there, a credential is refused. Every message begins with the file or the variable that holds the
mistake.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from pathlib import Path
from typing import Any

from drift_pipeline.errors import ConfigError
from drift_pipeline.settings import (
    EnvironmentSettings,
    IgnoreRule,
    ModelSettings,
    RetentionSettings,
    ScheduleSettings,
    Settings,
)
from drift_pipeline.variables import FALSE, TRUE

FILE_NAME = "drift.toml"
STANDARD_PREFIXES = {"production": "PROD", "staging": "STAGING"}
_OUTSIDE_FILE = frozenset({"root", "source", "env_file", "scratch_url"})
_CREDENTIAL_KEY = re.compile(r"passw|secret|token|credential|api_?key", re.IGNORECASE)
_CREDENTIAL_VALUE = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/@:]*:[^\s@]+@", re.IGNORECASE)
SECTIONS: dict[str, type] = {"models": ModelSettings, "schedule": ScheduleSettings, "retention": RetentionSettings}
_ADDRESS_KEYS = frozenset({"url", "database_url", "host", "port", "name", "dbname", "database", "user", "sslmode"})


def find_file(start: Path) -> Path | None:
    """The nearest settings file from `start` upwards; `start` may be the file itself."""
    if start.is_file():
        return start
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
        project = folder / "pyproject.toml"
        if project.is_file() and re.search(r"^\s*\[+\s*tool\s*\.\s*drift\b", _text(project), re.MULTILINE):
            return project
    return None


def read_file(path: Path) -> dict[str, Any]:
    """The settings as they stand in the file. Raises ConfigError if it is no TOML."""
    try:
        content = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not valid TOML: {error}", hint=f"correct {path}") from error
    if path.name != "pyproject.toml":
        return content
    section = content.get("tool", {}).get("drift", {})
    return section if isinstance(section, dict) else {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"cannot read {path}: {reason}", hint="check the file and its permissions") from error


def build(content: Mapping[str, Any], variables: Mapping[str, str], *, root: Path, source: Path | None) -> Settings:
    """Settings from the file's content and the variables, which win over the file. Raises ConfigError."""
    where = source.name if source else ""
    raw = json.loads(json.dumps(content, default=str))  # a copy; dates of TOML become text
    _refuse_credentials(raw, where)
    _write_out_shorthands(raw)
    _check_keys(raw, Settings, (), where)
    origins = _apply_variables(raw, variables)
    raw["environments"] = _environments(raw.get("environments", {}), raw.get("default_schema", "public"), where)
    settings = _validate({**raw, "root": str(root), "source": str(source or "")}, where, origins)
    _check_values(settings, (), where, origins)
    return settings


def _refuse_credentials(value: Any, where: str, path: tuple[str, ...] = ()) -> None:
    """No password in a file that is under version control. `models.env` is exempt: applications want dummies there."""
    if path == ("models", "env"):
        return
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_credentials(item, where, (*path, key))
    elif isinstance(value, list):
        for item in value:
            _refuse_credentials(item, where, path)
    elif path and (
        _CREDENTIAL_KEY.search(path[-1]) or _CREDENTIAL_VALUE.search(str(value)) or path == ("scratch_url",)
    ):
        raise ConfigError(
            f"{where}: {'.'.join(path)} holds a credential, which this file must not",
            hint=f"remove it there, change it, and set {_variable_for(path)} in the environment or a .env file",
        )


def _variable_for(path: tuple[str, ...]) -> str:
    if len(path) > 2 and path[0] == "environments":
        suffix = "DATABASE_URL" if "url" in path[-1].lower() else "DB_PASSWORD"
        return f"{prefix_of(path[1])}_{suffix}"
    return "DRIFT_" + "_".join(path).upper()


def prefix_of(environment: str) -> str:
    """The usual prefix of an environment's variables: PROD, STAGING, or the name in capitals."""
    return STANDARD_PREFIXES.get(environment) or re.sub(r"[^A-Za-z0-9]+", "_", environment).upper()


def _write_out_shorthands(raw: dict[str, Any]) -> None:
    """`models = "app:Base"`, `targets = "app:Base"`, `ignore = ["public.tmp_*"]`, `planes = "structure"`."""
    if isinstance(raw.get("models"), str | list):
        raw["models"] = {"targets": raw["models"]}
    models = raw.get("models")
    if isinstance(models, dict):
        for key in ("targets", "path", "x"):
            if isinstance(models.get(key), str):
                models[key] = [models[key]]
    for key in ("ignore", "planes", "manage", "allow_drop", "owners"):
        if isinstance(raw.get(key), str):
            raw[key] = [raw[key]]
    if isinstance(raw.get("ignore"), list):
        raw["ignore"] = [{"pattern": item} if isinstance(item, str) else item for item in raw["ignore"]]


def _check_keys(raw: Any, word: type, path: tuple[str, ...], where: str) -> None:
    """Every key is known; else the nearest known one is named."""
    nested = {**SECTIONS, "ignore": IgnoreRule, "environments": EnvironmentSettings}
    known = [field.name for field in fields(word) if field.name not in _OUTSIDE_FILE]
    if word is EnvironmentSettings:
        known.remove("name")
    if not isinstance(raw, dict):
        return
    for key, value in raw.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown setting {'.'.join((*path, key))!r}", hint=_hint(key, known, path))
        if not path and key == "environments" and isinstance(value, dict):
            for name, environment in value.items():
                _check_keys(environment, EnvironmentSettings, (key, name), where)
        elif not path and key in nested:
            for item in value if isinstance(value, list) else [value]:
                _check_keys(item, nested[key], (key,), where)


def _hint(key: str, known: list[str], path: tuple[str, ...]) -> str:
    if path and path[0] == "environments" and key in _ADDRESS_KEYS:
        prefix = prefix_of(path[1])
        return f"where a database is comes from variables: {prefix}_DB_HOST and its kin, or {prefix}_DATABASE_URL"
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known here: {', '.join(known)}"


def _environments(raw: Any, default_schema: Any, where: str) -> dict[str, Any]:
    if not isinstance(raw, dict) or not all(isinstance(item, dict) for item in raw.values()):
        raise ConfigError(f"{where}: environments must be tables", hint="write [environments.NAME] above its settings")
    for name, item in raw.items():
        if item.get("databases") and item.get("databases_query"):
            raise ConfigError(
                f"{where}: environments.{name} names its databases twice",
                hint="keep either databases or databases_query",
            )
    merged: dict[str, Any] = {name: {} for name in STANDARD_PREFIXES} | raw
    return {
        name: {"prefix": prefix_of(name), "default_schema": default_schema, **item, "name": name}
        for name, item in merged.items()
    }


def _apply_variables(raw: dict[str, Any], variables: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Put what DRIFT_* variables say into `raw`; returns which setting came from which variable."""
    origins: dict[tuple[str, ...], str] = {}
    for path, field in variable_fields():
        variable = field.metadata["variable"]
        if variable not in variables:
            continue
        holder = raw
        for part in path[:-1]:
            holder = holder.setdefault(part, {})
        holder[path[-1]] = _converted(field, variable, variables[variable].strip())
        origins[path] = variable
    return origins


def variable_fields() -> list[tuple[tuple[str, ...], Field[Any]]]:
    """Path and field of every setting that a variable can set."""
    top = [((field.name,), field) for field in fields(Settings)]
    inner = [((name, field.name), field) for name, word in SECTIONS.items() for field in fields(word)]
    return [(path, field) for path, field in [*top, *inner] if field.metadata.get("variable")]


def _converted(field: Field[Any], variable: str, text: str) -> Any:
    """The text of a variable as the setting's type; numbers and switches that are none are mistakes."""
    kind = str(field.type)
    if kind.startswith("tuple"):
        separator = os.pathsep if field.name == "path" else ","
        return [item.strip() for item in text.split(separator) if item.strip()]
    if kind == "bool":
        if text.lower() in TRUE | FALSE:
            return text.lower() in TRUE
        raise ConfigError(f"{variable} must be true or false", hint=f"set {variable}=true, or remove it")
    if kind in {"int", "float"}:
        try:
            return int(text) if kind == "int" else float(text)
        except ValueError as error:
            raise ConfigError(f"{variable} must be a number", hint=f"set {variable}=30, say") from error
    return text


def _validate(raw: dict[str, Any], where: str, origins: Mapping[tuple[str, ...], str]) -> Settings:
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 (0.1 s that `drift --help` saves)

    try:
        # strict: "yes" is no bool and "30" no number; from JSON, because strict Python input knows no list as a tuple
        return TypeAdapter(Settings).validate_json(json.dumps(raw), strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = tuple(str(part) for part in first["loc"])
        more = f" (and {error.error_count() - 1} more mistakes)" if error.error_count() > 1 else ""
        expected = first["msg"].removeprefix("Input should be ")
        raise ConfigError(
            f"{_named(path, where, origins)} must be {expected}{more}", hint="docs/settings.md lists all settings"
        ) from None  # pydantic's own message repeats the input


def _named(path: tuple[str, ...], where: str, origins: Mapping[tuple[str, ...], str]) -> str:
    return origins.get(path) or f"{where}: {'.'.join(path)}"


def _nothing_wrong(_value: Any) -> str:
    return ""


def _quoted(value: Any) -> str:
    return f"{value!r:.60} " if isinstance(value, str) else ""


def _way_out(field: Field[Any]) -> str:
    return f"it is {field.metadata['meaning']}; docs/settings.md lists all settings"


def _check_values(word: Any, path: tuple[str, ...], where: str, origins: Mapping[tuple[str, ...], str]) -> None:
    """Choices and numbers above zero, as the fields' metadata say."""
    for field in fields(word):
        value, here = getattr(word, field.name), (*path, field.name)
        if is_dataclass(value):
            _check_values(value, here, where, origins)
        if field.metadata.get("positive") and not value > 0:
            raise ConfigError(f"{_named(here, where, origins)} must be above 0", hint="give a number above 0")
        problem = (field.metadata.get("problem") or _nothing_wrong)(value)
        if problem:
            raise ConfigError(f"{_named(here, where, origins)}: {_quoted(value)}{problem}", hint=_way_out(field))
        choices: tuple[str, ...] = field.metadata.get("choices", ())
        for item in (value if isinstance(value, tuple) else (value,)) if choices else ():
            if item not in choices:
                close = difflib.get_close_matches(str(item), choices, n=1)
                raise ConfigError(
                    f"{_named(here, where, origins)}: {item!r} is not one of {', '.join(choices)}",
                    hint=f"did you mean {close[0]!r}?" if close else f"write one of {', '.join(choices)}",
                )
