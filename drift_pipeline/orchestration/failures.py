"""Could not look: a DriftError becomes a failed step that says what happened and what to do next.

Drift itself is data and never fails a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from drift_pipeline.errors import ConcurrentChangeError, DatabaseConnectionError, DriftError, ReadTimeoutError

SUBJECT, NEXT_STEP = "subject", "next step"
"""Metadata of a failure: whom it happened to, and what to do."""

PASSING = (DatabaseConnectionError, ReadTimeoutError, ConcurrentChangeError)
"""What may be over in a moment, and is worth another try. A wrong setting is not."""


@contextmanager
def could_not_look(subject: str) -> Iterator[None]:
    """Turn a DriftError into a dg.Failure. `subject`: the environment, or what else was being looked at."""
    try:
        yield
    except DriftError as error:
        # without the chain: its texts come from drivers and applications, and the event log keeps them for ever
        raise dg.Failure(
            description=error.message,
            metadata={
                SUBJECT: subject,
                NEXT_STEP: error.hint or "run the same check with `drift check --debug` to see more",
                "kind": type(error).__name__,
                "topic": error.topic or "none",
            },
            allow_retries=isinstance(error, PASSING),
        ) from None
