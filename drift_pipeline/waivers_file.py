"""drift-waivers.toml, beside drift.toml: the findings that a project accepted.

[[waiver]]
name = "public.orders.ix_old"       # a shell pattern on the dotted name
kind = "index"                      # optional: any kind without it
change = "extra"                    # optional: missing, extra, changed or renamed, seen from the live database
environment = "production"          # optional: all of them without it
reason = "the month's report needs it"
owner = "ann@example.com"
expires = 2027-01-31                # the last day on which it holds
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from drift_pipeline.errors import ConfigError
from drift_pipeline.judge.waivers import CHANGES, Waiver

FILE_NAME = "drift-waivers.toml"
_REQUIRED = ("name", "reason", "owner", "expires")
_OPTIONAL = ("kind", "change", "environment")


def read_waivers(root: Path, environments: Collection[str] = ()) -> tuple[Waiver, ...]:
    """The waivers of the project in this folder; none without the file.

    `environments`: those that exist; a waiver for another one is a mistake. ConfigError, which names the entry, for
    whatever is wrong with one: a waiver that is half understood would hide what nobody accepted.
    """
    path = root / FILE_NAME
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return ()
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{FILE_NAME} is not valid TOML: {error}", hint=f"correct {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}", hint="check the file and its permissions") from error
    entries = content.pop("waiver", [])
    if content or not isinstance(entries, list):
        what = repr(next(iter(content), "waiver"))
        raise ConfigError(f"{FILE_NAME}: {what} is not understood", hint="write [[waiver]] above each of its entries")
    return tuple(_waiver(entry, number, environments) for number, entry in enumerate(entries, start=1))


def _waiver(entry: Any, number: int, environments: Collection[str]) -> Waiver:
    if not isinstance(entry, dict):
        raise ConfigError(f"{FILE_NAME}: entry {number} is no table", hint="write [[waiver]] above its lines")
    where = f"{FILE_NAME}, entry {number}"
    shown = f"{where} ({entry['name']})" if isinstance(entry.get("name"), str) else where
    for key in entry:
        if key not in (*_REQUIRED, *_OPTIONAL):
            close = difflib.get_close_matches(key, (*_REQUIRED, *_OPTIONAL), n=1, cutoff=0.5)
            known = f"known here: {', '.join((*_REQUIRED, *_OPTIONAL))}"
            raise ConfigError(f"{shown}: unknown key {key!r}", hint=f"did you mean {close[0]!r}?" if close else known)
    for key in _REQUIRED:
        if entry.get(key) in (None, ""):
            raise ConfigError(f"{shown} has no {key}", hint=_WHY[key])
    texts = {key: _text(entry, key, shown) for key in (*_REQUIRED[:3], *_OPTIONAL) if key in entry}
    if texts.get("change", "missing") not in CHANGES:
        raise ConfigError(f"{shown}: change is none of {', '.join(CHANGES)}", hint=f"not {texts['change']!r}")
    if environments and texts.get("environment") and texts["environment"] not in environments:
        known = ", ".join(sorted(environments))
        raise ConfigError(f"{shown}: there is no environment {texts['environment']!r}", hint=f"known are {known}")
    return Waiver(**texts, expires=_day(entry, shown), where=where)


_WHY = {
    "name": 'write which objects it is about, such as name = "public.orders.ix_*"',
    "reason": "write why it is accepted: whoever reads the report will ask",
    "owner": "write who accepted it, to be asked when it ends",
    "expires": "write the last day on which it holds, such as expires = 2027-01-31",
}


def _text(entry: Mapping[str, Any], key: str, shown: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{shown}: {key} must be a text that is not empty", hint=_WHY.get(key, "write it in quotes"))
    return value.strip()


def _day(entry: Mapping[str, Any], shown: str) -> date:
    value = entry["expires"]
    try:
        if isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError:
        pass
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    raise ConfigError(f"{shown}: expires is no date", hint=_WHY["expires"])
