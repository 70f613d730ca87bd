"""`drift check` for a fleet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from drift_pipeline.command_steps import aged, hide_from_git, naming_variables, rendered
from drift_pipeline.config import Settings, require_models
from drift_pipeline.errors import ConfigError
from drift_pipeline.exit_codes import COULD_NOT_LOOK
from drift_pipeline.fleet import output
from drift_pipeline.fleet.check import check_fleet
from drift_pipeline.fleet.kept import keep_fleet
from drift_pipeline.fleet.merged import as_report
from drift_pipeline.fleet.result import FleetReport
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.output import note, show, write_file
from drift_pipeline.progress import shown


def check(settings: Settings, environment: str, *, export: Path | None, form: str, quiet: bool, migration: bool) -> int:
    """Check the fleet, show and keep what came out; returns the exit code. DriftError as `check_fleet`."""
    require_models(settings)
    if migration:
        raise ConfigError(
            f"--generate-migration: {environment} is a fleet, and a revision belongs to one database",
            hint="name one of its databases as an environment of its own, and make the revision for that",
        )
    with naming_variables(settings), shown(quiet=quiet):
        fleet = check_fleet(environment, settings=settings)
    schemas = (replace(schema, report=aged(settings, schema.report)) for schema in fleet.schemas)
    fleet = replace(fleet, schemas=tuple(schemas))
    if not quiet:
        show(rendered_fleet(fleet, form, settings))
    if export:
        write_file(export, output.to_json(fleet))
    hide_from_git(settings.root / ".drift")
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"
    store = ArtifactStore(settings.artifacts, base=settings.root)
    kept = keep_fleet(store, fleet, run_id, allow_destructive=settings.allow_destructive)
    if not quiet and kept.locations:
        note("artifacts: " + next(iter(kept.locations.values())).rpartition("/")[0])
    code = fleet.exit_code(fail_on=settings.fail_on, strict=settings.strict)
    if code == COULD_NOT_LOOK and not fleet.unread:
        note(f"drift: {environment}: not everything could be compared, and --strict is set")
    return code


def rendered_fleet(fleet: FleetReport, form: str, settings: Settings) -> str:
    """The fleet in one of the forms that a report has; what tools read holds the findings of all its schemas."""
    if form == "text":
        return output.to_text(fleet, lambda report: rendered(report, "text", settings))
    if form == "sql":
        return output.to_sql(fleet, allow_destructive=settings.allow_destructive)
    own = {"json": output.to_json, "markdown": output.to_markdown}
    return own[form](fleet) if form in own else rendered(as_report(fleet), form, settings)
