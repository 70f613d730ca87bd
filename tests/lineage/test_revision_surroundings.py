"""What surrounds a revision in a project: heads and branches, folders, templates, hooks, an asynchronous env.py."""

from __future__ import annotations

import importlib.util
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from drift_pipeline import repair, use_case
from drift_pipeline.config import Database, Settings, load_settings
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.errors import MigrationError
from drift_pipeline.models.history import list_revisions, migrate
from drift_pipeline.plan.revisions.make import MadeRevision
from drift_pipeline.plan.revisions.place import described, place_revision
from drift_pipeline.schema.reader import read_schema
from tests.cli.conftest import variables_of
from tests.conftest import NewDatabase, run_sql
from tests.lineage.project import MAKO, REVISION, stamped
from tests.models.applications import Application
from tests.models.test_env_py import GENERIC, INI

pytestmark = pytest.mark.slow

MODELS = """
    from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, text

    class Base:
        metadata = MetaData()

    TABLE = Table(
        "things", Base.metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(80), nullable=False, comment="what it is called"),
        Column("active", Boolean, server_default=text("true"), nullable=False),
    )
    Index("ix_things_name", TABLE.c.name, postgresql_where=TABLE.c.active)
"""
STOPPED = """
    CREATE FUNCTION stop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
    CREATE EVENT TRIGGER stop ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION stop();
"""
FIRST = "CREATE TABLE things (id serial PRIMARY KEY, name varchar(80))"
ASYNCHRONOUS = """
    import asyncio
    from alembic import context
    from sqlalchemy.ext.asyncio import async_engine_from_config
    from sqlalchemy import pool
    from shop import Base

    config = context.config


    def do_run_migrations(connection):
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()


    async def run_async_migrations():
        config.set_main_option("sqlalchemy.url", "postgresql+asyncpg://app@production/live")
        connectable = async_engine_from_config(
            config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
        )
        async with connectable.connect() as connection:
            await connection.run_sync(do_run_migrations)
        await connectable.dispose()


    if context.is_offline_mode():
        raise SystemExit("this project knows no offline mode")
    asyncio.run(run_async_migrations())
"""


def project(folder: Path, *, ini: str = "", env_py: str = GENERIC, mako: str = MAKO) -> Application:
    folder.mkdir()
    application = Application(folder)
    application.write("shop.py", MODELS)
    application.write("alembic.ini", INI.replace("    [other]", f"{ini}\n    [other]") if ini else INI)
    application.write("migrations/env.py", env_py)
    application.write("migrations/script.py.mako", mako)
    application.write("drift.toml", '[models]\ntargets = ["shop:Base.metadata"]\nalembic = "alembic.ini"\n')
    add(application, "r1", None, FIRST)
    return application


def add(
    application: Application, name: str, parent: str | None, sql: str, folder: str = "versions", **more: str
) -> None:
    text = REVISION.format(message=name, revision=name, parent=parent, sql=sql)
    for key, value in more.items():
        text = text.replace(f"{key} = None", f"{key} = {value!r}")
    application.write(f"migrations/{folder}/{name}.py", text.replace("raise NotImplementedError", "pass"))


def made_for(
    application: Application, live: Database, *, online: bool = False, **models: object
) -> tuple[Settings, MadeRevision]:
    settings = load_settings(application.root, environ=variables_of(live))
    settings = replace(settings, models=replace(settings.models, **models), online=online)
    looked = use_case.look("production", settings=settings, environ=variables_of(live))
    return settings, repair.make_migration(settings, looked.models, looked.live, report=looked.report)


def as_the_models(application: Application, settings: Settings, live: Database) -> bool:
    """Whether Alembic's upgrade brings the database to the models."""
    migrate(settings.models, application.root, live, ("heads",))
    with use_case.models_on_scratch(settings, use_case.load_project_models(settings)) as built:
        left = diff_schemas(read_schema(live), built.models.schema).differences
    return {item.id.name[-1] for item in left} <= {"alembic_version"}


def test_it_is_written_with_alembics_operations_and_says_why(tmp_path: Path, new_database: NewDatabase) -> None:
    application, live = project(tmp_path / "shop"), new_database(FIRST + ";" + stamped("r1"))
    settings, made = made_for(application, live)
    assert 'sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False)' in made.text
    assert 'postgresql_where=sa.text("active")' in made.text
    assert 'op.alter_column("things", "name", comment="what it is called")' in made.text
    assert "op.execute" not in made.text
    # the history makes it the same way: nobody has to ask a database
    assert "repairs" not in made.text
    assert "unmigrated model" in made.text
    assert "locks public.things (ACCESS EXCLUSIVE)" in made.text
    place_revision(made)
    assert as_the_models(application, settings, live)
    with pytest.raises(MigrationError, match="there already"):
        place_revision(made)


def test_several_heads_are_named_and_a_branch_label_chooses(tmp_path: Path, new_database: NewDatabase) -> None:
    application = project(tmp_path / "shop")
    add(application, "r2", "r1", "SELECT 1", branch_labels="web")
    add(application, "r3", "r1", "SELECT 1")
    live = new_database(FIRST + ";" + stamped("r2", "r3"))
    with pytest.raises(MigrationError, match=r"several heads: .*r2 \(web\)") as caught:
        made_for(application, live)
    assert "models.branch" in caught.value.hint
    with pytest.raises(MigrationError, match="names no head"):
        made_for(application, live, branch="mobile")
    settings, made = made_for(application, live, branch="web")
    assert made.parents == ("r2",)
    place_revision(made)
    assert {each.id for each in list_revisions(settings.models, application.root) if each.is_head} == {
        made.revision,
        "r3",
    }
    assert as_the_models(application, settings, live)


def test_it_lies_where_the_revision_before_it_lies_under_the_name_that_file_template_gives(
    tmp_path: Path, new_database: NewDatabase
) -> None:
    ini = """
    path_separator = os
    version_locations = %(here)s/migrations/versions:%(here)s/migrations/web
    recursive_version_locations = true
    timezone = Pacific/Auckland
    file_template = %%(year)d/%%(rev)s-%%(slug)s
    """
    application = project(tmp_path / "shop", ini=ini)
    add(application, "r2", "r1", "SELECT 1", folder="web")
    live = new_database(FIRST + ";" + stamped("r2"))
    settings, made = made_for(application, live)
    path = place_revision(made)
    assert path is not None
    assert path.parent.parent == application.root / "migrations" / "web"
    assert re.fullmatch(rf"20\d\d/{made.revision}-repair_drift_of_production\.py", made.file_name)
    assert as_the_models(application, settings, live)


def test_hooks_run_on_it_and_one_that_fails_is_told(tmp_path: Path, new_database: NewDatabase) -> None:
    ini = f"""
    [post_write_hooks]
    hooks = mark, fail
    mark.type = exec
    mark.executable = {sys.executable}
    mark.options = -c "open(r'REVISION_SCRIPT_FILENAME', 'a').write('# formatted')"
    fail.type = exec
    fail.executable = {sys.executable}
    fail.options = -c "raise SystemExit(3)" REVISION_SCRIPT_FILENAME
    """
    application, live = project(tmp_path / "shop", ini=ini), new_database(FIRST + ";" + stamped("r1"))
    _, made = made_for(application, live)
    assert made.text.endswith("# formatted")
    said = "\n".join(described(made, place_revision(made)))
    assert "hook failed" in said
    assert "exit code 3" in said


def test_a_template_without_a_way_back_and_without_imports_is_served(tmp_path: Path, new_database: NewDatabase) -> None:
    mako = MAKO.partition("    def downgrade")[0].replace("    import sqlalchemy as sa\n", "")
    mako = mako.replace('    ${imports if imports else ""}\n', "").replace('"""${message}"""', '"""${message}\n    """')
    application, live = project(tmp_path / "shop", mako=mako), new_database(FIRST + ";" + stamped("r1"))
    settings, made = made_for(application, live)
    assert not made.reversible
    assert "import sqlalchemy as sa" in made.text.partition("def upgrade")[2]
    assert "has no downgrade()" in "\n".join(described(made, place_revision(made)))
    assert as_the_models(application, settings, live)


@pytest.mark.skipif(importlib.util.find_spec("asyncpg") is None, reason="there is no asynchronous driver")
def test_an_asynchronous_env_py_runs_it(tmp_path: Path, new_database: NewDatabase) -> None:
    application = project(tmp_path / "shop", env_py=ASYNCHRONOUS)
    live = new_database(FIRST + ";" + stamped("r1") + "ALTER TABLE things ADD by_hand integer")
    settings, made = made_for(application, live)
    place_revision(made)
    migrate(settings.models, application.root, live, ("head",))
    left = {each.name[-1] for each in read_schema(live).facts if each.kind == "column"}
    assert left == {"id", "name", "active", "by_hand", "version_num"}


def test_it_stops_where_the_tables_are_others_if_that_is_asked_for(tmp_path: Path, new_database: NewDatabase) -> None:
    application, live = project(tmp_path / "shop"), new_database(FIRST + ";" + stamped("r1"))
    settings, made = made_for(application, live, check_fingerprint=True)
    place_revision(made)
    other = new_database(FIRST + ";" + stamped("r1") + "ALTER TABLE things ADD more integer")
    with pytest.raises(MigrationError, match="made for other tables"):
        migrate(settings.models, application.root, other, ("head",))
    assert as_the_models(application, settings, live)
    fresh = new_database()
    assert as_the_models(application, settings, fresh)


def test_online_steps_are_committed_one_after_the_other(tmp_path: Path, new_database: NewDatabase) -> None:
    application, live = project(tmp_path / "shop"), new_database(FIRST + ";" + stamped("r1"))
    settings, made = made_for(application, live, online=True)
    upgrade = made.text.partition("def upgrade")[2].partition("def downgrade")[0]
    assert "autocommit_block()" in upgrade
    assert "CONCURRENTLY" in upgrade or "postgresql_concurrently=True" in upgrade
    assert "SET lock_timeout" in upgrade
    place_revision(made)
    assert as_the_models(application, settings, new_database())
    # one that is stopped on the way goes on where it was
    run_sql(live, STOPPED)
    with pytest.raises(MigrationError, match="not today"):
        migrate(settings.models, application.root, live, ("head",))
    assert "active" in {each.name[-1] for each in read_schema(live).facts if each.kind == "column"}
    run_sql(live, "DROP EVENT TRIGGER stop; DROP FUNCTION stop")
    assert as_the_models(application, settings, live)
