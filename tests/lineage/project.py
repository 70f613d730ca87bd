"""A project with an Alembic history of two revisions, whose models went further than both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drift_pipeline import use_case
from drift_pipeline.config import Database, Settings, load_settings
from drift_pipeline.use_case import Looked
from tests.cli.conftest import variables_of
from tests.models.applications import Application
from tests.models.test_env_py import GENERIC, INI

MODELS = """
    from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, MetaData, Numeric, String, Table, Text

    class Base:
        metadata = MetaData()

    Table(
        "things", Base.metadata,
        Column("id", Integer, primary_key=True),
        Column("same", Integer),
        Column("pending_added", Integer),
        Column("model_added", Integer),
        Column("by_hand_type", Integer),
        Column("pending_type", BigInteger),
        Column("model_type", BigInteger),
        Column("hand_and_pending", BigInteger),
        Column("pending_and_model", Numeric),
        Column("hand_and_model", BigInteger),
        Column("all_three", Numeric),
        Column("hand_null_model_type", BigInteger, nullable=False),
        Column("early", Integer),
        Index("ix_model", "same"),
        Index("ix_pending", "same", "id"),
    )
    Table("pending_table", Base.metadata, Column("id", Integer, primary_key=True))
    Table("model_table", Base.metadata, Column("id", Integer, primary_key=True))
    Table("kept_table", Base.metadata, Column("id", Integer, primary_key=True),
          Column("made", DateTime, server_default="now()"))  # a string: PostgreSQL reads it once
"""

FIRST = """
    CREATE TABLE things (
        id serial PRIMARY KEY, same integer, by_hand_type integer, pending_type integer, model_type integer,
        hand_and_pending integer, pending_and_model integer, hand_and_model integer, all_three integer,
        hand_null_model_type integer NOT NULL, pending_dropped integer, model_dropped integer
    );
    CREATE INDEX ix_hand_dropped ON things (id);
    CREATE TABLE kept_table (id serial PRIMARY KEY, made timestamp DEFAULT 'now()');
    CREATE TABLE dropped_table (id serial PRIMARY KEY);
"""
SECOND = """
    ALTER TABLE things ADD pending_added integer, ADD early integer, DROP pending_dropped,
        ALTER pending_type TYPE bigint, ALTER hand_and_pending TYPE bigint, ALTER pending_and_model TYPE bigint,
        ALTER all_three TYPE bigint;
    CREATE INDEX ix_pending ON things (same, id);
    CREATE TABLE pending_table (id serial PRIMARY KEY);
    DROP TABLE dropped_table;
"""
BY_HAND = """
    ALTER TABLE things ADD by_hand_added integer, ADD early integer,
        ALTER by_hand_type TYPE text, ALTER hand_and_pending TYPE text, ALTER hand_and_model TYPE text,
        ALTER all_three TYPE text, ALTER hand_null_model_type DROP NOT NULL;
    CREATE TABLE by_hand_table (id integer);
    CREATE INDEX ix_by_hand ON things (same, by_hand_type);
    CREATE INDEX ix_on_dropped ON dropped_table (id, (id + 1));
"""
MAKO = '''
    """${message}"""
    from alembic import op
    import sqlalchemy as sa
    ${imports if imports else ""}

    revision = ${repr(up_revision)}
    down_revision = ${repr(down_revision)}
    branch_labels = ${repr(branch_labels)}
    depends_on = ${repr(depends_on)}


    def upgrade():
        ${upgrades if upgrades else "pass"}


    def downgrade():
        ${downgrades if downgrades else "pass"}
'''
REVISION = '''
    """{message}"""
    from alembic import op

    revision = "{revision}"
    down_revision = {parent!r}
    branch_labels = None
    depends_on = None


    def upgrade():
        op.execute({sql!r})


    def downgrade():
        raise NotImplementedError
'''


def revision(application: Application, name: str, parent: str | None, sql: str, message: str) -> None:
    text = REVISION.format(message=message, revision=name, parent=parent, sql=sql)
    application.write(f"migrations/versions/{name}.py", text)


def written(folder: Path) -> Application:
    """The project: models, env.py, revisions r1 and r2 and the settings."""
    folder.mkdir(parents=True, exist_ok=True)
    application = Application(folder)
    application.write("shop.py", MODELS)
    application.write("alembic.ini", INI)
    application.write("migrations/env.py", GENERIC)
    application.write("migrations/script.py.mako", MAKO)
    application.write("drift.toml", '[models]\ntargets = ["shop:Base.metadata"]\nalembic = "alembic.ini"\n')
    revision(application, "r1", None, FIRST, "the first tables")
    revision(application, "r2", "r1", SECOND, "more of them")
    return application


def stamped(*revisions: str) -> str:
    """SQL of Alembic's version table with these rows."""
    rows = "".join(f"INSERT INTO alembic_version VALUES ('{name}');" for name in revisions)
    return f"CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); {rows}"


@dataclass(frozen=True)
class Seen:
    """What a check said."""

    looked: Looked

    def causes(self) -> dict[str, set[str]]:
        """By kind and last name."""
        return {
            f"{finding.difference.id.kind} {finding.difference.id.name[-1]}": {cause.value for cause in finding.causes}
            for finding in self.looked.report.findings
        }

    @property
    def notes(self) -> str:
        return "\n".join(self.looked.report.notes)


def check(application: Application, live: Database) -> Seen:
    """The whole check, as `drift check` makes it."""
    environ = variables_of(live)
    settings: Settings = load_settings(application.root, environ=environ)
    return Seen(use_case.look("production", settings=settings, environ=environ))
