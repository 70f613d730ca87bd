"""Columns and their types, beyond the fixed table."""

from __future__ import annotations

from drift_pipeline.judge.rules import conditions as on
from drift_pipeline.judge.rules.rule import ALTER, CREATE, CRITICAL, DROP, MAJOR, MINOR, RENAME, Rule

_COLUMN = ("column",)

COLUMNS: tuple[Rule, ...] = (
    Rule(
        "C06", _COLUMN, CREATE, MAJOR, "ADD COLUMN as identity or serial",
        "Rewrites the whole table, and numbers the rows in whatever order they lie.",
        "Add it nullable, fill it in batches, then attach the sequence or identity.",
        when=on.is_identity,
    ),
    Rule(
        "C13", _COLUMN, CREATE, MAJOR, "ADD COLUMN GENERATED STORED",
        "Rewrites the whole table under an exclusive lock.",
        "On a large table use a plain column that a trigger fills, or plan a quiet hour.",
        when=on.generated_stored,
    ),
    Rule(
        "C14", _COLUMN, CREATE, MINOR, "ADD COLUMN GENERATED VIRTUAL",
        "Only adds; no rewrite (PostgreSQL 18 and later).",
        "Apply the migration that adds it.",
        when=on.generated_virtual,
    ),
    Rule(
        "C12", _COLUMN, CREATE, MAJOR, "ADD COLUMN of a domain with a check",
        "Rewrites the whole table, even without a default.",
        "Use the domain's base type and put the check on the table.",
        when=on.of_checked_domain,
    ),
    Rule(
        "C05", _COLUMN, CREATE, MAJOR, "ADD COLUMN with a volatile default",
        "Rewrites the whole table: the default gives every row another value.",
        "Add it without default, set the default, then fill the old rows in batches.",
        when=on.volatile_default,
    ),
    Rule(
        "C03", _COLUMN, CREATE, MINOR, "ADD COLUMN with a default",
        "Only adds; instant, old rows get the default as it is at that moment.",
        "Apply the migration that adds it, with a lock_timeout.",
        when=on.has_default & on.nullable,
    ),
    Rule(
        "C17", _COLUMN, RENAME, CRITICAL, "RENAME COLUMN",
        "Code that uses the old name fails at once; as drop and add it would lose the values.",
        "Rename in steps: add, write both, switch readers, drop; or a view under the old name.",
    ),
    Rule(
        "C21", _COLUMN, ALTER, MINOR, "ALTER COLUMN SET DEFAULT",
        "Only new rows are touched.",
        "Apply the migration that sets it.",
        attributes=("default",), when=on.gained & on.plain,
    ),
    Rule(
        "C22", _COLUMN, ALTER, MAJOR, "ALTER COLUMN DROP DEFAULT on a NOT NULL column",
        "INSERTs that rely on the default fail afterwards.",
        "Make sure that every writer gives a value, or declare the server default in the model.",
        attributes=("default",), when=on.lost & on.plain & on.needs_default,
    ),
    Rule(
        "C22b", _COLUMN, ALTER, MINOR, "ALTER COLUMN DROP DEFAULT",
        "New rows without a value get NULL, or what else fills the column.",
        "Declare the server default in the model if writers outside the application rely on it.",
        attributes=("default",), when=on.lost & on.plain & ~on.needs_default,
    ),
    Rule(
        "C23", _COLUMN, ALTER, MINOR, "ALTER COLUMN SET DEFAULT (another one)",
        "New rows get another value than before; old rows stay.",
        "Check which default is meant, and write it into the model or the migration.",
        attributes=("default",), when=on.changed & on.plain,
    ),
    Rule(
        "C26", _COLUMN, ALTER, MINOR, "ADD GENERATED AS IDENTITY",
        "The new sequence starts at 1: without RESTART it hands out numbers that are taken.",
        "Restart it above the largest stored value.",
        attributes=("identity",), when=on.gained,
    ),
    Rule(
        "C27", _COLUMN, ALTER, MAJOR, "DROP IDENTITY",
        "INSERTs without this value fail afterwards, and the sequence's position is lost.",
        "Note the sequence's position, and give the column another default in the same transaction.",
        attributes=("identity",), when=on.lost,
    ),
    Rule(
        "C28", _COLUMN, ALTER, MAJOR, "SET GENERATED ALWAYS / BY DEFAULT",
        "ALWAYS refuses values that are given: restores, fixtures and copies fail.",
        "Check who writes the value by hand before changing it.",
        attributes=("identity",), when=on.changed,
    ),
    Rule(
        "C29", _COLUMN, ALTER, MAJOR, "ALTER identity options (an earlier end, or cycling)",
        "The sequence runs out earlier, or starts again with numbers that are taken.",
        "Compare the new end with the largest stored value first.",
        attributes=("identity_options",), when=on.identity_risk,
    ),
    Rule(
        "C29b", _COLUMN, ALTER, MINOR, "ALTER identity options",
        "Changes the numbers that are handed out next.",
        "Apply it with the next release.",
        attributes=("identity_options",), when=~on.identity_risk,
    ),
    Rule(
        "C30", _COLUMN, ALTER, MAJOR, "DROP EXPRESSION",
        "The column stops following the columns that it is made from.",
        "Make sure that something else keeps the value up to date.",
        attributes=("generated",), when=on.lost,
    ),
    Rule(
        "C30b", _COLUMN, ALTER, CRITICAL, "DROP COLUMN, ADD COLUMN GENERATED",
        "PostgreSQL cannot turn a plain column into a generated one: it is dropped and added, and its values are lost.",
        "Check that the expression gives the values that are stored, and keep a copy of the old column.",
        attributes=("generated",), when=on.gained,
    ),
    Rule(
        "C30c", _COLUMN, ALTER, MAJOR, "DROP COLUMN, ADD COLUMN GENERATED (stored / virtual)",
        "The column is dropped and added again, with its indexes and constraints.",
        "Plan a quiet hour; the values can be computed again.",
        attributes=("generated",), when=on.changed,
    ),
    Rule(
        "C31", _COLUMN, ALTER, MAJOR, "SET EXPRESSION",
        "A stored generated column is computed again for every row, under an exclusive lock.",
        "Plan a quiet hour; before PostgreSQL 17 the column is dropped and added again.",
        attributes=("default",), when=on.expression,
    ),
    Rule(
        "C34", _COLUMN, ALTER, MAJOR, "ALTER COLUMN TYPE … COLLATE",
        "Sort order and uniqueness change, and every index on the column is rebuilt under an exclusive lock.",
        "Build the new index first, and test queries that sort or compare.",
        attributes=("collation",),
    ),
    Rule(
        "C24", _COLUMN, ALTER, MINOR, "SET STATISTICS / SET (n_distinct)",
        "Query plans may change.",
        "ANALYZE afterwards and look at the slow queries.",
        attributes=("statistics", "options", "option_order"),
    ),
    Rule(
        "C25", _COLUMN, ALTER, MINOR, "SET STORAGE / SET COMPRESSION",
        "Only rows that are written later are touched.",
        "Apply it with the next release.",
        attributes=("storage", "compression"),
    ),
    Rule(
        "T16c", ("column", "check"), ALTER, MAJOR, "a column's or check's inheritance",
        "The column or check goes and changes with the parent's, or no longer.",
        "Check what the parent's next change should do to it.",
        attributes=("inherited", "declared_again"),
    ),
    Rule(
        "X06c", _COLUMN, ALTER, MAJOR, "OPTIONS of a foreign table's column",
        "The column is read from another place on the foreign server.",
        "Check it against the foreign server.",
        attributes=("foreign_options",),
    ),
    Rule(
        "C35", _COLUMN, DROP, CRITICAL, "DROP COLUMN of an identity or serial",
        "The values and the sequence's position would be lost.",
        "If somebody needs the column, add it to the model; else back up, and note the sequence's position.",
        when=on.is_identity,
    ),
)  # fmt: skip

TYPES: tuple[Rule, ...] = (
    Rule(
        "Y03", _COLUMN, ALTER, CRITICAL, "ALTER COLUMN TYPE to a narrower type",
        "Stored values may be cut or refused, and the table is rewritten.",
        "Look for values that do not fit; mostly the model should be widened instead.",
        attributes=("type",), when=on.narrower, detail=on.what_is_lost,
    ),
    Rule(
        "Y25", _COLUMN, ALTER, MAJOR, "ALTER COLUMN TYPE of a column that a view or rule uses",
        "PostgreSQL refuses it as long as a view, rule or policy uses the column.",
        "Drop the dependants, change the type and create them again, all in one transaction.",
        attributes=("type",), when=on.dependent_on,
    ),
    Rule(
        "Y11", _COLUMN, ALTER, MAJOR, "ALTER COLUMN TYPE timestamp ↔ timestamptz",
        "Values shift by the time zone of the session that runs it; outside UTC the table is rewritten as well.",
        "Set timezone to the zone that the stored values mean before changing the type.",
        attributes=("type",), when=on.timezone_shift,
    ),
    Rule(
        "Y18", _COLUMN, ALTER, MAJOR, "ALTER COLUMN TYPE json ↔ jsonb",
        "Rewrites the table; jsonb drops the order of keys and repeated keys.",
        "Check that nobody needs the text as it was written.",
        attributes=("type",), when=on.json_kinds,
    ),
    Rule(
        "Y20", _COLUMN, ALTER, MAJOR, "ALTER COLUMN TYPE from or to an enum",
        "Rewrites the table, fails if a value has no label, and needs the default dropped and set again.",
        "List the distinct values first.",
        attributes=("type",), when=on.enum_on_a_side,
    ),
    Rule(
        "Y22", _COLUMN, ALTER, MAJOR, "ALTER COLUMN TYPE to a domain with a check",
        "Rewrites the table and fails on rows that break the check.",
        "Add the check NOT VALID first, validate it, then change the type.",
        attributes=("type",), when=on.to_checked_domain,
    ),
    Rule(
        "Y01", _COLUMN, ALTER, MAJOR, "ALTER COLUMN TYPE to a wider type",
        "Rows stay as they are: instant, under an exclusive lock.",
        "Set lock_timeout and retry; indexes on expressions of the column are rebuilt.",
        attributes=("type",), when=on.no_rewrite,
    ),
)  # fmt: skip
