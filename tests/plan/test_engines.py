"""Engines run apart, within limits, and their failures read well."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.errors import EngineError, EngineMissingError, EngineTimeoutError
from drift_pipeline.plan.engines import Engine, engine_named
from drift_pipeline.plan.engines.process import database_uri, run_engine

NOWHERE = Database("nowhere", {"host": "127.0.0.1", "port": "1", "dbname": "x", "password": "s3cret/ü"})


def test_migra_proposes_statements_between_two_databases(new_database: Callable[..., Database]) -> None:
    source = new_database("create table t (id int primary key)")
    target = new_database("create table t (id int primary key, note text)")
    assert run_engine(engine_named("migra"), source, target) == ['alter table "public"."t" add column "note" text;']


def test_names_and_passwords_with_any_character_survive_the_uri() -> None:
    database = Database("d", {"host": "/tmp/a b", "dbname": "x&y=%ü'", "password": "p@:/?#&", "user": ""})
    expected = {"host": "/tmp/a b", "dbname": "x&y=%ü'", "password": "p@:/?#&"}
    assert psycopg2.extensions.parse_dsn(database_uri(database)) == expected


def test_an_engine_that_hangs_is_stopped_with_all_that_it_started(
    engine_from: Callable[..., Engine], tmp_path: Path
) -> None:
    pids, quickly = tmp_path / "pids", tmp_path / "quickly"
    engine = engine_from(
        "import os, subprocess, time\n"
        "def propose(source, target):\n"
        f"    if os.path.exists({str(quickly)!r}):\n"
        "        return []\n"
        "    child = subprocess.Popen(['sleep', '600'])\n"
        f"    open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "    time.sleep(600)\n"
    )
    quickly.touch()
    began = time.monotonic()
    assert run_engine(engine, NOWHERE, NOWHERE) == []
    limit = round(0.5 + 4 * (time.monotonic() - began), 1)  # enough for it to begin, on any machine
    quickly.unlink()
    with pytest.raises(EngineTimeoutError) as caught:
        run_engine(engine, NOWHERE, NOWHERE, timeout=limit)
    assert f" {limit:g} s" in str(caught.value)
    assert "engine_timeout" in caught.value.hint
    left = [int(pid) for pid in pids.read_text().split()]
    began = time.monotonic()
    while any(map(_runs, left)) and time.monotonic() - began < 60:
        time.sleep(0.05)  # the kernel ends a killed process when it gets round to it
    assert not any(map(_runs, left))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:  # it is gone
        return False


@pytest.mark.parametrize(
    ("module", "words", "hint"),
    [
        ("migra", "migra is not installed", "pip install 'migra>=3.0'"),
        ("pkg_resources", "needs pkg_resources", "pip install 'setuptools<81'"),
    ],
)
def test_a_missing_package_is_named_with_the_line_that_installs_it(
    module: str, words: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # what Python says when a package is not there, said by a package that stands in its place
    (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError('No module named {module}', name={module!r})")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(EngineMissingError) as caught:
        run_engine(engine_named("migra"), NOWHERE, NOWHERE)
    assert words in str(caught.value)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise RuntimeError('cannot read\\nsecond line')", "RuntimeError: cannot read"),
        ("import os; print('noise'); os._exit(7)", "exit code 7"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "exit code -11"),
    ],
)
def test_a_crash_is_one_line(engine_from: Callable[..., Engine], body: str, words: str) -> None:
    with pytest.raises(EngineError) as caught:
        run_engine(engine_from(f"def propose(source, target):\n    {body}\n"), NOWHERE, NOWHERE)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_an_engine_prints_does_not_disturb_its_answer(engine_from: Callable[..., Engine]) -> None:
    engine = engine_from("import os\ndef propose(a, b):\n    print('hello'); os.write(1, b'there')\n    return ['x']\n")
    assert run_engine(engine, NOWHERE, NOWHERE) == ["x"]


def test_no_secret_reaches_an_error_or_the_process_list(engine_from: Callable[..., Engine], tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    engine = engine_from(
        "import os, sys\n"
        "def propose(source, target):\n"
        f"    open({str(seen)!r}, 'w').write(open('/proc/self/cmdline').read() + repr(dict(os.environ)))\n"
        "    raise RuntimeError(f'{source} and password=s3cret/ü and s3cret/ü')\n"
    )
    os.environ["PROD_DB_PASSWORD"] = "another-s3cret"
    try:
        with pytest.raises(EngineError) as caught:
            run_engine(engine, NOWHERE, NOWHERE)
    finally:
        del os.environ["PROD_DB_PASSWORD"]
    assert "s3cret" not in str(caught.value) + caught.value.hint
    assert "s3cret" not in seen.read_text()


def test_an_engine_cannot_write_through_its_own_connections(
    engine_from: Callable[..., Engine], new_database: Callable[..., Database]
) -> None:
    engine = engine_from(
        "from drift_pipeline.plan.engines.session import read_only_connection\n"
        "def propose(source, target):\n"
        "    with read_only_connection(source) as connection:\n"
        "        connection.cursor().execute('create table intruder ()')\n"
    )
    database = new_database()
    with pytest.raises(EngineError, match="read-only transaction"):
        run_engine(engine, database, database)
