"""Constraints and indexes, beyond the fixed table."""

from __future__ import annotations

from drift_pipeline.judge.rules import conditions as on
from drift_pipeline.judge.rules.rule import ALTER, CREATE, CRITICAL, DROP, MAJOR, MINOR, RENAME, Rule

_KEYS = ("primary_key", "unique")
_CONSTRAINTS = ("primary_key", "unique", "check", "foreign_key", "exclusion", "not_null", "domain_check")
_OF_TABLES = _CONSTRAINTS[:-1]

CONSTRAINTS: tuple[Rule, ...] = (
    Rule(
        "K02", ("foreign_key",), CREATE, MAJOR, "ADD FOREIGN KEY NOT VALID",
        "Blocks writes on both tables for an instant; old rows are not checked.",
        "Apply it with a lock_timeout; validate it later.",
        when=on.not_validated,
    ),
    Rule(
        "K09", ("check",), CREATE, MAJOR, "ADD CHECK",
        "Fails if rows break it, and reads the whole table under an exclusive lock.",
        "Count the rows that break it; add it NOT VALID, then VALIDATE CONSTRAINT in a later transaction.",
        when=~on.not_validated,
    ),
    Rule(
        "K10", ("check",), CREATE, MINOR, "ADD CHECK NOT VALID",
        "Instant; updates of old rows that break it fail afterwards.",
        "Clean the old rows, then validate it.",
        when=on.not_validated,
    ),
    Rule(
        "K13", ("unique",), CREATE, MAJOR, "ADD UNIQUE",
        "Fails on duplicates, and locks the table exclusively while the index is built.",
        "Count duplicates; CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX.",
    ),
    Rule(
        "K15", ("unique",), DROP, CRITICAL, "DROP CONSTRAINT (unique)",
        "Duplicates can appear from then on, and ON CONFLICT on these columns fails.",
        "Prefer to declare the constraint in the model: the data already keeps to it.",
    ),
    Rule(
        "K17", ("primary_key",), CREATE, MAJOR, "ADD PRIMARY KEY",
        "Fails on duplicates or NULLs, sets the columns NOT NULL, and locks the table exclusively.",
        "Set NOT NULL first, CREATE UNIQUE INDEX CONCURRENTLY, then ADD PRIMARY KEY USING INDEX.",
    ),
    Rule(
        "K18", ("primary_key",), DROP, CRITICAL, "DROP CONSTRAINT (primary key)",
        "Rows lose their identity: duplicates, replication and upserts.",
        "Prefer to declare the primary key in the model.",
    ),
    Rule(
        "K19", ("primary_key",), ALTER, CRITICAL, "replace the primary key",
        "Rows get another identity; the table is locked and read, foreign keys on it stand in the way.",
        "Build the new unique index concurrently, then swap the constraints in one transaction.",
        attributes=("columns",), when=~on.only_order,
    ),
    Rule(
        "K20", ("exclusion",), CREATE, MAJOR, "ADD EXCLUDE",
        "Fails on rows that exclude each other, and locks the table while the index is built; it cannot be NOT VALID.",
        "Look for rows that exclude each other, and plan a quiet hour.",
    ),
    Rule(
        "K21", ("exclusion",), DROP, CRITICAL, "DROP CONSTRAINT (exclusion)",
        "Rows that exclude each other can appear from then on.",
        "Prefer to declare the constraint in the model.",
    ),
    Rule(
        "K22", _OF_TABLES, RENAME, MINOR, "RENAME CONSTRAINT",
        "Only the name differs; ON CONFLICT ON CONSTRAINT and later migrations use it.",
        "Rename it, or give the model the name that the database has.",
    ),
    Rule(
        "K12", ("check",), ALTER, MAJOR, "replace the check",
        "Fails if rows break the new rule, and reads the whole table under an exclusive lock.",
        "Add the new check NOT VALID, validate it, drop the old one.",
        attributes=("expression", "columns"),
    ),
    Rule(
        "K14", ("unique",), ALTER, MAJOR, "replace the unique constraint",
        "Fails on duplicates of the new columns; duplicates of the old ones become possible.",
        "Count duplicates; build the new index concurrently before dropping the old constraint.",
        attributes=("columns",), when=~on.only_order,
    ),
    Rule(
        "K14o", ("unique", "primary_key"), ALTER, MAJOR, "replace the key by one with its columns in another order",
        "The same rows are allowed, but the index behind it is built again, under an exclusive lock.",
        "Only queries tell which order serves them; else give the model the order that the database has.",
        attributes=("columns",), when=on.only_order,
    ),
    Rule(
        "K16", (*_KEYS, "exclusion"), ALTER, MAJOR, "rebuild the key (NULLS NOT DISTINCT, INCLUDE, WITHOUT OVERLAPS)",
        "The index behind it is built again, under an exclusive lock.",
        "Build the new index concurrently, then swap the constraints in one transaction.",
        attributes=("nulls_not_distinct", "include", "without_overlaps", "period"),
    ),
    Rule(
        "I09k", (*_KEYS, "exclusion"), ALTER, MINOR, "SET (options of the index)",
        "Only later writes are touched.",
        "Apply it with the next release.",
        attributes=("options", "option_order"),
    ),
    Rule(
        "K23", ("exclusion",), ALTER, MAJOR, "replace the exclusion constraint",
        "Fails on rows that exclude each other; the table is locked while the index is built.",
        "Look for rows that exclude each other, and plan a quiet hour.",
        attributes=("definition", "columns"),
    ),
    Rule(
        "K04", _OF_TABLES, ALTER, CRITICAL, "NOT ENFORCED",
        "The constraint keeps its name and no longer holds.",
        "Keep it enforced: change the model.",
        attributes=("enforced",), when=on.turned_off,
    ),
    Rule(
        "K04b", _OF_TABLES, ALTER, MAJOR, "ENFORCED",
        "Fails if rows broke it meanwhile; all rows are checked.",
        "Count the rows that break it first.",
        attributes=("enforced",), when=~on.turned_off,
    ),
    Rule(
        "K06", ("foreign_key",), ALTER, CRITICAL, "replace the foreign key (CASCADE appears)",
        "Deleting or updating a parent would silently delete or update its children.",
        "Make sure that CASCADE is meant; both tables are locked and checked.",
        attributes=("on_delete", "on_update"), when=on.loses_cascade,
    ),
    Rule(
        "K06b", ("foreign_key",), ALTER, MAJOR, "replace the foreign key (other action)",
        "Deleting or updating a parent does something else afterwards; both tables are locked and checked.",
        "Add the new foreign key NOT VALID, validate it, drop the old one.",
        attributes=("on_delete", "on_update", "match", "set_columns"), when=~on.loses_cascade,
    ),
    Rule(
        "K06c", ("foreign_key",), ALTER, CRITICAL, "replace the foreign key (other columns or table)",
        "What the old key guarantees no longer holds, and the new one fails on rows without a parent.",
        "Count the orphans; add the new key NOT VALID and validate it before dropping the old one.",
        attributes=("columns", "references", "referenced_columns", "period"),
    ),
    Rule(
        "K26", ("foreign_key",), ALTER, CRITICAL, "DISABLE TRIGGER (of the foreign key)",
        "The foreign key keeps its name and is no longer enforced.",
        "Leave it enabled.",
        attributes=("triggers",), when=on.becomes_disabled,
    ),
    Rule(
        "K26b", ("foreign_key",), ALTER, MAJOR, "ENABLE TRIGGER (of the foreign key)",
        "Live the foreign key is not enforced as declared: rows without a parent may have got in.",
        "Count the orphans, mend them, then ALTER TABLE … ENABLE TRIGGER ALL.",
        attributes=("triggers",), when=~on.becomes_disabled,
    ),
    Rule(
        "K26c", (*_KEYS, "exclusion"), ALTER, CRITICAL, "DISABLE TRIGGER (of the deferrable key)",
        "The key keeps its name, and the look at the end of a transaction is gone: rows that it forbids get in.",
        "Leave it enabled.",
        attributes=("triggers",), when=on.becomes_disabled,
    ),
    Rule(
        "K26d", (*_KEYS, "exclusion"), ALTER, MAJOR, "ENABLE TRIGGER (of the deferrable key)",
        "Live the key is not enforced as declared: rows that it forbids may have got in.",
        "Count the rows that it forbids, mend them, then ALTER TABLE … ENABLE TRIGGER ALL.",
        attributes=("triggers",), when=~on.becomes_disabled,
    ),
    Rule(
        "K07", _OF_TABLES, ALTER, MAJOR, "DEFERRABLE / INITIALLY DEFERRED",
        "Errors come at another moment; a deferrable unique key cannot serve ON CONFLICT.",
        "Test the transactions that rely on it.",
        attributes=("deferrable", "initially_deferred"),
    ),
    Rule(
        "K08", _CONSTRAINTS, ALTER, MAJOR, "VALIDATE CONSTRAINT",
        "Live it was never validated: old rows may break it, and the validation fails then.",
        "Count the rows that break it, clean them, then VALIDATE CONSTRAINT (writes go on meanwhile).",
        attributes=("validated",), when=on.becomes_valid,
    ),
    Rule(
        "K08p", ("table", "foreign_table"), ALTER, MINOR, "VALIDATE CONSTRAINT (on a partition)",
        "The parent's check is NOT VALID; whether this partition's old rows were tried against it differs.",
        "Validate the parent's check: that settles it for all partitions.",
        attributes=("validated_checks",),
    ),
    Rule(
        "K03", _CONSTRAINTS, ALTER, MINOR, "replace by a NOT VALID constraint",
        "Live it is validated and the models do not ask for that; nothing needs to change.",
        "Leave it validated, and drop NOT VALID from the model.",
        attributes=("validated",), when=~on.becomes_valid,
    ),
    Rule(
        "K25", _OF_TABLES, ALTER, MAJOR, "NO INHERIT",
        "The constraint holds for child tables as well, or no longer.",
        "Check the rows of the child tables.",
        attributes=("no_inherit",),
    ),
    Rule(
        "K24", ("not_null",), ALTER, MAJOR, "replace the NOT NULL constraint",
        "Fails if NULLs are stored in the columns that it moves to.",
        "Count the NULLs first.",
        attributes=("columns",),
    ),
    Rule(
        "C19", ("not_null",), CREATE, MAJOR, "ADD CONSTRAINT NOT NULL",
        "Fails if NULLs are stored, and reads the whole table under an exclusive lock.",
        "Fill the NULLs; add it NOT VALID, then validate it.",
        when=~on.stays_not_null,
    ),
    Rule(
        "C20n", ("not_null",), DROP, CRITICAL, "DROP CONSTRAINT (not null)",
        "NULLs may appear that no reader expects.",
        "Decide which side is right: if the column must have a value, make the model's column non-nullable.",
        when=~on.stays_not_null,
    ),
    Rule(
        "K24b", ("not_null",), (*CREATE, *DROP), MINOR, "RENAME CONSTRAINT (not null)",
        "The column is NOT NULL on both sides; only the constraint's name or the table that declares it differs.",
        "Apply it with the next release.",
        when=on.stays_not_null & on.holds_for_all_rows,
    ),
    Rule(
        "K24c", ("not_null",), (*CREATE, *DROP), MAJOR, "replace the NOT NULL constraint (NOT VALID, NO INHERIT)",
        "One side never checked old rows, or leaves out child tables: NULLs may be stored.",
        "Count the NULLs, mend them, then VALIDATE CONSTRAINT.",
        when=on.stays_not_null & ~on.holds_for_all_rows,
    ),
)  # fmt: skip

INDEXES: tuple[Rule, ...] = (
    Rule(
        "I02", ("index",), CREATE, MAJOR, "CREATE UNIQUE INDEX",
        "Fails on duplicates, and blocks writes while it is built.",
        "Count duplicates, then build it CONCURRENTLY.",
        when=on.unique,
    ),
    Rule(
        "I06u", ("index",), DROP, CRITICAL, "DROP INDEX (unique)",
        "Duplicates can appear from then on, and ON CONFLICT on these columns fails.",
        "Prefer to declare the unique index in the model: the data already keeps to it.",
        when=on.unique,
    ),
    Rule(
        "I06v", ("index",), ALTER, CRITICAL, "replace the index by one that is not unique",
        "Duplicates can appear from then on.",
        "Prefer to declare the index as unique in the model.",
        attributes=("unique",), when=on.turned_off,
    ),
    Rule(
        "I02b", ("index",), ALTER, MAJOR, "replace the index by a unique one",
        "Fails on duplicates.",
        "Count duplicates; build the new index CONCURRENTLY under another name, drop the old one, rename.",
        attributes=("unique",), when=on.turned_on,
    ),
    Rule(
        "I08", ("index",), ALTER, MAJOR, "REINDEX (the index is invalid)",
        "An invalid index is maintained by every write, serves no query and guarantees nothing.",
        "REINDEX INDEX CONCURRENTLY, or drop it and build it again.",
        attributes=("valid",), when=~on.of_partitioned,
    ),
    Rule(
        "I08p", ("index", *_KEYS, "exclusion"), ALTER, MAJOR, "ALTER INDEX ATTACH PARTITION (the index is incomplete)",
        "Some partitions have no part of it: queries there go without, and nothing keeps rows unique across them.",
        "Build what is missing on each partition CONCURRENTLY, then attach it.",
        attributes=("valid",), when=on.of_partitioned,
    ),
    Rule(
        "I12", ("index", *_KEYS, "exclusion"), ALTER, MAJOR, "ALTER INDEX ATTACH PARTITION",
        "A part is attached at once, but never let go: then the parent's index is built again with all its parts.",
        "Attach it where it is missing; leave what is attached too much until the table is rebuilt anyway.",
        attributes=("partition_of",),
    ),
    Rule(
        "I08k", (*_KEYS, "exclusion"), ALTER, MAJOR, "rebuild the key (its index is invalid)",
        "The index behind the constraint is invalid: it serves no query and guarantees nothing.",
        "REINDEX INDEX CONCURRENTLY; look for duplicates if that fails.",
        attributes=("valid",), when=~on.of_partitioned,
    ),
    Rule(
        "I11", ("index",), ALTER, MAJOR, "replace the index",
        "Between the drop and the build no index serves the queries.",
        "Build the new one CONCURRENTLY under another name, drop the old one, rename.",
        attributes=("keys", "method", "predicate", "include", "nulls_not_distinct", "definition"),
    ),
    Rule(
        "I09", ("index",), ALTER, MINOR, "ALTER INDEX SET (options)",
        "Only later writes are touched.",
        "Apply it with the next release.",
        attributes=("options", "option_order", "statistics"),
    ),
    Rule(
        "I10", ("index",), RENAME, MINOR, "ALTER INDEX RENAME",
        "Only the name differs; hints and later migrations use it.",
        "Rename it, or give the model the name that the database has.",
    ),
)  # fmt: skip
