"""Whether two texts may be two spellings of one: asked before a server is made that prints them again.

Two servers of one major print the same tree in the same words, but for casts and parentheses that depend on how the
text came in. Other majors may print anything otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from drift_pipeline.diff.compare import REPRINTED, Printer
from drift_pipeline.schema.facts import Fact, FactId, Schema, Value

_NAME = r'(?:"(?:[^"]|"")+"|\w+)'
_MORE = r"(?:\s+(?:varying|precision|with(?:out)? time zone))?(?:\(\d+(?:,\s*-?\d+)?\))?(?:\[\])*"
_CAST = re.compile(rf"::\s*{_NAME}(?:\.{_NAME})?{_MORE}")
_WORD = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\w+|[^\s\w()]")


class WherePlausible:
    """A Printer that asks another one only about facts that may be the other side's in other words."""

    def __init__(self, printer: Printer, source: Schema, target: Schema) -> None:
        self._printer = printer
        self._sides: Sequence[Mapping[FactId, Fact]] = (source.facts, target.facts)
        self._always = source.server_major != target.server_major

    def printed_again(self, facts: Sequence[Fact], schema: Schema) -> Sequence[Fact | None]:
        """As the other one prints them; None for those that it is not asked about."""
        asked = facts if self._always else [fact for fact in facts if self._is_plausible(fact)]
        if not asked:
            return [None] * len(facts)
        printed = dict(zip((fact.id for fact in asked), self._printer.printed_again(asked, schema), strict=True))
        return [printed.get(fact.id) for fact in facts]

    def _is_plausible(self, fact: Fact) -> bool:
        twins = [side[fact.id] for side in self._sides if fact.id in side]
        names = REPRINTED.get(fact.id.kind, frozenset())
        values = [[_bare(twin.attributes.get(name)) for name in sorted(names)] for twin in twins]
        return len(twins) == len(self._sides) and values[0] == values[1]


def _bare(value: Value) -> list[str]:
    """The words of a text, without casts and parentheses."""
    return _WORD.findall(_CAST.sub("", str(value)))
