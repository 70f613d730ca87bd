"""The loader under other interpreters and other SQLAlchemys than ours: the application's, not ours, has to fit."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from drift_pipeline.config import Database
from drift_pipeline.models.build import build_models
from drift_pipeline.models.history import schema_at
from drift_pipeline.models.loader import load_models
from drift_pipeline.scratch.server import ScratchServer
from tests.models import rich
from tests.models.applications import PLAIN, Application
from tests.models.test_build import dump, engine_of
from tests.models.test_env_py import ASYNCHRONOUS, INI
from tests.models.test_history import migration

pytestmark = pytest.mark.slow

# the oldest and the newest that applications run; a Python that is not on the machine is skipped
COMBINATIONS = [("3.9", "sqlalchemy==1.4.*"), ("3.10", "sqlalchemy==2.0.*"), ("3.13", "sqlalchemy==2.1.*")]


def _python(version: str) -> str | None:
    """An interpreter of that version that starts: a pyenv shim exists for versions that are not active, too."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python{version}"), *sorted(map(str, root.glob(f"versions/{version}.*/bin/python")))]
    for each in filter(None, candidates):
        if subprocess.run([each, "-c", ""], capture_output=True, check=False).returncode == 0:
            return each
    return None


@pytest.fixture(scope="module", params=COMBINATIONS, ids=lambda each: f"{each[0]} {each[1]}")
def other_python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An environment with another SQLAlchemy and nothing of ours."""
    version, requirement = request.param
    base = _python(version)
    if base is None:
        pytest.skip(f"Python {version} is not on this machine")
    environment = tmp_path_factory.mktemp("environment") / "venv"
    python = str(environment / "bin" / "python")
    try:
        subprocess.run([base, "-m", "venv", str(environment)], check=True, timeout=120)
        install = [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            requirement,
            "alembic",
            "psycopg2-binary",
            "greenlet",
            "asyncpg",
        ]
        subprocess.run(install, check=True, timeout=300)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"no environment with {requirement} could be made: {error}")
    return python


def test_the_same_database_comes_out(
    other_python: str, application: Application, new_database: Callable[..., Database]
) -> None:
    shutil.copy(Path(rich.__file__), application.root / "rich.py")
    settings = application.settings("rich:metadata", python=other_python)
    loaded = load_models(settings, application.root, cache=application.cache)
    by_create_all, by_us = new_database(), new_database()
    engine = engine_of(by_create_all)
    with engine.begin() as connection:
        connection.execute(text('CREATE SCHEMA "Sch%ema"'))
        rich.metadata.create_all(connection)
    engine.dispose()
    assert build_models(loaded, by_us).faults == ()
    assert dump(by_us) == dump(by_create_all)


def test_env_py_works_with_the_alembic_there(other_python: str, application: Application) -> None:
    application.write("shop.py", PLAIN)
    application.write("alembic.ini", "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = .\n")
    application.write(
        "migrations/env.py",
        """
        from alembic import context
        from sqlalchemy import engine_from_config
        from shop import Base
        engine = engine_from_config(context.config.get_section("alembic"), prefix="sqlalchemy.")
        with engine.connect() as connection:
            context.configure(connection=connection, target_metadata=Base.metadata, version_table="v")
            with context.begin_transaction():
                context.run_migrations()
        """,
    )
    application.write("migrations/script.py.mako", "")
    (application.root / "migrations/versions").mkdir()
    loaded = load_models(
        application.settings(alembic="alembic.ini", python=other_python), application.root, cache=application.cache
    )
    assert sorted(loaded.tables) == ["public.customers", "public.orders"]
    assert loaded.version_tables == ("public.v",)


def test_asynchronous_migrations_are_read_and_run_on_scratch_alone(
    other_python: str, application: Application, server: ScratchServer
) -> None:
    application.write("shop.py", PLAIN)
    application.write("alembic.ini", INI)
    env_py = ASYNCHRONOUS.replace(", module=NoDriver()", "").replace("app@production", "app:secret@127.0.0.1:1")
    application.write("migrations/env.py", env_py)
    application.write("migrations/script.py.mako", "")
    migration(application, "r1", None, 'op.create_table("made", sa.Column("id", sa.Integer))')
    settings = application.settings(alembic="alembic.ini", python=other_python)
    loaded = load_models(settings, application.root, cache=application.cache)
    assert sorted(loaded.tables) == ["public.customers", "public.orders"]
    schema = schema_at(settings, application.root, server, cache=application.cache)
    assert "table public.made" in {str(each) for each in schema.facts}
