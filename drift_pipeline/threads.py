"""Threads that wait for a server beside one that computes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

QUICKLY = 0.0005

_lock = threading.Lock()
_asked: list[float] = []


@contextmanager
def switching_quickly() -> Iterator[None]:
    """A thread that has an answer is to get the interpreter at once, and not after five milliseconds, for each.

    Several threads may be inside at a time; the last that leaves gives back what the first one found.
    """
    with _lock:
        _asked.append(_asked[0] if _asked else sys.getswitchinterval())
        sys.setswitchinterval(min(_asked[0], QUICKLY))
    try:
        yield
    finally:
        with _lock:
            before = _asked.pop()
            if not _asked:
                sys.setswitchinterval(before)
