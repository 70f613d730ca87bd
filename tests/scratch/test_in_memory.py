"""Copies of scratch databases are made in memory where there is room, and on disk where anything is in the way."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from drift_pipeline.scratch import in_memory
from drift_pipeline.scratch.server import ScratchServer, scratch_server
from tests.scratch.conftest import server_processes

SHARED = Path("/dev/shm")
pytestmark = pytest.mark.skipif(not SHARED.is_dir() or not os.access(SHARED, os.W_OK), reason="there is no /dev/shm")


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were room for many copies; other tests may have theirs there at the same time."""
    if shutil.disk_usage(SHARED).free < 24_000_000:
        pytest.skip("there is no room for a copy in /dev/shm")
    monkeypatch.setattr(in_memory, "ROOM", 1)
    monkeypatch.setattr(in_memory, "MEMORY", 1)


def place_of(server: ScratchServer, name: str) -> str:
    connection = psycopg2.connect(**server.parameters)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "select t.spcname from pg_database d join pg_tablespace t on t.oid = d.dattablespace"
                " where d.datname = %s",
                (name,),
            )
            return str(cursor.fetchone()[0])
    finally:
        connection.close()


def place_of_a_copy(server: ScratchServer) -> str:
    with server.create(label="original") as original:
        connection = psycopg2.connect(**original.parameters)
        with connection, connection.cursor() as cursor:
            cursor.execute("create table kept (id int primary key, note text)")
        connection.close()
        with server.create(template=original.parameters["dbname"], label="copy") as copy:
            connection = psycopg2.connect(**copy.parameters)
            with connection, connection.cursor() as cursor:
                cursor.execute("insert into kept values (1, 'a') returning id")
            connection.close()
            return place_of(server, copy.parameters["dbname"])


def folder_of(home: Path) -> Path:
    """Where the server of this home has its copies in memory."""
    (data,) = home.glob("*/data")
    return in_memory._folder_of(data)


@pytest.mark.usefixtures("room")
def test_a_copy_is_made_in_memory_and_nothing_stays_there_when_the_server_stops(home: Path) -> None:
    with scratch_server() as server:
        assert place_of_a_copy(server) == "drift_memory"
        assert folder_of(home).parent == Path("/dev/shm")
        assert folder_of(home).stat().st_mode & 0o077 == 0
    assert not folder_of(home).exists()


@pytest.mark.parametrize("room", ["ROOM", "MEMORY"])
def test_where_memory_is_short_a_copy_is_made_on_disk(home: Path, monkeypatch: pytest.MonkeyPatch, room: str) -> None:
    monkeypatch.setattr(in_memory, room, sys.maxsize)
    with scratch_server() as server:
        assert place_of_a_copy(server) == "pg_default"


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize(("grows_to", "place"), [(1, in_memory.TABLESPACE), (1 << 60, "pg_default")])
def test_an_empty_database_is_made_in_memory_if_there_is_room_for_what_it_grows_to(
    home: Path, room: None, monkeypatch: pytest.MonkeyPatch, grows_to: int, place: str
) -> None:
    monkeypatch.setattr(in_memory, "GROWS_TO", grows_to)
    with scratch_server() as server, server.create(label="models") as database:
        assert place_of(server, database.parameters["dbname"]) == place


def test_a_copy_of_a_copy_is_made_on_disk_when_memory_is_short_by_then(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        scratch_server() as server,
        server.create() as original,
        server.create(template=original.parameters["dbname"]) as first,
    ):
        assert place_of(server, first.parameters["dbname"]) == "drift_memory"
        monkeypatch.setattr(in_memory, "ROOM", sys.maxsize)
        with server.create(template=first.parameters["dbname"]) as second:
            assert place_of(server, second.parameters["dbname"]) == "pg_default"


def test_a_role_without_rights_on_any_tablespace_makes_copies_where_the_template_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_memory, "ROOM", sys.maxsize)
    with scratch_server() as server:
        connection = psycopg2.connect(**server.parameters)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("create role modest login createdb")
        connection.close()
        assert place_of_a_copy(replace(server, parameters={**server.parameters, "user": "modest"})) == "pg_default"


def test_where_there_is_no_such_folder_or_somebody_elses_copies_are_made_on_disk(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(in_memory, "FOLDER", tmp_path / "missing")
    with scratch_server() as server:
        assert place_of_a_copy(server) == "pg_default"
    theirs = tmp_path / "theirs"
    monkeypatch.setattr(in_memory, "FOLDER", theirs)
    target = in_memory._folder_of(home / "18-embedded" / "data")
    target.mkdir(parents=True)
    target.chmod(0o777)
    with scratch_server() as server:
        assert place_of_a_copy(server) == "pg_default"
    assert target.is_dir()


@pytest.mark.usefixtures("room")
def test_what_was_in_memory_when_the_machine_went_down_is_forgotten_and_copies_are_made_there_again(home: Path) -> None:
    with scratch_server() as server:
        for template in ("", "template1"):
            # as by a process that was killed: nobody drops it
            connection = psycopg2.connect(**server.parameters)
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(
                    f"create database drift_scratch_156a8775_left_{len(template)} template template1"
                    " strategy file_copy tablespace drift_memory"
                )
            connection.close()
        for pid in server_processes(home):
            os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 60
        while folder_of(home).exists() and time.monotonic() < until:
            shutil.rmtree(folder_of(home), ignore_errors=True)  # its children may write until they notice
    with scratch_server() as server:
        assert place_of_a_copy(server) == "drift_memory"
        connection = psycopg2.connect(**server.parameters)
        with connection, connection.cursor() as cursor:
            cursor.execute("select count(*) from pg_database where datname like '%%left%%'")
            assert cursor.fetchone() == (0,)
        connection.close()
    assert not folder_of(home).exists()
