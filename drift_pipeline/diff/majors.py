"""What an older server cannot hold: between it and a newer one, that is no difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from drift_pipeline.schema.facts import Fact, FactId, Schema, Value

PRIVILEGE_SINCE: Mapping[str, int] = {"MAINTAIN": 17}
"""Privileges that older servers do not know. Who has all the others has ALL there."""

_OF_RELATIONS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"})
_GRANTS = ("privilege", "default_privilege")


def held_by_both(source: Schema, target: Schema) -> tuple[Schema, Schema]:
    """Both schemas, the one of the newer server without the privileges that the older one does not know."""
    majors = [major for major in (source.server_major, target.server_major) if major]
    unknown = {name for name, since in PRIVILEGE_SINCE.items() if len(majors) == 2 and min(majors) < since}
    if not unknown or source.server_major == target.server_major:
        return source, target
    newer, older = (source, target) if source.server_major == max(majors) else (target, source)
    less = _without(newer, unknown, older)
    return (less, target) if newer is source else (source, less)


def _without(schema: Schema, unknown: set[str], other: Schema) -> Schema:
    facts: dict[FactId, Fact] = {}
    for key, fact in schema.facts.items():
        granted = fact.attributes.get("privileges") if key.kind in _GRANTS else None
        if not isinstance(granted, dict):
            facts[key] = fact
        elif granted.keys() - unknown or key in other.facts:
            facts[key] = replace(fact, attributes=_known_alone(fact.attributes, unknown))
    return replace(schema, facts=facts)


def _known_alone(attributes: Mapping[str, Value], unknown: set[str]) -> dict[str, Value]:
    left = dict(attributes)
    for name in ("privileges", "granted_by"):
        value = left.get(name)
        if isinstance(value, dict):
            left[name] = {privilege: said for privilege, said in value.items() if privilege not in unknown}
    granted = left["privileges"]
    if isinstance(granted, dict) and granted.keys() == _OF_RELATIONS and len(set(granted.values())) == 1:
        left["privileges"] = {"ALL": granted["SELECT"]}
    if not left.get("granted_by", True):
        del left["granted_by"]
    return left
