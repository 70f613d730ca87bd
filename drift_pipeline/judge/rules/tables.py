"""Tables, partitions, schemas and what hangs on a table as a whole, beyond the fixed table."""

from __future__ import annotations

from drift_pipeline.judge.rules import conditions as on
from drift_pipeline.judge.rules.rule import ALTER, CREATE, CRITICAL, DROP, MAJOR, MINOR, RENAME, Rule

_TABLES = ("table", "foreign_table")
_STORED = ("table", "foreign_table", "materialized_view", "sequence")

TABLES: tuple[Rule, ...] = (
    Rule(
        "R03", _TABLES, DROP, CRITICAL, "DROP TABLE (a partition)",
        "The partition's rows would be lost, and its parent is locked exclusively.",
        "If a retention job makes partitions, ignore them by a rule; else detach and back up first.",
        when=on.partition,
    ),
    Rule(
        "R04", _TABLES, CREATE, MINOR, "CREATE TABLE … PARTITION OF",
        "Locks the parent and its default partition exclusively, for an instant; the default partition is read.",
        "Create it as a table with a fitting check, then attach it.",
        when=on.partition,
    ),
    Rule(
        "T04", _TABLES, CREATE, MINOR, "CREATE TABLE … REFERENCES",
        "Only adds, but blocks writes on the tables that it references for an instant.",
        "Apply the migration with a lock_timeout; on busy tables add the foreign keys afterwards.",
        when=on.with_foreign_key,
    ),
    Rule(
        "T06", _TABLES, RENAME, CRITICAL, "ALTER TABLE RENAME",
        "Code that uses the old name fails at once; as drop and create it would lose the rows.",
        "Rename in one transaction with an updatable view under the old name; drop the view later.",
    ),
    Rule(
        "T08", _STORED, ALTER, CRITICAL, "SET UNLOGGED",
        "The content is emptied by a crash and missing on replicas; the table is rewritten.",
        "Keep it logged: change the model.",
        attributes=("persistence",), when=on.becomes_unlogged,
    ),
    Rule(
        "T09", _STORED, ALTER, MAJOR, "SET LOGGED",
        "Rewrites the table under an exclusive lock and writes all of it to the log.",
        "Plan a quiet hour; large tables are better copied into a new one.",
        attributes=("persistence",), when=~on.becomes_unlogged,
    ),
    Rule(
        "T10", (*_STORED, "index", "primary_key", "unique", "exclusion"), ALTER, MAJOR, "SET TABLESPACE",
        "Copies the files under an exclusive lock.",
        "Plan a quiet hour, or use pg_repack.",
        attributes=("tablespace",),
    ),
    Rule(
        "T11", ("table", "materialized_view"), ALTER, MAJOR, "SET ACCESS METHOD",
        "Rewrites the table under an exclusive lock.",
        "Plan a quiet hour, or use pg_repack.",
        attributes=("access_method",),
    ),
    Rule(
        "T12", ("table", "foreign_table", "materialized_view"), ALTER, MINOR, "SET (storage options)",
        "Only later writes and vacuums are touched.",
        "Take over what was tuned by hand into the model, or ignore it by a rule.",
        attributes=("options", "toast_options", "option_order", "toast_option_order"),
    ),
    Rule(
        "T13", ("table", "materialized_view"), ALTER, MINOR, "CLUSTER ON",
        "Only a later CLUSTER is touched.",
        "Apply it with the next release.",
        attributes=("cluster_on",),
    ),
    Rule(
        "T14", ("*",), ALTER, MAJOR, "OWNER TO",
        "The owner bypasses grants and row security, and alone may change the object.",
        "Set the owner that the deployment role expects.",
        attributes=("owner",),
    ),
    Rule(
        "T15", ("table",), ALTER, MAJOR, "REPLICA IDENTITY",
        "Logical replication and change capture break or grow; without identity, UPDATE and DELETE fail if published.",
        "Ask whoever runs the replication before changing it.",
        attributes=("replica_identity",),
    ),
    Rule(
        "T16", _TABLES, ALTER, MAJOR, "INHERIT / NO INHERIT",
        "Queries on the parent return other rows than before.",
        "Check the queries on the parent.",
        attributes=("inherits",),
    ),
    Rule(
        "T22", _TABLES, ALTER, MAJOR, "OF / NOT OF a composite type",
        "The table's columns are tied to a type, or no longer.",
        "Apply it with a planned release.",
        attributes=("of_type",),
    ),
    Rule(
        "R01", _TABLES, ALTER, MAJOR, "ATTACH PARTITION",
        "Locks the table and the default partition exclusively and reads both.",
        "Give the table a valid check that fits the bound before attaching it.",
        attributes=("partition_of",), when=on.gained,
    ),
    Rule(
        "R02", _TABLES, ALTER, CRITICAL, "DETACH PARTITION",
        "Its rows leave the table; parent, partition and default partition are locked exclusively.",
        "Use DETACH PARTITION CONCURRENTLY, and keep the detached table.",
        attributes=("partition_of",), when=~on.gained,
    ),
    Rule(
        "R02b", _TABLES, ALTER, CRITICAL, "DETACH and ATTACH PARTITION with another bound",
        "Rows outside the new bound leave the table or stop the change.",
        "Count the rows outside the new bound first.",
        attributes=("partition_bound",), when=on.changed,
    ),
    Rule(
        "R06", _TABLES, ALTER, MAJOR, "finish DETACH PARTITION CONCURRENTLY",
        "A detach was started and never ended: the partition belongs to its parent only by halves.",
        "Run ALTER TABLE … DETACH PARTITION … FINALIZE, then decide whether to attach it again.",
        attributes=("detach_pending",),
    ),
    Rule(
        "R05", _TABLES, ALTER, CRITICAL, "replace the table (other partition key)",
        "PostgreSQL cannot change how a table is partitioned: it is replaced and its rows are moved.",
        "Create the new table beside the old one, copy in batches, switch over.",
        attributes=("partition_key",),
    ),
    Rule(
        "T19", ("schema",), DROP, CRITICAL, "DROP SCHEMA",
        "Everything in the schema would be lost.",
        "If it belongs to somebody else, leave it out of the comparison.",
    ),
    Rule(
        "T20", ("schema",), CREATE, MINOR, "CREATE SCHEMA",
        "Only adds.",
        "Apply the migration that creates it.",
    ),
    Rule(
        "T19b", ("schema",), RENAME, CRITICAL, "ALTER SCHEMA RENAME",
        "All qualified names break at once.",
        "Create the new schema beside the old one and move table by table.",
    ),
    Rule(
        "X05", ("statistics",), (*CREATE, *DROP, *ALTER), MINOR, "CREATE / DROP / ALTER STATISTICS",
        "Query plans may change.",
        "ANALYZE afterwards and look at the slow queries.",
        attributes=("*",),
    ),
    Rule(
        "X08", ("foreign_table",), ALTER, MAJOR, "server or options of a foreign table",
        "The rows come from another place than before.",
        "Check it against the foreign server.",
        attributes=("server", "server_options"),
    ),
)  # fmt: skip
