"""Since when a finding is there, and which commit declared what it is about."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drift_pipeline.blame import declared_by
from drift_pipeline.history.age import aged_by
from drift_pipeline.history.artifacts import keep_report
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.report import render
from drift_pipeline.report.report import Report
from tests.report.example import CONTEXT, extra, report

DAY = timedelta(days=1)
INDEX = extra("index", "public", "orders", "ix_old", unique=False)


def on(day: int, shown: Report) -> Report:
    return replace(shown, context=replace(CONTEXT, checked_at=datetime(2026, 11, day, 2, tzinfo=UTC)))


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(str(tmp_path / "artifacts"))


def finding_in(text: str | None) -> dict[str, object]:
    (finding,) = json.loads(text or "")["findings"]
    return dict(finding)


def test_the_kept_report_says_since_when_and_how_often(store: ArtifactStore) -> None:
    for day in (10, 11, 13):
        keep_report(store, on(day, report(INDEX)), f"run{day}")
    finding = finding_in(store.latest("production", "drift-report.json"))
    assert (finding["first_seen"], finding["seen_in"], finding["came_back"]) == ("2026-11-10T02:00:00+00:00", 3, None)
    summary = store.latest("production", "drift-summary.md") or ""
    assert "Since: 2026-11-10 (3 days), seen in 3 checks." in summary
    assert "2026-11-10 (3 days), seen in 3 checks." in (store.latest("production", "drift-report.html") or "")


def test_what_was_gone_and_came_back_says_so(store: ArtifactStore) -> None:
    for day, shown in ((10, report(INDEX)), (11, report()), (12, report(INDEX))):
        keep_report(store, on(day, shown), f"run{day}")
    finding = finding_in(store.latest("production", "drift-report.json"))
    assert (finding["seen_in"], finding["came_back"]) == (1, "2026-11-10T02:00:00+00:00")
    text = render.to_text(aged_by(store, on(13, report(INDEX))), 300)
    assert "Since: 2026-11-12 (1 day), seen in 2 checks. It was there before, until 2026-11-10, and came back." in text


def test_the_first_check_says_that_it_is_the_first_and_no_history_says_nothing(
    store: ArtifactStore, tmp_path: Path
) -> None:
    assert "Since: first seen in this check." in render.to_text(aged_by(store, on(10, report(INDEX))), 300)
    assert "Since" not in render.to_text(report(INDEX), 300)
    finding = finding_in(render.to_json(report(INDEX)))
    assert (finding["first_seen"], finding["seen_in"]) == (None, None)


# ---------------------------------------------------------------- the commit of the model


def git(folder: Path, *arguments: str, when: str = "2026-03-01T12:00:00Z") -> str:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@x", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@x"}
    environ = {**os.environ, **who, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    done = subprocess.run(["git", *arguments], cwd=folder, env=environ, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Two commits in a subfolder: the second one touched line 2 of the models."""
    folder = tmp_path / "checkout" / "backend"
    folder.mkdir(parents=True)
    models = folder / "my models.py"
    git(folder.parent, "init", "-q", "-b", "main")
    models.write_text("one\ntwo\nthree\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    models.write_text("one\n2\nthree\n")
    git(folder, "commit", "-qam", "second", when="2026-05-05T12:00:00Z")
    return folder


def test_the_commit_of_each_line_is_named(checkout: Path) -> None:
    second, first = git(checkout, "log", "--format=%H").splitlines()
    (checkout / "my models.py").write_text("one\n2\nthree\nfour\n")
    asked = {f"my models.py:{line}" for line in (1, 2, 4)} | {"gone.py:3", "nonsense"}
    found = declared_by(checkout, asked, timeout=60)
    assert found == {
        "my models.py:1": f"commit {first[:10]} of 2026-03-01",
        "my models.py:2": f"commit {second[:10]} of 2026-05-05",
        "my models.py:4": "not committed yet",
    }
    absolute = f"{checkout / 'my models.py'}:2"
    assert declared_by(checkout, [absolute], timeout=60) == {absolute: f"commit {second[:10]} of 2026-05-05"}


@pytest.mark.parametrize("owner", ["me", pytest.param("somebody else", marks=pytest.mark.skipif(
    os.geteuid() != 0, reason="only root gives files away"))])  # fmt: skip
def test_neither_a_users_settings_nor_a_mounted_checkout_keep_the_commit_secret(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: str
) -> None:
    (tmp_path / ".gitconfig").write_text("[blame]\nignoreRevsFile = .git-blame-ignore-revs\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "0")
    second, *_ = git(checkout, "log", "--format=%H").splitlines()
    if owner != "me":
        for path in (checkout.parent, *checkout.parent.rglob("*")):
            os.chown(path, 12345, 12345)
    found = declared_by(checkout, ["my models.py:2"], timeout=60)
    assert found == {"my models.py:2": f"commit {second[:10]} of 2026-05-05"}


def test_a_shallow_clone_blames_nobody(checkout: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{checkout.parent}", str(shallow))
    assert declared_by(shallow / "backend", ["my models.py:1"]) == {}


def test_without_git_and_without_time_nothing_is_said(checkout: Path, tmp_path: Path) -> None:
    assert declared_by(tmp_path, ["my models.py:1"]) == {}
    assert declared_by(checkout, ["my models.py:1"], timeout=0) == {}
    assert declared_by(checkout, ["my models.py:99"]) == {}
