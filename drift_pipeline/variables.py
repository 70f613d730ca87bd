"""Environment variables and .env files, merged into one mapping without touching os.environ.

A real variable wins over a file, `.env.production` over `.env`. Credentials and settings (DRIFT_*) come from the same
mapping.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path

from drift_pipeline.errors import ConfigError

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


def read_variables(
    root: Path, *, environment: str = "", env_file: Path | None = None, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """All variables that count for this environment; empty ones are left out (CI sets unknown secrets to "").

    `env_file` replaces the usual files `.env.<environment>` and `.env` in `root`. Raises ConfigError if it does not
    exist or a file cannot be read.
    """
    found: dict[str, str] = {}
    if env_file is not None:
        path = env_file.expanduser()
        if not path.is_file():
            raise ConfigError(f"no such file: {path}", hint="--env-file names a file with lines NAME=value")
        found.update(_read(path))
    else:
        names = [".env", f".env.{environment}"] if environment else [".env"]
        for path in (root / name for name in names):
            if path.is_file():
                found.update(_read(path))
    found.update(os.environ if environ is None else environ)
    return {key: value for key, value in found.items() if value.strip()}


def _read(path: Path) -> dict[str, str]:
    from dotenv import dotenv_values  # noqa: PLC0415 (only who has a .env file pays for it)
    from dotenv.parser import parse_stream  # noqa: PLC0415

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"cannot read {path}: {reason}", hint="check the file and its permissions") from error
    broken = [binding.original.line for binding in parse_stream(io.StringIO(text)) if binding.error]
    if broken:
        # the line itself may hold a password
        raise ConfigError(f"{path}, line {broken[0]}: not of the form NAME=value", hint="quote values with blanks or #")
    values = dotenv_values(stream=io.StringIO(text))
    return {key: value for key, value in values.items() if value is not None}
