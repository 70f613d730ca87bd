"""What only some databases have in the way of a revision, and nobody compares: a view on a column whose type changes.

Where it is as it was when the revision was made, it comes off and is put back; where it is not there, nothing of it
runs; where it is otherwise, nothing of it runs either, and PostgreSQL refuses the change, naming it. Views, triggers,
rules and policies are handled, since a question to the catalogs can tell all that they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.plan.bystanders import Bystanders, bystanders_of
from drift_pipeline.plan.ground import Ground, State
from drift_pipeline.plan.native.quote import dotted, quote_literal
from drift_pipeline.plan.proof import Leg, walk_natively
from drift_pipeline.plan.revisions.base import without_owners
from drift_pipeline.plan.revisions.guards import Guard
from drift_pipeline.plan.revisions.words import Drifted
from drift_pipeline.plan.sandbox import Sandbox, without_sessions
from drift_pipeline.plan.statements import Statement
from drift_pipeline.schema.facts import Fact, FactId, Schema

_TABLE_PRIVILEGES = ("DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE")
"""Without MAINTAIN, which older servers lack."""
_PARTS = ("comment", "privilege", "default_privilege")
_SQL = Path(__file__).parent / "sql" / "beside"
_PLACE = re.compile(r"\{(\w+)\}")


class NotHandledError(Exception):
    """Something stands in the way that no question can tell all of."""


@dataclass(frozen=True)
class Beside:
    """Where a revision begins when that is there, too: `ground`, `box`, `state` and `drifted` know of it.

    `here`: the facts of it, as they are in the environment.
    """

    ground: Ground
    box: Sandbox
    state: State
    drifted: Drifted
    here: Mapping[FactId, Fact]


def beside(stack: ExitStack, ground: Ground, box: Sandbox, base: State, drifted: Drifted) -> Beside | None:
    """The base once more, with what hangs on what the revision may change; None where nothing does.

    Raises NotHandledError where it cannot be made on scratch.
    """
    asked = _asked(drifted, base)
    own = {key for key in asked.ids if key.kind == "privilege" and key.name[-1] == _owner(asked, key)}
    views = (asked.live.facts[key] for key in own if key.name[0] == "view")
    if any(fact.attributes.get("privileges") != {"ALL": False} for fact in views):
        raise NotHandledError
    here = {key: asked.live.facts[key] for key in asked.ids - own}
    if not here:
        return None
    live = _with(asked.live, base.inside, here)
    models = _with(asked.models, drifted.models, here)  # what it needs itself is withheld, or refused by the server
    ground = replace(ground, scope=replace(asked, ids=frozenset(here)).scope(ground.scope))
    copy = stack.enter_context(ground.copy(box.name, "beside"))
    with_grants = replace(ground, planes={*ground.planes, "privileges"})
    start = Leg(replace(base, reading=None), with_grants.differences(copy, base.inside, live))
    if walk_natively(with_grants, copy, live, start, measure=False).open:
        raise NotHandledError
    without_sessions(copy)
    state = ground.read(copy)
    state = replace(state, inside=without_owners(state.inside))
    return Beside(replace(ground, goal=models), copy, state, replace(drifted, models=models), here)


def _asked(drifted: Drifted, base: State) -> Bystanders:
    """Asked of the base, that is with what is pending applied: what hangs on that alone is no business of this one."""
    out = {key: fact for key, fact in drifted.whole.facts.items() if key not in drifted.live.facts}
    edges = drifted.whole.depends | base.inside.depends
    everything = replace(drifted.whole, facts={**out, **base.inside.facts}, depends=edges)
    diff = diff_schemas(base.inside, drifted.models, planes=drifted.planes, exact=drifted.exact)
    return bystanders_of(everything, base.inside, drifted.models, diff)


def _owner(asked: Bystanders, privilege: FactId) -> object:
    parent = asked.live.facts[privilege].parent
    fact = asked.live.facts.get(parent) if parent else None
    return fact.attributes.get("owner") if fact else None


def _with(joined: Schema, compared: Schema, here: Mapping[FactId, Fact]) -> Schema:
    """Of both what is compared, and what stands beside it; whoever runs the revision owns that, or leaves it alone."""
    facts = {**compared.facts, **without_owners(replace(compared, facts=here)).facts}
    edges = frozenset(edge for edge in joined.depends if edge[0] in facts and edge[1] in facts)
    return replace(joined, facts=facts, depends=edges)


# ---------------------------------------------------------------- whether it is there as it was


def guards_beside(found: Beside, statements: Iterable[Statement], reached: Sequence[Schema]) -> Mapping[str, Guard]:
    """By each fact that the statements take off and put back: the guard of the object that it is, or is a part of.

    `reached`: schemas that print the same objects again, before and after the repair: other servers and other columns
    mean other words. Raises NotHandledError for what no question tells all of.
    """
    touched = {name for statement in statements for name in statement.again}
    objects = {key: _object(found.here, key) for key in found.here if str(key) in touched}
    guards: dict[FactId, Guard] = {}
    for number, key in enumerate(sorted(set(objects.values())), start=1):
        parts = [fact for fact in found.here.values() if fact.id != key and _object(found.here, fact.id) == key]
        forms = [found.here[key], *(schema.facts[key] for schema in reached if key in schema.facts)]
        comment = f"{key}, which is not compared, comes off and is put back where it is there as it was"
        defaults = [fact for fact in found.here.values() if fact.id.kind == "default_privilege"]
        guards[key] = Guard(str(key), comment, _question(forms, [*parts, *defaults]), f"beside {number}")
    return {str(key): guards[whole] for key, whole in objects.items()}


def _object(here: Mapping[FactId, Fact], key: FactId) -> FactId:
    parent = here[key].parent
    return _object(here, parent) if parent is not None and parent in here else key


def _question(forms: Sequence[Fact], parts: Sequence[Fact]) -> str:
    """SQL that is true where the object is there, and what a repair puts back is all of it."""
    fact = forms[0]
    tell = _TELL.get(fact.id.kind)
    if tell is None or any(part.id.kind not in _PARTS for part in parts):
        raise NotHandledError
    values = {
        "relation": quote_literal(dotted(*fact.id.name[:2])),
        "name": quote_literal(fact.id.name[-1]),
        "definitions": _one_of(forms, "definition"),
        "comments": _array(_comment(part) for part in parts if part.id.kind == "comment"),
        **tell(forms, parts),
    }
    text = (_SQL / f"{fact.id.kind}.sql").read_text(encoding="utf-8")
    asked = _PLACE.sub(lambda match: values[match[1]], " ".join(text.split()))
    return f"SELECT EXISTS ({asked})"


def _view(forms: Sequence[Fact], parts: Sequence[Fact]) -> dict[str, str]:
    options = forms[0].attributes.get("options")
    if not isinstance(options, dict):
        raise NotHandledError
    grants = (grant for part in parts if part.id.kind == "privilege" for grant in _grants(part))
    return {
        "options": _array(f"{name}={value}" for name, value in options.items()),
        "grants": _array(grants),
        # what these are granted by default is taken away again
        "defaults": _array({part.id.name[-1] for part in parts if part.id.kind == "default_privilege"}),
    }


def _switched(forms: Sequence[Fact], _parts: Sequence[Fact]) -> dict[str, str]:
    return {"enabled": quote_literal(_STATES[str(forms[0].attributes.get("enabled"))])}


def _policy(forms: Sequence[Fact], _parts: Sequence[Fact]) -> dict[str, str]:
    stated = forms[0].attributes
    roles = stated.get("roles")
    return {
        "command": quote_literal(_COMMANDS[str(stated.get("command"))]),
        "permissive": "true" if stated.get("permissive") else "false",
        "roles": _array(map(str, roles if isinstance(roles, list) else ())),
        "using": _one_of(forms, "using"),
        "check": _one_of(forms, "check"),
    }


_Tell: TypeAlias = Callable[[Sequence[Fact], Sequence[Fact]], dict[str, str]]
_TELL: Mapping[str, _Tell] = {"view": _view, "trigger": _switched, "rule": _switched, "policy": _policy}
_STATES = {"origin": "O", "disabled": "D", "replica": "R", "always": "A"}
_COMMANDS = {"select": "r", "insert": "a", "update": "w", "delete": "d", "all": "*"}


def _comment(part: Fact) -> str:
    column = part.id.name[-1] if part.id.name[0] == "column" else ""
    return f"{column}={part.attributes.get('text')}"


def _grants(part: Fact) -> Iterator[str]:
    column = [part.id.name[-2]] if part.id.name[0] == "column" else []
    given = part.attributes.get("privileges")
    given = dict(given) if isinstance(given, dict) else {}
    if "ALL" in given:
        given = dict.fromkeys(_TABLE_PRIVILEGES, given["ALL"])
    for name, option in given.items():
        if name != "MAINTAIN":
            yield " ".join((*column, part.id.name[-1], name, "t" if option else "f"))


def _one_of(forms: Sequence[Fact], name: str) -> str:
    texts = dict.fromkeys(str(fact.attributes.get(name) or "") for fact in forms)
    return ", ".join(map(quote_literal, texts))


def _array(texts: Iterable[str]) -> str:
    return f"ARRAY[{', '.join(map(quote_literal, sorted(texts)))}]::text[]"


# ---------------------------------------------------------------- for people


def told(drifted: Drifted, guards: Iterable[Guard]) -> list[str]:
    """What the revision does about it."""
    names = ", ".join(sorted({guard.key for guard in guards}))
    if not names:
        return []
    return [
        f"{drifted.environment} has {names}, which is not compared and hangs on what changes: the revision takes it "
        "off and puts it back, where it is there as it was"
    ]
