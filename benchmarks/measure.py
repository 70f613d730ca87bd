"""Seconds, CPU seconds and memory of one operation. Standard library alone: peers have interpreters of their own."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def own_cpu() -> float:
    """User and system seconds of this process and of its children that ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def server_cpu(postmaster: int) -> float:
    """User and system seconds of a server's processes, those that ended included."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(folder.name) == postmaster:
            total += int(fields[13]) + int(fields[14])
        elif int(fields[1]) == postmaster:
            total += int(fields[11]) + int(fields[12])
    return total / _TICK


def _peak() -> float:
    """Megabytes; not getrusage's number, which begins with the size of the process that forked this one."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def measured(
    operation: Callable[[], object], *, postmaster: int, repeat: int, before: Callable[[], object] = lambda: None
) -> dict[str, object]:
    """The best of `repeat` runs after one that warms everything up, and the peak of this process's memory.

    `before`: called before every run, not measured.
    """
    before()
    start = time.perf_counter()
    result = operation()
    first = time.perf_counter() - start
    runs = []
    for _ in range(repeat):
        before()
        gc.collect()
        cpu, server, start = own_cpu(), server_cpu(postmaster), time.perf_counter()
        result = operation()
        seconds = time.perf_counter() - start
        runs.append((seconds, own_cpu() - cpu, server_cpu(postmaster) - server))
    best = min(runs) if runs else (first, 0.0, 0.0)
    return {
        "first": first,
        "seconds": best[0],
        "cpu": min(run[1] for run in runs) if runs else 0.0,
        "server_cpu": min(run[2] for run in runs) if runs else 0.0,
        "peak_mb": _peak(),
        "result": result,
    }
