"""The steps that commands have in common: settings with the command line put over them, checks before the check,
where a report goes.
"""
# ruff: noqa: PLC0415  (imports inside of functions: `drift --help` needs none of them)

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drift_pipeline.config import Settings
    from drift_pipeline.history.trend import TrendPoint
    from drift_pipeline.report.report import Report


def settings_of(secrets: set[str], options: dict[str, Any], *environments: str) -> Settings:
    """The settings, with what the command line says put over them. Remembers which values nobody may see."""
    from drift_pipeline.config import load_settings, variables_for
    from drift_pipeline.redaction import secrets_in

    environment = environments[0] if environments else ""
    settings = load_settings(options.get("config_file"), options.get("env_file"), environment=environment)
    for name in environments or ("",):
        secrets.update(secrets_in(variables_for(settings, name)))
    given = {
        name: options[name]
        for name in (
            "planes",
            "exact",
            "strict",
            "allow_destructive",
            "fail_on",
            "pending",
            "evidence",
            "artifacts",
            "online",
        )
        if options.get(name)
    }
    if "artifacts" in given:
        given["artifacts"] = absolute(given["artifacts"])
    return dataclasses.replace(settings, **given)


@contextmanager
def naming_variables(settings: Settings) -> Iterator[None]:
    """Errors below name the environment's own variables where they speak of `<PREFIX>_DB_HOST` and the like."""
    from drift_pipeline.errors import DriftError

    try:
        yield
    except DriftError as error:
        for name, environment in settings.environments.items():
            if name in error.message:
                error.hint = error.hint.replace("<PREFIX>", environment.prefix)
        raise


def absolute(place: str) -> str:
    """A folder given on the command line is relative to where one stands, not to drift.toml."""
    return place if "://" in place else str(Path(place).expanduser().absolute())


def environments_in(*sources: str) -> list[str]:
    """Those of the sources that may be environments: for them `.env.<environment>` is read, too."""
    return [name for name in sources if name.replace("-", "_").isidentifier() and name != "models"]


def is_fleet(settings: Settings, environment: str) -> bool:
    """Whether this environment stands for many databases. ConfigError if there is none of that name."""
    from drift_pipeline.config import environment_named

    return environment_named(settings, environment).is_fleet


def require_ready(settings: Settings, environment: str, *, migration: bool) -> None:
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


FORMS = ("text", "json", "markdown", "html", "sql", "sarif", "junit")


def rendered(report: Report, form: str, settings: Settings | None = None) -> str:
    """The report in one of these forms; text for a terminal keeps to its width, with colour unless NO_COLOR.

    `settings`: what makes a test of JUnit fail, whether SQL that loses data is a comment, where earlier checks are.
    """
    import shutil
    import sys

    from drift_pipeline.report import render

    if form != "text":
        return _written(report, form, settings)
    terminal = sys.stdout.isatty()
    color = bool(os.environ.get("FORCE_COLOR")) or (terminal and not os.environ.get("NO_COLOR"))
    width = shutil.get_terminal_size((120, 24)).columns if terminal else 120
    return render.to_text(report, width, color, table=terminal)


def _written(report: Report, form: str, settings: Settings | None) -> str:
    from functools import partial

    from drift_pipeline.exit_codes import fails
    from drift_pipeline.report import render

    renderings: dict[str, Callable[[Report], str]] = {
        "json": render.to_json,
        "markdown": render.to_markdown,
        "html": lambda report: render.to_html(report, points=_trend(settings, report)),
        "sql": partial(render.to_sql, allow_destructive=bool(settings and settings.allow_destructive)),
        "sarif": render.to_sarif,
        "junit": partial(render.to_junit, fails=partial(fails, fail_on=settings.fail_on if settings else "major")),
    }
    return renderings[form](report)


def _trend(settings: Settings | None, report: Report) -> list[TrendPoint]:
    """The checks up to this one, as far as they are known."""
    from drift_pipeline.errors import StoreError
    from drift_pipeline.history.artifacts import TREND
    from drift_pipeline.history.checks import CheckRecord
    from drift_pipeline.history.store import ArtifactStore
    from drift_pipeline.history.trend import trend

    if settings is None:
        return []
    try:
        store = ArtifactStore(settings.artifacts, base=settings.root)
        earlier = store.checks(report.context.environment, last=TREND)
    except StoreError:
        return []  # whoever keeps the report says so
    return trend([*earlier, CheckRecord.of(report, "this one")], last=TREND)


def aged(settings: Settings, report: Report) -> Report:
    """The report with the ages of its findings, as far as earlier checks are known."""
    from drift_pipeline.errors import StoreError
    from drift_pipeline.history.age import aged_by
    from drift_pipeline.history.store import ArtifactStore

    try:
        return aged_by(ArtifactStore(settings.artifacts, base=settings.root), report)
    except StoreError:
        return report  # whoever keeps the report says so


def keep(settings: Settings, report: Report, *, quiet: bool) -> None:
    """Put the report into the artifact store, as a check of its own, and say where. Raises StoreError."""
    from datetime import UTC, datetime
    from functools import partial
    from uuid import uuid4

    from drift_pipeline.exit_codes import fails
    from drift_pipeline.history.artifacts import keep_report
    from drift_pipeline.history.store import ArtifactStore
    from drift_pipeline.output import note

    hide_from_git(settings.root / ".drift")
    store = ArtifactStore(settings.artifacts, base=settings.root)
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"
    kept = keep_report(
        store,
        report,
        run_id,
        allow_destructive=settings.allow_destructive,
        fails=partial(fails, fail_on=settings.fail_on),
    )
    if not quiet and kept.locations:
        note("artifacts: " + next(iter(kept.locations.values())).rpartition("/")[0])


def hide_from_git(folder: Path) -> None:
    """The cache and the default artifacts are nobody's source code."""
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError:
        return  # a checkout that is not writable: artifacts go elsewhere, or the store says why not
