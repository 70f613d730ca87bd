"""Measures Dagster's job for several numbers of environments, and the check of a fleet; writes its part of the page.

python -m benchmarks.jobs [--environments 1,10,30] [--fleet 1000] [--page docs/performance.md]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from psycopg2 import sql

from benchmarks.run import ROOT, _build, _execute
from benchmarks.tables import DRIFT, ddl
from drift_pipeline.config import Database
from drift_pipeline.scratch.server import ScratchServer, scratch_server

BEGIN, END = "<!-- jobs: begin -->", "<!-- jobs: end -->"
TABLES = 20
"""Of each database: what is measured is the number of databases and not their size."""
SCHEMAS = 3
"""Different ones in the fleet."""
RATE = 1000
"""Readings in a second that the fleet is allowed: more than any machine reaches."""
LIMIT = 3600.0


@dataclass(frozen=True)
class Measured:
    """One row: what was run, its first and its second run in seconds, and what came out."""

    what: str
    first: float
    second: float
    result: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", default="1,10,30", help="numbers of environments, with commas between")
    parser.add_argument("--fleet", type=int, default=1000, help="databases of the fleet; 0 leaves it out")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "performance.md")
    asked = parser.parse_args(arguments)
    rows = []
    with scratch_server() as server:
        for number in (int(each) for each in asked.environments.split(",") if each):
            rows.append(_shown(_environments(server, number)))
        if asked.fleet:
            rows += [_shown(row) for row in _fleet(server, asked.fleet)]
    write(asked.page, rows)
    print(f"{asked.page} is written")
    return 0


def _shown(row: Measured) -> Measured:
    print(f"{row.what:<60} first {row.first:7.1f} s, second {row.second:7.1f} s: {row.result}", flush=True)
    return row


# ---------------------------------------------------------------- environments


def _environments(server: ScratchServer, number: int) -> Measured:
    """One job for all of them. Half have drifted, by one change each."""
    names = ["production", "staging", *(f"env{each:03}" for each in range(3, number + 1))][:number]
    with _databases(server, "env", number) as databases:
        folder = _project(
            f"environments-{number}",
            "".join(f"[environments.{name}]\n" for name in names),
            {_prefix(name): database for name, database in zip(names, databases, strict=True)},
        )
        job = "drift_check" if number > 1 else "drift_check_production"
        seconds = [_run(folder, _DAGSTER, job) for _ in range(2)]
        reports = [folder / "artifacts" / name / "latest" / "drift-report.json" for name in names]
        drifted = sum(json.loads(report.read_text())["summary"]["drift_detected"] for report in reports)
    what = f"`dagster job execute`, {number} environment{'s' * (number > 1)}"
    return Measured(what, seconds[0], seconds[1], f"{drifted} of them with drift")


def _prefix(environment: str) -> str:
    return {"production": "PROD"}.get(environment, environment.upper())


# ---------------------------------------------------------------- the fleet


def _fleet(server: ScratchServer, number: int) -> Iterator[Measured]:
    with _databases(server, "fleet", number) as databases:
        names = [database.parameters["dbname"] for database in databases]
        pattern = names[0].rpartition("_")[0].replace("_", r"\\_") + r"\\_%"
        folder = _project(
            f"fleet-{number}",
            f"fleet_rate = {RATE}.0\n"
            f'[environments.tenants]\ndatabases_query = "select datname from pg_database where datname like '
            f"'{pattern}' order by datname\"\n",
            {"TENANTS": databases[0]},
        )
        for what, command in (("`drift check`", _DRIFT), ("`dagster job execute`", _DAGSTER)):
            seconds = [_run(folder, command, "drift_check_tenants") for _ in range(2)]
            yield Measured(f"{what}, a fleet of {number:,} databases", seconds[0], seconds[1], _found(folder, number))


def _found(folder: Path, number: int) -> str:
    text = (folder / "artifacts" / "tenants" / "latest" / "fleet-report.json").read_text()
    report = json.loads(text)
    summary = report["summary"]
    if summary["read"] != number or report["comparisons"] != min(SCHEMAS, number):
        raise SystemExit(f"the fleet was not read as it is: {summary}, {report['comparisons']} comparisons")
    return f"{summary['read']:,} databases read, {report['comparisons']} comparisons"


# ---------------------------------------------------------------- databases, project, processes


@contextmanager
def _databases(server: ScratchServer, label: str, number: int) -> Iterator[list[Database]]:
    """So many databases of `SCHEMAS` different schemas in turn; the first is as the models."""
    maintenance = {**server.parameters, "dbname": "postgres"}
    mark = f"bench_{label}_{os.getpid()}"
    templates = [f"{mark}template_{each}" for each in range(min(SCHEMAS, number))]
    names = [f"{mark}_{each:04}" for each in range(number)]
    try:
        for each, template in enumerate(templates):
            _execute(maintenance, [sql.SQL("create database {}").format(sql.Identifier(template))])
            changes = [DRIFT[0].format(table="t0"), DRIFT[3].format(table="t1")][:each]
            _build(Database(template, {**server.parameters, "dbname": template}), [*ddl(TABLES), *changes])
        for each, name in enumerate(names):
            parts = map(sql.Identifier, (name, templates[each % len(templates)]))
            _execute(maintenance, [sql.SQL("create database {} template {}").format(*parts)])
        yield [Database(name, {**server.parameters, "dbname": name}) for name in names]
    finally:
        for name in (*names, *templates):
            statement = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            _execute(maintenance, [statement])


def _project(name: str, settings: str, databases: dict[str, Database]) -> Path:
    """A folder with models, drift.toml, variables and an instance of Dagster; nothing was run in it yet."""
    folder = ROOT / ".drift" / "bench" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "benchmarks" / "tables.py", folder / "bench_tables.py")
    shutil.copy(ROOT / "dagster.yaml", folder / "dagster.yaml")
    (folder / "bench_models.py").write_text(
        f"from bench_tables import metadata as _made\n\nmetadata = _made({TABLES})\n"
    )
    top, _, tables = settings.partition("[")
    (folder / "drift.toml").write_text(f'models = "bench_models:metadata"\n{top}[{tables}')
    words = []
    for prefix, database in databases.items():
        found = {**database.parameters, "password": "x"}
        for key, parameter in (("HOST", "host"), ("PORT", "port"), ("NAME", "dbname"), ("USER", "user")):
            words.append(f"{prefix}_DB_{key}={found[parameter]}\n")
        words.append(f"{prefix}_DB_PASSWORD={found['password']}\n")
    (folder / ".env").write_text("".join(words))
    return folder


_DAGSTER = ("dagster", "job", "execute", "-m", "drift_pipeline", "-j", "{job}")
_DRIFT = ("drift", "check", "--env", "tenants", "--quiet", "--fail-on", "never")


def _run(folder: Path, command: Sequence[str], job: str) -> float:
    """Seconds of the command in a process of its own, as CI runs it. It must succeed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DAGSTER", "DRIFT"))}
    environment |= {name: value for name, value in os.environ.items() if name == "DRIFT_SCRATCH_HOME"}
    places = {"DAGSTER_HOME": str(folder), "DRIFT_ROOT": str(folder), "DRIFT_ARTIFACTS": str(folder / "artifacts")}
    program = Path(sys.executable).with_name(command[0])
    arguments = [part.format(job=job) for part in command[1:]]
    began = time.monotonic()
    done = subprocess.run(
        [program, *arguments],
        cwd=folder,
        env={**environment, **places, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return time.monotonic() - began


# ---------------------------------------------------------------- the page


def write(path: Path, rows: Sequence[Measured]) -> None:
    """Put the table between its marks; a page without them gets them at its end."""
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text:
        text = f"{text.rstrip()}\n\n## Many databases\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text(f"{before}{BEGIN}\n{_table(rows)}\n{END}{after}", encoding="utf-8")


def _table(rows: Sequence[Measured]) -> str:
    load = os.getloadavg()[0]
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} CPUs, load average at the end {load:.1f}. Each "
        f"database has {TABLES} tables; they lie on one server on the same machine, and have {SCHEMAS} different "
        "schemas in turn. Whole processes, with the start of Python and the imports; the second run finds the models "
        f"as the first one left them. The fleet is read with 4 connections and no limit to the rate (`fleet_rate` is "
        f"{RATE:,}; the default of 20 makes 1,000 databases take 50 s).",
        "",
        "| what | first run | second run | result |",
        "|---|---:|---:|---|",
        *(f"| {row.what} | {row.first:.1f} s | {row.second:.1f} s | {row.result} |" for row in rows),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
