"""What Dagster finds: assets, jobs, schedule, checks; and that it finds them without any settings or credentials."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

import drift_pipeline
from drift_pipeline.orchestration.definitions import build_definitions, environment_names
from drift_pipeline.orchestration.links import web_address
from drift_pipeline.orchestration.names import identifiers
from tests.orchestration.project import SETTINGS, Project, give_history, schedule_of

STAGES = ["drift_report", "live_schema", "migration", "schema_diff"]
CHECKS = [
    "everything_covered",
    "no_critical_drift",
    "no_expired_waiver",
    "no_major_drift",
    "nothing_breaks",
    "plan_proven",
]


def daily(defs: dg.Definitions) -> dg.ScheduleDefinition:
    return schedule_of(defs, "daily_drift_check")


def keys_of(defs: dg.Definitions) -> list[str]:
    return sorted(key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys())


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return build_definitions(("production", "staging"))


def test_every_asset_is_there_and_no_other(defs: dg.Definitions) -> None:
    assert keys_of(defs) == [
        "drift_trend",
        "model_schema",
        "production/drift_report",
        "production/live_schema",
        "production/migration",
        "production/schema_diff",
        "staging/drift_report",
        "staging/live_schema",
        "staging/migration",
        "staging/schema_diff",
    ]


def test_with_a_history_it_stands_upstream_of_every_difference(project: Project) -> None:
    before = keys_of(project.definitions)
    give_history(project)
    defs = project.definitions
    assert set(keys_of(defs)) - set(before) == {"migration_history"}
    graph = defs.resolve_asset_graph()
    children = graph.get(dg.AssetKey("migration_history")).child_keys
    assert {key.to_user_string() for key in children} == {"production/schema_diff", "staging/schema_diff"}
    assert "migration_history" in {node.name for node in defs.resolve_job_def("drift_check_staging").nodes}


def test_the_stages_follow_each_other_as_the_use_case_has_them(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()

    def parents(*path: str) -> set[str]:
        return {key.to_user_string() for key in graph.get(dg.AssetKey(path)).parent_keys}

    assert parents("model_schema") == set()
    assert parents("staging", "live_schema") == set()
    assert parents("staging", "schema_diff") == {"model_schema", "staging/live_schema"}
    assert parents("staging", "drift_report") == {"model_schema", "staging/live_schema", "staging/schema_diff"}
    assert parents("staging", "migration") == {"model_schema", "staging/live_schema", "staging/drift_report"}
    assert parents("drift_trend") == {"production/drift_report", "staging/drift_report"}


def test_every_asset_tells_what_it_is_and_to_whom_it_belongs(defs: dg.Definitions) -> None:
    for spec in defs.resolve_all_asset_specs():
        assert len(spec.description or "") > 40, spec.key
        assert spec.kinds, spec.key
        assert spec.code_version == drift_pipeline.__version__
        environment = spec.key.path[0] if len(spec.key.path) > 1 else None
        alone = {"model_schema": "models", "drift_trend": "trend"}
        assert spec.group_name == (environment or alone[spec.key.path[0]])
        assert spec.tags.get("drift/env") == environment
        assert not spec.owners


def test_owners_are_those_of_the_settings(project: Project) -> None:
    project.write("drift.toml", 'owners = ["dba@example.com", "team:data"]\n' + SETTINGS)
    for spec in project.definitions.resolve_all_asset_specs():
        assert list(spec.owners) == ["dba@example.com", "team:data"], spec.key


def test_a_report_is_overdue_after_twenty_six_hours_or_as_the_settings_say(project: Project) -> None:
    def windows() -> dict[str, timedelta]:
        policies = {
            spec.key.to_user_string(): spec.freshness_policy for spec in project.definitions.resolve_all_asset_specs()
        }
        return {key: policy.fail_window.to_timedelta() for key, policy in policies.items() if policy}

    overdue = dict.fromkeys(("drift_trend", "production/drift_report", "staging/drift_report"), timedelta(hours=26))
    assert windows() == overdue
    project.write("drift.toml", SETTINGS + "[schedule]\nsilence_hours = 170\n")
    assert windows() == dict.fromkeys(overdue, timedelta(hours=170))


def test_the_models_code_is_one_click_away(project: Project) -> None:
    def shown() -> list[str]:
        spec = next(
            spec for spec in project.definitions.resolve_all_asset_specs() if spec.key == dg.AssetKey("model_schema")
        )
        return [reference.source for reference in spec.metadata["dagster/code_references"].code_references]

    assert shown() == [str(project.root / name) for name in ("shop/models.py", "drift.toml")]

    # where the repository has pages, they are linked: whoever looks at the UI does not sit at the server
    folder = project.root.parent
    for command in (
        ["init", "--quiet", "-b", "main"],
        ["add", "."],
        ["-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "first"],
        ["remote", "add", "origin", "https://me:hunter2@github.com/acme/shop.git"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    sha = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True).stdout
    base = f"https://github.com/acme/shop/blob/{sha.strip()}/project"
    assert shown() == [f"{base}/shop/models.py", f"{base}/drift.toml"]


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://x-access-token:ghp_1@github.com/o/r.git", "https://github.com/o/r"),
        ("git@github.com:o/r.git", "https://github.com/o/r"),
        ("ssh://git@gitlab.example.com:2222/g/s/r.git", "https://gitlab.example.com/g/s/r/-"),
        ("/srv/git/github/r", ""),
        ("https://git.example.com/o/r", ""),
        ("javascript://github.com/%0aalert(1)", ""),
        ("", ""),
    ],
)
def test_a_repositorys_pages_are_known_by_its_host_and_hold_no_credentials(remote: str, address: str) -> None:
    assert web_address(remote) == address


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
    jobs = [job for job in defs.resolve_all_job_defs() if job.name != "drift_retention"]
    assert not any(job.hook_defs for job in jobs)


def test_every_report_has_its_checks_and_none_blocks(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    keys = graph.get_check_keys_for_assets({dg.AssetKey(["production", "drift_report"])})
    assert sorted(key.name for key in keys) == CHECKS
    assert not any(graph.get_check_spec(key).blocking for key in keys)


def test_the_jobs_are_one_for_everything_and_one_for_each_environment(defs: dg.Definitions) -> None:
    def nodes(name: str) -> set[str]:
        return {node.name for node in defs.resolve_job_def(name).nodes}

    assert nodes("drift_check_staging") == {
        "model_schema",
        *(f"staging__{stage}" for stage in STAGES),
        "drift_trend",
    }
    assert nodes("drift_check") == nodes("drift_check_staging") | nodes("drift_check_production")


def test_nobody_pays_for_the_multiprocess_executor(defs: dg.Definitions) -> None:
    assert defs.resolve_job_def("drift_check").executor_def is dg.in_process_executor
    assert defs.resolve_implicit_global_asset_job_def().executor_def is dg.in_process_executor


def test_the_schedule_runs_from_the_start_at_two_utc_and_starts_a_run_for_each_environment(
    defs: dg.Definitions,
) -> None:
    schedule = daily(defs)
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
    assert [request.run_key for request in requests] == ["2026-05-01T02:00:production", "2026-05-01T02:00:staging"]
    for request in requests:
        selected = {key.to_user_string() for key in request.asset_selection or ()}
        own = {f"{request.tags['drift/env']}/{stage}" for stage in STAGES}
        assert selected == {"model_schema", "drift_trend", *own}


def test_cron_line_and_time_zone_are_settings_and_every_tick_has_runs_of_its_own(project: Project) -> None:
    project.write("drift.toml", SETTINGS + '[schedule]\ncron = "0 */6 * * *"\ntimezone = "Europe/Berlin"\n')
    defs = project.definitions
    schedule = daily(defs)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 */6 * * *", "Europe/Berlin")

    def keys(hour: int) -> set[str | None]:
        with dg.DagsterInstance.ephemeral() as instance:
            moment = datetime(2026, 5, 1, hour, 0, tzinfo=ZoneInfo("Europe/Berlin"))
            context = dg.build_schedule_context(
                instance=instance, scheduled_execution_time=moment, repository_def=defs.get_repository_def()
            )
            return {request.run_key for request in schedule.evaluate_tick(context).run_requests or []}

    # the same key twice would let Dagster leave the later run out
    assert len(keys(0) | keys(6)) == 4


def test_a_cron_line_that_is_none_leaves_the_usual_one(project: Project) -> None:
    project.write("drift.toml", SETTINGS + '[schedule]\ncron = "tomorrow"\n')
    assert daily(project.definitions).cron_schedule == "0 2 * * *"


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
