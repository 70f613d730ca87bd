"""`python -m drift_pipeline` is `drift`."""

from __future__ import annotations

from drift_pipeline.cli import main

if __name__ == "__main__":
    main()
