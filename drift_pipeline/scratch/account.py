"""Who runs the scratch server, and where its files lie: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from drift_pipeline.errors import ScratchError

# what root hands the server to, in this order; a container image without PostgreSQL has only the second
SERVICE_ACCOUNTS = ("postgres", "nobody")

# sockaddr_un holds 104 bytes on macOS and 108 on Linux, the terminating zero included
LONGEST_SOCKET_PATH = 100
SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True)
class Account:
    """The user that owns the cluster. `switch`: whether a program has to be started as that user by root."""

    uid: int
    gid: int
    name: str
    switch: bool

    @property
    def popen(self) -> Mapping[str, object]:
        """Arguments of subprocess.run that start a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}


def service_account() -> Account:
    """This user, or for root the system's `postgres` or `nobody`. Raises ScratchError where root finds neither."""
    uid = os.geteuid()
    if uid != 0:
        return Account(uid, os.getegid(), str(uid), switch=False)
    for name in SERVICE_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name, switch=True)
    raise ScratchError(
        "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody to run it as",
        hint="add a system user postgres, run the check as another user, or set DRIFT_SCRATCH_URL",
    )


def home_directory(environ: Mapping[str, str]) -> Path:
    """Where this user's clusters lie: $DRIFT_SCRATCH_HOME, the cache folder, or /var/tmp (always for root).

    Root's home stays closed to others, so a server that runs as another user cannot live there.
    """
    chosen = environ.get("DRIFT_SCRATCH_HOME", "")
    if chosen:
        return Path(chosen).absolute()
    fallback = Path(f"/var/tmp/drift-pipeline-{os.geteuid()}")  # noqa: S108 - owner and mode are checked before use
    if os.geteuid() == 0:
        return fallback
    home = environ.get("HOME", "")
    cache = environ.get("XDG_CACHE_HOME", "") or (f"{home}/.cache" if home else "")
    if cache and _may_hold(Path(cache)):
        return Path(cache).absolute() / "drift-pipeline"
    return fallback


def _may_hold(folder: Path) -> bool:
    """Whether a folder can be made below `folder`, which itself may not exist yet."""
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    return os.access(nearest, os.W_OK | os.X_OK)


def own_directory(path: Path, mode: int, account: Account | None = None) -> Path:
    """Makes a folder, or checks that the one there is ours: no link, our owner, closed to other writers.

    Predictable names under /tmp invite others to put something there first. Raises ScratchError.
    """
    try:
        path.mkdir(mode=mode, parents=True)
        path.chmod(mode)  # mkdir's mode goes through the umask
        if account and account.switch:
            os.chown(path, account.uid, account.gid)
    except FileExistsError:
        pass
    except OSError as error:
        raise ScratchError(
            f"the scratch server's folder {path} cannot be made: {error.strerror}",
            hint="set DRIFT_SCRATCH_HOME to a folder that this user may write to",
        ) from error
    found = path.lstat()
    owner = account.uid if account else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ScratchError(
            f"{path} cannot be trusted with the scratch server: it has to be a folder of user {owner} "
            "that nobody else may write to",
            hint="remove it, or set DRIFT_SCRATCH_HOME to another folder",
        )
    return path


def check_reachable(path: Path, account: Account) -> None:
    """Raises ScratchError where root chose a folder that the server's own user may not enter."""
    if not account.switch:
        return
    for folder in (path, *path.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            raise ScratchError(
                f"the scratch server runs as {account.name}, who may not enter {folder}",
                hint="set DRIFT_SCRATCH_HOME to a folder below /var/tmp, or leave it unset",
            )


def is_reachable(path: Path) -> bool:
    """Whether any user may enter a folder and everything above it."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def socket_directory(cluster: Path, account: Account) -> Path:
    """The folder of the server's socket: beside the data, or a short one where that path is too long."""
    beside = cluster / "socket"
    if len(os.fsencode(beside / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        return own_directory(beside, 0o700, account)
    # not $TMPDIR: processes that share the cluster have to find the same folder
    short = Path("/tmp") / f"drift-{os.geteuid()}-{zlib.crc32(os.fsencode(cluster)):x}"  # noqa: S108 - checked below
    return own_directory(short, 0o700, account)
