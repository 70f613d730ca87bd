"""A worker that is really killed: Dagster's daemon notices, starts the run once more, and people are told once."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drift_pipeline.config import Database
from tests.notify.bot_api import bot_api
from tests.orchestration.project import AS_DECLARED, Project
from tests.orchestration.test_processes import LAUNCH, STATES, ask, dagster_dev, folder
from tests.ports import free_port

__all__ = ["folder"]

pytestmark = pytest.mark.slow

HANGING = """\
import pathlib, time
while pathlib.Path({wait!r}).exists():
    time.sleep(0.1)
"""

RUNS = "{ runsOrError { ... on Runs { results { runId status jobName tags { key value } } } } }"
LOGS = """
query ($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events {
  ... on MessageEvent { message } } } } }
"""
TICKS = """
{ repositoriesOrError { ... on RepositoryConnection { nodes { sensors { name
    sensorState { ticks(limit: 5) { status skipReason error { message } } } } } } } }
"""


class Dagster:
    """What a test does in the UI, through the UI's own API."""

    def __init__(self, url: str) -> None:
        self.url = url
        (self.repository,) = ask(url, STATES)["repositoriesOrError"]["nodes"]

    def launch(self, job: str) -> str:
        selector = {
            "repositoryName": self.repository["name"],
            "repositoryLocationName": self.repository["location"]["name"],
            "jobName": job,
        }
        launched = ask(self.url, LAUNCH, parameters={"selector": selector, "mode": "default"})["launchRun"]
        return str(launched["run"]["runId"])

    def runs(self) -> dict[str, dict[str, Any]]:
        return {run["runId"]: run for run in ask(self.url, RUNS)["runsOrError"]["results"]}

    def status(self, run_id: str) -> str:
        return str(self.runs()[run_id]["status"])

    def tags(self, run_id: str) -> dict[str, str]:
        return {tag["key"]: tag["value"] for tag in self.runs()[run_id]["tags"]}

    def ticks_of(self, *names: str) -> dict[str, list[dict[str, Any]]]:
        """Sensor -> its newest ticks that are over; nothing until each of these has one."""
        (repository,) = ask(self.url, TICKS)["repositoriesOrError"]["nodes"]
        ticks = {
            sensor["name"]: [tick for tick in sensor["sensorState"]["ticks"] if tick["status"] != "STARTED"]
            for sensor in repository["sensors"]
        }
        return ticks if all(ticks[name] for name in names) else {}

    def worker(self, run_id: str) -> int:
        """The process that the run works in, once it says so."""
        said = [event.get("message", "") for event in ask(self.url, LOGS, id=run_id)["logsForRun"]["events"]]
        found = re.search(r"\(pid: (\d+)\)", "\n".join(said))
        return int(found[1]) if found else 0


def until(what: Callable[[], Any], seconds: float = 240.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.3)
    return found


def test_a_killed_worker_is_started_once_more_and_told_of_once_and_meanwhile_no_other_run_looks(
    project: Project, folder: Path, new_database: Callable[..., Database]
) -> None:
    wait = folder / "wait"
    wait.touch()
    models = (project.root / "shop/models.py").read_text()
    project.write("shop/models.py", HANGING.format(wait=str(wait)) + models)
    project.connect("PROD", new_database(AS_DECLARED))
    project.connect("STAGING", new_database(AS_DECLARED))
    settings = (folder / "dagster.yaml").read_text()
    (folder / "dagster.yaml").write_text(settings.replace("poll_interval_seconds: 30", "poll_interval_seconds: 2"))
    with bot_api() as telegram:
        project.variables |= telegram.variables()
        with dagster_dev(project, folder, free_port()) as url:
            dagster = Dagster(url)
            first = dagster.launch("drift_check_production")
            until(lambda: dagster.status(first) == "STARTED")
            os.kill(until(lambda: dagster.worker(first)), signal.SIGKILL)
            (second,) = until(
                lambda: [
                    run
                    for run, known in dagster.runs().items()
                    if {"key": "dagster/parent_run_id", "value": first} in known["tags"]
                ]
            )
            until(lambda: dagster.status(second) == "STARTED")
            everything = dagster.launch("drift_check")
            time.sleep(5.5)  # the queue is looked at every five seconds
            # production is being looked at, so that a run of all environments waits
            assert dagster.status(everything) == "QUEUED"
            os.kill(until(lambda: dagster.worker(second)), signal.SIGKILL)
            until(lambda: telegram.sent)
            until(lambda: dagster.status(everything) != "QUEUED")
            wait.unlink()
            until(lambda: "drift/notified_by" in dagster.tags(second))
            tags = dagster.tags(second)
            ticks = until(lambda: dagster.ticks_of("overdue_checks", "new_commits"))
    assert len(telegram.sent) == 1
    assert "🗄️ Environment: production" in telegram.sent[0]["seen"]
    assert "its process ended without a word" in telegram.sent[0]["seen"]
    assert tags["drift/notified_by"] == "sensor"
    assert [tick for name in ticks for tick in ticks[name] if tick["status"] == "FAILURE"] == []
    assert ticks["overdue_checks"][0]["skipReason"] == "every environment was checked in time"
    assert "in no git repository" in ticks["new_commits"][0]["skipReason"]
