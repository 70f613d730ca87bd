"""Dagster's own commands in processes of their own, as people and CI jobs type them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from drift_pipeline.config import Database
from tests.orchestration.project import AS_DECLARED, DRIFTED, Project
from tests.ports import free_port

pytestmark = pytest.mark.slow

TOP = Path(__file__).parents[2]
SCRIPTS = Path(sys.executable).parent
JOB = ["job", "execute", "-m", "drift_pipeline", "-j"]


def environment(project: Project, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DAGSTER", "DRIFT", "PYTEST"))}
    return {
        **kept,
        **project.variables,
        "DRIFT_ROOT": str(project.root),
        "DRIFT_ARTIFACTS": str(project.artifacts),
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": str(TOP),
        **more,
    }


def dagster(project: Project, *arguments: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPTS / "dagster"), *arguments],
        cwd=folder,
        env=environment(project, **more),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the top of a checkout is: with dagster.yaml and workspace.yaml, and nothing run yet."""
    top = tmp_path / "top"
    top.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(TOP / name, top / name)
    return top


@pytest.fixture
def both(project: Project, new_database: Callable[..., Database]) -> Project:
    project.connect("PROD", new_database(DRIFTED))
    project.connect("STAGING", new_database(AS_DECLARED))
    return project


def test_job_execute_ends_with_0_whatever_it_found_and_keeps_its_history(both: Project, folder: Path) -> None:
    first = dagster(both, *JOB, "drift_check", folder=folder)
    assert first.returncode == 0, first.stderr[-3000:]
    assert json.loads(both.store.latest("production", "drift-report.json") or "")["summary"]["drift_detected"]

    second = dagster(both, *JOB, "drift_check_production", folder=folder)
    assert second.returncode == 0
    # the daemon and the UI need DAGSTER_HOME, and find the same history there
    listed = dagster(both, "run", "list", folder=folder, DAGSTER_HOME=str(folder))
    assert listed.stdout.count("Run: ") == 2
    assert {path.name for path in folder.iterdir()} == {"dagster.yaml", "workspace.yaml", ".dagster_home"}
    assert "hunter2" not in first.stdout + first.stderr + second.stdout + second.stderr


def test_job_execute_ends_with_1_and_the_next_step_when_it_could_not_look(project: Project, folder: Path) -> None:
    project.variables["PROD_DB_HOST"] = "127.0.0.1"
    done = dagster(project, *JOB, "drift_check_production", folder=folder)
    assert done.returncode == 1
    assert "PROD_DB_" in done.stdout + done.stderr


def test_the_definitions_are_valid_for_every_tool_that_loads_them(project: Project, folder: Path) -> None:
    assert dagster(project, "definitions", "validate", folder=folder).returncode == 0
    checked = subprocess.run(
        [str(SCRIPTS / "dagster"), "definitions", "validate", "-m", "drift_pipeline"],
        cwd=folder,
        env=environment(project),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_job_execute_stays_within_three_seconds_of_a_trivial_job(both: Project, folder: Path) -> None:
    (folder / "trivial.py").write_text(
        "import dagster as dg\n"
        "@dg.asset\n"
        "def one() -> int:\n"
        "    return 1\n"
        "defs = dg.Definitions(assets=[one], jobs=[dg.define_asset_job('trivial')], executor=dg.in_process_executor)\n"
    )

    def seconds(*arguments: str) -> float:
        began = time.monotonic()
        done = dagster(both, *arguments, folder=folder)
        assert done.returncode == 0, done.stderr[-2000:]
        return time.monotonic() - began

    ours = (*JOB, "drift_check")
    trivial = ("job", "execute", "-f", "trivial.py", "-j", "trivial")
    seconds(*ours)
    # the best of several: other work on the machine only ever adds
    measured = []
    for _ in range(4):
        measured.append((seconds(*ours), seconds(*trivial)))
        best = [min(column) for column in zip(*measured, strict=True)]
        # three seconds where a trivial job takes one; as much more where that takes more
        if best[0] - best[1] < 3.0 * max(1.0, best[1]):
            break
    else:
        pytest.fail(f"seconds of ours and of the trivial one: {measured}")


@contextmanager
def dagster_dev(project: Project, folder: Path, port: int) -> Iterator[str]:
    """Webserver, daemon and code server, ended with everything they started."""
    log = folder / "dev.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(SCRIPTS / "dagster"), "dev", "-h", "127.0.0.1", "-p", str(port)],
            cwd=folder,
            env=environment(project, DAGSTER_HOME=str(folder)),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 300
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=30):
                    break
            except OSError:
                assert process.poll() is None, log.read_text()[-3000:]
                assert time.monotonic() < deadline, log.read_text()[-3000:]
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/graphql"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(url: str, query: str, **variables: Any) -> Mapping[str, Any]:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    assert "errors" not in answer, answer
    return answer["data"]  # type: ignore[no-any-return]


LAUNCH = """
mutation ($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
RUN = "query ($id: ID!) { runOrError(runId: $id) { __typename ... on Run { status } } }"
STATES = """
{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name }
    schedules { name scheduleState { status } } sensors { name sensorState { status } } } } } }
"""


def test_the_ui_runs_jobs_and_schedule_and_sensor_are_on_from_the_start(both: Project, folder: Path) -> None:
    with dagster_dev(both, folder, free_port()) as url:
        (repository,) = ask(url, STATES)["repositoriesOrError"]["nodes"]
        assert {item["name"]: item["scheduleState"]["status"] for item in repository["schedules"]} == {
            "daily_drift_check": "RUNNING",
            "nightly_retention": "RUNNING",
        }
        sensors = {item["name"]: item["sensorState"]["status"] for item in repository["sensors"]}
        assert {sensors[name] for name in ("new_commits", "failed_runs", "overdue_checks")} == {"RUNNING"}
        parameters = {
            "selector": {
                "repositoryName": repository["name"],
                "repositoryLocationName": repository["location"]["name"],
                "jobName": "drift_check_production",
            },
            "mode": "default",
        }
        launched = ask(url, LAUNCH, parameters=parameters)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        status = ""
        deadline = time.monotonic() + 400
        while status not in ("SUCCESS", "FAILURE") and time.monotonic() < deadline:
            time.sleep(1)
            status = ask(url, RUN, id=launched["run"]["runId"])["runOrError"]["status"]
        assert status == "SUCCESS"
    assert both.store.runs("production") == [launched["run"]["runId"]]
    # what the run left lies in the folder, and not in the one that a process happened to work in
    assert (folder / ".dagster_home" / "storage" / "production" / "drift_report.json").is_file()


def test_the_instance_keeps_its_history_and_asks_nobody_for_anything() -> None:
    settings = yaml.safe_load((TOP / "dagster.yaml").read_text())
    assert settings["storage"]["sqlite"]["base_dir"] == ".dagster_home"
    assert settings["telemetry"]["enabled"] is False
    assert settings["nux"]["enabled"] is False
