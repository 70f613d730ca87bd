"""One measurement of this project in a process of its own: a request on standard input, an answer on the output."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import measured
from drift_pipeline.config import Database, load_settings
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.schema.snapshot import to_json
from drift_pipeline.use_case import check


def read(request: dict[str, Any]) -> dict[str, Any]:
    """The whole snapshot: facts, JSON, fingerprint."""
    database = Database("bench", request["parameters"])
    start = time.perf_counter()
    schema = read_schema(database)
    read_at = time.perf_counter()
    text = to_json(schema)
    json_at = time.perf_counter()
    fingerprint = schema.fingerprint
    return {
        "facts": len(schema.facts),
        "bytes": len(text),
        "fingerprint": fingerprint,
        "read": read_at - start,
        "json": json_at - read_at,
        "digest": time.perf_counter() - json_at,
    }


def look(request: dict[str, Any]) -> dict[str, Any]:
    """One check. `engines`: which may compete."""
    settings = load_settings(root=Path(request["root"]))
    report = check("bench", settings=settings)
    return {
        "differences": len(report.findings),
        "statements": len(report.plan.statements),
        "proof": str(report.plan.proof),
        "engine": report.plan.engine,
        "timings": dict(report.context.timings),
        "notes": list(report.plan.notes),
    }


OPERATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"read": read, "check": look}


def main() -> int:
    """Answer one request."""
    request = json.load(sys.stdin)

    def forget_plans() -> None:
        # a plan that was proven once is not made again; here it is to be made
        if "root" in request:
            shutil.rmtree(Path(request["root"]) / ".drift" / "cache" / "plans", ignore_errors=True)

    answer = measured(
        lambda: OPERATIONS[request["operation"]](request),
        postmaster=request["postmaster"],
        repeat=request["repeat"],
        before=forget_plans,
    )
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
