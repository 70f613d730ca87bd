"""Sequences beyond the limits that the models give them: said before the plan is run, for a copy cannot know."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import psycopg2
import pytest

from drift_pipeline import use_case
from drift_pipeline.config import Database, Settings, load_settings
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.judge.findings import Evidence
from drift_pipeline.judgement import asks, count_evidence
from drift_pipeline.plan.native.write import write_statements
from drift_pipeline.plan.statements import Proof
from drift_pipeline.report import render
from drift_pipeline.schema.reader import read_schema
from tests.cli.conftest import variables_of
from tests.conftest import NewDatabase, run_sql

# what a sequence is and shall be, and what happened to it in between; the letter stands for its name
SEQUENCES = {
    "a": ("", "maxvalue 100", "select setval('a', 500)"),
    "b": ("", "maxvalue 100", "select setval('b', 100)"),
    "c": ("", "maxvalue 100", "select setval('c', 101, false)"),
    "d": ("start 60", "maxvalue 50", "select nextval('d')"),
    "e": ("start 60", "maxvalue 50", "select 1"),
    "f": ("", "minvalue 100 start 120", "select setval('f', 7)"),
    "g": ("start 100", "minvalue 50 start 100", "select setval('g', 3)"),
    "h": ("increment -1", "increment -1 minvalue -10", "select setval('h', -11)"),
    "i": ("increment -1", "increment -1 maxvalue -100 start -100", "select setval('i', -7)"),
    "j": ("maxvalue 50", "minvalue 100 start 100", "select setval('j', 50)"),
    "k": ("as bigint", "as smallint", "select setval('k', 40000)"),
    "l": ("as bigint maxvalue 90", "as smallint maxvalue 95", "select setval('l', 90)"),
    "m": ("", "cache 5", "select setval('m', 500)"),
    "n": ("increment -1 start -9", "increment -1 minvalue -5 start -2", "select setval('n', -7, false)"),
}
IDENTITIES = {
    "o": ("", "(maxvalue 100)", "select setval('t_o_seq', 500)"),
    "p": ("(sequence name other)", "(sequence name other maxvalue 100)", "select setval('other', 7)"),
    "q": ("(sequence name moved)", "(sequence name renamed maxvalue 100)", "select setval('moved', 500)"),
}
ANYWHERE = Settings(root=Path("/nonexistent"), evidence_timeout=60.0)


def side(number: int) -> str:
    columns = [f"{name} int generated always as identity {each[number]}" for name, each in IDENTITIES.items()]
    tables = f"create table t ({columns[0]}); create table u ({columns[1]}); create table v ({columns[2]});"
    return tables + "".join(f"create sequence {name} {each[number]};" for name, each in SEQUENCES.items())


def happened() -> str:
    return ";".join(each[2] for each in (*SEQUENCES.values(), *IDENTITIES.values()))


def refused(database: Database, statements: list[str]) -> bool:
    """Whether the server refuses them; nothing is left of them."""
    connection = psycopg2.connect(**database.parameters)
    try:
        with connection.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)
    except psycopg2.errors.InvalidParameterValue:
        return True
    finally:
        connection.close()
    return False


def test_what_the_server_will_refuse_is_said_of_each_sequence_and_of_no_other(new_database: NewDatabase) -> None:
    live, models = new_database(side(0)), new_database(side(1))
    run_sql(live, happened())
    source, target = read_schema(live), read_schema(models)
    diff = diff_schemas(source, target)
    told = count_evidence(ANYWHERE, live, diff, source, target)
    plan = write_statements(source, target, diff.differences)
    fails, does = {}, {}
    for difference in diff.differences:
        name = difference.id.name[-1]
        fails[name] = any(item.fails for item in told.get(difference.key, ()))
        does[name] = refused(live, [each.sql for each in plan if difference.key in each.settles])
    assert fails == does
    assert {name for name, is_refused in does.items() if is_refused} == {*"acdghkoq"}
    assert any("public.a stands at 500, beyond its new maximum 100" in item.text for item in chain(*told.values()))


MODELS = """
from sqlalchemy import Column, Integer, MetaData, Sequence, Table
metadata = MetaData()
Table("things", metadata, Column("id", Integer))
Sequence("numbers", metadata=metadata, maxvalue=100)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "drift.toml").write_text('[models]\ntargets = ["models:metadata"]\n[environments.production]\n')
    return load_settings(root=tmp_path, environ={})


@pytest.fixture
def live(new_database: NewDatabase) -> Database:
    return new_database("create table things (id int); create sequence numbers; select setval('numbers', 500)")


@pytest.fixture
def stranger(live: Database) -> Iterator[Database]:
    """A role that may connect to live and nothing else."""
    role = f"drift_numbers_{os.getpid()}"
    run_sql(live, f"create role {role} login")
    yield Database("production", {**live.parameters, "user": role})
    run_sql(live, f"drop owned by {role}; drop role {role}")


@pytest.mark.parametrize("online", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_no_output_calls_a_plan_proven_without_what_will_stop_it(
    settings: Settings, live: Database, *, online: bool
) -> None:
    report = use_case.check("production", settings=replace(settings, online=online), environ=variables_of(live))
    (finding,) = report.findings
    assert finding.severity == "critical"
    assert report.plan.proof is Proof.PROVEN
    outputs = [render.to_text(report, 4000, color=False), render.to_sql(report), render.to_markdown(report)]
    for text in [*outputs, render.to_json(report), render.to_html(report)]:
        assert "public.numbers stands at 500, beyond its new maximum 100" in text
        assert "As production stands, it fails at sequence public.numbers: decide first" in text
    script = outputs[1]
    assert script.index("-- fails: public.numbers stands at 500") < script.index("\nALTER SEQUENCE")


def test_a_role_that_may_not_read_the_position_hears_what_it_hangs_on(settings: Settings, stranger: Database) -> None:
    report = use_case.check("production", settings=settings, environ=variables_of(stranger))
    (finding,) = report.findings
    assert finding.severity == "major"
    script = render.to_sql(report)
    assert (
        "-- may fail: Where public.numbers stands could not be read: the role has no right to. The repair fails if it"
        in script
    )
    assert "nobody could look: see there" in script


def test_without_evidence_nothing_is_read_and_the_doubt_is_said(live: Database, new_database: NewDatabase) -> None:
    nowhere = Database("production", {"host": "/nonexistent", "dbname": "x"})
    source, target = (
        read_schema(live),
        read_schema(new_database("create table things (id int); create sequence numbers maxvalue 100")),
    )
    diff = diff_schemas(source, target)
    ((evidence,),) = count_evidence(replace(ANYWHERE, evidence="none"), nowhere, diff, source, target).values()
    limits = "The repair fails if it stands beyond 1 to 100"
    assert evidence == Evidence(
        f"Where public.numbers stands could not be read: evidence is switched off. {limits}", unsure=True
    )
    assert not asks(ANYWHERE, diff_schemas(target, source))  # wider limits take every position
