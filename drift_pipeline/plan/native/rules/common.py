"""What the rules of many kinds share: drop by address, owner, options, create from a printed definition."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drift_pipeline.plan.native.address import address, table_of
from drift_pipeline.plan.native.quote import quote_ident, quote_literal, role
from drift_pipeline.plan.native.steps import Alteration, Create, Scene, Sql, Write, listed, mapped, text
from drift_pipeline.schema.facts import Fact, Value

NOT_SHOWN = "(not shown)"
"""What the reader says instead of an option that may be a secret: a person has to set it."""


def drop(_scene: Scene, fact: Fact) -> Sql:
    """DROP by address."""
    return [f"DROP {address(fact.id)}"]


def alter_column(column: Fact) -> str:
    """The head of every statement that alters a column."""
    return f"ALTER TABLE {table_of(column.id)} ALTER COLUMN {quote_ident(column.id.name[-1])}"


def drop_from_table(_scene: Scene, fact: Fact) -> Sql:
    """ALTER TABLE … DROP CONSTRAINT."""
    maybe = "IF EXISTS " if fact.attributes.get("_maybe_gone") else ""
    return [f"ALTER TABLE {table_of(fact.id)} DROP CONSTRAINT {maybe}{quote_ident(fact.id.name[2])}"]


def nothing(_scene: Scene, _fact: Fact) -> Sql:
    """No statement: another one does it."""
    return []


def from_definition(_scene: Scene, fact: Fact) -> Sql:
    """The definition as the server printed it."""
    printed = text(fact, "_definition") or text(fact, "definition")
    return [printed.strip().rstrip(";")] if printed else []


def _write_owner(scene: Scene, before: Fact, after: Fact) -> Sql:
    owner = text(after, "owner")
    if not owner or (before is after and after.id not in scene.source and "owners" not in scene.planes):
        return []
    return [f"ALTER {address(after.id)} OWNER TO {role(owner)}"]


OWNER = Alteration(("owner",), _write_owner, after_create=True)
"""A new object gets the owner of the target if owners are compared; one that comes again keeps the one it had."""


def options_of(fact: Fact, attribute: str = "options") -> dict[str, Value]:
    """Storage parameters and their like in the order that the fact states, or else in that of the alphabet."""
    options, stated = mapped(fact, attribute), fact.attributes.get(order_of(attribute))
    order = [str(name) for name in stated] if isinstance(stated, list) else []
    return {name: options[name] for name in (*order, *sorted(options)) if name in options}


def order_of(attribute: str) -> str:
    """The attribute that holds the order of these options."""
    return f"{attribute.removesuffix('s')}_order"


def set_options(head: str, before: Fact, after: Fact, attribute: str = "options", *, prefix: str = "") -> Sql:
    """RESET (…) and SET (…) that bring the options from those of `before`, or from none if that is `after`."""
    old = {} if before is after else options_of(before, attribute)
    new = options_of(after, attribute)
    gone = [name for name in old if name not in new]
    changed = [name for name, value in new.items() if old.get(name) != value]
    if before.attributes.get(order_of(attribute)) != after.attributes.get(order_of(attribute)):
        # SET puts what it changes behind the rest
        kept = [name for name in old if name not in gone and name not in changed]
        if [*kept, *changed] != list(new):
            gone, changed = list(old), list(new)
    result = []
    if gone:
        result.append(f"{head} RESET ({', '.join(prefix + quote_ident(name) for name in gone)})")
    if changed:
        result.append(f"{head} SET ({option_list({prefix + name: new[name] for name in changed})})")
    return result


def option_list(options: Mapping[str, Value], *, quote: bool = True) -> str:
    """Storage parameters and their like for WITH (…), SET (…)."""
    pairs = ((quote_ident(name) if "." not in name else name, str(value)) for name, value in options.items())
    return ", ".join(f"{name}={quote_literal(value) if quote else value}" for name, value in pairs)


def options_alteration(attribute: str, prefix: str = "", alter: Callable[[Fact], str] | None = None) -> Alteration:
    """SET (…) and RESET (…) of storage parameters; not part of CREATE."""

    def write(_scene: Scene, before: Fact, after: Fact) -> Sql:
        head = alter(after) if alter else f"ALTER {address(after.id)}"
        return set_options(head, before, after, attribute, prefix=prefix)

    return Alteration((attribute, order_of(attribute)), write, after_create=True, fresh={})


def generic_options(before: Mapping[str, Value], after: Mapping[str, Value]) -> str:
    """OPTIONS (ADD …, SET …, DROP …) of foreign data wrappers, servers, tables and columns; "" when nothing changes."""
    parts = [f"DROP {quote_ident(name)}" for name in sorted(before.keys() - after.keys())]
    for name in sorted(after):
        if after[name] == NOT_SHOWN:
            continue
        if before.get(name) != after[name] or name not in before:
            word = "SET" if name in before else "ADD"
            parts.append(f"{word} {quote_ident(name)} {quote_literal(str(after[name]))}")
    return f"OPTIONS ({', '.join(parts)})" if parts else ""


def new_options(options: Mapping[str, Value]) -> str:
    """OPTIONS (…) of a CREATE; "" when there are none."""
    shown = {name: value for name, value in sorted(options.items()) if value != NOT_SHOWN}
    parts = (f"{quote_ident(name)} {quote_literal(str(value))}" for name, value in shown.items())
    return f" OPTIONS ({', '.join(parts)})" if shown else ""


def switch(attribute: str, on: str, off: str, *, fresh: bool = False) -> Alteration:
    """A yes/no attribute that two key words of ALTER set, and CREATE does not."""

    def write(_scene: Scene, _before: Fact, after: Fact) -> Sql:
        return [f"ALTER {address(after.id)} {on if after.attributes.get(attribute) else off}"]

    return Alteration((attribute,), write, after_create=True, fresh=fresh)


_TIES = "depends_on_extensions"


def tied(named: Callable[[Fact], str]) -> Alteration:
    """What goes when an extension goes. `named`: kind and name of it, as ALTER has them."""
    return Alteration((_TIES,), lambda _, before, after: _tie(named(after), before, after), after_create=True)


def _tie(named: str, before: Fact, after: Fact) -> Sql:
    old, new = ([] if before is after else listed(before, _TIES)), listed(after, _TIES)
    gone = [f"ALTER {named} NO DEPENDS ON EXTENSION {quote_ident(name)}" for name in old if name not in new]
    # all of them: what replaced a routine made the server forget them, and it does no harm to say one again
    return gone + [f"ALTER {named} DEPENDS ON EXTENSION {quote_ident(name)}" for name in new]


TIED = tied(lambda fact: address(fact.id))


def replaced(create: Create) -> Write:
    """CREATE OR REPLACE as a way to alter. The server forgets then on which extensions a routine depends."""

    def write(scene: Scene, before: Fact, after: Fact) -> Sql:
        same = before.attributes.get(_TIES) == after.attributes.get(_TIES)
        return create(scene, after) + (_tie(address(after.id), after, after) if same else [])

    return write
