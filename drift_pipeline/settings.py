"""The words of the configuration: settings, environment, database. Values only; config.py reads them.

Each field says in its metadata what it means, which values it takes and which environment variable sets it: the table
in docs/settings.md, the messages about mistakes and the reading of variables all come from there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drift_pipeline.cron import cron_problem, timezone_problem

PLANES = ("structure", "privileges", "owners", "tuning")
FAIL_ON = ("critical", "major", "minor", "breaks", "never")
PENDING = ("count", "ignore")
EVIDENCE = ("none", "statistics", "deep")

_OWNER = re.compile(r"team:[A-Za-z0-9_-]+|[^@\s]+@[^@\s]+\.[^@\s]+")


def _setting(
    default: Any,
    meaning: str,
    *,
    variable: str = "",
    choices: tuple[str, ...] = (),
    positive: bool = False,
    problem: Callable[[Any], str] | None = None,
) -> Any:
    """A dataclass field that explains itself. `positive`: the number must be above zero.

    `problem`: says what is wrong with a value, such as "is no time zone"; empty if nothing is.
    """
    metadata = {
        "meaning": meaning,
        "variable": variable,
        "choices": choices,
        "positive": positive,
        "problem": problem,
    }
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


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

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 (pydantic reads this name; it is no field)

    name: str
    prefix: str = _setting("", "prefix of its variables: `PROD` for `PROD_DB_HOST`; default: the name in capitals")
    default_schema: str = _setting("public", "`default_schema` of this environment alone")
    databases: tuple[str, ...] = _setting(
        (), "names of a fleet's databases, all on the server of the environment's variables"
    )
    databases_query: str = _setting(
        "", "query that lists a fleet's databases, run read-only on the environment's own database"
    )

    @property
    def is_fleet(self) -> bool:
        """Whether it stands for many databases with one set of models, such as one for each tenant."""
        return bool(self.databases or self.databases_query)


@dataclass(frozen=True)
class ModelSettings:
    """Where the models are and how they are loaded. `path` and `alembic` are relative to the settings file."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    targets: tuple[str, ...] = _setting(
        (),
        "`module:attribute` of a MetaData, a base class, a list of them or a callable; or a module alone",
        variable="DRIFT_MODELS",
    )
    python: str = _setting(
        "", "interpreter that loads the models; default: drift's own", variable="DRIFT_MODELS_PYTHON"
    )
    path: tuple[str, ...] = _setting(
        (".",), "folders put before `sys.path`, relative to the settings file", variable="DRIFT_MODELS_PATH"
    )
    env: Mapping[str, str] = _setting(dict, "variables that the models need while they are imported")
    timeout: float = _setting(120.0, "seconds that loading may take", variable="DRIFT_MODELS_TIMEOUT", positive=True)
    alembic: str = _setting(
        "", "the project's `alembic.ini`, relative to the settings file", variable="DRIFT_MODELS_ALEMBIC"
    )
    section: str = _setting(
        "alembic",
        "section of that file with the history meant, as after `alembic --name`",
        variable="DRIFT_MODELS_SECTION",
    )
    x: tuple[str, ...] = _setting(
        (),
        'what env.py asks for by `get_x_argument`, as after `alembic -x`: `["tenant=one"]`',
        variable="DRIFT_MODELS_X",
    )
    branch: str = _setting(
        "",
        "branch label or head that a new revision follows, where the migrations have several heads",
        variable="DRIFT_MODELS_BRANCH",
    )
    check_fingerprint: bool = _setting(
        False,
        "new revisions begin by asking whether the tables that they change are still as they were",
        variable="DRIFT_MODELS_CHECK_FINGERPRINT",
    )
    schema_translate_map: Mapping[str, str] = _setting(dict, "schema of the models = schema in the database")


def _reminder_problem(days: int) -> str:
    return "" if days >= 0 else "must be a number of days, or 0 for no reminders"


def _days_problem(days: int) -> str:
    return "" if days >= 0 else "must be a number of days, or 0 for ever"


def _owner_problem(owners: tuple[str, ...]) -> str:
    wrong = next((owner for owner in owners if not _OWNER.fullmatch(owner)), None)
    return "" if wrong is None else f"{wrong!r:.60} is neither an address of mail nor team:name"


@dataclass(frozen=True)
class ScheduleSettings:
    """When Dagster checks every environment, and from when on it is too long ago."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    cron: str = _setting(
        "0 2 * * *",
        "when Dagster checks every environment, as a cron line",
        variable="DRIFT_SCHEDULE_CRON",
        problem=cron_problem,
    )
    timezone: str = _setting(
        "UTC", "time zone of that line", variable="DRIFT_SCHEDULE_TIMEZONE", problem=timezone_problem
    )
    silence_hours: float = _setting(
        26.0,
        "hours after which an environment that was not checked is alerted of; with another cron line, its longest pause"
        " and two hours",
        variable="DRIFT_SILENCE_HOURS",
        positive=True,
    )


@dataclass(frozen=True)
class RetentionSettings:
    """For how long things are kept, in days; 0: for ever. What plots and trends are made of always stays."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    artifacts: int = _setting(
        90,
        "days that the artifacts of a check are kept; 0: for ever. The newest ones always stay",
        variable="DRIFT_RETENTION_ARTIFACTS",
        problem=_days_problem,
    )
    logs: int = _setting(
        90,
        "days that Dagster keeps the captured output of a run; 0: for ever",
        variable="DRIFT_RETENTION_LOGS",
        problem=_days_problem,
    )
    runs: int = _setting(
        90,
        "days that Dagster keeps runs that materialised nothing; 0: for ever. Those that did hold the plots and stay",
        variable="DRIFT_RETENTION_RUNS",
        problem=_days_problem,
    )


@dataclass(frozen=True)
class IgnoreRule:
    """Objects that nobody wants compared: kind ("*" for any) and a shell pattern on the dotted name."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    kind: str = "*"
    pattern: str = "*"
    reason: str = ""


@dataclass(frozen=True)
class Settings:
    """Everything that a check needs to know.

    `root`: the folder that relative paths are relative to. `source`: the file that the settings came from; empty when
    there is none. `env_file`: the one .env file to read instead of the usual ones. `scratch_url` may hold a password.
    """

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    root: Path
    models: ModelSettings = field(default_factory=ModelSettings)
    environments: Mapping[str, EnvironmentSettings] = field(default_factory=dict)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    default_schema: str = _setting(
        "public", "schema in which tables that name none live", variable="DRIFT_DEFAULT_SCHEMA"
    )
    ignore: tuple[IgnoreRule, ...] = _setting(
        (), 'objects left out: `"public.tmp_*"`, or `{kind = "index", pattern = "*_old", reason = "…"}`'
    )
    planes: tuple[str, ...] = _setting(("structure",), "what is compared", variable="DRIFT_PLANES", choices=PLANES)
    manage: tuple[str, ...] = _setting(
        (), "kinds that models cannot declare and that count nevertheless", variable="DRIFT_MANAGE"
    )
    strict: bool = _setting(False, "exit 3 when something exists that cannot be compared", variable="DRIFT_STRICT")
    exact: bool = _setting(False, "spellings that mean the same are differences, too", variable="DRIFT_EXACT")
    pending: str = _setting(
        "count", "drift that a migration not yet applied explains", variable="DRIFT_PENDING", choices=PENDING
    )
    fail_on: str = _setting("major", "from where on the exit code is not 0", variable="DRIFT_FAIL_ON", choices=FAIL_ON)
    allow_destructive: bool = _setting(
        False,
        "schema-diff.sql holds statements that lose data as SQL instead of comments",
        variable="DRIFT_ALLOW_DESTRUCTIVE",
    )
    online: bool = _setting(
        False,
        "the repair also as steps for a database in use, which schema-diff.sql holds then",
        variable="DRIFT_ONLINE",
    )
    allow_drop: tuple[str, ...] = _setting(
        (),
        'objects that only the database has and that the SQL may drop: `["public.legacy", "public.tmp_*"]`',
        variable="DRIFT_ALLOW_DROP",
    )
    rules: Mapping[str, str] = _setting(dict, 'severity of rules by their id, such as `C23 = "major"`')
    evidence: str = _setting(
        "statistics",
        "what is asked about the tables concerned: `statistics` reads no row, `deep` counts rows that would fail",
        variable="DRIFT_EVIDENCE",
        choices=EVIDENCE,
    )
    evidence_timeout: float = _setting(
        5.0, "seconds that one counting query may take", variable="DRIFT_EVIDENCE_TIMEOUT", positive=True
    )
    artifacts: str = _setting(".drift/artifacts", "folder or URL of the artifact store", variable="DRIFT_ARTIFACTS")
    owners: tuple[str, ...] = _setting(
        (),
        'whom Dagster shows as owners: `["dba@example.com", "team:data"]`',
        variable="DRIFT_OWNERS",
        problem=_owner_problem,
    )
    remind_after: int = _setting(
        7,
        "days after which drift that nobody resolved is alerted of again; 0: only when it changes",
        variable="DRIFT_REMIND_AFTER",
        problem=_reminder_problem,
    )
    engines: tuple[str, ...] = _setting(
        ("migra", "native"),
        "who proposes SQL; of equal plans the first one's is taken",
        variable="DRIFT_ENGINES",
        choices=("migra", "native", "pgmig"),
    )
    deployment_lock: int = _setting(
        0,
        "key of the advisory lock that deployments hold while they migrate; no check is made meanwhile; 0: none",
        variable="DRIFT_DEPLOYMENT_LOCK",
    )
    engine_timeout: float = _setting(
        30.0, "seconds that an engine such as migra may take", variable="DRIFT_ENGINE_TIMEOUT", positive=True
    )
    read_timeout: float = _setting(
        60.0, "seconds that reading the catalogs may take", variable="DRIFT_READ_TIMEOUT", positive=True
    )
    connect_timeout: int = _setting(
        10, "seconds that connecting may take", variable="DRIFT_CONNECT_TIMEOUT", positive=True
    )
    fleet_connections: int = _setting(
        4, "databases of a fleet that are read at the same time", variable="DRIFT_FLEET_CONNECTIONS", positive=True
    )
    fleet_rate: float = _setting(
        20.0, "databases of a fleet whose reading begins in one second", variable="DRIFT_FLEET_RATE", positive=True
    )
    scratch_url: str = field(
        default="",
        repr=False,
        metadata={
            "meaning": "server for scratch databases instead of the embedded one; only as a variable",
            "variable": "DRIFT_SCRATCH_URL",
            "outside_file": True,
        },
    )
    source: str = ""
    env_file: Path | None = None
