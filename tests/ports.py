"""Ports for servers that a test starts."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

# Below what the kernel hands to whoever connects somewhere (from 32768 on): nobody gets it between here and its server.
FIRST, LAST = 20_000, 32_000


def free_port() -> int:
    """A port that nobody listens on at this moment, by chance another one for each test that runs at the same time."""
    for _ in range(100):
        port = FIRST + secrets.randbelow(LAST - FIRST)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")
