"""Could not look: a DriftError becomes a failed step that says what happened and what to do next.

Drift itself is data and never fails a step.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from drift_pipeline.errors import ConcurrentChangeError, DatabaseConnectionError, DriftError, ReadTimeoutError
from drift_pipeline.redaction import redact, secrets_in

SUBJECT, NEXT_STEP = "subject", "next step"
"""Metadata of a failure: whom it happened to, and what to do."""

PASSING = (DatabaseConnectionError, ReadTimeoutError, ConcurrentChangeError)
"""What may be over in a moment, and is worth another try. A wrong setting is not."""


class Crash(Exception):  # noqa: N818 - only ever the cause of a failure, to carry the stack
    """An exception that nobody expected, its text without secrets."""


@contextmanager
def could_not_look(subject: str) -> Iterator[None]:
    """Turn a DriftError into a dg.Failure. `subject`: the environment, or what else was being looked at.

    A crash becomes one as well, with its stack: it is not tried again, and its text is freed of secrets.
    """
    try:
        yield
    except DriftError as error:
        # without the chain, whose texts come from drivers and applications: the event log keeps them for ever
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
    except Exception as error:
        said = redact(f"{type(error).__name__}: {error}", secrets_in(os.environ))
        raise dg.Failure(
            description=said,
            metadata={SUBJECT: subject, NEXT_STEP: "this is a fault of drift_pipeline: report it with this stack"},
            allow_retries=False,
        ) from Crash(said).with_traceback(error.__traceback__)
