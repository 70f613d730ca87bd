"""Settings: drift.toml (or [tool.drift] in pyproject.toml), environment variables, .env files.

The file in the repository names things and never holds a credential; credentials come from the environment or a .env
file. Reading them is an edge: what comes out are frozen values. A variable (DRIFT_*) wins over the file, a real
variable over a .env file.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from pathlib import Path

from drift_pipeline.errors import ConfigError
from drift_pipeline.settings import Database, EnvironmentSettings, IgnoreRule, ModelSettings, Settings
from drift_pipeline.settings_file import build, find_file, read_file
from drift_pipeline.variables import read_variables

__all__ = [
    "Database",
    "EnvironmentSettings",
    "IgnoreRule",
    "ModelSettings",
    "Settings",
    "database_for",
    "environment_named",
    "load_settings",
    "parse_database_url",
    "require_models",
    "variables_for",
]

# The rest of a variable's name after `<PREFIX>_DB_`, and libpq's name of what it sets.
DATABASE_VARIABLES = {
    "HOST": "host",
    "PORT": "port",
    "NAME": "dbname",
    "USER": "user",
    "PASSWORD": "password",
    "SSLMODE": "sslmode",
    "SSLROOTCERT": "sslrootcert",
    "SSLCERT": "sslcert",
    "SSLKEY": "sslkey",
    "OPTIONS": "options",
}
_REQUIRED = ("HOST", "NAME", "USER")


def load_settings(
    root: Path | None = None,
    env_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    environment: str = "",
) -> Settings:
    """The settings of the project that `root` lies in (default: the current folder).

    `root`: a folder, from which the settings file is looked for upwards, or the file itself. `env_file`: read instead
    of `.env.<environment>` and `.env`. `environ`: instead of os.environ. Without a settings file the defaults hold;
    the environments production and staging always exist. Raises ConfigError.
    """
    start = (root or Path.cwd()).expanduser().resolve()
    if not start.exists():
        raise ConfigError(f"no such file or folder: {root}", hint="name a drift.toml, or the folder that it lies in")
    source = find_file(start)
    folder = source.parent if source else start
    variables = read_variables(folder, environment=environment, env_file=env_file, environ=environ)
    settings = build(read_file(source) if source else {}, variables, root=folder, source=source)
    return dataclasses.replace(settings, env_file=env_file)


def variables_for(
    settings: Settings, environment: str = "", environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """All variables that count for an environment: the process's, then `.env.<environment>`, then `.env`."""
    return read_variables(settings.root, environment=environment, env_file=settings.env_file, environ=environ)


def environment_named(settings: Settings, name: str) -> EnvironmentSettings:
    """The environment of that name, else ConfigError with the nearest known one."""
    if name in settings.environments:
        return settings.environments[name]
    known = sorted(settings.environments)
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    close = close or [item for item in known if name and item.startswith(name.lower())]
    add = f"add [environments.{name}] to {Path(settings.source).name or 'drift.toml'}" if name else "give one"
    hint = f"did you mean {close[0]}? Otherwise {add}" if close else f"known are {', '.join(known)}; {add}"
    raise ConfigError(f"unknown environment {name!r}", hint=hint)


def database_for(settings: Settings, environment: str, environ: Mapping[str, str] | None = None) -> Database:
    """The live database of an environment, from `<PREFIX>_DATABASE_URL` or the `<PREFIX>_DB_*` variables.

    What the URL leaves open (a password, certificates) the single variables may add; they must not contradict it.
    Raises ConfigError for an unknown environment, missing variables and addresses that are none.
    """
    prefix = environment_named(settings, environment).prefix
    variables = variables_for(settings, environment, environ)
    single = {
        key: variables[f"{prefix}_DB_{suffix}"]
        for suffix, key in DATABASE_VARIABLES.items()
        if f"{prefix}_DB_{suffix}" in variables
    }
    url = variables.get(f"{prefix}_DATABASE_URL", "")
    if not url:
        _check_single(single, prefix, environment)
        return Database(environment, single)
    parsed = parse_database_url(url, f"{environment} ({prefix}_DATABASE_URL)").parameters
    for suffix, key in DATABASE_VARIABLES.items():
        if key in single and parsed.get(key, single[key]) != single[key]:
            raise ConfigError(
                f"{environment}: {prefix}_DATABASE_URL and {prefix}_DB_{suffix} contradict each other",
                hint="remove one of the two, so that there is no doubt which database is meant",
            )
    return Database(environment, {**single, **parsed})


def _check_single(single: Mapping[str, str], prefix: str, environment: str) -> None:
    missing = [f"{prefix}_DB_{suffix}" for suffix in _REQUIRED if DATABASE_VARIABLES[suffix] not in single]
    if missing:
        raise ConfigError(
            f"{environment}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set",
            hint=f"set {'it' if len(missing) == 1 else 'them'} in the environment or in .env.{environment}"
            f" (or {prefix}_DATABASE_URL alone)",
        )
    if "://" in single["host"]:
        raise ConfigError(
            f"{environment}: {prefix}_DB_HOST holds a URL", hint=f"set {prefix}_DATABASE_URL to it instead"
        )
    ports = single.get("port", "5432").split(",")
    if not all(port.isascii() and port.isdigit() and 0 < int(port) < 65536 for port in ports):
        raise ConfigError(f"{environment}: {prefix}_DB_PORT is no port number", hint="5432 is PostgreSQL's usual one")


def require_models(settings: Settings) -> None:
    """Raise ConfigError, saying how to start, if the settings do not say where the models are."""
    if settings.models.targets or settings.models.alembic:
        return
    where = Path(settings.source).name if settings.source else "drift.toml"
    raise ConfigError(
        f"{where} does not say where the models are" if settings.source else f"there is no {where} here, nor above",
        hint=f'write [models] with targets = ["app.models:Base.metadata"] into {where};'
        " `drift demo` works without any configuration",
    )


def parse_database_url(url: str, name: str) -> Database:
    """A database from any spelling of its address: postgres://, postgresql+asyncpg://…?ssl=require, `host=… dbname=…`.

    `name`: what messages call it. Raises ConfigError, without any part of a password.
    """
    from drift_pipeline.database_url import parse_parameters  # noqa: PLC0415 (psycopg2 is not needed for --help)

    return Database(name, parse_parameters(url, name))
