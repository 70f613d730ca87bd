"""Which side should give way: the database, the models, or whatever a person decides.

The models are not always right. What stands first speaks: the tables go from the special to the general.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drift_pipeline.diff.differences import Change
from drift_pipeline.judge.findings import Remedy
from drift_pipeline.judge.rules import conditions as on
from drift_pipeline.judge.rules.rule import ALTER, ALWAYS, EXTRA, MISSING, RENAME, Case, Condition, own_changes

DATABASE, MODELS, DECIDE = Remedy.DATABASE, Remedy.MODELS, Remedy.DECIDE


@dataclass(frozen=True)
class RemedyRule:
    """Which side of some differences should give way. Fields as in `Rule`."""

    id: str
    kinds: tuple[str, ...]
    changes: tuple[Change, ...]
    remedy: Remedy
    reason: str
    attributes: tuple[str, ...] = ()
    when: Condition = ALWAYS


OBJECTS: Final = (
    "table", "foreign_table", "view", "materialized_view", "function", "procedure", "aggregate", "trigger",
    "event_trigger", "rule", "policy", "sequence", "enum", "domain", "composite", "range", "base_type", "schema",
    "extension", "publication", "subscription", "foreign_server", "foreign_data_wrapper", "collation", "operator",
    "statistics",
)  # fmt: skip
"""Kinds whose extra objects may be somebody else's: nothing drops them unless a person asks for it by name."""

_ANY = ("*",)
_LIMITS = ("primary_key", "unique", "check", "foreign_key", "exclusion", "domain_check")

REMEDIES: tuple[RemedyRule, ...] = (
    RemedyRule("W10", ("column",), ALTER, MODELS, "Narrowing the column would lose or refuse values.",
               attributes=("type",), when=on.narrower),
    RemedyRule("W11", ("enum",), ALTER, MODELS, "PostgreSQL cannot remove a label, and rows may hold it.",
               attributes=("labels",), when=on.labels_lost),
    RemedyRule("W12", ("sequence", "column"), ALTER, MODELS, "The sequence would run out earlier.",
               attributes=("maximum", "type", "identity_options"), when=on.lower_end),
    RemedyRule("W13", ("table", "materialized_view", "sequence"), ALTER, MODELS,
               "Unlogged content is emptied by a crash.", attributes=("persistence",), when=on.becomes_unlogged),
    RemedyRule("W14", ("table",), ALTER, MODELS, "Somebody protected these rows: nothing should open them by accident.",
               attributes=("row_security", "force_row_security"), when=on.turned_off),
    RemedyRule("W15", ("table", "materialized_view", "index", "foreign_table"), ALTER, MODELS,
               "Somebody tuned it for the data that is there.",
               attributes=("options", "toast_options", "statistics", "cluster_on")),
    RemedyRule("W16", ("column",), ALTER, MODELS, "Somebody tuned it for the data that is there.",
               attributes=("options", "statistics", "storage", "compression")),
    RemedyRule("W17", ("trigger",), ALTER, MODELS, "Switching it off would stop silently what it maintains.",
               attributes=("enabled",), when=on.trigger_off),
    RemedyRule("W18", ("table",), ALTER, MODELS,
               "Somebody partitioned it for the rows that are there: postgresql_partition_by in the model declares it.",
               attributes=("partition_key",), when=on.lost),
    RemedyRule("W20", ("column",), ALTER, DECIDE,
               "All rows have a value, and somebody may rely on it; the code may have good reason to write NULL.",
               attributes=("not_null",), when=on.turned_off),
    RemedyRule("W21", ("column",), ALTER, DECIDE, "Writers outside the application may rely on the default.",
               attributes=("default",), when=on.lost & on.plain),
    RemedyRule("W22", ("table", "foreign_table"), EXTRA, DECIDE,
               "The models don't know it: it may belong to a plugin, another service or a rolling upgrade."),
    RemedyRule("W23", ("column",), EXTRA, DECIDE,
               "The models don't know it: newer or older code, a report or a script may use it."),
    RemedyRule("W24", ("index",), EXTRA, DECIDE, "Somebody may have made it to mend slow queries."),
    RemedyRule("W25", _LIMITS, EXTRA, DECIDE, "The data keeps to it already: declaring it costs nothing."),
    RemedyRule("W26s", ("sequence",), EXTRA, DECIDE,
               "It numbers the rows of a column that the models have: declared as an identity or with autoincrement, "
               "the column keeps it.", when=on.numbers_a_column),
    RemedyRule("W26", OBJECTS, EXTRA, DECIDE,
               "The models don't know it: it may belong to a plugin, another service or a rolling upgrade."),
    RemedyRule("W27", ("comment",), EXTRA, MODELS, "The words are worth keeping."),
    RemedyRule("W28", ("table", "column", "schema", "view", "materialized_view", "sequence"), RENAME, DECIDE,
               "Code that is deployed uses one name or the other."),
    RemedyRule("W01", _ANY, (*MISSING, *EXTRA, *ALTER), DATABASE, "The models are what is desired."),
)  # fmt: skip
"""In this order; the last one speaks when no other does."""


def remedy_of(case: Case) -> RemedyRule:
    """The rule that speaks about a difference. One that holds for a changed attribute beats those on the whole fact."""
    difference = case.difference
    changed = {item.name: item for item in own_changes(difference)}
    for rule in REMEDIES:
        if difference.change not in rule.changes or not {difference.id.kind, "*"} & set(rule.kinds):
            continue
        if not rule.attributes and rule.when.holds(case):
            return rule
        for name in rule.attributes:
            if name in changed and rule.when.holds(Case(difference, case.source, case.target, changed[name])):
                return rule
    return REMEDIES[-1]
