"""The asset of the Alembic history: what it shows, and that a broken history is shown and stops no check."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import dagster as dg
import pytest

from drift_pipeline.config import Database
from tests.orchestration.project import AS_DECLARED, FIRST, Project, give_history, number

STEP = "migration_history"
SECOND = FIRST.replace('"0001"', '"0002"').replace("down_revision = None", 'down_revision = "0001"')
SECOND = SECOND.replace('"""customers"""', '"""a name | with a bar"""').split("def upgrade")[0]
SECOND += "\ndef upgrade() -> None:\n    pass\n\n\ndef downgrade() -> None:\n    pass\n"


def alone(project: Project, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    project.save_variables()
    job = project.definitions.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey(STEP)], raise_on_error=False)


def outcome(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {
        check.check_name: check.passed
        for check in result.get_asset_check_evaluations()
        if check.asset_key.path == [STEP]
    }


def version(result: dg.ExecuteInProcessResult) -> str:
    (materialization,) = result.asset_materializations_for_node(STEP)
    return (materialization.tags or {})["dagster/data_version"]


def test_it_shows_head_revisions_and_their_files(project: Project, instance: dg.DagsterInstance) -> None:
    give_history(project)
    project.write("migrations/versions/0002_second.py", SECOND)
    result = alone(project, instance)
    assert result.success
    assert number(result, STEP, "head") == "0002"
    assert (number(result, STEP, "revisions"), number(result, STEP, "heads")) == (2, 1)
    table = str(number(result, STEP, "newest_first")).splitlines()
    assert table[2].startswith("| 0002 | a name &#124; with a bar | 0001 |")
    (materialization,) = result.asset_materializations_for_node(STEP)
    places = [each.source for each in materialization.metadata["dagster/code_references"].code_references]
    assert places[0] == str(project.root / "migrations/versions/0002_second.py")
    assert outcome(result) == {"history_can_be_read": True, "history_has_one_head": True}


def test_its_version_changes_with_the_text_of_a_revision_and_with_nothing_else(
    project: Project, instance: dg.DagsterInstance
) -> None:
    give_history(project)
    first, second = alone(project, instance), alone(project, instance)
    assert version(first) == version(second)
    project.write("migrations/versions/0001_customers.py", FIRST.replace("varchar(80)", "varchar(90)"))
    assert version(alone(project, instance)) != version(first)


def test_several_heads_are_a_check_that_failed(project: Project, instance: dg.DagsterInstance) -> None:
    give_history(project)
    project.write("migrations/versions/0002_second.py", SECOND)
    project.write("migrations/versions/0003_third.py", SECOND.replace('"0002"', '"0003"'))
    result = alone(project, instance)
    assert outcome(result) == {"history_can_be_read": True, "history_has_one_head": False}
    assert number(result, STEP, "head") == "0002, 0003"


@pytest.mark.slow
def test_a_history_that_cannot_be_read_is_shown_and_stops_no_check(
    project: Project, instance: dg.DagsterInstance, new_database: Callable[..., Database]
) -> None:
    give_history(project)
    project.write("migrations/versions/0002_broken.py", "revision = \n")
    project.connect("PROD", new_database(AS_DECLARED))
    result = project.execute(instance, "drift_check_production")
    assert result.success
    assert outcome(result) == {"history_can_be_read": False, "history_has_one_head": True}
    assert "0002_broken.py" in str(number(result, STEP, "problem"))
    assert number(result, "production__drift_report", "total") == 0


def test_a_history_that_is_gone_is_shown_as_well(project: Project, instance: dg.DagsterInstance) -> None:
    give_history(project)
    shutil.rmtree(project.root / "migrations")
    result = alone(project, instance)
    assert outcome(result)["history_can_be_read"] is False
