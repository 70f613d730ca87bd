"""Schemas at Alembic revisions: the user's own migrations, run on scratch and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drift_pipeline.config import Database, ModelSettings
from drift_pipeline.errors import ConfigError, MigrationError
from drift_pipeline.models import history, subprocesses
from drift_pipeline.models.history import BASE, Revision, heads, list_revisions, migrate, pending, schema_at
from drift_pipeline.models.loader import load_models
from drift_pipeline.scratch.server import ScratchServer
from tests.models.applications import PLAIN, Application
from tests.models.test_env_py import GENERIC, INI

MIGRATION = '''
    """{message}

    Longer text.
    """
    from alembic import op
    import sqlalchemy as sa

    revision = "{revision}"
    down_revision = {parents!r}
    branch_labels = None
    depends_on = None


    def upgrade():
        {body}


    def downgrade():
        raise NotImplementedError
'''


def migration(application: Application, revision: str, parents: object, body: str, message: str = "a step") -> None:
    text = MIGRATION.format(revision=revision, parents=parents, body=body, message=message)
    application.write(f"migrations/versions/{revision}_step.py", text)


@pytest.fixture
def project(application: Application) -> Application:
    """Three revisions, the first of which needs an extension that the embedded server only stands in for."""
    application.write("shop.py", PLAIN)
    application.write("alembic.ini", INI)
    application.write("migrations/env.py", GENERIC)
    application.write("migrations/script.py.mako", "")
    body = "op.execute('CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\"')"
    more = '; op.execute("CREATE TABLE a (id uuid PRIMARY KEY DEFAULT uuid_generate_v4())")'
    migration(application, "r1", None, body + more, "Prodüct 'tables' %s")
    migration(application, "r2", "r1", 'op.add_column("a", sa.Column("n", sa.Integer))')
    migration(application, "r3", "r2", 'op.create_index("ix_n", "a", ["n"], postgresql_concurrently=False)')
    return application


def settings(application: Application) -> ModelSettings:
    return application.settings(alembic="alembic.ini")


def test_revisions_are_listed_newest_first_with_what_people_call_them(project: Application) -> None:
    found = list_revisions(settings(project), project.root, cache=project.cache)
    assert [each.id for each in found] == ["r3", "r2", "r1"]
    assert found[-1] == Revision("r1", (), "Prodüct 'tables' %s", "migrations/versions/r1_step.py", is_head=False)
    assert heads(found) == ("r3",)


def test_listing_revisions_runs_no_env_py(project: Application) -> None:
    project.write("migrations/env.py", "raise SystemExit('needs the database')")
    assert len(list_revisions(settings(project), project.root, cache=project.cache)) == 3


def test_a_new_migration_is_seen_although_the_list_is_kept(project: Application) -> None:
    list_revisions(settings(project), project.root, cache=project.cache)
    migration(project, "r4", "r3", "pass")
    assert heads(list_revisions(settings(project), project.root, cache=project.cache)) == ("r4",)


def test_pending_revisions_come_oldest_first_over_branches_and_merges() -> None:
    def revision(id_: str, *parents: str, head: bool = False) -> Revision:
        return Revision(id_, parents, "", "", is_head=head)

    tree = [
        revision("merge", "left", "right", head=True),
        revision("right", "root"),
        revision("left", "root"),
        revision("root"),
    ]
    assert [each.id for each in pending(tree, ["left"])] == ["right", "merge"]
    assert [each.id for each in pending(tree, [])] == ["root", "left", "right", "merge"]
    assert pending(tree, ["merge"]) == ()
    with pytest.raises(MigrationError, match="at revision gone"):
        pending(tree, ["gone"])


def test_schemas_at_revisions_are_what_the_migrations_make(project: Application, server: ScratchServer) -> None:
    def names(to: tuple[str, ...]) -> set[str]:
        return {str(each) for each in schema_at(settings(project), project.root, server, to, cache=project.cache).facts}

    at_first, at_head = names(("r1",)), names(("heads",))
    assert "column public.a.id" in at_first
    assert "column public.a.n" not in at_first
    assert {"column public.a.n", "index public.a.ix_n", "extension uuid-ossp"} <= at_head
    assert not [each for each in names(BASE) if "public.a" in each]


def test_a_schema_of_the_history_is_kept_until_a_migration_changes(
    project: Application, server: ScratchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_head() -> list[str]:
        found = schema_at(settings(project), project.root, server, cache=project.cache)
        return sorted(str(each) for each in found.facts)

    first = at_head()
    with monkeypatch.context() as patched:
        patched.setattr(subprocesses, "opened", None)
        assert at_head() == first
    migration(project, "r3", "r2", 'op.create_index("ix_other", "a", ["n"])')
    assert "index public.a.ix_other" in at_head()
    migration(project, "r4", "r3", 'op.create_index("ix_newer", "a", ["n"])')
    assert "index public.a.ix_newer" in at_head()


def test_a_schema_that_another_reader_kept_is_read_again(
    project: Application, server: ScratchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema_at(settings(project), project.root, server, cache=project.cache)
    monkeypatch.setattr(history, "edition", lambda: "of another release")
    monkeypatch.setattr(subprocesses, "opened", None)
    with pytest.raises(TypeError):  # the migrations are run again, which is forbidden here
        schema_at(settings(project), project.root, server, cache=project.cache)


def test_migrations_run_on_scratch_whatever_url_env_py_uses(
    project: Application, new_database: Callable[..., Database], run_sql: Callable[..., list[tuple[object, ...]]]
) -> None:
    live = new_database()
    host, user, name = (live.parameters[each] for each in ("host", "user", "dbname"))
    url = f"postgresql+psycopg2://{user}@/{name}?host={host}"
    project.write(
        "migrations/env.py",
        GENERIC.replace("config.get_section(config.config_ini_section, {})", f'{{"sqlalchemy.url": {url!r}}}'),
    )
    scratch = new_database()
    migrate(settings(project), project.root, scratch)
    exists = "select to_regclass('a') is not null"
    assert run_sql(live, exists) == [(False,)]
    assert run_sql(scratch, exists) == [(True,)]
    assert run_sql(scratch, "select version_num from alembic_version") == [("r3",)]


def test_unqualified_names_of_migrations_go_into_the_default_schema(
    project: Application, new_database: Callable[..., Database], run_sql: Callable[..., list[tuple[object, ...]]]
) -> None:
    scratch = new_database()
    migrate(settings(project), project.root, scratch, default_schema="My App", extensions={"uuid-ossp": "public"})
    found = run_sql(scratch, "select schemaname from pg_tables where tablename in ('a', 'alembic_version')")
    assert found == [("My App",), ("My App",)]


def test_a_migration_that_fails_is_named_with_its_line(project: Application, server: ScratchServer) -> None:
    migration(project, "r4", "r3", 'op.execute("ALTER TABLE nowhere ADD n integer")')
    with pytest.raises(MigrationError) as caught:
        schema_at(settings(project), project.root, server, cache=project.cache)
    assert 'relation "nowhere" does not exist' in caught.value.message
    assert "migrations/versions/r4_step.py:16" in caught.value.message
    assert "\n" not in caught.value.message
    assert "Traceback" in str(caught.value.__cause__)
    assert "alembic upgrade head" in caught.value.hint


@pytest.mark.parametrize(
    ("parents", "said"),
    [("nobody", "nobody"), (None, None)],
    ids=["an unknown parent", "two beginnings"],
)
def test_scripts_that_contradict_each_other(project: Application, parents: object, said: str | None) -> None:
    migration(project, "r4", parents, "pass")
    if said is None:
        assert set(heads(list_revisions(settings(project), project.root, cache=project.cache))) == {"r3", "r4"}
        return
    with pytest.raises(MigrationError, match=said) as caught:
        list_revisions(settings(project), project.root, cache=project.cache)
    assert caught.value.hint


def test_without_an_ini_there_is_no_history(application: Application) -> None:
    with pytest.raises(ConfigError):
        list_revisions(application.settings("shop:Base"), Path(application.root))


def test_a_script_that_does_not_parse_is_named(project: Application) -> None:
    project.write("migrations/versions/r9_broken.py", "def upgrade(:\n")
    with pytest.raises(MigrationError, match="SyntaxError"):
        list_revisions(settings(project), project.root, cache=project.cache)


def test_flask_migrates_ini_beside_env_py_names_no_folder(
    project: Application, new_database: Callable[..., Database], run_sql: Callable[..., list[tuple[object, ...]]]
) -> None:
    (project.root / "alembic.ini").unlink()
    project.write("migrations/alembic.ini", "[alembic]\nfile_template = %%(rev)s_%%(slug)s\n")
    chosen = project.settings(alembic="migrations/alembic.ini")
    assert [each.id for each in list_revisions(chosen, project.root, cache=project.cache)] == ["r3", "r2", "r1"]
    scratch = new_database()
    migrate(chosen, project.root, scratch)
    assert run_sql(scratch, "select version_num from alembic_version") == [("r3",)]


def test_an_ini_below_the_folder_that_the_command_is_started_in(
    project: Application, new_database: Callable[..., Database], run_sql: Callable[..., list[tuple[object, ...]]]
) -> None:
    (project.root / "conf").mkdir()
    (project.root / "alembic.ini").rename(project.root / "conf/alembic.ini")
    written = (project.root / "conf/alembic.ini").read_text()
    project.write("conf/alembic.ini", written.replace("%(here)s/migrations", "migrations"))
    chosen = project.settings(alembic="conf/alembic.ini")
    assert [each.id for each in list_revisions(chosen, project.root, cache=project.cache)] == ["r3", "r2", "r1"]
    scratch = new_database()
    migrate(chosen, project.root, scratch)  # env.py imports the models from there, too
    assert run_sql(scratch, "select version_num from alembic_version") == [("r3",)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("os.environ['SHOP_URL']", ""),
        ("'sqlite:///shop.db'", "sqlite://"),
        ("None", "no driver of ours"),
    ],
)
def test_an_env_py_that_makes_its_own_url_does_so_where_the_ini_has_none(
    project: Application,
    new_database: Callable[..., Database],
    run_sql: Callable[..., list[tuple[object, ...]]],
    given: str,
    said: str,
) -> None:
    project.write("alembic.ini", INI.replace("sqlalchemy.url =", "another.url ="))
    own = f"""
    import os
    config = context.config
    written = config.get_main_option("sqlalchemy.url")
    if written:
        raise RuntimeError("no driver of ours: " + written)
    config.set_main_option("sqlalchemy.url", {given})
    """
    project.write("migrations/env.py", GENERIC.replace("\n    config = context.config\n", own.rstrip(" ")))
    url = "postgresql+psycopg2://app@production/live"
    chosen = project.settings(alembic="alembic.ini", env={"SHOP_URL": url})
    scratch = new_database()
    if said:
        with pytest.raises(MigrationError, match=said):
            migrate(chosen, project.root, scratch)
        assert run_sql(scratch, "select to_regclass('a') is null") == [(True,)]
        return
    migrate(chosen, project.root, scratch)
    assert run_sql(scratch, "select version_num from alembic_version") == [("r3",)]


SEVERAL = """
    [core]
    script_location = %(here)s/migrations
    prepend_sys_path = .
    sqlalchemy.url = postgresql+psycopg2://app@production/live
    version_locations = %(here)s/core
    version_table = core_version

    [tenant]
    script_location = %(here)s/migrations
    prepend_sys_path = .
    sqlalchemy.url = postgresql+psycopg2://app@production/live
"""
WITH_X = GENERIC.replace(
    "configure(connection=connection,",
    """configure(
                connection=connection,
                version_table=config.get_section_option(config.config_ini_section, "version_table", "alembic_version"),
                version_table_schema=context.get_x_argument(as_dictionary=True)["tenant"],""",
)


@pytest.fixture
def several(project: Application) -> Application:
    """Two histories in one ini, each in its section, and an env.py that asks for the schema."""
    project.write("alembic.ini", SEVERAL)
    project.write("migrations/env.py", WITH_X)
    text = MIGRATION.format(
        revision="c1", parents=None, body='op.execute("CREATE TABLE core (id int)")', message="core"
    )
    project.write("core/c1_core.py", text)
    return project


def test_a_section_of_the_ini_is_a_history_of_its_own_and_env_py_gets_its_arguments(
    several: Application, new_database: Callable[..., Database], run_sql: Callable[..., list[tuple[object, ...]]]
) -> None:
    core, tenant = (
        several.settings(alembic="alembic.ini", section=name, x=("tenant=of_" + name,)) for name in ("core", "tenant")
    )
    for chosen, ids in ((core, ["c1"]), (tenant, ["r3", "r2", "r1"]), (core, ["c1"])):  # what is kept is told apart
        assert [each.id for each in list_revisions(chosen, several.root, cache=several.cache)] == ids
    scratch = new_database("CREATE SCHEMA of_core; CREATE SCHEMA of_tenant")
    migrate(core, several.root, scratch)
    assert run_sql(scratch, "select version_num from of_core.core_version") == [("c1",)]
    assert run_sql(scratch, "select to_regclass('core') is null, to_regclass('a') is null") == [(False, True)]
    migrate(tenant, several.root, scratch)
    assert run_sql(scratch, "select version_num from of_tenant.alembic_version") == [("r3",)]


def test_whoever_has_several_histories_or_arguments_is_told_which_settings_name_them(
    several: Application, new_database: Callable[..., Database]
) -> None:
    with pytest.raises(MigrationError) as caught:
        list_revisions(several.settings(alembic="alembic.ini"), several.root, cache=several.cache)
    assert "models.section" in caught.value.hint
    with pytest.raises(MigrationError, match="KeyError: 'tenant'") as caught:
        migrate(several.settings(alembic="alembic.ini", section="core"), several.root, new_database())
    assert "models.x" in caught.value.hint


# what `alembic init -t async` writes
FROM_CONFIG = """
    import asyncio
    from alembic import context
    from sqlalchemy import pool
    from sqlalchemy.ext.asyncio import async_engine_from_config
    from shop import Base

    config = context.config


    def do_run_migrations(connection):
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()


    async def run_async_migrations():
        section = config.get_section(config.config_ini_section, {})
        connectable = async_engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
        async with connectable.connect() as connection:
            await connection.run_sync(do_run_migrations)
        await connectable.dispose()

    asyncio.run(run_async_migrations())
"""


@pytest.mark.parametrize("scheme", ["postgresql+asyncpg", "sqlite+aiosqlite"])
def test_an_asynchronous_env_py_gets_an_asynchronous_driver_though_there_is_another(
    project: Application,
    new_database: Callable[..., Database],
    run_sql: Callable[..., list[tuple[object, ...]]],
    scheme: str,
) -> None:
    pytest.importorskip("asyncpg")
    project.write("alembic.ini", INI.replace("postgresql+psycopg2", scheme))
    project.write("migrations/env.py", FROM_CONFIG)
    # asyncpg takes one statement at a time
    migration(project, "r1", None, 'op.execute("CREATE TABLE a (id uuid PRIMARY KEY)")')
    assert load_models(settings(project), project.root, cache=project.cache).tables
    scratch = new_database()
    migrate(settings(project), project.root, scratch)
    assert run_sql(scratch, "select version_num from alembic_version") == [("r3",)]


def test_an_env_py_that_looks_at_the_revision_is_asked_for_each_head(
    project: Application, new_database: Callable[..., Database], run_sql: Callable[..., list[tuple[object, ...]]]
) -> None:
    migration(project, "b1", None, 'op.execute("CREATE TABLE b (id int)")')
    asks = "\n    assert context.script.get_revision(config.cmd_opts.revision).branch_labels == set()"
    project.write("migrations/env.py", GENERIC.replace("config = context.config", "config = context.config" + asks))
    scratch = new_database()
    migrate(settings(project), project.root, scratch)
    assert run_sql(scratch, "select version_num from alembic_version order by 1") == [("b1",), ("r3",)]
