"""What is kept of the models is used while nothing that made it changes, and never after."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drift_pipeline import desired
from drift_pipeline.config import Database, ModelSettings, Settings
from drift_pipeline.desired import models_on_scratch
from drift_pipeline.errors import ScratchError
from drift_pipeline.models.loader import LoadedModels, load_models
from drift_pipeline.schema.facts import FactId, Schema
from tests.lineage.project import revision
from tests.models.applications import Application
from tests.models.test_env_py import GENERIC, INI

MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.Text), sa.Index("by_a", "a"))
"""


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    (tmp_path / "kept_models.py").write_text(MODELS)
    desired._remembered.clear()
    yield Settings(root=tmp_path, models=ModelSettings(targets=("kept_models:metadata",)))
    desired._remembered.clear()


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that models are built."""
    made: list[str] = []
    build = desired.build_models

    def counting(loaded: LoadedModels, database: Database, **words: object) -> object:
        made.append(loaded.fingerprint)
        return build(loaded, database, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(desired, "build_models", counting)
    return made


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def refuse(**_: object) -> object:
        raise ScratchError("no server was to be started")

    return lambda: monkeypatch.setattr(desired, "scratch_server", refuse)


def facts_of(settings: Settings) -> Schema:
    with models_on_scratch(settings, load_models(settings.models, settings.root)) as built:
        return built.models.schema


def test_kept_facts_need_no_server(settings: Settings, no_server: Callable[[], None]) -> None:
    first = facts_of(settings)
    desired._remembered.clear()  # as in another process
    no_server()
    again = facts_of(settings)
    assert (again.facts, again.depends, again.server_version) == (first.facts, first.depends, first.server_version)


def test_a_changed_model_is_built_anew(settings: Settings, builds: list[str]) -> None:
    facts_of(settings)
    (settings.root / "kept_models.py").write_text(MODELS.replace('"a", sa.Text', '"a", sa.Integer'))
    changed = facts_of(settings)
    assert changed.facts[FactId("column", ("public", "t", "a"))].attributes["type"] == "integer"
    assert len(builds) == 2


def test_another_default_schema_is_built_anew(settings: Settings, builds: list[str]) -> None:
    facts_of(settings)
    assert FactId("table", ("app", "t")) in facts_of(replace(settings, default_schema="app")).facts
    assert len(builds) == 2


def test_another_server_has_facts_of_its_own(
    settings: Settings, builds: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    facts_of(settings)
    installation = desired.installation_for()
    assert installation is not None
    other = tmp_path / "bin"
    other.mkdir()
    shutil.copy(installation.bin / "postgres", other / "postgres")
    monkeypatch.setattr(desired, "installation_for", lambda **_: replace(installation, bin=other))
    facts_of(settings)
    assert len(builds) == 2


@pytest.mark.parametrize("damage", ["", "{", '{"dependencies": {}}', "null"])
def test_a_broken_file_is_written_anew(settings: Settings, builds: list[str], damage: str) -> None:
    first = facts_of(settings)
    (kept,) = (settings.root / ".drift" / "cache").glob("facts-*.json")
    kept.write_text(damage)
    desired._remembered.clear()
    assert facts_of(settings).fingerprint == first.fingerprint
    assert len(builds) == 2
    desired._remembered.clear()
    facts_of(settings)
    assert len(builds) == 2


def test_the_kept_database_is_used_as_long_as_it_is_as_it_was(
    settings: Settings, builds: list[str], run_sql: Callable[..., list[tuple[object, ...]]]
) -> None:
    loaded = load_models(settings.models, settings.root)
    facts_of(settings)
    with models_on_scratch(settings, loaded) as built:
        kept = built.database
        assert run_sql(kept, "select count(*) from public.t") == [(0,)]
        assert len(builds) == 1
        run_sql(kept, "alter table public.t add column meddled int")
    with models_on_scratch(settings, loaded) as built:
        columns = run_sql(built.database, "select attname from pg_attribute where attrelid = 'public.t'::regclass")
        assert ("meddled",) not in columns
        assert len(builds) == 2


def test_what_needs_a_function_that_only_migrations_make_is_built_with_it(tmp_path: Path) -> None:
    application = Application(tmp_path)
    application.write(
        "shop.py",
        """
        import sqlalchemy as sa

        class Base:
            metadata = sa.MetaData()

        names = sa.Table(
            "names", Base.metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.Text),
            sa.Index("by_plain_name", sa.func.plain(sa.column("name"))),
        )
        sa.Table(
            "visits", Base.metadata,
            sa.Column("at", sa.DateTime, server_default=sa.text("next_visit()")),
            sa.Column("name_id", sa.ForeignKey("names.id")),
        )
        sa.Table("broken", Base.metadata, sa.Column("at", sa.DateTime, server_default=sa.text("nobody_makes_it()")))
        """,
    )
    application.write("alembic.ini", INI)
    application.write("migrations/env.py", GENERIC)
    application.write("migrations/script.py.mako", "")
    functions = (
        "CREATE FUNCTION plain(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'select lower($1)';"
        "CREATE FUNCTION next_visit() RETURNS timestamp LANGUAGE sql AS 'select now()::timestamp';"
        "CREATE TABLE visits (at timestamp);"
        "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';"
        "CREATE TRIGGER noted BEFORE INSERT ON visits FOR EACH ROW EXECUTE FUNCTION noted();"
    )
    revision(application, "r1", None, functions, "functions")
    settings = Settings(root=tmp_path, models=application.settings("shop:Base.metadata", alembic="alembic.ini"))
    with models_on_scratch(settings, load_models(settings.models, settings.root)) as built:
        kinds = {each.kind: each.name for each in built.models.schema.facts if each.kind in ("index", "trigger")}
        assert kinds == {"index": ("public", "names", "by_plain_name"), "trigger": ("public", "visits", "noted")}
        assert FactId("foreign_key", ("public", "visits", "visits_name_id_fkey")) in built.models.schema.facts
        assert [each.what for each in built.models.faults] == ["table broken"]
