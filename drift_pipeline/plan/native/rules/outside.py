"""What reaches out of the database: publications, foreign servers and their user mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drift_pipeline.plan.native.quote import columns, dotted, quote_ident, quote_literal, role
from drift_pipeline.plan.native.rules.common import OWNER, drop, generic_options, new_options
from drift_pipeline.plan.native.steps import Alteration, Rule, Scene, Sql, listed, mapped, text
from drift_pipeline.schema.facts import Fact

_OPERATIONS = ("insert", "update", "delete", "truncate")


def _publish(fact: Fact, before: Fact | None = None) -> list[str]:
    words = []
    state, old = fact.attributes.get, (before.attributes if before else {}).get
    now, was = [name for name in _OPERATIONS if state(name)], [name for name in _OPERATIONS if old(name, True)]
    if now != was:
        words.append(f"publish = {quote_literal(', '.join(now))}")
    if bool(state("via_root")) != bool(old("via_root")):
        words.append(f"publish_via_partition_root = {'true' if state('via_root') else 'false'}")
    generated = state("generated_columns") or "none"
    if generated != (old("generated_columns") or "none"):
        words.append(f"publish_generated_columns = {quote_ident(str(generated))}")
    return words


def _publication(_scene: Scene, fact: Fact) -> Sql:
    everything = " FOR ALL TABLES" if fact.attributes.get("all_tables") else ""
    words = _publish(fact)
    options = f" WITH ({', '.join(words)})" if words else ""
    return [f"CREATE PUBLICATION {quote_ident(fact.id.name[0])}{everything}{options}"]


def _alter_publication(_scene: Scene, before: Fact, after: Fact) -> Sql:
    words = _publish(after, before)
    return [f"ALTER PUBLICATION {quote_ident(after.id.name[0])} SET ({', '.join(words)})"] if words else []


def _only(scene: Scene, table: Sequence[str]) -> str:
    """Without ONLY, the heirs of a table come and go with it."""
    name = list(table)
    heirs = (fact.attributes.get("inherits") for facts in (scene.source, scene.goal) for fact in facts.values())
    alone = any(isinstance(parents, list) and name in parents for parents in heirs)
    return f"{'ONLY ' if alone else ''}{dotted(*table)}"


def _add_table(scene: Scene, fact: Fact) -> Sql:
    publication, *table = fact.id.name
    names = fact.attributes.get("columns")
    chosen = f" ({columns(listed(fact, 'columns'))})" if isinstance(names, list) else ""
    rows = f" WHERE ({text(fact, 'filter')})" if text(fact, "filter") else ""
    return [f"ALTER PUBLICATION {quote_ident(publication)} ADD TABLE {_only(scene, table)}{chosen}{rows}"]


def _drop_table(scene: Scene, fact: Fact) -> Sql:
    publication, *table = fact.id.name
    return [f"ALTER PUBLICATION {quote_ident(publication)} DROP TABLE {_only(scene, table)}"]


def _add_schema(_scene: Scene, fact: Fact) -> Sql:
    return [f"ALTER PUBLICATION {quote_ident(fact.id.name[0])} ADD TABLES IN SCHEMA {quote_ident(fact.id.name[1])}"]


def _drop_schema(_scene: Scene, fact: Fact) -> Sql:
    return [f"ALTER PUBLICATION {quote_ident(fact.id.name[0])} DROP TABLES IN SCHEMA {quote_ident(fact.id.name[1])}"]


def _wrapper_functions(fact: Fact, before: Fact | None = None) -> list[str]:
    words = []
    for name in ("handler", "validator"):
        now, was = text(fact, name), text(before, name) if before else ""
        if now != was:
            words.append(f"{name.upper()} {now}" if now else f"NO {name.upper()}")
    return words


def _wrapper(_scene: Scene, fact: Fact) -> Sql:
    head = f"CREATE FOREIGN DATA WRAPPER {quote_ident(fact.id.name[0])}"
    return [" ".join([head, *_wrapper_functions(fact)]) + new_options(mapped(fact, "options"))]


def _alter_wrapper(_scene: Scene, before: Fact, after: Fact) -> Sql:
    words = [*_wrapper_functions(after, before), generic_options(mapped(before, "options"), mapped(after, "options"))]
    words = [word for word in words if word]
    return [f"ALTER FOREIGN DATA WRAPPER {quote_ident(after.id.name[0])} {' '.join(words)}"] if words else []


def _server(_scene: Scene, fact: Fact) -> Sql:
    parts = [f"CREATE SERVER {quote_ident(fact.id.name[0])}"]
    parts += [f"{name.upper()} {quote_literal(text(fact, name))}" for name in ("type", "version") if text(fact, name)]
    parts.append(f"FOREIGN DATA WRAPPER {quote_ident(text(fact, 'foreign_data_wrapper'))}")
    return [" ".join(parts) + new_options(mapped(fact, "options"))]


def _alter_server(_scene: Scene, before: Fact, after: Fact) -> Sql:
    words = []
    if text(before, "version") != text(after, "version"):
        version = text(after, "version")
        words.append(f"VERSION {quote_literal(version) if version else 'NULL'}")
    words.append(generic_options(mapped(before, "options"), mapped(after, "options")))
    words = [word for word in words if word]
    return [f"ALTER SERVER {quote_ident(after.id.name[0])} {' '.join(words)}"] if words else []


def _user(name: str) -> str:
    return role(name)


def _mapping(_scene: Scene, fact: Fact) -> Sql:
    server, user = fact.id.name
    return [f"CREATE USER MAPPING FOR {_user(user)} SERVER {quote_ident(server)}"]


def _drop_mapping(_scene: Scene, fact: Fact) -> Sql:
    server, user = fact.id.name
    return [f"DROP USER MAPPING FOR {_user(user)} SERVER {quote_ident(server)}"]


RULES: Mapping[str, Rule] = {
    "foreign_data_wrapper": Rule(
        _wrapper, drop, (OWNER, Alteration(("handler", "validator", "options"), _alter_wrapper)), rank=4
    ),
    "foreign_server": Rule(_server, drop, (OWNER, Alteration(("version", "options"), _alter_server)), rank=5),
    "user_mapping": Rule(_mapping, _drop_mapping, rank=6),
    "publication": Rule(
        _publication,
        drop,
        (OWNER, Alteration((*_OPERATIONS, "via_root", "generated_columns"), _alter_publication)),
        rank=85,
    ),
    "publication_table": Rule(_add_table, _drop_table, loses=False, rank=86),
    "publication_schema": Rule(_add_schema, _drop_schema, loses=False, rank=87),
}
