"""The table of docs/performance.md, between two marks; the text around it is kept."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
REFERENCE = "migra"
HEAD = (
    "| operation | seconds | ratio to migra | CPU client + server | queries | peak memory | result |",
    "|---|---:|---:|---:|---:|---:|---|",
)


def write(path: Path, sizes: Sequence[Mapping[str, Any]], missing: Mapping[str, str]) -> None:
    """Put the tables of all sizes between the marks of the page; a page without them is begun."""
    text = path.read_text(encoding="utf-8") if path.exists() else f"# Performance\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    parts = [_about(missing)] + [_table(each) for each in sizes]
    path.write_text(f"{before}{BEGIN}\n" + "\n".join(parts) + f"\n{END}{after}", encoding="utf-8")


def _about(missing: Mapping[str, str]) -> str:
    load = os.getloadavg()[0]
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} CPUs, Python {platform.python_version()}, "
        f"load average at the end {load:.1f}. Best of the warm runs.\n"
    ]
    lines += [f"- {name} is missing: {reason}" for name, reason in missing.items()]
    return "\n".join(lines)


def _table(size: Mapping[str, Any]) -> str:
    answers: Mapping[str, Mapping[str, Any]] = size["answers"]
    lines = [f"\n## {size['tables']:,} tables\n", *HEAD]
    lines += [_row(name, answer, answers) for name, answer in answers.items()]
    return "\n".join(lines)


def _row(name: str, answer: Mapping[str, Any], answers: Mapping[str, Mapping[str, Any]]) -> str:
    if "error" in answer:
        return f"| {name} | – | – | – | – | – | {answer['error']} |"
    cells = [
        name,
        f"{answer['seconds']:.2f}",
        _ratio(name, answer, answers),
        f"{answer['cpu']:.2f} + {answer['server_cpu']:.2f}",
        str(answer.get("queries", "")),
        f"{answer['peak_mb']:.0f} MB",
        _result(answer["result"]),
    ]
    return "| " + " | ".join(cells) + " |"


def _ratio(name: str, answer: Mapping[str, Any], answers: Mapping[str, Mapping[str, Any]]) -> str:
    """Seconds in parts of what migra takes for the same pair of databases."""
    what = name.rpartition(": ")[2]
    other = answers.get(f"{REFERENCE}: {what}", {})
    if what == name or "seconds" not in other:
        return ""
    return f"{float(answer['seconds']) / float(other['seconds']):.2f}"


def _result(result: Any) -> str:
    if not isinstance(result, dict):
        return ""
    if "facts" in result:
        return f"{result['facts']:,} facts, {result['bytes'] / 1e6:.1f} MB of JSON"
    if not result["differences"]:
        return "no drift"
    return f"{result['differences']} differences, {result['statements']} statements, {result['proof']}"
