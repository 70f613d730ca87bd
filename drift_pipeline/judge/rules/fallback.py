"""Objects that few databases have, and what holds for a difference that no rule knows: each difference gets a level."""

from __future__ import annotations

from drift_pipeline.judge.rules.rule import ALTER, CREATE, CRITICAL, DROP, MAJOR, MINOR, RENAME, Rule

_ANY = ("*",)
_RARE = (
    "access_method", "cast", "conversion", "language", "operator", "operator_class", "operator_family",
    "text_search_configuration", "text_search_dictionary", "text_search_parser", "text_search_template", "transform",
)  # fmt: skip

RARE: tuple[Rule, ...] = (
    Rule(
        "X12", _RARE, CREATE, MINOR, "CREATE",
        "Only adds an object.",
        "Apply the migration that creates it.",
    ),
    Rule(
        "X13", _RARE, (*DROP, *RENAME), CRITICAL, "DROP",
        "Queries, indexes or columns that use it fail or are dropped with it.",
        "Find out who uses it first; if it is needed, declare it where the schema is kept.",
    ),
    Rule(
        "X14", _RARE, ALTER, MAJOR, "ALTER",
        "Queries that use it return other results.",
        "Try the change on staging.",
        attributes=("*",),
    ),
    Rule(
        "X15", ("index", "primary_key", "unique", "exclusion", "materialized_view", "function", "procedure", "trigger"),
        ALTER, MINOR,
        "ALTER … DEPENDS ON EXTENSION",
        "It goes when the extension goes; nothing else changes.",
        "Apply it with the next release.",
        attributes=("depends_on_extensions",),
    ),
    Rule(
        "X16", ("function", "procedure", "event_trigger"), ALTER, MINOR, "say it again in another order",
        "Settings and tags do the same in whatever order they stand.",
        "Leave it, unless dumps are compared.",
        attributes=("option_order",),
    ),
)  # fmt: skip

FALLBACK: tuple[Rule, ...] = (
    Rule(
        "ZZ01", _ANY, CREATE, MAJOR, "CREATE",
        "No rule knows this kind of object.",
        "Look at the object, and try the change on staging.",
    ),
    Rule(
        "ZZ02", _ANY, DROP, CRITICAL, "DROP",
        "The object would be lost, and whatever uses it fails.",
        "Find out who uses it first; if it is needed, declare it where the schema is kept.",
    ),
    Rule(
        "ZZ03", _ANY, ALTER, MAJOR, "ALTER",
        "No rule knows what this change does.",
        "Look at both definitions, and try the change on staging.",
        attributes=("*",),
    ),
    Rule(
        "ZZ04", _ANY, RENAME, MAJOR, "RENAME",
        "Code that uses the old name fails.",
        "Rename it together with the deployment of the code.",
    ),
)  # fmt: skip
