"""While the online plan runs, nobody who uses the same tables waits for long; beside the plain plan they do."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg2
import pytest
from psycopg2 import errors

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.plan.online.run import run_steps
from drift_pipeline.plan.planner import plan_repair
from drift_pipeline.plan.statements import OnlinePlan, Plan, Proof, Step
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.server import ScratchServer

LIVE = """
create table customer (id serial primary key, email text, name varchar(20));
create table orders (id serial primary key, customer int not null, total int, state varchar(9),
                     weight int check (weight > 0));
create index orders_total on orders (total);
create index orders_weight on orders (weight);
create index orders_state on orders (state);
"""
ROWS = """
insert into customer (email, name) select 'c' || n || '@example.com', 'name ' || n from generate_series(1, 15000) n;
insert into orders (customer, total, state, weight)
  select 1 + n % 15000, n, 'new', 1 + n % 9 from generate_series(1, 200000) n;
analyze;
"""
MODELS = """
create table customer (id bigserial primary key, email text not null, name varchar(40),
                       token uuid not null default gen_random_uuid(), constraint customer_email unique (email));
create table orders (id bigserial primary key, customer bigint not null references customer on delete cascade,
                     total int not null, state varchar(9) default 'new', weight int check (weight > 0),
                     constraint positive check (total >= 0));
create index orders_weight on orders (weight);
create index orders_state on orders (state, total);
create unique index orders_id_state on orders (id, state);
create table review (id int primary key, about bigint references orders);
"""
LOCK_TIMEOUT = 0.1
LONGEST = LOCK_TIMEOUT + 0.1
EVERY = 0.01


@dataclass
class Neighbour:
    """A session that reads and writes each table once every 10 ms, and how long it waited at most."""

    database: Database
    waited: dict[str, float] = field(default_factory=dict)
    rounds: int = 0
    failed: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    WORK = (
        "select count(*) from (select email from customer where id = 7) as one",
        "update customer set name = 'changed' where id = 7",
        "insert into customer (email, name) values ('new' || nextval('round') || '@example.com', 'new')",
        "select count(*) from (select total from orders where id = 7) as one",
        "update orders set weight = weight % 9 + 1 where id = 7",
        "insert into orders (customer, total, weight) values (1, 5, 5)",
    )

    def go(self) -> None:
        connection = psycopg2.connect(**self.database.parameters)
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not self.done.is_set():
                began = time.monotonic()
                for sql in self.WORK:
                    self._once(cursor, sql)
                self.rounds += 1
                time.sleep(max(0.0, EVERY - (time.monotonic() - began)))
        connection.close()

    def _once(self, cursor: Any, sql: str) -> None:
        began = time.monotonic()
        try:
            cursor.execute(sql)
        except psycopg2.Error as error:
            self.failed.append(f"{sql}: {error}")
        waited = time.monotonic() - began
        self.waited[sql] = max(waited, self.waited.get(sql, 0.0))

    @property
    def longest(self) -> float:
        return max(self.waited.values())


@contextmanager
def neighbour(database: Database) -> Iterator[Neighbour]:
    other = Neighbour(database)
    thread = threading.Thread(target=other.go)
    thread.start()
    time.sleep(0.1)
    try:
        yield other
    finally:
        other.done.set()
        thread.join()


@pytest.fixture
def two(server: ScratchServer, new_database: Callable[..., Database]) -> tuple[Plan, Database, Database]:
    """The plan with its online variant, a live database with rows, and the models' database."""
    live, models = new_database(LIVE + ROWS), new_database(MODELS)
    before, after = read_schema(live), read_schema(models)
    diff = diff_schemas(before, after)
    plan = plan_repair(server, live=before, models=after, models_database=models, diff=diff, online=True)
    return plan, live, models


def _online(plan: Plan) -> OnlinePlan:
    assert plan.online is not None
    assert (plan.online.proof, plan.online.open) == (Proof.PROVEN, ())
    return plan.online


def _patiently(database: Database, steps: Sequence[Step]) -> None:
    """A step that did not get its lock in time is run again, from that step on."""
    reached = [0]
    for _ in range(50):
        try:
            run_steps(database, steps, begin_at=reached[-1], told=lambda number, _: reached.append(number))
        except errors.LockNotAvailable:
            continue
        return
    raise AssertionError(f"step {reached[-1]} never got its lock")


def _plainly(database: Database, plan: Plan) -> None:
    """In one transaction, as a migration does it; again when it met its neighbour in a deadlock."""
    connection = psycopg2.connect(**database.parameters)
    for _ in range(10):
        try:
            with connection, connection.cursor() as cursor:
                for statement in plan.statements:
                    cursor.execute(statement.sql)
        except errors.DeadlockDetected:
            continue
        break
    connection.close()


@pytest.mark.slow
def test_a_neighbour_never_waits_longer_than_the_lock_timeout_beside_the_online_plan_and_does_beside_the_plain_one(
    two: tuple[Plan, Database, Database],
    new_database: Callable[..., Database],
    dump: Callable[[Database], str],
    run_sql: Callable[..., list[tuple[Any, ...]]],
) -> None:
    plan, live, models = two
    other = new_database(template=live)
    for database in (live, other):
        run_sql(database, "create sequence round")
    brief = f"{LOCK_TIMEOUT * 1000:.0f}ms"
    steps = [replace(step, lock_timeout=brief if step.lock_timeout == "2s" else step.lock_timeout)
             for step in _online(plan).steps]  # fmt: skip
    assert all(step.online for step in steps)

    with neighbour(live) as beside:
        _patiently(live, steps)
    with neighbour(other) as beside_plain:
        _plainly(other, plan)

    assert beside.failed == []
    assert beside.rounds > 10
    # what a busy machine adds, it adds to both
    told = (beside.waited, beside_plain.waited)
    assert beside.longest < max(LONGEST, beside_plain.longest / 2), told
    assert beside_plain.longest > max(LOCK_TIMEOUT, beside.longest), told
    for database in (live, other):
        run_sql(database, "drop sequence round")
    assert dump(live) == dump(models)
    assert run_sql(
        live, "select count(*) filter (where token is null), count(distinct token) = count(*) from customer"
    ) == [(0, True)]
    assert run_sql(live, "select count(*), sum(total) from orders where id <= 200000 and id <> 7") == [
        (199999, 200000 * 200001 // 2 - 7)
    ]


# ---------------------------------------------------------------- who reads what is made anew

VIEWS = """
create view titles as select id, title, price from book;
comment on view titles is 'what';
create view shouted as select upper(title) as title from titles;
create function dear(price {0}) returns boolean language sql as 'select price > 10';
create view dearest as select id from titles where dear(price);
grant select on shouted, dearest to {1};
grant select (id) on titles to {1};
revoke execute on function dear from public;
grant execute on function dear to {1};
"""
READS = ("select title from shouted", "select id from titles", "select id from dearest")


@pytest.fixture
def the_reader(server: ScratchServer) -> Iterator[str]:
    """A role that is granted what the views show, and nothing else."""
    connection = psycopg2.connect(**server.parameters)
    connection.autocommit = True
    name = f"reader_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"create role {name}")
        yield name
        cursor.execute(f"drop role {name}")
    connection.close()


@dataclass
class Reader:
    """A session that reads every 10 ms what its role was granted, and what it was told instead of rows."""

    database: Database
    role: str
    refused: list[str] = field(default_factory=list)
    rounds: int = 0
    done: threading.Event = field(default_factory=threading.Event)

    def go(self) -> None:
        connection = psycopg2.connect(**self.database.parameters)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select set_config('role', %s, false)", (self.role,))
            while not self.done.is_set():
                for sql in READS:
                    try:
                        cursor.execute(sql)
                    except psycopg2.Error as error:
                        self.refused.append(f"{sql}: {error}")
                self.rounds += 1
                time.sleep(EVERY)
        connection.close()


@pytest.mark.slow
def test_whoever_was_granted_a_view_is_never_refused_while_the_online_plan_makes_it_anew(
    the_reader: str,  # goes after the databases in which it has been granted something
    server: ScratchServer,
    new_database: Callable[..., Database],
    dump: Callable[[Database], str],
) -> None:
    table = "create table book (id int primary key, title {0}, price {1});"
    rows = "insert into book select n, 'title ' || n, n from generate_series(1, 500) n;"
    live = new_database(table.format("varchar(40)", "int") + rows + VIEWS.format("int", the_reader))
    models = new_database(table.format("text", "bigint") + VIEWS.format("bigint", the_reader))
    before, after = read_schema(live), read_schema(models)
    diff = diff_schemas(before, after)
    plan = plan_repair(server, live=before, models=after, models_database=models, diff=diff, online=True)
    reader = Reader(live, the_reader)
    thread = threading.Thread(target=reader.go)
    thread.start()
    try:
        # a moment before each step, in which the reader sees what the one before has left
        run_steps(live, _online(plan).steps, told=lambda _number, _step: time.sleep(5 * EVERY))
    finally:
        reader.done.set()
        thread.join()
    assert reader.refused == []
    assert reader.rounds > 5
    assert dump(live) == dump(models)
