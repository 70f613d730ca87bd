"""Types, domains, sequences, extensions and other objects that tables are built on."""

from __future__ import annotations

from drift_pipeline.judge.rules import conditions as on
from drift_pipeline.judge.rules.rule import ALTER, CREATE, CRITICAL, DROP, MAJOR, MINOR, RENAME, Rule

_USER_TYPES = ("enum", "composite", "range", "base_type", "domain")
_SEQUENCE = ("sequence",)
_DOMAIN = ("domain",)

TYPES_AND_SEQUENCES: tuple[Rule, ...] = (
    Rule(
        "E01", ("enum",), ALTER, MINOR, "ALTER TYPE ADD VALUE",
        "Only adds; the label cannot be used in the same transaction and cannot be removed later.",
        "Add it in a transaction of its own before the code that uses it is deployed.",
        attributes=("labels",), when=on.labels_gained & ~on.labels_lost,
    ),
    Rule(
        "E04", ("enum",), ALTER, CRITICAL, "replace the type (labels removed or renamed)",
        "PostgreSQL cannot remove a label: the type is replaced and every table that uses it rewritten; "
        "rows with the label stop it.",
        "Count the rows with the label; if it is in use, add it to the model.",
        attributes=("labels",), when=on.labels_lost,
    ),
    Rule(
        "E05", ("enum",), ALTER, MAJOR, "replace the type (labels in another order)",
        "Sorting and comparing change; every table that uses the type is rewritten.",
        "Take over the live order into the model if nothing sorts by it.",
        attributes=("labels",), when=on.common_reordered,
    ),
    Rule(
        "E06", _USER_TYPES, CREATE, MINOR, "CREATE TYPE / CREATE DOMAIN",
        "Only adds.",
        "Apply the migration that creates it.",
    ),
    Rule(
        "E07", _USER_TYPES, DROP, CRITICAL, "DROP TYPE / DROP DOMAIN",
        "Columns of the type would be dropped with it, or stop the drop.",
        "Find the columns that use it first; if it is in use, declare it in the models.",
        when=on.in_use,
    ),
    Rule(
        "E07u", _USER_TYPES, DROP, MINOR, "DROP TYPE / DROP DOMAIN (nothing uses it)",
        "No column and no function has it, so nothing stored is lost; only code that casts to it by name would fail.",
        "Mostly a column was dropped and its type was forgotten: drop it with the next migration.",
        when=~on.in_use,
    ),
    Rule(
        "E11", _USER_TYPES, RENAME, MAJOR, "ALTER TYPE RENAME",
        "Queries that cast to the old name fail.",
        "Rename it together with the deployment of the code, or keep the live name in the model.",
    ),
    Rule(
        "E08", ("composite",), ALTER, MINOR, "ALTER TYPE ADD ATTRIBUTE",
        "Only adds.",
        "Apply it with the next release.",
        attributes=("fields",), when=on.columns_appended,
    ),
    Rule(
        "E09", ("composite",), ALTER, CRITICAL, "ALTER TYPE DROP or ALTER ATTRIBUTE",
        "Stored values of the attribute are hidden or lost; while a table uses the type it fails.",
        "Copy the values out before changing the type.",
        attributes=("fields",), when=~on.columns_appended,
    ),
    Rule(
        "E12", ("range", "base_type"), ALTER, CRITICAL, "replace the type",
        "PostgreSQL cannot change it: the type and all columns that use it are replaced.",
        "Create the new type beside the old one and move column by column.",
        attributes=("*",),
    ),
    Rule(
        "D02", ("domain_check",), CREATE, MAJOR, "ALTER DOMAIN ADD CONSTRAINT",
        "Checks every table that uses the domain, blocks writes on all of them, and fails on rows that break it.",
        "Add it NOT VALID, then validate it.",
        when=~on.not_validated,
    ),
    Rule(
        "D03", ("domain_check",), CREATE, MINOR, "ALTER DOMAIN ADD CONSTRAINT NOT VALID",
        "Instant; only new values are checked.",
        "Validate it later.",
        when=on.not_validated,
    ),
    Rule(
        "D03b", ("domain_check",), DROP, MINOR, "ALTER DOMAIN DROP CONSTRAINT",
        "Values that the constraint refuses today become possible.",
        "If the rule is right, declare it in the model instead of dropping it.",
    ),
    Rule(
        "D02b", ("domain_check",), ALTER, MAJOR, "replace the domain's constraint",
        "Checks every table that uses the domain and fails on rows that break it.",
        "Add the new one NOT VALID, validate it, drop the old one.",
        attributes=("expression",),
    ),
    Rule(
        "D03c", ("domain_check",), RENAME, MINOR, "ALTER DOMAIN RENAME CONSTRAINT",
        "Only the name differs.",
        "Rename it, or give the model the name that the database has.",
    ),
    Rule(
        "D02c", _DOMAIN, ALTER, MAJOR, "ALTER DOMAIN SET NOT NULL",
        "Checks every table that uses the domain and fails on NULLs.",
        "Fill the NULLs first.",
        attributes=("not_null",), when=on.turned_on,
    ),
    Rule(
        "D03d", _DOMAIN, ALTER, CRITICAL, "ALTER DOMAIN DROP NOT NULL",
        "NULLs may appear that no reader expects, in every column of the domain.",
        "Decide which side is right; putting NOT NULL back needs a clean-up.",
        attributes=("not_null",), when=on.turned_off,
    ),
    Rule(
        "D03e", _DOMAIN, ALTER, MINOR, "ALTER DOMAIN SET / DROP DEFAULT",
        "Only new rows are touched.",
        "Apply it with the next release.",
        attributes=("default",),
    ),
    Rule(
        "D07", _DOMAIN, ALTER, MINOR, "ALTER DOMAIN RENAME CONSTRAINT (not null)",
        "Only the name differs.",
        "Rename it, or give the model the name that the database has.",
        attributes=("not_null_name",),
    ),
    Rule(
        "D05", _DOMAIN, ALTER, CRITICAL, "replace the domain (narrower base type)",
        "Stored values may be cut or refused; every column of the domain is rewritten.",
        "Look for values that do not fit; mostly the model should be widened instead.",
        attributes=("type",), when=on.narrower, detail=on.what_is_lost,
    ),
    Rule(
        "D06", _DOMAIN, ALTER, MAJOR, "replace the domain",
        "PostgreSQL cannot change it: every column of the domain is changed to a new one.",
        "Create the new domain beside the old one and move column by column.",
        attributes=("type", "collation"),
    ),
    Rule(
        "S01", _SEQUENCE, CREATE, MINOR, "CREATE SEQUENCE",
        "Only adds.",
        "Apply the migration that creates it; set it above the largest stored value.",
    ),
    Rule(
        "S02", _SEQUENCE, DROP, CRITICAL, "DROP SEQUENCE",
        "The sequence's position would be lost, and defaults that use it break.",
        "Find the defaults that use it; if it is in use, declare it in the models.",
    ),
    Rule(
        "S07", _SEQUENCE, RENAME, MAJOR, "ALTER SEQUENCE RENAME",
        "Code that calls nextval with the old name fails.",
        "Rename it together with the deployment of the code.",
    ),
    Rule(
        "S03", _SEQUENCE, ALTER, MAJOR, "ALTER SEQUENCE MAXVALUE (smaller)",
        "The sequence runs out earlier; it fails if its position is beyond.",
        "Compare the new end with the sequence's position.",
        attributes=("maximum",), when=on.lower_maximum,
    ),
    Rule(
        "S03b", _SEQUENCE, ALTER, MAJOR, "ALTER SEQUENCE CYCLE",
        "A cycling sequence hands out numbers that are taken; one that does not cycle runs out.",
        "Make sure which one is meant.",
        attributes=("cycle",),
    ),
    Rule(
        "S05", _SEQUENCE, ALTER, MAJOR, "ALTER SEQUENCE AS (smaller type)",
        "The sequence runs out earlier.",
        "Mostly the model should be widened instead.",
        attributes=("type",), when=on.smaller_type,
    ),
    Rule(
        "S03c", _SEQUENCE, ALTER, MINOR, "ALTER SEQUENCE (other options)",
        "Changes the numbers that are handed out next.",
        "Apply it with the next release.",
        attributes=("type", "start", "increment", "minimum", "maximum", "cache"),
    ),
    Rule(
        "S04", _SEQUENCE, ALTER, MINOR, "ALTER SEQUENCE OWNED BY",
        "Decides with which column the sequence is dropped.",
        "Apply it with the next release.",
        attributes=("owned_by",),
    ),
    Rule(
        "X01", ("extension",), CREATE, MINOR, "CREATE EXTENSION",
        "Only adds; it may need rights that the deployment role lacks.",
        "Have it created before the migration runs.",
    ),
    Rule(
        "X02", ("extension",), DROP, CRITICAL, "DROP EXTENSION",
        "Its functions, types and the columns of its types would be lost.",
        "Find out who uses it; extensions for operations are best ignored by a rule.",
    ),
    Rule(
        "X03", ("extension",), ALTER, MAJOR, "ALTER EXTENSION UPDATE (another major version)",
        "Another major version may behave differently.",
        "Read its release notes, and update staging first.",
        attributes=("version",), when=on.major_upgrade,
    ),
    Rule(
        "X03b", ("extension",), ALTER, MINOR, "ALTER EXTENSION UPDATE",
        "Managed platforms choose the version.",
        "Pin it only if the application needs a certain version.",
        attributes=("version",), when=~on.major_upgrade,
    ),
    Rule(
        "X09", ("extension",), ALTER, MAJOR, "ALTER EXTENSION SET SCHEMA",
        "Code that names the old schema fails.",
        "Set the application's search_path to hold both during the change.",
        attributes=("schema",),
    ),
    Rule(
        "X07", ("collation",), ALTER, MAJOR, "replace the collation",
        "Sorting changes, and indexes that use it must be rebuilt.",
        "REINDEX what uses it after the change.",
        attributes=("*",),
    ),
    Rule(
        "X10", ("collation",), CREATE, MINOR, "CREATE COLLATION",
        "Only adds.",
        "Apply the migration that creates it.",
    ),
    Rule(
        "X11", ("collation",), DROP, CRITICAL, "DROP COLLATION",
        "Columns and indexes that use it would be dropped or stop the drop.",
        "Find out who uses it first.",
    ),
)  # fmt: skip
