"""Columns of tables in use: NOT NULL by way of what was checked before, values for new columns batch by batch."""

from __future__ import annotations

from collections.abc import Mapping

from drift_pipeline.judge.types import TIMESTAMP, TIMESTAMPTZ, parse_type
from drift_pipeline.plan.native.quote import quote_ident
from drift_pipeline.plan.online.draft import NOT_NULL_CAN_WAIT, Scene, Ways, beside, brief, label, reading, said
from drift_pipeline.plan.online.rows import backfill
from drift_pipeline.plan.online.widen import expand
from drift_pipeline.plan.shapes import parts_of
from drift_pipeline.plan.statements import Statement, Step


def not_null(scene: Scene, statement: Statement, found: Mapping[str, str]) -> Ways:
    """SET NOT NULL."""
    table, column = parts_of(found["table"]), parts_of(found["column"])[-1]
    if scene.major >= NOT_NULL_CAN_WAIT:
        return _waiting(statement, found["table"], scene.not_null_name(table, column), column)
    check = quote_ident(beside(f"{table[-1]}_{column}", "_is_set"))
    return Ways(
        core=(statement,),
        before=proof_of_values(statement, found["table"], check, column),
        after=(
            brief(f"Drop the check that {column} made superfluous",
                  said(statement, f"ALTER TABLE {found['table']} DROP CONSTRAINT {check}")),
        ),
        title=f"Make {label(table)}.{column} NOT NULL: the check has read the rows",
    )  # fmt: skip


def not_null_constraint(scene: Scene, statement: Statement, found: Mapping[str, str]) -> Ways:
    """ADD CONSTRAINT … NOT NULL, as 18 has it."""
    rest = found["rest"].lower()
    if scene.major < NOT_NULL_CAN_WAIT or "not valid" in rest:
        return Ways(core=(statement,))
    head = f"ALTER TABLE {found['table']}"
    add = said(statement, f"{statement.sql.strip().rstrip(';')} NOT VALID")
    return Ways(
        core=(add,),
        after=(_validated(statement, head, found["name"]),),
        title=f"Make {found['table']}.{found['column']} NOT NULL for new rows",
    )


def _waiting(statement: Statement, table: str, name: str, column: str) -> Ways:
    add = f"ALTER TABLE {table} ADD CONSTRAINT {quote_ident(name)} NOT NULL {quote_ident(column)} NOT VALID"
    return Ways(
        core=(said(statement, add),),
        after=(_validated(statement, f"ALTER TABLE {table}", quote_ident(name)),),
        title=f"Make {table}.{column} NOT NULL for new rows",
    )


def _validated(statement: Statement, head: str, name: str) -> Step:
    return reading(
        f"Read the rows for {name} while the table is in use", said(statement, f"{head} VALIDATE CONSTRAINT {name}")
    )


def proof_of_values(statement: Statement, table: str, check: str, column: str) -> tuple[Step, ...]:
    """Steps after which a valid check says that there is no NULL: SET NOT NULL believes it and reads nothing."""
    head = f"ALTER TABLE {table}"
    add = f"{head} ADD CONSTRAINT {check} CHECK ({quote_ident(column)} IS NOT NULL) NOT VALID"
    return (
        brief(f"Refuse new rows without {column}", said(statement, add)),
        reading(
            f"Read the rows of {table} for {column} while it is in use",
            said(statement, f"{head} VALIDATE CONSTRAINT {check}"),
        ),
    )


def add_column(scene: Scene, statement: Statement, found: Mapping[str, str]) -> Ways:
    """ADD COLUMN: what differs from row to row is filled in batch by batch."""
    table, column = parts_of(found["table"]), parts_of(found["column"])[-1]
    if label(table) not in statement.rewrites:
        return Ways(core=(statement,), why_not=_reads(statement))
    fact = scene.column(table, column)[1]
    default = fact.attributes.get("default") if fact else None
    reasons = {
        "it is computed for each row and stored": bool(fact and fact.attributes.get("generated")),
        "it numbers the rows itself": bool(fact and fact.attributes.get("identity")),
        "its type is a domain whose checks are asked for each row": default is None,
        f"{label(table)} has heirs or partitions": _has_heirs(scene, table),
        f"policies may hide rows of {label(table)} from its own owner": _hides_rows(scene, table),
    }
    why_not = next((reason for reason, holds in reasons.items() if holds), "")
    if fact is None or why_not:
        return Ways(why_not=why_not or "it has other parts than a default")
    name, head = quote_ident(column), f"ALTER TABLE {found['table']}"
    collation = fact.attributes.get("collation")
    bare = f"{head} ADD COLUMN {name} {fact.attributes['type']}" + (f" COLLATE {collation}" if collation else "")
    after = [
        brief(f"Give new rows the default of {column}",
              said(statement, f"{head} ALTER COLUMN {name} SET DEFAULT {default}")),
        backfill(statement, table, f"{name} = DEFAULT", f"{name} IS NULL", major=scene.major),
    ]  # fmt: skip
    if fact.attributes.get("not_null"):
        last = not_null(scene, said(statement, f"{head} ALTER COLUMN {name} SET NOT NULL"), found)
        after += [*last.before, brief(last.title, *last.core), *last.after]
    return Ways(core=(said(statement, bare),), after=tuple(after), title=f"Add {label(table)}.{column}, empty")


def _has_heirs(scene: Scene, table: tuple[str, ...]) -> bool:
    return any(
        list(table) in (fact.attributes.get("partition_of"), *_lists(fact.attributes.get("inherits")))
        for fact in scene.source.of_kind("table")
    )


def _hides_rows(scene: Scene, table: tuple[str, ...]) -> bool:
    fact = scene.table(table)
    return fact is not None and bool(fact.attributes.get("force_row_security"))


def _lists(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _reads(statement: Statement) -> str:
    read = ", ".join(statement.reads)
    return f"no way is known to do it without reading {read} under a lock" if read else ""


def retype(scene: Scene, statement: Statement, found: Mapping[str, str]) -> Ways:
    """ALTER COLUMN TYPE: where it rewrites the table, a new column takes the old one's place."""
    table, column = parts_of(found["table"]), parts_of(found["column"])[-1]
    before, after = scene.column(table, column)
    types = {parse_type(str(fact.attributes["type"])).base for fact in (before, after) if fact}
    if types == {TIMESTAMP, TIMESTAMPTZ}:
        return Ways(why_not="its values depend on the session's TimeZone, and it rewrites the table unless that is UTC")
    if label(table) not in statement.rewrites:
        return Ways(core=(statement,), why_not=_reads(statement))
    if _has_heirs(scene, table):
        return Ways(why_not=f"{label(table)} has heirs or partitions")
    return expand(scene, statement, table, column, using=found.get("using") or "")
