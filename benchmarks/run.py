"""Measures reading, checking and the peers on schemas of several sizes, side by side on one server; writes the page.

python -m benchmarks.run [--tables 100,1000,10000] [--repeat 3] [--peers migra,pgmig] [--page docs/performance.md]
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from benchmarks import page
from benchmarks.peers import PEERS, Peer, interpreter
from benchmarks.tables import ddl, drift
from drift_pipeline.config import Database
from drift_pipeline.scratch.server import scratch_server

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 120.0
"""Seconds after which a run of a peer stops counting."""
ONCE = 30.0
"""Seconds from which on a run is not repeated: what warms up in the first one is a small part of it."""
AT_ONCE = 500
"""Statements in one transaction while a schema is built."""


@dataclass
class Size:
    """What was measured at one number of tables; each answer as `measured` has it, or why there is none."""

    tables: int
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """The databases of one size: `live` is as the models, `drifted` has one table in a hundred changed."""

    tables: int
    live: Database
    drifted: Database
    folder: Path
    postmaster: int
    log: Path
    repeat: int

    def settings(self, engines: str, live: Database) -> Path:
        """A project's folder with a drift.toml, whose environment is `live`. One for each set of engines."""
        root = self.folder / f"{engines.replace(',', '-')}-{live.name}"
        root.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "benchmarks" / "tables.py", root / "bench_tables.py")
        (root / "bench_models.py").write_text(
            f"from bench_tables import metadata as _made\n\nmetadata = _made({self.tables})\n"
        )
        names = ", ".join(f'"{each}"' for each in engines.split(","))
        (root / "drift.toml").write_text(
            f'engines = [{names}]\nengine_timeout = {LIMIT}\n[models]\ntargets = ["bench_models:metadata"]\n'
            "[environments.bench]\n"
        )
        words = [f"BENCH_DB_{key.upper()}={value}\n" for key, value in _variables(live).items()]
        (root / ".env").write_text("".join(words))
        return root


def _variables(database: Database) -> dict[str, str]:
    found = database.parameters
    return {
        "host": found["host"], "port": found["port"], "name": found["dbname"], "user": found["user"], "password": "x",
    }  # fmt: skip


def main() -> int:
    """Run everything that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", default="100,1000,10000", help="sizes, with commas between")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peers", default=",".join(peer.name for peer in PEERS))
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "performance.md")
    parser.add_argument("--raw", type=Path, help="also write everything measured there, as JSON")
    asked = parser.parse_args()
    peers, missing = _installed([peer for peer in PEERS if peer.name in asked.peers.split(",")])
    sizes = []
    for number in (int(each) for each in asked.tables.split(",")):
        sizes.append(_of_size(number, peers, asked.repeat))
        if asked.raw:
            asked.raw.write_text(json.dumps([vars(each) for each in sizes], indent=1))
    page.write(asked.page, [vars(each) for each in sizes], missing)
    print(f"{asked.page} is written")
    return 0


def _installed(peers: list[Peer]) -> tuple[dict[str, Path], dict[str, str]]:
    """Interpreters of the peers that can be installed, and why the others cannot."""
    found, missing = {}, {}
    for peer in peers:
        try:
            found[peer.name] = interpreter(peer)
        except (OSError, subprocess.SubprocessError) as error:
            words = str(getattr(error, "stderr", "") or error).strip().splitlines()
            missing[peer.name] = words[-1] if words else "it could not be installed"
    return found, missing


def _of_size(number: int, peers: dict[str, Path], repeat: int) -> Size:
    size = Size(number)
    with _bench(number, repeat) as bench:
        for name, answer in _measurements(bench, peers):
            size.answers[name] = answer
            print(f"{number:>6} {name:<28}{_line(answer)}", flush=True)
    return size


def _measurements(bench: Bench, peers: dict[str, Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ours and the peers' in turn, so that a busy minute of the machine hits neither alone."""
    pair = {"source": dict(bench.drifted.parameters), "target": dict(bench.live.parameters), "tables": bench.tables}
    same = {**pair, "source": dict(bench.live.parameters)}
    yield "read", _own(bench, {"operation": "read", "parameters": dict(bench.live.parameters)}, bench.live)
    for peer, python in peers.items():
        yield f"{peer}: no drift", _peer(bench, python, {**same, "operation": peer})
        yield f"{peer}: 1 % drift", _peer(bench, python, {**pair, "operation": peer})
        if peer == "migra":
            for engines in ("native", "migra,native"):
                for what, live in (("no drift", bench.live), ("1 % drift", bench.drifted)):
                    if (engines, what) != ("migra,native", "no drift"):
                        root = bench.settings(engines, live)
                        request = {"operation": "check", "root": str(root)}
                        yield f"check, {engines}: {what}", _own(bench, request, live)


def _own(bench: Bench, request: dict[str, Any], counted: Database) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.worker"]
    return _answer(bench, command, request, counted, limit=10 * LIMIT)


def _peer(bench: Bench, python: Path, request: dict[str, Any]) -> dict[str, Any]:
    command = [str(python), str(ROOT / "benchmarks" / "peer_worker.py")]
    return _answer(bench, command, request, None, limit=LIMIT)


def _answer(
    bench: Bench, command: list[str], request: dict[str, Any], counted: Database | None, *, limit: float
) -> dict[str, Any]:
    """What takes long is measured once, ours after a run that builds and keeps the models; the queries are counted in a
    run of their own."""
    request = {**request, "postmaster": bench.postmaster}
    first = _run(command, {**request, "repeat": 0}, limit)
    if "error" in first:
        return first
    long = float(first["first"]) > ONCE
    if counted is not None:
        with _counting(bench, counted) as queries:
            second = _run(command, {**request, "repeat": 0}, limit)
        first["queries"] = queries[0]
        if long and "error" not in second:
            return {**second, "queries": queries[0], "seconds": second["first"]}
    if long:
        return {**first, "seconds": first["first"]}
    again = _run(command, {**request, "repeat": bench.repeat}, limit * (bench.repeat + 1))
    return {**first, **again}


def _run(command: list[str], request: dict[str, Any], limit: float) -> dict[str, Any]:
    try:
        done = subprocess.run(
            command, input=json.dumps(request), capture_output=True, text=True, timeout=limit, cwd=ROOT, check=False
        )
    except subprocess.TimeoutExpired:
        return {"error": f"not done after {limit:.0f} s"}
    try:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        lines = done.stderr.strip().splitlines()
        return {"error": lines[-1] if lines else f"it ended with exit code {done.returncode}"}
    return answer


def _line(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return str(answer["error"])
    numbers = {key: round(value, 2) for key, value in answer.items() if isinstance(value, int | float)}
    return json.dumps({**numbers, "result": answer.get("result")})


@contextmanager
def _counting(bench: Bench, database: Database) -> Iterator[list[int]]:
    """How many statements sessions send to a database while the block runs, as the server's own log has them."""
    queries = [0]
    maintenance = {**database.parameters, "dbname": "postgres"}
    name = sql.Identifier(database.parameters["dbname"])
    _execute(maintenance, [sql.SQL("alter database {} set log_statement = 'all'").format(name)])
    start = bench.log.stat().st_size
    try:
        yield queries
    finally:
        _execute(maintenance, [sql.SQL("alter database {} reset log_statement").format(name)])
    with bench.log.open(errors="replace") as log:
        log.seek(start)
        queries[0] = sum("LOG:  statement: " in line or "LOG:  execute " in line for line in log)


@contextmanager
def _bench(number: int, repeat: int) -> Iterator[Bench]:
    folder = ROOT / ".drift" / "bench" / str(number)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        server = stack.enter_context(scratch_server())
        data = Path(_asked(server.parameters, "show data_directory"))
        live = stack.enter_context(server.create(label=f"bench {number}"))
        _build(live, ddl(number))
        drifted = stack.enter_context(server.create(template=live.parameters["dbname"], label=f"drifted {number}"))
        _build(drifted, drift(number))
        yield Bench(
            number,
            Database("live", live.parameters),
            Database("drifted", drifted.parameters),
            folder,
            int((data / "postmaster.pid").read_text().split()[0]),
            data.parent / "server.log",
            repeat,
        )


def _build(database: Database, statements: list[str]) -> None:
    for start in range(0, len(statements), AT_ONCE):
        _execute(database.parameters, ["; ".join(statements[start : start + AT_ONCE])])
    _execute(database.parameters, ["vacuum analyze"])


def _asked(parameters: Any, query: str) -> str:
    connection = psycopg2.connect(**parameters)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return str(cursor.fetchone()[0])
    finally:
        connection.close()


def _execute(parameters: Any, statements: list[Any]) -> None:
    connection = psycopg2.connect(**parameters)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
