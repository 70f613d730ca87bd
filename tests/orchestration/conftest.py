"""A project for each test, and a Dagster instance of its own; one finished run that many tests look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from drift_pipeline.config import Database
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import run_sql
from tests.orchestration.project import AS_DECLARED, DRIFTED, Project


@contextmanager
def instance_in(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(home), overrides={"telemetry": {"enabled": False}}) as own:
        yield own


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.create(tmp_path)


@pytest.fixture
def instance(project: Project) -> Iterator[dg.DagsterInstance]:
    """In memory, stored values aside: quick to make."""
    with dg.DagsterInstance.ephemeral(tempdir=str(project.home), settings={"telemetry": {"enabled": False}}) as own:
        yield own


@pytest.fixture
def instance_on_disk(project: Project) -> Iterator[dg.DagsterInstance]:
    """With everything on disk, where a test can look at it."""
    with instance_in(project.home) as own:
        yield own


@pytest.fixture
def both(project: Project, new_database: Callable[..., Database]) -> Project:
    """Production has drifted, staging has not."""
    project.connect("PROD", new_database(DRIFTED))
    project.connect("STAGING", new_database(AS_DECLARED))
    return project


@dataclass
class Finished:
    """A project whose job ran twice, with nothing changed in between."""

    project: Project
    instance: dg.DagsterInstance
    before: set[Path]
    first: dg.ExecuteInProcessResult
    second: dg.ExecuteInProcessResult


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, server: ScratchServer) -> Iterator[Finished]:
    """Look, and change nothing."""
    project = Project.create(tmp_path_factory.mktemp("finished"))
    with ExitStack() as stack:
        for prefix, sql in (("PROD", DRIFTED), ("STAGING", AS_DECLARED)):
            database = stack.enter_context(server.create(label="test"))
            run_sql(database, sql)
            project.connect(prefix, database)
        instance = stack.enter_context(instance_in(project.home))
        project.save_variables()
        before = set(project.root.rglob("*"))
        yield Finished(project, instance, before, project.execute(instance), project.execute(instance))
