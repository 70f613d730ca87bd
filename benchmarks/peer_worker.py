"""One measurement of a peer, run by its own interpreter: a request on standard input, an answer on the output."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))
warnings.simplefilter("ignore")

from measure import measured  # noqa: E402 - no package here: the peer's environment has none of ours


def uri(parameters: dict[str, str]) -> str:
    """libpq's URI."""
    return "postgresql://?" + "&".join(f"{key}={quote(value, safe='')}" for key, value in parameters.items())


def migra(request: dict[str, Any]) -> object:
    """As its README says, drops included."""
    import psycopg2
    from migra import Migration
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    engines = [
        create_engine("postgresql+psycopg2://", creator=lambda p=p: psycopg2.connect(**p), poolclass=NullPool)
        for p in (request["source"], request["target"])
    ]
    with engines[0].connect() as one, engines[1].connect() as other:
        migration = Migration(one, other)
        migration.set_safety(False)
        migration.add_all_changes()
        return len(migration.statements)


def results(request: dict[str, Any]) -> object:
    """migra's successor."""
    import results as library
    from results.database import close_pool
    from results.dbdiff import Migration

    uris = [uri(request[side]) for side in ("source", "target")]
    try:
        migration = Migration(*(library.db(each) for each in uris))
        migration.set_safety(False)
        migration.add_all_changes_ordered(privileges=True)
        return len(str(migration.statements.sql))
    finally:
        for each in uris:
            close_pool(each)


def pgmig(request: dict[str, Any]) -> object:
    """Its Python interface."""
    import pgmig as library

    return len(str(library.generate(source=uri(request["source"]), target=uri(request["target"]))))


def alembic(request: dict[str, Any]) -> object:
    """autogenerate's comparison, with everything that it can be asked to compare."""
    import psycopg2
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool
    from tables import metadata

    global _metadata  # noqa: PLW0603 - made once, as an application does
    if _metadata is None:
        _metadata = metadata(request["tables"])
    engine = create_engine(
        "postgresql+psycopg2://", creator=lambda: psycopg2.connect(**request["source"]), poolclass=NullPool
    )
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return len(compare_metadata(context, _metadata))


_metadata: Any = None
OPERATIONS = {"migra": migra, "results": results, "pgmig": pgmig, "alembic": alembic}


def main() -> int:
    """Answer one request."""
    request = json.load(sys.stdin)
    answer = measured(
        lambda: OPERATIONS[request["operation"]](request), postmaster=request["postmaster"], repeat=request["repeat"]
    )
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
