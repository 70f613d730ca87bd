"""The words of the plan room: statement, plan."""

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
    """

    sql: str
    engine: str
    destructive: bool = False
    transactional: bool = True
    proven: bool = False
    settles: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Plan:
    """Ordered statements that turn source into target, and how far they were proven.

    `open`: what the statements leave different, one phrase each; empty when proven. `refused`: statements of an engine
    that were not taken over, with the reason.
    """

    statements: tuple[Statement, ...] = ()
    proof: Proof = Proof.NOT_NEEDED
    open: tuple[str, ...] = ()
    refused: tuple[Statement, ...] = ()
    engine: str = ""
    notes: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """All statements, nothing commented out: what `psql` would run."""
        return "".join(f"{statement.sql.rstrip().rstrip(';')};\n" for statement in self.statements)
