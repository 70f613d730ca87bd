"""`drift doctor`: everything that a check needs, tried one after the other, each with its next step."""
# ruff: noqa: PLC0415  (what is broken must not keep the rest from being tried: imports belong to what they are tried for)

from __future__ import annotations

import difflib
import importlib.util
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from drift_pipeline.errors import DriftError
from drift_pipeline.redaction import redact, secrets_in
from drift_pipeline.settings import Database, Settings

OLDEST_MAJOR = 12
_SQL = Path(__file__).with_name("doctor.sql")


@dataclass(frozen=True)
class Line:
    """One examined thing. `sign`: ✓ works, ✗ does not, – works with a limit that one should know."""

    sign: str
    what: str
    said: str
    hint: str = ""

    @property
    def works(self) -> bool:
        """False if a check would fail over it."""
        return self.sign != "✗"

    @property
    def text(self) -> str:
        """For people: the line, and the next step under it."""
        return f"{self.sign} {self.what}: {self.said}" + (f"\n    next: {self.hint}" if self.hint else "")


class Examiner:
    """Examines what a check of `environment` needs (of all that have variables, if it is empty).

    `secrets` is added to: values that nothing may print. `debug`: tracebacks of what is unexpected go to stderr.
    """

    def __init__(
        self,
        secrets: set[str],
        *,
        config: Path | None = None,
        env_file: Path | None = None,
        environment: str = "",
        debug: bool = False,
    ) -> None:
        self._debug = debug
        self._secrets = secrets
        self._config = config
        self._env_file = env_file
        self._environment = environment
        self._live_major: int | None = None
        self._prefixes: dict[str, str] = {}

    def lines(self) -> Iterator[Line]:
        """The findings, as they are made. Nothing that fails keeps the next thing from being tried."""
        found: list[Settings] = []
        yield from self._tried("configuration", lambda: self._configuration(found))
        if found:
            yield from self._with(found[0])

    def _with(self, settings: Settings) -> Iterator[Line]:
        for name in self._names(settings):
            yield from self._tried(name, partial(self._live, settings, name))
        yield from self._tried("models", partial(self._models, settings))
        yield from self._tried("scratch", partial(self._scratch, settings))
        yield from self._tried("migra", self._migra)
        yield from self._tried("artifacts", partial(self._artifacts, settings))

    def _tried(self, what: str, examine: Callable[[], Iterator[Line]]) -> Iterator[Line]:
        try:
            for line in examine():
                yield Line(line.sign, line.what, self._safe(line.said), self._safe(line.hint))
        except DriftError as error:
            hint = error.next_step.replace("<PREFIX>", self._prefixes.get(what, "<PREFIX>"))
            yield Line("✗", what, self._safe(error.message), self._safe(hint))
        except Exception as error:  # a doctor who faints helps nobody
            if self._debug:
                sys.stderr.write(redact(traceback.format_exc(), self._secrets))
            yield Line("✗", what, self._safe(f"{type(error).__name__}: {error}"), "drift doctor --debug, and report it")

    def _safe(self, text: str) -> str:
        return " ".join(redact(text, self._secrets).split())

    def _configuration(self, found: list[Settings]) -> Iterator[Line]:
        from drift_pipeline.config import environment_named, load_settings, require_models, variables_for

        settings = load_settings(self._config, self._env_file, environment=self._environment)
        if self._environment:
            environment_named(settings, self._environment)
        variables = variables_for(settings, self._environment)
        self._secrets.update(secrets_in(variables))
        found.append(settings)
        self._prefixes = {name: item.prefix for name, item in settings.environments.items()}
        for name in _mistyped(variables):
            yield Line("–", "configuration", f"{name[0]} is no setting", f"did you mean {name[1]}?")
        require_models(settings)
        yield Line("✓", "configuration", settings.source or "from variables alone")
        yield from _waiver_lines(settings)

    def _names(self, settings: Settings) -> list[str]:
        from drift_pipeline.config import variables_for

        if self._environment:
            return [self._environment]
        names = []
        for name, environment in settings.environments.items():
            variables = variables_for(settings, name)
            self._secrets.update(secrets_in(variables))
            if any(
                key.startswith((f"{environment.prefix}_DB_", f"{environment.prefix}_DATABASE_")) for key in variables
            ):
                names.append(name)
        return names or ["production"]

    def _live(self, settings: Settings, name: str) -> Iterator[Line]:
        from drift_pipeline.config import database_for, environment_named
        from drift_pipeline.fleet.members import databases_of
        from drift_pipeline.schema.connect import connect

        if environment_named(settings, name).is_fleet:
            members = databases_of(settings, name)
            yield Line("✓", name, f"a fleet of {len(members):,} databases on one server; the first is tried")
            database = members[0]
        else:
            database = database_for(settings, name)
        began = time.monotonic()
        with closing(connect(database, connect_timeout=settings.connect_timeout)) as connection:
            milliseconds = (time.monotonic() - began) * 1000
            with connection.cursor() as cursor:
                # of the transaction alone: a pooler may give the session to the application afterwards
                cursor.execute("BEGIN READ ONLY")
                cursor.execute(_SQL.read_text(encoding="utf-8"))
                row = cursor.fetchone() or ()
                cursor.execute("ROLLBACK")
        yield from _live_lines(name, database, milliseconds, _Session(*row))
        self._live_major = _Session(*row).version // 10000

    def _models(self, settings: Settings) -> Iterator[Line]:
        from drift_pipeline.config import require_models
        from drift_pipeline.models.loader import load_models

        require_models(settings)
        began = time.monotonic()
        loaded = load_models(settings.models, settings.root)
        seconds = time.monotonic() - began
        tables = len(loaded.tables)
        how = "unchanged since they were loaded" if loaded.cached else f"loaded in {seconds:.1f} s"
        yield Line("✓", "models", f"{loaded.source}: {tables} table{'s' * (tables != 1)}, {how}")

    def _scratch(self, settings: Settings) -> Iterator[Line]:
        from drift_pipeline.scratch.server import scratch_server

        with scratch_server(url=settings.scratch_url, prefer_major=self._live_major) as server, server.create():
            yield Line("✓", "scratch", server.description)
            if self._live_major and server.version // 10000 < self._live_major:
                yield Line(
                    "–",
                    "scratch",
                    f"is PostgreSQL {server.version // 10000}, older than the live server's {self._live_major}",
                    "DRIFT_SCRATCH_URL names a newer one; what only the live server knows cannot be built there",
                )

    def _migra(self) -> Iterator[Line]:
        missing = [name for name in ("migra", "pkg_resources") if importlib.util.find_spec(name) is None]
        if missing:
            yield Line("✗", "migra", f"{' and '.join(missing)} cannot be imported", 'pip install migra "setuptools<81"')
        else:
            from importlib.metadata import version

            yield Line("✓", "migra", version("migra"))

    def _artifacts(self, settings: Settings) -> Iterator[Line]:
        from drift_pipeline.history.store import ArtifactStore

        store = ArtifactStore(settings.artifacts, base=settings.root)
        folder = store.local_root
        count = len(store.environments())
        if folder is not None:
            from drift_pipeline.output import require_writable

            require_writable(folder / "probe")
        yield Line("✓", "artifacts", f"{folder or redact(settings.artifacts)}: {count} environment{'s' * (count != 1)}")


@dataclass(frozen=True)
class _Session:
    """What doctor.sql asks the live server, in its order."""

    version: int
    version_text: str
    role: str
    superuser: bool
    writes: bool
    encrypted: bool
    alembic: bool
    alembic_readable: bool


def _live_lines(name: str, database: Database, milliseconds: float, session: _Session) -> Iterator[Line]:
    host = database.parameters.get("host", "")
    secure = ", encrypted" if session.encrypted else ""
    yield Line("✓", name, f"{database.display} reached in {milliseconds:.0f} ms{secure}")
    local = not host or host.startswith(("/", "@", "127.")) or host in {"localhost", "::1"}
    if not session.encrypted and not local:
        variable = "set sslmode to require, or to verify-full with sslrootcert"
        yield Line("–", name, "the connection is not encrypted", f"{variable} (docs/settings.md)")
    if session.version < OLDEST_MAJOR * 10000:
        yield Line("✗", name, f"PostgreSQL {session.version_text}", f"PostgreSQL {OLDEST_MAJOR} and newer can be read")
    else:
        yield Line("✓", name, f"PostgreSQL {session.version_text}")
    if session.superuser or session.writes:
        what = "is a superuser" if session.superuser else "may create or change things"
        hint = "a check only reads: the SQL that drift init writes makes a role for it (docs/read-only-role.md)"
        yield Line("–", name, f"role {session.role} {what}; connecting is enough", hint)
    else:
        yield Line("✓", name, f"role {session.role} may connect, which is enough")
    if session.alembic and not session.alembic_readable:
        yield Line(
            "–",
            name,
            f"role {session.role} may not read alembic_version: the cause of drift stays unknown",
            f'GRANT SELECT ON alembic_version TO "{session.role}"',
        )


def _waiver_lines(settings: Settings) -> Iterator[Line]:
    """The project's waivers, and those that ended."""
    from drift_pipeline.policy import policy_of
    from drift_pipeline.waivers_file import FILE_NAME

    policy = policy_of(settings)
    if not (settings.root / FILE_NAME).is_file():
        yield Line("✓", "waivers", f"none: there is no {FILE_NAME}")
        return
    count, today = len(policy.waivers), datetime.now(UTC).date()
    yield Line("✓", "waivers", f"{FILE_NAME}: {count} waiver{'s' * (count != 1)}")
    for waiver in policy.waivers:
        if waiver.expires < today:
            said = f"that of {waiver.text} by {waiver.owner} expired on {waiver.expires}"
            yield Line("–", "waivers", said, "ask whether it still holds, or remove it")


def _mistyped(variables: dict[str, str]) -> list[tuple[str, str]]:
    """Variables that begin like ours, are none, and are spelled nearly like one."""
    from drift_pipeline.settings_file import variable_fields

    known = [field.metadata["variable"] for _, field in variable_fields()]
    unknown = [name for name in variables if name.startswith("DRIFT_") and name not in known]
    close = [(name, difflib.get_close_matches(name, known, n=1, cutoff=0.85)) for name in unknown]
    return [(name, match[0]) for name, match in close if match]
