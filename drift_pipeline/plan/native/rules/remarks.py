"""Comments and security labels, and what stands alone: schemas, extensions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from drift_pipeline.plan.native.address import address
from drift_pipeline.plan.native.quote import quote_ident, quote_literal
from drift_pipeline.plan.native.rules.common import OWNER, drop
from drift_pipeline.plan.native.steps import Alteration, Rule, Scene, Sql, text
from drift_pipeline.schema.facts import Fact, FactId


def about(fact_id: FactId) -> FactId:
    """The fact that a comment or a privilege is about, from its name."""
    return FactId(fact_id.name[0], fact_id.name[1:])


def _comment(_scene: Scene, fact: Fact) -> Sql:
    return [f"COMMENT ON {address(about(fact.id))} IS {quote_literal(text(fact, 'text'))}"]


def _no_comment(_scene: Scene, fact: Fact) -> Sql:
    return [f"COMMENT ON {address(about(fact.id))} IS NULL"]


def _new_comment(scene: Scene, _before: Fact, after: Fact) -> Sql:
    return _comment(scene, after)


def _labelled(fact: Fact) -> str:
    provider, kind, *name = fact.id.name
    target = FactId(kind, tuple(name))
    return f"SECURITY LABEL FOR {quote_ident(provider)} ON {address(target)}"


def _label(_scene: Scene, fact: Fact) -> Sql:
    return [f"{_labelled(fact)} IS {quote_literal(text(fact, 'label'))}"]


def _no_label(_scene: Scene, fact: Fact) -> Sql:
    return [f"{_labelled(fact)} IS NULL"]


def _new_label(scene: Scene, _before: Fact, after: Fact) -> Sql:
    return _label(scene, after)


def _schema(_scene: Scene, fact: Fact) -> Sql:
    return [f"CREATE SCHEMA {quote_ident(fact.id.name[0])}"]


def _extension(_scene: Scene, fact: Fact) -> Sql:
    parts = [f"CREATE EXTENSION {quote_ident(fact.id.name[0])}"]
    if schema := text(fact, "schema"):
        parts.append(f"SCHEMA {quote_ident(schema)}")
    if version := text(fact, "version"):
        parts.append(f"VERSION {quote_literal(version)}")
    return [" ".join(parts)]


def _update(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    return [f"ALTER EXTENSION {quote_ident(after.id.name[0])} UPDATE TO {quote_literal(text(after, 'version'))}"]


def _can_update(scene: Scene, before: Fact, after: Fact) -> bool:
    """Extensions seldom have a way back: an older version comes anew where nothing depends on it."""
    used = any(other.kind != "comment" for other in scene.source_dependants.get(before.id, ()))
    return used or _version(text(after, "version")) > _version(text(before, "version"))


def _version(value: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", value)]


def _move(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    return [f"ALTER EXTENSION {quote_ident(after.id.name[0])} SET SCHEMA {quote_ident(text(after, 'schema'))}"]


RULES: Mapping[str, Rule] = {
    "comment": Rule(_comment, _no_comment, (Alteration(("text",), _new_comment),), loses=False, rank=80),
    "security_label": Rule(_label, _no_label, (Alteration(("label",), _new_label),), loses=False, rank=81),
    "schema": Rule(_schema, drop, (OWNER,), anew=frozenset(), rank=0),
    "extension": Rule(
        _extension,
        drop,
        (Alteration(("version",), _update, possible=_can_update), Alteration(("schema",), _move)),
        anew=frozenset({"version"}),
        rank=1,
    ),
}
