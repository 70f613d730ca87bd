"""Whether a repair is needed where a revision runs: one history serves many databases.

What somebody did by hand in production did not happen on staging, on a laptop, or in a database that is made anew. So a
revision looks at the catalogs before it changes something, and leaves alone what is as it should be.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from drift_pipeline.diff.differences import Change, Difference
from drift_pipeline.plan.ground import all_ids
from drift_pipeline.plan.native.address import CONSTRAINTS, RELATIONS, ROUTINES, TYPES
from drift_pipeline.plan.native.quote import dotted, quote_ident, quote_literal
from drift_pipeline.schema.facts import Fact, FactId


@dataclass(frozen=True)
class Guard:
    """`key`: of the difference; `comment`: for people; `question`: SQL that is true where the repair is needed.

    `number`: by which a database notes that the repair ran there. Without a question the repair always runs, and is
    always taken back.
    """

    key: str
    comment: str
    question: str = ""
    number: str = ""


_IN_A_TABLE: Mapping[str, tuple[str, str, str]] = {
    **dict.fromkeys(CONSTRAINTS, ("pg_constraint", "conrelid", "conname")),
    "column": ("pg_attribute", "attrelid", "attname"),
    "trigger": ("pg_trigger", "tgrelid", "tgname"),
    "policy": ("pg_policy", "polrelid", "polname"),
    "rule": ("pg_rewrite", "ev_class", "rulename"),
}
"""Kinds whose third name stands in a catalog beside their table: catalog, its column for the table and for the name."""


def guards_for(differences: Sequence[Difference], everywhere: Collection[str] = ()) -> list[Guard]:
    """A guard for each difference, in their order. `everywhere`: keys of those that need none: every database has them,
    because the history makes what the models declare in another way."""
    return [
        Guard(each.key, described(each), "" if each.key in everywhere else question_of(each), str(number))
        for number, each in enumerate(differences, start=1)
    ]


def guards_back(guards: Sequence[Guard], forth: Sequence[Difference], back: Sequence[Difference]) -> list[Guard]:
    """The guards of the way back, under the numbers of those of the way there."""
    numbers = {fact: guard for guard, each in zip(guards, forth, strict=True) for fact in all_ids([each])}
    found = []
    for each in back:
        guard = next((numbers[fact] for fact in sorted(all_ids([each])) if fact in numbers), None)
        question, number = (guard.question, guard.number) if guard else ("", "")
        found.append(Guard(each.key, described(each), question, number))
    return found


def described(difference: Difference) -> str:
    """What is done, and to what, for a comment."""
    return f"{_DONE[difference.change]} {difference.id}"


_DONE = {
    Change.ADDED: "is missing:",
    Change.REMOVED: "is too much:",
    Change.CHANGED: "is different:",
    Change.RENAMED: "has another name:",
}


def question_of(difference: Difference) -> str:
    """SQL that is true where the difference is there to be settled; empty where nothing so simple can tell."""
    before, after = difference.before, difference.after
    if difference.id.kind == "comment":
        return _comment_question(difference)
    if difference.change is Change.ADDED and after:
        there = existence(after.id)
        return f"SELECT NOT ({there})" if there else ""
    if difference.change in (Change.REMOVED, Change.RENAMED) and before:
        there = existence(before.id)
        return f"SELECT {there}" if there else ""
    if difference.change is Change.CHANGED and after:
        return _changed_question(difference, after)
    return ""


def existence(fact_id: FactId) -> str:
    """An SQL expression that is true where such an object exists; empty for kinds that have no simple one."""
    kind, name = fact_id.kind, fact_id.name
    if kind in (*RELATIONS, "index"):
        # an index is known by its table in our facts, and by its schema in PostgreSQL's
        return f"{_class(name[0], name[-1])} IS NOT NULL"
    if kind in TYPES:
        return f"pg_catalog.to_regtype({quote_literal(dotted(*name[:2]))}) IS NOT NULL"
    if kind == "schema":
        return f"pg_catalog.to_regnamespace({quote_literal(quote_ident(name[0]))}) IS NOT NULL"
    if kind in _IN_A_TABLE:
        return f"EXISTS ({_row(fact_id)})"
    if kind in ROUTINES:
        return f"EXISTS ({_routine(fact_id)})"
    return ""


def _routine(fact_id: FactId, *more: str) -> str:
    schema, name, arguments = fact_id.name
    parts = [
        f"pronamespace = pg_catalog.to_regnamespace({quote_literal(quote_ident(schema))})",
        f"proname = {quote_literal(name)}",
        f"pg_catalog.oidvectortypes(proargtypes) {_one_of(arguments, schema)}",
    ]
    return "SELECT FROM pg_catalog.pg_proc WHERE " + " AND ".join([*parts, *more])


def _class(*name: str) -> str:
    return f"pg_catalog.to_regclass({quote_literal(dotted(*name))})"


def _row(fact_id: FactId, *more: str) -> str:
    catalog, table, column = _IN_A_TABLE[fact_id.kind]
    name, of_table = f"{column} = {quote_literal(fact_id.name[2])}", f"{table} = {_class(*fact_id.name[:2])}"
    there = ["NOT attisdropped"] if fact_id.kind == "column" else []
    return f"SELECT FROM pg_catalog.{catalog} WHERE " + " AND ".join([name, of_table, *there, *more])


# ---------------------------------------------------------------- what is there in another form


def _changed_question(difference: Difference, after: Fact) -> str:
    """True where the object is there and not as it should be."""
    if after.id.kind == "column":
        parts = [_COLUMN[name](after) for name in sorted(difference.changed_names) if name in _COLUMN]
        if len(parts) < len(difference.changed_names):
            return ""
        return f"SELECT EXISTS ({_row(after.id, f'({_either(parts)})')})"
    definition = str(after.attributes.get("_definition") or "")
    if definition and after.id.kind in CONSTRAINTS and after.id.kind != "not_null":
        differs = f"pg_catalog.pg_get_constraintdef(oid) {_none_of(definition, after.id.name[0])}"
        return f"SELECT EXISTS ({_row(after.id, differs)})"
    if definition and after.id.kind == "index":
        index = _class(after.id.name[0], after.id.name[-1])
        return f"SELECT pg_catalog.pg_get_indexdef({index}) {_none_of(definition, after.id.name[0])}"
    if definition and after.id.kind in ("function", "procedure"):
        differs = _prints_otherwise("pg_catalog.pg_get_functiondef(oid)", definition, after.id.name[0])
        return f"SELECT EXISTS ({_routine(after.id, differs)})"
    told = _PRINTED.get(after.id.kind)
    return told[1](after, difference.changed_names) if told and difference.changed_names <= told[0] else ""


def _prints_otherwise(printed: str, text: str, schema: str) -> str:
    """Whatever the session's search_path is: part of such a text has the schema always, part of it as the path says."""
    prefix = f"{quote_ident(schema)}."
    return f"replace({printed}, {quote_literal(prefix)}, '') <> {quote_literal(text.replace(prefix, ''))}"


def _trigger_question(after: Fact, changed: Collection[str]) -> str:
    parts = []
    if "definition" in changed:
        text = str(after.attributes["definition"])
        parts.append(_prints_otherwise("pg_catalog.pg_get_triggerdef(oid)", text, after.id.name[0]))
    if "enabled" in changed:
        parts.append(f"tgenabled <> {quote_literal(_ENABLED[str(after.attributes['enabled'])])}")
    return f"SELECT EXISTS ({_row(after.id, f'({_either(parts)})')})"


_ENABLED = {"origin": "O", "disabled": "D", "replica": "R", "always": "A"}


def _view_question(after: Fact, _changed: Collection[str]) -> str:
    printed = f"pg_catalog.pg_get_viewdef({_class(*after.id.name)})"
    return f"SELECT {_prints_otherwise(printed, str(after.attributes['definition']), after.id.name[0])}"


def _enum_question(after: Fact, _changed: Collection[str]) -> str:
    labels = after.attributes["labels"]
    wanted = ", ".join(quote_literal(str(each)) for each in labels) if isinstance(labels, list) else ""
    kind = f"pg_catalog.to_regtype({quote_literal(dotted(*after.id.name))})"
    stored = "SELECT enumlabel::text FROM pg_catalog.pg_enum WHERE enumtypid = stored.oid ORDER BY enumsortorder"
    parts = [f"stored.oid = {kind}", f"array({stored}) <> ARRAY[{wanted}]::text[]"]
    return " ".join(("SELECT EXISTS (SELECT FROM pg_catalog.pg_type AS stored WHERE", " AND ".join(parts) + ")"))


_PRINTED: Mapping[str, tuple[frozenset[str], Callable[[Fact, Collection[str]], str]]] = {
    "trigger": (frozenset({"definition", "enabled"}), _trigger_question),
    "view": (frozenset({"definition", "columns"}), _view_question),
    "materialized_view": (frozenset({"definition", "columns"}), _view_question),
    "enum": (frozenset({"labels"}), _enum_question),
}
"""By kind: the attributes that a question covers, and the question whether one of those that changed is another."""


def _either(parts: Iterable[str]) -> str:
    return " OR ".join(parts)


def _none_of(text: str, schema: str) -> str:
    return f"NOT {_one_of(text, schema)}"


def _one_of(text: str, schema: str) -> str:
    """The session's search_path decides whether the names in what PostgreSQL prints have their schema."""
    spellings = dict.fromkeys((text, text.replace(f"{quote_ident(schema)}.", "")))
    return f"IN ({', '.join(quote_literal(each) for each in spellings)})"


def _type_differs(after: Fact) -> str:
    return f"pg_catalog.format_type(atttypid, atttypmod) {_none_of(str(after.attributes['type']), after.id.name[0])}"


def _not_null_differs(after: Fact) -> str:
    return "NOT attnotnull" if after.attributes.get("not_null") else "attnotnull"


def _default_differs(after: Fact) -> str:
    default = after.attributes.get("default")
    printed = (
        "(SELECT pg_catalog.pg_get_expr(adbin, adrelid) FROM pg_catalog.pg_attrdef"
        " WHERE adrelid = attrelid AND adnum = attnum)"
    )
    if default is None:
        return f"{printed} IS NOT NULL"
    return f"coalesce({printed}, '') {_none_of(str(default), after.id.name[0])}"


_COLUMN: Mapping[str, Callable[[Fact], str]] = {
    "type": _type_differs,
    "not_null": _not_null_differs,
    "default": _default_differs,
}


def _comment_question(difference: Difference) -> str:
    kind, *name = difference.id.name
    if kind == "table":
        printed = f"pg_catalog.obj_description({_class(*name)}, 'pg_class')"
    elif kind == "column":
        number = _row(FactId("column", tuple(name))).replace("SELECT FROM", "SELECT attnum FROM", 1)
        printed = f"pg_catalog.col_description({_class(*name[:2])}, ({number}))"
    else:
        return ""
    wanted = quote_literal(str(difference.after.attributes["text"])) if difference.after else "NULL"
    return " ".join(("SELECT", printed, "IS DISTINCT FROM", wanted))
