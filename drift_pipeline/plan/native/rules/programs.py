"""Views, routines, triggers, rules, policies, event triggers: what holds a query or a program."""

from __future__ import annotations

import re
from collections.abc import Mapping

from drift_pipeline.plan.native.address import table_of
from drift_pipeline.plan.native.quote import dotted, quote_ident, quote_literal, role
from drift_pipeline.plan.native.rules.common import (
    OWNER,
    TIED,
    drop,
    from_definition,
    option_list,
    options_alteration,
    options_of,
    replaced,
)
from drift_pipeline.plan.native.rules.printed import readable_again
from drift_pipeline.plan.native.steps import Alteration, Rule, Scene, Sql, listed, mapped, text
from drift_pipeline.schema.facts import Fact, Value


def _query(fact: Fact) -> str:
    return readable_again(text(fact, "definition").strip().rstrip(";").rstrip())


def _view(scene: Scene, fact: Fact, *, head: str = "CREATE VIEW") -> Sql:
    options = options_of(fact)
    with_options = f" WITH ({option_list(options)})" if options else ""
    return [f"{head} {dotted(*fact.id.name)}{with_options} AS\n{_query(fact)}"]


def _create_view(scene: Scene, fact: Fact) -> Sql:
    return _view(scene, fact) + _set_defaults(None, fact)


def _replace_view(scene: Scene, before: Fact, after: Fact) -> Sql:
    same = before.attributes.get("definition") == after.attributes.get("definition")
    return ([] if same else _view(scene, after, head="CREATE OR REPLACE VIEW")) + _set_defaults(before, after)


def _column_list(fact: Fact) -> list[tuple[Value, Value]]:
    value = fact.attributes.get("columns")
    columns = value if isinstance(value, list) else []
    return [(column["name"], column["type"]) for column in columns if isinstance(column, dict)]


def _defaults(fact: Fact) -> dict[str, str]:
    value = fact.attributes.get("columns")
    columns = value if isinstance(value, list) else []
    return {
        str(column["name"]): str(column["default"])
        for column in columns
        if isinstance(column, dict) and column.get("default") is not None
    }


def _set_defaults(before: Fact | None, after: Fact) -> Sql:
    """Defaults of a view's columns, for those who insert into it."""
    old, new = (_defaults(before) if before else {}), _defaults(after)
    head = f"ALTER VIEW {dotted(*after.id.name)} ALTER COLUMN"
    gone = [f"{head} {quote_ident(name)} DROP DEFAULT" for name in old if name not in new]
    set_ = [f"{head} {quote_ident(name)} SET DEFAULT {new[name]}" for name in new if old.get(name) != new[name]]
    return gone + set_


def _can_replace_view(scene: Scene, before: Fact, after: Fact) -> bool:
    """REPLACE keeps the columns that there are, with their names and types, and takes new ones at the end."""
    old, new = _column_list(before), _column_list(after)
    return new[: len(old)] == old


def _materialized_view(_scene: Scene, fact: Fact) -> Sql:
    parts = [f"CREATE MATERIALIZED VIEW {dotted(*fact.id.name)}"]
    method = text(fact, "access_method")
    if method and method != "heap":
        parts.append(f"USING {quote_ident(method)}")
    if options := options_of(fact):
        parts.append(f"WITH ({option_list(options)})")
    if tablespace := text(fact, "tablespace"):
        parts.append(f"TABLESPACE {quote_ident(tablespace)}")
    no_data = "" if fact.attributes.get("populated", True) else "\nWITH NO DATA"
    return [" ".join(parts) + f" AS\n{_query(fact)}{no_data}"]


def _populate(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    tail = "" if after.attributes.get("populated") else " WITH NO DATA"
    return [f"REFRESH MATERIALIZED VIEW {dotted(*after.id.name)}{tail}"]


def _view_tablespace(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    tablespace = text(after, "tablespace") or "pg_default"
    return [f"ALTER MATERIALIZED VIEW {dotted(*after.id.name)} SET TABLESPACE {quote_ident(tablespace)}"]


def _cluster(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    index = text(after, "cluster_on")
    words = f"CLUSTER ON {quote_ident(index)}" if index else "SET WITHOUT CLUSTER"
    return [f"ALTER MATERIALIZED VIEW {dotted(*after.id.name)} {words}"]


_STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}
_COMPRESSION = {"p": "pglz", "l": "lz4"}


def _column_options(tuning: Mapping[str, Value]) -> dict[str, Value]:
    value = tuning.get("options")
    pairs = (str(option).partition("=") for option in (value if isinstance(value, list) else []))
    return {name: setting for name, _, setting in pairs}


def _tune(_scene: Scene, before: Fact, after: Fact) -> Sql:
    """Storage and statistics of a materialized view's columns."""
    old, new = ({} if before is after else mapped(before, "column_tuning")), mapped(after, "column_tuning")
    result = []
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        was, now = (was if isinstance(was, dict) else {}), (now if isinstance(now, dict) else {})
        head = f"ALTER MATERIALIZED VIEW {dotted(*after.id.name)} ALTER COLUMN {quote_ident(name)}"
        if was.get("statistics") != now.get("statistics"):
            result.append(f"{head} SET STATISTICS {now.get('statistics', -1)}")
        if was.get("storage") != now.get("storage") and now.get("storage"):
            result.append(f"{head} SET STORAGE {_STORAGE[str(now['storage'])]}")
        if was.get("compression") != now.get("compression"):
            result.append(f"{head} SET COMPRESSION {_COMPRESSION.get(str(now.get('compression')), 'default')}")
        stated, given = _column_options(now), _column_options(was)
        if gone := [name for name in given if name not in stated]:
            result.append(f"{head} RESET ({', '.join(gone)})")
        if stated != given and stated:
            result.append(f"{head} SET ({option_list(stated)})")
    return result


def _can_replace_routine(_scene: Scene, before: Fact, after: Fact) -> bool:
    """REPLACE keeps the result and the arguments' names; defaults may be added, not taken away."""
    if before.attributes.get("returns") != after.attributes.get("returns"):
        return False
    old, new = _arguments(text(before, "arguments")), _arguments(text(after, "arguments"))
    return len(old) == len(new) and all(
        one[0] == other[0] and (other[1] or not one[1]) for one, other in zip(old, new, strict=True)
    )


_ARGUMENT_PARTS = re.compile(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|[(\[]|[)\]]|, | DEFAULT |.", re.S)


def _arguments(printed: str) -> list[tuple[str, bool]]:
    """The arguments as the server printed them, each without its default, and whether it has one."""
    found, depth, current, has_default = [], 0, "", False
    for part in _ARGUMENT_PARTS.findall(printed):
        depth += (part in "([") - (part in ")]")
        if part == ", " and not depth:
            found.append((current, has_default))
            current, has_default = "", False
        elif part == " DEFAULT " and not depth:
            has_default = True
        elif not has_default:
            current += part
    return [*found, (current, has_default)] if printed else []


_TRIGGER_STATE = {
    "origin": "ENABLE",
    "disabled": "DISABLE",
    "replica": "ENABLE REPLICA",
    "always": "ENABLE ALWAYS",
}


def _state(fact: Fact) -> str:
    return _TRIGGER_STATE.get(text(fact, "enabled"), "ENABLE")


def _set_state(thing: str) -> Alteration:
    def write(_scene: Scene, before: Fact, after: Fact) -> Sql:
        if before is after and _state(after) == "ENABLE":
            return []
        if thing == "EVENT TRIGGER":
            words = _state(after)
            return [f"ALTER EVENT TRIGGER {quote_ident(after.id.name[0])} {words}"]
        return [f"ALTER TABLE {table_of(after.id)} {_state(after)} {thing} {quote_ident(after.id.name[2])}"]

    return Alteration(("enabled",), write, after_create=True)


def _roles(fact: Fact) -> str:
    return ", ".join(role(name) for name in listed(fact, "roles")) or "PUBLIC"


def _policy(_scene: Scene, fact: Fact) -> Sql:
    parts = [f"CREATE POLICY {quote_ident(fact.id.name[2])} ON {table_of(fact.id)}"]
    if fact.attributes.get("permissive") in (False, "restrictive"):
        parts.append("AS RESTRICTIVE")
    parts.append(f"FOR {(text(fact, 'command') or 'all').upper()} TO {_roles(fact)}")
    if fact.attributes.get("using") is not None:
        parts.append(f"USING ({readable_again(text(fact, 'using'))})")
    if fact.attributes.get("check") is not None:
        parts.append(f"WITH CHECK ({readable_again(text(fact, 'check'))})")
    return [" ".join(parts)]


def _can_alter_policy(_scene: Scene, before: Fact, after: Fact) -> bool:
    """ALTER POLICY sets an expression, it cannot take one away."""
    return all(
        after.attributes.get(name) is not None or before.attributes.get(name) is None for name in ("using", "check")
    )


def _alter_policy(_scene: Scene, before: Fact, after: Fact) -> Sql:
    changed = {
        name for name in ("roles", "using", "check") if before.attributes.get(name) != after.attributes.get(name)
    }
    parts = [f"ALTER POLICY {quote_ident(after.id.name[2])} ON {table_of(after.id)}"]
    parts += [f"TO {_roles(after)}"] if "roles" in changed else []
    parts += [f"USING ({readable_again(text(after, 'using'))})"] if "using" in changed else []
    parts += [f"WITH CHECK ({readable_again(text(after, 'check'))})"] if "check" in changed else []
    return [" ".join(parts)]


def _event_trigger(_scene: Scene, fact: Fact) -> Sql:
    tags = listed(fact, "option_order") or listed(fact, "tags")
    when = f" WHEN TAG IN ({', '.join(quote_literal(tag) for tag in tags)})" if tags else ""
    function = fact.attributes.get("function")
    called = f"{dotted(*map(str, function[:2]))}()" if isinstance(function, list) else ""
    name = quote_ident(fact.id.name[0])
    return [f"CREATE EVENT TRIGGER {name} ON {text(fact, 'event')}{when} EXECUTE FUNCTION {called}"]


def _trigger(scene: Scene, fact: Fact) -> Sql:
    """A partition's copy comes with its parent's trigger; only its state is its own."""
    return [] if fact.attributes.get("inherited") else _printed(scene, fact)


def _printed(scene: Scene, fact: Fact) -> Sql:
    """The definition, where all of it is what the server printed from a tree."""
    return [readable_again(sql) for sql in from_definition(scene, fact)]


def _routine(scene: Scene, fact: Fact) -> Sql:
    """A body that was given as text stays as it is."""
    tree = text(fact, "language") == "sql" and text(fact, "body").lstrip().startswith(("BEGIN ATOMIC", "RETURN "))
    return _printed(scene, fact) if tree else from_definition(scene, fact)


def _drop_trigger(scene: Scene, fact: Fact) -> Sql:
    if fact.attributes.get("inherited"):
        return [f"ALTER TABLE {table_of(fact.id)} ENABLE TRIGGER {quote_ident(fact.id.name[2])}"]
    return drop(scene, fact)


_REPLACE_ROUTINE = Alteration(
    (
        *("language", "arguments", "body", "volatility", "strict", "security_definer", "leakproof", "parallel"),
        *("cost", "rows", "support", "settings", "option_order", "window", "returns", "library", "transforms"),
    ),
    replaced(_routine),
    possible=_can_replace_routine,
)

RULES: Mapping[str, Rule] = {
    "view": Rule(
        _create_view,
        drop,
        (
            OWNER,
            Alteration(("definition", "columns"), _replace_view, possible=_can_replace_view),
            Alteration(("options", "option_order"), options_alteration("options").write),
        ),
        rank=52,
    ),
    "materialized_view": Rule(
        _materialized_view,
        drop,
        (
            OWNER,
            Alteration(("options", "option_order"), options_alteration("options").write),
            options_alteration("toast_options", "toast."),
            Alteration(("populated",), _populate),
            Alteration(("tablespace",), _view_tablespace),
            Alteration(("cluster_on",), _cluster, after_create=True, aspect="cluster_on"),
            Alteration(("column_tuning",), _tune, after_create=True, fresh={}),
            TIED,
        ),
        rank=53,
    ),
    "function": Rule(_routine, drop, (OWNER, _REPLACE_ROUTINE, TIED), rank=50),
    "procedure": Rule(_routine, drop, (OWNER, _REPLACE_ROUTINE, TIED), rank=50),
    "trigger": Rule(_trigger, _drop_trigger, (_set_state("TRIGGER"), TIED), rank=60),
    "rule": Rule(_printed, drop, (_set_state("RULE"),), rank=61),
    "policy": Rule(
        _policy,
        drop,
        (Alteration(("roles", "using", "check"), _alter_policy, possible=_can_alter_policy),),
        rank=62,
    ),
    "event_trigger": Rule(_event_trigger, drop, (OWNER, _set_state("EVENT TRIGGER")), rank=90),
}
