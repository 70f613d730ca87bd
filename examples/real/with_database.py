"""`python with_database.py COMMAND …`: runs the command with DATABASE_URL, the address of an empty database.

The database lies on drift's embedded server and is gone when the command ends.
"""

import os
import subprocess
import sys
from urllib.parse import urlencode

from drift_pipeline.scratch.server import scratch_server


def main() -> int:
    """The command's exit code."""
    with scratch_server() as server, server.create(label="example") as database:
        options = {key: database.parameters[key] for key in ("host", "port", "user") if key in database.parameters}
        address = f"postgresql+psycopg2:///{database.parameters['dbname']}?{urlencode(options)}"
        return subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": address}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
