"""A fleet of small databases on the shared server, and a project whose models they should follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from drift_pipeline.config import Database, Settings, load_settings
from drift_pipeline.scratch.server import ScratchServer
from tests.cli.conftest import MODELS, PASSWORD
from tests.cli.conftest import Drift as Drift  # noqa: PLC0414
from tests.cli.conftest import drift as drift  # noqa: PLC0414 - a fixture
from tests.cli.conftest import project as project  # noqa: PLC0414 - a fixture
from tests.conftest import run_sql

AS_MODELLED = "CREATE TABLE customers (id serial PRIMARY KEY, name varchar(80) NOT NULL)"
NULLABLE = "CREATE TABLE customers (id serial PRIMARY KEY, name varchar(80))"
LACKS_NAME = "CREATE TABLE customers (id serial PRIMARY KEY)"


@dataclass(frozen=True)
class Fleet:
    """A project whose environment `tenants` is these databases. `names`: in the order in which they were made."""

    root: Path
    names: tuple[str, ...]
    variables: dict[str, str]

    def settings(self, text: str | None = None) -> Settings:
        """Settings with the databases listed, or with this text for the environment."""
        listed = ", ".join(f"'{name}'" for name in self.names)
        body = text if text is not None else f"databases = [{listed}]"
        self.write(body)
        return load_settings(self.root, environ=self.variables)

    def write(self, body: str) -> None:
        (self.root / "drift.toml").write_text(f'models = "shop_models:metadata"\n[environments.tenants]\n{body}\n')

    @property
    def listed(self) -> str:
        return f"databases = [{', '.join(repr(name) for name in self.names)}]"


MakeFleet = Callable[[Sequence[str]], Fleet]


@contextmanager
def fleets(root: Path, server: ScratchServer) -> Iterator[MakeFleet]:
    """`make([sql, sql, …])`: a database for each text, gone when the block ends. `root`: the project's folder."""
    with ExitStack() as stack:

        def make(texts: Sequence[str]) -> Fleet:
            databases: list[Database] = []
            for sql in texts:
                database = stack.enter_context(server.create(label="test"))
                run_sql(database, sql)
                databases.append(database)
            parameters = databases[0].parameters
            variables = {
                "TENANTS_DB_HOST": parameters["host"],
                "TENANTS_DB_PORT": parameters.get("port", "5432"),
                "TENANTS_DB_USER": parameters["user"],
                "TENANTS_DB_PASSWORD": parameters.get("password", PASSWORD),
            }
            return Fleet(root, tuple(each.parameters["dbname"] for each in databases), variables)

        yield make


@pytest.fixture
def fleet_of(project: Path, server: ScratchServer) -> Iterator[MakeFleet]:
    """`fleet_of([sql, sql, …])`: a fleet for one test."""
    with fleets(project, server) as make:
        yield make


def write_project(folder: Path) -> Path:
    """A project's folder, as the fixture `project` makes it."""
    (folder / "shop_models.py").write_text(MODELS)
    return folder
