"""The words of the plan room: statement, cost, plan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Proof(StrEnum):
    """How far the plan was proven on scratch."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True)
class Statement:
    """One SQL statement without its closing semicolon.

    `engine`: who wrote it. `destructive`: it loses data or an object; such statements are commented out in files that
    somebody may pipe into psql. `transactional`: it may run inside a transaction. `proven`: it ran on scratch and
    brought the facts closer. `settles`: keys of the differences that it settles. `note`: for people.

    Measured on scratch, names for people: `drops` what is gone for good (an object, or values that a type cuts),
    `rewrites` the tables that were written anew, `locks` those that it locked against readers and writers (ACCESS
    EXCLUSIVE) and that no statement before it in the same transaction had, `scans` what it read through: checks on
    existing rows, index builds.
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


@dataclass(frozen=True, order=True)
class Cost:
    """What a plan costs, measured on scratch. The order of the fields is the order of harm: the least plan wins.

    `data_loss`: tables, columns and sequences dropped, columns whose values are cut. `rewrites`: tables written anew.
    `locks`: tables locked against everybody. `scans`: tables read through, indexes built. `statements`: how many.
    """

    data_loss: int = 0
    rewrites: int = 0
    locks: int = 0
    scans: int = 0
    statements: int = 0


@dataclass(frozen=True)
class Alternative:
    """A plan that was not chosen: who wrote it, how far it was proven, what it would have cost."""

    engine: str
    proof: Proof
    cost: Cost
    note: str = ""


@dataclass(frozen=True)
class Plan:
    """Ordered statements that turn source into target, and how far they were proven.

    `open`: what the statements leave different, one phrase each; empty when proven. `refused`: statements of an engine
    that were not taken over, with the reason. `engine`: whose plan was chosen (single statements may be another's).
    """

    statements: tuple[Statement, ...] = ()
    proof: Proof = Proof.NOT_NEEDED
    open: tuple[str, ...] = ()
    refused: tuple[Statement, ...] = ()
    engine: str = ""
    notes: tuple[str, ...] = ()
    cost: Cost = Cost()
    alternatives: tuple[Alternative, ...] = ()

    @property
    def sql(self) -> str:
        """All statements, nothing commented out: what `psql` would run."""
        return "".join(f"{statement.sql.rstrip().rstrip(';')};\n" for statement in self.statements)
