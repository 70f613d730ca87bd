"""The words of the schema room: fact, fact id, schema, fingerprint.

A fact is one thing that a schema states: a table, a column, a constraint, a comment, a grant. Its identity is never
among its attributes, so the same fact can be compared under two names. Attribute names that start with an underscore
are hints: they travel with the fact (a column's position, say), but are no part of equality, fingerprint or difference.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, TypeAlias

from drift_pipeline.schema.garbage import no_garbage

Value: TypeAlias = bool | int | float | str | list["Value"] | dict[str, "Value"] | None
"""What an attribute may be: JSON. Lists without a natural order are sorted by the reader."""

FORMAT_VERSION = 1
"""Version of the snapshot's JSON; a reader of another version refuses it."""


class FactId(NamedTuple):
    """Kind and name of a fact, names as stored in the catalog (never quoted).

    `name` holds the way from the outside in: `("public", "orders", "total")` for a column. Facts about another fact (a
    comment, a privilege) begin with that fact's kind and name: `("column", "public", "orders", "total")`.

    A tuple, because hundreds of thousands of them are hashed, compared and sorted in one check.
    """

    kind: str
    name: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {'.'.join(self.name)}"


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement of a schema. `parent` is the fact that it goes away with, such as a column's table."""

    id: FactId
    attributes: Mapping[str, Value] = field(hash=False)
    parent: FactId | None = None

    @property
    def stated(self) -> dict[str, Value]:
        """The attributes that count: all but the hints."""
        return {key: value for key, value in self.attributes.items() if key[0] != "_"}


def identity_sequence(column: Fact) -> tuple[str, str]:
    """Schema and name of the sequence behind an identity column."""
    options = column.attributes.get("identity_options")
    stated = options.get("sequence") if isinstance(options, Mapping) else None
    schema, table, name = column.id.name
    return (str(stated[0]), str(stated[1])) if isinstance(stated, list) else (schema, f"{table}_{name}_seq")


_AT_ONCE = 1000
"""Facts that are encoded together: one call for each would take most of the time."""


@dataclass(frozen=True)
class Schema:
    """All facts of one database at one moment.

    `server_version`: as in PostgreSQL's `server_version_num`. `not_covered`: what exists there and was not looked at,
    as a phrase and a count. `excluded`: what was left out on purpose, as a reason and a count. `depends`: which fact
    needs which other to exist first (from pg_depend); a hint for the planner, never compared.
    """

    facts: Mapping[FactId, Fact]
    server_version: int
    not_covered: Mapping[str, int] = field(default_factory=dict)
    excluded: Mapping[str, int] = field(default_factory=dict)
    depends: frozenset[tuple[FactId, FactId]] = frozenset()

    @classmethod
    def of(cls, facts: Iterable[Fact], server_version: int = 0) -> Schema:
        """A schema of these facts; later ones replace earlier ones of the same id."""
        return cls({fact.id: fact for fact in facts}, server_version)

    @property
    def server_major(self) -> int:
        """PostgreSQL's major version, such as 18."""
        return self.server_version // 10000

    @cached_property
    def sorted_ids(self) -> Sequence[FactId]:
        """All ids in their order."""
        return sorted(self.facts)

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of all facts without hints; the same schema gives the same, whatever order it was made in."""
        digest = hashlib.sha256()
        encode = json.JSONEncoder(sort_keys=True).encode
        ids = self.sorted_ids
        with no_garbage():
            for start in range(0, len(ids), _AT_ONCE):
                part = ids[start : start + _AT_ONCE]
                stated = (
                    {name: value for name, value in self.facts[key].attributes.items() if name[0] != "_"}
                    for key in part
                )
                digest.update(encode([(*key, each) for key, each in zip(part, stated, strict=True)]).encode())
        return digest.hexdigest()[:32]

    def sharing(self, other: Schema) -> Schema:
        """The same schema, with the other's own objects where the facts are the same: comparing those costs nothing.

        A schema that is the same altogether takes over the other's fingerprint, too.
        """
        own: dict[FactId, Fact] = {}
        known = other.facts.get
        unlike = 0
        for key, fact in self.facts.items():
            twin = known(key)
            if twin is fact:
                continue
            if twin is not None and twin.attributes == fact.attributes and twin.parent == fact.parent:
                own[key] = twin
            else:
                unlike += 1
        if unlike or len(self.facts) < len(other.facts):
            return replace(self, facts={**self.facts, **own}) if own else self
        shared = replace(self, facts=other.facts)
        shared.__dict__["fingerprint"] = other.fingerprint
        return shared

    def of_kind(self, *kinds: str) -> list[Fact]:
        """The facts of these kinds, sorted by id."""
        found = [key for kind in set(kinds) for key in self._ids.get(kind, ())]
        return [self.facts[key] for key in sorted(found)]

    @cached_property
    def needed_by(self) -> Mapping[FactId, Sequence[FactId]]:
        """Of each fact that others need, those that do."""
        found: dict[FactId, list[FactId]] = {}
        for needs, needed in self.depends:
            found.setdefault(needed, []).append(needs)
        return found

    @cached_property
    def _ids(self) -> Mapping[str, Sequence[FactId]]:
        """By kind: most questions are about a few facts of a large schema."""
        found: dict[str, list[FactId]] = {}
        for key in self.facts:
            found.setdefault(key.kind, []).append(key)
        return found
