"""Everything that stops a check, in one place.

Each error is one sentence that says what happened and to which environment, and a `hint`: the next step. `topic` names
the entry of docs/troubleshooting.md that explains it. Whoever raises one chains the cause; whoever shows one prints
`str(error)` and the hint and exits with 3: "could not look" must never pass for drift or for its absence.
"""

from __future__ import annotations

from typing import ClassVar


class DriftError(Exception):
    """Could not look. `message`: one line, without secrets. `hint`: the next step."""

    topic: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def next_step(self) -> str:
        """The hint, with the entry of the page about trouble that explains this kind of error."""
        entry = f"docs/troubleshooting.md#{self.topic}" if self.topic else ""
        return f"{self.hint.rstrip('.')} ({entry})" if self.hint and entry else self.hint or entry

    def __reduce__(self) -> tuple[object, ...]:
        # hints survive the way through a process pool; BaseException alone keeps positional arguments only
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(cls: type[DriftError], message: str, hint: str) -> DriftError:
    return cls(message, hint=hint)


class ConfigError(DriftError):
    """The settings are missing, contradict each other, or cannot be read."""

    topic = "configuration"


class DatabaseConnectionError(DriftError):
    """The server could not be reached, or it refused the login."""

    topic = "connection-refused"


class PermissionDeniedError(DriftError):
    """The role may connect, and yet not read what the check needs."""

    topic = "permission-denied"


class ReadTimeoutError(DriftError):
    """The catalogs could not be read within the time limit."""

    topic = "timeout"


class ConcurrentChangeError(DriftError):
    """The schema kept changing while it was read: a deployment is in flight."""

    topic = "deployment-in-flight"


class ScratchError(DriftError):
    """No scratch server could be started or used."""

    topic = "scratch"


class ModelsError(DriftError):
    """The models could not be loaded."""

    topic = "models"


class EngineError(DriftError):
    """An engine failed to propose a plan."""

    topic = "engine"


class EngineMissingError(EngineError):
    """The engine is not installed."""

    topic = "migra-missing"


class EngineTimeoutError(EngineError):
    """The engine hit the time limit for the comparison."""

    topic = "timeout"


class SnapshotError(DriftError):
    """A snapshot file is not one, or is of a version that this release does not read."""

    topic = "snapshot"


class StoreError(DriftError):
    """The artifact store could not be read or written."""

    topic = "artifacts"


class MigrationError(DriftError):
    """A revision could not be written, or does not do what it should."""

    topic = "migration"


class NotifyError(DriftError):
    """An alert could not be delivered. It never fails a check."""

    topic = "alerts"
