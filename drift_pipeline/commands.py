"""The commands of `drift`: options in, use case called, result shown, exit code out. No logic of their own.

Everything heavy is imported inside the command that needs it, so that `drift --help` is quick; Dagster, Alembic and
SQLAlchemy are imported in none: the models and the engines run in processes of their own.
"""
# ruff: noqa: PLC0415  (imports inside of functions, for the reason above)

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from drift_pipeline import __version__
from drift_pipeline.settings import FAIL_ON, PENDING, PLANES

if TYPE_CHECKING:
    from drift_pipeline.config import Settings
    from drift_pipeline.report.report import Report

_Command = TypeVar("_Command", bound=Callable[..., Any])

EXIT_CODES = "Exit codes: 0 no or minor drift, 1 major, 2 critical, 3 could not look."


def _chosen_planes(_context: click.Context, _option: click.Parameter, text: str | None) -> tuple[str, ...]:
    """`structure,privileges`, or `all`; empty without the option."""
    if not text:
        return ()
    chosen = PLANES if text == "all" else tuple(item.strip() for item in text.split(","))
    unknown = [item for item in chosen if item not in PLANES]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(PLANES)}, all")
    return chosen


def _path() -> click.Path:
    return click.Path(path_type=Path)


def _common(command: _Command) -> _Command:
    """Options that every command has."""
    for option in (
        click.option("--debug", is_flag=True, help="Show tracebacks, and what is logged."),
        click.option("--env-file", type=_path(), metavar="FILE", help="Variables; default: .env.<environment>, .env"),
        click.option("--config", "config_file", type=_path(), metavar="FILE", help="drift.toml to use; default: found"),
    ):
        command = option(command)
    return command


_planes = click.option(
    "--planes", callback=_chosen_planes, metavar="LIST", help=f"What is compared: {', '.join(PLANES)}; or all."
)
_exact = click.option("--exact", is_flag=True, help="Count spellings that mean the same as differences, too.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.version_option(__version__, message="drift %(version)s")
def drift() -> None:
    """Finds out where SQLAlchemy models and live PostgreSQL databases have grown apart.

    Databases are only read. `drift demo` shows it at work without any configuration.
    """


@drift.command(short_help="Compare a database with the models.", epilog=EXIT_CODES)
@click.option("--env", "environment", required=True, metavar="NAME", help="production, staging, or one of drift.toml.")
@click.option("--export", type=_path(), metavar="FILE", help="Write the report to this file, as JSON.")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--artifacts", metavar="DIR", help="Folder or URL where reports are kept.")
@click.option("--fail-on", type=click.Choice(FAIL_ON), help="From where on the exit code is not 0. Default: major.")
@click.option("--pending", type=click.Choice(PENDING), help="What waits for a migration: counts, or is ignored.")
@_planes
@_exact
@click.option("--strict", is_flag=True, help="Exit 3 when something exists that cannot be compared.")
@click.option("--allow-destructive", is_flag=True, help="Write statements that lose data as SQL, not as comments.")
@click.option("--generate-migration", is_flag=True, help="Write an Alembic revision if there is drift.")
@click.option("--quiet", "-q", is_flag=True, help="Print no report, only what goes wrong.")
@_common
@click.pass_obj
def check(secrets: set[str], /, environment: str, export: Path | None, **options: Any) -> int:
    """Compare one environment's database with the models."""
    from drift_pipeline.exit_codes import COULD_NOT_LOOK, exit_code
    from drift_pipeline.output import note, require_writable, show, write_file

    if export:
        require_writable(export)
    settings = _settings(secrets, options, environment)
    _require_ready(settings, environment, migration=options["generate_migration"])

    from drift_pipeline import use_case
    from drift_pipeline.report import render

    with _naming_variables(settings):
        looked = use_case.look(environment, settings=settings)
    report = looked.report
    if not options["quiet"]:
        show(_rendered(report, options["form"]))
    _require_extensions(report)
    if export:
        write_file(export, render.to_json(report))
    _keep(settings, report, quiet=options["quiet"])
    if options["generate_migration"]:
        for line in use_case.generate_migration(settings, looked):
            note(line)
    if settings.strict and report.coverage.not_covered:
        kinds = ", ".join(sorted(report.coverage.not_covered))
        note(f"drift: {environment}: not everything could be compared, and --strict is set: {kinds}")
        return COULD_NOT_LOOK
    return exit_code(report, fail_on=settings.fail_on)


@drift.command(
    short_help="Print the SQL between two schemas.", epilog="Exit codes: 0 equal, 1 different, 3 could not look."
)
@click.argument("source")
@click.argument("target")
@click.option("--json", "as_json", is_flag=True, help="Print the differences instead of the SQL.")
@_planes
@_exact
@_common
@click.pass_obj
def diff(secrets: set[str], /, source: str, target: str, as_json: bool, **options: Any) -> int:
    """Print the SQL that turns SOURCE into TARGET, all of it.

    Each is a database URL, an environment's name, `models`, or a snapshot file.
    """
    settings = _settings(secrets, options, *_environments_in(source, target))

    from drift_pipeline import use_case
    from drift_pipeline.comparison_output import to_json, unproven
    from drift_pipeline.output import note, show

    with _naming_variables(settings):
        comparison = use_case.compare(source, target, planes=settings.planes, exact=settings.exact, settings=settings)
    show(to_json(comparison) if as_json else comparison.plan.sql)
    for line in [] if as_json else unproven(comparison.plan):
        note(line)
    return 1 if comparison.differences else 0


@drift.command(short_help="Write a schema as stable JSON.", epilog="Exit codes: 0 written, 3 could not look.")
@click.argument("source")
@click.option("--output", "-o", type=_path(), metavar="FILE", help="File to write; default: standard output.")
@_common
@click.pass_obj
def snapshot(secrets: set[str], /, source: str, output: Path | None, **options: Any) -> int:
    """Write all facts of SOURCE as JSON that stays the same as long as the schema does.

    SOURCE is a database URL, an environment's name, or `models`.
    """
    from drift_pipeline.output import require_writable, show, write_file

    if output:
        require_writable(output)
    settings = _settings(secrets, options, *_environments_in(source))

    from drift_pipeline import use_case
    from drift_pipeline.schema import snapshot as snapshots

    with _naming_variables(settings):
        text = snapshots.to_json(use_case.read_source(source, settings=settings))
    if output:
        write_file(output, text)
    else:
        show(text)
    return 0


@drift.command(
    short_help="Try everything that a check needs.", epilog="Exit codes: 0 everything works, 3 something does not."
)
@click.option(
    "--env", "environment", default="", metavar="NAME", help="This environment only; default: all configured."
)
@_common
@click.pass_obj
def doctor(secrets: set[str], /, environment: str, **options: Any) -> int:
    """Try everything that a check needs, and say what to do where it fails."""
    from drift_pipeline.doctor import Examiner
    from drift_pipeline.output import show

    works = True
    examiner = Examiner(
        secrets,
        config=options["config_file"],
        env_file=options["env_file"],
        environment=environment,
        debug=options["debug"],
    )
    for line in examiner.lines():
        show(line.text)
        works = works and line.works
    return 0 if works else 3


@drift.command(short_help="Show it on an example.", epilog="Exit codes: 0 shown, 3 it did not work.")
@click.option("--start-over", is_flag=True, help="Make the example's databases anew.")
@click.option("--artifacts", metavar="DIR", help="Folder or URL where reports are kept.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def demo(start_over: bool, artifacts: str | None, debug: bool) -> int:
    """Make two databases that have drifted from a small shop's models, and check both."""
    from drift_pipeline import demo as example
    from drift_pipeline import use_case
    from drift_pipeline.config import load_settings
    from drift_pipeline.output import note, show

    with example.demo_environment(start_over=start_over) as (variables, made):
        note(example.describe(made))
        environ = {**os.environ, **variables}
        settings = load_settings(example.example_folder(), environ=environ)
        settings = dataclasses.replace(settings, artifacts=_absolute(artifacts or settings.artifacts))
        for environment in settings.environments:
            report = use_case.check(environment, settings=settings, environ=environ)
            show(_rendered(report, "text"))
            _keep(settings, report, quiet=False)
    return 0


@drift.command(
    short_help="Hand a result to a CI job.",
    epilog="Exit codes: 0 done, whatever the check found; 3 there is no new report.",
)
@click.option("--env", "environment", required=True, metavar="NAME", help="The environment that was checked.")
@click.option("--copy-to", type=_path(), metavar="DIR", help="Copy the artifacts of the last check there.")
@click.option("--max-age", type=click.IntRange(min=1), default=30, show_default=True, metavar="MINUTES")
@_common
@click.pass_obj
def ci(secrets: set[str], /, environment: str, copy_to: Path | None, max_age: int, **options: Any) -> int:
    """Hand the result of the check just made to a CI job: outputs, step summary, annotations, files to upload."""
    from datetime import timedelta

    from drift_pipeline import ci as job
    from drift_pipeline.history.store import ArtifactStore
    from drift_pipeline.output import show

    settings = _settings(secrets, options, environment)
    store = ArtifactStore(settings.artifacts, base=settings.root)
    attempt = os.environ.get("GITHUB_RUN_ATTEMPT", "1")
    result = job.read_result(store, environment, attempt=attempt, max_age=timedelta(minutes=max_age))
    if copy_to:
        job.copy_artifacts(store, environment, copy_to)
    for line in result.annotations:
        show(line)
    job.write_github_files(result, os.environ)
    return 0


@drift.command(short_help="Show the last checks.", epilog="Exit codes: 0 shown, 3 the history could not be read.")
@click.option("--env", "environment", required=True, metavar="NAME", help="production, staging, or one of drift.toml.")
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="So many checks.")
@click.option("--artifacts", metavar="DIR", help="Folder or URL where reports are kept.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
@_common
@click.pass_obj
def trends(secrets: set[str], /, environment: str, last: int, as_json: bool, **options: Any) -> int:
    """Show the last checks of an environment: findings by severity, what came and what went."""
    from drift_pipeline.config import environment_named
    from drift_pipeline.history.store import ArtifactStore
    from drift_pipeline.history.trend import trend
    from drift_pipeline.output import show
    from drift_pipeline.trend_output import to_json, to_text

    settings = _settings(secrets, options, environment)
    environment_named(settings, environment)
    points = trend(ArtifactStore(settings.artifacts, base=settings.root).checks(environment), last=last)
    show(to_json(points) if as_json else to_text(points, environment))
    return 0


def _settings(secrets: set[str], options: dict[str, Any], *environments: str) -> Settings:
    """The settings, with what the command line says put over them. Remembers which values nobody may see."""
    from drift_pipeline.config import load_settings, variables_for
    from drift_pipeline.redaction import secrets_in

    environment = environments[0] if environments else ""
    settings = load_settings(options.get("config_file"), options.get("env_file"), environment=environment)
    for name in environments or ("",):
        secrets.update(secrets_in(variables_for(settings, name)))
    given = {
        name: options[name]
        for name in ("planes", "exact", "strict", "allow_destructive", "fail_on", "pending", "artifacts")
        if options.get(name)
    }
    if "artifacts" in given:
        given["artifacts"] = _absolute(given["artifacts"])
    return dataclasses.replace(settings, **given)


def _require_extensions(report: Report) -> None:
    """What scratch could not build for want of an extension was not looked at: that is no result to keep."""
    from drift_pipeline.errors import ScratchError

    prefix = "extension "
    lacking = [fault.what.removeprefix(prefix) for fault in report.model_faults if fault.what.startswith(prefix)]
    if lacking:
        raise ScratchError(
            f"{report.context.environment}: the scratch server ({report.context.scratch_version}) lacks the extension "
            f"{', '.join(lacking)}, so a part of the models could not be compared",
            hint="set DRIFT_SCRATCH_URL to a server that has it",
        )


@contextmanager
def _naming_variables(settings: Settings) -> Iterator[None]:
    """Errors below name the environment's own variables where they speak of `<PREFIX>_DB_HOST` and the like."""
    from drift_pipeline.errors import DriftError

    try:
        yield
    except DriftError as error:
        for name, environment in settings.environments.items():
            if name in error.message:
                error.hint = error.hint.replace("<PREFIX>", environment.prefix)
        raise


def _absolute(place: str) -> str:
    """A folder given on the command line is relative to where one stands, not to drift.toml."""
    return place if "://" in place else str(Path(place).expanduser().absolute())


def _environments_in(*sources: str) -> list[str]:
    """Those of the sources that may be environments: for them `.env.<environment>` is read, too."""
    return [name for name in sources if name.replace("-", "_").isidentifier() and name != "models"]


def _require_ready(settings: Settings, environment: str, *, migration: bool) -> None:
    """What can be found out without a database is said first."""
    from drift_pipeline.config import database_for, require_models
    from drift_pipeline.errors import ConfigError

    database_for(settings, environment)
    require_models(settings)
    if migration and not settings.models.alembic:
        raise ConfigError(
            "--generate-migration: the project's Alembic configuration is not known",
            hint='name it in drift.toml, under [models]: alembic = "alembic.ini"',
        )


def _rendered(report: Report, form: str) -> str:
    import shutil
    import sys

    from drift_pipeline.report import render

    if form == "json":
        return render.to_json(report)
    if form == "markdown":
        return render.to_markdown(report)
    terminal = sys.stdout.isatty()
    color = bool(os.environ.get("FORCE_COLOR")) or (terminal and not os.environ.get("NO_COLOR"))
    width = shutil.get_terminal_size((120, 24)).columns if terminal else 120
    return render.to_text(report, width, color, table=terminal)


def _keep(settings: Settings, report: Report, *, quiet: bool) -> None:
    from datetime import UTC, datetime
    from uuid import uuid4

    from drift_pipeline.history.artifacts import keep_report
    from drift_pipeline.history.store import ArtifactStore
    from drift_pipeline.output import note

    _hide_from_git(settings.root / ".drift")
    store = ArtifactStore(settings.artifacts, base=settings.root)
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"
    kept = keep_report(store, report, run_id)
    if not quiet and kept.locations:
        note("artifacts: " + next(iter(kept.locations.values())).rpartition("/")[0])


def _hide_from_git(folder: Path) -> None:
    """The cache and the default artifacts are nobody's source code."""
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError:
        return  # a checkout that is not writable: artifacts go elsewhere, or the store says why not
