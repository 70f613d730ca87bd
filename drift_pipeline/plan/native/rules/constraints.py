"""Constraints of tables and domains, and indexes."""

from __future__ import annotations

from collections.abc import Mapping

from drift_pipeline.diff.heirs import parents_of
from drift_pipeline.plan.native.address import INDEX_KINDS, table_of
from drift_pipeline.plan.native.quote import dotted, quote_ident
from drift_pipeline.plan.native.rules.common import TIED, drop_from_table, set_options, tied
from drift_pipeline.plan.native.rules.printed import readable_again
from drift_pipeline.plan.native.steps import Alteration, Rule, Scene, Sql, mapped, text
from drift_pipeline.schema.facts import Fact, FactId


def _create(scene: Scene, fact: Fact) -> Sql:
    name = quote_ident(fact.id.name[2])
    # one that is not complete leaves the partitions alone
    only = "ONLY " if fact.attributes.get("valid") is False and _of_partitioned(scene, fact) else ""
    definition = readable_again(text(fact, "_definition"))
    return [f"ALTER TABLE {only}{table_of(fact.id)} ADD CONSTRAINT {name} {definition}"]


def _of_partitioned(scene: Scene, fact: Fact) -> bool:
    table = scene.goal.get(FactId("table", fact.id.name[:2]))
    return table is not None and bool(table.attributes.get("partition_key"))


def _validate(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    return [f"ALTER TABLE {table_of(after.id)} VALIDATE CONSTRAINT {quote_ident(after.id.name[2])}"]


def _gets_valid(_scene: Scene, _before: Fact, after: Fact) -> bool:
    return after.attributes.get("validated") is True


def _inherited_by(facts: Mapping[FactId, Fact], check: Fact) -> bool:
    """Whether a table above states the check."""
    tables = [facts.get(check.parent)] if check.parent else []
    for table in tables:  # grows by those above
        above = parents_of(table) if table else []
        if any(FactId("check", (*parent.name, check.id.name[-1])) in facts for parent in above):
            return True
        tables += (facts.get(parent) for parent in above)
    return False


def _declared_as_well(scene: Scene, before: Fact, after: Fact) -> bool:
    """An heir that only inherits a check comes to declare it, too; or the other way round, which no statement does."""
    return _inherited_by(scene.source, before) and _inherited_by(scene.goal, after)


def _goes_with_the_parent(scene: Scene, before: Fact, after: Fact) -> bool:
    """The parent comes, goes, gets or loses the check: the heir's own is merged with it, or stays alone."""
    return not _declared_as_well(scene, before, after)


def _can_declare(_scene: Scene, _before: Fact, after: Fact) -> bool:
    return after.attributes.get("declared_again") is True


def _declare(scene: Scene, _before: Fact, after: Fact) -> Sql:
    return _create(scene, after)


def _write_deferral(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    words = "DEFERRABLE" if after.attributes.get("deferrable") else "NOT DEFERRABLE"
    if after.attributes.get("deferrable"):
        words += " INITIALLY DEFERRED" if after.attributes.get("initially_deferred") else " INITIALLY IMMEDIATE"
    return [f"ALTER TABLE {table_of(after.id)} ALTER CONSTRAINT {quote_ident(after.id.name[2])} {words}"]


def _write_enforcement(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    words = "ENFORCED" if after.attributes.get("enforced") is not False else "NOT ENFORCED"
    return [f"ALTER TABLE {table_of(after.id)} ALTER CONSTRAINT {quote_ident(after.id.name[2])} {words}"]


def _enforcement_alone(_scene: Scene, before: Fact, after: Fact) -> bool:
    return before.attributes.get("enforced") != after.attributes.get("enforced")


def _can_enforce(_scene: Scene, _before: Fact, after: Fact) -> bool:
    """Enforcing validates, so that what is enforced and not valid has to come anew."""
    return after.attributes.get("enforced") is False or after.attributes.get("validated") is not False


def _index_name(fact: Fact) -> str:
    return dotted(fact.id.name[0], fact.id.name[2])


def _write_options(_scene: Scene, before: Fact, after: Fact) -> Sql:
    return set_options(f"ALTER INDEX {_index_name(after)}", before, after)


def _write_tablespace(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    tablespace = text(after, "tablespace") or "pg_default"
    return [f"ALTER INDEX {_index_name(after)} SET TABLESPACE {quote_ident(tablespace)}"]


def _create_nothing(_scene: Scene, _before: Fact, _after: Fact) -> Sql:
    return []


def _stays_invalid(scene: Scene, _before: Fact, after: Fact) -> bool:
    """What is invalid comes anew to be valid, and the other way round where partitions have parts of it; nothing else
    makes a valid one invalid."""
    return after.attributes.get("valid") is False and not _of_partitioned(scene, after)


def _attach_parts(scene: Scene, _before: Fact, after: Fact) -> Sql:
    head = f"ALTER INDEX {_index_name(after)} ATTACH PARTITION"
    return [f"{head} {dotted(child.name[0], child.name[2])}" for child in sorted(scene.attached[after.id])]


def _gets_complete(scene: Scene, _before: Fact, after: Fact) -> bool:
    return after.id in scene.attached


def _attach(scene: Scene, _before: Fact, after: Fact) -> Sql:
    """To a parent's that stays incomplete: a complete one takes what it finds, and so does a table that joins."""
    path, table = after.attributes.get("partition_of"), after.parent
    if not isinstance(path, list) or table is None:
        return []
    parent = _parent_index(scene, after)
    if parent is None or parent.attributes.get("valid") is not False:
        return []
    there = scene.source.get(table)
    bound = there is not None and there.attributes.get("partition_of") == scene.goal[table].attributes["partition_of"]
    if parent.id in scene.source and parent.id not in scene.fresh and not bound:
        return []
    return [f"ALTER INDEX {dotted(*map(str, path))} ATTACH PARTITION {_index_name(after)}"]


def _parent_index(scene: Scene, fact: Fact) -> Fact | None:
    table = scene.goal.get(fact.parent) if fact.parent else None
    above, path = (each.attributes.get("partition_of") if each else None for each in (table, fact))
    if not isinstance(above, list) or not isinstance(path, list):
        return None
    name = (*(str(part) for part in above), str(path[-1]))
    return next((found for kind in INDEX_KINDS if (found := scene.goal.get(FactId(kind, name)))), None)


def _can_attach(scene: Scene, before: Fact, after: Fact) -> bool:
    """What is attached is let go with its table alone."""
    tables = [facts.get(after.parent) if after.parent else None for facts in (scene.source, scene.goal)]
    one, other = (table.attributes.get("partition_of") if table else None for table in tables)
    return before.attributes.get("partition_of") is None or one != other


_ATTACHED = Alteration(("partition_of",), _attach, possible=_can_attach, after_create=True, aspect="attached")
_STORED = (
    _ATTACHED,
    Alteration(("valid",), _attach_parts, possible=_gets_complete),
    Alteration(("valid",), _create_nothing, possible=_stays_invalid),
    Alteration(("options", "option_order"), _write_options, after_create=True, fresh={}),
    Alteration(("tablespace",), _write_tablespace, after_create=True),
    tied(lambda fact: f"INDEX {_index_name(fact)}"),
)
# the server gives no name to the trigger that looks again
_SWITCHED = frozenset({"triggers"})
_DEFERRAL = Alteration(("deferrable", "initially_deferred"), _write_deferral)
_VALIDATION = Alteration(("validated",), _validate, possible=_gets_valid)
_DECLARATION = (
    Alteration(("declared_again",), _create_nothing, applies=_goes_with_the_parent),
    Alteration(("declared_again",), _declare, possible=_can_declare),
)
_ENFORCEMENT = Alteration(
    ("enforced", "validated"), _write_enforcement, possible=_can_enforce, applies=_enforcement_alone
)


def _create_index(_scene: Scene, fact: Fact) -> Sql:
    printed = text(fact, "_definition").strip().rstrip(";")
    # ONLY is how a partitioned index is printed; its partitions' indexes come with it here
    name = text(fact, "_printed_name") or quote_ident(fact.id.name[2])
    for unique in ("", "UNIQUE "):
        head = f"CREATE {unique}INDEX {name} ON ONLY "
        if printed.startswith(head) and fact.attributes.get("valid", True):
            printed = f"CREATE {unique}INDEX {name} ON {printed.removeprefix(head)}"
    return [readable_again(printed)]


def _drop_index(_scene: Scene, fact: Fact) -> Sql:
    return [f"DROP INDEX {_index_name(fact)}"]


def _write_statistics(_scene: Scene, before: Fact, after: Fact) -> Sql:
    old = {} if before is after else mapped(before, "statistics")
    new = mapped(after, "statistics")
    return [
        f"ALTER INDEX {_index_name(after)} ALTER COLUMN {number} SET STATISTICS {new.get(number, -1)}"
        for number in sorted(old.keys() | new.keys())
        if old.get(number) != new.get(number)
    ]


def _reindex(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    return [f"REINDEX INDEX {_index_name(after)}"]


def _can_reindex(scene: Scene, _before: Fact, after: Fact) -> bool:
    """An index of a partitioned table has nothing to rebuild: it is invalid as long as a partition has none."""
    return after.attributes.get("valid") is True and not _of_partitioned(scene, after)


def _create_domain_check(_scene: Scene, fact: Fact) -> Sql:
    definition = text(fact, "_definition")
    if not definition:
        definition = f"CHECK ({text(fact, 'expression')})"
        definition += " NOT VALID" if fact.attributes.get("validated") is False else ""
    return [
        f"ALTER DOMAIN {table_of(fact.id)} ADD CONSTRAINT {quote_ident(fact.id.name[2])} {readable_again(definition)}"
    ]


def _drop_domain_check(_scene: Scene, fact: Fact) -> Sql:
    return [f"ALTER DOMAIN {table_of(fact.id)} DROP CONSTRAINT {quote_ident(fact.id.name[2])}"]


def _validate_domain(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    return [f"ALTER DOMAIN {table_of(after.id)} VALIDATE CONSTRAINT {quote_ident(after.id.name[2])}"]


RULES: Mapping[str, Rule] = {
    "primary_key": Rule(_create, drop_from_table, _STORED, beyond=_SWITCHED, rank=40),
    "unique": Rule(_create, drop_from_table, _STORED, beyond=_SWITCHED, rank=41),
    "exclusion": Rule(_create, drop_from_table, _STORED, beyond=_SWITCHED, rank=42),
    "check": Rule(
        _create, drop_from_table, (_VALIDATION, *_DECLARATION), beyond=frozenset({"declared_again"}), rank=43
    ),
    "index": Rule(
        _create_index,
        _drop_index,
        (
            Alteration(("options", "option_order"), _write_options),
            Alteration(("tablespace",), _write_tablespace, after_create=True),
            Alteration(("statistics",), _write_statistics, after_create=True, fresh={}),
            TIED,
            Alteration(("valid",), _attach_parts, possible=_gets_complete),
            Alteration(("valid",), _reindex, possible=_can_reindex),
            _ATTACHED,
        ),
        loses=False,
        rank=44,
    ),
    "foreign_key": Rule(_create, drop_from_table, (_ENFORCEMENT, _VALIDATION, _DEFERRAL), beyond=_SWITCHED, rank=45),
    "domain_check": Rule(
        _create_domain_check,
        _drop_domain_check,
        (Alteration(("validated",), _validate_domain, possible=_gets_valid),),
        rank=21,
    ),
}
