"""All settings as one table, made from the settings themselves; docs/settings.md holds what this writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import Field
from typing import Any, NamedTuple

from drift_pipeline.config import DATABASE_VARIABLES
from drift_pipeline.settings import EnvironmentSettings, Settings
from drift_pipeline.settings_file import SECTIONS

BEGIN = "<!-- settings: made by python -m drift_pipeline.settings_table -->"
END = "<!-- end of settings -->"


class Row(NamedTuple):
    """One setting: its name in drift.toml, its variable, its default as TOML, and what it means."""

    name: str
    variable: str
    default: str
    meaning: str


def rows() -> list[Row]:
    """Every setting, the models' first."""
    return [
        *_rows(SECTIONS["models"], "models."),
        *_rows(EnvironmentSettings, "environments.NAME."),
        *_rows(Settings, ""),
        *(row for name, word in SECTIONS.items() if name != "models" for row in _rows(word, f"{name}.")),
    ]


def _rows(word: Any, path: str) -> Iterator[Row]:
    for field in dataclasses.fields(word):
        if "meaning" not in field.metadata:
            continue
        choices = ", ".join(field.metadata.get("choices", ()))
        meaning = field.metadata["meaning"] + (f": {choices}" if choices else "")
        name = "" if field.metadata.get("outside_file") else path + field.name
        yield Row(name, field.metadata["variable"], _default(field), meaning)


def _default(field: Field[Any]) -> str:
    value = field.default if field.default is not dataclasses.MISSING else {}
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, int | float):
        return f"{value:g}"
    return f'"{value}"'


def to_markdown() -> str:
    """The tables of settings and of credentials."""
    lines = ["| drift.toml | variable | default | meaning |", "|---|---|---|---|"]
    for row in rows():
        default = f"`{row.default}`" if row.default not in {'""', "[]", "{}"} else ""
        cells = (f"`{row.name}`" if row.name else "", f"`{row.variable}`" if row.variable else "", default, row.meaning)
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    lines += ["", "| variable | sets |", "|---|---|"]
    lines += [f"| `<PREFIX>_DB_{suffix}` | libpq's `{key}` |" for suffix, key in DATABASE_VARIABLES.items()]
    lines.append("| `<PREFIX>_DATABASE_URL` | all of them, in any spelling that drivers use |")
    return "\n".join(lines)


def put_into(text: str) -> str:
    """The text with the tables between its two marks. ValueError if it lacks them."""
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (mark and end):
        raise ValueError("the marks for the table of settings are missing")
    return f"{before}{BEGIN}\n\n{to_markdown()}\n\n{END}{after}"


if __name__ == "__main__":
    import sys
    from pathlib import Path

    for name in sys.argv[1:]:
        page = Path(name)
        page.write_text(put_into(page.read_text(encoding="utf-8")), encoding="utf-8")
