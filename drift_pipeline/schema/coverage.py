"""Which attribute of which kind is compared on which plane.

Structure is always compared; privileges, owners and tuning are planes that a setting turns on. Whatever changes how the
database behaves for an application (row security, a disabled trigger, replica identity) is structure.
"""

from __future__ import annotations

from collections.abc import Mapping

STRUCTURE = "structure"
PRIVILEGES = "privileges"
OWNERS = "owners"
TUNING = "tuning"
PLANES = (STRUCTURE, PRIVILEGES, OWNERS, TUNING)

PLANE_OF_KIND: Mapping[str, str] = {"privilege": PRIVILEGES, "default_privilege": PRIVILEGES}
"""Kinds that lie on one plane as a whole."""

PLANE_OF_ATTRIBUTE: Mapping[tuple[str, str], str] = {
    ("*", "owner"): OWNERS,
    ("*", "tablespace"): TUNING,
    ("*", "statistics"): TUNING,
    ("*", "cluster_on"): TUNING,
    ("table", "options"): TUNING,
    ("*", "option_order"): TUNING,
    ("*", "toast_option_order"): TUNING,
    ("view", "option_order"): STRUCTURE,
    ("table", "toast_options"): TUNING,
    ("materialized_view", "options"): TUNING,
    ("index", "options"): TUNING,
    ("primary_key", "options"): TUNING,
    ("unique", "options"): TUNING,
    ("exclusion", "options"): TUNING,
    ("column", "storage"): TUNING,
    ("column", "compression"): TUNING,
    ("column", "options"): TUNING,
    ("materialized_view", "toast_options"): TUNING,
    ("materialized_view", "column_tuning"): TUNING,
    ("*", "cost"): TUNING,
    ("*", "rows"): TUNING,
}
"""Attributes that are not structure; "*" stands for every kind."""

ATTACHED = "attached"
"""Attribute of a partition: the name of each of its parts of the parent's complete indexes and keys, with schema and
name of the index that it is attached to. What differs there is told of the part, as if it were a fact of its own."""

THE_OWNER = "(owner)"
"""Among those who granted a privilege: whoever owns the object, under whatever name."""

KINDS: Mapping[str, str] = {
    "schema": "",
    "extension": "What belongs to one is left to it, but for privileges that were changed.",
    "table": "Rows, statistics and storage files are no schema.",
    "foreign_table": "",
    "column": "Of a partition or child only where it differs from the parent's.",
    "primary_key": "Of a copy on a partition only what is not as the parent's.",
    "unique": "Of a copy on a partition only what is not as the parent's.",
    "exclusion": "Of a copy on a partition only what is not as the parent's.",
    "check": "Inherited ones are left to the parent's.",
    "foreign_key": "Copies on partitions are left to the parent's.",
    "not_null": "From 18 on, where one says more than its column: a chosen name, NOT VALID, NO INHERIT.",
    "index": "Those behind constraints are part of them. Of an attached one only what is not as the parent's.",
    "sequence": "The values handed out are no schema; sequences of identity columns are part of the column.",
    "enum": "",
    "domain": "",
    "domain_check": "",
    "composite": "",
    "range": "The multirange type and the constructor functions come with it.",
    "base_type": "",
    "view": "",
    "materialized_view": "Rows are no schema; whether there are any is.",
    "function": "",
    "procedure": "",
    "aggregate": "",
    "trigger": "Those that enforce a constraint show there; copies on partitions only if switched.",
    "event_trigger": "",
    "rule": "The rule that makes a view is the view's definition.",
    "policy": "",
    "statistics": "What ANALYZE collected is no schema.",
    "collation": "The version of the library behind it is the host's.",
    "conversion": "",
    "cast": "Those between a range type and its multirange come with the type.",
    "operator": "Shells, which only stand for an operator to come, are left out.",
    "operator_class": "",
    "operator_family": "",
    "text_search_configuration": "",
    "text_search_dictionary": "",
    "text_search_parser": "",
    "text_search_template": "",
    "publication": "",
    "publication_table": "",
    "publication_schema": "",
    "subscription": "The connection holds a password and is never read: counted as not covered.",
    "foreign_data_wrapper": "Options that look like secrets are compared by name only.",
    "foreign_server": "Options that look like secrets are compared by name only.",
    "user_mapping": "Only that there is one: options hold passwords, are never read, count as not covered.",
    "language": "",
    "transform": "",
    "access_method": "",
    "comment": "Of the database itself: no.",
    "privilege": "No list is the same as the explicit default one; who granted is said where it is not the owner.",
    "default_privilege": "Only what differs from what the server grants anyway.",
    "security_label": "Of shared objects: no.",
}
"""Every kind of fact, and what of it is not compared or belongs to another one."""

KIND_SINCE: Mapping[str, int] = {"not_null": 18}
"""Kinds that older servers cannot state: between servers of which one is older, they say nothing."""


def plane_of(kind: str, attribute: str = "") -> str:
    """The plane of an attribute, or, without one, of the kind as a whole."""
    if kind in PLANE_OF_KIND:
        return PLANE_OF_KIND[kind]
    return PLANE_OF_ATTRIBUTE.get((kind, attribute)) or PLANE_OF_ATTRIBUTE.get(("*", attribute), STRUCTURE)
