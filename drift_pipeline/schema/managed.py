"""What the models cannot declare: it is unmanaged, and counts where the history says so or `manage` asks for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from drift_pipeline.schema.facts import Fact, FactId, Schema, Value
from drift_pipeline.schema.scope import part_of, take_children

DECLARABLE: Mapping[str, str] = {
    "schema": "schema= of a table or of the MetaData",
    "table": "Table",
    "column": "Column",
    "primary_key": "PrimaryKeyConstraint",
    "unique": "UniqueConstraint",
    "check": "CheckConstraint",
    "foreign_key": "ForeignKeyConstraint",
    "exclusion": "postgresql.ExcludeConstraint",
    "not_null": "Column(nullable=False)",
    "index": "Index",
    "sequence": "Sequence",
    "enum": "Enum",
    "domain": "postgresql.DOMAIN",
    "domain_check": "postgresql.DOMAIN(check=…)",
    "comment": "comment= of tables, columns and constraints",
}
"""Kinds that SQLAlchemy's models can declare, and by what. Of the others the models say nothing."""

COMMENTED = frozenset({"table", "column", "primary_key", "unique", "check", "foreign_key", "exclusion"})
"""Kinds whose comment the models can declare."""

PARTITION = "partition"
"""What a partition counts as, for `manage`: models declare the partitioned table, and jobs make its partitions."""


@dataclass(frozen=True)
class Split:
    """The managed part of a live schema, and the names of what was taken out, by kind."""

    managed: Schema
    unmanaged: Mapping[str, tuple[FactId, ...]]

    @property
    def counts(self) -> dict[str, int]:
        """Number of unmanaged objects by kind."""
        return {kind: len(ids) for kind, ids in self.unmanaged.items()}


CHOSEN_BY_SCRATCH: Mapping[str, tuple[str, ...]] = {"extension": ("version",)}
"""Attributes whose value in the models' schema is nobody's wish: scratch took what it had installed."""


@dataclass(frozen=True)
class Undeclarable:
    """What models have no word for on an object that they declare: `usual` is its value where nobody said anything.

    `label`: what it counts as, and what `manage` calls it. `why`: how it comes to another value.
    """

    label: str
    usual: Value
    why: str


UNDECLARABLE: Mapping[tuple[str, str], Undeclarable] = {
    ("table", "row_security"): Undeclarable("row_security", False, "ALTER TABLE … ENABLE ROW LEVEL SECURITY"),
    ("table", "force_row_security"): Undeclarable("row_security", False, "ALTER TABLE … FORCE ROW LEVEL SECURITY"),
    ("table", "replica_identity"): Undeclarable("replica_identity", "default", "ALTER TABLE … REPLICA IDENTITY"),
    ("table", "of_type"): Undeclarable("of_type", None, "CREATE TABLE … OF, with the columns that models declare"),
    ("sequence", "owned_by"): Undeclarable("owned_by", None, "ALTER SEQUENCE … OWNED BY; serial columns state theirs"),
}
"""Attributes that migrations and people set on objects of the models. What is not here counts: the models could say it
(persistence, partitioning, options), they say it by saying nothing (a foreign key is enforced, an index is valid), or a
plane has to be asked for (storage, statistics)."""


def split_unmanaged(live: Schema, models: Schema, manage: Collection[str] = (), *, history: bool = False) -> Split:
    """Take out of `live` what the models cannot declare and do not have.

    An object of such a kind that is on both sides stays, so a disabled trigger or another body is seen. `manage`: kinds
    that are compared all the same ("*" for every one). What belongs to an object that is taken out goes with it and is
    not listed. What scratch chose, such as the version of an extension, is no difference. Attributes without a word in
    the models count where these, or with `history` the migrations that were run for them, say otherwise.
    """
    reasons: dict[FactId, str] = {}
    kept: dict[FactId, Fact] = {}
    wanted = models.facts.get
    for key, fact in live.facts.items():
        if wanted(key) is fact:  # nearly all of them, in nearly every run
            kept[key] = fact
            continue
        label = _unmanaged_as(fact, live, models)
        if label and key not in models.facts and label not in manage and "*" not in manage:
            reasons[key] = label
        else:
            kept[key] = fact if label in manage or "*" in manage else _as_scratch_chose(fact, models.facts.get(key))
    take_children(kept, reasons)
    listed: dict[str, list[FactId]] = defaultdict(list)
    if not history and "*" not in manage:
        for attribute, key in _beyond_words(kept, models, manage):
            attributes = {**kept[key].attributes, attribute: UNDECLARABLE[key.kind, attribute].usual}
            kept[key] = replace(kept[key], attributes=attributes)
            label = UNDECLARABLE[key.kind, attribute].label
            if key not in listed[label]:
                listed[label].append(key)
    for key, label in reasons.items():
        parent = live.facts[key].parent
        # what everybody may do with a type that only live has is no object of its own
        with_it = key.kind == "privilege" and parent in kept and parent not in models.facts
        if parent not in reasons and not with_it:
            listed[label].append(key)
    return Split(part_of(live, kept, {}), {kind: tuple(sorted(listed[kind])) for kind in sorted(listed)})


def _beyond_words(live: Mapping[FactId, Fact], models: Schema, manage: Collection[str]) -> list[tuple[str, FactId]]:
    """Attributes of live's objects that the models cannot have meant, because they have no word for them."""
    kinds = {kind for kind, _ in UNDECLARABLE}
    return [
        (attribute, key)
        for key, fact in live.items()
        if key.kind in kinds and key in models.facts
        for (kind, attribute), word in UNDECLARABLE.items()
        if kind == key.kind and word.label not in manage
        if models.facts[key].attributes.get(attribute) == word.usual != fact.attributes.get(attribute)
    ]


def with_history(models: Schema, at_head: Schema) -> Schema:
    """What is desired: the models, and for what they cannot declare the history at its head.

    A view, a trigger or a function that a migration makes counts from then on: missing or changed, it is drift.
    """
    desired = dict(models.facts)
    for key, fact in at_head.facts.items():
        if key in desired:
            told = {
                name: fact.attributes.get(name)
                for (kind, name), word in UNDECLARABLE.items()
                if kind == key.kind and desired[key].attributes.get(name) == word.usual != fact.attributes.get(name)
            }
            if told:
                desired[key] = replace(desired[key], attributes={**desired[key].attributes, **told})
        elif _comes_with(fact, at_head, desired):
            desired[key] = fact
    depends = models.depends | {edge for edge in at_head.depends if edge[0] in desired and edge[1] in desired}
    return replace(models, facts=desired, depends=frozenset(depends))


def _comes_with(fact: Fact, at_head: Schema, desired: Mapping[FactId, Fact]) -> bool:
    """True for what the models cannot declare, on objects that are desired or that the models cannot declare either."""
    if fact.id.kind in DECLARABLE:
        # a column of a view, a comment on a function: they go where their object goes
        return fact.parent is not None and fact.parent.kind not in DECLARABLE
    if fact.id.kind in ("privilege", "default_privilege"):
        # roles belong to the cluster: those of production are not on scratch, and grants there prove nothing
        return False
    table = fact.parent
    return table is None or table.kind not in ("table", "column") or table in desired


def _as_scratch_chose(fact: Fact, declared: Fact | None) -> Fact:
    names = CHOSEN_BY_SCRATCH.get(fact.id.kind, ())
    if declared is None or not names:
        return fact
    return replace(fact, attributes={**fact.attributes, **{name: declared.attributes.get(name) for name in names}})


def _unmanaged_as(fact: Fact, live: Schema, models: Schema) -> str:
    """What the fact counts as if the models cannot declare it; empty if they can."""
    kind = fact.id.kind
    if kind == "comment":
        return "" if fact.id.name[0] in COMMENTED else "comment"
    if kind == "table":
        whole = _whole(fact, live).id
        return PARTITION if whole != fact.id and whole in models.facts else ""
    return "" if kind in DECLARABLE else kind


def _whole(table: Fact, live: Schema) -> Fact:
    """The table that this one is a part of in the end; itself if it is no partition."""
    parent = table.attributes.get("partition_of")
    above = live.facts.get(FactId("table", tuple(map(str, parent)))) if isinstance(parent, list) else None
    return _whole(above, live) if above is not None and above is not table else table
