"""The artifact store: what each check found, kept as files on disk or in object storage.

Layout, for every environment (its name percent-encoded where it is no plain name):

    <root>/<environment>/runs/<run id>/<artifact>       every check's own
    <root>/<environment>/latest/<artifact>              the same, of the last check
    <root>/<environment>/checks/<time>-<run id>.json    one small line for each check: the index for trends
    <root>/<page>                                       what is about all environments
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from upath import UPath

from drift_pipeline.errors import StoreError
from drift_pipeline.history.checks import CheckRecord
from drift_pipeline.history.files import write_files
from drift_pipeline.history.names import file_name, from_segment, to_segment

_LOG = logging.getLogger(__name__)


class ArtifactStore:
    """Artifacts of all checks under one root.

    `url`: a folder (absolute, or relative to `base`) or any URL that fsspec knows, such as `s3://bucket/prefix`.
    Everything raises StoreError when the store cannot be used; what earlier checks wrote is then as it was.
    """

    def __init__(self, url: str, *, base: Path | None = None) -> None:
        self._shown = _without_credentials(url)
        with self._faults("opened"):
            root = UPath(url.removeprefix("file://"))
            if isinstance(root, Path):
                root = UPath((base or Path.cwd()) / Path(root).expanduser())
            self._root = root

    def __repr__(self) -> str:
        return f"ArtifactStore({self._shown!r})"

    @property
    def local_root(self) -> Path | None:
        """The folder on this machine, or None for object storage."""
        return Path(self._root) if isinstance(self._root, Path) else None

    def write(
        self, environment: str, run_id: str, files: Mapping[str, str], *, check: CheckRecord | None = None
    ) -> dict[str, str]:
        """Keep these artifacts (name -> text) as the run's and as the latest; with `check`, add it to the index.

        Returns name -> location of the run's own copy (a path or a URL without credentials). A run may write more than
        once. A name whose text is empty is removed from `latest`, because the last check has no such artifact.
        """
        run = f"runs/{to_segment(run_id, what='run')}"
        kept = {file_name(name): text for name, text in files.items() if text}
        batch = {f"{run}/{name}": text for name, text in kept.items()}
        batch |= {f"latest/{name}": text for name, text in kept.items()}
        if check is not None:
            batch[f"checks/{_record_name(check)}"] = check.to_line() + "\n"
        folder = self._folder(environment)
        with self._faults("written", environment):
            self._commit(folder, batch)
            for name in files.keys() - kept.keys():
                (folder / "latest" / file_name(name)).unlink(missing_ok=True)
        return {name: self._location(folder / run / name) for name in kept}

    def write_page(self, name: str, text: str) -> str:
        """Keep a page about all environments, in the place of the one before. Returns where it lies."""
        path = self._root / file_name(name)
        with self._faults("written"):
            self._commit(self._root, {path.name: text})
        return self._location(path)

    def page(self, name: str) -> str | None:
        """Text of that page, or None."""
        with self._faults("read"):
            try:
                return (self._root / file_name(name)).read_bytes().decode()
            except FileNotFoundError:
                return None

    def latest(self, environment: str, name: str) -> str | None:
        """Text of this artifact of the last check that has it, or None."""
        return self._text(environment, "latest", file_name(name))

    def read(self, environment: str, run_id: str, name: str) -> str | None:
        """Text of this artifact of this run, or None."""
        return self._text(environment, "runs", to_segment(run_id, what="run"), file_name(name))

    def runs(self, environment: str) -> list[str]:
        """Ids of the runs that left artifacts, sorted."""
        return sorted(from_segment(name) for name in self._names(environment, "runs"))

    def written_at(self, environment: str, run_id: str) -> datetime | None:
        """When the newest artifact of this run was written, or None where the store does not tell."""
        folder = self._folder(environment) / "runs" / to_segment(run_id, what="run")
        with self._faults("read", environment):
            if not folder.exists():
                return None
            newest = max((float(entry.stat().st_mtime) for entry in folder.iterdir()), default=0.0)
        # object stores that keep no times say 0
        return datetime.fromtimestamp(newest, UTC) if newest else None

    def remove_run(self, environment: str, run_id: str) -> None:
        """Remove the artifacts of this run. Its line in the index stays, and so does what is `latest`."""
        folder = self._folder(environment) / "runs" / to_segment(run_id, what="run")
        with self._faults("removed", environment):
            if not isinstance(folder, Path):
                folder.fs.rm(folder.path, recursive=True)
            elif folder.exists():
                shutil.rmtree(folder)

    def environments(self) -> list[str]:
        """Names of the environments that anything was written for, sorted."""
        with self._faults("listed"):
            if not self._root.exists():
                return []
            # no environment's folder begins with a dot: that is a page which is just being written
            folders = [entry.name for entry in self._root.iterdir() if entry.is_dir() and entry.name[0] != "."]
            return sorted(map(from_segment, folders))

    def checks(self, environment: str, *, last: int | None = None) -> list[CheckRecord]:
        """The index of this environment, oldest first; `last`: only so many of the newest.

        Lines that cannot be read (another version, a damaged file) are passed over and logged.
        """
        names = sorted(name for name in self._names(environment, "checks") if name.endswith(".json"))
        records = []
        for name in names[-last:] if last else names:
            line = self._text(environment, "checks", name)
            try:
                records.append(CheckRecord.from_line(line or ""))
            except ValueError:
                _LOG.warning("passed over a check of %s that cannot be read: %s", environment, name)
        return sorted(records, key=lambda record: record.checked_at)

    def _folder(self, environment: str) -> UPath:
        return self._root / to_segment(environment, what="environment")

    def _text(self, environment: str, *segments: str) -> str | None:
        path = self._folder(environment).joinpath(*segments)
        with self._faults("read", environment):
            try:
                # as bytes: reading as text would turn the line breaks of stored SQL into others
                return path.read_bytes().decode()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def _names(self, environment: str, sub: str) -> list[str]:
        folder = self._folder(environment) / sub
        with self._faults("listed", environment):
            return [entry.name for entry in folder.iterdir()] if folder.exists() else []

    def _commit(self, folder: UPath, batch: Mapping[str, str]) -> None:
        if isinstance(folder, Path):
            write_files(Path(folder), batch)
            return
        # object stores show an object only when it is complete; the run's own come first, the index last
        for path, text in batch.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())

    def _location(self, path: UPath) -> str:
        return str(path) if isinstance(path, Path) else _without_credentials(str(path))

    @contextmanager
    def _faults(self, verb: str, environment: str = "") -> Iterator[None]:
        """Everything that goes wrong in a file system or a cloud's client, as one StoreError."""
        whose = f" of {environment}" if environment else ""
        try:
            yield
        except StoreError:
            raise
        except ImportError as error:
            raise StoreError(
                f"the artifact store {self._shown} needs a package that is not installed: {error.name or error}",
                hint="install it (s3fs for s3://, gcsfs for gs://, adlfs for az://), or set artifacts to a folder",
            ) from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StoreError(
                f"the artifacts{whose} could not be {verb} at {self._shown}: {reason}",
                hint="check free space and permissions there, or name another place with artifacts or DRIFT_ARTIFACTS",
            ) from error
        except Exception as error:
            # clients of object stores raise their own kinds, whose texts may hold credentials: the kind alone is shown
            raise StoreError(
                f"the artifacts{whose} could not be {verb} at {self._shown}: {type(error).__name__}",
                hint="check the URL and the credentials of the artifact store",
            ) from error


def _record_name(check: CheckRecord) -> str:
    when = check.checked_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return f"{when}-{to_segment(check.run_id, what='run')}.json"


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    if not parts.scheme or not parts.netloc:
        return url
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
