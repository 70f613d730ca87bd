"""Runs statements one after the other in a sandbox, and measures what each of them does there."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import psycopg2
from psycopg2 import errorcodes

from drift_pipeline.plan.claims import claimed, with_unseen_reads
from drift_pipeline.plan.effects import Dropped, Witness, with_losses
from drift_pipeline.plan.roles import spoken_to
from drift_pipeline.plan.sandbox import Sandbox, connect, hand_over
from drift_pipeline.plan.statements import Statement, Step, TableLock

_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)(?:\.(?:"(?:[^"]|"")+"|[\w$]+))*'
NEEDS_ADMIN = re.compile(
    r"(?:create|alter|drop)\s+(?:extension|event\s+trigger|publication|cast|access\s+method|operator\s+(?:class|family)"
    r"|text\s+search\s+(?:parser|template)|(?:or\s+replace\s+)?(?:trusted\s+)?(?:procedural\s+)?language)\b.*"
    # functions of these languages could do anything
    r"|(?:create|alter)\s+(?:or\s+replace\s+)?function\b(?=.*\bleakproof\b)(?!.*\blanguage\s+['\"]?(?:c|internal)\b).*"
    r"|alter\s+default\s+privileges\b.*|(?:grant|revoke)\b(?=.*\son\s).*"
    # what somebody passed on, as passed_on.py writes it
    r"|do\s+(?P<tag>\$\w*\$)\s+declare\s+former text := current_setting\('role'\);\s+begin\s+set local role [^;]+;\s+"
    r"(?:(?:grant|revoke)\b[^;]+\bon\b[^;]+;\s+)+perform set_config\('role', former, true\);\s+end\s+(?P=tag)"
    # a wrapper's validator, a function of strangers, is called when there are options
    r"|(?:create|alter|drop)\s+foreign\s+data\s+wrapper\b(?!.*\boptions\b).*"
    rf"|comment\s+on\s+(?:extension|event\s+trigger|foreign\s+data\s+wrapper|language)\s+{_NAME}\s+is\b.*"
    rf"|alter\s+[a-z ]+?\s+{_NAME}\s*(?:\([^()]*\))?\s+owner\s+to\s+{_NAME}",
    re.IGNORECASE | re.DOTALL,
)
"""Definitions that only a superuser may make, and that run no code of strangers while they are made."""

_IN_VAIN = re.compile(r"(?:no privileges (?:were granted|could be revoked)|not all privileges (?:were|could be)) ")
"""What the server warns of, and does not refuse: whoever granted may not, or not all of it."""

_ADDS_ENUM_VALUE = re.compile(
    r"alter\s+type\b.*?\badd\s+value\s+(?:if\s+not\s+exists\s+)?(?P<label>E?'(?:[^']|'')*')", re.IGNORECASE | re.DOTALL
)

_Measured: TypeAlias = tuple[Statement, list[Dropped]]


@dataclass
class Ran:
    """What became of a list of statements: `kept` ran, in this order; `failed` did not, with the server's words."""

    kept: list[Statement] = field(default_factory=list)
    failed: list[tuple[Statement, str]] = field(default_factory=list)


class Stage:
    """Sessions in a sandbox. What ran is committed at the end of `run`, so that others can read the result.

    `measure`: ask what each statement dropped, locked, rewrote and scanned; each is a transaction of its own then, and
    what ran before it is committed, so that its locks are its own.
    """

    def __init__(self, box: Sandbox, *, measure: bool = True) -> None:
        self.box = box
        self._measure = measure
        self._worker = connect(box.worker)
        self._admin = connect(box.admin)
        self._messages: list[str] = []
        self._worker.notices = self._messages
        # it watches from outside, and goes on seeing what was there in the beginning
        self._admin.set_session(isolation_level="REPEATABLE READ")
        self._witness = Witness(self._worker, self._admin)
        self._admin_witness = Witness(self._admin, self._worker)
        self._uncommitted: list[str] = []
        self._must_stand_alone: set[str] = set()
        self._at_once = False
        self._execute(self._worker, "set client_min_messages = debug1")
        self._worker.commit()
        self._silence_event_triggers()

    def run(self, statements: Sequence[Statement]) -> Ran:
        """Runs all of them; those that fail are tried again after the others, as long as that helps."""
        ran: list[_Measured] = []
        waiting, failed = list(statements), list[tuple[Statement, str]]()
        while waiting:
            failed = []
            for statement in waiting:
                result = self._try(statement)
                if isinstance(result, str):
                    failed.append((statement, result))
                else:
                    ran.append(result)
                    self._uncommitted.append(result[0].sql)
            if len(failed) == len(waiting):
                break
            waiting = [statement for statement, _ in failed]
        self._settle()
        return Ran(self._finished(ran), failed)

    def run_steps(self, steps: Sequence[Step]) -> tuple[list[Step], str]:
        """Runs steps one after the other, as somebody would: each a transaction, or outside of any.

        Returns those that ran, with what was measured, and the server's words on the one that did not (empty if all
        ran). A step that fails leaves nothing behind but what ran outside of a transaction.
        """
        ran: list[list[_Measured]] = []
        words = ""
        for step in steps:
            result = self._step(step)
            if isinstance(result, str):
                words = result
                break
            ran.append(result)
        self._settle()
        finished = iter(self._finished([each for step in ran for each in step]))
        measured = [_without_repetition([next(finished) for _ in step]) for step in ran]
        return [replace(step, statements=each) for step, each in zip(steps, measured, strict=False)], words

    def _step(self, step: Step) -> list[_Measured] | str:
        done: list[_Measured] = []
        self._at_once = step.transactional and len(step.statements) > 1
        try:
            for statement in step.statements:
                result = self._try(statement)
                if isinstance(result, str):
                    self._worker.rollback()
                    return result
                done.append(result)
            self._worker.commit()
        finally:
            self._at_once = False
        return done

    def close(self) -> None:
        """Ends the sessions, so that the database can be copied or dropped."""
        for connection in (self._worker, self._admin):
            with contextlib.suppress(psycopg2.Error):
                connection.close()

    # ------------------------------------------------------------------ one statement, in the way that it needs

    def _try(self, statement: Statement) -> _Measured | str:
        """The statement as it was measured, or the server's words of refusal."""
        if not statement.transactional:
            return self._alone(statement)
        try:
            return self._inside(statement)
        except psycopg2.Error as error:
            self._recover()
            return self._another_way(statement, error)
        except ValueError as error:  # a NUL character, which psycopg2 does not send
            return str(error)

    def _another_way(self, statement: Statement, error: psycopg2.Error) -> _Measured | str:
        if error.pgcode == errorcodes.ACTIVE_SQL_TRANSACTION:
            return self._alone(replace(statement, transactional=False))
        if error.pgcode == errorcodes.UNSAFE_NEW_ENUM_VALUE_USAGE:
            self._must_stand_alone.update(sql for sql in self._uncommitted if _ADDS_ENUM_VALUE.match(sql))
            self._settle()
            try:
                return self._inside(statement)
            except psycopg2.Error as second:
                self._recover()
                return _words(second)
        if error.pgcode == errorcodes.INSUFFICIENT_PRIVILEGE and NEEDS_ADMIN.fullmatch(statement.sql.strip()):
            return self._as_admin(statement)
        return _words(error)

    def _inside(self, statement: Statement) -> _Measured | str:
        self._messages.clear()
        with self._worker.cursor() as cursor:
            cursor.execute("savepoint before_statement")
            cursor.execute(self._spelled(statement))
            messages = list(self._messages)
            if any(map(_IN_VAIN.search, messages)) and NEEDS_ADMIN.fullmatch(statement.sql.strip()):
                self._recover()
                return self._as_admin(statement)
            measured = self._witness.measure(statement, messages) if self._measure else (statement, [])
            cursor.execute("release savepoint before_statement")
        if self._measure and not self._at_once:
            self._worker.commit()
        return measured

    def _spelled(self, statement: Statement) -> str:
        return spoken_to(self.box.roles, statement.sql)

    def _recover(self) -> None:
        try:
            self._execute(self._worker, "rollback to savepoint before_statement")
        except psycopg2.Error:
            self._worker.rollback()

    def _alone(self, statement: Statement) -> _Measured | str:
        self._settle()
        self._worker.autocommit = True
        try:
            self._execute(self._worker, self._spelled(statement))
        except psycopg2.Error as error:
            return _words(error)
        finally:
            self._worker.autocommit = False
        # its locks are gone with it: what its kind does stands in for what was not seen
        return claimed(statement), []

    def _as_admin(self, statement: Statement) -> _Measured | str:
        self._settle()
        try:
            if self._would_be_overheard():
                return "an event trigger of the schema would run with the rights of a superuser"
            self._execute(self._admin, self._spelled(statement))
            # before it is committed, it belongs to the worker: nothing may run with the admin's rights later on
            hand_over(self._admin, self.box.roles)
            measured = self._admin_witness.measure(statement, ())
            self._admin.commit()
        except psycopg2.Error as error:
            self._admin.rollback()
            return _words(error)
        self._admin_witness.begin_anew()
        return measured

    # ------------------------------------------------------------------ around statements

    def _settle(self) -> None:
        self._worker.commit()
        self._uncommitted.clear()
        self._witness.begin_anew()

    def _finished(self, ran: list[_Measured]) -> list[Statement]:
        """The statements, now that all have run: what was dropped and is there again is not lost."""
        back = {item for _, dropped in ran for item in dropped if self._witness.still_there(item)}
        self._worker.commit()
        self._must_stand_alone.update(_used_later([statement.sql for statement, _ in ran]))
        finished = []
        for statement, dropped in ran:
            alone = statement.sql in self._must_stand_alone
            measured = with_losses(with_unseen_reads(statement), dropped, back)
            finished.append(replace(measured, transactional=statement.transactional and not alone))
        return finished

    def _silence_event_triggers(self) -> None:
        # What an event trigger of the live database would do is no business of scratch. The worker's role has the
        # setting from its creation; the second one exists since PostgreSQL 17.
        for setting in ("set session_replication_role = replica", "set event_triggers = off"):
            try:
                self._execute(self._admin, setting)
                self._admin.commit()
            except psycopg2.Error:
                self._admin.rollback()

    def _would_be_overheard(self) -> bool:
        # before PostgreSQL 17, `enable always` cannot be silenced
        if self._admin.server_version >= 170000:
            return False
        with self._admin.cursor() as cursor:
            cursor.execute("select from pg_catalog.pg_event_trigger where evtenabled in ('A', 'R')")
            return bool(cursor.rowcount)

    @staticmethod
    def _execute(session: Any, sql: str) -> None:
        with session.cursor() as cursor:
            cursor.execute(sql)


def _words(error: psycopg2.Error) -> str:
    return " ".join((error.diag.message_primary or str(error)).split())


def _without_repetition(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Statements of one transaction: a lock is told where it is taken, not again with each that follows."""
    told: set[TableLock] = set()
    result = []
    for statement in statements:
        holds = tuple(each for each in statement.holds if each not in told)
        locks = tuple(each.table for each in holds if each.mode == "ACCESS EXCLUSIVE")
        told.update(holds)
        result.append(replace(statement, holds=holds, locks=locks))
    return tuple(result)


def _used_later(statements: Sequence[str]) -> Iterator[str]:
    """Statements that add a value to an enum which a later one names: no transaction may hold both."""
    for place, sql in enumerate(statements):
        adds = _ADDS_ENUM_VALUE.match(sql)
        if adds and any(
            adds["label"] in later for later in statements[place + 1 :] if not _ADDS_ENUM_VALUE.match(later)
        ):
            yield sql
