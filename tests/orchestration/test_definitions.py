"""What Dagster finds: assets, jobs, schedule, checks; and that it finds them without any settings or credentials."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

import drift_pipeline
from drift_pipeline.orchestration.definitions import build_definitions, environment_names
from drift_pipeline.orchestration.names import identifiers
from tests.orchestration.project import Project

STAGES = ["drift_report", "live_schema", "migration", "schema_diff"]
CHECKS = ["everything_covered", "no_critical_drift", "no_major_drift", "nothing_breaks", "plan_proven"]


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return build_definitions(("production", "staging"))


def test_every_asset_is_there_and_no_other(defs: dg.Definitions) -> None:
    keys = sorted(key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys())
    assert keys == [
        "model_schema",
        *(f"production/{stage}" for stage in STAGES),
        *(f"staging/{stage}" for stage in STAGES),
    ]


def test_the_stages_follow_each_other_as_the_use_case_has_them(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()

    def parents(*path: str) -> set[str]:
        return {key.to_user_string() for key in graph.get(dg.AssetKey(path)).parent_keys}

    assert parents("model_schema") == set()
    assert parents("staging", "live_schema") == set()
    assert parents("staging", "schema_diff") == {"model_schema", "staging/live_schema"}
    assert parents("staging", "drift_report") == {"model_schema", "staging/live_schema", "staging/schema_diff"}
    assert parents("staging", "migration") == {"model_schema", "staging/live_schema", "staging/drift_report"}


def test_every_asset_tells_what_it_is_and_to_whom_it_belongs(defs: dg.Definitions) -> None:
    for spec in defs.resolve_all_asset_specs():
        assert len(spec.description or "") > 40, spec.key
        assert spec.kinds, spec.key
        assert spec.code_version == drift_pipeline.__version__
        group = spec.key.path[0] if len(spec.key.path) > 1 else "models"
        assert spec.group_name == group
        assert spec.tags.get("drift/env") == (group if group != "models" else None)


def test_only_the_database_read_is_tried_again(defs: dg.Definitions) -> None:
    retried = [
        node.name
        for node in defs.resolve_implicit_global_asset_job_def().all_node_defs
        if isinstance(node, dg.OpDefinition) and node.retry_policy
    ]
    assert sorted(retried) == ["production__live_schema", "staging__live_schema"]


def test_every_asset_tells_of_its_failure_by_itself_and_no_job_tells_it_again(defs: dg.Definitions) -> None:
    for asset in defs.assets or ():
        assert isinstance(asset, dg.AssetsDefinition)
        assert len(asset.hook_defs) == 1, asset.key
    assert not any(job.hook_defs for job in defs.resolve_all_job_defs())


def test_every_report_has_its_checks_and_none_blocks(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    keys = graph.get_check_keys_for_assets({dg.AssetKey(["production", "drift_report"])})
    assert sorted(key.name for key in keys) == CHECKS
    assert not any(graph.get_check_spec(key).blocking for key in keys)


def test_the_jobs_are_one_for_everything_and_one_for_each_environment(defs: dg.Definitions) -> None:
    def nodes(name: str) -> set[str]:
        return {node.name for node in defs.resolve_job_def(name).nodes}

    assert nodes("drift_check_staging") == {"model_schema", *(f"staging__{stage}" for stage in STAGES)}
    assert nodes("drift_check") == nodes("drift_check_staging") | nodes("drift_check_production")


def test_nobody_pays_for_the_multiprocess_executor(defs: dg.Definitions) -> None:
    assert defs.resolve_job_def("drift_check").executor_def is dg.in_process_executor
    assert defs.resolve_implicit_global_asset_job_def().executor_def is dg.in_process_executor


def test_the_schedule_runs_from_the_start_at_two_utc_and_starts_a_run_for_each_environment(
    defs: dg.Definitions,
) -> None:
    (schedule,) = defs.schedules or ()
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "UTC")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING

    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=datetime(2026, 5, 1, 2, 0, tzinfo=UTC),
            repository_def=defs.get_repository_def(),
        )
        requests = schedule.evaluate_tick(context).run_requests or []
    assert [request.tags["drift/env"] for request in requests] == ["production", "staging"]
    assert [request.run_key for request in requests] == ["2026-05-01:production", "2026-05-01:staging"]
    for request in requests:
        selected = {key.to_user_string() for key in request.asset_selection or ()}
        assert selected == {"model_schema", *(f"{request.tags['drift/env']}/{stage}" for stage in STAGES)}


def test_the_settings_name_the_environments(project: Project) -> None:
    project.write("drift.toml", '[models]\ntargets = ["a:b"]\n[environments.eu-1]\nprefix = "EU"\n')
    assert "eu-1" in environment_names(project.root)
    keys = project.definitions.resolve_asset_graph().get_all_asset_keys()
    assert dg.AssetKey(["eu_1", "drift_report"]) in keys


@pytest.mark.parametrize("settings", ["[models", "models = 3", "\x00", 'nonsense = "x"'])
def test_broken_settings_do_not_take_the_code_location_away(settings: str, project: Project) -> None:
    project.write("drift.toml", settings)
    assert environment_names(project.root) == ("production", "staging")
    dg.Definitions.validate_loadable(project.definitions)


def test_names_that_fall_together_stay_apart() -> None:
    assert identifiers(["eu-1", "eu_1", "models", "", "日本", "a" * 200]) == {
        "eu-1": "eu_1",
        "eu_1": "eu_1_2",
        "models": "models_2",
        "": "_",
        "日本": "__",
        "a" * 200: "a" * 80,
    }


@pytest.mark.parametrize("name", ["a b", "ünï", "x" * 120, "models", "a'b--<b>", "line\nbreak"])
def test_any_name_of_an_environment_makes_definitions_that_load(name: str) -> None:
    dg.Definitions.validate_loadable(build_definitions((name, "production")))


def test_the_package_is_the_code_location_and_costs_nothing_until_it_is_asked() -> None:
    script = (
        "import sys, drift_pipeline\n"
        "assert 'dagster' not in sys.modules\n"
        "assert 'code_location' in dir(drift_pipeline)\n"
        "import dagster\n"
        "assert isinstance(drift_pipeline.code_location, dagster.Definitions)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_below_orchestration_imports_dagster() -> None:
    package = Path(drift_pipeline.__file__).parent
    guilty = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "orchestration" not in path.parts
        and any(line.startswith(("import dagster", "from dagster")) for line in path.read_text().splitlines())
    ]
    assert guilty == []
