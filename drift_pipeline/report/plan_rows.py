"""The plan for people: each statement with what it costs, and what all of it costs together."""

from __future__ import annotations

from dataclasses import dataclass

from drift_pipeline.judge.words import visible
from drift_pipeline.plan.statements import Cost, Statement
from drift_pipeline.report.held import held_back
from drift_pipeline.report.report import Report


@dataclass(frozen=True)
class PlanRow:
    """One statement. `marks`: what must not be overlooked. `held`: why it is a comment in schema-diff.sql."""

    sql: str
    costs: tuple[str, ...]
    marks: tuple[str, ...]
    held: str


def plan_rows(report: Report, limit: int) -> list[PlanRow]:
    """The first `limit` statements of the plan."""
    return [
        PlanRow(
            "\n".join(visible(line) for line in statement.sql.split("\n")),
            tuple(map(visible, costs_of(statement))) or (_nothing(statement),),
            marks_of(statement),
            visible(held_back(statement, report.by_key, report.allow_drop)),
        )
        for statement in report.plan.statements[:limit]
    ]


def costs_of(statement: Statement) -> tuple[str, ...]:
    """What it does to others while it runs, and what is gone afterwards; empty if nothing was measured."""
    if statement.hazards:
        return statement.hazards
    phrases = (
        ("loses", statement.drops),
        ("rewrites", statement.rewrites),
        ("locks against readers and writers", statement.locks),
        ("reads all of", statement.scans),
    )
    return tuple(f"{words} {', '.join(names)}" for words, names in phrases if names)


def _nothing(statement: Statement) -> str:
    """What is said where nothing was measured: of a statement that did not run in a transaction, that nobody knows."""
    measured = statement.proven and statement.transactional and not statement.destructive
    return "nothing is lost, rewritten or read through" if measured else "not measured"


def marks_of(statement: Statement) -> tuple[str, ...]:
    """What sets the statement apart: it loses data, is not proven, or needs to run outside of a transaction."""
    marks = (
        (statement.destructive, "loses data or objects"),
        (not statement.proven, "not proven"),
        (not statement.transactional, "not in a transaction"),
    )
    return tuple(words for holds, words in marks if holds)


def cost_text(cost: Cost) -> str:
    """`loses 1 table or column, rewrites 2 tables`; empty if it costs nothing."""
    counted = (
        (cost.data_loss, "loses {} table{s} or column{s}"),
        (cost.rewrites, "rewrites {} table{s}"),
        (cost.locks, "locks {} table{s} against readers and writers"),
        (cost.scans, "makes {} scan{s}"),
    )
    return ", ".join(words.format(count, s="" if count == 1 else "s") for count, words in counted if count)
