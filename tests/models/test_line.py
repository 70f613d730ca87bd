"""The process that stands by: one import for a conversation, nothing of one conversation in the next."""

from __future__ import annotations

import os
import signal

import pytest

from drift_pipeline.models import line
from drift_pipeline.models.subprocesses import conversation
from drift_pipeline.schema.reader import read_schema
from tests.conftest import NewDatabase
from tests.models.applications import PLAIN, Application
from tests.models.test_env_py import INI

COUNTING = PLAIN + '\n    import os\n    with open("imported", "a") as file:\n        file.write(f"{os.getpid()} ")\n'
POOLED = """
    from alembic import context
    from sqlalchemy import create_engine
    from shop import Base

    engine = create_engine("postgresql+psycopg2://app@production/live")
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
"""
FIRST = """
    from alembic import op

    revision = "r1"
    down_revision = None


    def upgrade():
        op.execute("create table things (id int)")


    def downgrade():
        op.execute("drop table things")
"""


@pytest.fixture
def counting(application: Application) -> Application:
    application.write("shop.py", COUNTING)
    return application


def imports(application: Application) -> list[str]:
    return (application.root / "imported").read_text().split()


def ask(application: Application, times: int) -> None:
    with conversation(application.settings(), application.root) as talk:
        for _ in range(times):
            assert talk.ask({"mode": "models", "targets": ["shop:Base"]})["tables"]


def test_a_conversation_imports_the_application_once(counting: Application) -> None:
    ask(counting, 3)
    assert len(imports(counting)) == 1


def test_the_next_conversation_knows_nothing_of_it(counting: Application) -> None:
    ask(counting, 1)
    ask(counting, 1)
    first, second = imports(counting)
    assert first != second


def test_one_that_stood_by_and_died_is_replaced(counting: Application) -> None:
    ask(counting, 1)
    for standby in line._standing.values():
        os.kill(standby.process.pid, signal.SIGKILL)
    ask(counting, 1)
    assert len(imports(counting)) == 2


def test_without_forks_everything_is_answered_as_well(counting: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "FORKS", False)
    ask(counting, 2)
    assert len(imports(counting)) == 1


@pytest.mark.parametrize("forks", [True, False])
def test_a_pool_of_the_application_never_leads_to_the_database_of_the_request_before(
    forks: bool, application: Application, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "FORKS", forks and line.FORKS)
    application.write("shop.py", PLAIN)
    application.write("alembic.ini", INI)
    application.write("migrations/env.py", POOLED)
    application.write("migrations/script.py.mako", "")
    application.write("migrations/versions/r1.py", FIRST)
    databases = [new_database(), new_database()]
    with conversation(application.settings(), application.root) as talk:
        for each in databases:
            request = {"mode": "upgrade", "alembic": str(application.root / "alembic.ini"), "to": ["head"]}
            talk.ask({**request, "allowed": dict(each.parameters)})
    for each in databases:
        assert "things" in {fact.id.name[-1] for fact in read_schema(each).of_kind("table")}


def test_what_is_printed_in_the_midst_of_it_disturbs_no_answer(application: Application) -> None:
    application.write("shop.py", PLAIN + "\n    print('answered')\n    import os\n    os.write(1, b'ended 0')\n")
    ask(application, 2)
