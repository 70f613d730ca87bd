"""GRANT and REVOKE, from what an object's privileges are to what they shall be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from drift_pipeline.plan.native.address import ROUTINES, TYPES, name_of, table_of
from drift_pipeline.plan.native.quote import quote_ident, role
from drift_pipeline.plan.native.situation import Situation
from drift_pipeline.plan.native.steps import Phase, Scene, Step, mapped, text
from drift_pipeline.schema.facts import Fact, FactId

Grants: TypeAlias = dict[str, dict[str, bool]]
"""By grantee: the privileges, each with whether it may be passed on."""

_TABLE = ("INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
_NOUNS: Mapping[str, str] = {
    **dict.fromkeys(("table", "foreign_table", "view", "materialized_view", "column"), "TABLE"),
    **dict.fromkeys(TYPES, "TYPE"),
    "sequence": "SEQUENCE",
    "function": "FUNCTION",
    "procedure": "PROCEDURE",
    "aggregate": "FUNCTION",
    "schema": "SCHEMA",
    "language": "LANGUAGE",
    "foreign_data_wrapper": "FOREIGN DATA WRAPPER",
    "foreign_server": "FOREIGN SERVER",
}
_OBJECT_TYPES = {
    "TABLE": "tables",
    "SEQUENCE": "sequences",
    "FUNCTION": "functions",
    "TYPE": "types",
    "SCHEMA": "schemas",
}


def _all_privileges(kind: str, major: int) -> tuple[str, ...]:
    if kind == "column":
        return ()
    if kind == "sequence":
        return ("USAGE", "SELECT", "UPDATE")
    if kind == "schema":
        return ("USAGE", "CREATE")
    if kind in ROUTINES:
        return ("EXECUTE",)
    if _NOUNS.get(kind) == "TABLE":
        return (*_TABLE, "MAINTAIN") if major >= 17 else _TABLE
    return ("USAGE",)


def _grants(facts: Mapping[FactId, Fact], ids: list[FactId]) -> Grants:
    return {
        key.name[-1]: {name: bool(option) for name, option in mapped(facts[key], "privileges").items()}
        for key in ids
        if key in facts
    }


def _new_object(scene: Scene, fact: Fact) -> Grants:
    """What an object is granted by being created: all to its owner, the built-in default to PUBLIC, and what ALTER
    DEFAULT PRIVILEGES adds (which is taken away where it is not wanted, so that naming too much is harmless)."""
    kind = fact.id.kind
    result: Grants = {}
    everything = _all_privileges(kind, scene.major)
    if owner := text(fact, "owner"):
        result[owner] = dict.fromkeys(everything, False)
    if kind in ROUTINES or kind in TYPES or kind == "language":
        result["PUBLIC"] = dict.fromkeys(everything, False)
    wanted = _OBJECT_TYPES.get(_NOUNS.get(kind, ""))
    for other in scene.source.values():
        if other.id.kind != "default_privilege" or kind == "column":
            continue
        _creator, schema, objects, grantee = other.id.name
        if objects.lower().rstrip("s") == (wanted or "").rstrip("s") and schema in ("", fact.id.name[0]):
            result.setdefault(grantee, {}).update(dict.fromkeys(mapped(other, "privileges"), True))
    return result


def privilege_steps(scene: Scene, situation: Situation) -> Iterator[Step]:
    """One step for every object whose privileges differ, or that is created."""
    groups: dict[FactId, list[FactId]] = {}
    for facts in (situation.source, situation.goal):
        for key in facts:
            if key.kind == "privilege":
                groups.setdefault(_object_of(facts[key]), []).append(key)
    # a snapshot without any privilege did not look at them
    for key in scene.fresh if groups else ():
        if key.kind in _NOUNS and key.kind != "column":
            groups.setdefault(key, [])
    lost: dict[FactId, dict[str, set[str]]] = {}
    for key in sorted(groups, key=lambda item: (item.kind == "column", item)):
        if step := _step(scene, situation, key, sorted(set(groups[key])), lost):
            yield step


def _object_of(fact: Fact) -> FactId:
    return FactId(fact.id.name[0], fact.id.name[1:-1])


def _step(
    scene: Scene,
    situation: Situation,
    key: FactId,
    ids: list[FactId],
    lost: dict[FactId, dict[str, set[str]]],
) -> Step | None:
    fact = situation.goal.get(key)
    if key.kind not in _NOUNS or (fact is None and key in situation.source):
        return None
    if key in scene.fresh:
        if key not in situation.source and "privileges" not in scene.planes:
            return None
        before = _new_object(scene, fact) if fact else {}
    else:
        before = _grants(situation.source, ids)
        _pass_on(before, key, situation)
    after = _grants(situation.goal, ids)
    table = (
        FactId(situation.goal[key].parent.kind, key.name[:2]) if fact and fact.parent and key.kind == "column" else None
    )
    for grantee, names in lost.get(table, {}).items() if table else ():
        for name in names:
            before.get(grantee, {}).pop(name, None)
    sql = _statements(key, before, after, lost)
    if not sql:
        return None
    return Step(
        tuple(sql),
        Phase.FINISH,
        (70, *key.name),
        about=frozenset(ids) | ({key} if key in scene.fresh else frozenset()),
        makes=frozenset({*ids, FactId("privileges", (key.kind, *key.name))} & {*scene.goal_needs, *ids}),
    )


def _pass_on(grants: Grants, key: FactId, situation: Situation) -> None:
    """A new owner gets what the old one had been granted: that is what ALTER … OWNER TO does."""
    if "owner" not in situation.changed.get(key, ()):
        return
    old, new = text(situation.source[key], "owner"), text(situation.goal[key], "owner")
    if old in grants:
        grants[new] = {**grants.get(new, {}), **grants.pop(old)}


def _statements(key: FactId, before: Grants, after: Grants, lost: dict[FactId, dict[str, set[str]]]) -> list[str]:
    revokes: list[str] = []
    grants: list[str] = []
    for grantee in sorted(before.keys() | after.keys()):
        old, new = before.get(grantee, {}), after.get(grantee, {})
        gone = [name for name in old if name not in new]
        if gone:
            revokes.append(f"REVOKE {_on(key, gone)} FROM {role(grantee)}")
            lost.setdefault(key, {}).setdefault(grantee, set()).update(gone)
        narrowed = [name for name in old if old[name] and name in new and not new[name]]
        if narrowed:
            revokes.append(f"REVOKE GRANT OPTION FOR {_on(key, narrowed)} FROM {role(grantee)}")
        for option in (False, True):
            added = [name for name in new if new[name] is option and (name not in old or (option and not old[name]))]
            if added:
                tail = " WITH GRANT OPTION" if option else ""
                grants.append(f"GRANT {_on(key, added)} TO {role(grantee)}{tail}")
    return revokes + grants


def _on(key: FactId, names: list[str]) -> str:
    if key.kind == "column":
        column = quote_ident(key.name[-1])
        return f"{', '.join(f'{name} ({column})' for name in names)} ON TABLE {table_of(key)}"
    return f"{', '.join(names)} ON {_NOUNS[key.kind]} {name_of(key)}"
