"""Columns, and the NOT NULL constraints that belong to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from drift_pipeline.plan.native.above import (
    goes_with_parent,
    has_children,
    heirs_of,
    joins_later,
    of_parent,
    parents_column,
    retyped_above,
)
from drift_pipeline.plan.native.address import table_of
from drift_pipeline.plan.native.graph import reaches
from drift_pipeline.plan.native.quote import dotted, quote_ident
from drift_pipeline.plan.native.rules.casts import using
from drift_pipeline.plan.native.rules.common import alter_column, generic_options, new_options, set_options
from drift_pipeline.plan.native.rules.identity import identity_words, settle_identity, write_identity
from drift_pipeline.plan.native.rules.printed import readable_again
from drift_pipeline.plan.native.steps import Alteration, Rule, Scene, Sql, aspect_of, mapped, text
from drift_pipeline.schema.facts import Fact, FactId, Value


def inline_columns(scene: Scene, table: Fact) -> list[Fact]:
    """The columns that CREATE TABLE names itself, in their order."""
    if table.attributes.get("partition_of") or table.attributes.get("of_type"):
        return []
    found = [fact for fact in scene.goal_children.get(table.id, ()) if fact.id.kind == "column"]
    return sorted((fact for fact in found if not fact.attributes.get("inherited")), key=position)


def position(column: Fact) -> tuple[int, str]:
    """Sort key: where the column stands."""
    value = column.attributes.get("_position")
    return (value if isinstance(value, int) else 0, column.id.name[-1])


def not_null_of(facts: Mapping[FactId, Sequence[Fact]], column: Fact) -> Fact | None:
    """The NOT NULL constraint of a column, where the server has facts of that kind (18 on); `facts` by parent."""
    for parent in (column.parent, column.id):
        for fact in facts.get(parent, ()) if parent else ():
            if fact.id.kind == "not_null" and fact.attributes.get("columns") == [column.id.name[-1]]:
                return fact
    return None


def default_waits(scene: Scene, column: Fact) -> bool:
    """Whether the default needs something that needs the table itself, so that it is set later."""
    aspect = aspect_of(column.id, "default")
    others = scene.goal_needs.get(aspect, frozenset()) - {column.id}
    return any(column.parent and reaches(other, column.parent, scene.needs_of_new) for other in others)


def column_clause(
    scene: Scene, column: Fact, not_null_names: Mapping[str, Value] | None = None, *, typed: bool = False
) -> str:
    """The column as CREATE TABLE and ADD COLUMN take it. `not_null_names`: of constraints that are no facts.
    `typed`: the table is one OF a composite type, which gives the column its type."""
    parts = [quote_ident(column.id.name[-1]), "WITH OPTIONS" if typed else text(column, "type")]
    if column.attributes.get("foreign_options"):
        parts.append(new_options(mapped(column, "foreign_options")).strip())
    if not typed and (collation := text(column, "collation")):
        parts.append(f"COLLATE {collation}")
    if generated := text(column, "generated"):
        parts.append(f"GENERATED ALWAYS AS ({readable_again(text(column, 'default'))}) {generated.upper()}")
    elif column.attributes.get("default") is not None and not default_waits(scene, column):
        parts.append(f"DEFAULT {readable_again(text(column, 'default'))}")
    parts += _not_null_words(scene, column, (not_null_names or {}).get(column.id.name[-1]))
    if column.attributes.get("identity"):
        parts.append(f"GENERATED {identity_words(column)}")
    return " ".join(parts)


def _not_null_words(scene: Scene, column: Fact, name: Value) -> list[str]:
    if isinstance(name, str):
        return [f"CONSTRAINT {quote_ident(name)} NOT NULL"]
    constraint = not_null_of(scene.goal_children, column)
    if constraint is not None and _is_valid(constraint):
        no_inherit = " NO INHERIT" if constraint.attributes.get("no_inherit") else ""
        words = "" if _usual_name(constraint) else f"CONSTRAINT {quote_ident(constraint.id.name[-1])} "
        return [f"{words}NOT NULL{no_inherit}"]
    if not column.attributes.get("not_null") or constraint is not None or _inherits_not_null(scene, column):
        return []
    schema, table, name = column.id.name
    usual = f"{table}_{name}_not_null"
    # where another table has a constraint of that name, the server would choose another one
    return [f"CONSTRAINT {quote_ident(usual)} NOT NULL" if (schema, usual) in scene.not_null_names else "NOT NULL"]


def _inherits_not_null(scene: Scene, column: Fact) -> bool:
    """A column that an heir declares again has the NOT NULL of its parents' anyway; one of its own would be a fact."""
    table = scene.goal.get(column.parent) if column.parent else None
    if table is None or not table.attributes.get("inherits") or table.id not in scene.fresh:
        return False
    above = parents_column(scene.goal, scene.goal_children, column.id.name, column.id.name[-1])
    return above is not None and bool(above.attributes.get("not_null"))


def _usual_name(constraint: Fact) -> bool:
    return constraint.id.name[-1] == f"{constraint.id.name[1]}_{only_column(constraint)}_not_null"


def _create(scene: Scene, fact: Fact) -> Sql:
    if fact.attributes.get("inherited") and not joins_later(scene, fact):
        return _deviation(scene, of_parent(scene.goal, scene.goal_children, fact), fact)
    head = f"ALTER TABLE {table_of(fact.id)} ADD COLUMN"
    if fact.attributes.get("identity") and has_children(scene, fact):
        # "cannot recursively add identity column to table that has child tables"
        plain = replace(fact, attributes={**fact.attributes, "identity": None})
        return [f"{head} {column_clause(scene, plain)}", f"{alter_column(fact)} ADD GENERATED {identity_words(fact)}"]
    return [f"{head} {column_clause(scene, fact)}"]


def _drop(scene: Scene, fact: Fact) -> Sql:
    if fact.attributes.get("inherited"):
        if goes_with_parent(scene, fact):
            return []
        return _deviation(scene, fact, of_parent(scene.source, scene.source_children, fact))
    tail = f"DROP COLUMN {quote_ident(fact.id.name[-1])}"
    keeping, losing = heirs_of(scene, fact)
    if keeping and fact.id not in scene.fresh:
        heads = [f"ALTER TABLE ONLY {table_of(fact.id)}", *(f"ALTER TABLE {dotted(*key.name)}" for key in losing)]
        return [f"{head} {tail}" for head in heads]
    return [f"ALTER TABLE {table_of(fact.id)} {tail}"]


def _deviation(scene: Scene, before: Fact | None, after: Fact | None) -> Sql:
    """ALTER for each attribute in which a child's column is not as its parent's; it cannot be added or dropped."""
    if before is None or after is None:
        return []
    result: Sql = []
    for alteration in RULES["column"].alterations:
        differs = any(before.attributes.get(name) != after.attributes.get(name) for name in alteration.attributes)
        if differs and alteration.applies(scene, before, after):
            result += alteration.write(scene, before, after)
    return result


def write_type(scene: Scene, before: Fact, after: Fact, *, swapped: bool = False) -> Sql:
    """ALTER COLUMN TYPE, with USING where no assignment cast is known."""
    if retyped_above(scene, before, after) is not None:
        return []
    collation = f" COLLATE {text(after, 'collation')}" if text(after, "collation") else ""
    clause = "" if after.attributes.get("generated") else using(before, after, swapped=swapped)
    return [f"{alter_column(after)} TYPE {text(after, 'type')}{collation}{clause}"]


def _can_retype(scene: Scene, before: Fact, _after: Fact) -> bool:
    """What a table is partitioned by keeps its type."""
    table = scene.source.get(before.parent) if before.parent else None
    key = text(table, "partition_key") if table else ""
    return not re.search(rf"(?<![\w\"]){re.escape(quote_ident(before.id.name[-1]))}(?![\w\"])", key)


def write_default(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    """SET DEFAULT or DROP DEFAULT."""
    default = None if after.attributes.get("default") is None else readable_again(text(after, "default"))
    return [
        f"{alter_column(after)} DROP DEFAULT" if default is None else f"{alter_column(after)} SET DEFAULT {default}"
    ]


def _write_expression(_scene: Scene, before: Fact, after: Fact) -> Sql:
    if after.attributes.get("generated"):
        return [f"{alter_column(after)} SET EXPRESSION AS ({readable_again(text(after, 'default'))})"]
    result = [f"{alter_column(after)} DROP EXPRESSION"]
    if after.attributes.get("default") is not None:
        result.append(f"{alter_column(after)} SET DEFAULT {text(after, 'default')}")
    return result


def _write_freed(scene: Scene, before: Fact, after: Fact) -> Sql:
    """A stored column that is computed no more and changes its type: USING is for columns that hold values alone."""
    first, *rest = _write_expression(scene, before, after)
    return [first, *write_type(scene, before, after), *rest]


def _is_freed(_scene: Scene, before: Fact, after: Fact) -> bool:
    retyped = any(before.attributes.get(name) != after.attributes.get(name) for name in ("type", "collation"))
    return retyped and before.attributes.get("generated") == "stored" and not after.attributes.get("generated")


def _keeps_kind(scene: Scene, before: Fact, after: Fact) -> bool:
    return not _is_freed(scene, before, after)


def _can_express(scene: Scene, before: Fact, after: Fact) -> bool:
    old, new = before.attributes.get("generated"), after.attributes.get("generated")
    return (old == new and scene.major >= 17) or (old == "stored" and not new)


def _is_generated(scene: Scene, before: Fact, after: Fact) -> bool:
    generated = before.attributes.get("generated") or after.attributes.get("generated")
    return bool(generated) and _keeps_kind(scene, before, after)


def _is_plain(_scene: Scene, before: Fact, after: Fact) -> bool:
    return not (before.attributes.get("generated") or after.attributes.get("generated"))


def _write_not_null(scene: Scene, before: Fact, after: Fact) -> Sql:
    if after.attributes.get("not_null"):
        return [] if not_null_of(scene.goal_children, after) else [f"{alter_column(after)} SET NOT NULL"]
    return [] if not_null_of(scene.source_children, before) else [f"{alter_column(after)} DROP NOT NULL"]


def _write_storage(scene: Scene, _before: Fact, after: Fact) -> Sql:
    # 15 has no word for the type's own; nearly all types that can be stored in more than one way are "extended"
    usual = "DEFAULT" if scene.major >= 16 else "EXTENDED"
    return [f"{alter_column(after)} SET STORAGE {text(after, 'storage').upper() or usual}"]


def _write_compression(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    return [f"{alter_column(after)} SET COMPRESSION {text(after, 'compression') or 'default'}"]


def _write_statistics(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    value = after.attributes.get("statistics")
    return [f"{alter_column(after)} SET STATISTICS {-1 if value is None else value}"]


def _write_options(_scene: Scene, before: Fact, after: Fact) -> Sql:
    return set_options(alter_column(after), before, after)


def _write_foreign_options(_scene: Scene, before: Fact, after: Fact) -> Sql:
    clause = generic_options(mapped(before, "foreign_options"), mapped(after, "foreign_options"))
    if not clause:
        return []
    return [f"ALTER FOREIGN TABLE {table_of(after.id)} ALTER COLUMN {quote_ident(after.id.name[-1])} {clause}"]


def _yes(_scene: Scene, _before: Fact, _after: Fact) -> bool:
    return True


def _create_not_null(scene: Scene, fact: Fact) -> Sql:
    """A new constraint, or the one that the column has under another name or in another state."""
    column = FactId("column", (*fact.id.name[:2], only_column(fact)))
    there = scene.source.get(column)
    if there is None or column in scene.fresh or not there.attributes.get("not_null"):
        return [_add_not_null(fact)]
    before = not_null_of(scene.source_children, there) or replace(
        fact,
        id=FactId("not_null", (*fact.id.name[:2], f"{fact.id.name[1]}_{column.name[-1]}_not_null")),
        attributes={"validated": True, "no_inherit": False},
    )
    if _is_valid(before) and not _is_valid(fact):
        return [*_drop_not_null_of(fact), _add_not_null(fact)]
    result = []
    if before.id != fact.id:
        old, new = quote_ident(before.id.name[-1]), quote_ident(fact.id.name[-1])
        result.append(f"ALTER TABLE {table_of(fact.id)} RENAME CONSTRAINT {old} TO {new}")
    if _is_valid(fact) and not _is_valid(before):
        result += _validate(scene, before, fact)
    if bool(fact.attributes.get("no_inherit")) != bool(before.attributes.get("no_inherit")):
        result += _write_inheritance(scene, before, fact)
    return result


def _add_not_null(fact: Fact) -> str:
    column = quote_ident(only_column(fact))
    head = f"ALTER TABLE {table_of(fact.id)}"
    if _is_valid(fact) and not fact.attributes.get("no_inherit") and _usual_name(fact):
        return f"{head} ALTER COLUMN {column} SET NOT NULL"
    tail = " NO INHERIT" if fact.attributes.get("no_inherit") else ""
    tail += "" if _is_valid(fact) else " NOT VALID"
    return f"{head} ADD CONSTRAINT {quote_ident(fact.id.name[-1])} NOT NULL {column}{tail}"


def _is_valid(fact: Fact) -> bool:
    return fact.attributes.get("validated", True) is not False


def only_column(fact: Fact) -> str:
    """The column of a NOT NULL constraint."""
    columns = fact.attributes.get("columns")
    return str(columns[0]) if isinstance(columns, list) and columns else ""


def _drop_not_null_of(fact: Fact) -> Sql:
    return [f"ALTER TABLE {table_of(fact.id)} ALTER COLUMN {quote_ident(only_column(fact))} DROP NOT NULL"]


def _drop_not_null(scene: Scene, fact: Fact) -> Sql:
    """Where the column stays NOT NULL, the constraint goes on under the usual name, or under that of another fact."""
    column = scene.goal.get(FactId("column", (*fact.id.name[:2], only_column(fact))))
    inherited = parents_column(scene.goal, scene.goal_children, fact.id.name, only_column(fact))
    if inherited is not None and inherited.attributes.get("not_null"):
        return []
    if column is None or not column.attributes.get("not_null") or column.id in scene.fresh:
        return _drop_not_null_of(fact)
    if not_null_of(scene.goal_children, column) is not None:
        return []
    usual = replace(
        fact,
        id=FactId("not_null", (*fact.id.name[:2], f"{fact.id.name[1]}_{column.id.name[-1]}_not_null")),
        attributes={**fact.attributes, "validated": True, "no_inherit": False},
    )
    return _create_not_null(scene, usual)


def _validate(_scene: Scene, before: Fact, after: Fact) -> Sql:
    return [f"ALTER TABLE {table_of(after.id)} VALIDATE CONSTRAINT {quote_ident(after.id.name[-1])}"]


def _gets_valid(_scene: Scene, _before: Fact, after: Fact) -> bool:
    return bool(after.attributes.get("validated"))


def _write_inheritance(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    word = "NO INHERIT" if after.attributes.get("no_inherit") else "INHERIT"
    return [f"ALTER TABLE {table_of(after.id)} ALTER CONSTRAINT {quote_ident(after.id.name[-1])} {word}"]


RULES: Mapping[str, Rule] = {
    "column": Rule(
        _create,
        _drop,
        (
            Alteration(("type", "collation", "generated", "default"), _write_freed, applies=_is_freed, disturbs=_yes),
            Alteration(("type", "collation"), write_type, possible=_can_retype, applies=_keeps_kind, disturbs=_yes),
            Alteration(("generated", "default"), _write_expression, possible=_can_express, applies=_is_generated),
            Alteration(("generated", "default"), write_default, applies=_is_plain, aspect="default"),
            Alteration(("not_null",), _write_not_null, aspect="not_null"),
            Alteration(("identity", "identity_options"), write_identity, aspect="identity"),
            Alteration(("identity_options",), settle_identity, after_create=True, fresh={}),
            Alteration(("storage",), _write_storage, after_create=True),
            Alteration(("compression",), _write_compression, after_create=True),
            Alteration(("statistics",), _write_statistics, after_create=True),
            Alteration(("options", "option_order"), _write_options, after_create=True, fresh={}),
            Alteration(("foreign_options",), _write_foreign_options),
        ),
        follows=frozenset({"inherited"}),
        anew=frozenset({"generated", "default"}),
        rank=32,
    ),
    "not_null": Rule(
        _create_not_null,
        _drop_not_null,
        (
            Alteration(("validated",), _validate, possible=_gets_valid),
            Alteration(("no_inherit",), _write_inheritance),
        ),
        loses=False,
        rank=33,
    ),
}
