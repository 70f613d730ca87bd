"""Copies in memory: a database of a thousand tables is ten thousand files, and making those takes most of the time.

A tablespace in /dev/shm is there while the server runs; a copy goes there where there is room for many of its size.
Whatever stands in the way, copies are made on disk.
"""

from __future__ import annotations

import logging
import os
import shutil
import zlib
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from drift_pipeline.errors import ScratchError
from drift_pipeline.scratch import databases
from drift_pipeline.scratch.account import Account, own_directory

TABLESPACE = "drift_memory"
FOLDER = Path("/dev/shm")  # noqa: S108 - owner and mode are checked before use
ROOM = 4
"""So many times as large as a copy the free part of the folder has to be: a container has 64 MB of it."""
GROWS_TO = 1 << 30
"""Bytes that an empty database is taken for: models of 10,000 tables come to 0.7 GB."""
MEMORY = 8
"""So many times as large as a copy the machine's free memory has to be: the folder may promise more than there is."""

_log = logging.getLogger(__name__)


def make_room(parameters: dict[str, str], data: Path, account: Account) -> None:
    """Gives the server, which was just started, the tablespace. `data`: its data directory."""
    folder = _folder_of(data)
    if not FOLDER.is_dir():
        return
    try:
        with closing(databases.connect(parameters)) as session, session.cursor() as cursor:
            # what a killed server left behind: after a restart of the machine, files that are gone
            databases.sweep(session)
            _drop(cursor, folder, account)
            own_directory(folder, 0o700, account)
            cursor.execute(
                sql.SQL("create tablespace {} location {}").format(sql.Identifier(TABLESPACE), sql.Literal(str(folder)))
            )
    except (psycopg2.Error, ScratchError, OSError) as error:
        _log.info("scratch copies are made on disk, and not in memory: %s", error)


def give_back(parameters: dict[str, str], data: Path, account: Account) -> None:
    """Before the server is stopped: nothing of it stays in memory."""
    with (
        suppress(psycopg2.Error, ScratchError, OSError),
        closing(databases.connect(parameters)) as session,
        session.cursor() as cursor,
    ):
        _drop(cursor, _folder_of(data), account)


def place_for(cursor: Any, template: str) -> str:
    """The tablespace for a copy of the database `template`, which may itself be a copy in memory."""
    cursor.execute("select pg_catalog.pg_database_size(%s) from pg_catalog.pg_tablespace where spcname = %s",
                   (template, TABLESPACE))  # fmt: skip
    row = cursor.fetchone()
    if row is None:
        return databases.ON_DISK
    size = GROWS_TO if template == databases.EMPTY else row[0]
    room = size * ROOM < _free_in_folder() and size * MEMORY < _free_memory()
    return TABLESPACE if room else databases.ON_DISK


def _folder_of(data: Path) -> Path:
    return FOLDER / f"drift-{os.geteuid()}-{zlib.crc32(os.fsencode(data)):08x}"


def _drop(cursor: Any, folder: Path, account: Account) -> None:
    cursor.execute(sql.SQL("drop tablespace if exists {}").format(sql.Identifier(TABLESPACE)))
    if folder.is_dir():
        shutil.rmtree(own_directory(folder, 0o700, account))


def _free_in_folder() -> int:
    return shutil.disk_usage(FOLDER).free


def _free_memory() -> int:
    """Bytes; none where the system does not say."""
    with suppress(OSError, ValueError), Path("/proc/meminfo").open() as lines:
        for line in lines:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 0
