"""Impact now: what a difference does to code that was built from the models, while nobody has repaired anything.

It is the opposite question to the severity of the repair: a column that live lacks is a minor repair, and breaks every
query of its model until then.
"""

from __future__ import annotations

from drift_pipeline.judge.rules import conditions as on
from drift_pipeline.judge.rules.rule import (
    ALTER,
    BREAKS,
    DEGRADES,
    EXPOSES,
    EXTRA,
    HARMLESS,
    MISSING,
    RENAME,
    ImpactRule,
)

_TABLES = ("table", "foreign_table")
_VIEWS = ("view", "materialized_view")
_USER_TYPES = ("enum", "composite", "range", "base_type", "domain")
_ROUTINES = ("function", "procedure", "aggregate")
_BAD_ROWS = "Rows that the models rule out may already be stored."
_STRICTER = "Rows that the models allow are refused."

STRUCTURE_NOW: tuple[ImpactRule, ...] = (
    ImpactRule("J01", _TABLES, MISSING, BREAKS, "Every query on the table fails."),
    ImpactRule("J02", ("column",), MISSING, BREAKS, "Every query that names the column fails."),
    ImpactRule(
        "J03", ("column",), EXTRA, BREAKS,
        "It is NOT NULL without a default, and the models do not know it: all INSERTs into the table fail.",
        when=on.not_null & ~on.fills_itself,
    ),
    ImpactRule(
        "J04", ("column",), ALTER, BREAKS, "INSERTs and UPDATEs that leave it NULL fail.",
        attributes=("not_null",), when=on.turned_off,
    ),
    ImpactRule(
        "J05", ("column",), ALTER, DEGRADES, "NULLs may already be stored where the code expects a value.",
        attributes=("not_null",), when=on.turned_on,
    ),
    ImpactRule(
        "J06", ("column", "domain"), ALTER, BREAKS, "The live type is too narrow: writes of such values fail.",
        attributes=("type",), when=on.live_refuses, detail=on.what_live_does,
    ),
    ImpactRule(
        "J07", ("column", "domain"), ALTER, DEGRADES, "The live type is too narrow: values are cut silently.",
        attributes=("type",), when=on.live_cuts, detail=on.what_live_does,
    ),
    ImpactRule(
        "J08", ("column", "domain"), ALTER, DEGRADES, "Values shift by the time zone of the session.",
        attributes=("type",), when=on.timezone_shift,
    ),
    ImpactRule(
        "J09", ("column", "domain"), ALTER, DEGRADES, "Operators of the other kind of JSON fail.",
        attributes=("type",), when=on.json_kinds,
    ),
    ImpactRule(
        "J10", ("column", "domain"), ALTER, BREAKS, "Queries that compare or write the column meet another type.",
        attributes=("type",), when=on.other_family,
    ),
    ImpactRule("J10b", ("column",), ALTER, DEGRADES, _BAD_ROWS, attributes=("type",), when=on.to_checked_domain),
    ImpactRule(
        "J11", ("column",), ALTER, BREAKS, "INSERTs that leave the value to the database fail.",
        attributes=("default", "identity"), when=on.gained & on.missing_but_required,
    ),
    ImpactRule(
        "J12", ("column",), ALTER, DEGRADES, "New rows get another value than the models say.",
        attributes=("default",), when=on.plain,
    ),
    ImpactRule(
        "J13", ("column",), ALTER, BREAKS, "INSERTs that give the value are refused.",
        attributes=("identity",), when=on.lost | on.changed,
    ),
    ImpactRule(
        "J14", ("column",), ALTER, BREAKS, "The models write a column that live computes: such writes are refused.",
        attributes=("generated",), when=on.lost,
    ),
    ImpactRule(
        "J15", ("column",), ALTER, DEGRADES, "The column does not hold what the models compute.",
        attributes=("generated", "default"), when=~on.plain,
    ),
    ImpactRule(
        "J16", ("column",), ALTER, DEGRADES, "Values sort and compare differently.",
        attributes=("collation",),
    ),
    ImpactRule(
        "J17", ("column", "sequence"), ALTER, DEGRADES, "The live sequence runs out earlier.",
        attributes=("identity_options", "maximum"), when=on.live_sequence_smaller,
    ),
    ImpactRule("J18", ("table", "column", "view", "materialized_view", "schema"), RENAME, BREAKS,
               "Queries by the name that the models have fail."),
    ImpactRule("J19", ("foreign_key",), MISSING, DEGRADES, f"{_BAD_ROWS} Parents can be deleted under their children."),
    ImpactRule("J20", ("unique", "primary_key", "exclusion"), MISSING, DEGRADES,
               f"{_BAD_ROWS} ON CONFLICT on these columns fails."),
    ImpactRule("J21", ("check", "domain_check"), MISSING, DEGRADES, _BAD_ROWS),
    ImpactRule("J21n", ("not_null",), MISSING, DEGRADES, _BAD_ROWS, when=~on.stays_not_null),
    ImpactRule("J22", ("primary_key", "unique", "exclusion", "check", "foreign_key", "domain_check"), EXTRA, DEGRADES,
               _STRICTER),
    ImpactRule("J23", ("not_null",), EXTRA, BREAKS, "INSERTs and UPDATEs that leave the column NULL fail.",
               when=~on.stays_not_null),
    ImpactRule("J23b", ("not_null",), EXTRA, DEGRADES, _BAD_ROWS, when=on.stays_not_null & ~on.holds_for_all_rows),
    ImpactRule("J24p", ("table", "foreign_table"), ALTER, HARMLESS, "New rows are tried on both sides.",
               attributes=("validated_checks",)),
    ImpactRule(
        "J24", ("unique", "primary_key", "exclusion", "check", "foreign_key", "domain_check", "not_null"), ALTER,
        DEGRADES, "Live holds another rule than the models: rows may be refused or wrong.",
        attributes=("columns", "expression", "definition", "references", "referenced_columns", "nulls_not_distinct",
                    "validated", "enforced", "no_inherit", "period", "without_overlaps"),
        when=~on.only_order,
    ),
    ImpactRule("J24o", ("unique", "primary_key"), ALTER, DEGRADES,
               "Queries by the first of its columns that the models name may be slow.", attributes=("columns",),
               when=on.only_order),
    ImpactRule(
        "J25", ("foreign_key",), ALTER, DEGRADES, "Deleting or updating a parent does something else than expected.",
        attributes=("on_delete", "on_update", "match", "set_columns"),
    ),
    ImpactRule(
        "J25b", ("foreign_key",), ALTER, DEGRADES, "It is not enforced: rows without a parent get in.",
        attributes=("triggers",),
    ),
    ImpactRule(
        "J25c", ("unique", "primary_key", "exclusion"), ALTER, DEGRADES,
        "It is not enforced: rows that it forbids get in.", attributes=("triggers",),
    ),
    ImpactRule(
        "J26", ("foreign_key", "unique", "primary_key", "exclusion"), ALTER, DEGRADES,
        "Errors come at another moment of the transaction.", attributes=("deferrable", "initially_deferred"),
    ),
    ImpactRule("J27", ("index",), MISSING, DEGRADES, f"{_BAD_ROWS} ON CONFLICT on these columns fails.",
               when=on.unique),
    ImpactRule("J28", ("index",), MISSING, DEGRADES, "Queries that it serves are slow."),
    ImpactRule("J29", ("index",), EXTRA, DEGRADES, _STRICTER, when=on.unique),
    ImpactRule("J30", ("index",), ALTER, DEGRADES, "Queries that it should serve may be slow.",
               attributes=("keys", "method", "predicate", "include", "definition", "valid", "partition_of")),
    ImpactRule("J30k", ("primary_key", "unique", "exclusion"), ALTER, DEGRADES, _BAD_ROWS, attributes=("valid",)),
    ImpactRule("J31", ("index",), ALTER, DEGRADES, "Uniqueness is not what the models say.",
               attributes=("unique", "nulls_not_distinct")),
    ImpactRule("J32", ("sequence",), MISSING, BREAKS, "Everything that takes numbers from it fails."),
    ImpactRule("J33", ("sequence",), RENAME, BREAKS, "Code that takes numbers from it by name fails."),
    ImpactRule("J34", ("sequence",), ALTER, DEGRADES, "Other numbers are handed out than the models say.",
               attributes=("type", "increment", "minimum", "cycle")),
    ImpactRule("J35", _USER_TYPES, MISSING, BREAKS, "Columns, casts and queries that use the type fail."),
    ImpactRule("J36", _USER_TYPES, RENAME, BREAKS, "Casts to the name that the models have fail."),
    ImpactRule("J37", ("enum",), ALTER, BREAKS, "Writes of labels that live lacks fail.",
               attributes=("labels",), when=on.labels_gained),
    ImpactRule("J38", ("enum",), ALTER, DEGRADES, "Rows may hold labels that the code cannot read.",
               attributes=("labels",), when=on.labels_lost),
    ImpactRule("J39", ("enum",), ALTER, DEGRADES, "Values sort and compare differently.",
               attributes=("labels",), when=on.common_reordered),
    ImpactRule("J40", ("composite", "range", "base_type"), ALTER, BREAKS, "Values are read and written differently.",
               attributes=("*",)),
    ImpactRule("J41", ("domain",), ALTER, BREAKS, "Writes of NULL fail.", attributes=("not_null",), when=on.turned_off),
    ImpactRule("J42", ("domain",), ALTER, DEGRADES, "NULLs may already be stored where the code expects a value.",
               attributes=("not_null",), when=on.turned_on),
    ImpactRule("J43", ("domain",), ALTER, DEGRADES, "New rows get another value than the models say.",
               attributes=("default",)),
    ImpactRule("J44", ("schema",), MISSING, BREAKS, "Every query on objects in the schema fails."),
    ImpactRule("J45", ("extension",), MISSING, BREAKS, "Its types and functions are missing.", when=on.is_needed),
    ImpactRule("J45u", ("extension",), MISSING, DEGRADES,
               "Nothing that is compared needs it, but queries may call its functions. Some migrations make an "
               "extension only where they may.", when=~on.is_needed),
    ImpactRule("J46", ("table",), ALTER, DEGRADES, "Live, the content would be emptied by a crash.",
               attributes=("persistence",), when=~on.becomes_unlogged),
    ImpactRule("J47", _TABLES, ALTER, DEGRADES, "Queries on the parent return other rows.",
               attributes=("inherits", "partition_of", "partition_bound")),
    ImpactRule("J48", ("foreign_table",), ALTER, DEGRADES, "The rows come from another place.",
               attributes=("server", "server_options")),
    ImpactRule("J49", ("table",), ALTER, DEGRADES, "Replication sees other rows than the models say.",
               attributes=("replica_identity",)),
)  # fmt: skip

CODE_NOW: tuple[ImpactRule, ...] = (
    ImpactRule("J50", _VIEWS, MISSING, BREAKS, "Every query on the view fails."),
    ImpactRule("J51", _VIEWS, ALTER, BREAKS, "Queries that name the missing columns fail.",
               attributes=("columns",), when=on.columns_missing),
    ImpactRule("J52", _VIEWS, ALTER, DEGRADES, "The view returns other rows or values.", attributes=("definition",)),
    ImpactRule("J53", ("view",), ALTER, EXPOSES, "Row security of the tables below is not applied to its readers.",
               attributes=("options",), when=on.security_option_lost),
    ImpactRule("J53b", ("view",), ALTER, DEGRADES, "Its readers may lack rights, or see other rows.",
               attributes=("options",), when=on.security_option),
    ImpactRule("J54", ("materialized_view",), ALTER, BREAKS, "Live it was never filled: queries on it fail.",
               attributes=("populated",), when=on.turned_on),
    ImpactRule("J55", _ROUTINES, MISSING, BREAKS, "Everything that calls it fails."),
    ImpactRule("J56", _ROUTINES, ALTER, EXPOSES, "Live it runs with the rights of its owner.",
               attributes=("security_definer",), when=on.turned_off),
    ImpactRule("J57", _ROUTINES, ALTER, BREAKS, "Live it runs with the rights of the caller, who may lack them.",
               attributes=("security_definer",), when=on.turned_on),
    ImpactRule("J58", _ROUTINES, ALTER, BREAKS, "Callers get another result type.", attributes=("returns",)),
    ImpactRule("J59b", _ROUTINES, ALTER, HARMLESS, "Only the planner's choices change.",
               attributes=("cost", "rows", "parallel", "support")),
    ImpactRule("J59c", ("function", "procedure", "trigger", "event_trigger"), ALTER, HARMLESS,
               "It does the same as before.", attributes=("depends_on_extensions", "option_order")),
    ImpactRule("J59", _ROUTINES, ALTER, DEGRADES, "It behaves differently.", attributes=("*",)),
    ImpactRule("J60", ("trigger", "event_trigger", "rule"), MISSING, DEGRADES,
               "What it maintains (audit, derived data, checks) does not happen."),
    ImpactRule("J61", ("trigger", "event_trigger", "rule"), EXTRA, DEGRADES,
               "It changes or refuses writes behind the code's back."),
    ImpactRule("J62", ("trigger", "event_trigger", "rule"), ALTER, DEGRADES,
               "What it maintains (audit, derived data, checks) does not happen.",
               attributes=("enabled",), when=on.trigger_on),
    ImpactRule("J62b", ("trigger", "event_trigger", "rule"), ALTER, DEGRADES,
               "It runs in other situations than the models say.", attributes=("enabled",)),
    ImpactRule("J63", ("trigger", "event_trigger", "rule"), ALTER, DEGRADES, "It does something else.",
               attributes=("*",)),
    ImpactRule("J64", ("table",), ALTER, EXPOSES, "Rows are visible that policies should hide.",
               attributes=("row_security", "force_row_security"), when=on.turned_on),
    ImpactRule("J65", ("table",), ALTER, DEGRADES, "Rows are hidden that the code expects.",
               attributes=("row_security", "force_row_security"), when=on.turned_off),
    ImpactRule("J66", ("policy",), MISSING, EXPOSES, "Rows are visible that it should hide.", when=on.restrictive),
    ImpactRule("J67", ("policy",), MISSING, DEGRADES, "Rows are hidden that the code expects.", when=on.permissive),
    ImpactRule("J68", ("policy",), EXTRA, EXPOSES, "Rows are visible that the models do not allow.",
               when=on.permissive),
    ImpactRule("J69", ("policy",), EXTRA, DEGRADES, "Rows are hidden that the code expects.", when=on.restrictive),
    ImpactRule("J70", ("policy",), ALTER, EXPOSES, "Other rows may be visible than the models allow.",
               attributes=("*",)),
    ImpactRule("J71", ("privilege",), MISSING, BREAKS, "The role's queries fail: permission denied."),
    ImpactRule("J72", ("privilege",), EXTRA, EXPOSES, "The role may do what the models do not grant."),
    ImpactRule("J73", ("privilege",), ALTER, BREAKS, "The role's queries fail: permission denied.",
               attributes=("privileges",), when=on.grants_more),
    ImpactRule("J74", ("privilege",), ALTER, EXPOSES, "The role may do what the models do not grant.",
               attributes=("privileges",), when=on.grants_less),
    ImpactRule("J75", ("default_privilege",), (*EXTRA, *ALTER), EXPOSES, "New objects may be open to more roles.",
               attributes=("*",)),
    ImpactRule("J76", ("security_label",), (*MISSING, *ALTER), EXPOSES, "The object may be visible or unmasked.",
               attributes=("*",)),
    ImpactRule("J77", ("publication", "publication_table", "publication_schema", "subscription"),
               (*MISSING, *ALTER), DEGRADES, "Consumers of the replication miss changes.", attributes=("*",)),
    ImpactRule("J78", ("foreign_server", "foreign_data_wrapper", "user_mapping"), (*MISSING, *ALTER), BREAKS,
               "Foreign tables that use it fail.", attributes=("*",)),
    ImpactRule("J79", ("operator", "cast", "operator_class", "collation", "text_search_configuration", "language"),
               MISSING, BREAKS, "Everything that uses it fails."),
)  # fmt: skip

NOTHING = ImpactRule("J00", ("*",), (*MISSING, *EXTRA, *ALTER), HARMLESS, "", attributes=("*",))
"""Everything else is not noticed by code built from the models."""
