"""Runs the steps of an online plan on a database, one after the other: what a person does with the script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name

from drift_pipeline.config import Database
from drift_pipeline.plan.statements import Step


def run_steps(
    database: Database, steps: Sequence[Step], *, begin_at: int = 0, told: Callable[[int, Step], None] | None = None
) -> int:
    """Runs the steps from `begin_at` on, each with its own time limits, and returns how many steps are done.

    Each step is committed before the next one begins. `told`: is called before each. psycopg2.Error if a step fails;
    nothing of a transaction stays then, and the step can be run again. No command of the tool calls this: databases
    of environments are never changed by it.
    """
    parameters: dict[str, Any] = dict(database.parameters)
    with closing(psycopg2.connect(**parameters)) as session:
        for number in range(begin_at, len(steps)):
            if told:
                told(number, steps[number])
            _run(session, steps[number])
    return len(steps)


def _run(session: Connection, step: Step) -> None:
    session.autocommit = True
    with session.cursor() as cursor:
        cursor.execute("select set_config('lock_timeout', %s, false)", (step.lock_timeout,))
        cursor.execute("select set_config('statement_timeout', %s, false)", (step.statement_timeout,))
        session.autocommit = not step.transactional
        try:
            for statement in step.statements:
                cursor.execute(statement.sql)
        except psycopg2.Error:
            if step.transactional:
                session.rollback()
            raise
        if step.transactional:
            session.commit()
