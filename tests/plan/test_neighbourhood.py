"""Planning looks at the neighbourhood of the drift alone, and writes what it would write with everything in view."""

from __future__ import annotations

from collections.abc import Callable

from drift_pipeline.config import Database
from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.plan.native.write import write_statements
from drift_pipeline.plan.neighbourhood import around
from drift_pipeline.schema.reader import read_schema

NEAR = """
create type mood as enum ('sad', 'glad');
create table author (id int primary key, mood mood);
create table book (id int primary key, author int references author, title text);
create view titles as select b.title, a.mood from book b join author a on a.id = b.author;
create view moods as select mood from titles;
create table parted (id int) partition by range (id);
create table part_one partition of parted for values from (1) to (2);
"""
FAR = "".join(f"create table far{each} (id int primary key, near int references author);" for each in range(60))
CHANGES = """
alter table author drop constraint author_pkey cascade;
drop view moods;
alter table book alter column title set not null, add column pages int;
alter table parted add column what text;
alter table far3 add column seen boolean;
"""


def test_the_same_statements_are_written_from_a_part_of_the_facts(new_database: Callable[[str], Database]) -> None:
    one, other = read_schema(new_database(NEAR + FAR)), read_schema(new_database(NEAR + FAR + CHANGES))
    for source, target in ((one, other), (other, one)):
        diff = diff_schemas(source, target)
        near = around(source, target, diff.differences[:3])
        assert len(near[0].facts) < len(source.facts) / 2 or len(near[0].facts) == len(source.facts)
        for differences in (diff.differences, diff.differences[:3], diff.differences[-1:]):
            part = around(source, target, differences)
            assert write_statements(*part, differences) == write_statements(source, target, differences)


def test_what_no_difference_concerns_is_left_out(new_database: Callable[[str], Database]) -> None:
    one, other = (
        read_schema(new_database(NEAR + FAR)),
        read_schema(new_database(NEAR + FAR + "alter table far3 add x int")),
    )
    near, _ = around(one, other, diff_schemas(one, other).differences)
    tables = {fact.id.name[1] for fact in near.of_kind("table")}
    assert "far3" in tables
    assert len(tables) < 5
