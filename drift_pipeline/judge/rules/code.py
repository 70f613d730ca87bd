"""Views, routines, triggers, rules, row security, privileges, replication: what acts on rows or shows them."""

from __future__ import annotations

from drift_pipeline.judge.rules import conditions as on
from drift_pipeline.judge.rules.rule import ALTER, CREATE, CRITICAL, DROP, MAJOR, MINOR, RENAME, Rule

_VIEWS = ("view", "materialized_view")
_ROUTINES = ("function", "procedure", "aggregate")
_TRIGGERS = ("trigger", "event_trigger")
_REPLICATION = ("publication", "publication_table", "publication_schema", "subscription")
_FOREIGN = ("foreign_data_wrapper", "foreign_server", "user_mapping")

VIEWS_AND_ROUTINES: tuple[Rule, ...] = (
    Rule(
        "V01", _VIEWS, CREATE, MINOR, "CREATE VIEW",
        "Only adds.",
        "Apply the migration that creates it.",
    ),
    Rule(
        "V06", ("materialized_view",), DROP, CRITICAL, "DROP MATERIALIZED VIEW",
        "Readers fail, and the stored rows must be computed again.",
        "Find out who reads it first.",
    ),
    Rule(
        "V04", ("view",), DROP, CRITICAL, "DROP VIEW",
        "Everybody who reads it fails at once.",
        "Find out who reads it first.",
    ),
    Rule(
        "V09", _VIEWS, RENAME, CRITICAL, "ALTER VIEW RENAME",
        "Readers of the old name fail at once.",
        "Keep a view under the old name for a while.",
    ),
    Rule(
        "V05", ("view",), ALTER, CRITICAL, "ALTER VIEW SET (security options)",
        "security_invoker, security_barrier and check_option decide who sees or writes which rows.",
        "Have somebody who knows the row security look at it.",
        attributes=("options",), when=on.security_option,
    ),
    Rule(
        "V05b", ("view",), ALTER, MINOR, "ALTER VIEW SET (options)",
        "No security option is touched.",
        "Apply it with the next release.",
        attributes=("options", "option_order"), when=~on.security_option,
    ),
    Rule(
        "V03", _VIEWS, ALTER, CRITICAL, "DROP VIEW, CREATE VIEW (columns go or change)",
        "CREATE OR REPLACE cannot do it: the view is dropped with its grants and everything that depends on it.",
        "Recreate dependants and grants in the same transaction.",
        attributes=("columns",), when=~on.columns_appended,
    ),
    Rule(
        "V02", _VIEWS, ALTER, MINOR, "CREATE OR REPLACE VIEW (columns are added)",
        "Only adds columns at the end.",
        "Apply it with the next release.",
        attributes=("columns",), when=on.columns_appended,
    ),
    Rule(
        "V07", ("materialized_view",), ALTER, MAJOR, "replace the materialised view",
        "It is dropped and computed again; readers wait or fail meanwhile.",
        "Build the new one under another name, then swap the names.",
        attributes=("definition",),
    ),
    Rule(
        "V08", ("materialized_view",), ALTER, MINOR, "REFRESH MATERIALIZED VIEW",
        "Whether it is filled.",
        "Refresh it, CONCURRENTLY where a unique index allows it.",
        attributes=("populated",),
    ),
    Rule(
        "C24v", ("materialized_view",), ALTER, MINOR, "SET STATISTICS / STORAGE of columns",
        "Query plans may change; only rows that are written later are touched.",
        "Apply it with the next release.",
        attributes=("column_tuning",),
    ),
    Rule(
        "V10", ("view",), ALTER, MAJOR, "CREATE OR REPLACE VIEW",
        "The view returns other rows than before.",
        "Compare the results of both definitions on staging.",
        attributes=("definition",),
    ),
    Rule(
        "F01", _ROUTINES, CREATE, MINOR, "CREATE FUNCTION",
        "Only adds.",
        "Apply the migration that creates it.",
    ),
    Rule(
        "F05", _ROUTINES, (*DROP, *RENAME), CRITICAL, "DROP FUNCTION",
        "Everybody who calls it fails at once; defaults, triggers and indexes may use it.",
        "Find its callers first.",
    ),
    Rule(
        "F04", _ROUTINES, ALTER, CRITICAL, "SECURITY DEFINER / INVOKER",
        "It runs with other rights than before.",
        "Have somebody who knows the rights look at it.",
        attributes=("security_definer", "leakproof"),
    ),
    Rule(
        "F05b", _ROUTINES, ALTER, CRITICAL, "DROP FUNCTION, CREATE FUNCTION (other result)",
        "Callers may fail; what depends on it must be created again.",
        "Create the new one under another name and move the callers.",
        attributes=("returns", "arguments"),
    ),
    Rule(
        "F02", _ROUTINES, ALTER, MAJOR, "CREATE OR REPLACE FUNCTION",
        "It behaves differently at once; indexes and checks that use it are not computed again.",
        "Test it on staging; reindex what uses it.",
        attributes=("body", "language", "definition"),
    ),
    Rule(
        "F03", _ROUTINES, ALTER, MAJOR, "ALTER FUNCTION (properties)",
        "Planner and results rely on these promises; a wrong IMMUTABLE corrupts indexes.",
        "Check that the promise is true.",
        attributes=("*",),
    ),
    Rule(
        "G01", _TRIGGERS, CREATE, MAJOR, "CREATE TRIGGER",
        "Every write on the table runs it from then on.",
        "Test it on staging with real load.",
    ),
    Rule(
        "G02", _TRIGGERS, DROP, CRITICAL, "DROP TRIGGER",
        "What it maintains (audit, derived data, checks) stops silently.",
        "Find out what it does; if it is needed, declare it where the schema is kept.",
    ),
    Rule(
        "G03", _TRIGGERS, ALTER, CRITICAL, "DISABLE TRIGGER",
        "What it maintains (audit, derived data, checks) stops silently.",
        "Leave it enabled, unless the models have it disabled on purpose.",
        attributes=("enabled",), when=on.trigger_off,
    ),
    Rule(
        "G03b", _TRIGGERS, ALTER, MAJOR, "ENABLE TRIGGER",
        "It was switched off live: rows written meanwhile lack what it does.",
        "Find out since when it is off, mend those rows, then enable it.",
        attributes=("enabled",), when=on.trigger_on,
    ),
    Rule(
        "G06", _TRIGGERS, ALTER, MAJOR, "ENABLE REPLICA / ALWAYS TRIGGER, or another definition",
        "It runs in other situations or does something else.",
        "Test it on staging.",
        attributes=("*",),
    ),
    Rule(
        "G07", (*_TRIGGERS, "rule", "policy"), RENAME, MINOR, "RENAME",
        "Only the name differs; triggers run in the order of their names.",
        "Rename it, or take over the live name.",
    ),
    Rule(
        "G04", ("rule",), (*CREATE, *DROP, *ALTER), MAJOR, "CREATE / DROP RULE",
        "Rules rewrite queries on the table.",
        "Test the queries on the table.",
        attributes=("*",),
    ),
)  # fmt: skip

ACCESS: tuple[Rule, ...] = (
    Rule(
        "P01", ("table",), ALTER, MAJOR, "ENABLE ROW LEVEL SECURITY",
        "Queries return nothing unless a policy allows it.",
        "Create the policies in the same transaction; find out what was readable meanwhile.",
        attributes=("row_security",), when=on.turned_on,
    ),
    Rule(
        "P02", ("table",), ALTER, CRITICAL, "DISABLE ROW LEVEL SECURITY",
        "Every role with SELECT would see all rows.",
        "Keep it on: declare it where the schema is kept.",
        attributes=("row_security",), when=on.turned_off,
    ),
    Rule(
        "P03", ("table",), ALTER, MAJOR, "FORCE ROW LEVEL SECURITY",
        "The owner sees only what policies allow as well.",
        "Test what runs as the owner.",
        attributes=("force_row_security",), when=on.turned_on,
    ),
    Rule(
        "P03b", ("table",), ALTER, CRITICAL, "NO FORCE ROW LEVEL SECURITY",
        "The owner would bypass all policies.",
        "Keep it forced if the application runs as the owner.",
        attributes=("force_row_security",), when=on.turned_off,
    ),
    Rule(
        "P04", ("policy",), CREATE, CRITICAL, "CREATE POLICY (permissive)",
        "More rows become visible or writable.",
        "Have somebody who knows the row security look at it.",
        when=on.permissive,
    ),
    Rule(
        "P04b", ("policy",), DROP, CRITICAL, "DROP POLICY (restrictive)",
        "More rows become visible or writable.",
        "Have somebody who knows the row security look at it.",
        when=on.restrictive,
    ),
    Rule(
        "P05", ("policy",), DROP, MAJOR, "DROP POLICY (permissive)",
        "Fewer rows are visible or writable: queries may return nothing.",
        "Find out who relies on it.",
        when=on.permissive,
    ),
    Rule(
        "P05b", ("policy",), CREATE, MAJOR, "CREATE POLICY (restrictive)",
        "Fewer rows are visible or writable: queries may return nothing.",
        "Test it as the application's role.",
        when=on.restrictive,
    ),
    Rule(
        "P06", ("policy",), ALTER, CRITICAL, "ALTER POLICY",
        "Other rows become visible or writable.",
        "Have somebody who knows the row security look at it.",
        attributes=("*",),
    ),
    Rule(
        "P07", ("privilege",), CREATE, CRITICAL, "GRANT … TO PUBLIC",
        "Every role of the server gets the right.",
        "Grant it to the roles that need it.",
        when=on.to_public,
    ),
    Rule(
        "P07b", ("privilege",), CREATE, MAJOR, "GRANT",
        "The role gets rights that it lacks.",
        "Check that the role is meant to have them.",
        when=~on.to_public,
    ),
    Rule(
        "P08", ("privilege",), DROP, MAJOR, "REVOKE",
        "Queries of the role fail afterwards.",
        "Find out who works with the role.",
    ),
    Rule(
        "P07c", ("privilege",), ALTER, CRITICAL, "GRANT … TO PUBLIC",
        "Every role of the server gets the right.",
        "Grant it to the roles that need it.",
        attributes=("privileges",), when=on.grants_more & on.to_public,
    ),
    Rule(
        "P07d", ("privilege",), ALTER, MAJOR, "GRANT",
        "The role gets rights that it lacks.",
        "Check that the role is meant to have them.",
        attributes=("privileges",), when=on.grants_more & ~on.to_public,
    ),
    Rule(
        "P08b", ("privilege",), ALTER, MAJOR, "REVOKE",
        "Queries of the role fail afterwards.",
        "Find out who works with the role.",
        attributes=("privileges",), when=on.grants_less,
    ),
    Rule(
        "P08c", ("privilege",), ALTER, MINOR, "GRANT by somebody else",
        "The right hangs on whoever granted it: only that role can take it back, and it goes when that one's does.",
        "Find out who is meant to grant it.",
        attributes=("granted_by",),
    ),
    Rule(
        "P09", ("default_privilege",), (*CREATE, *DROP, *ALTER), MAJOR, "ALTER DEFAULT PRIVILEGES",
        "Objects that are made later get other rights.",
        "Check who may use objects that are made later.",
        attributes=("*",),
    ),
    Rule(
        "P11", ("security_label",), (*CREATE, *DROP, *ALTER), CRITICAL, "SECURITY LABEL",
        "The label decides who may see the object, or how it is masked.",
        "Have somebody who knows the label provider look at it.",
        attributes=("*",),
    ),
    Rule(
        "X04", _REPLICATION, (*CREATE, *DROP, *ALTER), MAJOR, "ALTER PUBLICATION / SUBSCRIPTION",
        "Consumers of the replication miss changes or get others.",
        "Ask whoever runs the replication before changing it.",
        attributes=("*",),
    ),
    Rule(
        "X06", _FOREIGN, (*CREATE, *DROP, *ALTER), MAJOR, "CREATE / ALTER / DROP SERVER, USER MAPPING",
        "Foreign tables read from another place, or not at all.",
        "Check it against the foreign server.",
        attributes=("*",),
    ),
)  # fmt: skip
