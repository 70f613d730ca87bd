"""The steps of an online plan, as a script for psql and as rows for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from drift_pipeline.judge.amounts import bytes_text
from drift_pipeline.judge.words import visible
from drift_pipeline.plan.statements import Cost, OnlinePlan, Plan, Statement, Step
from drift_pipeline.report.escape import commented_out, sql_comment

_HEAD = (
    "Steps for a database in use: each is committed before the next one begins, and holds others up for an instant.",
    "If one fails, those before it stay done: run the script again from that step on, as often as it takes.",
    "Run it with psql, and not through a pooler that shares sessions: the time limits are settings of the session.",
)


@dataclass(frozen=True)
class StepRow:
    """One step for people: its number and title, its statements, what they do to others, why it is not online."""

    number: int
    title: str
    sql: str
    costs: tuple[str, ...]
    note: str
    online: bool
    transactional: bool


def step_rows(plan: OnlinePlan, limit: int = 500) -> list[StepRow]:
    """The first `limit` steps."""
    return [
        StepRow(
            number,
            visible(step.title),
            "\n".join(visible(line) for each in step.statements for line in _ended(each).split("\n")),
            tuple(map(visible, hazards_of(step))),
            visible(step.note),
            step.online,
            step.transactional,
        )
        for number, step in enumerate(plan.steps[:limit], start=1)
    ]


def hazards_of(step: Step) -> tuple[str, ...]:
    """What the step does to others, each line once."""
    return tuple(dict.fromkeys(line for statement in step.statements for line in statement.hazards))


def script(plan: OnlinePlan, *, about: Callable[[Step], Sequence[str]], held: Callable[[Statement], str]) -> list[str]:
    """The parts of a script that psql runs from beginning to end, one part a step.

    `about`: what else is said above a step. `held`: why a statement is not to be run by accident; empty if it may be. A
    step that holds such a statement is a comment as a whole.
    """
    if not plan.steps:
        return []
    parts = ["\n".join([*map(sql_comment, _HEAD), "\\set ON_ERROR_STOP on"])]
    for number, step in enumerate(plan.steps, start=1):
        parts.append("\n".join(_part(f"Step {number} of {len(plan.steps)}: {step.title}", step, about(step), held)))
    return [*parts, "RESET lock_timeout;\nRESET statement_timeout;"]


def _part(heading: str, step: Step, about: Sequence[str], held: Callable[[Statement], str]) -> Iterator[str]:
    yield sql_comment(heading)
    yield from (sql_comment(line) for line in about)
    if step.note:
        yield sql_comment(step.note if step.online else f"This stays as it is: {step.note}.")
    if not step.transactional:
        yield sql_comment("outside of a transaction")
    yield from (sql_comment(line) for line in hazards_of(step))
    yield from (sql_comment(each.note) for each in step.statements if each.note)
    reasons = list(dict.fromkeys(reason for each in step.statements if (reason := held(each))))
    yield from (sql_comment(f"Commented out: {reason}.") for reason in reasons)
    sql = "\n".join(_statements(step))
    yield commented_out(sql) if reasons else sql


def _statements(step: Step) -> Iterator[str]:
    yield f"SET lock_timeout = '{step.lock_timeout}';"
    yield f"SET statement_timeout = '{step.statement_timeout}';"
    if step.transactional:
        yield "BEGIN;"
    yield from (_ended(each) for each in step.statements)
    if step.transactional:
        yield "COMMIT;"


def _ended(statement: Statement) -> str:
    return f"{statement.sql.rstrip().rstrip(';')};"


def plain_script(plan: OnlinePlan) -> str:
    """The whole script, with nothing held back."""
    parts = script(plan, about=lambda _step: (), held=lambda _statement: "")
    return "\n\n".join(parts) + "\n" if parts else ""


_MOST = 20
"""Lines about costs in a summary; all of them stand in the SQL and the JSON."""


def plan_hazards(plan: Plan) -> list[str]:
    """What the plain plan rewrites and reads through, and with whom in the way; locks for an instant are counted."""
    lines = list(dict.fromkeys(line for each in plan.statements for line in each.hazards))
    heavy = [line for line in lines if not line.startswith("locks ")]
    brief = len(lines) - len(heavy)
    shown = heavy[:_MOST] + ([f"{len(heavy) - _MOST} more of these, in the SQL"] if len(heavy) > _MOST else [])
    return [*shown, *([f"locks for an instant: {brief}"] if brief else [])]


def both_lines(plan: Plan) -> list[str]:
    """The plain plan and its online variant side by side, in a line each; empty without the second."""
    online = plan.online
    if online is None or not online.steps:
        return []
    staying = [step for step in online.steps if not step.online]
    plain = f"plain, {_counted(len(plan.statements), 'statement')}"
    steps = f"online, {_counted(len(online.steps), 'step')} ({online.proof.value})"
    lines = [
        f"{plain}: {_costs(plan.cost, plan.statements)}",
        f"{steps}: {_costs(online.cost, online.statements)}",
    ]
    lines += [f"step that stays as it is, and holds others up: {step.title}: {step.note}" for step in staying]
    told = {f"{step.title}: {step.note}" for step in staying}
    lines += [note for note in online.notes if note not in told]
    return lines + [f"the steps leave different: {item}" for item in online.open]


def _costs(cost: Cost, statements: Sequence[Statement]) -> str:
    """What others notice of a plan: tables that are rewritten, or read under a lock; and what is lost."""
    slow = {
        table
        for each in statements
        for table in each.reads
        if any(lock.table == table and lock.mode != "SHARE UPDATE EXCLUSIVE" for lock in each.holds)
    }
    size = f" ({bytes_text(cost.rewritten_bytes)})" if cost.rewritten_bytes else ""
    parts = [
        f"rewrites {_counted(cost.rewrites, 'table')}{size}" if cost.rewrites else "",
        f"reads {_counted(len(slow), 'table')} under locks" if slow else "",
        f"loses {_counted(cost.data_loss, 'object')} with data" if cost.data_loss else "",
    ]
    said = ", ".join(part for part in parts if part)
    return said or "locks for instants only"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
