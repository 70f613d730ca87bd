"""Models, options and filters by the project's own env.py, in the shapes that env.py files have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drift_pipeline.config import Database
from drift_pipeline.errors import ConfigError, ModelsError
from drift_pipeline.models.filters import left_out
from drift_pipeline.models.loader import LoadedModels, load_models
from drift_pipeline.schema.facts import FactId
from tests.models.applications import PLAIN, Application

INI = """
    [alembic]
    script_location = %(here)s/migrations
    prepend_sys_path = .
    sqlalchemy.url = postgresql+psycopg2://app:pa%%ss@production/live

    [other]
    greeting = hello
"""

# what `alembic init` writes, less its comments and its logging
GENERIC = """
    from sqlalchemy import engine_from_config, pool
    from alembic import context
    from shop import Base

    config = context.config
    target_metadata = Base.metadata


    def run_migrations_offline():
        url = config.get_main_option("sqlalchemy.url")
        context.configure(url=url, target_metadata=target_metadata, literal_binds=True,
                          dialect_opts={"paramstyle": "named"})
        with context.begin_transaction():
            context.run_migrations()


    def run_migrations_online():
        connectable = engine_from_config(
            config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
        )
        with connectable.connect() as connection:
            context.configure(connection=connection, target_metadata=target_metadata)
            with context.begin_transaction():
                context.run_migrations()


    if context.is_offline_mode():
        run_migrations_offline()
    else:
        run_migrations_online()
"""

ASYNCHRONOUS = """
    import asyncio
    from alembic import context
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine
    from shop import Base

    if context.is_offline_mode():
        raise SystemExit("offline migrations are not supported")


    def do_run_migrations(connection):
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS app"))
        context.configure(connection=connection, target_metadata=Base.metadata, version_table_schema="app",
                          include_schemas=True)
        with context.begin_transaction():
            context.run_migrations()


    class NoDriver:
        paramstyle = "named"
        Error = Exception

    async def run():
        engine = create_async_engine("postgresql+asyncpg://app@production/live", module=NoDriver())
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(1)"))
            await connection.run_sync(do_run_migrations)
            await connection.commit()

    asyncio.run(run())
"""

SEVERAL = """
    from alembic import context
    from shop import Base, other

    for name, metadata, table in (("one", Base.metadata, "v1"), ("two", other, "v2")):
        context.configure(url="postgresql://", target_metadata=metadata, version_table=table, dialect_name="postgresql")
        with context.begin_transaction():
            context.run_migrations(engine_name=name)
        context.get_context().impl
"""

LIST = """
    from alembic import context
    from shop import Base, other

    assert context.get_x_argument(as_dictionary=True) == {}
    assert not getattr(context.config.cmd_opts, "autogenerate", False)
    assert context.config.get_section("other")["greeting"] == "hello"
    context.configure(url="postgresql://", target_metadata=[Base.metadata, other])
    with context.begin_transaction():
        context.run_migrations()
"""

FILTERS = """
    from alembic import context
    from shop import Base


    def include_name(name, type_, parent_names):
        if type_ == "schema":
            return name in (None, "audit")
        if type_ == "table":
            return not name.startswith("celery_") and parent_names["schema_qualified_table_name"] != "audit.old"
        return True


    def include_object(object, name, type_, reflected, compare_to):
        if type_ == "table" and object.info.get("is_view"):
            return False
        if type_ == "table" and reflected and compare_to is None:
            return not name.startswith("plugin_")
        if type_ == "index" and object.table.name == "orders":
            return name != "ix_made_by_dba"
        if type_ == "column":
            return name != "legacy"
        if name == "fk_odd":
            raise AttributeError("elements")
        return True


    context.configure(url="postgresql://", target_metadata=Base.metadata, include_name=include_name,
                      include_object=include_object)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.fixture
def project(application: Application) -> Callable[..., Application]:
    """A project with models, alembic.ini and an env.py."""

    def make(env_py: str, models: str = PLAIN) -> Application:
        application.write(
            "shop.py", models + "\n    other = MetaData()\n    Table('others', other, Column('id', Integer))\n"
        )
        application.write("alembic.ini", INI)
        application.write("migrations/env.py", env_py)
        application.write("migrations/script.py.mako", "")
        (application.root / "migrations/versions").mkdir(exist_ok=True)
        return application

    return make


def load(project: Application, **settings: object) -> LoadedModels:
    return load_models(project.settings(alembic="alembic.ini", **settings), project.root, cache=project.cache)


def test_the_file_that_alembic_writes_itself_gives_the_models(project: Callable[..., Application]) -> None:
    loaded = load(project(GENERIC))
    assert loaded.tables == {"public.customers": "shop.py:11", "public.orders": "shop.py:17"}
    assert loaded.version_tables == ("public.alembic_version",)
    assert not loaded.include_schemas
    assert not loaded.filters
    assert loaded.source == "alembic.ini"
    assert "migrations/env.py" in loaded.files
    assert load(project(GENERIC)).cached


def test_an_asynchronous_env_py_that_refuses_to_run_offline_gives_them_too(
    project: Callable[..., Application],
) -> None:
    pytest.importorskip("greenlet")
    loaded = load(project(ASYNCHRONOUS))
    assert set(loaded.tables) == {"public.customers", "public.orders"}
    assert loaded.version_tables == ("app.alembic_version",)
    assert loaded.include_schemas


@pytest.mark.parametrize("env_py", [SEVERAL, LIST], ids=["several calls", "a list"])
def test_every_metadata_that_is_configured_counts(project: Callable[..., Application], env_py: str) -> None:
    loaded = load(project(env_py))
    assert set(loaded.tables) == {"public.customers", "public.orders", "public.others"}
    if env_py is SEVERAL:
        assert loaded.version_tables == ("public.v1", "public.v2")


def test_an_ini_in_a_folder_below_is_run_from_there(project: Callable[..., Application]) -> None:
    made = project(GENERIC)
    below = made.root / "backend"
    below.mkdir()
    for name in ("shop.py", "alembic.ini", "migrations"):
        (made.root / name).rename(below / name)
    loaded = load_models(made.settings(alembic="backend/alembic.ini"), made.root, cache=made.cache)
    assert loaded.tables["public.customers"] == "backend/shop.py:11"


@pytest.mark.parametrize(
    ("env_py", "said"),
    [
        (
            "from alembic import context\ncontext.configure(url='postgresql://', target_metadata=None)\n",
            "no target_metadata",
        ),
        ("import os\nos.environ['SHOP_KEY']\n", "KeyError: 'SHOP_KEY'"),
        ("raise RuntimeError('Working outside of application context.')\n", "outside of application context"),
        ("import sys; sys.exit(5)\n", "SystemExit: 5"),
    ],
)
def test_an_env_py_that_gives_no_models_says_why_and_where(
    project: Callable[..., Application], env_py: str, said: str
) -> None:
    with pytest.raises(ModelsError) as caught:
        load(project(env_py))
    assert said in caught.value.message
    assert "alembic.ini" in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_a_missing_ini_is_a_matter_of_configuration(application: Application) -> None:
    with pytest.raises(ConfigError, match=r"there is no file alembic\.ini"):
        load(application)


def test_env_py_never_sees_the_url_that_the_ini_holds(project: Callable[..., Application]) -> None:
    made = project(GENERIC.replace("config = context.config\n", "config = context.config\n    seen()\n"))
    made.write(
        "migrations/env.py",
        """
        import pathlib
        from alembic import context
        pathlib.Path("seen").write_text(context.config.get_main_option("sqlalchemy.url"))
        from shop import Base
        context.configure(url="postgresql://", target_metadata=Base.metadata)
        """,
    )
    load(made)
    assert (made.root / "seen").read_text() == "postgresql+psycopg2://nobody@127.0.0.1:1/drift_connects_nowhere"


def test_filters_of_env_py_leave_out_what_they_would_leave_out_of_autogenerate(
    project: Callable[..., Application], new_database: Callable[..., Database]
) -> None:
    models = PLAIN + "\n    Table('sales', Base.metadata, Column('n', Integer), info={'is_view': True})\n"
    made = project(FILTERS, models)
    assert load(made).filters
    live = [
        FactId("schema", ("public",)),
        FactId("schema", ("audit",)),
        FactId("schema", ("tiger",)),
        FactId("table", ("public", "customers")),
        FactId("table", ("public", "orders")),
        FactId("table", ("public", "celery_taskmeta")),
        FactId("table", ("public", "plugin_votes")),
        FactId("table", ("audit", "old")),
        FactId("table", ("audit", "new")),
        FactId("view", ("public", "sales")),
        FactId("column", ("public", "orders", "legacy")),
        FactId("column", ("public", "orders", "id")),
        FactId("index", ("public", "orders", "ix_made_by_dba")),
        FactId("index", ("public", "customers", "ix_made_by_dba")),
        FactId("foreign_key", ("public", "orders", "fk_odd")),
        FactId("function", ("public", "f", "integer")),
    ]
    found = left_out(made.settings(alembic="alembic.ini"), made.root, live, cache=made.cache)
    assert {str(each) for each in found.facts} == {
        "schema tiger",
        "table public.celery_taskmeta",
        "table public.plugin_votes",
        "table audit.old",
        "view public.sales",
        "table public.sales",
        "column public.orders.legacy",
        "index public.orders.ix_made_by_dba",
    }
    assert found.unanswered == 1


WANTS_CONFIGURATION = """
    from alembic import context
    from shop import Base

    config = context.config
    target_metadata = Base.metadata


    def include_name(name, type_, parents):
        return name != "orders"


    context.configure(url=config.shop_url, target_metadata=target_metadata, include_name=include_name)
"""


OF_TENANTS = """
    from alembic import context
    from sqlalchemy import create_engine, text
    from shop import Base

    target_metadata = Base.metadata

    if context.is_offline_mode():
        print("Can't run migrations offline")
    else:
        with create_engine("postgresql+psycopg2://").connect() as connection:
            for schema in connection.execute(text("SELECT nspname FROM pg_namespace")).scalars():
                context.configure(connection=connection, target_metadata=target_metadata, version_table_schema=schema)
                with context.begin_transaction():
                    context.run_migrations()
"""


def test_an_env_py_that_stops_before_it_configures_gives_the_models_that_it_had_named(
    project: Callable[..., Application],
) -> None:
    made = project(WANTS_CONFIGURATION)
    loaded = load(made)
    assert set(loaded.tables) == {"public.customers", "public.orders"}
    assert loaded.filters
    assert "AttributeError: 'Config' object has no attribute 'shop_url'" in loaded.notes[0]


def test_an_env_py_that_stops_is_asked_for_the_filters_of_the_usual_names(
    project: Callable[..., Application],
) -> None:
    made = project(WANTS_CONFIGURATION)
    orders, customers = (FactId("table", ("public", each)) for each in ("orders", "customers"))
    asked = left_out(made.settings(alembic="alembic.ini"), made.root, [orders, customers], cache=made.cache)
    assert orders in asked.facts
    assert customers not in asked.facts


def test_an_env_py_that_goes_through_the_tenants_of_a_database_gives_the_models_that_it_names(
    project: Callable[..., Application],
) -> None:
    loaded = load(project(OF_TENANTS))
    assert set(loaded.tables) == {"public.customers", "public.orders"}
    assert "it configures nothing for an empty database" in loaded.notes[0]


def test_what_stopped_env_py_is_told_without_secrets(project: Callable[..., Application]) -> None:
    made = project(
        "from alembic import context\nfrom shop import Base\ntarget_metadata = Base.metadata\n"
        "raise RuntimeError('postgresql://shop:gr8secret@db/live is down')\n"
    )
    assert "gr8secret" not in load(made).notes[0]
