"""The migration asset: the project's own revision in the artifact store, the same for the same two schemas."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg
import pytest

from drift_pipeline.config import Database, database_for, load_settings
from drift_pipeline.models.history import list_revisions, migrate
from drift_pipeline.schema.reader import read_schema
from tests.orchestration.project import AS_DECLARED, Project, give_history, number

AT_HEAD = AS_DECLARED + "create table alembic_version (version_num varchar(32) primary key);"
DRIFTED = AT_HEAD + "insert into alembic_version values ('0001'); alter table customers alter name drop not null;"
REPAIR = 'op.alter_column("customers", "name", nullable=False)'


@pytest.fixture
def migrated(project: Project, new_database: Callable[..., Database]) -> Project:
    give_history(project)
    project.connect("PROD", new_database(DRIFTED))
    return project


def show(result: dg.ExecuteInProcessResult, name: str) -> object:
    return number(result, "production__migration", name)


@pytest.mark.slow
def test_the_revision_follows_the_projects_head_and_lies_in_the_store_alone(
    migrated: Project, instance: dg.DagsterInstance
) -> None:
    before = sorted((migrated.root / "migrations").rglob("*.py"))
    result = migrated.execute(instance, "drift_check_production")

    assert show(result, "status") == "written"
    assert show(result, "follows") == "0001"
    text = migrated.store.latest("production", "migration.py") or ""
    assert "down_revision = '0001'" in text
    assert REPAIR in text
    assert REPAIR.replace("False", "True") in text.partition("def downgrade")[2]
    assert str(show(result, "belongs_into_versions_as")).endswith(".py")
    assert sorted((migrated.root / "migrations").rglob("*.py")) == before


@pytest.mark.slow
def test_the_same_schemas_give_the_same_file_and_it_is_not_made_twice(
    migrated: Project, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = migrated.execute(instance, "drift_check_production")
    text = migrated.store.latest("production", "migration.py")

    def never(*_arguments: object, **_options: object) -> None:
        raise AssertionError("made twice")

    monkeypatch.setattr("drift_pipeline.repair.make_migration", never)
    second = migrated.execute(instance, "drift_check_production")
    assert second.success
    assert show(first, "revision") == show(second, "revision")
    assert migrated.store.latest("production", "migration.py") == text


@pytest.mark.slow
def test_a_new_revision_in_the_history_makes_it_anew(migrated: Project, instance: dg.DagsterInstance) -> None:
    migrated.execute(instance, "drift_check_production")
    second = '''\
        """a comment"""
        from alembic import op

        revision = "0002"
        down_revision = "0001"


        def upgrade() -> None:
            op.execute("select 1")


        def downgrade() -> None:
            op.execute("select 1")
        '''
    migrated.write("migrations/versions/0002_comment.py", second)
    result = migrated.execute(instance, "drift_check_production")
    assert show(result, "follows") == "0002"
    assert show(result, "pending") == 1
    assert "0002" in str(show(result, "pending_revisions"))


def test_that_no_revision_can_be_made_is_said_and_fails_no_check(
    migrated: Project, instance: dg.DagsterInstance
) -> None:
    for name in ("0002", "0003"):
        functions = "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"
        text = f'revision = "{name}"\ndown_revision = "0001"\n\n\n{functions}'
        migrated.write(f"migrations/versions/{name}.py", text)
    result = migrated.execute(instance, "drift_check_production")
    assert result.success
    assert show(result, "status") == "not possible"
    assert "several heads" in str(show(result, "problem"))
    assert migrated.store.latest("production", "migration.py") is None


@pytest.mark.slow
def test_the_revisions_of_two_environments_follow_each_other(
    migrated: Project, instance: dg.DagsterInstance, new_database: Callable[..., Database]
) -> None:
    drifted = DRIFTED.replace("alter name drop not null", "add by_hand text")
    migrated.connect("STAGING", new_database(drifted + "create index ix_by_hand on customers (name);"))
    migrated.write("drift.toml", "allow_destructive = true\n" + (migrated.root / "drift.toml").read_text())
    result = migrated.execute(instance)
    production, staging = (str(number(result, f"{name}__migration", "revision")) for name in ("production", "staging"))
    assert number(result, "production__migration", "follows") == "0001"
    assert number(result, "staging__migration", "follows") == production
    # both are put among the others: one line, and each runs on the other's database
    for name, revision in (("production", production), ("staging", staging)):
        text = migrated.store.latest(name, "migration.py") or ""
        (migrated.root / "migrations" / "versions" / f"{revision}.py").write_text(text)
    settings = load_settings(migrated.root, environ=migrated.variables)
    assert [each.id for each in list_revisions(settings.models, migrated.root) if each.is_head] == [staging]
    for name in ("production", "staging"):
        database = database_for(settings, name, migrated.variables)
        migrate(settings.models, migrated.root, database, ("head",))
        left = read_schema(database)
        assert {fact.id.name[-1] for fact in left.of_kind("column")} == {"id", "name", "version_num"}
        assert all(fact.attributes["not_null"] for fact in left.of_kind("column"))
        assert not left.of_kind("index")
