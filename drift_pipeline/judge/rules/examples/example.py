"""An example: a difference made by SQL, and what must be said of it.

The pages of the rules show the examples, and the tests make each of them on a real server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Expected = tuple[str, str, str]
"""Rule, severity and impact of a finding."""


@dataclass(frozen=True)
class Example:
    """What both sides share, what was done live, what the models have instead; each in a schema of its own.

    `expected`: of every finding in that schema, worst first, written by hand from the fixed table and the hazards.
    `about`: the finding's object if it belongs to the database as a whole, such as "extension hstore".
    """

    name: str
    both: str
    live: str
    models: str
    expected: tuple[Expected, ...]
    about: str = ""
    exact: bool = False
    """Whether only an exact comparison tells the two sides apart."""


def example(name: str, both: str, live: str, models: str, *expected: Expected) -> Example:
    """An example in a schema called `name`."""
    return Example(name, both, live, models, expected)


def exactly(name: str, both: str, live: str, models: str, *expected: Expected) -> Example:
    """An example that only an exact comparison tells."""
    return Example(name, both, live, models, expected, exact=True)


def of_database(about: str, both: str, live: str, models: str, expected: Expected) -> Example:
    """An example whose one finding is about `about`, which belongs to no schema."""
    return Example(about.replace(" ", "_"), both, live, models, (expected,), about)


T: Final = "create table t (id int primary key, a int, b text);"
P: Final = "create table p (id int primary key);"
