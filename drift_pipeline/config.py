"""Settings: drift.toml (or [tool.drift] in pyproject.toml), environment variables, .env files.

The file in the repository names things and never holds a credential; credentials come from the environment or a .env
file. Reading them is an edge: what comes out are frozen values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Database:
    """How to reach one database: libpq's connection parameters (host, port, dbname, user, password, sslmode ...).

    `name`: what messages call it, such as `production`. The password appears neither in repr nor in `display`.
    """

    name: str
    parameters: Mapping[str, str] = field(repr=False)

    @property
    def display(self) -> str:
        """`host:port/dbname`, for people; without credentials."""
        host = self.parameters.get("host", "localhost")
        return f"{host}:{self.parameters.get('port', '5432')}/{self.parameters.get('dbname', '')}"


@dataclass(frozen=True)
class EnvironmentSettings:
    """One named live database. `prefix`: of its variables, such as PROD for PROD_DB_HOST."""

    name: str
    prefix: str
    default_schema: str = "public"


@dataclass(frozen=True)
class ModelSettings:
    """Where the models are: `module:attribute` names; the interpreter; what its environment gets beside ours.

    `path`: folders put before sys.path, relative to the settings file. `timeout`: seconds that loading may take.
    `alembic`: the project's alembic.ini, if it has one: the second way to the models.
    """

    targets: tuple[str, ...] = ()
    python: str = ""
    path: tuple[str, ...] = (".",)
    env: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 120.0
    alembic: str = ""
    schema_translate_map: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class IgnoreRule:
    """Objects that nobody wants compared: kind ("*" for any) and a shell pattern on the dotted name."""

    kind: str
    pattern: str
    reason: str = ""


@dataclass(frozen=True)
class Settings:
    """Everything that a check needs to know. `root`: the folder that relative paths are relative to."""

    root: Path
    models: ModelSettings = ModelSettings()
    environments: Mapping[str, EnvironmentSettings] = field(default_factory=dict)
    ignore: tuple[IgnoreRule, ...] = ()
    planes: tuple[str, ...] = ("structure",)
    manage: tuple[str, ...] = ()
    strict: bool = False
    artifacts: str = ".drift/artifacts"
    engine_timeout: float = 30.0
    read_timeout: float = 60.0
    connect_timeout: int = 10
    fail_on: str = "major"
    source: str = ""
    """The file that the settings came from; empty when there is none."""
