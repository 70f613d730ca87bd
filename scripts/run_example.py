#!/usr/bin/env python3
"""Runs the example: `make run`. Two databases that have drifted, the pipeline's job on them, and the verdicts.

--ui opens Dagster's UI on them instead; --forget drops the databases.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from drift_pipeline import demo

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    if "--forget" in arguments:
        demo.forget()
        return 0
    artifacts = os.environ.get("DRIFT_ARTIFACTS") or str(ROOT / ".drift" / "artifacts")
    with demo.demo_environment() as (variables, made):
        print(demo.describe(made))
        environment = {
            **os.environ,
            **variables,
            "DAGSTER_HOME": str(ROOT),
            "DRIFT_ROOT": str(demo.example_folder()),
            "DRIFT_ARTIFACTS": artifacts,
            # job execute is asked for by name everywhere; that dg supersedes it is no news for this reader
            "PYTHONWARNINGS": "ignore",
        }
        scripts = Path(sys.executable).parent
        if "--ui" in arguments:
            return subprocess.call(
                [scripts / "dagster", "dev", "-m", "drift_pipeline", "-h", "127.0.0.1", "-p", "3000"],
                cwd=ROOT,
                env=environment,
            )
        command = [scripts / "dagster", "job", "execute", "-m", "drift_pipeline", "-j", "drift_check"]
        result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.stderr.write(result.stdout + result.stderr)
        return result.returncode
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    print(demo.verdicts(artifacts, width=shutil.get_terminal_size((100, 24)).columns, color=color))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
