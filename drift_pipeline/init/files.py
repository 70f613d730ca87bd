"""The files that `drift init` writes, as text. Names from the repository are data: TOML strings are quoted by rule."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from drift_pipeline.errors import DriftError
from drift_pipeline.init.verify import Verified
from drift_pipeline.packaged import packaged
from drift_pipeline.settings_file import STANDARD_PREFIXES, prefix_of

SETTINGS = "drift.toml"
VARIABLES = ".env.example"
ROLE = "drift-read-only-role.sql"
WORKFLOW = ".github/workflows/schema-drift-check.yml"

_DEFAULT_PATH = (".",)


def quoted(text: str) -> str:
    """A TOML string: JSON's rules, and DEL, which TOML wants escaped, too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(items: Sequence[str]) -> str:
    if len(items) > 3:
        return "[\n" + "".join(f"    {quoted(item)},\n" for item in items) + "]"
    return "[" + ", ".join(quoted(item) for item in items) + "]"


def settings(verified: Verified, environments: Sequence[str], alembic_note: str = "") -> str:
    """drift.toml."""
    models = verified.models
    lines = [
        "# What drift_pipeline needs to know of this project. Credentials never stand here: they come from the",
        "# environment, or from .env.<environment>. All settings: drift's docs/settings.md.",
        "",
        "[models]",
    ]
    if models.targets:
        lines.append(f"targets = {_list(models.targets)}")
    if models.alembic:
        lines.append(f"alembic = {quoted(models.alembic)}")
    elif alembic_note:
        lines.append(f"# {alembic_note}")
    if tuple(models.path) not in {_DEFAULT_PATH, ()}:
        lines.append(f"path = {_list(models.path)}")
    if models.python:
        lines.append(f"python = {quoted(models.python)}")
    for name in environments:
        if name not in STANDARD_PREFIXES:
            lines += ["", f"[environments.{name if re.fullmatch(r'[A-Za-z0-9_-]+', name) else quoted(name)}]"]
            lines.append(f"prefix = {quoted(prefix_of(name))}")
    return "\n".join(lines) + "\n"


def variables(environments: Sequence[str]) -> str:
    """.env.example: which variables lead to the databases, without any value that is secret."""
    lines = [
        "# Where the databases are. Copy the part of an environment to .env.<environment>, which Git must not know,",
        "# or set the same names in the environment, in CI as secrets.",
    ]
    for name in environments:
        prefix = prefix_of(name)
        lines += ["", f"# {name}: .env.{name}", f"{prefix}_DB_HOST=", f"{prefix}_DB_PORT=5432", f"{prefix}_DB_NAME="]
        lines += [f"{prefix}_DB_USER=drift_reader", f"{prefix}_DB_PASSWORD=", f"{prefix}_DB_SSLMODE=require"]
    lines += ["", "# Alerts, if somebody wants them", "# TELEGRAM_BOT_TOKEN=", "# TELEGRAM_CHAT_ID="]
    return "\n".join(lines) + "\n"


def role() -> str:
    """The SQL that creates the read-only role, with its own name in the command that runs it."""
    return packaged("read-only-role.sql").replace("docs/read-only-role.sql", ROLE)


def workflow(environments: Sequence[str], install: Sequence[str] = ()) -> str:
    """The workflow of this project, for these environments; `install`: commands that make the models importable.

    It is the file that this project runs itself, which its tests execute step by step.
    """
    text = packaged("schema-drift-check.yml")
    for name in environments:
        if name not in STANDARD_PREFIXES:
            text = _with_credentials_of(text, prefix_of(name))
    names = ", ".join(environments)
    text = text.replace("options: [production, staging]", f"options: [{names}]")
    if "production" not in environments:
        text = re.sub(r"(default: |\|\| ')production", rf"\g<1>{environments[0]}", text)
    if not install:
        return text
    step = ["      - name: Install the application, whose models are imported", "        run: |"]
    step += [f"          {command}" for command in install]
    before, after = _after_step(text, "Install drift_pipeline")
    return before + "\n".join(step) + "\n\n" + after


def _with_credentials_of(text: str, prefix: str) -> str:
    """A line for the prefix after every last line that speaks of STAGING's variables."""
    return re.sub(
        r"(?m)(?:^ *STAGING_DB_\w+:.*\n)+",
        lambda match: match[0] + match[0].replace("STAGING_DB_", f"{prefix}_DB_"),
        text,
    )


def _after_step(text: str, name: str) -> tuple[str, str]:
    """The text up to the end of the step that begins so, and the rest."""
    found = re.search(rf"(?m)^      - name: {re.escape(name)}.*\n(?:(?:        .*)?\n)*", text)
    if not found:
        raise DriftError(f"the workflow has no step {name!r}", hint="reinstall drift-pipeline")
    return text[: found.end()], text[found.end() :]


def installation(root: Path, python: str) -> tuple[str, ...]:
    """Commands by which a runner can import the models, from what the repository says of its dependencies.

    With an interpreter of its own in drift.toml the runner makes the same virtual environment.
    """
    known: Mapping[str, str] = {
        "requirements.txt": "install --quiet -r requirements.txt",
        "pyproject.toml": "install --quiet .",
        "setup.py": "install --quiet .",
    }
    how = next((command for name, command in known.items() if _installable(root / name)), "")
    if not how:
        return ()
    if not python:
        return (f"python -m pip {how}",)
    folder = python.removesuffix("/bin/python")
    return (f"python -m venv {folder}", f"{folder}/bin/python -m pip {how}")


def _installable(path: Path) -> bool:
    if not path.is_file():
        return False
    # a pyproject.toml that only holds the settings of tools installs nothing
    return path.name != "pyproject.toml" or bool(
        re.search(r"(?m)^\[(project|tool\.poetry|build-system)\]", path.read_text(encoding="utf-8", errors="replace"))
    )
