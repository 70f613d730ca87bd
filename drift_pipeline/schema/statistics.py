"""How large tables are and how much indexes are used, from the server's statistics: no fact, and no row is read."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources

import psycopg2

from drift_pipeline.config import Database
from drift_pipeline.errors import DriftError
from drift_pipeline.schema.connect import connect


@dataclass(frozen=True)
class RelationStatistics:
    """What the statistics say of a table, a materialised view or an index; with partitions, of all of them together.

    `rows` is an estimate of the last vacuum or analyse, or what was counted since, if that is much more; `bytes` (with
    indexes and TOAST) is 0 where they are not known: before the first, or if the table was next to empty then.
    `scans`: how often it was read (an index: used). `vacuumed`, `analysed`: when last, by hand or not; None for never.
    """

    index: bool
    rows: int
    bytes: int
    scans: int
    vacuumed: datetime | None = None
    analysed: datetime | None = None


@dataclass(frozen=True)
class Statistics:
    """By schema and name. `since`: when counting began; None for ever since. `note`: why they could not be read."""

    relations: Mapping[tuple[str, str], RelationStatistics] = field(default_factory=dict)
    since: datetime | None = None
    note: str = ""


def read_statistics(database: Database, *, connect_timeout: int = 10, timeout: float = 10.0) -> Statistics:
    """The statistics of all relations. Every role that may connect may read them.

    They only help people to judge, so nothing is raised: `note` says why there are none.
    """
    query = resources.files(__package__).joinpath("statistics.sql").read_text(encoding="utf-8")
    try:
        with closing(connect(database, connect_timeout=connect_timeout)) as connection, connection.cursor() as cursor:
            cursor.execute("BEGIN READ ONLY")
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', '2s', true),"
                " set_config('search_path', '', true), set_config('application_name', 'drift', true)",
                (str(int(timeout * 1000)),),
            )
            cursor.execute(query)
            rows = cursor.fetchall()
            cursor.execute("COMMIT")
    except DriftError as error:
        return Statistics(note=f"the statistics of the tables could not be read: {error.message}")
    except psycopg2.Error as error:
        words = " ".join((error.diag.message_primary or type(error).__name__).split())
        return Statistics(note=f"the statistics of the tables could not be read: {words}")
    relations = {(row[0], row[1]): RelationStatistics(row[2], max(row[3], 0), *row[4:8]) for row in rows}
    return Statistics(relations, next((row[8] for row in rows), None))
