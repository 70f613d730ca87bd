"""The IO manager: what passes between assets lies as JSON under Dagster's storage folder, one file an asset."""

from __future__ import annotations

from typing import Any

import dagster as dg
from upath import UPath

from drift_pipeline.orchestration.codec import dumps, loads
from drift_pipeline.orchestration.failures import NEXT_STEP


class JsonFiles(dg.UPathIOManager):
    """Values of assets as JSON files; an input's annotation says which dataclass to read back."""

    extension: str = ".json"

    def dump_to_path(self, context: dg.OutputContext, obj: Any, path: UPath) -> None:
        """Write the whole file beside its place and move it there, so that a killed run leaves the old one."""
        partial = path.with_name(f"{path.name}.{context.run_id[:8]}.part")
        partial.write_text(dumps(obj), encoding="utf-8")
        partial.rename(path)

    def load_from_path(self, context: dg.InputContext, path: UPath) -> Any:
        """Read the value back. Failure with the next step where there is none, or one of another release."""
        upstream = context.upstream_output.asset_key.to_user_string() if context.upstream_output else "the input"
        try:
            return loads(context.dagster_type.typing_type, path.read_text(encoding="utf-8"))
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
    return JsonFiles(base_path=UPath(context.instance.storage_directory()))
