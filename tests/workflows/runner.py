"""Runs a job's steps in order, as GitHub's runner would: same shell, same GITHUB_* files, same expressions.

Only what our own workflows use is understood; an expression or an action of any other form fails the test that meets
it. The cache's actions keep folders below `cache`, the upload's below `uploads`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass
class Run:
    """One run of a job. `contexts`: inputs, secrets, github, as the expressions name them."""

    contexts: Mapping[str, Mapping[str, Any]]
    workspace: Path
    temp: Path
    environ: Mapping[str, str]
    cache: Path
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    scanned: dict[str, Path] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    failed: str = ""

    @property
    def summary(self) -> str:
        """What was written to the step summary."""
        path = self.temp / "summary.md"
        return path.read_text() if path.exists() else ""

    def job(self, job: Mapping[str, Any], *, skip: frozenset[str] = frozenset()) -> Mapping[str, str]:
        """Runs the job; returns its outputs. `failed`: the first step that did; then only steps that ask for it run."""
        job_env = {key: self.text(value) for key, value in job.get("env", {}).items()}
        for step in job["steps"]:
            if step["name"] in skip or not self.condition(step.get("if", "success()")):
                continue
            done = self.step(step, job_env) if "run" in step else self.action(step)
            self.outcomes[step.get("id", step["name"])] = "success" if done else "failure"
            if not done:
                self.failed = self.failed or step["name"]
        return {name: self.text(value) for name, value in job.get("outputs", {}).items()}

    @property
    def uploads(self) -> dict[str, Path]:
        """What was uploaded, by the artifact's name."""
        folder = self.temp / "uploads"
        return {path.name: path for path in folder.iterdir()} if folder.exists() else {}

    def action(self, step: Mapping[str, Any]) -> bool:
        """Does what the action of this step does, on this machine; False if it failed."""
        action = step["uses"].partition("@")[0]
        given = {key: self.text(value) for key, value in step.get("with", {}).items()}
        if action in {"actions/checkout", "actions/setup-python"}:
            return True
        if action == "github/codeql-action/upload-sarif":
            self.scanned[given["category"]] = self.workspace / given["sarif_file"]
            return True
        path = self.workspace / given["path"]
        if action == "actions/download-artifact":
            shutil.copytree(self.uploads[given["name"]], path)
        elif action == "actions/cache/restore":
            kept = sorted(self.cache.glob(given["restore-keys"] + "*"), key=lambda folder: folder.stat().st_mtime)
            if kept:
                shutil.copytree(kept[-1], path)
        elif action == "actions/cache/save":
            assert not (self.cache / given["key"]).exists(), "the key of a cache is saved once"
            shutil.copytree(path, self.cache / given["key"])
        elif action == "actions/upload-artifact":
            assert given["name"], "an artifact needs a name"
            shutil.copytree(path, self.temp / "uploads" / given["name"])
        else:
            raise AssertionError(f"an action that this runner does not know: {action}")
        return True

    def step(self, step: Mapping[str, Any], job_env: Mapping[str, str]) -> bool:
        """Runs one step's script; False if it failed."""
        output, script = self.temp / "output.txt", self.temp / "script.sh"
        output.write_text("")
        assert "${{" not in step["run"], "an expression inside a script is an injection waiting to happen"
        script.write_text(step["run"])
        environment = {
            **self.environ,
            **job_env,
            **{key: self.text(value) for key, value in step.get("env", {}).items()},
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            "GITHUB_ACTIONS": "true",
            "RUNNER_TEMP": str(self.temp),
            "CI": "true",
        }
        result = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.log.append(f"--- {step['name']}\n{result.stdout}{result.stderr}")
        if "id" in step:
            pairs = (line.partition("=") for line in output.read_text().splitlines())
            self.outputs[step["id"]] = {name: value for name, _, value in pairs}
        return result.returncode == 0

    def text(self, value: Any) -> str:
        """The value with its expressions replaced."""
        return EXPRESSION.sub(lambda match: str(self.expression(match[1])), str(value))

    def condition(self, text: str) -> bool:
        """An `if:`: terms joined by &&. One that does not speak of failure holds only where nothing has failed."""
        terms = [term.strip() for term in text.split("&&")]
        if not {"success()", "failure()"} & set(terms):
            terms.append("success()")
        return all(self.term(term) for term in terms)

    def term(self, term: str) -> bool:
        if term in {"success()", "failure()"}:
            return bool(self.failed) is (term == "failure()")
        sign = "!=" if "!=" in term else "=="
        left, compared, right = term.partition(sign)
        value = self.expression(left.strip())
        if not compared:
            return value in (True, "true")
        return (str(value) == right.strip().strip("'")) is (sign == "==")

    def expression(self, text: str) -> Any:
        """`a.b.c`, or `a.b || 'default'`: the first that is not empty."""
        for term in (part.strip() for part in text.split("||")):
            value = term.strip("'") if term.startswith("'") else self._look_up(term)
            if value not in ("", None, False):
                return value
        return ""

    def _look_up(self, path: str) -> Any:
        assert re.fullmatch(r"[\w-]+(\.[\w-]+)+", path), f"an expression that this runner does not know: {path}"
        head, *rest = path.split(".")
        if head == "steps":
            if rest[1] == "outcome":
                return self.outcomes.get(rest[0], "skipped")
            step, _, name = rest
            return self.outputs.get(step, {}).get(name, "")
        value: Any = self.contexts.get(head, {})
        for name in rest:
            value = value.get(name, "")
        return value


def base_environment(*folders: Path) -> dict[str, str]:
    """What a runner's shell has: a PATH that begins with these folders, and a home. No credentials of ours."""
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR", "DRIFT_SCRATCH_HOME") if key in os.environ}
    return {**kept, "PATH": os.pathsep.join([*map(str, folders), os.environ["PATH"]])}
