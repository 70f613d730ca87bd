"""Conditions joined by AND or OR: how deep they are nested says nothing.

`a BETWEEN 1 AND 5 AND b` is stored, and printed, as `(((a >= 1) AND (a <= 5)) AND b)`. Whoever reads that print, as
pg_restore does, stores one AND of three conditions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

_SIGNS = ("AND", "OR")

_Operand: TypeAlias = "list[str | _Group]"


@dataclass
class _Group:
    """What stands between two brackets: operands, and the AND and OR between them."""

    signs: list[str] = field(default_factory=list)
    operands: list[_Operand] = field(default_factory=lambda: [[]])

    @property
    def sign(self) -> str:
        """The one that joins all operands; "" if there is none or more than one."""
        return self.signs[0] if len(set(self.signs)) == 1 else ""

    def tokens(self) -> list[str]:
        """What stands between the brackets, without those around an operand that the same sign divides."""
        result: list[str] = []
        for number, operand in enumerate(self.operands):
            result += self.signs[number - 1 : number] if number else []
            alone = operand[0] if len(operand) == 1 else ""
            if isinstance(alone, _Group) and alone.sign and alone.sign == self.sign:
                result += alone.tokens()
                continue
            for item in operand:
                result += [item] if isinstance(item, str) else ["(", *item.tokens(), ")"]
        return result


def flat(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The tokens of an expression with every AND within an AND, and OR within an OR, as one. The order stays."""
    if not any(sign in parts for sign in _SIGNS):
        return parts
    groups = [_Group()]
    for part in parts:
        if part == "(":
            groups.append(_Group())
        elif part == ")" and len(groups) > 1:
            inner = groups.pop()
            groups[-1].operands[-1].append(inner)
        elif part in _SIGNS:
            groups[-1].signs.append(part)
            groups[-1].operands.append([])
        else:
            groups[-1].operands[-1].append(part)
    return tuple(groups[0].tokens()) if len(groups) == 1 else parts
