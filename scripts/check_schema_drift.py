#!/usr/bin/env python3
"""Checks one environment's schema: `drift check` under the name that hooks and pipelines have.

    python scripts/check_schema_drift.py --env production|staging [--generate-migration] [--export FILE.json]

Exit codes: 0 no or minor drift, 1 major, 2 critical, 3 could not look.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # a checkout works without being installed

try:
    from drift_pipeline.cli import main
except ImportError as error:
    print(f"drift: drift_pipeline cannot be imported: {error}", file=sys.stderr)
    print("  next: pip install drift-pipeline, or use the Python in .venv that `make run` makes", file=sys.stderr)
    sys.exit(3)

if __name__ == "__main__":
    main(["check", *sys.argv[1:]])
