"""Threads that wait for a server beside one that computes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def switching_quickly() -> Iterator[None]:
    """A thread that has an answer is to get the interpreter at once, and not after five milliseconds, for each."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, 0.0005))
    try:
        yield
    finally:
        sys.setswitchinterval(before)
