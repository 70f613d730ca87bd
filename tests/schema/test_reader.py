"""Promises of the reader that do not depend on what is read: it only reads, needs nothing, and never mixes."""

from __future__ import annotations

import itertools
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.errors import ConcurrentChangeError, DatabaseConnectionError, ReadTimeoutError
from drift_pipeline.schema import reader
from drift_pipeline.schema.facts import FactId, Schema
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer
from tests.conftest import NewDatabase
from tests.schema.reader_support import changes

EVERYTHING = Path(__file__).with_name("everything.sql").read_text(encoding="utf-8")
SCHEMA = 'Sch"ema; DROP'
Run = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def everything(new_database: NewDatabase, run_sql: Run) -> Iterator[Database]:
    database = new_database(EVERYTHING)
    yield database
    # a database with a subscription cannot be dropped
    run_sql(database, "DROP SUBSCRIPTION IF EXISTS sub")


def as_role(database: Database, role: str) -> Database:
    return Database(database.name, {**database.parameters, "user": role, "password": "secret"})


def log_of(database: Database, run_sql: Run) -> Path:
    [(folder,)] = run_sql(database, "SHOW data_directory")
    return Path(folder).parent / "server.log"


def test_names_that_try_to_be_something_else_are_only_names(everything: Database) -> None:
    facts = read_schema(everything).facts
    table = FactId("table", (SCHEMA, "ta.ble"))
    assert facts[FactId("column", (SCHEMA, "ta.ble", "new\nline"))].parent == table
    assert facts[FactId("column", (SCHEMA, "ta.ble", "<script>"))].attributes["default"] == (
        '\'é\'::"Sch""ema; DROP"."mood\'s"'
    )
    assert facts[FactId("enum", (SCHEMA, "mood's"))].attributes["labels"] == ["so'so", "é", "🙂", 'a"b']
    assert facts[FactId("unique", (SCHEMA, "ta.ble", 'u"q'))].attributes["columns"] == ['co"l', "num"]
    assert facts[FactId("comment", ("column", SCHEMA, "ta.ble", "new\nline"))].attributes["text"] == "multi\nline"
    assert facts[FactId("comment", ("column", SCHEMA, "vi.ew", "id"))].parent == FactId("view", (SCHEMA, "vi.ew"))


def test_every_parent_and_every_end_of_a_dependency_is_a_fact(everything: Database) -> None:
    schema = read_schema(everything)
    assert {fact.parent for fact in schema.facts.values()} - {None} <= schema.facts.keys()
    assert {end for edge in schema.depends for end in edge} <= schema.facts.keys()
    edges = {(str(a.kind), a.name[-1], str(b.kind), b.name[-1]) for a, b in schema.depends}
    assert ("column", "<script>", "enum", "mood's") in edges
    assert ("column", "serial", "sequence", "ta.ble_serial_seq") in edges
    assert ("column", "twice", "column", "num") in edges
    assert ("view", "vi.ew", "column", 'co"l') in edges
    assert ("trigger", "tr%", "function", "") in edges
    assert ("foreign_key", "self", "primary_key", "ta.ble_pkey") in edges
    assert ("table", "child", "table", "parent") in edges
    assert not [edge for edge in schema.depends if edge[0] == edge[1]]


def test_secrets_are_not_read(everything: Database) -> None:
    schema = read_schema(everything)
    assert "hidden" not in repr([fact.attributes for fact in schema.facts.values()])
    assert schema.not_covered == {"connections of subscriptions": 1, "options of user mappings": 1}


def test_a_role_that_may_only_connect_reads_the_same_facts(everything: Database, run_sql: Run) -> None:
    everyone = read_schema(everything)
    role = f"only_connect_{everything.parameters['dbname'][-10:]}"
    run_sql(everything, f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    try:
        run_sql(
            everything,
            f"""REVOKE ALL ON DATABASE "{everything.parameters["dbname"]}" FROM PUBLIC;
            GRANT CONNECT ON DATABASE "{everything.parameters["dbname"]}" TO {role};
            REVOKE ALL ON SCHEMA public FROM PUBLIC; REVOKE ALL ON SCHEMA "Sch""ema; DROP" FROM PUBLIC""",
        )
        seen = read_schema(as_role(everything, role))
        expected = read_schema(everything)
    finally:
        run_sql(everything, f"DROP OWNED BY {role}")
        run_sql(everything, f"DROP ROLE {role}")
    assert changes(everyone, expected) == {"-privilege"}
    assert changes(expected, seen) == set()
    assert (seen.depends, seen.not_covered, seen.excluded) == (
        expected.depends,
        expected.not_covered,
        expected.excluded,
    )


def test_only_reading_statements_are_sent_and_few(everything: Database, run_sql: Run) -> None:
    name = everything.parameters["dbname"]
    run_sql(everything, f"ALTER DATABASE \"{name}\" SET log_statement = 'all'")
    log = log_of(everything, run_sql)
    start = log.stat().st_size
    read_schema(everything)
    with log.open("rb") as lines:
        lines.seek(start)
        text = lines.read().decode(errors="replace")
    sent = re.findall(r"LOG:  (?:statement|execute [^:]*): (.*?)(?=\n\S*\d{4}-\d\d-\d\d |\Z)", text, re.DOTALL)
    assert 3 < len(sent) <= 25
    for statement in sent:
        words = re.sub(r"--[^\n]*|\s+", " ", statement).split()
        assert words[0].upper() in {"SELECT", "WITH", "SET", "BEGIN", "COMMIT", "ROLLBACK", "SHOW"}, statement
    assert sum(statement.startswith("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") for statement in sent) == 2


def test_the_settings_of_the_role_make_no_difference(everything: Database, run_sql: Run) -> None:
    plain = read_schema(everything)
    name = everything.parameters["dbname"]
    for setting in (
        "timezone = 'Asia/Kathmandu'",
        "datestyle = 'German, DMY'",
        "intervalstyle = 'iso_8601'",
        "bytea_output = 'escape'",
        "quote_all_identifiers = on",
        "standard_conforming_strings = off",
        "extra_float_digits = -3",
        'search_path = "Sch""ema; DROP", public',
        "client_encoding = 'SQL_ASCII'",
        "default_transaction_isolation = 'serializable'",
    ):
        run_sql(everything, f'ALTER DATABASE "{name}" SET {setting}')
    odd = read_schema(everything)
    assert changes(plain, odd) == set()
    assert plain.fingerprint == odd.fingerprint


def test_order_of_creation_makes_no_difference(new_database: NewDatabase) -> None:
    parts = [
        "CREATE TABLE a (id int PRIMARY KEY, x int CHECK (x > 0))",
        "CREATE TYPE b AS ENUM ('x', 'y')",
        "CREATE TABLE c (id int UNIQUE, gone int, y text DEFAULT 'x'); ALTER TABLE c DROP gone",
        "CREATE SEQUENCE d; CREATE FUNCTION e() RETURNS int LANGUAGE sql AS 'select 1'",
    ]
    schemas = [read_schema(new_database("; ".join(order))) for order in (parts, parts[::-1])]
    assert schemas[0].fingerprint == schemas[1].fingerprint


@pytest.mark.slow
def test_majors_say_the_same_of_the_same_schema(
    major_server: ScratchServer, new_database: NewDatabase, run_sql: Run, everything: Database
) -> None:
    older = new_database(EVERYTHING, on=major_server)
    try:
        seen, expected = read_schema(older), read_schema(everything)
    finally:
        run_sql(older, "DROP SUBSCRIPTION IF EXISTS sub")
    # from 16 on, views print columns without their table where there is one table only
    views = {"view.definition", "materialized_view.definition"} if seen.server_major < 16 else set()
    owners = {older.parameters["user"], everything.parameters["user"]}
    assert len(owners) == 1, "the owner's name is part of the facts"
    assert changes(seen, expected) == views
    assert seen.not_covered == expected.not_covered


def consistent(schema: Schema) -> bool:
    """No constraint or index speaks of a column that the same snapshot does not have."""
    columns = {fact.id.name[-1] for fact in schema.of_kind("column")}
    texts = [str(fact.attributes["_definition"]) for fact in schema.of_kind("check", "unique", "index", "foreign_key")]
    named = {word for text in texts for word in re.findall(r"\bcol_\d+\b", text)}
    return named <= columns


@pytest.mark.parametrize("reads", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_changes_while_reading_never_mix(
    reads: int, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = "".join(
        f"CREATE TABLE t{n} (id int PRIMARY KEY, col_{n} int CHECK (col_{n} > 0), UNIQUE (col_{n}));"
        f"CREATE INDEX ON t{n} ((col_{n} + 1));"
        for n in range(20)
    )
    database = new_database(tables)
    began = time.monotonic()
    read_schema(database)
    # a read takes longer than most of the pauses, and shorter than some, on any machine
    pause = max(0.1, 2 * (time.monotonic() - began))
    monkeypatch.setattr(reader, "PATIENCE", 120.0)
    over = threading.Event()
    renames = itertools.count(1)

    def rename() -> None:
        connection = psycopg2.connect(**database.parameters)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for n in renames:
                if over.is_set():
                    break
                table, new = n % 20, f"col_{n % 20 + 100 * (n // 20 + 1)}"
                cursor.execute(f"SELECT attname FROM pg_attribute WHERE attrelid = 't{table}'::regclass AND attnum = 2")
                [(old,)] = cursor.fetchall()
                cursor.execute(f"ALTER TABLE t{table} RENAME {old} TO {new}")
                cursor.execute(
                    f"ALTER TABLE t{table} DROP CONSTRAINT IF EXISTS extra, ADD CONSTRAINT extra CHECK ({new} < {n})"
                )
                cursor.execute("CREATE TEMP TABLE x (a serial PRIMARY KEY); DROP TABLE x; TRUNCATE t1")
                time.sleep(random.expovariate(1 / pause))
        connection.close()

    worker = threading.Thread(target=rename)
    worker.start()
    try:
        for _ in range(reads):
            assert consistent(read_schema(database))
    finally:
        over.set()
        worker.join()


ELSEWHERE = (
    "CREATE ROLE {0}_a; CREATE ROLE {0}_b; GRANT {0}_a TO {0}_b; COMMENT ON ROLE {0}_a IS 'x'",
    "ALTER ROLE {0}_a SET work_mem = '9MB'; ALTER ROLE {0}_b IN DATABASE {1} SET jit = off",
    "GRANT CREATE ON TABLESPACE pg_default TO {0}_a",
    "ALTER ROLE {0}_a RENAME TO {0}_c; ALTER ROLE {0}_c RENAME TO {0}_a",
    "CREATE TABLE x (a serial PRIMARY KEY); GRANT SELECT ON x TO {0}_a; DROP TABLE x",
    "CREATE SUBSCRIPTION {0} CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)",
    "CREATE DATABASE {0}",
    "ALTER DATABASE {0} SET jit = off; COMMENT ON DATABASE {0} IS 'y'; GRANT CONNECT ON DATABASE {0} TO {0}_b",
    "DROP DATABASE {0}",
    "DROP SUBSCRIPTION {0}",
    "REVOKE CREATE ON TABLESPACE pg_default FROM {0}_a; ALTER ROLE {0}_b IN DATABASE {1} RESET jit",
    "DROP ROLE {0}_a, {0}_b",
)
"""What other sessions do to their own databases and to what all databases of a server share."""


@pytest.mark.parametrize("busy", ["everything", "subscriptions"])
def test_what_happens_in_other_databases_is_no_change_of_this_one(
    busy: str, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, other = new_database("CREATE TABLE t (id int PRIMARY KEY)"), new_database()
    over, once, label = threading.Event(), threading.Event(), f"elsewhere_{os.getpid()}"
    chosen = ELSEWHERE if busy == "everything" else [sql for sql in ELSEWHERE if "SUBSCRIPTION" in sql]

    def bustle() -> None:
        with closing(psycopg2.connect(**other.parameters)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not over.is_set():
                for sql in chosen:
                    cursor.execute(sql.format(label, other.parameters["dbname"]))
                once.set()

    monkeypatch.setattr("drift_pipeline.schema.reader.ATTEMPTS", 1)
    monkeypatch.setattr("drift_pipeline.schema.reader.PATIENCE", 0.0)
    worker = threading.Thread(target=bustle)
    worker.start()
    try:
        seen = {read_schema(database).fingerprint for _ in range(20)}
        while worker.is_alive() and not once.is_set():
            seen.add(read_schema(database).fingerprint)
    finally:
        over.set()
        worker.join()
    assert len(seen) == 1
    assert once.is_set()


def test_temporary_tables_and_truncate_are_no_deployment(new_database: NewDatabase) -> None:
    database = new_database("CREATE TABLE t (id int PRIMARY KEY)")
    over = threading.Event()

    def bustle() -> None:
        connection = psycopg2.connect(**database.parameters)
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not over.is_set():
                cursor.execute(
                    "CREATE TEMP TABLE x (a serial PRIMARY KEY, b int CHECK (b > 0)); TRUNCATE t; DROP TABLE x"
                )
        connection.close()

    worker = threading.Thread(target=bustle)
    worker.start()
    try:
        seen = {read_schema(database).fingerprint for _ in range(5)}
    finally:
        over.set()
        worker.join()
    assert len(seen) == 1


def test_a_lock_that_a_deployment_holds_is_said_to_be_one(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "LOCK_TIMEOUT", 0.2)
    database = new_database(
        "CREATE TABLE t (id int PRIMARY KEY, a int CHECK (a > 0)); CREATE VIEW v AS SELECT a FROM t"
    )
    holder = psycopg2.connect(**database.parameters)
    try:
        with holder.cursor() as cursor:
            cursor.execute("ALTER TABLE t ADD b int")
            with pytest.raises(ConcurrentChangeError) as caught:
                read_schema(database)
        assert database.name in caught.value.message
        assert "deployment" in caught.value.hint
        holder.rollback()
        assert read_schema(database).of_kind("view")
    finally:
        holder.close()


def test_the_time_limit_is_named(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    database = new_database()
    real = reader.query_of
    monkeypatch.setattr(
        reader, "query_of", lambda names: "SELECT pg_sleep(30)" if names == ("column",) else real(names)
    )
    start = time.monotonic()
    with pytest.raises(ReadTimeoutError) as caught:
        read_schema(database, read_timeout=0.5)
    assert time.monotonic() - start < 20
    assert "read_timeout" in caught.value.message + caught.value.hint
    assert "\n" not in caught.value.message


def test_a_server_that_hangs_is_left(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend that does not answer does not keep its own time limit either: here, one that ignores it."""
    database = new_database()
    real = reader._pin

    def forgetful(cursor: Any, settings: Any) -> None:
        real(cursor, [setting for setting in settings if setting[0] != "statement_timeout"])

    monkeypatch.setattr(reader, "_pin", forgetful)
    original = reader.query_of
    monkeypatch.setattr(
        reader, "query_of", lambda names: "SELECT pg_sleep(60)" if names == ("column",) else original(names)
    )
    start = time.monotonic()
    with pytest.raises(ReadTimeoutError):
        read_schema(database, read_timeout=0.3)
    assert time.monotonic() - start < 40


def test_a_cut_connection_is_said_to_be_one(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch, run_sql: Run
) -> None:
    database = new_database()
    real = reader.query_of
    suicide = "SELECT pg_terminate_backend(pg_backend_pid())"
    monkeypatch.setattr(reader, "query_of", lambda names: suicide if names == ("column",) else real(names))
    with pytest.raises(DatabaseConnectionError) as caught:
        read_schema(database)
    assert database.name in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_in_which_order_a_table_has_the_columns_of_a_check_says_nothing(new_database: NewDatabase) -> None:
    check = "constraint one_of_them check (b is not null or a is not null)"
    left, right = (
        read_schema(new_database(f"create table t (c int, {columns}, {check})"))
        for columns in ("a int, b int", "b int, a int")
    )
    key = FactId("check", ("public", "t", "one_of_them"))
    assert left.facts[key].stated == right.facts[key].stated
