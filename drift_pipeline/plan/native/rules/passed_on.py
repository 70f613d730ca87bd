"""GRANT and REVOKE by others than the owner: what somebody with the grant option passed on.

Only whoever gave it can take it back, and PostgreSQL refuses to take a grant option away from which something hangs.
So these statements run as the role that gave: what hangs last goes first, and comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count, groupby
from typing import NamedTuple, TypeAlias

from drift_pipeline.plan.native.quote import quote_ident, role
from drift_pipeline.plan.native.steps import Sql, mapped
from drift_pipeline.schema.coverage import THE_OWNER
from drift_pipeline.schema.facts import Fact, Value


class Way(NamedTuple):
    """Who passed which privilege on to whom."""

    grantor: str
    grantee: str
    privilege: str


Passed: TypeAlias = Mapping[Way, bool]
"""What was passed on, each with whether it may be passed on further."""

On: TypeAlias = Callable[[list[str]], str]
"""Privileges and the object, as GRANT and REVOKE name them."""


def passed_on(facts: Iterable[Fact]) -> dict[Way, bool]:
    """Of an object's privileges those that somebody else than the owner granted."""
    return {
        Way(grantor, fact.id.name[-1], privilege): bool(option)
        for fact in facts
        for privilege, grantors in mapped(fact, "granted_by").items()
        if isinstance(grantors, dict)
        for grantor, option in grantors.items()
        if grantor != THE_OWNER
    }


def by_the_owner(fact: Fact, everything: Iterable[str]) -> dict[str, Value]:
    """The privileges of a grantee that the owner granted, each with whether it may be passed on.

    `everything`: what ALL stands for, where something of it is somebody else's.
    """
    own, others = dict(mapped(fact, "privileges")), mapped(fact, "granted_by")
    if others and "ALL" in own:
        own = dict.fromkeys(everything, own["ALL"])
    for privilege, grantors in others.items():
        if isinstance(grantors, dict):
            own.pop(privilege, None)
            own |= {privilege: grantors[THE_OWNER]} if THE_OWNER in grantors else {}
    return own


def takes_back(before: Passed, after: Passed, on: On) -> Sql:
    """REVOKE, the end of each chain first."""
    rank = _ranks(before)
    gone = [way for way in before if way not in after]
    narrowed = [way for way, option in before.items() if option and after.get(way) is False]
    words = [(f"REVOKE {{}} FROM {role(way.grantee)}", way) for way in gone]
    words += [(f"REVOKE GRANT OPTION FOR {{}} FROM {role(way.grantee)}", way) for way in narrowed]
    return list(_as_grantors(sorted(words, key=lambda item: (-rank[item[1]], item[1])), on))


def passes_on(before: Passed, after: Passed, on: On) -> Sql:
    """GRANT, the beginning of each chain first."""
    rank = _ranks(after)
    came = [way for way, option in after.items() if way not in before or (option and not before[way])]
    words = [(f"GRANT {{}} TO {role(way.grantee)}" + (" WITH GRANT OPTION" if after[way] else ""), way) for way in came]
    return list(_as_grantors(sorted(words, key=lambda item: (rank[item[1]], item[1])), on))


def _ranks(passed: Passed) -> dict[Way, int]:
    """How many others passed it on before it reached the grantor."""
    ranks = dict.fromkeys(passed, 0)
    for _ in passed:  # a chain cannot be longer
        for way in passed:
            above = [
                ranks[other] + 1
                for other, option in passed.items()
                if option and (other.grantee, other.privilege) == (way.grantor, way.privilege)
            ]
            ranks[way] = min(max([0, *above]), len(passed))
    return ranks


def _as_grantors(words: Iterable[tuple[str, Way]], on: On) -> Iterator[str]:
    """One statement for what one grantor does in a row; what several of its parts share is said once."""
    grouped: list[tuple[str, str, list[str]]] = []
    for template, way in words:
        if grouped and grouped[-1][:2] == (way.grantor, template):
            grouped[-1][2].append(way.privilege)
        else:
            grouped.append((way.grantor, template, [way.privilege]))
    for grantor, parts in groupby(grouped, key=lambda part: part[0]):
        yield _acting_as(grantor, [template.replace("{}", on(sorted(names)), 1) for _, template, names in parts])


def _acting_as(grantor: str, statements: Iterable[str]) -> str:
    """The statements as somebody else's, all or none, with the role afterwards that it was before.

    GRANTED BY would not do: it must name the current user.
    """
    lines = [f"SET LOCAL ROLE {quote_ident(grantor)}", *statements, "PERFORM set_config('role', former, true)"]
    body = "".join(f"    {line};\n" for line in lines)
    tag = next(tag for number in count() if (tag := f"$as{number or ''}$") not in body)
    return f"DO {tag}\nDECLARE\n    former text := current_setting('role');\nBEGIN\n{body}END\n{tag}"
