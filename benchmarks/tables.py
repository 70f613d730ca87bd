"""Models of any number of tables: twelve columns, five indexes and eight constraints each, with two keys to others.

Imports SQLAlchemy alone, so that every tool can have the same MetaData, whatever else is installed beside it.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

STATUSES = 20
"""How many enum types the tables share."""


def metadata(number: int) -> sa.MetaData:
    """`number` tables t0, t1, ... as one application declares them."""
    result = sa.MetaData()
    statuses = [sa.Enum("a", "b", "c", name=f"status_{each}", metadata=result) for each in range(STATUSES)]
    for each in range(number):
        _table(result, each, number, statuses[each % STATUSES])
    return result


def _table(result: sa.MetaData, each: int, number: int, status: sa.Enum) -> None:
    name = f"t{each}"
    sa.Table(
        name,
        result,
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("parent_id", sa.BigInteger, nullable=False),
        sa.Column("other_id", sa.BigInteger),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("quantity", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("code", sa.String(20), nullable=False, server_default="x"),
        sa.Column("price", sa.Numeric(12, 2)),
        sa.Column("status", status, nullable=False, server_default="a"),
        sa.Column("payload", postgresql.JSONB),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("code", "parent_id", name=f"uq_{name}_code"),
        sa.ForeignKeyConstraint(
            ["parent_id"], [f"t{(each + 1) % number}.id"], name=f"fk_{name}_parent", use_alter=True
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], [f"t{(each + 7) % number}.id"], name=f"fk_{name}_other", ondelete="SET NULL", use_alter=True
        ),
        sa.CheckConstraint("quantity >= 0", name=f"ck_{name}_quantity"),
        sa.CheckConstraint("price IS NULL OR price > 0", name=f"ck_{name}_price"),
        sa.CheckConstraint("char_length(code) > 0", name=f"ck_{name}_code"),
        sa.CheckConstraint("updated_at >= created_at", name=f"ck_{name}_updated"),
        sa.Index(f"ix_{name}_parent", "parent_id"),
        sa.Index(f"ix_{name}_other", "other_id"),
        sa.Index(f"ix_{name}_name", sa.text("lower(name)"), unique=True, postgresql_where=sa.text("email IS NOT NULL")),
        sa.Index(f"ix_{name}_created", "created_at", "status"),
        sa.Index(f"ix_{name}_payload", "payload", postgresql_using="gin"),
    )


DRIFT = (
    "ALTER TABLE {table} ADD COLUMN extra text",
    "ALTER TABLE {table} ALTER COLUMN quantity TYPE bigint",
    "ALTER TABLE {table} ALTER COLUMN code SET DEFAULT 'z'",
    "DROP INDEX ix_{table}_created",
)
"""What somebody did by hand to one table in a hundred, in turn."""


def ddl(number: int) -> list[str]:
    """What create_all would send."""
    statements: list[str] = []
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    engine = sa.create_mock_engine(
        "postgresql+psycopg2://", lambda sql, *_, **__: statements.append(str(sql.compile(dialect=dialect)))
    )
    metadata(number).create_all(engine, checkfirst=False)
    return statements


def drift(number: int) -> list[str]:
    """One change by hand for every hundredth table, one at least."""
    changed = max(1, number // 100)
    return [DRIFT[each % len(DRIFT)].format(table=f"t{each * (number // changed)}") for each in range(changed)]
