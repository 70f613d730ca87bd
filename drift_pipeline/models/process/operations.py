"""Alembic's operations, written as SQL without any database."""

from __future__ import annotations

import io
from typing import Any

import sqlalchemy
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql


def as_sql(sources: list[str]) -> list[list[str]]:
    """The statements that each source makes; an empty list for one that this Alembic or SQLAlchemy cannot."""
    return [_statements(each) for each in sources]


def _statements(source: str) -> list[str]:
    found: list[str] = []
    options = {"as_sql": True, "output_buffer": io.StringIO()}
    # a driver's way to write parameters would double percent signs
    named = {"paramstyle": "named"}
    context: Any = MigrationContext.configure(dialect_name="postgresql", opts=options, dialect_opts=named)
    context.impl.static_output = found.append
    names = {"op": Operations(context), "sa": sqlalchemy, "postgresql": postgresql}
    try:
        exec(compile(source, "<operation>", "exec"), names)  # noqa: S102 - written by this package
    except Exception:
        return []
    return [each.strip().rstrip(";") for each in found if each.strip()]
