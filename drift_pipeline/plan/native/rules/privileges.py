"""GRANT and REVOKE, from what an object's privileges are to what they shall be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from drift_pipeline.plan.native.address import RELATIONS, ROUTINES, TYPES, name_of, table_of
from drift_pipeline.plan.native.closure import Closure
from drift_pipeline.plan.native.quote import quote_ident, role
from drift_pipeline.plan.native.rules.passed_on import by_the_owner, passed_on, passes_on, takes_back
from drift_pipeline.plan.native.situation import Situation
from drift_pipeline.plan.native.steps import Alteration, Phase, Rule, Scene, Sql, Step, mapped, text
from drift_pipeline.schema.facts import Fact, FactId, Value, identity_sequence

Held: TypeAlias = dict[str, bool | None]
"""Privileges, each with whether it may be passed on; None for one that may be there or not."""

Grants: TypeAlias = dict[str, Held]
"""By grantee."""

_TABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
_USAGE = ("USAGE",)
_NOUNS: Mapping[str, str] = {
    **dict.fromkeys(("table", "foreign_table", "view", "materialized_view", "column"), "TABLE"),
    **dict.fromkeys(TYPES, "TYPE"),
    **dict.fromkeys(ROUTINES, "ROUTINE"),
    "function": "FUNCTION",
    "procedure": "PROCEDURE",
    "aggregate": "FUNCTION",
    "sequence": "SEQUENCE",
    "schema": "SCHEMA",
    "language": "LANGUAGE",
    "foreign_data_wrapper": "FOREIGN DATA WRAPPER",
    "foreign_server": "FOREIGN SERVER",
}
_OBJECTS: Mapping[str, str] = {
    **dict.fromkeys((*RELATIONS, "foreign_table"), "tables"),
    **dict.fromkeys(ROUTINES, "functions"),
    **dict.fromkeys(TYPES, "types"),
    "sequence": "sequences",
    "schema": "schemas",
}
"""The word of ALTER DEFAULT PRIVILEGES for a kind."""
_ALL: Mapping[str, tuple[str, ...]] = {
    "sequences": ("SELECT", "UPDATE", "USAGE"),
    "schemas": ("CREATE", "USAGE"),
    "functions": ("EXECUTE",),
    "large objects": ("SELECT", "UPDATE"),
}
_PUBLIC = ("functions", "types")
"""What everybody may use unless it is revoked."""


def _all_of(objects: str, major: int) -> tuple[str, ...]:
    if objects == "tables":
        return (*_TABLE, "MAINTAIN") if major >= 17 else _TABLE
    return _ALL.get(objects, _USAGE)


def _expanded(privileges: Mapping[str, Value], everything: tuple[str, ...]) -> Held:
    if "ALL" in privileges:
        return dict.fromkeys(everything, bool(privileges["ALL"]))
    return {name: bool(option) for name, option in privileges.items()}


@dataclass
class _Writer:
    """Collects the statements of one plan; `lost`: what was revoked on tables, which takes the columns' along."""

    scene: Scene
    situation: Situation
    closure: Closure
    lost: dict[tuple[str, ...], dict[str, set[str]]] = field(default_factory=dict)

    def step(self, key: FactId, ids: list[FactId]) -> Step | None:
        fact = self.situation.goal.get(key)
        if key.kind not in _NOUNS or (fact is None and key in self.situation.source):
            return None
        if key in self.scene.fresh and key not in self.situation.source and "privileges" not in self.scene.planes:
            return None
        # a column of a view is no fact of its own: it comes with the view
        fresh = key in self.scene.fresh or (key.kind == "column" and self._in_a_new_view(key))
        after = self._grants(self.situation.goal, ids, key)
        if fresh and key.kind == "column" and fact is None:
            before: Grants = {}
        elif fresh and fact is not None:
            before = self._new_object(fact)
        else:
            before = self._grants(self.situation.source, ids, key)
            self._pass_on(before, key)
        if key.kind == "column":
            for grantee, names in self.lost.get(key.name[:2], {}).items():
                for name in names:
                    before.get(grantee, {}).pop(name, None)
        sql = self._statements(key, before, after)
        old, new = (passed_on(facts[item] for item in ids if item in facts) for facts in self._sides(fresh))
        sql = [*takes_back(old, new, partial(self._on, key)), *sql, *passes_on(old, new, partial(self._on, key))]
        if not sql:
            return None
        touched = [*ids, *([key] if fresh else [])]
        return Step(
            tuple(sql),
            Phase.FINISH,
            (70, *key.name),
            about=frozenset().union(*(self.closure.about(each, self.situation.keys) for each in touched)),
            makes=frozenset({*ids, key_of(key)}),
            note=self._note(key, ids),
        )

    def _sides(self, fresh: bool) -> tuple[Mapping[FactId, Fact], Mapping[FactId, Fact]]:
        """What was granted and what shall be; nobody passed on anything of what is created."""
        return {} if fresh else self.situation.source, self.situation.goal

    def _note(self, key: FactId, ids: list[FactId]) -> str:
        """Given again as they were, since the object is made anew, unless they differ themselves."""
        different = self.situation.keys
        if any(each in different for each in ids):
            return ""
        notes = [self.closure.note(each, different) for each in (*ids, key)]
        return next(filter(None, notes), "")

    def _in_a_new_view(self, column: FactId) -> bool:
        homes = (FactId(kind, column.name[:2]) for kind in ("view", "materialized_view"))
        return any(home in self.scene.fresh and home in self.situation.source for home in homes)

    def _grants(self, facts: Mapping[FactId, Fact], ids: list[FactId], key: FactId) -> Grants:
        everything = _all_of(_OBJECTS.get(key.kind, ""), self.scene.major)
        found: Grants = {}
        if key.kind != "column" and key not in facts and _OBJECTS.get(key.kind) in _PUBLIC:
            # an object of the system or an extension: only what is no longer as it came is a fact
            found["PUBLIC"] = dict.fromkeys(everything, False)
        of_identity = key.kind == "sequence" and key not in facts and not any(item in facts for item in ids)
        if of_identity and (owner := self._owner_of_identity(ids)):
            # a list that is as it came is no fact
            found[owner] = dict.fromkeys(everything, False)
        for item in ids:
            if item not in facts and (came := self._came(item)) is not None:
                found[item.name[-1]] = _expanded(came, everything)
        found |= {
            item.name[-1]: _expanded(by_the_owner(facts[item], everything), everything) for item in ids if item in facts
        }
        return found

    def _came(self, privilege: FactId) -> Mapping[str, Value] | None:
        """What somebody may do with what belongs to the system or an extension, unless it is changed."""
        for facts in (self.situation.source, self.situation.goal):
            if privilege in facts and "_came" in facts[privilege].attributes:
                return mapped(facts[privilege], "_came")
        return None

    def _owner_of_identity(self, ids: list[FactId]) -> str:
        """The owner of the table whose identity column these privileges hang on."""
        for facts in (self.situation.goal, self.situation.source):
            for column in (facts[item].parent for item in ids if item in facts):
                if column is not None and column.kind == "column":
                    table = self.situation.goal.get(FactId("table", column.name[:2]))
                    return text(table, "owner") if table else ""
        return ""

    def _new_object(self, fact: Fact) -> Grants:
        """What an object is granted by being created: all to its owner, the built-in default to PUBLIC, and what ALTER
        DEFAULT PRIVILEGES adds (taken away where it is not wanted, so that naming too much does no harm)."""
        result: Grants = {}
        if fact.id.kind == "column":
            return result
        objects = _OBJECTS.get(fact.id.kind, "")
        everything = _all_of(objects, self.scene.major)
        if owner := text(fact, "owner"):
            result[owner] = dict.fromkeys(everything, False)
        if objects in _PUBLIC or fact.id.kind == "language":
            result["PUBLIC"] = dict.fromkeys(everything, False)
        for other in self.scene.default_privileges:
            if other.id.name[2] == objects and other.id.name[1] in ("", fact.id.name[0]):
                mine = result.setdefault(other.id.name[3], {})
                added = _expanded(mapped(other, "privileges"), everything)
                if not other.id.name[1]:
                    # without a schema, it stands in for what is built in; for whoever creates the object, or not
                    mine |= dict.fromkeys(mine.keys() - added.keys())
                mine |= {name: True for name in added if name not in mine}
        return result

    def _pass_on(self, grants: Grants, key: FactId) -> None:
        """A new owner gets what the old one had been granted: that is what ALTER … OWNER TO does."""
        if "owner" not in self.situation.changed.get(key, ()):
            return
        old, new = (text(facts[key], "owner") for facts in (self.situation.source, self.situation.goal))
        if old in grants:
            grants[new] = {**grants.get(new, {}), **grants.pop(old)}

    def _statements(self, key: FactId, before: Grants, after: Grants) -> Sql:
        revokes: Sql = []
        grants: Sql = []
        for grantee in sorted(before.keys() | after.keys()):
            old, new = before.get(grantee, {}), after.get(grantee, {})
            if gone := [name for name in old if name not in new]:
                revokes.append(f"REVOKE {self._on(key, gone)} FROM {role(grantee)}")
                if _NOUNS[key.kind] == "TABLE" and key.kind != "column":
                    self.lost.setdefault(key.name, {}).setdefault(grantee, set()).update(gone)
            if narrowed := [name for name in old if old[name] and new.get(name) is False]:
                # CASCADE: what was passed on by this option goes with it
                revokes.append(f"REVOKE GRANT OPTION FOR {self._on(key, narrowed)} FROM {role(grantee)}")
            for option in (False, True):
                if added := [
                    name
                    for name in new
                    if new[name] is option and (old.get(name) is None or (option and not old[name]))
                ]:
                    tail = " WITH GRANT OPTION" if option else ""
                    grants.append(f"GRANT {self._on(key, added)} TO {role(grantee)}{tail}")
        return revokes + grants

    def _on(self, key: FactId, names: list[str]) -> str:
        if key.kind == "column":
            column = quote_ident(key.name[-1])
            return f"{', '.join(f'{name} ({column})' for name in names)} ON TABLE {table_of(key)}"
        everything = _all_of(_OBJECTS.get(key.kind, ""), self.scene.major)
        listed = "ALL" if len(everything) > 1 and set(names) == set(everything) else ", ".join(sorted(names))
        return f"{listed} ON {_NOUNS[key.kind]} {name_of(key)}"


def key_of(key: FactId) -> FactId:
    """The part of an object that its privileges are."""
    return FactId(f"{key.kind}.privileges", key.name)


def _stays(situation: Situation, privilege: Fact) -> bool:
    """Not so on the sequence of an identity column that goes."""
    parent = privilege.parent
    column = situation.goal.get(parent) if parent and parent.kind == "column" else None
    return parent is None or parent.kind != "column" or bool(column and column.attributes.get("identity"))


def _object(situation: Situation, privilege: Fact) -> FactId:
    """What the privilege is on; the sequence of an identity column under the name that it will have."""
    column = situation.goal.get(privilege.parent) if privilege.parent else None
    if privilege.id.name[0] == "sequence" and column is not None and column.attributes.get("identity"):
        return FactId("sequence", identity_sequence(column))
    return FactId(privilege.id.name[0], privilege.id.name[1:-1])


def privilege_steps(scene: Scene, situation: Situation, closure: Closure) -> Iterator[Step]:
    """One step for every object whose privileges differ, or that is created."""
    groups: dict[FactId, set[FactId]] = {}
    for facts in (situation.source, situation.goal):
        for key, fact in facts.items():
            if key.kind == "privilege" and (key.name[0] != "sequence" or _stays(situation, fact)):
                groups.setdefault(_object(situation, fact), set()).add(key)
    # a snapshot without any privilege did not look at them, unless privileges are what is compared
    for key in scene.fresh if groups or "privileges" in scene.planes else ():
        if key.kind in _NOUNS and key.kind != "column":
            groups.setdefault(key, set())
    writer = _Writer(scene, situation, closure)
    for key in sorted(groups, key=lambda item: (item.kind == "column", item)):
        if step := writer.step(key, sorted(groups[key])):
            yield step


def _default_head(fact: Fact) -> str:
    creator, schema, *_ = fact.id.name
    inside = f" IN SCHEMA {quote_ident(schema)}" if schema else ""
    return f"ALTER DEFAULT PRIVILEGES FOR ROLE {quote_ident(creator)}{inside}"


def _usual(scene: Scene, fact: Fact) -> Held:
    """What new objects come with when nothing is said."""
    creator, schema, objects, grantee = fact.id.name
    if not schema and (grantee == creator or (grantee == "PUBLIC" and objects in _PUBLIC)):
        return dict.fromkeys(_all_of(objects, scene.major), False)
    return {}


def _stated(scene: Scene, fact: Fact) -> Held:
    return _expanded(mapped(fact, "privileges"), _all_of(fact.id.name[2], scene.major))


def _change_default(fact: Fact, old: Held, new: Held) -> Sql:
    objects, grantee = fact.id.name[2].upper(), role(fact.id.name[3])
    head = _default_head(fact)
    result = []
    if gone := sorted(name for name in old if name not in new):
        result.append(f"{head} REVOKE {', '.join(gone)} ON {objects} FROM {grantee}")
    if narrowed := sorted(name for name in old if old[name] and new.get(name) is False):
        result.append(f"{head} REVOKE GRANT OPTION FOR {', '.join(narrowed)} ON {objects} FROM {grantee}")
    for option in (False, True):
        if added := sorted(n for n in new if new[n] is option and (n not in old or (option and not old[n]))):
            tail = " WITH GRANT OPTION" if option else ""
            result.append(f"{head} GRANT {', '.join(added)} ON {objects} TO {grantee}{tail}")
    return result


def _set_default(scene: Scene, fact: Fact) -> Sql:
    return _change_default(fact, _usual(scene, fact), _stated(scene, fact))


def _unset_default(scene: Scene, fact: Fact) -> Sql:
    return _change_default(fact, _stated(scene, fact), _usual(scene, fact))


def _alter_default(scene: Scene, before: Fact, after: Fact) -> Sql:
    return _change_default(after, _stated(scene, before), _stated(scene, after))


RULES: Mapping[str, Rule] = {
    "default_privilege": Rule(
        _set_default, _unset_default, (Alteration(("privileges",), _alter_default),), loses=False, rank=95
    )
}
"""Those of objects are written object by object, by `privilege_steps`."""
