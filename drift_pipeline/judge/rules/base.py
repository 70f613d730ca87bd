"""The fixed table: the levels that were agreed on first. Evidence may raise them, nothing lowers them."""

from __future__ import annotations

from drift_pipeline.judge.rules import conditions as on
from drift_pipeline.judge.rules.rule import ALTER, CREATE, CRITICAL, DROP, MAJOR, MINOR, Rule

BASE: tuple[Rule, ...] = (
    Rule(
        "T01", ("table", "foreign_table"), DROP, CRITICAL, "DROP TABLE",
        "The table and all its rows would be lost; tables that it references are locked as well.",
        "Find out who uses it; if somebody does, declare it in the models or ignore it, else back it up first.",
        base=True,
    ),
    Rule(
        "C01", ("column",), DROP, CRITICAL, "DROP COLUMN",
        "The column's values would be lost, and indexes and constraints that use it vanish with it.",
        "If somebody needs the column, add it to the model; else stop using it, deploy, back up, then drop it.",
        base=True,
    ),
    Rule(
        "C20", ("column",), ALTER, CRITICAL, "ALTER COLUMN DROP NOT NULL",
        "NULLs may appear that no reader expects; putting NOT NULL back needs a clean-up of the data.",
        "Decide which side is right: if the column must have a value, make the model's column non-nullable.",
        attributes=("not_null",), when=on.turned_off, base=True,
    ),
    Rule(
        "K05", ("foreign_key",), DROP, CRITICAL, "DROP CONSTRAINT (foreign key)",
        "Rows without a parent can appear from then on; it locks both tables exclusively.",
        "Prefer to declare the foreign key in the model: the data already keeps to it.",
        base=True,
    ),
    Rule(
        "C07", ("column",), CREATE, MAJOR, "ADD COLUMN NOT NULL",
        "Adding it fails at once on a table with rows, and INSERTs of older code fail afterwards.",
        "Add it nullable, fill it in batches, then set NOT NULL.",
        when=on.not_null & ~on.fills_itself, base=True,
    ),
    Rule(
        "C08", ("column",), CREATE, MAJOR, "ADD COLUMN NOT NULL with a default",
        "With a constant default PostgreSQL adds it instantly; it still needs an exclusive lock and planning.",
        "Set lock_timeout and retry, so that it does not queue behind long transactions.",
        when=on.not_null & on.fills_itself, base=True,
    ),
    Rule(
        "K01", ("foreign_key",), CREATE, MAJOR, "ADD FOREIGN KEY",
        "Blocks writes on both tables while all rows are checked, and fails if rows without a parent got in.",
        "Count the orphans first; add it NOT VALID, then VALIDATE CONSTRAINT in a later transaction.",
        base=True,
    ),
    Rule(
        "I06", ("index",), DROP, MAJOR, "DROP INDEX",
        "Queries that use the index become slow; the drop locks the table exclusively.",
        "Look at its use in pg_stat_user_indexes; if it helps, declare it in the model, else DROP INDEX CONCURRENTLY.",
        base=True,
    ),
    Rule(
        "C18", ("column",), ALTER, MAJOR, "ALTER COLUMN SET NOT NULL",
        "Fails if NULLs are stored, and reads the whole table under an exclusive lock.",
        "Fill the NULLs; add CHECK (column IS NOT NULL) NOT VALID, validate it, then SET NOT NULL without a scan.",
        attributes=("not_null",), when=on.turned_on, base=True,
    ),
    Rule(
        "C02", ("column",), CREATE, MINOR, "ADD COLUMN (nullable)",
        "Only adds; instant, though it waits for long transactions.",
        "Apply the migration that adds it, with a lock_timeout.",
        base=True,
    ),
    Rule(
        "T03", ("table", "foreign_table"), CREATE, MINOR, "CREATE TABLE",
        "Only adds; nothing that ran before stops.",
        "Apply the migration that creates it.",
        base=True,
    ),
    Rule(
        "I01", ("index",), CREATE, MINOR, "CREATE INDEX",
        "Only adds, but blocks writes on the table while it is built.",
        "Build it with CREATE INDEX CONCURRENTLY, outside a transaction.",
        base=True,
    ),
    Rule(
        "K11", ("check",), DROP, MINOR, "DROP CONSTRAINT (check)",
        "Values that the constraint refuses today become possible.",
        "If the rule is right, declare it in the model instead of dropping it.",
        base=True,
    ),
    Rule(
        "C32", ("comment",), (*CREATE, *DROP, *ALTER), MINOR, "COMMENT ON",
        "Changes words only.",
        "Put the right text into the model, and let the next release carry it.",
        attributes=("text",), base=True,
    ),
)  # fmt: skip

ALTER_TYPE = Rule(
    "Y00", ("column",), ALTER, MAJOR, "ALTER COLUMN TYPE",
    "Rewrites the table and all its indexes under an exclusive lock.",
    "On a large table add a new column, fill it in batches and switch over; else plan a quiet hour.",
    attributes=("type",), base=True,
)  # fmt: skip
"""Last of the rules on types: a more special one of the same level comes first."""
