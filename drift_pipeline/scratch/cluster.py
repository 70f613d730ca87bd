"""One PostgreSQL cluster on this machine: made once, started by its first user, stopped by its last.

The server's users are processes that hold a shared lock on a file. The kernel releases it when one is killed, so
neither a count nor a list of process ids can go stale. Whoever lets go and finds nobody else stops the server.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from drift_pipeline.errors import ScratchError
from drift_pipeline.scratch import in_memory, postmaster
from drift_pipeline.scratch.account import (
    check_reachable,
    home_directory,
    is_reachable,
    own_directory,
    service_account,
    socket_directory,
)
from drift_pipeline.scratch.databases import connect
from drift_pipeline.scratch.installations import Installation
from drift_pipeline.scratch.locks import FileLock, alone

SUPERUSER = "drift_scratch"
MAINTENANCE_DATABASE = "postgres"
INITDB_SECONDS = 180
START_SECONDS = 60
HANGING_SECONDS = 30
"""How long a server that runs and does not answer is left alone: it may be starting, or stopping."""
STOP_SECONDS = 60
GUARD_SECONDS = INITDB_SECONDS + START_SECONDS + STOP_SECONDS

# Nothing here outlives a check, so nothing has to survive a power cut. No worker of a subscription may ever run:
# a copy of a live schema would connect to the live publisher. Shared memory that comes and goes lies with the data:
# /dev/shm may be missing, closed, or full of copies.
CONFIGURATION = """\
listen_addresses = ''
port = 5432
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = '128MB'
dynamic_shared_memory_type = mmap
max_locks_per_transaction = 1024
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = logical
max_logical_replication_workers = 0
max_wal_size = '1GB'
checkpoint_timeout = '1h'
autovacuum = off
jit = off
max_parallel_workers_per_gather = 0
max_parallel_maintenance_workers = 0
logging_collector = off
log_destination = 'stderr'
"""

# Extensions of functions alone that the embedded server lacks: CREATE EXTENSION then finds ours, after the system's.
STAND_INS = Path(__file__).parent / "stand_ins"
STAND_INS_MAJOR = 18
"""Older servers know one folder of extensions only."""

_log = logging.getLogger(__name__)


class Cluster:
    """The data directory of one installation for this user, with its locks. Making one touches no file."""

    def __init__(self, installation: Installation, home: Path | None = None) -> None:
        self.installation = installation
        self.account = service_account()
        self._explicit_home = home is not None or bool(os.environ.get("DRIFT_SCRATCH_HOME"))
        self._home = home or home_directory(os.environ)
        self.directory = self._home / f"{installation.major}-{installation.origin}"
        self.data = self.directory / "data"
        self.log_file = self.directory / "server.log"
        self._bin = installation.bin

    def acquire(self) -> dict[str, str]:
        """Starts the server if it does not run; libpq's parameters of its maintenance database.

        Raises ScratchError. Whoever acquired it calls `release`.
        """
        self._prepare_directory()
        with alone(self.directory / "guard.lock", GUARD_SECONDS):
            self._clients = FileLock(self.directory / "clients.lock")
            try:
                self._clients.share()
                self._socket = socket_directory(self.directory, self.account)
                if not self._answers():
                    self._make_and_start()
                    in_memory.make_room(self.parameters, self.data, self.account)
            except BaseException:
                self._clients.close()
                raise
        return self.parameters

    def release(self) -> None:
        """Lets go of the server, and stops it unless another process uses it."""
        try:
            with alone(self.directory / "guard.lock", GUARD_SECONDS):
                if self._clients.try_alone():
                    self._stop()
        finally:
            self._clients.close()

    @property
    def parameters(self) -> dict[str, str]:
        """libpq's parameters of the maintenance database, as the superuser."""
        return {
            "host": str(self._socket),
            "port": "5432",
            "user": SUPERUSER,
            "dbname": MAINTENANCE_DATABASE,
            "sslmode": "disable",
            "connect_timeout": "10",
        }

    def _prepare_directory(self) -> None:
        mode = 0o755 if self.account.switch else 0o700
        if not (self._explicit_home and self._home.is_dir()):
            own_directory(self._home, mode)
        own_directory(self.directory, mode)
        check_reachable(self.directory, self.account)

    # -- making ---------------------------------------------------------------------------------------------------

    def _make_and_start(self) -> None:
        """Brings the server up; a data directory that does not start (a power cut, say) is made anew, once."""
        if self._has_server():
            return
        self._bin = self._usable_programs()
        fresh = not self._is_whole()
        if fresh:
            self._initialise()
        try:
            self._start()
        except ScratchError as error:
            if fresh or _is_full(self.directory):
                raise
            _log.warning("the scratch server's data did not start and is made anew: %s", error)
            self._initialise()
            self._start()

    def _is_whole(self) -> bool:
        """Whether the data directory was initialised to its end, by this major."""
        try:
            return (self.data / "PG_VERSION").read_text().strip() == str(self.installation.major)
        except OSError:
            return False

    def _initialise(self) -> None:
        """initdb beside, then one rename: a killed initdb never looks like a data directory."""
        fresh = self.directory / "data.new"
        _remove(fresh)
        own_directory(fresh, 0o700, self.account)
        major = self.installation.major
        # "builtin" is the same on every platform; before 17 only libc's name for it exists, and not on every system
        locales = (
            [["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
            if major >= 17
            else [["--locale=C.UTF-8"], ["--locale=C"]]
        )
        common = ["-D", str(fresh), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"]
        for number, locale in enumerate(locales):
            try:
                self._run("initdb", [*common, *locale], INITDB_SECONDS)
                break
            except ScratchError:
                if number == len(locales) - 1 or _is_full(self.directory):
                    raise
        _remove(self.data)
        fresh.rename(self.data)

    def _usable_programs(self) -> Path:
        """The programs' folder; for root a copy of it where the server's user may not enter (a venv in /root)."""
        source = self.installation.bin.resolve()
        if not self.account.switch or is_reachable(source):
            return source
        package = source.parent.parent
        copy = self.directory / "install"
        stamp = f"{source} {(source / 'postgres').stat().st_mtime_ns}"
        if not (copy / "stamp").is_file() or (copy / "stamp").read_text() != stamp:
            fresh = self.directory / "install.new"
            _remove(fresh)
            with self._disk_errors("the copy of its programs"):
                # the wheel's libraries lie beside the package, and the programs look for them there
                for part in (source.parent, package.with_name(f"{package.name}.libs")):
                    if part.is_dir():
                        target = fresh / part.relative_to(package.parent)
                        shutil.copytree(part, target, symlinks=True, ignore=self._not_copied)
                for folder in (fresh, *(each for each in fresh.rglob("*") if each.is_dir())):
                    folder.chmod(0o755)
                (fresh / "stamp").write_text(stamp)
                _remove(copy)
                fresh.rename(copy)
        return copy / source.relative_to(package.parent)

    def _not_copied(self, folder: str, names: list[str]) -> set[str]:
        """What a server does without; and this very directory, where it lies below the programs."""
        mine = self.directory.resolve()
        return {name for name in names if name == "include" or Path(folder, name) == mine}

    # -- starting and stopping ------------------------------------------------------------------------------------

    def _start(self) -> None:
        log, settings = self.log_file, self.directory / "postgresql.conf"
        with self._disk_errors("its settings"):
            # outside the data: root never writes into a folder of the user that the server runs as
            settings.write_text(CONFIGURATION.format(socket=_quoted(self._socket)) + self._stand_ins())
            settings.chmod(0o644)
            log.unlink(missing_ok=True)
            log.touch(mode=0o600)
            if self.account.switch:
                os.chown(log, self.account.uid, self.account.gid)
        arguments = ["-D", str(self.data), f"--config_file={settings}"]
        try:
            pid = postmaster.start(self._bin / "postgres", arguments, log, self.account)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise self._failure("the start", str(error), _text(log)) from error
        alive = partial(postmaster.is_alive, pid, self.data, self.account)
        postmaster.wait(lambda: self._answers() or not alive(), START_SECONDS)
        if not self._answers():
            if alive():
                postmaster.stop(pid, self.data, self.account, STOP_SECONDS)
            raise self._failure("the start", f"it did not answer within {START_SECONDS} s", _text(log))

    def _stand_ins(self) -> str:
        """The setting by which the server finds the stand-ins, copied to where its user may read them."""
        copy = self.directory / "stand_ins"
        if self.installation.major < STAND_INS_MAJOR or ":" in str(copy):
            return ""
        _remove(copy)
        shutil.copytree(STAND_INS, copy, copy_function=shutil.copyfile)
        for each in (copy, *copy.rglob("*")):
            each.chmod(0o755 if each.is_dir() else 0o644)
        return f"extension_control_path = '$system:{_quoted(copy)}'\n"

    def _stop(self) -> None:
        pid = postmaster.recorded(self.data)
        if pid is None or not postmaster.is_alive(pid, self.data, self.account):
            return
        in_memory.give_back(self.parameters, self.data, self.account)
        if not postmaster.stop(pid, self.data, self.account, STOP_SECONDS):
            _log.warning("the scratch server had to be killed; its log is %s", self.log_file)

    def _answers(self) -> bool:
        try:
            connect(self.parameters).close()
        except ScratchError:
            return False
        return True

    def _has_server(self) -> bool:
        """Whether a server that did not answer at first does now; otherwise ends it and removes its traces.

        PostgreSQL itself refuses to start while the process id in the file is alive, whoever has it by now.
        """
        pid = postmaster.recorded(self.data)
        if pid is not None and postmaster.is_alive(pid, self.data, self.account):
            alive = partial(postmaster.is_alive, pid, self.data, self.account)
            postmaster.wait(lambda: self._answers() or not alive(), HANGING_SECONDS)
            if alive() and self._answers():
                return True
            postmaster.stop(pid, self.data, self.account, 0.5)
            time.sleep(0.2)  # its children see that it is gone, and let go of the shared memory
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        # where nobody reaps orphans (a container's first process may not), the dead one counts as alive to PostgreSQL
        for trace in self._socket.glob(".s.PGSQL.*"):
            trace.unlink(missing_ok=True)
        return False

    def _run(self, program: str, arguments: Sequence[str], timeout: float) -> None:
        """Runs one of PostgreSQL's programs to its end. Raises ScratchError with the last line that it said."""
        output = self.directory / f"{program}.log"
        try:
            with output.open("w") as stream:
                subprocess.run(
                    [str(self._bin / program), *arguments],
                    env=postmaster.clean_environment(),
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    timeout=timeout,
                    check=True,
                    start_new_session=True,
                    **self.account.popen,  # type: ignore[call-overload]  # user=, group= of one mapping
                )
        except subprocess.TimeoutExpired as error:
            raise ScratchError(
                f"{program} of the scratch server did not finish within {timeout:.0f} s",
                hint="the machine may be overloaded; try again, or set DRIFT_SCRATCH_URL to another server",
            ) from error
        except subprocess.CalledProcessError as error:
            raise self._failure(program, _text(output), _text(self.log_file)) from error
        except OSError as error:
            raise self._failure(program, error.strerror or str(error), "") from error

    def _failure(self, program: str, said: str, log: str) -> ScratchError:
        lines = [line.strip() for line in (said + "\n" + log).splitlines() if line.strip()]
        if "No space left on device" in said + log or _is_full(self.directory):
            return ScratchError(
                f"the scratch server has no disk space left below {self.directory}",
                hint="free some space there, or set DRIFT_SCRATCH_HOME to a folder on another disk",
            )
        if "could not look up effective user ID" in said:
            return ScratchError(
                f"PostgreSQL does not start for user {self.account.name}, which has no name on this machine",
                hint="give it a line in /etc/passwd (a container that runs as any user id lacks it), or set"
                " DRIFT_SCRATCH_URL to a server that runs already",
            )
        telling = [line for line in lines if "error:" in line or "FATAL:" in line or "PANIC:" in line]
        reason = (telling or lines or ["it said nothing"])[0 if telling else -1]
        return ScratchError(
            f"{program} of the scratch server ({self.installation.description}) failed: {reason}",
            hint=f"its output is in {self.directory}; or set DRIFT_SCRATCH_URL to a server that runs already",
        )

    @contextmanager
    def _disk_errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._failure("writing " + what, error.strerror or str(error), "") from error


def _quoted(path: Path) -> str:
    """A path within the quotes of postgresql.conf."""
    return str(path).replace("\\", "\\\\").replace("'", "''")


def _is_full(folder: Path) -> bool:
    """Whether less space is left than a new cluster needs."""
    return shutil.disk_usage(folder).free < 64 * 1024 * 1024


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise ScratchError(
                f"{path} of the scratch server cannot be removed: {error.strerror}",
                hint="remove it by hand, or set DRIFT_SCRATCH_HOME to another folder",
            ) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
