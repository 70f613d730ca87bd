"""The repository of the models, seen through a mirror of our own: what is new there, and any commit as a folder.

The checkout that people work in is only fetched from. Nothing in it is switched, locked or written to, and what the
mirror holds cannot be pulled away by a force-push.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from drift_pipeline.commit import Commit
from drift_pipeline.config import Settings
from drift_pipeline.errors import ModelsError
from drift_pipeline.redaction import redact

GIT_TIMEOUT = 45.0
"""Seconds for one git command; a sensor's tick is given 60."""

ABANDONED = 6 * 3600.0
"""Age in seconds from which a worktree is taken for left behind: no run is that long."""

_SHA = re.compile(r"[0-9a-f]{7,64}")
_TIP = "refs/drift/tip"
_HELPER = '!f() { printf "username=%s\\npassword=%s\\n" "$DRIFT_GIT_USER" "$DRIFT_GIT_PASSWORD"; }; f'
_WAYS = frozenset({"GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_PROXY_SSL_CAINFO"})
"""Of git's own variables those that say how a host is reached, with a company's own certificates, too."""
_SAFE = "safe.directory=*"
# a mounted checkout belongs to somebody else; only objects are read from it
_UPLOAD_PACK = f"--upload-pack=git -c {_SAFE} upload-pack"


@dataclass(frozen=True)
class Credentials:
    """User and password (mostly a token) of a repository that is read by HTTP. `url`: of that, without them."""

    url: str
    user: str
    password: str = field(repr=False)

    @property
    def variables(self) -> dict[str, str]:
        """What lets git have them without a word on its command line, which every user of the machine can read.

        A helper and not a header: git then gives them to this host alone, and only when it is asked for them.
        """
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return {
            "DRIFT_GIT_USER": self.user,
            "DRIFT_GIT_PASSWORD": self.password,
            "GIT_CONFIG_COUNT": "2",
            # the empty one forgets the helpers of whoever runs this, which would keep the token on disk
            "GIT_CONFIG_KEY_0": "credential.helper",
            "GIT_CONFIG_VALUE_0": "",
            "GIT_CONFIG_KEY_1": f"credential.{parts.scheme}://{host}.helper",
            "GIT_CONFIG_VALUE_1": _HELPER,
        }


@dataclass(frozen=True)
class Repository:
    """Where commits come from. `source`: a folder or a URL, without credentials. `branch`: empty for its HEAD.

    `prefix`: the folder of the settings below the top of the repository. `storage`: where the mirror is kept.
    """

    source: str
    storage: Path
    prefix: str = "."
    branch: str = ""
    credentials: Credentials | None = None

    @property
    def mirror(self) -> Path:
        """The mirror, a bare repository."""
        return self.storage / "repository.git"

    def newest(self) -> Commit:
        """Branch and commit at the tip, as the source says now. ModelsError if it cannot be asked."""
        wanted = f"refs/heads/{self.branch}" if self.branch else "HEAD"
        answer = self._git("ls-remote", "--symref", *self._transport, "--", self.source, wanted)
        branch, sha = self.branch, ""
        for row in answer.splitlines():
            value, _, name = row.partition("\t")
            if value.startswith("ref: ") and name == wanted:
                branch = value.removeprefix("ref: ").removeprefix("refs/heads/")
            elif name == wanted:
                sha = value
        if not sha:
            raise ModelsError(
                f"the repository of the models has no {f'branch {self.branch}' if self.branch else 'commit'}",
                hint="set DRIFT_BRANCH to the branch that is deployed",
            )
        return Commit(branch, sha)

    def fetch(self, commit: Commit) -> None:
        """Bring the commit into the mirror, if it is not there yet. ModelsError if it cannot be brought."""
        if not _SHA.fullmatch(commit.sha):
            raise ModelsError(f"{commit.sha!r:.60} is no commit", hint="give its whole name, 40 hexadecimal digits")
        if not (self.mirror / "HEAD").exists():
            self.mirror.parent.mkdir(parents=True, exist_ok=True)
            self._git("init", "--quiet", "--bare", "--template=", str(self.mirror))
            self._in_mirror("config", "gc.auto", "0")
        if self._has(commit.sha):
            return
        tip = f"refs/heads/{commit.branch}" if commit.branch else "HEAD"
        self._in_mirror("fetch", "--quiet", "--no-tags", *self._transport, "--", self.source, f"+{tip}:{_TIP}")
        if not self._has(commit.sha):
            raise ModelsError(
                f"commit {commit.sha[:10]} is no longer in the repository of the models",
                hint="it was replaced by a force-push; check the newest commit instead",
            )

    def changed(self, old: str, new: str) -> tuple[tuple[str, str], ...] | None:
        """What differs between two fetched commits, as (letter of git's status, path); None if `old` is unknown."""
        if not self._has(old):
            return None
        answer = self._in_mirror("diff", "--name-status", "--no-renames", "-z", old, new, "--")
        parts = answer.split("\0")[:-1]
        return tuple(zip(parts[::2], parts[1::2], strict=True))

    @contextmanager
    def worktree(self, commit: Commit) -> Iterator[Path]:
        """The commit's files in a folder of their own, gone afterwards. Yields the folder of the settings in it."""
        self.fetch(commit)
        folder = self.storage / "worktrees"
        folder.mkdir(parents=True, exist_ok=True)
        self._sweep(folder)
        place = Path(tempfile.mkdtemp(prefix=f"{commit.sha[:10]}-", dir=folder))
        try:
            self._in_mirror("worktree", "add", "--quiet", "--detach", "--force", str(place), commit.sha)
            root = (place / self.prefix).resolve()
            if not root.is_dir():
                raise ModelsError(
                    f"commit {commit.sha[:10]} has no folder {self.prefix}", hint="is it a commit of another project?"
                )
            yield root
        finally:
            shutil.rmtree(place, ignore_errors=True)
            self._in_mirror("worktree", "prune")

    def _sweep(self, folder: Path) -> None:
        for place in folder.iterdir():
            if time.time() - place.stat().st_mtime > ABANDONED:
                shutil.rmtree(place, ignore_errors=True)

    @property
    def _transport(self) -> tuple[str, ...]:
        return () if _is_url(self.source) else (_UPLOAD_PACK,)

    def _has(self, sha: str) -> bool:
        return bool(sha) and self._in_mirror("cat-file", "-t", sha, check=False).strip() == "commit"

    def _in_mirror(self, *arguments: str, check: bool = True) -> str:
        return self._git("-C", str(self.mirror), *arguments, check=check)

    def _git(self, *arguments: str, check: bool = True) -> str:
        return git(*arguments, credentials=self.credentials, check=check)


def find_repository(settings: Settings, storage: Path, variables: Mapping[str, str]) -> Repository | None:
    """The repository that the settings lie in, or None if they lie in none.

    DRIFT_REPOSITORY names another source (a URL, or a folder), DRIFT_BRANCH another branch than its HEAD, and
    DRIFT_REPOSITORY_TOKEN the token that reading it by HTTP needs.
    """
    root = settings.root.resolve()
    top = git("-c", _SAFE, "-C", str(root), "rev-parse", "--show-toplevel", check=False).strip()
    source = variables.get("DRIFT_REPOSITORY", "").strip() or top
    if not source:
        return None
    prefix = os.path.relpath(root, os.path.realpath(top)) if top else "."
    source, credentials = _without_credentials(source, variables.get("DRIFT_REPOSITORY_TOKEN", "").strip())
    return Repository(source, storage / "drift", prefix, variables.get("DRIFT_BRANCH", "").strip(), credentials)


def _without_credentials(source: str, token: str) -> tuple[str, Credentials | None]:
    """The source without what stands before its `@`, and the credentials, if it is read by HTTP and there are any."""
    parts = urlsplit(source)
    if parts.scheme not in ("http", "https"):
        return source, None
    own, _, host = parts.netloc.rpartition("@")
    user, _, password = own.partition(":")
    plain = urlunsplit(parts._replace(netloc=host))
    # what GitHub calls whoever comes with a token, and GitLab takes as well; other hosts want a user in the URL
    password = token or unquote(password) or (unquote(user) and "x-oauth-basic")
    return plain, Credentials(plain, unquote(user) or "x-access-token", password) if password else None


def git(*arguments: str, credentials: Credentials | None = None, check: bool = True) -> str:
    """What git prints. With `check`, ModelsError, without credentials, if it fails; else empty text."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    # never ask, never translate, run nobody's hooks
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "LC_ALL": "C"}
    environment |= {name: value for name, value in os.environ.items() if name in _WAYS}
    environment |= credentials.variables if credentials else {}
    # the mirror is a bare repository, which some configurations refuse to find by its folder
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "safe.bareRepository=all", *arguments]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=GIT_TIMEOUT, check=False)
    except FileNotFoundError:
        if not check:
            return ""
        raise ModelsError("git is not installed, and commits cannot be followed", hint="install git") from None
    except subprocess.TimeoutExpired:
        raise ModelsError(
            f"git did not answer within {GIT_TIMEOUT:.0f} s", hint="see whether the repository can be reached"
        ) from None
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "surrogateescape")
    if not check:
        return ""
    said = next(iter(done.stderr.decode(errors="replace").strip().splitlines()[-1:]), f"status {done.returncode}")
    raise ModelsError(
        f"the repository of the models cannot be read: {redact(said, [credentials.password] if credentials else [])}",
        hint="check DRIFT_REPOSITORY, DRIFT_BRANCH and, if it is not public, DRIFT_REPOSITORY_TOKEN",
    )


def _is_url(source: str) -> bool:
    # scp's spelling (git@host:path) counts; a folder never holds a colon before its first slash
    return bool(urlsplit(source).scheme) or ":" in source.partition("/")[0]
