"""Identity columns, and the sequences behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drift_pipeline.plan.native.quote import dotted, quote_ident
from drift_pipeline.plan.native.rules.common import alter_column
from drift_pipeline.plan.native.rules.sequences import into_limits, new_option_words, option_words
from drift_pipeline.plan.native.steps import Scene, Sql, mapped, text
from drift_pipeline.schema.facts import Fact, Value, identity_sequence


def identity_words(column: Fact) -> str:
    """ALWAYS AS IDENTITY (…), as ADD GENERATED takes it too."""
    stated = mapped(column, "identity_options")
    if _of_another_type(column):  # its limits may be beyond the column's type
        stated = {name: value for name, value in stated.items() if name not in ("minimum", "maximum")}
    words = new_option_words(stated, text(column, "type"))
    if isinstance(name := stated.get("sequence"), list):
        words.insert(0, f"SEQUENCE NAME {dotted(*map(str, name))}")
    if persistence := stated.get("persistence"):
        words.append("UNLOGGED" if persistence == "unlogged" else "LOGGED")
    options = f" ({' '.join(words)})" if words else ""
    return f"{text(column, 'identity').upper()} AS IDENTITY{options}"


def write_identity(scene: Scene, before: Fact, after: Fact) -> Sql:
    old, new = text(before, "identity"), text(after, "identity")
    if not new:
        return [f"{alter_column(after)} DROP IDENTITY"]
    if not old:
        return [f"{alter_column(after)} ADD GENERATED {identity_words(after)}"]
    parts = [f"SET GENERATED {new.upper()}"] if old != new else []
    options, others = mapped(after, "identity_options"), mapped(before, "identity_options")
    sql, name = _write_identity_sequence(scene, before, after)
    first, restart = into_limits(name, others, options)
    if options.get("type") != others.get("type"):
        first += _retype_sequence(name, options, restart)
    else:
        parts += [f"SET {word}" for word in option_words(options, others)] + restart
    return [*sql, *first, *([f"{alter_column(after)} {' '.join(parts)}"] if parts else [])]


def _retype_sequence(name: str, options: Mapping[str, Value], restart: Sequence[str] = ()) -> Sql:
    """A new type moves limits that were those of the old one, so that all are said again."""
    words = option_words(options, {"cycle": not options.get("cycle")})
    return [f"ALTER SEQUENCE {name} AS {options['type']} {' '.join([*words, *restart])}"]


def settle_identity(_scene: Scene, _before: Fact, after: Fact) -> Sql:
    """A sequence of another type than its column: a table made LIKE another one INCLUDING IDENTITY has that."""
    if not _of_another_type(after):
        return []
    return _retype_sequence(dotted(*identity_sequence(after)), mapped(after, "identity_options"))


def _of_another_type(column: Fact) -> bool:
    return mapped(column, "identity_options").get("type") not in (None, text(column, "type"))


def _write_identity_sequence(scene: Scene, before: Fact, after: Fact) -> tuple[Sql, str]:
    """What only ALTER SEQUENCE can say of an identity column, and the name that the sequence has then."""
    old, new = identity_sequence(before), identity_sequence(after)
    sql, name = [], dotted(*new)
    if old != new:
        sql.append(f"ALTER SEQUENCE {dotted(*old)} RENAME TO {quote_ident(new[1])}")
    was, shall = mapped(before, "identity_options"), mapped(after, "identity_options")
    if was.get("persistence") != shall.get("persistence"):
        table = scene.goal.get(after.parent) if after.parent else None
        # unstated is the table's
        unlogged = (shall.get("persistence") or (table and text(table, "persistence"))) == "unlogged"
        sql.append(f"ALTER SEQUENCE {name} SET {'UNLOGGED' if unlogged else 'LOGGED'}")
    return sql, name
