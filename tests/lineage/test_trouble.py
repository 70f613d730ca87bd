"""Histories that cannot be followed: said clearly, the cause unknown, and nothing else suffers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from drift_pipeline.config import Database
from tests.conftest import NewDatabase, run_sql
from tests.lineage.project import BY_HAND, FIRST, SECOND, Seen, check, revision, stamped, written
from tests.models.applications import Application

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path) -> Application:
    return written(tmp_path / "shop")


def unknown_everywhere(seen: Seen) -> bool:
    return {cause for causes in seen.causes().values() for cause in causes} == {"unknown"}


def the_rest_is_as_ever(seen: Seen) -> bool:
    """Differences, severity and a proven plan do not hang on the history."""
    report = seen.looked.report
    return (
        {"column by_hand_added", "column model_added", "table model_table"} <= set(seen.causes())
        and report.severity == "critical"
        and bool(report.plan.statements)
    )


def test_a_revision_that_the_directory_does_not_know(project: Application, new_database: NewDatabase) -> None:
    seen = check(project, new_database(FIRST + BY_HAND + stamped("feedc0de")))
    assert unknown_everywhere(seen)
    assert the_rest_is_as_ever(seen)
    assert "the cause of drift stays unknown" in seen.notes
    assert "feedc0de" in seen.notes


def test_a_database_without_a_version_table(project: Application, new_database: NewDatabase) -> None:
    seen = check(project, new_database(FIRST + BY_HAND))
    assert unknown_everywhere(seen)
    assert the_rest_is_as_ever(seen)
    assert "no version table" in seen.notes


def test_a_role_that_may_not_read_the_version_table(project: Application, new_database: NewDatabase) -> None:
    live = new_database(FIRST + BY_HAND + stamped("r1"))
    role = f"drift_no_version_{os.getpid()}"
    run_sql(live, f"create role {role} login")
    try:
        seen = check(project, Database("production", {**live.parameters, "user": role}))
    finally:
        run_sql(live, f"drop role {role}")
    assert unknown_everywhere(seen)
    assert the_rest_is_as_ever(seen)
    assert f"{role} may not read public.alembic_version; GRANT SELECT" in seen.notes


def test_a_history_that_fails(project: Application, new_database: NewDatabase) -> None:
    revision(project, "r2", "r1", "ALTER TABLE nowhere ADD x integer", "broken")
    seen = check(project, new_database(FIRST + BY_HAND + stamped("r1")))
    assert unknown_everywhere(seen)
    assert the_rest_is_as_ever(seen)
    assert "nowhere" in seen.notes


def test_an_env_py_that_runs_offline_alone(project: Application, new_database: NewDatabase) -> None:
    env = project.root / "migrations" / "env.py"
    text = env.read_text()
    env.write_text(text.replace("    run_migrations_online()", '    raise SystemExit("only offline migrations here")'))
    seen = check(project, new_database(FIRST + BY_HAND + stamped("r1")))
    assert unknown_everywhere(seen)
    assert the_rest_is_as_ever(seen)
    assert "only offline migrations here" in seen.notes


def test_several_heads_that_both_wait(project: Application, new_database: NewDatabase) -> None:
    revision(project, "r2b", "r1", "CREATE TABLE model_table (id serial PRIMARY KEY)", "another branch")
    seen = check(project, new_database(FIRST + BY_HAND + stamped("r1")))
    assert set(seen.looked.report.pending) == {"r2 more of them", "r2b another branch"}
    assert seen.causes()["table model_table"] == {"pending migration"}
    assert seen.causes()["column by_hand_added"] == {"manual change"}
    assert seen.causes()["column model_added"] == {"unmigrated model"}


def test_several_heads_of_which_live_has_both(project: Application, new_database: NewDatabase) -> None:
    revision(project, "r2b", "r1", "CREATE TABLE model_table (id serial PRIMARY KEY)", "another branch")
    both = FIRST + SECOND + "CREATE TABLE model_table (id serial PRIMARY KEY);"
    seen = check(project, new_database(both + stamped("r2", "r2b")))
    assert seen.looked.report.pending == ()
    assert seen.looked.report.context.revision == "r2, r2b"
    assert seen.causes()["column model_added"] == {"unmigrated model"}


def test_several_heads_of_which_live_has_one(project: Application, new_database: NewDatabase) -> None:
    revision(project, "r2b", "r1", "CREATE TABLE model_table (id serial PRIMARY KEY)", "another branch")
    seen = check(project, new_database(FIRST + SECOND + stamped("r2")))
    assert seen.looked.report.pending == ("r2b another branch",)
    assert seen.causes()["table model_table"] == {"pending migration"}


def test_another_historys_version_table_in_the_same_database(project: Application, new_database: NewDatabase) -> None:
    other = stamped("a1").replace("alembic_version", "alembic_version_plugin")
    seen = check(project, new_database(FIRST + BY_HAND + stamped("r1") + other))
    assert seen.causes()["column by_hand_added"] == {"manual change"}
    assert seen.looked.report.pending == ("r2 more of them",)
    assert "stays unknown" not in seen.notes
