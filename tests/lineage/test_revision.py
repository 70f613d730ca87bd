"""The revision that a check writes: what no revision does yet, and no drop that nobody asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drift_pipeline import repair, use_case
from drift_pipeline.config import Database, load_settings
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.models.history import migrate
from drift_pipeline.plan.revisions.place import place_revision
from drift_pipeline.schema.reader import read_schema
from tests.cli.conftest import variables_of
from tests.conftest import NewDatabase
from tests.lineage.project import FIRST, MODELS, revision, stamped, written
from tests.models.applications import Application

# nothing here keeps the pending revision from being applied
BY_HAND = """
    ALTER TABLE things ADD by_hand_added integer, ALTER hand_and_model TYPE text,
        ALTER hand_null_model_type DROP NOT NULL;
    CREATE TABLE by_hand_table (id integer);
    CREATE INDEX ix_by_hand ON things (same, hand_and_model);
    CREATE VIEW by_hand_view AS SELECT 1 AS one;
"""
LIVE = FIRST + BY_HAND + stamped("r1")


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
    return {f"{item.id.kind} {item.id.name[-1]}" for item in differences} - {"table alembic_version"}


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


@pytest.mark.slow
def test_what_only_this_database_has_on_what_the_revision_changes_is_named(
    project: Application, new_database: NewDatabase
) -> None:
    live = new_database(f"{LIVE} CREATE VIEW of_finance AS SELECT model_type FROM things;")
    settings = load_settings(project.root)
    looked = use_case.look("production", settings=settings, environ=variables_of(live))
    made = repair.make_migration(settings, looked.models, looked.live)
    assert any("production has view public.of_finance, which is not compared" in note for note in made.notes)


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
