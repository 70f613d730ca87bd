"""What to count before a repair is judged, and what the count means: a table, like the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from drift_pipeline.diff.differences import AttributeChange, Change, Difference
from drift_pipeline.judge.findings import Evidence
from drift_pipeline.judge.rules.conditions import named_type
from drift_pipeline.judge.types import CHAR, INTEGERS, VARCHAR, parse_type
from drift_pipeline.judge.words import dotted
from drift_pipeline.schema.counting import BOUND, Count, Question, Sort
from drift_pipeline.schema.facts import FactId, Schema, Value


@dataclass(frozen=True)
class Look:
    """One difference with both schemas; `column` maps a name in the models to the one that the table has live."""

    difference: Difference
    live: Schema
    models: Schema
    attribute: AttributeChange | None = None

    @property
    def attributes(self) -> dict[str, Any]:
        """Of the fact that is wanted."""
        return dict(self.difference.after.attributes) if self.difference.after else {}

    @property
    def table(self) -> tuple[str, str]:
        """The table as live calls it."""
        fact = self.difference.before or self.difference.after
        name = fact.id.name if fact else self.difference.id.name
        return name[0], name[1]

    @property
    def column(self) -> str:
        """The column as live calls it."""
        fact = self.difference.before or self.difference.after
        return fact.id.name[2] if fact else self.difference.id.name[2]


@dataclass(frozen=True)
class Ask:
    """When a question is asked, how, and what its answer says. `{rows}`, `{columns}` and `{table}` are filled in."""

    kinds: tuple[str, ...]
    change: Change
    attribute: str
    question: Callable[[Look], Question | None]
    some: str
    none: str


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _rows(look: Look) -> Question | None:
    wanted = look.attributes
    filled = any(wanted.get(name) is not None for name in ("default", "identity", "generated"))
    return Question(Sort.ROWS, look.table) if wanted.get("not_null") and not filled else None


def _nulls(look: Look) -> Question | None:
    turned_on = look.attribute is not None and bool(look.attribute.after) and not look.attribute.before
    return Question(Sort.NULLS, look.table, (look.column,)) if turned_on else None


def _duplicates(look: Look) -> Question | None:
    wanted = look.attributes
    return Question(
        Sort.DUPLICATES, look.table, _texts(wanted.get("columns")), nulls_equal=bool(wanted.get("nulls_not_distinct"))
    )


def _duplicates_of_index(look: Look) -> Question | None:
    wanted = look.attributes
    keys = wanted.get("keys")
    if not wanted.get("unique") or not isinstance(keys, list):
        return None
    columns = tuple(str(key.get("key", "")) for key in keys if isinstance(key, dict))
    known = {fact.id.name[2] for fact in look.live.of_kind("column") if fact.id.name[:2] == look.table}
    bare = tuple(name[1:-1].replace('""', '"') if name.startswith('"') else name for name in columns)
    if not set(bare) <= known:
        return None  # an expression
    predicate = str(wanted.get("predicate") or "")
    equal = bool(wanted.get("nulls_not_distinct"))
    return Question(Sort.DUPLICATES, look.table, bare, condition=predicate, nulls_equal=equal)


def _orphans(look: Look) -> Question | None:
    wanted = look.attributes
    columns, others = _texts(wanted.get("columns")), _texts(wanted.get("referenced_columns"))
    home = _texts(wanted.get("references"))
    if (
        len(home) != 2
        or False in (wanted.get("validated"), wanted.get("enforced"))
        or not _known(look.live, home, others)
    ):
        return None
    return Question(Sort.ORPHANS, look.table, columns, (home[0], home[1]), others)


def _breaking(look: Look) -> Question | None:
    wanted = look.attributes
    expression = str(wanted.get("expression") or "")
    columns = _texts(wanted.get("columns"))
    if not expression or wanted.get("validated") is False or wanted.get("enforced") is False:
        return None
    return Question(Sort.BREAKING, look.table, columns, condition=expression)


def _unfitting(look: Look) -> Question | None:
    change = look.attribute
    if change is None:
        return None
    before, after = parse_type(str(change.before)), parse_type(str(change.after))
    if before.dimensions or after.dimensions:
        return None
    base = Question(Sort.OUTSIDE, look.table, (look.column,))
    numbers = (*INTEGERS, "numeric")
    if after.base in (VARCHAR, CHAR) and after.modifiers:
        return Question(Sort.LONGER, look.table, (look.column,), high=after.modifiers[0])
    if after.base in INTEGERS and before.base in numbers:
        edge = 2 ** (INTEGERS[after.base][0] * 8 - 1)
        return Question(base.sort, base.table, base.columns, low=-edge, high=edge - 1)
    if after.base == "numeric" and after.modifiers and before.base in numbers:
        scale = after.modifiers[1] if len(after.modifiers) > 1 else 0
        edge = 10 ** (after.modifiers[0] - scale)
        return Question(base.sort, base.table, base.columns, low=1 - edge, high=edge - 1)
    return _other_labels(look, str(change.after))


def _other_labels(look: Look, after: str) -> Question | None:
    named = named_type(after)
    fact = look.models.facts.get(FactId("enum", named.name)) if named else None
    if fact is None:
        return None
    return Question(Sort.OTHERS, look.table, (look.column,), labels=_texts(fact.attributes.get("labels")))


def _known(schema: Schema, table: tuple[str, ...], columns: Iterable[str]) -> bool:
    return all(FactId("column", (*table, column)) in schema.facts for column in columns)


ASKED: tuple[Ask, ...] = (
    Ask(("column",), Change.ADDED, "", _rows, "adding the column as NOT NULL would fail: {table} has {rows}",
        "adding the column as NOT NULL would not fail: {table} is empty"),
    Ask(("column",), Change.CHANGED, "not_null", _nulls, "{rows} with NULL in {columns}: SET NOT NULL would fail",
        "no row has NULL in {columns}"),
    Ask(("column",), Change.CHANGED, "type", _unfitting,
        "{rows} with values in {columns} that do not fit the type of the models: changing it would fail",
        "all values in {columns} fit the type of the models"),
    Ask(("primary_key", "unique"), Change.ADDED, "", _duplicates,
        "{groups} in {columns} {occur} more than once: the key cannot be made",
        "no value occurs twice in {columns}"),
    Ask(("index",), Change.ADDED, "", _duplicates_of_index,
        "{groups} in {columns} {occur} more than once: the unique index cannot be made",
        "no value occurs twice in {columns}"),
    Ask(("foreign_key",), Change.ADDED, "", _orphans,
        "{rows} without a parent by {columns}: the foreign key cannot be added", "every row has its parent"),
    Ask(("check",), Change.ADDED, "", _breaking, "{rows} {broken} the constraint: it cannot be added",
        "every row keeps to the constraint"),
)  # fmt: skip


def questions_for(difference: Difference, live: Schema, models: Schema) -> tuple[tuple[Ask, Question], ...]:
    """What to count for a difference; nothing where the count would decide nothing."""
    found = []
    for ask in ASKED:
        if ask.change is not difference.change or difference.id.kind not in ask.kinds:
            continue
        attribute = next((item for item in difference.attributes if item.name == ask.attribute), None)
        if ask.attribute and attribute is None:
            continue
        question = ask.question(Look(difference, live, models, attribute))
        if question is not None and _askable(question, live):
            found.append((ask, question))
    return tuple(found)


def _askable(question: Question, live: Schema) -> bool:
    return FactId("table", question.table) in live.facts and _known(live, question.table, question.columns)


def evidence_of(ask: Ask, question: Question, count: Count) -> Evidence:
    """What the count says about the finding."""
    columns = dotted(question.columns) if len(question.columns) == 1 else f"({', '.join(map(_one, question.columns))})"
    table = dotted(question.table)
    if count.rows is None:
        return Evidence(f"The rows of {table} could not be counted: {count.problem}")
    if not count.rows:
        return Evidence(_capital(ask.none.format(columns=columns, table=table)), 0)
    text = ask.some.format(
        columns=columns,
        table=table,
        rows=_amount(count.rows, "row"),
        groups=_amount(count.rows, "value"),
        broken="breaks" if count.rows == 1 else "break",
        occur="occurs" if count.rows == 1 else "occur",
    )
    return Evidence(_capital(text), count.rows, fails=True)


def _one(name: str) -> str:
    return dotted((name,))


def _amount(count: int, word: str) -> str:
    if count > BOUND:
        return f"more than {BOUND:,} {word}s"
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
