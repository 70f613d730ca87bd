"""The revision that a check writes: what no revision does yet, and no drop that nobody asked for."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drift_pipeline import repair, use_case
from drift_pipeline.config import Database, load_settings
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.errors import MigrationError
from drift_pipeline.models.history import migrate
from drift_pipeline.plan.revisions.place import place_revision
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer
from tests.cli.conftest import variables_of
from tests.conftest import NewDatabase, run_sql
from tests.lineage.project import FIRST, MODELS, SECOND, revision, stamped, written
from tests.models.applications import Application

# nothing here keeps the pending revision from being applied
BY_HAND = """
    ALTER TABLE things ADD by_hand_added integer, ALTER hand_and_model TYPE text,
        ALTER hand_null_model_type DROP NOT NULL;
    CREATE TABLE by_hand_table (id integer);
    CREATE INDEX ix_by_hand ON things (same, hand_and_model);
    CREATE VIEW by_hand_view AS SELECT 1 AS one;
"""
# another history has a version table of its own in the same database
LIVE = FIRST + BY_HAND + stamped("r1") + stamped("a1").replace("alembic_version", "a_plugins_version")


@pytest.fixture
def project(tmp_path: Path) -> Application:
    return written(tmp_path / "shop")


def left_by(project: Application, live: Database, **changes: object) -> set[str]:
    """Writes the revision into the project, upgrades live with it, and returns what still differs from the models."""
    settings = replace(load_settings(project.root, environ=variables_of(live)), manage=("view",), **changes)
    looked = use_case.look("production", settings=settings, environ=variables_of(live))
    made = repair.make_migration(settings, looked.models, looked.live)
    assert made.pending == ("r2 more of them",)
    place_revision(made)
    migrate(settings.models, project.root, live, ("head",))
    differences = diff_schemas(read_schema(live), looked.models.schema).differences
    return {f"{item.id.kind} {item.id.name[-1]}" for item in differences} - {
        "table alembic_version",
        "table a_plugins_version",
    }


@pytest.mark.slow
def test_the_revision_mends_what_no_revision_does_and_drops_nothing_unknown(
    project: Application, new_database: NewDatabase
) -> None:
    left = left_by(project, new_database(LIVE))
    # the table and the view may be somebody else's; columns by hand hold values
    assert left == {"table by_hand_table", "view by_hand_view", "column by_hand_added", "column model_dropped"}


@pytest.mark.slow
def test_the_revision_drops_what_was_asked_for_by_name(project: Application, new_database: NewDatabase) -> None:
    left = left_by(project, new_database(LIVE), allow_drop=("public.by_hand_v*", "public.things.model_dropped"))
    assert left == {"table by_hand_table", "column by_hand_added"}


ONLY_HERE = """
    CREATE VIEW of_finance AS SELECT id, model_type FROM things;
    COMMENT ON VIEW of_finance IS 'Ask \'\'them\'\': first';
    COMMENT ON COLUMN of_finance.model_type IS 'in cents';
    CREATE VIEW "of all: finance" WITH (security_barrier) AS SELECT model_type + 1 AS more FROM of_finance;
    GRANT SELECT ON of_finance TO {role};
    GRANT UPDATE (model_type) ON of_finance TO {role} WITH GRANT OPTION;
    CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
    CREATE TRIGGER touched BEFORE UPDATE OF model_type ON things FOR EACH ROW EXECUTE FUNCTION touched();
    ALTER TABLE things DISABLE TRIGGER touched;
    CREATE POLICY small ON things FOR SELECT TO {role} USING (model_type < 100);
    CREATE RULE kept AS ON DELETE TO things WHERE old.model_type = 7 DO INSTEAD NOTHING;
    ALTER DEFAULT PRIVILEGES GRANT DELETE ON TABLES TO {role};
"""
SEEN = """
    SELECT 'view', viewname, definition FROM pg_views WHERE schemaname = 'public'
    UNION ALL SELECT 'trigger', tgname, concat(pg_get_triggerdef(oid), tgenabled) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'policy', policyname, concat(qual, cmd, roles) FROM pg_policies
    UNION ALL SELECT 'rule', rulename, definition FROM pg_rules WHERE schemaname = 'public'
    UNION ALL SELECT 'options', relname, reloptions::text FROM pg_class WHERE relkind = 'v' AND relname LIKE 'of%'
    UNION ALL SELECT 'grants', relname, relacl::text FROM pg_class WHERE relname = 'of_finance'
    UNION ALL SELECT 'grants', attname, attacl::text FROM pg_attribute WHERE attrelid = to_regclass('of_finance')
    UNION ALL SELECT 'comment', objsubid::text, description FROM pg_description WHERE objoid = to_regclass('of_finance')
    ORDER BY 1, 2, 3
"""


@pytest.fixture
def role(server: ScratchServer) -> Iterator[str]:
    """Asked for before databases, it goes after those in which it has rights."""
    home, name = Database("home", dict(server.parameters)), f"finance_{secrets.token_hex(4)}"
    run_sql(home, f"CREATE ROLE {name}")
    yield name
    run_sql(home, f"DROP ROLE {name}")


@pytest.mark.slow
@pytest.mark.parametrize("online", [False, True])
def test_what_only_this_database_has_on_what_the_revision_changes_is_there_afterwards_as_it_was(
    project: Application, role: str, new_database: NewDatabase, *, online: bool
) -> None:
    live, other = new_database(LIVE + ONLY_HERE.format(role=role)), new_database(LIVE)
    before = [run_sql(database, SEEN) for database in (live, other)]
    settings = replace(load_settings(project.root), online=online)
    looked = use_case.look("production", settings=settings, environ=variables_of(live))
    made = repair.make_migration(settings, looked.models, looked.live)
    (said,) = made.notes
    for name in ("view public.of_finance", "trigger public.things.touched", "policy public.things.small"):
        assert name in said
    assert "takes it off and puts it back, where it is there as it was" in said
    place_revision(made)
    for database in (live, other):
        migrate(settings.models, project.root, database, ("head",))
        type_of = (
            "SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = 'things'::regclass AND attname = %s"
        )
        assert run_sql(database, type_of, ("model_type",)) == [("bigint",)]
    assert [run_sql(database, SEEN) for database in (live, other)] == before


@pytest.mark.slow
def test_what_is_otherwise_elsewhere_is_left_alone_and_the_server_says_what_stands_in_the_way(
    project: Application, new_database: NewDatabase
) -> None:
    view = "CREATE VIEW of_finance AS SELECT id, model_type FROM things;"
    live, other = new_database(LIVE + view), new_database(f"{LIVE}{view} GRANT SELECT ON of_finance TO PUBLIC;")
    settings = load_settings(project.root)
    looked = use_case.look("production", settings=settings, environ=variables_of(live))
    place_revision(repair.make_migration(settings, looked.models, looked.live))
    before = run_sql(other, SEEN)
    with pytest.raises(MigrationError, match="used by a view"):
        migrate(settings.models, project.root, other, ("head",))
    assert run_sql(other, SEEN) == before
    migrate(settings.models, project.root, live, ("head",))


@pytest.mark.slow
def test_what_no_question_can_tell_all_of_is_named(project: Application, new_database: NewDatabase) -> None:
    live = new_database(f"{LIVE} CREATE MATERIALIZED VIEW of_finance AS SELECT model_type FROM things;")
    settings = load_settings(project.root)
    looked = use_case.look("production", settings=settings, environ=variables_of(live))
    made = repair.make_migration(settings, looked.models, looked.live)
    assert made.text
    assert "of_finance" not in made.text
    assert any("has materialized_view public.of_finance, which is not compared" in note for note in made.notes)


ENUM = "CREATE TYPE mood AS ENUM ('calm'{more}); CREATE TABLE moods (id serial PRIMARY KEY, now mood);"
ENUM_MODEL = """
    from sqlalchemy import Enum
    MOOD = Enum("calm"{more}, name="mood")
    Table("moods", Base.metadata, Column("id", Integer, primary_key=True), Column("now", MOOD))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("live", "models"), [("", ", 'glad'"), (", 'glad'", "")])
def test_an_enum_that_is_made_again_is_given_to_nobody(
    tmp_path: Path, new_database: NewDatabase, live: str, models: str
) -> None:
    project = written(tmp_path / "shop")
    project.write("shop.py", MODELS + ENUM_MODEL.format(more=models))
    revision(project, "r3", "r2", ENUM.format(more=live), "moods")
    database = new_database(LIVE)
    settings = replace(load_settings(project.root, environ=variables_of(database)), allow_destructive=True)
    looked = use_case.look("production", settings=settings, environ=variables_of(database))
    made = repair.make_migration(settings, looked.models, looked.live)
    assert "mood__old" in made.text
    assert "OWNER TO" not in made.text


PROGRAMS = """
    CREATE TYPE mood AS ENUM ('calm');
    CREATE TABLE moods (id serial PRIMARY KEY, now mood);
    CREATE FUNCTION twice(what mood) RETURNS mood IMMUTABLE LANGUAGE sql AS 'select $1';
    CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
    CREATE TRIGGER noted BEFORE INSERT ON moods FOR EACH ROW EXECUTE FUNCTION noted();
    CREATE VIEW calm_ones AS SELECT id FROM moods WHERE now = 'calm';
"""
CALM_MODEL = ENUM_MODEL.format(more="")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("by_hand", "asked"),
    [
        ("ALTER TYPE mood ADD VALUE 'glad'", "pg_enum"),
        ("CREATE OR REPLACE FUNCTION twice(what mood) RETURNS mood LANGUAGE sql AS 'select null::mood'", "pg_proc"),
        ("DROP FUNCTION twice(mood)", "pg_proc"),
        ("ALTER TABLE moods DISABLE TRIGGER noted", "tgenabled"),
        ("CREATE OR REPLACE TRIGGER noted AFTER INSERT ON moods FOR EACH ROW EXECUTE FUNCTION noted()", "pg_trigger"),
        ("CREATE OR REPLACE VIEW calm_ones AS SELECT id FROM moods", "pg_get_viewdef"),
    ],
)
def test_what_was_done_by_hand_to_what_migrations_make_is_asked_about(
    tmp_path: Path, new_database: NewDatabase, by_hand: str, asked: str
) -> None:
    project = written(tmp_path / "shop")
    project.write("shop.py", MODELS + CALM_MODEL)
    revision(project, "r3", "r2", PROGRAMS, "moods")
    database = new_database(FIRST + SECOND + PROGRAMS + stamped("r3") + by_hand)
    settings = replace(load_settings(project.root, environ=variables_of(database)), allow_destructive=True)
    looked = use_case.look("production", settings=settings, environ=variables_of(database))
    made = repair.make_migration(settings, looked.models, looked.live)  # proven on a database made anew, too
    assert asked in made.text


@pytest.mark.slow
def test_a_project_without_alembics_template_is_told_of_it(tmp_path: Path, new_database: NewDatabase) -> None:
    project = written(tmp_path / "shop")
    (project.root / "migrations/script.py.mako").unlink()
    database = new_database(LIVE)
    settings = load_settings(project.root, environ=variables_of(database))
    looked = use_case.look("production", settings=settings, environ=variables_of(database))
    with pytest.raises(MigrationError, match=r"script\.py\.mako") as caught:
        repair.make_migration(settings, looked.models, looked.live)
    assert "put the template script.py.mako beside env.py" in caught.value.hint
