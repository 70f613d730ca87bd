"""How facts are called in front of people: one line, nothing invisible, nothing that a terminal would obey."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from drift_pipeline.schema.facts import FactId

PLAIN_NAME = re.compile(r"[^\W\d][\w$]*")

# what a reader can't see or a terminal obeys: control, format (bidi overrides, zero width), surrogate, private,
# unassigned, separators; a space is the only separator that is what it looks like
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

KIND_WORDS = {
    "base_type": "base type",
    "composite": "composite type",
    "enum": "enum type",
    "range": "range type",
    "not_null": "NOT NULL constraint",
    "unique": "unique constraint",
    "check": "check constraint",
    "exclusion": "exclusion constraint",
    "statistics": "statistics object",
    "domain_check": "domain constraint",
    "default_privilege": "default privileges",
    "row_security": "row security setting",
    "of_type": "typed table",
    "owned_by": "sequence owner",
}
"""Kinds whose word is not just the kind with spaces."""

Segment = tuple[str, slice | None]
"""Words, and the part of the name that follows them."""

_IN_TABLE = (slice(2, None), slice(0, 2))
_SUBJECTS: dict[str, tuple[Segment, ...]] = {
    "function": (("", slice(0, 2)), ("(", None), ("", slice(2, None)), (")", None)),
    "cast": (("from ", slice(0, 1)), (" to ", slice(1, None))),
    "publication_table": (("", slice(1, None)), (" in publication ", slice(0, 1))),
    "publication_schema": (("", slice(1, None)), (" in publication ", slice(0, 1))),
    "user_mapping": (("of ", slice(1, None)), (" on server ", slice(0, 1))),
    "security_label": (("of ", slice(0, 1)), (" on ", slice(1, None))),
    "default_privilege": (
        ("of objects that ", slice(0, 1)),
        (" creates: ", slice(2, 3)),
        (" for ", slice(3, None)),
        (" in schema ", slice(1, 2)),
    ),
}
for _kind in ("procedure", "aggregate"):
    _SUBJECTS[_kind] = _SUBJECTS["function"]
for _kind in ("primary_key", "unique", "check", "foreign_key", "exclusion", "not_null", "domain_check"):
    _SUBJECTS[_kind] = (("", slice(2, None)), (" of ", slice(0, 2)))
for _kind in ("index", "trigger", "rule", "policy"):
    _SUBJECTS[_kind] = (("", slice(2, None)), (" on ", slice(0, 2)))


def visible(text: str) -> str:
    """The text in one line, with every invisible or controlling character written as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) if unicodedata.category(char) in _INVISIBLE else char for char in text)


def _escaped(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    # the joiner that holds compound emoji together is harmless and needed
    if char in " \u200d":
        return char
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def shown_name(part: str) -> str:
    """One name as people know it: quoted if SQL would need it, invisible characters made visible."""
    if PLAIN_NAME.fullmatch(part) and part == part.lower():
        return visible(part)
    return '"' + visible(part.replace('"', '""')) + '"'


def shown_role(name: str) -> str:
    """A role as people know it; PUBLIC is everybody, not a role of that name."""
    return name if name == "PUBLIC" else shown_name(name)


def dotted(parts: Sequence[str]) -> str:
    """`public.orders.total`, each part quoted where needed."""
    return ".".join(shown_name(part) for part in parts)


def kind_word(kind: str, count: int = 1) -> str:
    """`foreign key`, `foreign keys`, `indexes`."""
    word = KIND_WORDS.get(kind) or visible(kind.replace("_", " "))
    if count == 1 or word.endswith("statistics"):
        return word
    if word.endswith(("x", "s")):
        return word + "es"
    return word[:-1] + "ies" if word.endswith("y") and word[-2:-1] not in "aeiou" else word + "s"


def segments(fact_id: FactId) -> tuple[tuple[str, bool], ...]:
    """The subject of a sentence about this fact, in pieces: text, and whether it is a name."""
    kind, name = fact_id.kind, fact_id.name
    if kind == "comment" and len(name) > 1:
        return (("comment on ", False), *segments(FactId(name[0], name[1:])))
    if kind == "privilege" and len(name) > 2:
        inner = segments(FactId(name[0], name[1:-1]))
        return (("privileges of ", False), (shown_role(name[-1]), True), (" on ", False), *inner)
    pieces: list[tuple[str, bool]] = [(kind_word(kind) + " ", False)]
    for words, part in _SUBJECTS.get(kind, (("", slice(None)),)):
        names = name[part] if part is not None else ()
        if part is not None and not any(names):
            continue  # such as the schema of default privileges that hold in all schemas
        pieces.append((words, False))
        if part is not None and kind == "default_privilege" and names[0] == "PUBLIC":
            pieces.append(("PUBLIC", True))
        elif part is not None:
            pieces.append((_arguments(names) if kind in _WITH_ARGUMENTS and part.start == 2 else dotted(names), True))
    return tuple(piece for piece in pieces if piece[0])


_WITH_ARGUMENTS = frozenset({"function", "procedure", "aggregate"})


def _arguments(names: Sequence[str]) -> str:
    # a list of types, as the catalog prints it: quoting it as a name would be wrong
    return visible(", ".join(names))


def subject(fact_id: FactId) -> str:
    """`column public.orders.total`, `foreign key orders_user_fk of public.orders`."""
    return "".join(text for text, _ in segments(fact_id))
