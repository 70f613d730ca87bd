"""Which example stands on the page of which rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from drift_pipeline.judge.rules.examples import columns, objects, rarer
from drift_pipeline.judge.rules.examples.example import Example

EXAMPLES: Final[tuple[Example, ...]] = (
    *columns.BASE, *columns.COLUMNS, *columns.TYPES,
    *objects.CONSTRAINTS, *objects.INDEXES, *objects.TABLES, *objects.OTHERS, *objects.CODE,
    *rarer.TABLES_AND_COLUMNS, *rarer.KEYS, *rarer.TYPES_AND_CODE, *rarer.OF_DATABASE,
)  # fmt: skip
"""All of them, in the order in which they are made."""

CHOSEN: Final[Mapping[str, str]] = {
    "V02": "view_columns_appended",
    # impact now
    "J01": "create_table", "J02": "add_column", "J03": "extra_required_column", "J04": "drop_not_null",
    "J05": "set_not_null", "J06": "alter_type", "J07": "int_numeric", "J08": "timestamptz", "J09": "json_jsonb",
    "J10": "uuid_text", "J10b": "domain_checked", "J11": "default_gained_required", "J12": "default_changed",
    "J13": "identity_lost", "J14": "expression_dropped", "J15": "expression_changed", "J16": "collation",
    "J17": "identity_runs_out", "J19": "add_foreign_key", "J20": "add_unique", "J21": "add_check",
    "J21n": "not_null_of_an_heir", "J23": "not_null_of_an_heir_extra",
    "J22": "drop_unique", "J23b": "not_null_never_validated",
    "J24": "unique_columns", "J24o": "unique_order", "J24p": "partition_validated",
    "J25": "cascade_appears", "J25b": "foreign_key_off", "J25c": "key_switched_on",
    "J26": "deferrable", "J27": "unique_index", "J28": "create_index", "J29": "drop_unique_index",
    "J30": "index_keys", "J30k": "key_invalid", "J31": "index_loses_unique", "J32": "sequence_missing",
    "J33": "sequence_renamed", "J34": "sequence_increment", "J35": "enum_missing", "J37": "enum_label_missing",
    "J38": "enum_label_extra", "J39": "enum_order", "J40": "composite_longer", "J41": "domain_nullable",
    "J42": "domain_not_null", "J43": "domain_default", "J44": "schema_lacking", "J45": "extension_citext",
    "J45u": "extension_fuzzystrmatch",
    "J46": "logged", "J47": "inherit", "J48": "foreign_table_server", "J49": "replica_identity",
    "J50": "view_missing", "J51": "view_columns_appended", "J52": "view_rows", "J53": "view_invoker",
    "J53b": "view_invoker_extra", "J54": "matview_empty", "J55": "function_missing", "J56": "function_invoker",
    "J57": "function_definer", "J58": "function_result", "J59": "function_body", "J59b": "function_cost",
    "J59c": "setting_order",
    "J60": "trigger_missing", "J61": "trigger_extra", "J62": "trigger_off", "J62b": "trigger_replica",
    "J63": "trigger_changed", "J64": "row_security_off", "J65": "row_security_on", "J66": "restrictive_missing",
    "J67": "permissive_missing", "J68": "permissive_extra", "J69": "restrictive_extra", "J70": "policy_changed",
    "J71": "grant_missing", "J72": "grant_extra", "J73": "grant_more", "J74": "grant_wider",
    "J75": "default_privileges_extra", "J77": "publication_lost", "J78": "foreign_data_wrapper_fdw",
    "J79": "text_search_missing",
    # which side should give way
    "W18": "partitioned_live", "W26s": "serial_extra",
    "W01": "add_column", "W10": "varchar_narrower", "W11": "enum_label_extra", "W12": "sequence_maximum",
    "W13": "unlogged", "W14": "row_security_on", "W15": "fillfactor", "W16": "statistics_target",
    "W17": "trigger_on", "W20": "drop_not_null", "W21": "default_lost", "W22": "drop_table", "W23": "drop_column",
    "W24": "drop_index", "W25": "drop_unique", "W26": "view_extra", "W27": "comment_extra", "W28": "sequence_renamed",
}  # fmt: skip
"""Examples of rules that no finding is named after. Other rules have the first example that expects them."""

_NEW_NAME = (
    "Two databases do not tell that an object got a new name: the report shows a missing and an extra one, with a hint "
    "on tables and columns that look alike. The rule is for sources that know of the new name."
)
_UNKNOWN = "Everything that is read today has a rule of its own. This one is for what nobody thought of."
_LABELS = "Labels need a provider that the server loads, such as that of SELinux."

NOT_SHOWN: Final[Mapping[str, str]] = {
    **dict.fromkeys(("T06", "T19b", "C17", "E11", "V09", "G07", "J18", "J36"), _NEW_NAME),
    **dict.fromkeys(("ZZ01", "ZZ02", "ZZ03", "ZZ04"), _UNKNOWN),
    **dict.fromkeys(("P11", "J76"), _LABELS),
    "I08": "It is what an interrupted CREATE INDEX CONCURRENTLY leaves behind.",
    "I08k": "It is what an interrupted rebuild of the index leaves behind.",
    "T10": "A tablespace needs a directory of its own on the server.",
    "R06": "It is what an interrupted DETACH PARTITION CONCURRENTLY leaves behind.",
    "X03": "All versions of the extensions that come with PostgreSQL start with the same number.",
}
"""Rules that no SQL alone can show, and why."""


def example_of(rule: str) -> Example | None:
    """The example on the rule's page; None for those in NOT_SHOWN."""
    if rule in CHOSEN:
        return next(item for item in EXAMPLES if item.name == CHOSEN[rule])
    return next((item for item in EXAMPLES if any(found == rule for found, _, _ in item.expected)), None)
