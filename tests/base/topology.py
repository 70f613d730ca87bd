"""webserver, daemon and code server, started here as docker/compose.yaml starts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from drift_pipeline.config import Database
from tests.base.compose import DOCKER, IMAGE, SCRIPTS, SERVICES
from tests.ports import free_port


@contextmanager
def started(log: Path, command: list[str], *, environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    """A service in the background; ended with everything that it started."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [SCRIPTS / command[0], *command[1:]],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
        assert process.poll() is None, log.read_text()[-3000:]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(what: Callable[[], bool], log: Path, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.5)


def ask(url: str, query: str, **variables: Any) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(url + "/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    assert "errors" not in answer, answer
    return answer["data"]


LAUNCH = """
mutation ($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
RUN = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


SENSOR = """
query ($selector: SensorSelector!) { sensorOrError(sensorSelector: $selector) { ... on Sensor { sensorState {
  ticks(limit: 20) { status skipReason runIds error { message } } } } } }
"""
SCHEDULE = """
query ($selector: ScheduleSelector!) { scheduleOrError(scheduleSelector: $selector) { ... on Schedule { scheduleState {
  id ticks(limit: 5) { status runIds error { message } } } } } }
"""
STOP = "mutation ($id: String!) { stopRunningSchedule(id: $id) { __typename } }"
TAGS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { tags { key value } } } }"
RERUN = """
mutation ($parent: String!) { launchRunReexecution(reexecutionParams: {parentRunId: $parent, strategy: FROM_FAILURE}) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
STEPS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { stepStats { stepKey status } } } }"
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


@dataclass
class Topology:
    """webserver, daemon and code server, started from the files in docker/ with PostgreSQL behind them."""

    url: str
    home: Path
    healthy: Callable[[str], bool]

    def status(self, run_id: str) -> str:
        return str(ask(self.url, RUN, id=run_id)["runOrError"]["status"])

    def ended(self, run_id: str) -> str:
        """How the run ended, when it has."""
        wait_for(lambda: self.status(run_id) in ENDED, self.home / "daemon.log")
        return self.status(run_id)

    def launch(self, job: str) -> str:
        selector = {**REPOSITORY, "jobName": job}
        launched = ask(self.url, LAUNCH, parameters={"selector": selector, "mode": "default"})["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def rerun(self, run_id: str) -> str:
        launched = ask(self.url, RERUN, parent=run_id)["launchRunReexecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def tags(self, run_id: str) -> dict[str, str]:
        return {tag["key"]: tag["value"] for tag in ask(self.url, TAGS, id=run_id)["runOrError"]["tags"]}

    def sensor_ticks(self, name: str) -> list[dict[str, Any]]:
        answer = ask(self.url, SENSOR, selector={**REPOSITORY, "sensorName": name})
        ticks: list[dict[str, Any]] = answer["sensorOrError"]["sensorState"]["ticks"]
        return ticks

    def schedule(self) -> dict[str, Any]:
        answer = ask(self.url, SCHEDULE, selector={**REPOSITORY, "scheduleName": "daily_drift_check"})
        state: dict[str, Any] = answer["scheduleOrError"]["scheduleState"]
        return state


REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "drift_pipeline"}


@contextmanager
def topology(checkout: Path, dagster_db: Database, folder: Path, variables: Mapping[str, str]) -> Iterator[Topology]:
    """The services as compose starts them, with addresses of this machine. `variables`: the code server's alone."""
    home, code, web = folder / "home", free_port(), free_port()
    home.mkdir()
    storage = dagster_db.parameters
    text = (DOCKER / "dagster.yaml").read_text()
    assert "port: 5432" in text
    (home / "dagster.yaml").write_text(text.replace("port: 5432", f"port: {storage['port']}"))
    workspace = yaml.safe_load((DOCKER / "workspace.yaml").read_text())
    workspace["load_from"][0]["grpc_server"] |= {"host": "127.0.0.1", "port": code}
    (home / "workspace.yaml").write_text(yaml.safe_dump(workspace))
    common = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("DAGSTER", "DRIFT", "PYTEST"))},
        **{name: value for name, value in os.environ.items() if name == "DRIFT_SCRATCH_HOME"},
        "DAGSTER_HOME": str(home),
        "DRIFT_STATE": str(folder / "state"),
        "DRIFT_ARTIFACTS": str(folder / "artifacts"),
        "DAGSTER_DB_HOST": storage["host"],
        "DAGSTER_DB_USER": storage["user"],
        "DAGSTER_DB_PASSWORD": storage["password"],
        "DAGSTER_DB_NAME": storage["dbname"],
    }

    def command(service: str) -> list[str]:
        """The service's own command, with addresses of this machine."""
        replaced = {"0.0.0.0": "127.0.0.1", "4000": str(code), "3000": str(web)}
        replaced[f"{IMAGE['DAGSTER_HOME']}/workspace.yaml"] = str(home / "workspace.yaml")
        return [replaced.get(part, part) for part in SERVICES[service]["command"]]

    def healthy(service: str) -> bool:
        """What the service's own health check says."""
        test = [
            part.replace("3000", str(web)).replace("4000", str(code))
            for part in SERVICES[service]["healthcheck"]["test"]
        ]
        done = subprocess.run([SCRIPTS / test[1], *test[2:]], env=common, cwd=home, capture_output=True, check=False)
        return done.returncode == 0

    migrate = [SCRIPTS / "dagster", *command("migrate")[1:]]
    migrated = subprocess.run(migrate, env=common, cwd=home, capture_output=True, text=True, check=False)
    assert migrated.returncode == 0, migrated.stderr[-2000:]
    with ExitStack() as stack:
        log = home / "code.log"
        stack.enter_context(started(log, command("code"), environment={**common, **variables}, folder=checkout))
        wait_for(lambda: healthy("code"), log)
        # neither has credentials of the databases that are checked, nor the models
        for service in ("webserver", "daemon"):
            log = home / f"{service}.log"
            stack.enter_context(started(log, command(service), environment=common, folder=home))
        wait_for(lambda: healthy("webserver"), home / "webserver.log")
        yield Topology(f"http://127.0.0.1:{web}", home, healthy)
