"""Engines propose SQL; nobody trusts them. An engine is one module with `propose(source, target) -> list[str]`.

`source` and `target` are libpq connection URIs of two databases; what comes back turns the first into the second. An
engine runs in a process of its own (`engines.process`); adding one takes its module and one line in this table.
"""

from __future__ import annotations

from dataclasses import dataclass

NATIVE = "native"
"""The project's own planner. It writes from facts and needs no process, so it is no row of the table."""


@dataclass(frozen=True)
class Engine:
    """One engine. `module` has `propose`; `packages` maps what it imports to the requirement that installs it."""

    name: str
    module: str
    packages: tuple[tuple[str, str], ...]


ENGINES = (
    Engine(
        "migra",
        "drift_pipeline.plan.engines.migra",
        (("pkg_resources", "setuptools<81"), ("migra", "migra>=3.0"), ("sqlalchemy", "sqlalchemy>=2.0")),
    ),
    Engine("pgmig", "drift_pipeline.plan.engines.pgmig", (("pgmig", "pgmig>=1.1"), ("psycopg", "psycopg[binary]>=3"))),
)


def engine_named(name: str) -> Engine:
    """The engine of this name. KeyError, naming those that exist, if there is none."""
    for engine in ENGINES:
        if engine.name == name:
            return engine
    raise KeyError(f"no engine is called {name!r}; there are {', '.join(engine.name for engine in ENGINES)}, {NATIVE}")
