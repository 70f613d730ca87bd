"""Which statements have an online form, and what it is: a table of shapes. The first shape that fits decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from drift_pipeline.plan.native.quote import dotted, quote_ident
from drift_pipeline.plan.online.columns import add_column, not_null, not_null_constraint, retype
from drift_pipeline.plan.online.draft import Scene, Ways, beside, brief, label, outside, reading, said
from drift_pipeline.plan.shapes import parts_of, shape
from drift_pipeline.plan.statements import Statement, Step, TableLock
from drift_pipeline.schema.facts import FactId

Write = Callable[[Scene, Statement, Mapping[str, str]], Ways]

_ALTER = r"alter table (?:if exists )?(?:only )?NAME:table "
_COLUMN = r"alter (?:column )?ID:column "

_KEY = shape(
    r"(?P<kind>unique|primary key)(?P<nulls> nulls not distinct)?\s*(?P<columns>\((?:[^()\"]|\"(?:[^\"]|\"\")*\")*\))"
    r"(?: include (?P<include>\((?:[^()\"]|\"(?:[^\"]|\"\")*\")*\)))?(?: with (?P<options>\([^()]*\)))?"
    r"(?: using index tablespace ID:tablespace)?"
    r"(?P<tail>(?: not)?(?: deferrable| initially deferred| initially immediate)*)\s*$"
)
_SETTLED = shape(r".*\bnot (?:valid|enforced)\s*$")


@dataclass(frozen=True)
class Rule:
    """A shape of statements, and how they become steps."""

    pattern: str
    write: Write

    @cached_property
    def shape(self) -> re.Pattern[str]:
        """What the statement looks like."""
        return shape(self.pattern)


# ---------------------------------------------------------------- indexes


def _create_index(scene: Scene, statement: Statement, found: Mapping[str, str]) -> Ways:
    return _index_under(scene, statement, found, found["name"])


def _index_under(scene: Scene, statement: Statement, found: Mapping[str, str], name: str) -> Ways:
    table = parts_of(found["table"])
    if scene.is_partitioned(table):
        return Ways(why_not=f"{label(table)} is partitioned, and PostgreSQL builds such indexes only while it waits")
    unique = found["unique"] or ""
    index = dotted(*table[:-1], parts_of(name)[-1])
    build = f"CREATE {unique}INDEX CONCURRENTLY {name} ON {found['rest']}"
    return Ways(before=(_built(statement, build, index, name, table),))


def _built(statement: Statement, build: str, index: str, name: str, table: tuple[str, ...]) -> Step:
    """An index that is built while the table is in use. What an attempt that failed left behind goes first."""
    sweep = said(statement, f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
    note = "A build that fails leaves an invalid index behind, which is why one of that name is dropped first."
    step = outside(f"Build index {name} while {label(table)} is in use", sweep, said(statement, build))
    return replace(step, note=note)


def _drop_index(scene: Scene, statement: Statement, found: Mapping[str, str]) -> Ways:
    name = parts_of(found["name"])
    fact = next((fact for fact in scene.source.of_kind("index") if (fact.id.name[0], fact.id.name[2]) == name), None)
    if fact is None:
        return Ways(core=(statement,))
    table = fact.id.name[:2]
    if scene.is_partitioned(table) or fact.attributes.get("partition_of"):
        return Ways(why_not=f"{label(table)} is partitioned, and PostgreSQL drops such indexes only while it waits")
    return Ways(before=(_dropped_index(statement, name, table),))


def _dropped_index(statement: Statement, name: tuple[str, ...], table: tuple[str, ...]) -> Step:
    drop = replace(
        statement,
        sql=f"DROP INDEX CONCURRENTLY IF EXISTS {dotted(*name)}",
        locks=(),
        holds=(TableLock(label(table), "SHARE UPDATE EXCLUSIVE"),),
    )
    return outside(f"Drop index {name[-1]} while {label(table)} is in use", drop)


def _reindex(_scene: Scene, statement: Statement, found: Mapping[str, str]) -> Ways:
    again = said(statement, f"REINDEX INDEX CONCURRENTLY {found['name']}")
    return Ways(before=(outside(f"Build index {found['name']} again while it is in use", again),))


# ---------------------------------------------------------------- constraints


def _add_constraint(scene: Scene, statement: Statement, found: Mapping[str, str]) -> Ways:
    return _constraint_under(scene, statement, found, found["name"])


def _constraint_under(scene: Scene, statement: Statement, found: Mapping[str, str], name: str) -> Ways:
    """Checks and foreign keys: the rule holds for new rows at once, and for the old ones when they have been read."""
    table, text = parts_of(found["table"]), found["rest"].rstrip()
    if _SETTLED.match(text):
        return Ways(core=(statement,))
    if found["kind"].lower().startswith("foreign") and scene.is_partitioned(table) and scene.major < 18:
        return Ways(why_not="before PostgreSQL 18 a partitioned table has no foreign keys that are NOT VALID")
    head = f"ALTER TABLE {found['table']}"
    add = said(statement, f"{head} ADD CONSTRAINT {name} {text} NOT VALID")
    check = said(statement, f"{head} VALIDATE CONSTRAINT {name}")
    title = f"Read the rows of {label(table)} for {name} while it is in use"
    return Ways(core=(add,), after=(reading(title, check),), title=f"Add {name} to {label(table)} for new rows")


def _add_key(scene: Scene, statement: Statement, found: Mapping[str, str]) -> Ways:
    return _key_under(scene, statement, found, found["name"])


def _key_under(scene: Scene, statement: Statement, found: Mapping[str, str], index: str) -> Ways:
    """Unique constraints and primary keys: the index is built beforehand, and then becomes the constraint's."""
    table, match = parts_of(found["table"]), _KEY.match(found["rest"])
    if match is None:
        return Ways(why_not="PostgreSQL has no index that could be built for it beforehand")
    if scene.is_partitioned(table):
        return Ways(why_not=f"{label(table)} is partitioned, and its indexes cannot be built while it is in use")
    build = f"CREATE UNIQUE INDEX CONCURRENTLY {index} ON {found['table']} {match['columns']}"
    build += f" INCLUDE {match['include']}" if match["include"] else ""
    build += " NULLS NOT DISTINCT" if match["nulls"] else ""
    build += f" WITH {match['options']}" if match["options"] else ""
    build += f" TABLESPACE {match['tablespace']}" if match["tablespace"] else ""
    built = _built(statement, build, dotted(*table[:-1], parts_of(index)[-1]), index, table)
    kind = match["kind"].upper()
    use = f"ALTER TABLE {found['table']} ADD CONSTRAINT {found['name']} {kind} USING INDEX {index}{match['tail'] or ''}"
    title = f"Make it the index of {found['name']}"
    return Ways(core=(said(statement, use),), before=(built,), title=title)


def _validate(_scene: Scene, statement: Statement, found: Mapping[str, str]) -> Ways:
    title = f"Read the rows of {label(parts_of(found['table']))} for {found['name']} while it is in use"
    return Ways(before=(reading(title, statement),))


def _stays(reason: str) -> Write:
    return lambda _scene, _statement, _found: Ways(why_not=reason)


RULES: tuple[Rule, ...] = (
    Rule(r"create (?P<unique>unique )?index (?!concurrently)ID:name on (?P<rest>(?:only )?NAME:table(?=[\s(]).*)",
         _create_index),
    Rule(r"drop index (?!concurrently)(?:if exists )?NAME:name\s*$", _drop_index),
    Rule(r"reindex index (?!concurrently)NAME:name", _reindex),
    Rule(_ALTER + r"add constraint ID:name (?P<rest>(?P<kind>foreign key|check)\b.*)", _add_constraint),
    Rule(_ALTER + r"add constraint ID:name (?P<rest>(?:unique|primary key)(?! using index)\b.*)", _add_key),
    Rule(_ALTER + r"add constraint ID:name not null ID:column(?P<rest>.*)", not_null_constraint),
    Rule(_ALTER + r"add constraint ID:name exclude\b", _stays("an exclusion constraint can be added in one way only")),
    Rule(_ALTER + r"validate constraint ID:name", _validate),
    Rule(_ALTER + _COLUMN + r"set not null", not_null),
    Rule(_ALTER + _COLUMN + r"(?:set data )?type (?P<type>.*?)(?: using (?P<using>.*))?$", retype),
    Rule(_ALTER + r"add column (?:if not exists )?ID:column (?P<rest>.*)", add_column),
)  # fmt: skip


def ways_of(scene: Scene, statement: Statement) -> Ways:
    """What becomes of a statement that runs on its own. Without a rule it stays as it is."""
    sql = statement.sql.strip().rstrip(";")
    for rule in RULES:
        match = rule.shape.match(sql)
        if match is None:
            continue
        table = match.groupdict().get("table")
        if table and scene.table(parts_of(table)) is None:
            break  # nobody uses a table that the plan has just made
        return rule.write(scene, statement, match.groupdict())
    return Ways(core=(statement,), why_not=_why_slow(statement))


def _why_slow(statement: Statement) -> str:
    if statement.rewrites:
        return f"no way is known to do it without rewriting {', '.join(statement.rewrites)} in one go"
    hard = {each.table for each in statement.holds if each.mode != "SHARE UPDATE EXCLUSIVE"}
    read = [table for table in statement.reads if table in hard]
    return f"no way is known to do it without reading {', '.join(read)} under a lock" if read else ""


# ---------------------------------------------------------------- something that is replaced by another of its name


@dataclass(frozen=True)
class Replacement:
    """An object that is dropped and made anew, otherwise than it was: the new one is made first, beside the old one."""

    drop: str
    create: str
    write: Callable[[Scene, Statement, Mapping[str, str], Statement], Ways]


def replaced_index(scene: Scene, drop: Statement, found: Mapping[str, str], create: Statement) -> Ways:
    """An index: both stand side by side until the names change hands, which needs no lock on the table."""
    name, table = parts_of(found["name"])[-1], parts_of(found["table"])
    if scene.is_partitioned(table):
        return Ways(why_not=f"{label(table)} is partitioned")
    new, old, home = beside(name, "__new"), beside(name, "__old"), table[:-1]
    built = _index_under(scene, create, found, quote_ident(new)).before
    names = (
        said(create, f"ALTER INDEX {dotted(*home, name)} RENAME TO {quote_ident(old)}"),
        said(create, f"ALTER INDEX {dotted(*home, new)} RENAME TO {quote_ident(name)}"),
    )
    gone = _dropped_index(replace(drop, drops=(), destructive=False), (*home, old), table)
    return Ways(names, built, (gone,), title=f"Put the new index {name} in the old one's place")


def replaced_constraint(scene: Scene, drop: Statement, found: Mapping[str, str], create: Statement) -> Ways:
    """A check or a foreign key: the new rule is checked on all rows while the old one still holds."""
    name = parts_of(found["name"])[-1]
    new = quote_ident(beside(name, "__new"))
    ways = _constraint_under(scene, create, found, new)
    if ways.why_not or not ways.after:
        return ways if ways.why_not else Ways(core=(drop, create))
    head = f"ALTER TABLE {found['table']}"
    core = (drop, said(create, f"{head} RENAME CONSTRAINT {new} TO {quote_ident(name)}"))
    before = (brief(f"Add the new {name} beside the old one, for new rows", *ways.core), *ways.after)
    return Ways(core, before, title=f"Put the new constraint {name} in the old one's place")


def replaced_key(scene: Scene, drop: Statement, found: Mapping[str, str], create: Statement) -> Ways:
    """A unique constraint or a primary key: its new index is built beforehand."""
    ways = _key_under(scene, create, found, quote_ident(beside(parts_of(found["name"])[-1], "__new")))
    if ways.why_not:
        return ways
    return replace(
        ways, core=(drop, *ways.core), title=f"Put the new constraint {found['name']} in the old one's place"
    )


REPLACEMENTS: tuple[Replacement, ...] = (
    Replacement(RULES[1].pattern, RULES[0].pattern, replaced_index),
    Replacement(_ALTER + r"drop constraint (?:if exists )?ID:name", RULES[3].pattern, replaced_constraint),
    Replacement(_ALTER + r"drop constraint (?:if exists )?ID:name", RULES[4].pattern, replaced_key),
)


def dropped_by(scene: Scene, statement: Statement) -> frozenset[FactId]:
    """The constraint or index that a statement drops, if it is one of the source."""
    sql = statement.sql.strip()
    index = RULES[1].shape.match(sql)
    if index:
        name = parts_of(index["name"])
        return frozenset(
            fact.id for fact in scene.source.of_kind("index") if (fact.id.name[0], fact.id.name[2]) == name
        )
    constraint = _DROPS_CONSTRAINT.match(sql)
    if constraint is None:
        return frozenset()
    name = (*parts_of(constraint["table"]), *parts_of(constraint["name"]))
    kinds = ("check", "foreign_key", "unique", "primary_key", "exclusion")
    return frozenset(FactId(kind, name) for kind in kinds if FactId(kind, name) in scene.source.facts)


_DROPS_CONSTRAINT = shape(REPLACEMENTS[1].drop)
