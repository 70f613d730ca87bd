"""The artifact store: whole or not at all, names are data, faults are StoreErrors."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from drift_pipeline.errors import StoreError
from drift_pipeline.history.checks import CheckRecord, SeenFinding
from drift_pipeline.history.store import ArtifactStore

HOSTILE = [
    "../../outside",
    "..",
    ".",
    "a/b",
    "a\\b",
    "line\nbreak",
    "ünïcode 🗄️",
    "con:%2F",
    "-rf",
    "<script>",
    "'; drop",
]


def record(run_id: str, when: datetime, **findings: str) -> CheckRecord:
    return CheckRecord(
        environment="production",
        run_id=run_id,
        checked_at=when,
        severity="minor",
        counts={"critical": 0, "major": 0, "minor": len(findings)},
        breaks=0,
        live_fingerprint="live",
        model_fingerprint="models",
        findings={key: SeenFinding("minor", "none", title) for key, title in findings.items()},
    )


@pytest.fixture(params=["folder", "file url", "object storage"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(
        {
            "folder": str(tmp_path / "artifacts"),
            "file url": f"file://{tmp_path}/artifacts",
            "object storage": f"memory://bucket/{uuid4()}",
        }[request.param]
    )


def test_a_runs_artifacts_are_kept_as_its_own_and_as_the_latest(store: ArtifactStore) -> None:
    store.write("production", "run-1", {"schema-diff.sql": "select 1;\n", "drift-summary.md": "# one\n"})
    places = store.write("production", "run-2", {"schema-diff.sql": "select 2;\n"})

    assert list(places) == ["schema-diff.sql"]
    assert places["schema-diff.sql"].endswith("/production/runs/run-2/schema-diff.sql")
    assert store.latest("production", "schema-diff.sql") == "select 2;\n"
    assert store.read("production", "run-1", "schema-diff.sql") == "select 1;\n"
    assert store.latest("production", "drift-summary.md") == "# one\n"
    assert store.runs("production") == ["run-1", "run-2"]


def test_text_comes_back_as_it_was_on_every_kind_of_store(store: ArtifactStore) -> None:
    text = "-- 🔴 ünïcode\r\nselect 'a''b';\n\ttab\u2028end"
    store.write("production", "r", {"a.sql": text})
    assert store.latest("production", "a.sql").encode() == text.encode()  # type: ignore[union-attr]


def test_an_artifact_that_the_last_check_does_not_have_is_no_longer_the_latest(store: ArtifactStore) -> None:
    store.write("production", "run-1", {"migration.py": "revision = 1\n"})
    assert store.write("production", "run-2", {"migration.py": ""}) == {}

    assert store.latest("production", "migration.py") is None
    assert store.read("production", "run-1", "migration.py") == "revision = 1\n"


def test_what_was_never_written_is_empty_and_no_error(store: ArtifactStore) -> None:
    assert store.latest("production", "drift-report.json") is None
    assert store.read("production", "run-1", "drift-report.json") is None
    assert store.runs("production") == []
    assert store.checks("production") == []
    assert store.environments() == []


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_below_the_root_and_come_back(name: str, tmp_path: Path) -> None:
    root = tmp_path / "deep" / "artifacts"
    store = ArtifactStore(str(root))
    place = store.write(name, name, {"report.json": "{}"})["report.json"]

    assert Path(os.path.realpath(place)).is_relative_to(root)
    assert store.environments() == [name]
    assert store.runs(name) == [name]
    assert store.latest(name, "report.json") == "{}"
    assert {path.name for path in tmp_path.iterdir()} == {"deep"}


@pytest.mark.parametrize("name", ["", "x" * 300, "🗄" * 60])
def test_names_that_are_no_folder_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the name of the environment is"):
        ArtifactStore(str(tmp_path)).write(name, "r", {"a": "b"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "", "a\nb", "latest/../../x"])
def test_artifact_names_are_plain_file_names(name: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="plain file name"):
        ArtifactStore(str(tmp_path)).write("production", "r", {name: "text"})


def test_nothing_hidden_is_left_beside_the_lock(tmp_path: Path) -> None:
    ArtifactStore(str(tmp_path)).write("production", "r", {"a.sql": "x", "b.sql": "y"})
    found = {str(path.relative_to(tmp_path / "production")) for path in (tmp_path / "production").rglob("*")}
    assert found == {
        ".lock",
        "runs",
        "runs/r",
        "runs/r/a.sql",
        "runs/r/b.sql",
        "latest",
        "latest/a.sql",
        "latest/b.sql",
    }


def test_a_full_disk_is_a_store_error_and_leaves_the_earlier_artifacts(tmp_path: Path) -> None:
    store = ArtifactStore(str(tmp_path))
    store.write("production", "before", {"report.json": "earlier", "big.sql": "earlier"})

    def limit() -> None:
        # the kernel refuses to let any file grow beyond this, as a full disk does
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    script = textwrap.dedent(
        """
        import sys
        from drift_pipeline.errors import StoreError
        from drift_pipeline.history.store import ArtifactStore
        try:
            ArtifactStore(sys.argv[1]).write("production", "full", {"report.json": "new", "big.sql": "x" * 100_000})
        except StoreError as error:
            print(error)
            sys.exit(7)
        """
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 7, done.stderr
    assert "production could not be written" in done.stdout
    assert store.latest("production", "report.json") == "earlier"
    assert store.latest("production", "big.sql") == "earlier"
    assert store.runs("production") == ["before"]
    assert not list((tmp_path / "production").glob(".staging-*"))


def test_a_writer_that_is_killed_half_way_leaves_nothing_that_the_next_one_does_not_clean_up(tmp_path: Path) -> None:
    store = ArtifactStore(str(tmp_path))
    store.write("production", "before", {"report.json": "earlier"})
    script = textwrap.dedent(
        """
        import os, sys, time
        real = os.fsync
        def stall(handle):
            real(handle)
            print("staged", flush=True)
            time.sleep(60)
        os.fsync = stall
        from drift_pipeline.history.store import ArtifactStore
        ArtifactStore(sys.argv[1]).write("production", "killed", {"report.json": "half", "b.sql": "half"})
        """
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "staged"
    assert list((tmp_path / "production").glob(".staging-*"))
    process.kill()
    process.wait()

    assert store.latest("production", "report.json") == "earlier"
    assert store.runs("production") == ["before"]
    store.write("production", "after", {"report.json": "later"})
    assert not list((tmp_path / "production").glob(".staging-*"))
    assert store.latest("production", "report.json") == "later"
    assert store.runs("production") == ["after", "before"]


def test_a_place_that_cannot_be_a_folder_is_a_store_error_with_a_next_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="artifacts of production could not be written") as caught:
        ArtifactStore(str(tmp_path / "file")).write("production", "r", {"a": "b"})
    assert "DRIFT_ARTIFACTS" in caught.value.hint
    assert (tmp_path / "file").read_text() == "in the way"


def test_an_unwritable_folder_is_a_store_error() -> None:
    # procfs refuses new entries to root as well
    with pytest.raises(StoreError, match="could not be written at /proc/drift"):
        ArtifactStore("/proc/drift").write("production", "r", {"a": "b"})


def test_credentials_in_the_url_are_in_no_message() -> None:
    store = ArtifactStore("ftp://someone:hunter2@127.0.0.1:1/artifacts")
    with pytest.raises(StoreError) as caught:
        store.write("production", "r", {"a": "b"})
    assert "hunter2" not in f"{caught.value} {caught.value.hint} {store!r}"


def test_a_relative_store_lies_beside_the_settings(tmp_path: Path) -> None:
    ArtifactStore(".drift/artifacts", base=tmp_path).write("production", "r", {"a": "b"})
    assert (tmp_path / ".drift/artifacts/production/latest/a").read_text() == "b"


WRITER = """
import sys
from drift_pipeline.history.store import ArtifactStore
store, writer = ArtifactStore(sys.argv[1]), sys.argv[2]
for number in range(15):
    text = f"{writer}-{number} " * 2000
    store.write("production", f"{writer}-{number}", {"a.sql": text, "b.sql": text})
"""


def test_concurrent_writers_never_mix_their_artifacts(tmp_path: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), f"{writer}"]) for writer in range(3)]
    assert [each.wait(300) for each in running] == [0, 0, 0]
    store = ArtifactStore(str(tmp_path))

    assert len(store.runs("production")) == 45
    assert store.latest("production", "a.sql") == store.latest("production", "b.sql")
    for run in store.runs("production"):
        assert store.read("production", run, "a.sql") == f"{run} " * 2000


def test_the_index_gives_the_checks_in_their_order_whatever_order_they_were_written_in(store: ArtifactStore) -> None:
    start = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
    for day in (2, 0, 1):
        when = start + timedelta(days=day)
        store.write("production", f"run-{day}", {"a": "b"}, check=record(f"run-{day}", when, k="a title"))

    assert [check.run_id for check in store.checks("production")] == ["run-0", "run-1", "run-2"]
    assert [check.run_id for check in store.checks("production", last=1)] == ["run-2"]
    assert store.checks("production")[0] == record("run-0", start, k="a title")
    assert store.checks("staging") == []


def test_a_line_of_the_index_is_one_line_of_json_whatever_the_titles_hold() -> None:
    check = record("r", datetime(2026, 1, 1, tzinfo=UTC), k='table "a\nb" \u2028 <script> \x00')
    line = check.to_line()
    assert "\n" not in line
    assert json.loads(line)["findings"]["k"] == ["minor", "none", 'table "a\nb" \u2028 <script> \x00']
    assert CheckRecord.from_line(line) == check


def test_damaged_lines_are_passed_over_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = ArtifactStore(str(tmp_path))
    when = datetime(2026, 1, 1, tzinfo=UTC)
    store.write("production", "good", {}, check=record("good", when))
    for name, text in {"half.json": '{"version": 1, "envi', "other.json": '{"version": 99}', "list.json": "[]"}.items():
        (tmp_path / "production/checks" / name).write_text(text)

    assert [check.run_id for check in store.checks("production")] == ["good"]
    assert caplog.text.count("cannot be read") == 3


def test_a_writer_waits_for_another_one_that_holds_the_folder(tmp_path: Path) -> None:
    (tmp_path / "production").mkdir()
    script = textwrap.dedent(
        """
        import fcntl, sys
        lock = open(sys.argv[1], "a")
        fcntl.flock(lock, fcntl.LOCK_EX)
        print("held", flush=True)
        sys.stdin.read()
        """
    )
    command = [sys.executable, "-c", script, str(tmp_path / "production/.lock")]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    holder.stdout.readline()
    store = ArtifactStore(str(tmp_path))
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(store.write, "production", "r", {"a": "b"})
        with pytest.raises(TimeoutError):
            writing.result(timeout=0.3)
        assert store.runs("production") == []
        holder.communicate()
        writing.result(timeout=60)
    assert store.runs("production") == ["r"]
