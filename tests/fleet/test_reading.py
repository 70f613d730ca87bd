"""How many databases are read at once and in a second, and what happens when the server falls silent."""

from __future__ import annotations

import threading
import time

import pytest

from drift_pipeline.config import Database
from drift_pipeline.errors import ConfigError, DatabaseConnectionError, DriftError
from drift_pipeline.fleet import reading
from drift_pipeline.fleet.reading import read_all
from drift_pipeline.schema.facts import Schema
from drift_pipeline.stage_values import LiveSchema

MANY = [Database(f"tenants/{number}", {"dbname": str(number)}) for number in range(12)]


def live(database: Database) -> LiveSchema:
    return LiveSchema("tenants", Schema({}, 180000), database.display)


def test_no_more_connections_are_open_at_once_than_the_settings_allow() -> None:
    lock, now, most = threading.Lock(), 0, 0
    together = threading.Barrier(3)

    def read(database: Database) -> LiveSchema:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together.wait(60)  # until three are read at once
        time.sleep(0.005)  # time for a fourth
        with lock:
            now -= 1
        return live(database)

    outcomes = list(read_all(MANY, read, connections=3, rate=10_000))

    assert len(outcomes) == len(MANY)
    assert most == 3


def test_readings_begin_no_faster_than_the_rate() -> None:
    began: list[float] = []

    def read(database: Database) -> LiveSchema:
        began.append(time.monotonic())
        return live(database)

    start = time.monotonic()
    list(read_all(MANY[:6], read, connections=6, rate=50))

    # a step of 20 ms for each, however many threads there are
    late = [moment - start - number * 0.02 for number, moment in enumerate(sorted(began))]
    assert min(late) > -0.001, late


def test_what_may_pass_is_tried_once_more_when_the_others_are_done() -> None:
    tried: list[str] = []

    def read(database: Database) -> LiveSchema:
        tried.append(database.name)
        if database.name == "tenants/0" and tried.count(database.name) == 1:
            raise DatabaseConnectionError("restarting")
        if database.name == "tenants/1":
            raise ConfigError("wrong for ever")
        return live(database)

    outcomes = {database.name: outcome for database, outcome in read_all(MANY, read, connections=2, rate=10_000)}

    assert len(outcomes) == len(MANY)
    assert isinstance(outcomes["tenants/0"], LiveSchema)
    assert isinstance(outcomes["tenants/1"], ConfigError)
    assert tried.count("tenants/0") == 2
    assert tried[-1] == "tenants/0"
    assert tried.count("tenants/1") == 1


def test_a_server_that_answers_nobody_is_not_waited_for_a_thousand_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SILENT", 0.02)
    tried: list[str] = []

    def read(database: Database) -> LiveSchema:
        tried.append(database.name)
        if database.name == "tenants/0":
            return live(database)
        time.sleep(0.03)
        raise DatabaseConnectionError("timeout expired")

    outcomes = list(read_all(MANY, read, connections=1, rate=10_000))

    assert len(outcomes) == len(MANY)
    assert len(set(tried)) == 1 + 3
    said = [str(outcome) for _, outcome in outcomes if isinstance(outcome, DriftError)]
    assert sum("was not tried" in text for text in said) == len(MANY) - 4


def test_nobody_waits_for_the_rest_when_the_caller_stops() -> None:
    began = time.monotonic()
    read: list[str] = []

    def slow(database: Database) -> LiveSchema:
        read.append(database.name)
        time.sleep(0.02)
        return live(database)

    for _database, _outcome in read_all(MANY, slow, connections=1, rate=0.01):
        break  # the next would begin in a hundred seconds

    assert time.monotonic() - began < 50
    assert read == ["tenants/0"]
