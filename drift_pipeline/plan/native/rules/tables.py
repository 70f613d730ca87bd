"""Tables and foreign tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drift_pipeline.plan.native.address import address
from drift_pipeline.plan.native.heirs import as_child, parents_of, parts_of
from drift_pipeline.plan.native.quote import dotted, quote_ident
from drift_pipeline.plan.native.rules.columns import column_clause, inline_columns, not_null_of, only_column, position
from drift_pipeline.plan.native.rules.common import (
    OWNER,
    drop,
    generic_options,
    new_options,
    option_list,
    options_alteration,
    options_of,
    switch,
)
from drift_pipeline.plan.native.rules.printed import readable_again
from drift_pipeline.plan.native.steps import Alteration, Rule, Scene, Sql, listed, mapped, text
from drift_pipeline.schema.facts import Fact, FactId, Value


def _path(value: Value) -> str:
    return dotted(*map(str, value)) if isinstance(value, list) else ""


def _parents(fact: Fact) -> list[str]:
    value = fact.attributes.get("inherits")
    return [_path(item) for item in value] if isinstance(value, list) else []


def _parent_fact(fact: Fact, facts: Mapping[FactId, Fact]) -> Fact | None:
    parent = fact.attributes.get("partition_of")
    name = tuple(map(str, parent)) if isinstance(parent, list) else ()
    return facts.get(FactId("table", name))


def create_table(scene: Scene, fact: Fact) -> Sql:
    """CREATE TABLE with its columns; a partition takes its columns from the parent."""
    unlogged = "UNLOGGED " if fact.attributes.get("persistence") == "unlogged" else ""
    kind = "FOREIGN " if fact.id.kind == "foreign_table" else unlogged
    head = f"CREATE {kind}TABLE {dotted(*fact.id.name)}"
    clauses = [column_clause(scene, column) for column in inline_columns(scene, fact)]
    clauses += [_own_not_null(each) for each in not_nulls_of_heir(scene, fact)]
    body = "(\n    " + ",\n    ".join(clauses) + "\n)" if clauses else "()"
    if stands_alone(scene, fact):
        body = _whole_body(scene, fact)
    elif fact.attributes.get("partition_of"):
        head += f" PARTITION OF {_path(fact.attributes['partition_of'])}"
        body = text(fact, "partition_bound")
    elif fact.attributes.get("of_type"):
        head += f" OF {_type_name(fact)}"
        columns = (child for child in scene.goal_children.get(fact.id, ()) if child.id.kind == "column")
        clauses = [column_clause(scene, column, typed=True) for column in sorted(columns, key=position)]
        said = [clause for clause in clauses if not clause.endswith(" WITH OPTIONS")]
        body = f"({', '.join(said)})" if said else ""
    attached = mapped(fact, "_attached_indexes") if stands_alone(scene, fact) else {}
    stated = {child.id.name[-1] for child in scene.goal_children.get(fact.id, ()) if child.id.kind == "index"}
    indexes = (str(definition) for name, definition in sorted(attached.items()) if name not in stated)
    return [f"{head} {body}".rstrip() + _tail(fact), *indexes]


def not_nulls_of_heir(scene: Scene, table: Fact) -> list[Fact]:
    """The NOT NULL constraints that a new heir states itself on columns that it inherits: added later, they would have
    the names that the parents' have."""
    if not table.attributes.get("inherits"):
        return []
    inline = {column.id.name[-1] for column in inline_columns(scene, table)}
    children = scene.goal_children.get(table.id, ())
    return [
        child
        for child in children
        if child.id.kind == "not_null"
        and child.attributes.get("validated") is not False
        and only_column(child) not in inline
    ]


def _own_not_null(constraint: Fact) -> str:
    no_inherit = " NO INHERIT" if constraint.attributes.get("no_inherit") else ""
    name, column = quote_ident(constraint.id.name[-1]), quote_ident(only_column(constraint))
    return f"CONSTRAINT {name} NOT NULL {column}{no_inherit}"


_OWN = ("primary_key", "unique", "exclusion", "not_null", "index")


def stands_alone(scene: Scene, fact: Fact) -> bool:
    """Whether a partition is created as a table and attached: it has constraints or indexes of its own, which then
    serve those of the parent, or names that PARTITION OF would not give."""
    if not fact.attributes.get("partition_of") or fact.id.kind != "table":
        return False
    if any(child.id.kind in _OWN for child in scene.goal_children.get(fact.id, ())):
        return True
    if fact.attributes.get("_attached_indexes"):
        return True
    parent = _parent_fact(fact, scene.goal)
    names = {**_own_names(scene.goal_children, parent), **mapped(parent, "_not_null_names")} if parent else {}
    return any(names.get(column) != name for column, name in mapped(fact, "_not_null_names").items())


def _whole_body(scene: Scene, fact: Fact) -> str:
    """All columns, and the checks that the parent asks for."""
    columns = [as_child(column, fact.id) for column in parts_of(fact.id, scene.goal, scene.goal_children, ("column",))]
    names = mapped(fact, "_not_null_names")
    clauses = [column_clause(scene, column, names) for column in sorted(columns, key=position)]
    for parent in parents_of(fact):
        for check in parts_of(parent, scene.goal, scene.goal_children, ("check",)):
            clauses.append(f"CONSTRAINT {quote_ident(check.id.name[-1])} {readable_again(text(check, '_definition'))}")
    return "(\n    " + ",\n    ".join(clauses) + "\n)"


def _type_name(fact: Fact) -> str:
    value = fact.attributes.get("of_type")
    return _path(value) if isinstance(value, list) else text(fact, "of_type")


def _tail(fact: Fact) -> str:
    parts = []
    if parents := _parents(fact):
        parts.append(f"INHERITS ({', '.join(parents)})")
    if key := text(fact, "partition_key"):
        parts.append(f"PARTITION BY {key}")
    method = text(fact, "access_method")
    if method and method != "heap":
        parts.append(f"USING {quote_ident(method)}")
    options = {**options_of(fact), **{f"toast.{k}": v for k, v in options_of(fact, "toast_options").items()}}
    if fact.id.kind == "table" and options:
        parts.append(f"WITH ({option_list(options)})")
    if tablespace := text(fact, "tablespace"):
        parts.append(f"TABLESPACE {quote_ident(tablespace)}")
    if fact.id.kind == "foreign_table":
        parts.append(f"SERVER {quote_ident(text(fact, 'server'))}{new_options(mapped(fact, 'server_options'))}")
    return "".join(f" {part}" for part in parts)


def leave(scene: Scene, before: Fact, after: Fact) -> Sql:
    """Take a partition from its parent, an heir from the parents that it does not keep. `before is after`: all of them,
    because they are dropped and created again."""
    child = dotted(*after.id.name)
    if parent := before.attributes.get("partition_of"):
        result = [f"ALTER TABLE {_path(parent)} DETACH PARTITION {child}"]
        result += _without_copies(scene, after) if before is after else []
        if not after.attributes.get("partition_of"):
            names = mapped(before, "_not_null_names")
            result += _rename_not_nulls(after, names, _own_names(scene.goal_children, after))
        return result
    return [f"ALTER TABLE {child} NO INHERIT {parent}" for parent in _parents(before)[_kept(before, after) :]]


def _without_copies(scene: Scene, child: Fact) -> Sql:
    """A partition that is put aside keeps copies of its parents' foreign keys: those that hold on to a table that goes,
    mostly the parent itself, come again with the new one."""
    head = f"ALTER TABLE {dotted(*child.id.name)} DROP CONSTRAINT IF EXISTS"
    return [
        f"{head} {quote_ident(fact.id.name[-1])}"
        for parent in parents_of(child)
        for fact in parts_of(parent, scene.source, scene.source_children, ("foreign_key",))
        if _referenced(fact) in scene.gone
    ]


def _referenced(fact: Fact) -> FactId | None:
    path = fact.attributes.get("references")
    return FactId("table", tuple(map(str, path))) if isinstance(path, list) else None


def drop_table(scene: Scene, fact: Fact) -> Sql:
    """DROP TABLE; a partition leaves first where foreign keys refer to its parents: the server refuses else."""
    above, sql = fact, drop(scene, fact)
    while (parent := _parent_fact(above, scene.source)) is not None:
        if parent.id in scene.referenced:
            return [
                f"ALTER TABLE {_path(fact.attributes['partition_of'])} DETACH PARTITION {dotted(*fact.id.name)}",
                *sql,
            ]
        above = parent
    return sql


def join(scene: Scene, before: Fact, after: Fact) -> Sql:
    """Give a table to its new parent or parents."""
    child = dotted(*after.id.name)
    if parent := after.attributes.get("partition_of"):
        old = {
            **_names_to_come(scene, before),
            **_own_names(scene.source_children, before),
            **mapped(before, "_not_null_names"),
        }
        result = _rename_not_nulls(after, old, mapped(after, "_not_null_names"))
        return [*result, f"ALTER TABLE {_path(parent)} ATTACH PARTITION {child} {text(after, 'partition_bound')}"]
    return [f"ALTER TABLE {child} INHERIT {parent}" for parent in _parents(after)[_kept(before, after) :]]


def _kept(before: Fact, after: Fact) -> int:
    """How many parents stay, counted from the first: their order counts."""
    if before is after:
        return 0
    pairs = zip(_parents(before), _parents(after), strict=False)
    return next(
        (number for number, (old, new) in enumerate(pairs) if old != new),
        min(len(_parents(before)), len(_parents(after))),
    )


def _write_partition(scene: Scene, before: Fact, after: Fact) -> Sql:
    return leave(scene, before, after) + join(scene, before, after)


def _own_names(children: Mapping[FactId, Sequence[Fact]], table: Fact) -> dict[str, Value]:
    """What the NOT NULL constraints of a table are called that are its own: as a fact says, or the usual name."""
    names: dict[str, Value] = {}
    for column in children.get(table.id, ()):
        if column.id.kind == "column" and column.attributes.get("not_null"):
            constraint = not_null_of(children, column)
            name = column.id.name[-1]
            names[name] = constraint.id.name[-1] if constraint else f"{table.id.name[-1]}_{name}_not_null"
    return names


def _names_to_come(scene: Scene, table: Fact) -> dict[str, Value]:
    """What SET NOT NULL calls the constraints that the table gets before it joins."""
    columns = (fact.id.name[-1] for fact in scene.source_children.get(table.id, ())
               if fact.id.kind == "column" and not fact.attributes.get("not_null"))  # fmt: skip
    return {column: f"{table.id.name[-1]}_{column}_not_null" for column in columns}


def _rename_not_nulls(table: Fact, old: Mapping[str, Value], new: Mapping[str, Value]) -> Sql:
    """Since 18 a NOT NULL that comes from a parent bears the parent's name, or the one that the table joined with."""
    head = f"ALTER TABLE {dotted(*table.id.name)} RENAME CONSTRAINT"
    return [
        f"{head} {quote_ident(str(old[column]))} TO {quote_ident(str(name))}"
        for column, name in sorted(new.items())
        if old.get(column) not in (None, name)
    ]


def _write_persistence(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    word = "UNLOGGED" if after.attributes.get("persistence") == "unlogged" else "LOGGED"
    return [f"ALTER TABLE {dotted(*after.id.name)} SET {word}"]


def _can_persist(scene: Scene, _before: Fact, after: Fact) -> bool:
    """A partitioned table has nothing to log; since 18 it cannot be unlogged at all."""
    return not after.attributes.get("partition_key")


def _write_tablespace(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    return [f"ALTER {address(after.id)} SET TABLESPACE {quote_ident(text(after, 'tablespace') or 'pg_default')}"]


def _write_access_method(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    stated = text(after, "access_method")
    # a partitioned table has none: its partitions get the default one of their time
    usual = "DEFAULT" if after.attributes.get("partition_key") else "heap"
    return [f"ALTER {address(after.id)} SET ACCESS METHOD {quote_ident(stated) if stated else usual}"]


def _write_replica_identity(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    identity = text(after, "replica_identity")
    words = f"USING INDEX {quote_ident(identity[6:])}" if identity.startswith("index:") else identity.upper()
    return [f"ALTER TABLE {dotted(*after.id.name)} REPLICA IDENTITY {words}"]


def _write_cluster(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    index = text(after, "cluster_on")
    words = f"CLUSTER ON {quote_ident(index)}" if index else "SET WITHOUT CLUSTER"
    return [f"ALTER TABLE {dotted(*after.id.name)} {words}"]


def _write_type(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    words = f"OF {_type_name(after)}" if after.attributes.get("of_type") else "NOT OF"
    return [f"ALTER TABLE {dotted(*after.id.name)} {words}"]


def _write_server_options(_scene: Scene, before: Fact, after: Fact) -> Sql:
    clause = generic_options(mapped(before, "server_options"), mapped(after, "server_options"))
    return [f"ALTER FOREIGN TABLE {dotted(*after.id.name)} {clause}"] if clause else []


def _loses_rows(_scene: Scene, before: Fact, _after: Fact) -> bool:
    """Rows leave the parent when a partition is detached from it."""
    return bool(before.attributes.get("partition_of"))


def _table_option(attribute: str, prefix: str = "") -> Alteration:
    alteration = options_alteration(attribute, prefix)
    return Alteration(alteration.attributes, alteration.write)


def _validate_checks(_scene: Scene, before: Fact, after: Fact) -> Sql:
    more = [name for name in listed(after, "validated_checks") if name not in listed(before, "validated_checks")]
    return [f"ALTER TABLE {dotted(*after.id.name)} VALIDATE CONSTRAINT {quote_ident(name)}" for name in more]


def _validates_more(_scene: Scene, before: Fact, after: Fact) -> bool:
    return set(listed(before, "validated_checks")) < set(listed(after, "validated_checks"))


_FOLLOWS = frozenset({"detach_pending"})
_ANEW = frozenset({"partition_key", "persistence", "access_method"})

_REPLICA_IDENTITY = Alteration(
    ("replica_identity",), _write_replica_identity, after_create=True, fresh="default", aspect="replica_identity"
)

_SHARED = (
    OWNER,
    Alteration(("partition_of", "partition_bound"), _write_partition, aspect="partition_of", destructive=_loses_rows),
    Alteration(("inherits",), _write_partition, aspect="inherits"),
    Alteration(("of_type",), _write_type),
    # none of them is NOT VALID again: that stays open
    Alteration(("validated_checks",), _validate_checks, applies=_validates_more),
    switch("row_security", "ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"),
    switch("force_row_security", "FORCE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"),
)

RULES: Mapping[str, Rule] = {
    "table": Rule(
        create_table,
        drop_table,
        (
            *_SHARED,
            _REPLICA_IDENTITY,
            Alteration(("persistence",), _write_persistence, possible=_can_persist),
            Alteration(("tablespace",), _write_tablespace),
            Alteration(("access_method",), _write_access_method),
            _table_option("options"),
            _table_option("toast_options", "toast."),
            Alteration(("cluster_on",), _write_cluster, after_create=True, aspect="cluster_on"),
        ),
        follows=_FOLLOWS,
        anew=_ANEW,
        rank=30,
    ),
    "foreign_table": Rule(
        create_table,
        drop_table,
        (*_SHARED, Alteration(("server_options",), _write_server_options)),
        follows=_FOLLOWS | {"replica_identity"},
        anew=frozenset({"server"}),
        rank=31,
    ),
}
