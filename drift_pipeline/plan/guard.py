"""What no engine may write into a plan, whatever it does to the facts.

An engine's text is made from names and labels in a stranger's database. Facts tell what a statement did to the schema;
they say nothing of rows, roles or settings. So statements of other sorts are not even run.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z_]+", re.IGNORECASE)

ALLOWED = frozenset({"create", "alter", "drop", "comment", "grant", "revoke", "security", "refresh"})
"""First words of the statements that define a schema."""

SESSION_SETTINGS = re.compile(
    r"(set|reset)\s+(session\s+|local\s+)?(check_function_bodies|search_path)\b", re.IGNORECASE
)
"""Settings of the session that scripts need around definitions."""

_BEYOND = re.compile(
    r"(create|alter|drop)\s+(role|user(?!\s+mapping)|group|database|tablespace|system|subscription)\b"
    r"|create\s+(global\s+|local\s+)?temp(orary)?\b"
    r"|(grant|revoke)\s+(?!.*\bon\b)",
    re.IGNORECASE | re.DOTALL,
)
"""What reaches beyond the schema of one database: roles and their members, databases, the server, other servers."""


def objection(sql: str) -> str:
    """Why the statement may not be run at all; empty if it may."""
    if SESSION_SETTINGS.match(sql):
        return ""
    first = _WORD.match(sql)
    if first is None or first.group().lower() not in ALLOWED:
        return "it defines no part of a schema"
    if _BEYOND.match(sql):
        return "it reaches beyond the schema of this database"
    return ""
