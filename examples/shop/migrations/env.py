"""Runs the shop's migrations on the database that SHOP_DATABASE_URL names."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import create_engine, pool

from shop.models import Base

target_metadata = Base.metadata
url = os.environ.get("SHOP_DATABASE_URL") or context.config.get_main_option("sqlalchemy.url") or ""


def include_name(name: str | None, type_: str, parent_names: dict[str, str | None]) -> bool:
    """Only the schemas that the shop owns."""
    return type_ != "schema" or name in (None, "billing")


if context.is_offline_mode():
    context.configure(
        url=url or None,
        dialect_name="postgresql",
        target_metadata=target_metadata,
        literal_binds=True,
        include_schemas=True,
        include_name=include_name,
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(
            connection=connection, target_metadata=target_metadata, include_schemas=True, include_name=include_name
        )
        with context.begin_transaction():
            context.run_migrations()
