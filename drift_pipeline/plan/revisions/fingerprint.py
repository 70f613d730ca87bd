"""What a revision may ask before it begins: whether the tables that it changes are as they were when it was made.

It covers their columns, constraints and indexes, as PostgreSQL prints them. Nothing of this package is needed where the
revision runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import psycopg2

from drift_pipeline.config import Database
from drift_pipeline.diff.differences import Difference
from drift_pipeline.errors import ScratchError
from drift_pipeline.plan.native.address import CONSTRAINTS
from drift_pipeline.plan.native.quote import dotted, quote_literal
from drift_pipeline.plan.revisions.source import INDENT, broken, escaped, literal
from drift_pipeline.plan.sandbox import connect

_QUERY = (Path(__file__).parent / "sql" / "fingerprint.sql").read_text(encoding="utf-8")
_OF_TABLES = (*CONSTRAINTS, "table", "column", "index", "trigger", "policy", "rule")
_PLAIN_NAMES = "SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)"


def question(differences: Iterable[Difference]) -> str:
    """The query for the fingerprint of the tables that these differences are about; empty if they are about none."""
    names = {each.id.name[:2] for each in differences if each.id.kind in _OF_TABLES}
    if not names:
        return ""
    tables = ", ".join(f"pg_catalog.to_regclass({quote_literal(dotted(*name))})" for name in sorted(names))
    return " ".join(_QUERY.replace("{tables}", tables).split())


def fingerprint(database: Database, asked: str) -> str:
    """The answer of one database. Raises ScratchError."""
    with closing(connect(database)) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(_PLAIN_NAMES)
            cursor.execute(asked)
            (answer,) = cursor.fetchone()
        except psycopg2.Error as error:
            raise ScratchError("the fingerprint of the tables could not be read on scratch") from error
    return str(answer)


def check_lines(asked: str, known: Sequence[str]) -> Iterator[str]:
    """The lines of `upgrade()` that ask it, and stop where the answer is none of those known."""
    yield "# made for tables that are like this, or as the history or the models have them"
    yield f"known = {{{', '.join(literal(each) for each in sorted(set(known)))}}}"
    yield "fingerprint = ("
    yield from (f"{INDENT}{each}" for each in broken(escaped(asked)))
    yield ")"
    yield "if not op.get_context().as_sql:"
    yield f'{INDENT}path = op.get_bind().execute(sa.text("SHOW search_path")).scalar()'
    yield f"{INDENT}set_path = sa.text(\"SELECT set_config('search_path', :path, false)\")"
    yield f'{INDENT}op.get_bind().execute(set_path, {{"path": "pg_catalog"}})'
    yield f"{INDENT}found = op.get_bind().execute(sa.text(fingerprint)).scalar()"
    yield f'{INDENT}op.get_bind().execute(set_path, {{"path": path}})'
    yield f"{INDENT}if found not in known:"
    yield f'{INDENT * 2}raise RuntimeError(f"this revision was made for other tables; here they are {{found}}")'
    yield ""
