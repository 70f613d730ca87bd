"""The IO manager: what passes between assets lies as JSON under Dagster's storage folder, one file an asset."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dagster as dg

from drift_pipeline.orchestration.codec import dumps, loads
from drift_pipeline.orchestration.failures import NEXT_STEP


class JsonFiles(dg.IOManager):
    """Values of assets as JSON files; an input's annotation says which dataclass to read back.

    Not Dagster's own manager of paths: it writes two log lines for every value, each a transaction in the event log.
    """

    def __init__(self, base: Path) -> None:
        self._base = base

    def _path(self, key: dg.AssetKey) -> Path:
        return self._base.joinpath(*key.path[:-1], f"{key.path[-1]}.json")

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Write the whole file beside its place and move it there, so that a killed run leaves the old one."""
        path = self._path(context.asset_key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{context.run_id[:8]}.part")
        partial.write_text(dumps(obj), encoding="utf-8")
        os.replace(partial, path)

    def load_input(self, context: dg.InputContext) -> Any:
        """Read the value back. Failure with the next step where there is none, or one of another release."""
        upstream = context.asset_key.to_user_string()
        try:
            text = self._path(context.asset_key).read_text(encoding="utf-8")
            return loads(context.dagster_type.typing_type, text)
        except FileNotFoundError:
            problem = f"{upstream} was not materialized here yet"
        except ValueError:
            problem = f"the stored value of {upstream} is of another release"
        raise dg.Failure(
            problem, metadata={NEXT_STEP: f"materialize {upstream}, or its whole group"}, allow_retries=False
        )


@dg.io_manager(description="Values between assets as JSON, under Dagster's storage folder.")
def json_files(context: dg.InitResourceContext) -> JsonFiles:
    """The IO manager on this instance's storage folder."""
    if context.instance is None:
        raise dg.DagsterInvariantViolationError("the IO manager needs a Dagster instance")
    return JsonFiles(Path(context.instance.storage_directory()))
