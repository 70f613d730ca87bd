"""What each kind of statement locks, rewrites and reads through, as PostgreSQL 15 to 18 do it.

Plans are measured; this table is for what cannot be: statements that run outside of a transaction hold their locks only
while they run, and a statement that was not run at all has no measure. The tests measure every row on every major.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

from drift_pipeline.plan.shapes import parts_of, shape
from drift_pipeline.plan.statements import Statement, TableLock

AX, SRX, S, SUX = "ACCESS EXCLUSIVE", "SHARE ROW EXCLUSIVE", "SHARE", "SHARE UPDATE EXCLUSIVE"

BLOCKS = {
    AX: "nobody may read or write",
    "EXCLUSIVE": "nobody may write",
    SRX: "nobody may write",
    S: "nobody may write",
    SUX: "reads and writes go on",
}
"""What a lock means to those who use the table."""

_ALTER = r"alter table (?:if exists )?(?:only )?NAME:table "
_COLUMN = r"alter (?:column )?ID "


@dataclass(frozen=True)
class Claim:
    """One kind of statement. `rule`: its id among the hazards. `own`: the lock on the table that it names, `other` on
    those beyond it: referenced or referencing ones, partitions and parents. `reads`, `rewrites`: its own table;
    `reads_other`: those beyond it.

    `since`: the first major that has it. `why`: what else to know, such as where majors differ.
    """

    rule: str
    what: str
    pattern: str
    own: str = ""
    other: str = ""
    reads: bool = False
    rewrites: bool = False
    reads_other: bool = False
    since: int = 15
    why: str = ""

    @cached_property
    def shape(self) -> re.Pattern[str]:
        """What the statement looks like; the group `table` is the table that it names."""
        return shape(self.pattern)


_DEFAULTS = r"\bdefault (?:pg_catalog\.)?(?:gen_random_uuid|uuidv[47]|clock_timestamp|timeofday|random|nextval)\s*\("

CLAIMS: tuple[Claim, ...] = (
    # -------------------------------------------------------------- indexes
    Claim(
        "I03",
        "CREATE INDEX CONCURRENTLY",
        r"create (?:unique )?index concurrently .*? on (?:only )?NAME:table",
        SUX,
        reads=True,
        why="Reads the table twice, and waits for transactions that are older than it.",
    ),
    Claim("I03", "DROP INDEX CONCURRENTLY", r"drop index concurrently ", SUX),
    Claim("I10", "REINDEX CONCURRENTLY", r"reindex (?:index|table) concurrently ", SUX, reads=True),
    Claim(
        "I01",
        "CREATE INDEX",
        r"create index .*? on (?:only )?NAME:table",
        S,
        reads=True,
        why="Of a partitioned table: all of its partitions.",
    ),
    Claim("I02", "CREATE UNIQUE INDEX", r"create unique index .*? on (?:only )?NAME:table", S, reads=True),
    Claim("I06", "DROP INDEX", r"drop index ", AX),
    Claim(
        "I09",
        "ALTER INDEX RENAME",
        r"alter index (?:if exists )?NAME rename to ",
        why="SHARE UPDATE EXCLUSIVE on the index alone.",
    ),
    Claim("I10", "REINDEX", r"reindex (?:index|table) ", S, reads=True, why="ACCESS EXCLUSIVE on the index."),
    # -------------------------------------------------------------- constraints
    Claim(
        "K02",
        "ADD FOREIGN KEY NOT VALID",
        _ALTER + r"add (?:constraint ID )?foreign key .* not valid",
        SRX,
        SRX,
        why="Before 18 not on partitioned tables.",
    ),
    Claim("K01", "ADD FOREIGN KEY", _ALTER + r"add (?:constraint ID )?foreign key", SRX, SRX, reads=True),
    Claim("K10", "ADD CHECK NOT VALID", _ALTER + r"add (?:constraint ID )?check\b.* not valid", AX),
    Claim("K09", "ADD CHECK", _ALTER + r"add (?:constraint ID )?check\b", AX, reads=True),
    Claim(
        "K14",
        "ADD UNIQUE, PRIMARY KEY USING INDEX",
        _ALTER + r"add (?:constraint ID )?(?:unique|primary key) using index",
        AX,
        why="A primary key reads the table if a column may still be NULL. The index gets the constraint's name.",
    ),
    Claim("K13", "ADD UNIQUE", _ALTER + r"add (?:constraint ID )?unique\b", AX, reads=True),
    Claim("K17", "ADD PRIMARY KEY", _ALTER + r"add (?:constraint ID )?primary key\b", AX, reads=True),
    Claim("K20", "ADD EXCLUDE", _ALTER + r"add (?:constraint ID )?exclude\b", AX, reads=True),
    Claim("C19", "ADD NOT NULL NOT VALID", _ALTER + r"add (?:constraint ID )?not null .* not valid", AX, since=18),
    Claim("C18", "ADD NOT NULL", _ALTER + r"add (?:constraint ID )?not null\b", AX, reads=True, since=18),
    Claim("K03", "VALIDATE CONSTRAINT", _ALTER + r"validate constraint ", SUX, reads=True),
    Claim(
        "K07",
        "ALTER CONSTRAINT",
        _ALTER + r"alter constraint ",
        AX,
        why="Of a foreign key: its own table alone.",
    ),
    Claim("K22", "RENAME CONSTRAINT", _ALTER + r"rename constraint ", AX),
    Claim("K05", "DROP CONSTRAINT of a foreign key", _ALTER + r"drop constraint ", AX, AX),
    Claim("K11", "DROP CONSTRAINT of a check", _ALTER + r"drop constraint ", AX),
    Claim("K15", "DROP CONSTRAINT of a unique constraint", _ALTER + r"drop constraint ", AX),
    # -------------------------------------------------------------- columns
    Claim(
        "C01", "DROP COLUMN", _ALTER + r"drop (?:column )", AX, why="A column with a foreign key: the parent as well."
    ),
    Claim(
        "C13",
        "ADD COLUMN GENERATED STORED",
        _ALTER + r"add column .*\bgenerated always as \(.*\) stored",
        AX,
        rewrites=True,
    ),
    Claim(
        "C14",
        "ADD COLUMN GENERATED VIRTUAL",
        _ALTER + r"add column .*\bgenerated always as \(.*\) virtual",
        AX,
        since=18,
    ),
    Claim(
        "C06",
        "ADD COLUMN serial or IDENTITY",
        _ALTER + r"add column .*(?:\b(?:small|big)?serial\b|\bas identity\b)",
        AX,
        rewrites=True,
    ),
    Claim("C05", "ADD COLUMN with a volatile default", _ALTER + r"add column .*" + _DEFAULTS, AX, rewrites=True),
    Claim(
        "C09",
        "ADD COLUMN CHECK",
        _ALTER + r"add column .*\bcheck\s*\(",
        AX,
        reads=True,
        why="Every row is read though all of them hold the same value.",
    ),
    Claim("C10", "ADD COLUMN REFERENCES", _ALTER + r"add column .*\breferences ", AX, SRX),
    Claim("C11", "ADD COLUMN UNIQUE", _ALTER + r"add column .*\b(?:unique|primary key)\b", AX, reads=True),
    Claim("C03", "ADD COLUMN with a constant default", _ALTER + r"add column .*\bdefault ", AX),
    Claim(
        "C02",
        "ADD COLUMN",
        _ALTER + r"add column ",
        AX,
    ),
    Claim("C12", "ADD COLUMN of a domain with a check", _ALTER + r"add column ", AX, rewrites=True),
    Claim("C17", "RENAME COLUMN", _ALTER + r"rename (?:column )?ID to ", AX),
    Claim(
        "C18",
        "SET NOT NULL",
        _ALTER + _COLUMN + r"set not null",
        AX,
        reads=True,
        why="Reads nothing if a valid CHECK (… IS NOT NULL) proves it.",
    ),
    Claim("C20", "DROP NOT NULL", _ALTER + _COLUMN + r"drop not null", AX),
    Claim("C21", "SET DEFAULT", _ALTER + _COLUMN + r"set default ", AX),
    Claim("C22", "DROP DEFAULT", _ALTER + _COLUMN + r"drop default", AX),
    Claim("C24", "SET STATISTICS", _ALTER + _COLUMN + r"set statistics ", SUX),
    Claim("C24", "SET (n_distinct)", _ALTER + _COLUMN + r"(?:re)?set\s*\(", SUX),
    Claim("C25", "SET STORAGE, SET COMPRESSION", _ALTER + _COLUMN + r"set (?:storage|compression) ", AX),
    Claim(
        "C31", "SET EXPRESSION of a stored column", _ALTER + _COLUMN + r"set expression ", AX, rewrites=True, since=17
    ),
    Claim("C30", "DROP EXPRESSION", _ALTER + _COLUMN + r"drop expression", AX),
    Claim("C26", "ADD GENERATED AS IDENTITY", _ALTER + _COLUMN + r"add generated ", AX),
    Claim("C27", "DROP IDENTITY", _ALTER + _COLUMN + r"drop identity", AX),
    Claim("C28", "SET GENERATED", _ALTER + _COLUMN + r"set generated ", AX),
    Claim(
        "Y05",
        "ALTER COLUMN TYPE that rewrites",
        _ALTER + _COLUMN + r"(?:set data )?type ",
        AX,
        AX,
        rewrites=True,
        why="Tables that reference the column are locked as well.",
    ),
    Claim("Y01", "ALTER COLUMN TYPE to a longer varchar", _ALTER + _COLUMN + r"(?:set data )?type ", AX),
    Claim("Y09", "ALTER COLUMN TYPE to a wider numeric", _ALTER + _COLUMN + r"(?:set data )?type ", AX),
    Claim(
        "C34",
        "ALTER COLUMN TYPE … COLLATE",
        _ALTER + _COLUMN + r"(?:set data )?type .* collate ",
        AX,
        reads=True,
        why="No rewrite of the table, but every index on the column is built again.",
    ),
    Claim("E04", "ALTER COLUMN TYPE to another enum", _ALTER + _COLUMN + r"(?:set data )?type ", AX, rewrites=True),
    Claim("C32", "COMMENT ON TABLE, COLUMN", r"comment on (?:table|column) NAME:table", SUX),
    # -------------------------------------------------------------- tables
    Claim(
        "T01", "DROP TABLE", r"drop table (?:if exists )?NAME:table", AX, AX, why="Tables that it references as well."
    ),
    Claim(
        "T05",
        "CREATE TABLE … PARTITION OF",
        r"create table (?:if not exists )?NAME partition of NAME:table",
        AX,
        AX,
        reads=False,
        why="The parent and its default partition.",
    ),
    Claim("T04", "CREATE TABLE … REFERENCES", r"create table .*\breferences ", "", SRX),
    Claim("T03", "CREATE TABLE", r"create (?:unlogged )?table "),
    Claim("T06", "RENAME TO", _ALTER + r"rename to ", AX),
    Claim("T07", "SET SCHEMA", _ALTER + r"set schema ", AX),
    Claim("T08", "SET UNLOGGED, SET LOGGED", _ALTER + r"set (?:un)?logged", AX, rewrites=True),
    Claim("T12", "SET (fillfactor, autovacuum_…)", _ALTER + r"(?:re)?set\s*\(", SUX),
    Claim("T13", "CLUSTER ON", _ALTER + r"(?:cluster on|set without cluster)", SUX),
    Claim("T14", "OWNER TO", _ALTER + r"owner to ", AX),
    Claim("T15", "REPLICA IDENTITY", _ALTER + r"replica identity ", AX),
    Claim("T16", "INHERIT", _ALTER + r"(?:no )?inherit ", AX, SUX, why="ACCESS EXCLUSIVE on the child alone."),
    Claim(
        "R01",
        "ATTACH PARTITION",
        _ALTER + r"attach partition ",
        SUX,
        AX,
        reads_other=True,
        why="Reads the new partition and the default one.",
    ),
    Claim("R02", "DETACH PARTITION CONCURRENTLY", _ALTER + r"detach partition NAME concurrently", SUX),
    Claim("R02", "DETACH PARTITION", _ALTER + r"detach partition ", AX, AX),
    Claim(
        "P01",
        "ENABLE, DISABLE, FORCE ROW LEVEL SECURITY",
        _ALTER + r"(?:enable|disable|force|no force) row level security",
        AX,
    ),
    Claim("G03", "ENABLE, DISABLE TRIGGER", _ALTER + r"(?:enable|disable) (?:always |replica )?trigger ", SRX),
    Claim("V08", "REFRESH MATERIALIZED VIEW", r"refresh materialized view NAME:table", AX, rewrites=True),
    # -------------------------------------------------------------- types and programs
    Claim("E01", "ALTER TYPE ADD VALUE", r"alter type NAME add value "),
    Claim("D03", "ALTER DOMAIN ADD CONSTRAINT NOT VALID", r"alter domain NAME add .* not valid"),
    Claim(
        "D02",
        "ALTER DOMAIN ADD, VALIDATE CONSTRAINT, SET NOT NULL",
        r"alter domain NAME (?:add (?:constraint ID )?(?:check|not null)\b|validate constraint |set not null)",
        "",
        S,
        reads_other=True,
        why="Every table that uses the domain is read; no message of the server says so.",
    ),
    Claim("G01", "CREATE TRIGGER", r"create (?:or replace )?(?:constraint )?trigger .*? on NAME:table", SRX),
    Claim("G02", "DROP TRIGGER", r"drop trigger (?:if exists )?ID on NAME:table", AX),
    Claim("G04", "CREATE RULE, DROP RULE", r"(?:create (?:or replace )?rule .*? to|drop rule .*? on) NAME:table", AX),
    Claim("P04", "CREATE, ALTER, DROP POLICY", r"(?:create|alter|drop) policy (?:if exists )?ID on NAME:table", AX),
    Claim("P07", "GRANT, REVOKE", r"(?:grant|revoke) "),
    Claim("X05", "CREATE STATISTICS", r"create statistics .*? from NAME:table", SUX),
    Claim("X04", "ALTER PUBLICATION ADD TABLE", r"alter publication ID add table NAME:table", SUX),
)

_UNSEEN_READS = shape(
    r"alter domain NAME (?:add (?:constraint ID )?(?:check|not null)\b(?!.* not valid)|validate |set not null)"
)


def claim_for(sql: str) -> Claim | None:
    """The first claim whose shape the statement has."""
    return next((claim for claim in CLAIMS if claim.shape.match(sql.strip())), None)


def claimed(statement: Statement, known: Collection[str] = ()) -> Statement:
    """A statement that could not be measured, with what its kind does. `known`: tables as `schema.table`, of which one
    is meant where the statement leaves the schema out."""
    claim = claim_for(statement.sql)
    if claim is None:
        return statement
    match = claim.shape.match(statement.sql.strip())
    named = (match.groupdict().get("table") if match else "") or ""
    table = _known(".".join(parts_of(named)), known) if named else ""
    if not table:
        return statement
    return replace(
        statement,
        holds=statement.holds or ((TableLock(table, claim.own),) if claim.own else ()),
        locks=statement.locks or ((table,) if claim.own == AX else ()),
        reads=statement.reads or ((table,) if claim.reads else ()),
        rewrites=statement.rewrites or ((table,) if claim.rewrites else ()),
    )


def with_unseen_reads(statement: Statement) -> Statement:
    """A measured statement, with the reading that the server does without a word."""
    if not _UNSEEN_READS.match(statement.sql.strip()):
        return statement
    tables = tuple(each.table for each in statement.holds if each.mode == S)
    return replace(statement, reads=tables, scans=tuple(f"table {table.rpartition('.')[2]}" for table in tables))


def _known(name: str, known: Collection[str]) -> str:
    if "." in name or not known:
        return name
    found = [table for table in known if table.rpartition(".")[2] == name]
    return found[0] if len(found) == 1 else name
