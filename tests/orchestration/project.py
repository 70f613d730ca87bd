"""A small project on disk, with its databases on a real server, for tests that run the pipeline on it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from drift_pipeline.config import Database
from drift_pipeline.history.store import ArtifactStore
from drift_pipeline.orchestration.definitions import build_definitions, environment_names, readable_settings
from drift_pipeline.orchestration.resources import DriftResource

SETTINGS = """\
[models]
targets = ["shop.models:Base.metadata"]

[environments.production]
prefix = "PROD"

[environments.staging]
prefix = "STAGING"
"""

MODELS = """\
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
"""

AS_DECLARED = """
create table customers (id serial primary key, name varchar(80) not null);
"""

DRIFTED = """
create table customers (id serial primary key, name varchar(80), vip_note text);
create table leftovers (id int);
"""


@dataclass
class Project:
    """A project in `root`, with artifacts and Dagster's storage beside it."""

    root: Path
    artifacts: Path
    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def create(cls, folder: Path) -> Project:
        project = cls(folder / "project", folder / "artifacts", folder / "home")
        project.home.mkdir(parents=True)
        project.write("drift.toml", SETTINGS)
        project.write("shop/__init__.py", "")
        project.write("shop/models.py", MODELS)
        return project

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    def connect(self, prefix: str, database: Database) -> None:
        """Let the variables of this prefix lead to the database, with a password that nobody may ever see."""
        names = {"HOST": "host", "PORT": "port", "NAME": "dbname", "USER": "user"}
        for name, parameter in names.items():
            self.variables[f"{prefix}_DB_{name}"] = database.parameters.get(parameter, "5432")
        self.variables[f"{prefix}_DB_PASSWORD"] = f"hunter2-of-{prefix}"

    def save_variables(self) -> None:
        """Write the variables into the .env file, as teams do on their machines."""
        self.write(".env", "".join(f"{name}={value}\n" for name, value in self.variables.items()))

    @property
    def store(self) -> ArtifactStore:
        return ArtifactStore(str(self.artifacts))

    @property
    def resource(self) -> DriftResource:
        return DriftResource(root=str(self.root), artifacts=str(self.artifacts))

    @property
    def definitions(self) -> dg.Definitions:
        settings = readable_settings(self.root)
        return build_definitions(environment_names(self.root), resource=self.resource, settings=settings)

    def execute(
        self, instance: dg.DagsterInstance, job: str = "drift_check", tags: Mapping[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        self.save_variables()
        chosen = self.definitions.resolve_job_def(job)
        return chosen.execute_in_process(instance=instance, raise_on_error=False, tags=dict(tags or {}))


def number(result: dg.ExecuteInProcessResult, node: str, name: str) -> object:
    """A number or text that the asset of this node showed in the UI."""
    (materialization,) = result.asset_materializations_for_node(node)
    return materialization.metadata[name].value


def failures(result: dg.ExecuteInProcessResult) -> dict[str, dg.Failure]:
    """Step -> what its failure says."""
    return {
        event.step_key or "": event.step_failure_data.user_failure_data  # type: ignore[misc]
        for event in result.all_events
        if event.is_step_failure
    }


def schedule_of(defs: dg.Definitions, name: str) -> dg.ScheduleDefinition:
    """The schedule of this name."""
    (found,) = (each for each in defs.schedules or () if isinstance(each, dg.ScheduleDefinition) and each.name == name)
    return found


ALEMBIC = """\
[alembic]
script_location = %(here)s/migrations
"""

ENV = """\
import os
from alembic import context
from sqlalchemy import create_engine
from shop.models import Base

if context.is_offline_mode():
    context.configure(url="postgresql+psycopg2://", target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(os.environ.get("SHOP_DATABASE_URL", "postgresql+psycopg2://")).connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
"""

TEMPLATE = '''\
"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}
"""
from alembic import op
import sqlalchemy as sa

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
'''

FIRST = '''\
"""customers"""
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("create table customers (id serial primary key, name varchar(80) not null)")


def downgrade() -> None:
    op.execute("drop table customers")
'''


def give_history(project: Project) -> None:
    """Let the project have an Alembic history of one revision."""
    project.write("drift.toml", SETTINGS.replace("[models]", '[models]\nalembic = "alembic.ini"'))
    project.write("alembic.ini", ALEMBIC)
    project.write("migrations/env.py", ENV)
    project.write("migrations/script.py.mako", TEMPLATE)
    project.write("migrations/versions/0001_customers.py", FIRST)
