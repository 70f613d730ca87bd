"""The words of the plan room: statement, cost, plan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Proof(StrEnum):
    """How far the plan was proven on scratch."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, order=True)
class TableLock:
    """A lock that a statement takes on a table which others use. `mode`: as PostgreSQL calls it, `ACCESS EXCLUSIVE`."""

    table: str
    mode: str


@dataclass(frozen=True)
class Statement:
    """One SQL statement without its closing semicolon.

    `engine`: who wrote it. `destructive`: it loses data or an object; such statements are commented out in files that
    somebody may pipe into psql. `transactional`: it may run inside a transaction. `proven`: it ran on scratch and
    brought the facts closer. `settles`: keys of the differences that it settles. `note`: for people.

    Measured on scratch, in a transaction of its own, names for people: `drops` what is gone for good (an object, or
    values that a type cuts), `rewrites` the tables that were written anew, `locks` those that it locked against readers
    and writers (ACCESS EXCLUSIVE), `scans` what it read through: checks on existing rows, index builds; `reads` the
    tables of these scans, `holds` the strongest lock on each table, from SHARE UPDATE EXCLUSIVE on.
    `hazards`: the same in words, with the sizes of the live tables; filled in where a report is made. `again`: the
    facts that it takes off or puts back though they do not differ, `view public.v`.
    """

    sql: str
    engine: str
    destructive: bool = False
    transactional: bool = True
    proven: bool = False
    settles: tuple[str, ...] = ()
    note: str = ""
    drops: tuple[str, ...] = ()
    rewrites: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    holds: tuple[TableLock, ...] = ()
    hazards: tuple[str, ...] = ()
    again: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Cost:
    """What a plan costs, measured on scratch. The order of the fields is the order of harm: the least plan wins.

    `data_loss`: tables, columns and sequences dropped, columns whose values are cut. `rewrites`: tables written anew.
    `locks`: tables locked against everybody. `scans`: tables read through, indexes built. `statements`: how many.
    `rewritten_bytes`, `scanned_bytes`: how large those tables are in the live database, as far as its statistics tell.
    """

    data_loss: int = 0
    rewritten_bytes: int = 0
    rewrites: int = 0
    locks: int = 0
    scanned_bytes: int = 0
    scans: int = 0
    statements: int = 0


@dataclass(frozen=True)
class Alternative:
    """A plan that was not chosen: who wrote it, how far it was proven, what it would have cost.

    `rewrites`, `reads`: the tables that it would write anew or read through, as often as it would.
    """

    engine: str
    proof: Proof
    cost: Cost
    note: str = ""
    rewrites: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A part of an online plan that is run and committed before the next one begins; it can be run again if it failed.

    `title`: what it does, for people. `transactional`: its statements are one transaction; if not, each runs on its own
    outside of any. `lock_timeout`, `statement_timeout`: settings of the session while it runs, as PostgreSQL spells
    them. `online`: False if it stays as it was in the plain plan; `note` says why.
    """

    title: str
    statements: tuple[Statement, ...]
    transactional: bool = True
    lock_timeout: str = "2s"
    statement_timeout: str = "10s"
    online: bool = True
    note: str = ""


@dataclass(frozen=True)
class OnlinePlan:
    """The same repair in steps for a database in use, proven like the plain one.

    `open`: what the steps leave different. `notes`: what could not be done online, and why.
    """

    steps: tuple[Step, ...] = ()
    proof: Proof = Proof.NOT_NEEDED
    open: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    cost: Cost = Cost()

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements of all steps."""
        return tuple(statement for step in self.steps for statement in step.statements)


@dataclass(frozen=True)
class Plan:
    """Ordered statements that turn source into target, and how far they were proven.

    `open`: what the statements leave different, one phrase each; empty when proven. `refused`: statements of an engine
    that were not taken over, with the reason. `engine`: whose plan was chosen (single statements may be another's).
    `online`: the variant for a database in use, where somebody asked for it.
    """

    statements: tuple[Statement, ...] = ()
    proof: Proof = Proof.NOT_NEEDED
    open: tuple[str, ...] = ()
    refused: tuple[Statement, ...] = ()
    engine: str = ""
    notes: tuple[str, ...] = ()
    cost: Cost = Cost()
    alternatives: tuple[Alternative, ...] = ()
    online: OnlinePlan | None = None

    @property
    def sql(self) -> str:
        """All statements, nothing commented out: what `psql` would run."""
        return "".join(f"{statement.sql.rstrip().rstrip(';')};\n" for statement in self.statements)
