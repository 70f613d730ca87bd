"""The commands of `drift`: options in, use case called, result shown, exit code out. No logic of their own.

Everything heavy is imported inside the command that needs it, so that `drift --help` is quick; Dagster, Alembic and
SQLAlchemy are imported in none: the models and the engines run in processes of their own.
"""
# ruff: noqa: PLC0415  (imports inside of functions, for the reason above)

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from drift_pipeline import __version__
from drift_pipeline.command_steps import (
    FORMS,
    absolute,
    aged,
    environments_in,
    is_fleet,
    keep,
    naming_variables,
    rendered,
    require_ready,
    settings_of,
)
from drift_pipeline.commands_history import prune
from drift_pipeline.commands_setup import completion, environment_names, explain, init, sources
from drift_pipeline.progress import shown
from drift_pipeline.settings import EVIDENCE, FAIL_ON, PENDING, PLANES

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
_environment = click.option(
    "--env",
    "environment",
    shell_complete=environment_names,
    required=True,
    metavar="NAME",
    help="production, staging, or one of drift.toml.",
)
_artifacts = click.option("--artifacts", metavar="DIR", help="Folder or URL where reports are kept.")
_exact = click.option("--exact", is_flag=True, help="Count spellings that mean the same as differences, too.")
_online = click.option("--online", is_flag=True, help="Write the repair as steps for a database in use, too.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.version_option(__version__, message="drift %(version)s")
def drift() -> None:
    """Finds out where SQLAlchemy models and live PostgreSQL databases have grown apart.

    Databases are only read. `drift demo` shows it at work without any configuration.
    """


@drift.command(short_help="Compare a database with the models.", epilog=EXIT_CODES)
@_environment
@click.option("--export", type=_path(), metavar="FILE", help="Write the report to this file, as JSON.")
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True)
@_artifacts
@click.option("--fail-on", type=click.Choice(FAIL_ON), help="From where on the exit code is not 0. Default: major.")
@click.option("--pending", type=click.Choice(PENDING), help="What waits for a migration: counts, or is ignored.")
@_planes
@_exact
@_online
@click.option(
    "--evidence",
    type=click.Choice(EVIDENCE),
    help="What is asked about the tables; deep counts rows, never shows them.",
)
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
    settings = settings_of(secrets, options, environment)
    if is_fleet(settings, environment):
        from drift_pipeline.fleet import command

        form, quiet, migration = (options[name] for name in ("form", "quiet", "generate_migration"))
        return command.check(settings, environment, export=export, form=form, quiet=quiet, migration=migration)
    require_ready(settings, environment, migration=options["generate_migration"])

    from drift_pipeline import repair, use_case
    from drift_pipeline.report import render
    from drift_pipeline.reporting import require_extensions

    with naming_variables(settings), shown(quiet=options["quiet"]):
        looked = use_case.look(environment, settings=settings)
    report = aged(settings, looked.report)
    if not options["quiet"]:
        show(rendered(report, options["form"], settings))
    require_extensions(report)
    if export:
        write_file(export, render.to_json(report))
    keep(settings, report, quiet=options["quiet"])
    if options["generate_migration"]:
        with shown(quiet=options["quiet"]):
            lines = repair.generate_migration(settings, dataclasses.replace(looked, report=report))
        for line in lines:
            note(line)
    if settings.strict and report.coverage.not_covered:
        kinds = ", ".join(sorted(report.coverage.not_covered))
        note(f"drift: {environment}: not everything could be compared, and --strict is set: {kinds}")
        return COULD_NOT_LOOK
    return exit_code(report, fail_on=settings.fail_on)


@drift.command(
    short_help="Print the SQL between two schemas.", epilog="Exit codes: 0 equal, 1 different, 3 could not look."
)
@click.argument("source", shell_complete=sources)
@click.argument("target", shell_complete=sources)
@click.option("--json", "as_json", is_flag=True, help="Print the differences instead of the SQL.")
@_planes
@_exact
@_online
@_common
@click.pass_obj
def diff(secrets: set[str], /, source: str, target: str, as_json: bool, **options: Any) -> int:
    """Print the SQL that turns SOURCE into TARGET, all of it.

    Each is a database URL, an environment's name, `models`, or a snapshot file.
    """
    settings = settings_of(secrets, options, *environments_in(source, target))

    from drift_pipeline.comparison import compare
    from drift_pipeline.comparison_output import to_json, to_sql, unproven
    from drift_pipeline.output import note, show

    with naming_variables(settings), shown():
        comparison = compare(
            source, target, planes=settings.planes, exact=settings.exact, online=settings.online, settings=settings
        )
    show(to_json(comparison) if as_json else to_sql(comparison))
    for line in [] if as_json else unproven(comparison.plan.online or comparison.plan):
        note(line)
    return 1 if comparison.differences else 0


@drift.command(short_help="Write a schema as stable JSON.", epilog="Exit codes: 0 written, 3 could not look.")
@click.argument("source", shell_complete=sources)
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
    settings = settings_of(secrets, options, *environments_in(source))

    from drift_pipeline.comparison import read_source
    from drift_pipeline.schema import snapshot as snapshots

    with naming_variables(settings), shown():
        text = snapshots.to_json(read_source(source, settings=settings))
    if output:
        write_file(output, text)
    else:
        show(text)
    return 0


@drift.command(
    short_help="Try everything that a check needs.", epilog="Exit codes: 0 everything works, 3 something does not."
)
@click.option(
    "--env",
    "environment",
    shell_complete=environment_names,
    default="",
    metavar="NAME",
    help="This environment only; default: all configured.",
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
@_artifacts
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def demo(start_over: bool, artifacts: str | None, debug: bool) -> int:
    """Make two databases that have drifted from a small shop's models, and check both."""
    from drift_pipeline import demo as example
    from drift_pipeline import use_case
    from drift_pipeline.config import load_settings
    from drift_pipeline.output import note, show

    with contextlib.ExitStack() as running:
        with shown():
            variables, made = running.enter_context(example.demo_environment(start_over=start_over))
        note(example.describe(made))
        environ = {**os.environ, **variables}
        settings = load_settings(example.example_folder(), environ=environ)
        settings = dataclasses.replace(settings, artifacts=absolute(artifacts or settings.artifacts))
        for environment in settings.environments:
            with shown():
                report = aged(settings, use_case.check(environment, settings=settings, environ=environ))
            show(rendered(report, "text"))
            keep(settings, report, quiet=False)
    return 0


@drift.command(
    short_help="Hand a result to a CI job.",
    epilog="Exit codes: 0 done, whatever the check found; 3 there is no new report.",
)
@click.option(
    "--env",
    "environment",
    shell_complete=environment_names,
    required=True,
    metavar="NAME",
    help="The environment that was checked.",
)
@click.option("--copy-to", type=_path(), metavar="DIR", help="Copy the artifacts of the last check there.")
@click.option("--max-age", type=click.IntRange(min=1), default=30, show_default=True, metavar="MINUTES")
@click.option("--failed", is_flag=True, help="The check could not look: say when one last could.")
@_common
@click.pass_obj
def ci(secrets: set[str], /, environment: str, copy_to: Path | None, max_age: int, failed: bool, **options: Any) -> int:
    """Hand the result of the check just made to a CI job: outputs, step summary, annotations, files to upload."""
    from datetime import timedelta

    from drift_pipeline import ci as job
    from drift_pipeline.history.store import ArtifactStore
    from drift_pipeline.output import show

    settings = settings_of(secrets, options, environment)
    store = ArtifactStore(settings.artifacts, base=settings.root)
    if failed:
        result = job.nobody_looked(store, environment)
    else:
        attempt = os.environ.get("GITHUB_RUN_ATTEMPT", "1")
        result = job.read_result(store, environment, attempt=attempt, max_age=timedelta(minutes=max_age))
    if copy_to and not failed:
        job.copy_artifacts(store, environment, copy_to)
    for line in result.annotations:
        show(line)
    job.write_github_files(result, os.environ)
    return 0


@drift.command(short_help="Show the last checks.", epilog="Exit codes: 0 shown, 3 the history could not be read.")
@_environment
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="So many checks.")
@_artifacts
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

    settings = settings_of(secrets, options, environment)
    environment_named(settings, environment)
    points = trend(ArtifactStore(settings.artifacts, base=settings.root).checks(environment), last=last)
    show(to_json(points) if as_json else to_text(points, environment))
    return 0


@drift.command(
    short_help="List the rules by which drift is judged.", epilog="Exit codes: 0 listed, 3 the settings are wrong."
)
@click.option("--json", "as_json", is_flag=True, help="Print the rules as JSON.")
@_common
@click.pass_obj
def rules(secrets: set[str], /, as_json: bool, **options: Any) -> int:
    """List the rules: severity of the repair, impact now, which side should give way. Levels are the project's."""
    from drift_pipeline.output import show
    from drift_pipeline.policy import policy_of
    from drift_pipeline.rules_output import to_json, to_text

    levels = policy_of(settings_of(secrets, options)).levels
    show(to_json(levels) if as_json else to_text(levels))
    return 0


@drift.command(
    "pre-commit", short_help="Block a commit on critical drift.", epilog="Exit codes: 0 commit, 2 critical drift."
)
@click.option(
    "--env", "environment", shell_complete=environment_names, default="staging", show_default=True, metavar="NAME"
)
def pre_commit(environment: str) -> int:
    """Check an environment before a commit: critical drift blocks it, everything else is only told.

    A database that cannot be reached is no reason to stop somebody's work.
    """
    from drift_pipeline import cli
    from drift_pipeline.exit_codes import COULD_NOT_LOOK, CRITICAL, OK
    from drift_pipeline.output import note

    code = cli.run(["check", "--env", environment])
    if code == CRITICAL:
        note(f"drift: the commit is blocked: critical drift on {environment}. git commit --no-verify commits anyway.")
        return CRITICAL
    if code == COULD_NOT_LOOK:
        note(f"drift: {environment} could not be looked at; the commit goes on.")
    return OK


drift.add_command(init)
drift.add_command(completion)
drift.add_command(explain)
drift.add_command(prune)
