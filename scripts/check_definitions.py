"""What Dagster's own two commands say of the definitions, every warning an error but those below.

A warning in a definition is a thing that the next release of Dagster may refuse: better told here than in production.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]

ALLOWED = {
    "Function `definitions_validate_command` is superseded": "for `dg check defs`, which is asked as well",
    "Property `ScheduleDefinition.environment_vars` is deprecated": "Dagster reads it itself of every schedule",
}
"""Beginning of a warning that is let through, and why."""

# no definition here is written in YAML, and `dg` would look for a folder of them
COMMANDS = (["dagster", "definitions", "validate"], ["dg", "check", "defs", "--no-check-yaml"])


def main() -> int:
    """0 if every command is content, else 1 after all of them were asked."""
    filters = ["error", *(f"ignore:{beginning}" for beginning in ALLOWED)]
    environment = {**os.environ, "PYTHONWARNINGS": ",".join(filters), "DAGSTER_CLI_TELEMETRY_ENABLED": "0"}
    failed = 0
    for command in COMMANDS:
        program = str(Path(sys.executable).with_name(command[0]))
        done = subprocess.run(
            [program, *command[1:]], cwd=TOP, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode:
            failed = 1
            print(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
