"""The topology of docker/, started without containers: what is deployed ticks, alerts and runs again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from drift_pipeline.config import Database
from tests.base.shop import Shop, variables_of
from tests.base.topology import STEPS, STOP, ask, topology, wait_for
from tests.cli.conftest import locked_server as locked_server  # noqa: PLC0414 - a fixture
from tests.conftest import NewDatabase, run_sql
from tests.notify.bot_api import bot_api


@pytest.fixture
def dagster_db(locked_server: Database) -> Iterator[Database]:
    """What the service dagster-db is: an empty database behind a password."""
    run_sql(locked_server, "CREATE DATABASE dagster")
    yield Database("dagster", {**locked_server.parameters, "dbname": "dagster"})
    run_sql(locked_server, "DROP DATABASE dagster WITH (FORCE)")


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
            # a tick that is not over yet has no word for what it did
            wait_for(lambda: any(tick["skipReason"] for tick in running.sensor_ticks("new_commits")), log)
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
            wait_for(lambda: any(tick["runIds"] for tick in running.sensor_ticks("new_commits")), log)
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
