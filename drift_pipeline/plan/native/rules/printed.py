"""Expressions as the server prints them, so that it prints them alike after reading them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_TEXT = r"E?'(?:[^']|'')*'"
_NAME = r"\"(?:[^\"]|\"\")*\""
_ELEMENT = rf"{_TEXT}::character varying(?:\(\d+\))?"
_TOKEN = re.compile(rf"\(ARRAY\[(?P<list>{_ELEMENT}(?:, {_ELEMENT})*)\]\)::text\[\]|{_TEXT}|{_NAME}")
_NESTED = re.compile(r"\)\) (?:AND|OR) ")
_PIECE = re.compile(rf"{_TEXT}|{_NAME}|\(|\)| (?:AND|OR|>=|<=|<>|=|<|>) ")


def readable_again(printed: str) -> str:
    """The expression with casts where PostgreSQL would otherwise understand its own print differently.

    `status IN ('a', 'b')` on a varchar is printed as `(ARRAY['a'::character varying, …])::text[]`; read again, the cast
    moves into the elements and is printed there. With the array's own type said first it stays where it was.
    `a BETWEEN 1 AND 5 AND b` is printed as `(((a >= 1) AND (a <= 5)) AND b)`; read again, all three are arguments of
    one AND. Only BETWEEN, comparisons of rows and lists come first in an AND and stay together.
    """
    text = _TOKEN.sub(_with_own_type, printed)
    return _kept_together(text) if _NESTED.search(text) else text


def _with_own_type(found: re.Match[str]) -> str:
    inside = found.group("list")
    return found.group() if inside is None else f"(ARRAY[{inside}]::character varying[])::text[]"


@dataclass
class _Group:
    """What stands between two brackets: its operands, if one operator divides it."""

    start: int
    end: int = 0
    operators: list[tuple[str, int, int]] = field(default_factory=list)
    inside: list[_Group] = field(default_factory=list)

    @property
    def operator(self) -> str:
        """The operator between the operands, "" if there is none or more than one kind."""
        kinds = {sign for sign, _, _ in self.operators}
        return kinds.pop() if len(kinds) == 1 else ""

    def operands(self) -> list[tuple[int, int]]:
        """Where each operand begins and ends."""
        starts = [self.start + 1, *(end for _, _, end in self.operators)]
        return list(zip(starts, [*(start for _, start, _ in self.operators), self.end - 1], strict=True))

    def groups(self) -> list[_Group]:
        """The operands, if each is a group itself."""
        spans = self.operands()
        found = {(group.start, group.end): group for group in self.inside}
        return [found[span] for span in spans] if all(span in found for span in spans) else []


def _grouped(text: str) -> Iterator[_Group]:
    """Every group, the inner before the outer."""
    open_groups = [_Group(-1)]
    for piece in _PIECE.finditer(text):
        word = piece.group()
        if word == "(":
            open_groups.append(_Group(piece.start()))
        elif word == ")" and len(open_groups) > 1:
            group = open_groups.pop()
            group.end = piece.end()
            open_groups[-1].inside.append(group)
            yield group
        elif word.startswith(" "):
            open_groups[-1].operators.append((word.strip(), piece.start(), piece.end()))


def _kept_together(text: str) -> str:
    changes: dict[tuple[int, int], str] = {}
    for group in _grouped(text):
        if group.operator in _SPELLINGS and group.inside:
            first = next((each for each in group.inside if (each.start, each.end) == group.operands()[0]), None)
            if first is not None and first.operator == group.operator and (said := _said_as_one(text, first)):
                changes[first.start, first.end] = said
    for (start, end), said in sorted(changes.items(), reverse=True):
        text = f"{text[:start]}({said}){text[end:]}"
    return text


@dataclass(frozen=True)
class _Spelling:
    """What an AND or OR of comparisons was written as: a range, a comparison of rows, a list; each by its signs."""

    range: str
    limits: tuple[str, str]
    rows: str
    list: str
    members: str


_SPELLINGS: Mapping[str, _Spelling] = {
    "AND": _Spelling("BETWEEN", (">=", "<="), "=", "NOT IN", "<>"),
    "OR": _Spelling("NOT BETWEEN", ("<", ">"), "<>", "IN", "="),
}


def _said_as_one(text: str, group: _Group) -> str:
    spelling = _SPELLINGS[group.operator]
    pairs = group.groups()
    sides = [[text[start:end] for start, end in pair.operands()] for pair in pairs]
    if not pairs or any(len(side) != 2 for side in sides):
        return ""
    signs = tuple(pair.operator for pair in pairs)
    left, right = ([side[number] for side in sides] for number in (0, 1))
    if signs == spelling.limits and left[0] == left[1]:
        return f"{left[0]} {spelling.range} {right[0]} AND {right[1]}"
    if set(signs) == {spelling.rows}:
        return f"ROW({', '.join(left)}) {spelling.rows} ROW({', '.join(right)})"
    if set(signs) == {spelling.members} and len(set(left)) == 1:
        return f"{left[0]} {spelling.list} ({', '.join(right)})"
    return ""
