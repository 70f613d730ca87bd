"""What a CI job takes from a check that was just made: outputs, step summary, annotations, files to upload.

Works on the artifacts that `dagster job execute` (or `drift check --artifacts`) left in the store, so that the job's
exit code never mixes up drift with a crash: this reads a finished report, or says that there is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from drift_pipeline.errors import StoreError
from drift_pipeline.history.artifacts import JUNIT, PAGE, REPORT, SARIF, SQL, SUMMARY
from drift_pipeline.history.checks import CheckRecord
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.report.escape import code

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of a step summary; GitHub drops a longer one altogether (docs.github.com, workflow commands)."""

ANNOTATIONS_PER_LEVEL = 10
"""GitHub shows so many of each level in a step and drops the others without a word."""

LEVELS = {"critical": "error", "major": "warning", "minor": "notice"}


@dataclass(frozen=True)
class CiResult:
    """What the job is told: `outputs` by name, `annotations` as lines for standard output, and the severity."""

    outputs: Mapping[str, str]
    annotations: tuple[str, ...]
    summary: str
    report: Mapping[str, Any]


def read_result(
    store: ArtifactStore, environment: str, *, attempt: str = "1", max_age: timedelta, now: datetime | None = None
) -> CiResult:
    """The result of the newest check of this environment.

    Outputs: drift_detected, severity, report_artifact, and last_success, when somebody last looked. `max_age`: an older
    report is not the one that this job made. StoreError if there is none, or only an old one: no output is better than
    the answer of yesterday.
    """
    text = store.latest(environment, REPORT)
    if text is None:
        raise StoreError(
            f"{environment}: no report in the artifact store",
            hint="run the check first: dagster job execute, or drift check --artifacts",
        )
    report: dict[str, Any] = json.loads(text)
    made = datetime.fromisoformat(report["context"]["checked_at"])
    age = (now or datetime.now(UTC)) - made
    if age > max_age:
        raise StoreError(
            f"{environment}: the newest report is from {made:%Y-%m-%d %H:%M} UTC, so this job made none",
            hint="look at the step that ran the check: it says why it could not look",
        )
    summary = report["summary"]
    outputs = {
        "drift_detected": "true" if summary["drift_detected"] else "false",
        "severity": str(summary["severity"]),
        "report_artifact": f"schema-drift-{environment}-{attempt}",
        "last_success": moment(made),
    }
    markdown = store.latest(environment, SUMMARY) or ""
    folder = str(report["context"].get("folder", ""))
    return CiResult(outputs, annotated(report["findings"], folder=folder), cut(markdown, SUMMARY_LIMIT), report)


def nobody_looked(store: ArtifactStore, environment: str, *, now: datetime | None = None) -> CiResult:
    """What a job is told that could not look: since when nobody has. No other output: they stay empty."""
    try:
        last: CheckRecord | None = next(iter(store.checks(environment, last=1)), None)
    except StoreError:
        last = None
    text = "Nobody knows of an earlier check of this environment."
    if last:
        days = ((now or datetime.now(UTC)) - last.checked_at).days
        ago = "today" if days < 1 else f"{days} day{'' if days == 1 else 's'} ago"
        text = f"The last check that could look was made at {last.checked_at:%Y-%m-%d %H:%M} UTC ({ago})"
        text += f" and found {last.severity} drift." if last.total else " and found no drift."
    summary = (
        f"# ❌ Schema drift: {code(environment)} could not be looked at\n\n{text} Whether the schema has drifted since "
        "is not known: the log of the step that ran the check says what is in the way, and what to do.\n"
    )
    outputs = {"last_success": moment(last.checked_at)} if last else {}
    place = f"title={_property('Schema drift')}"
    return CiResult(
        outputs, (f"::error {place}::{_data(f'{environment} could not be looked at. {text}')}",), summary, {}
    )


def moment(when: datetime) -> str:
    """The time as UTC, as programs read it."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def write_github_files(result: CiResult, environ: Mapping[str, str]) -> None:
    """Appends to the files that GITHUB_OUTPUT and GITHUB_STEP_SUMMARY name; does nothing outside of GitHub."""
    for variable, text in (
        ("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in result.outputs.items())),
        ("GITHUB_STEP_SUMMARY", result.summary),
    ):
        if path := environ.get(variable):
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(text)


def copy_artifacts(store: ArtifactStore, environment: str, folder: Path) -> tuple[Path, ...]:
    """Copies the newest artifacts under their names into a folder, for an upload step. Returns what was written.

    A run without drift has no SQL; the artifact has that file all the same.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in (SQL, REPORT, SUMMARY, PAGE, SARIF, JUNIT):
        text = store.latest(environment, name) or ("-- no differences\n" if name == SQL else "")
        if text:
            (folder / name).write_text(text, encoding="utf-8")
            written.append(folder / name)
    return tuple(written)


def annotated(findings: Sequence[Mapping[str, Any]], *, folder: str = "") -> tuple[str, ...]:
    """Workflow commands that mark the models' lines, the worst first, as many as GitHub shows of each level.

    `folder`: within the repository, to which the places of models are relative. What is set aside is not marked.
    """
    lines: list[str] = []
    left = dict.fromkeys(LEVELS.values(), ANNOTATIONS_PER_LEVEL)
    for finding in findings:
        level = LEVELS.get(str(finding["severity"]))
        if level is None or not left[level] or finding.get("set_aside"):
            continue
        left[level] -= 1
        file, _, line = str(finding.get("location") or "").rpartition(":")
        path = file if file.startswith("/") else f"{folder}{file}"
        place = f"file={_property(path)},line={line}," if file and line.isdigit() else ""
        lines.append(f"::{level} {place}title={_property('Schema drift')}::{_data(str(finding['title']))}")
    return tuple(lines)


def cut(text: str, limit: int) -> str:
    """The text, or as many whole lines of it as fit into `limit` bytes with a word that there is more."""
    if len(text.encode()) <= limit:
        return text
    note = "\n\n*… and more: the whole report is in the artifact.*\n"
    room = limit - len(note.encode())
    kept = text.encode()[:room].decode(errors="ignore")
    return kept.rpartition("\n")[0] + note


def _data(text: str) -> str:
    # the runner ends a command at a line break and decodes these three again
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
