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
    ("table", "toast_options"): TUNING,
    ("materialized_view", "options"): TUNING,
    ("index", "options"): TUNING,
    ("primary_key", "options"): TUNING,
    ("unique", "options"): TUNING,
    ("exclusion", "options"): TUNING,
    ("column", "storage"): TUNING,
    ("column", "compression"): TUNING,
    ("column", "options"): TUNING,
    ("function", "cost"): TUNING,
    ("function", "rows"): TUNING,
}
"""Attributes that are not structure; "*" stands for every kind."""

KIND_SINCE: Mapping[str, int] = {"not_null": 18}
"""Kinds that older servers cannot state: between servers of which one is older, they say nothing."""


def plane_of(kind: str, attribute: str = "") -> str:
    """The plane of an attribute, or, without one, of the kind as a whole."""
    if kind in PLANE_OF_KIND:
        return PLANE_OF_KIND[kind]
    return PLANE_OF_ATTRIBUTE.get((kind, attribute)) or PLANE_OF_ATTRIBUTE.get(("*", attribute), STRUCTURE)
