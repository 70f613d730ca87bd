"""migra, through its library interface; it is the engine that teams know."""

from __future__ import annotations

from migra import Migration
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from drift_pipeline.plan.engines.session import read_only_connection


def propose(source: str, target: str) -> list[str]:
    """Statements that turn the database at `source` into the one at `target`, drops included. Both are only read."""
    # libpq parses the URIs: SQLAlchemy's own parser knows neither socket directories nor every parameter
    engines = [
        create_engine("postgresql+psycopg2://", creator=lambda uri=uri: read_only_connection(uri), poolclass=NullPool)
        for uri in (source, target)
    ]
    with engines[0].connect() as from_connection, engines[1].connect() as to_connection:
        migration = Migration(from_connection, to_connection)
        migration.set_safety(False)
        migration.add_all_changes()
        return [str(statement) for statement in migration.statements]
