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
from drift_pipeline.history.artifacts import PAGE, REPORT, SQL, SUMMARY
from drift_pipeline.history.store import ArtifactStore

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

    `max_age`: an older report is not the one that this job made. StoreError if there is none, or only an old one: no
    output is better than the answer of yesterday.
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
    }
    markdown = store.latest(environment, SUMMARY) or ""
    return CiResult(outputs, annotated(report["findings"]), cut(markdown, SUMMARY_LIMIT), report)


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
    """Copies the newest artifacts under their names into a folder, for an upload step. Returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in (SQL, REPORT, SUMMARY, PAGE):
        text = store.latest(environment, name)
        # a run without drift has no SQL; the artifact has all the files all the same
        (folder / name).write_text(text or "-- no differences\n", encoding="utf-8")
        written.append(folder / name)
    return tuple(written)


def annotated(findings: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Workflow commands that mark the models' lines, the worst first, as many as GitHub shows of each level."""
    lines: list[str] = []
    left = dict.fromkeys(LEVELS.values(), ANNOTATIONS_PER_LEVEL)
    for finding in findings:
        level = LEVELS.get(str(finding["severity"]))
        if level is None or not left[level]:
            continue
        left[level] -= 1
        file, _, line = str(finding.get("location") or "").rpartition(":")
        place = f"file={_property(file)},line={line}," if file and line.isdigit() else ""
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
