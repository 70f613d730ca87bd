"""Enums, domains, composite and range types, collations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drift_pipeline.plan.native.address import RELATIONS, address
from drift_pipeline.plan.native.quote import dotted, quote_ident, quote_literal
from drift_pipeline.plan.native.rules.common import OWNER, drop
from drift_pipeline.plan.native.rules.printed import readable_again
from drift_pipeline.plan.native.steps import Alteration, Rule, Scene, Sql, listed, text
from drift_pipeline.schema.facts import Fact


def _create_enum(_scene: Scene, fact: Fact) -> Sql:
    labels = ", ".join(quote_literal(label) for label in listed(fact, "labels"))
    return [f"CREATE TYPE {dotted(*fact.id.name)} AS ENUM ({labels})"]


def _is_part(old: Sequence[str], new: Sequence[str]) -> bool:
    rest = iter(new)
    return all(label in rest for label in old)


def _can_add_labels(_scene: Scene, before: Fact, after: Fact) -> bool:
    return _is_part(listed(before, "labels"), listed(after, "labels"))


def _add_labels(_scene: Scene, before: Fact, after: Fact) -> Sql:
    old, new = listed(before, "labels"), listed(after, "labels")
    result, there = [], list(old)
    for number, label in enumerate(new):
        if label in there:
            continue
        if number:
            place = f" AFTER {quote_literal(new[number - 1])}" if new[number - 1] != there[-1] else ""
        else:
            place = f" BEFORE {quote_literal(there[0])}" if there else ""
        result.append(f"ALTER TYPE {dotted(*after.id.name)} ADD VALUE {quote_literal(label)}{place}")
        there.insert(number, label)
    return result


def inline_checks(scene: Scene, domain: Fact) -> list[Fact]:
    """The checks that CREATE DOMAIN states itself: where a type holds the domain, none can be added later."""
    checks = (fact for fact in scene.goal_children.get(domain.id, ()) if fact.id.kind == "domain_check")
    return sorted((fact for fact in checks if fact.attributes.get("validated", True)), key=lambda fact: fact.id)


def _create_domain(scene: Scene, fact: Fact) -> Sql:
    parts = [f"CREATE DOMAIN {dotted(*fact.id.name)} AS {text(fact, 'type')}"]
    if collation := text(fact, "collation"):
        parts.append(f"COLLATE {collation}")
    if fact.attributes.get("default") is not None:
        parts.append(f"DEFAULT {text(fact, 'default')}")
    if fact.attributes.get("not_null"):
        name = text(fact, "not_null_name")
        parts.append(f"CONSTRAINT {quote_ident(name)} NOT NULL" if name else "NOT NULL")
    for check in inline_checks(scene, fact):
        expression = readable_again(text(check, "expression"))
        parts.append(f"CONSTRAINT {quote_ident(check.id.name[-1])} CHECK ({expression})")
    return [" ".join(parts)]


def _domain_default(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    default = after.attributes.get("default")
    return [f"ALTER DOMAIN {dotted(*after.id.name)} {'DROP DEFAULT' if default is None else f'SET DEFAULT {default}'}"]


def _domain_not_null(_scene: Scene, before: Fact, after: Fact) -> Sql:
    head = f"ALTER DOMAIN {dotted(*after.id.name)}"
    result = []
    if before.attributes.get("not_null") and before is not after:
        result.append(f"{head} DROP NOT NULL")
    if after.attributes.get("not_null"):
        name = text(after, "not_null_name")
        result.append(f"{head} ADD CONSTRAINT {quote_ident(name)} NOT NULL" if name else f"{head} SET NOT NULL")
    return result


def _fields(fact: Fact) -> dict[str, tuple[str, str]]:
    fields = fact.attributes.get("fields")
    found: dict[str, tuple[str, str]] = {}
    for field in fields if isinstance(fields, list) else []:
        if isinstance(field, dict):
            found[str(field["name"])] = (str(field["type"]), str(field.get("collation") or ""))
    return found


def _field(name: str, kind: str, collation: str, word: str = "") -> str:
    return f"{quote_ident(name)} {word}{kind}" + (f" COLLATE {collation}" if collation else "")


def _create_composite(_scene: Scene, fact: Fact) -> Sql:
    fields = ", ".join(_field(name, *field) for name, field in _fields(fact).items())
    return [f"CREATE TYPE {dotted(*fact.id.name)} AS ({fields})"]


def _can_alter_fields(scene: Scene, before: Fact, after: Fact) -> bool:
    """Kept fields must stand first and in their order; a type in use by a table keeps the types of its fields."""
    old, new = _fields(before), _fields(after)
    kept = [name for name in old if name in new]
    if list(new)[: len(kept)] != kept:
        return False
    retyped = any(old[name] != new[name] for name in kept)
    users = scene.source_dependants.get(before.id, frozenset())
    return not (retyped and any(user.kind == "column" or user.kind in RELATIONS for user in users))


def _alter_fields(_scene: Scene, before: Fact, after: Fact) -> Sql:
    old, new = _fields(before), _fields(after)
    parts = [f"DROP ATTRIBUTE {quote_ident(name)}" for name in old if name not in new]
    parts += [f"ALTER ATTRIBUTE {_field(n, *f, word='TYPE ')}" for n, f in new.items() if n in old and old[n] != f]
    parts += [f"ADD ATTRIBUTE {_field(name, *field)}" for name, field in new.items() if name not in old]
    return [f"ALTER TYPE {dotted(*after.id.name)} {', '.join(parts)}"]


def _loses_fields(_scene: Scene, before: Fact, after: Fact) -> bool:
    return bool(_fields(before).keys() - _fields(after).keys())


def _touches_fields(_scene: Scene, before: Fact, after: Fact) -> bool:
    """Views and functions that read a field stand in the way of dropping or retyping it."""
    old, new = _fields(before), _fields(after)
    return any(name not in new or new[name] != field for name, field in old.items())


def _create_range(_scene: Scene, fact: Fact) -> Sql:
    words = {
        "SUBTYPE": text(fact, "subtype"),
        "SUBTYPE_OPCLASS": text(fact, "opclass"),
        "COLLATION": text(fact, "collation"),
        "CANONICAL": text(fact, "canonical"),
        "SUBTYPE_DIFF": text(fact, "subtype_diff"),
    }
    parts = [f"{word} = {value}" for word, value in words.items() if value]
    multirange = fact.attributes.get("multirange")
    if isinstance(multirange, list):
        parts.append(f"MULTIRANGE_TYPE_NAME = {dotted(*map(str, multirange))}")
    return [f"CREATE TYPE {dotted(*fact.id.name)} AS RANGE ({', '.join(parts)})"]


def _create_collation(_scene: Scene, fact: Fact) -> Sql:
    words: dict[str, str] = {"provider": text(fact, "provider")}
    locale = text(fact, "locale")
    collate, ctype = text(fact, "lc_collate") or text(fact, "collate"), text(fact, "lc_ctype") or text(fact, "ctype")
    if locale:
        words["locale"] = quote_literal(locale)
    elif collate:
        words |= {"lc_collate": quote_literal(collate), "lc_ctype": quote_literal(ctype or collate)}
    if fact.attributes.get("deterministic") is False:
        words["deterministic"] = "false"
    if rules := text(fact, "rules"):
        words["rules"] = quote_literal(rules)
    parts = ", ".join(f"{word} = {value}" for word, value in words.items() if value)
    return [f"CREATE COLLATION {dotted(*fact.id.name)} ({parts})"]


_BASE_WORDS = {
    "input": "INPUT",
    "output": "OUTPUT",
    "receive": "RECEIVE",
    "send": "SEND",
    "typmod_in": "TYPMOD_IN",
    "typmod_out": "TYPMOD_OUT",
    "analyze": "ANALYZE",
    "subscript": "SUBSCRIPT",
    "alignment": "ALIGNMENT",
    "storage": "STORAGE",
    "element": "ELEMENT",
}


def _define_base(_scene: Scene, fact: Fact) -> Sql:
    if not fact.attributes.get("defined"):
        return [f"CREATE TYPE {dotted(*fact.id.name)}"]
    length = fact.attributes.get("length")
    parts = [f"{word} = {text(fact, name)}" for name, word in _BASE_WORDS.items() if text(fact, name)]
    parts.append(f"INTERNALLENGTH = {'VARIABLE' if length == -1 else length}")
    parts += [f"{word} = {quote_literal(text(fact, word.lower()))}" for word in ("CATEGORY", "DELIMITER")]
    flags = {"by_value": "PASSEDBYVALUE", "preferred": "PREFERRED = true", "collatable": "COLLATABLE = true"}
    parts += [words for name, words in flags.items() if fact.attributes.get(name)]
    if fact.attributes.get("default") is not None:
        parts.append(f"DEFAULT = {quote_literal(text(fact, 'default'))}")
    return [f"CREATE TYPE {dotted(*fact.id.name)} ({', '.join(parts)})"]


def _drop_base(_scene: Scene, fact: Fact) -> Sql:
    """Its functions need the type, and the type them: they can only go together."""
    return [f"DROP TYPE {dotted(*fact.id.name)}{' CASCADE' if fact.attributes.get('defined') else ''}"]


def _is_shell(_scene: Scene, before: Fact, _after: Fact) -> bool:
    return not before.attributes.get("defined")


def _fill(scene: Scene, _before: Fact, after: Fact) -> Sql:
    return _define_base(scene, after)


_BASE = ("defined", "length", "by_value", "category", "preferred", "default", "delimiter", "collatable", *_BASE_WORDS)


def rename_type(scene: Scene, fact: Fact, name: str) -> Sql:
    """Put a type aside, so that its successor can have the name."""
    result = [f"ALTER {address(fact.id)} RENAME TO {quote_ident(name)}"]
    multirange = fact.attributes.get("multirange")
    if isinstance(multirange, list):
        aside = quote_ident(_aside(str(multirange[-1])))
        printed = dotted(*map(str, multirange))
        result.append(f"ALTER TYPE {printed} RENAME TO {aside}")
        # the constructors keep their names, and those whose arguments stay the same are in the way
        result.append(f"ALTER FUNCTION {printed}() RENAME TO {aside}")
        subtype = text(fact, "subtype")
        if not any(dotted(*other.name) == subtype for other in scene.swapped):
            for arguments in (f"{subtype}, {subtype}", f"{subtype}, {subtype}, text"):
                constructor = f"{dotted(*fact.id.name)}({arguments})"
                result.append(f"ALTER FUNCTION {constructor} RENAME TO {quote_ident(_aside(fact.id.name[-1]))}")
    return result


def _aside(name: str) -> str:
    return f"{name[:50]}__old"


_RANGE = frozenset({"subtype", "opclass", "collation", "canonical", "subtype_diff", "multirange"})

RULES: Mapping[str, Rule] = {
    "collation": Rule(_create_collation, drop, (OWNER,), rank=11),
    "enum": Rule(
        _create_enum,
        drop,
        (OWNER, Alteration(("labels",), _add_labels, possible=_can_add_labels)),
        anew=frozenset({"labels"}),
        rank=12,
    ),
    "composite": Rule(
        _create_composite,
        drop,
        (
            OWNER,
            Alteration(
                ("fields",),
                _alter_fields,
                possible=_can_alter_fields,
                destructive=_loses_fields,
                disturbs=_touches_fields,
            ),
        ),
        anew=frozenset({"fields"}),
        rank=13,
    ),
    "base_type": Rule(
        _define_base, _drop_base, (OWNER, Alteration(_BASE, _fill, possible=_is_shell)), anew=frozenset(_BASE), rank=51
    ),
    "range": Rule(_create_range, drop, (OWNER,), anew=_RANGE, rank=14),
    "domain": Rule(
        _create_domain,
        drop,
        (OWNER, Alteration(("default",), _domain_default), Alteration(("not_null", "not_null_name"), _domain_not_null)),
        anew=frozenset({"type", "collation"}),
        rank=20,
    ),
}
