"""The project's own Alembic env.py, run without any database: what it hands to `context.configure` is all we want."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import io
import os
import traceback
from typing import Any, Callable, Iterator, Mapping, NamedTuple  # noqa: UP035 - Python 3.9

from alembic import command
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import load_python_file
from sqlalchemy import MetaData
from sqlalchemy.engine import Engine

from .paper import PlainConnection, plain_dialect
from .targets import of_value

NOWHERE = "nobody@127.0.0.1:1/drift_connects_nowhere"


class EnvPyError(Exception):
    """env.py ran and yet told nothing that a comparison could use."""


class Ini(NamedTuple):
    """Alembic's configuration: its file, and what follows `--name` and each `-x` on Alembic's command line."""

    path: str
    section: str = "alembic"
    x: list[str] = []  # noqa: RUF012 - never changed


def config_of(ini: Ini, url: Callable[[str], str] | None = None, *, named: bool = True) -> Config:
    """Alembic's configuration, with another database's URL in place of the one that is written there.

    Paths in it are relative to the folder that the command is started in (see `_started_in`). `url`: makes one for a
    driver; None leads nowhere. `named`: false leaves it without a URL where none is written.
    """
    path = ini.path
    home = os.path.dirname(path) or "."
    os.chdir(home)
    toml = path.endswith(".toml")
    # toml_file: Alembic 1.16 and newer
    config = Config(toml_file=path) if toml else Config(path, ini_section=ini.section)
    if not config.get_main_option("script_location") and os.path.exists(os.path.join(home, "env.py")):
        # Flask-Migrate keeps the file beside env.py, and names the folder by its own command
        config.set_main_option("script_location", os.path.abspath(home).replace("%", "%%"))
    os.chdir(_started_in(config.get_main_option("script_location") or "", os.path.abspath(home)))
    written = config.get_main_option("sqlalchemy.url") or ""
    scheme = written.partition("://")[0]
    if not scheme.startswith("postgresql"):
        scheme = "postgresql+" + (_driver(written) if _asynchronous(written) else "psycopg2")
    if written or named:
        # ConfigParser takes a percent sign for the beginning of a name
        made = url(_driver(written)) if url else scheme + "://" + NOWHERE
        config.set_main_option("sqlalchemy.url", made.replace("%", "%%"))
    config.cmd_opts = argparse.Namespace(
        cmd=(command.upgrade, ["revision"], ["sql", "tag"]),  # as Alembic's own parser leaves it
        x=ini.x,
        autogenerate=False,
        sql=url is None,
        revision="heads",
        tag=None,
        name=config.config_ini_section,
        raiseerr=True,
    )
    return config


def _asynchronous(url: str) -> bool:
    return url.partition("://")[0].partition("+")[2] in ("asyncpg", "psycopg_async", "aiosqlite", "aiomysql", "asyncmy")


def _driver(written: str) -> str:
    """A driver for PostgreSQL that this interpreter has: asynchronous where that of the ini's own URL is."""
    asked = written.partition("://")[0].partition("+")[2]
    own = [asked] if written.startswith("postgresql") and asked in _DRIVERS else []
    order = (*own, *(("asyncpg", "psycopg") if _asynchronous(written) else ()), *_DRIVERS)
    return next((module for module in order if importlib.util.find_spec(module)), _DRIVERS[0])


_DRIVERS = ("psycopg2", "psycopg", "asyncpg", "pg8000")


def _started_in(location: str, home: str) -> str:
    """The nearest folder, from the file's own upwards, from which its script_location leads to an env.py.

    Alembic takes it from wherever it is started: with `alembic -c conf/alembic.ini` that is a folder above.
    """
    if location and not os.path.isabs(location) and ":" not in location:
        folder, below = home, ""
        while folder != below:
            if os.path.isfile(os.path.join(folder, location, "env.py")):
                return folder
            folder, below = os.path.dirname(folder), folder
    return home


def captured(ini: Ini) -> list[dict[str, Any]]:
    """The options of every call of `context.configure` in env.py: offline, else online with connections of paper.

    Where env.py stops before it calls (it wants its application's configuration, say), or calls for no database that is
    empty (it goes through the tenants that it finds), the names that every env.py has stand for the call, marked
    `unfinished`. Raises what env.py raised first, or EnvPyError where nothing names a `target_metadata`.
    """
    config = config_of(ini)
    script = ScriptDirectory.from_config(config)
    calls: list[dict[str, Any]] = []
    problem: BaseException | None = None
    written: dict[str, Any] = {}
    for offline in (True, False):
        calls = []
        with contextlib.ExitStack() as stack:
            if not offline:
                stack.enter_context(_paper_connections())
            try:
                names = _run(config, script, offline, calls)
                problem = None
                written = written or _conventional(names)
            except (Exception, SystemExit) as error:
                problem = problem or error
                written = written or _written(error, script)
        if any(_metadata(each) for each in calls):
            return calls
    if written:
        return [{**written, "unfinished": _said(problem) or "it configures nothing for an empty database"}]
    if problem is not None:
        raise problem
    raise EnvPyError("{} sets no target_metadata".format(os.path.join(script.dir, "env.py")))


# names that env.py files have by the template that everybody starts from: what `context.configure` gets as the same
_CONVENTIONAL = ("target_metadata", "include_object", "include_name")


def _written(error: BaseException, script: ScriptDirectory) -> dict[str, Any]:
    """What env.py had put under those names when it stopped; nothing where that holds no tables."""
    home = os.path.realpath(os.path.join(script.dir, "env.py"))
    for frame, _line in traceback.walk_tb(error.__traceback__):
        if os.path.realpath(frame.f_code.co_filename) != home:
            continue
        return _conventional(frame.f_globals)
    return {}


def _conventional(names: Mapping[str, Any]) -> dict[str, Any]:
    options = {name: names[name] for name in _CONVENTIONAL if names.get(name) is not None}
    with contextlib.suppress(Exception):  # a value that only looks like MetaData
        return options if any(each.tables for each in _metadata(options)) else {}
    return {}


def _said(error: BaseException | None) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split()) if error is not None else ""


def metadata_of(calls: list[dict[str, Any]]) -> list[MetaData]:
    """Each MetaData that was configured, once, in its order."""
    return list({id(each): each for call in calls for each in _metadata(call)}.values())


def _metadata(call: dict[str, Any]) -> list[MetaData]:
    value = call.get("target_metadata")
    return [] if value is None else list(of_value(value))


def options_of(calls: list[dict[str, Any]]) -> dict[str, Any]:
    """What else of the options a comparison has to know."""
    tables = [[each.get("version_table_schema"), each.get("version_table") or "alembic_version"] for each in calls]
    return {
        "version_tables": [list(each) for each in dict.fromkeys(map(tuple, tables))],
        "include_schemas": any(each.get("include_schemas") for each in calls),
        "filters": any(each.get("include_object") or each.get("include_name") for each in calls),
        "unfinished": next((each["unfinished"] for each in calls if each.get("unfinished")), ""),
    }


def _run(config: Config, script: ScriptDirectory, offline: bool, calls: list[dict[str, Any]]) -> Mapping[str, Any]:
    """Runs env.py, and returns the names that it left."""
    environment: Any = EnvironmentContext(
        config, script, fn=lambda _revision, _context: [], as_sql=offline, starting_rev=None, destination_rev="heads"
    )
    paper = PlainConnection(plain_dialect(), lambda _statement: None)

    def configure(connection: Any = None, **options: Any) -> None:
        calls.append(options)
        # env.py may ask for the context afterwards; this one writes into a string
        environment._migration_context = MigrationContext.configure(
            dialect_name="postgresql", opts={"as_sql": True, "output_buffer": io.StringIO()}
        )

    # the module `alembic.context` takes these from the instance when it is entered
    environment.configure = configure
    environment.begin_transaction = contextlib.nullcontext
    environment.run_migrations = lambda **_options: None
    environment.execute = lambda *_arguments, **_options: None
    environment.get_bind = lambda: paper
    with environment:
        # as ScriptDirectory.run_env, which does not hand the module on
        return vars(load_python_file(script.dir, "env.py"))


@contextlib.contextmanager
def _paper_connections() -> Iterator[None]:
    """Every engine's connection writes nothing and reads no rows: an online env.py runs to its end without a server."""
    paper = PlainConnection(plain_dialect(), lambda _statement: None)
    owners: list[tuple[Any, Any]] = [(Engine, lambda _engine, **_options: paper)]
    with contextlib.suppress(ImportError):  # SQLAlchemy 2.1 without greenlet
        asynchronous: Any = importlib.import_module("sqlalchemy.ext.asyncio")
        owners.append((asynchronous.AsyncEngine, lambda _engine, **_options: _AsyncPaper(paper)))
    kept = [(owner, name, getattr(owner, name)) for owner, _ in owners for name in ("connect", "begin")]
    for owner, connect in owners:
        owner.connect = owner.begin = connect
    try:
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)


class _AsyncPaper:
    """An asynchronous connection that was never opened, in each of the ways that env.py files use one."""

    def __init__(self, paper: Any) -> None:
        self._paper = paper
        self.sync_connection = paper

    async def __aenter__(self) -> _AsyncPaper:
        return self

    async def __aexit__(self, *_error: object) -> None:
        return None

    def __await__(self) -> Iterator[Any]:
        yield from ()
        return self  # type: ignore[return-value]  # what `await` gives

    async def run_sync(self, function: Any, *arguments: Any, **options: Any) -> Any:
        return function(self._paper, *arguments, **options)

    async def execute(self, *_arguments: Any, **_options: Any) -> Any:
        return self._paper.execute("")

    async def commit(self) -> None:
        """There is nothing to commit."""

    rollback = close = commit
    scalar = exec_driver_sql = execute
