"""Alembic's operations stand for statements only where they make the same; PostgreSQL judges what they make."""

from __future__ import annotations

import pytest

from drift_pipeline.diff.compare import diff_schemas
from drift_pipeline.models.process.operations import as_sql
from drift_pipeline.plan.native.write import write_statements
from drift_pipeline.plan.revisions.operations import Operations, is_made_by
from drift_pipeline.schema.reader import read_schema
from tests.conftest import NewDatabase, run_sql

TABLE = 'CREATE SCHEMA other; CREATE TABLE t (id integer, "Na%me" text, n numeric(8,2) DEFAULT 1.5 NOT NULL);'
CHANGES = {
    "columns": "ALTER TABLE t ADD a varchar(20) DEFAULT 'x:y' NOT NULL, ADD b timestamptz, ADD c integer[], ADD d uuid,"
    ' DROP "Na%me"',
    "altered": "ALTER TABLE t ALTER id TYPE bigint, ALTER n TYPE integer USING n::integer, ALTER n DROP NOT NULL,"
    " ALTER n DROP DEFAULT, ALTER id SET NOT NULL, ALTER id SET DEFAULT 7",
    "table": "CREATE TABLE other.u (id bigint NOT NULL, note text DEFAULT 'it''s', at timestamp); DROP TABLE t",
    "constraints": 'ALTER TABLE t ADD PRIMARY KEY (id), ADD UNIQUE ("Na%me", n) DEFERRABLE INITIALLY DEFERRED,'
    " ADD CONSTRAINT positive CHECK (n > 0 AND \"Na%me\" <> 'a%b'),"
    " ADD CONSTRAINT own FOREIGN KEY (id) REFERENCES t (id) ON DELETE CASCADE",
    "indexes": 'CREATE INDEX one ON t (lower("Na%me") DESC, n NULLS FIRST) WHERE n > 2;'
    " CREATE UNIQUE INDEX two ON t (id) INCLUDE (n); CREATE INDEX three ON t USING hash (id);"
    ' CREATE INDEX four ON t ("Na%me" text_pattern_ops)',
    "comments": "COMMENT ON TABLE t IS '100 % of: \"it\"'; COMMENT ON COLUMN t.n IS 'a'",
}


@pytest.mark.parametrize("direction", ["there", "back"])
@pytest.mark.parametrize("change", CHANGES)
def test_what_an_operation_makes_is_what_the_statement_makes(
    change: str, direction: str, new_database: NewDatabase
) -> None:
    pair = [new_database(TABLE), new_database(TABLE + CHANGES[change])]
    database, wanted = pair if direction == "there" else pair[::-1]
    source, target = read_schema(database), read_schema(wanted)
    statements = write_statements(source, target, diff_schemas(source, target, planes="all", exact=True).differences)
    operations = Operations(source, target, "public")
    for statement in (each for each in statements if " OWNER TO " not in each.sql):
        (compiled,) = as_sql(["\n".join(operations.of(statement.sql))])
        assert is_made_by(statement.sql, compiled, "public"), statement.sql
        run_sql(database, compiled[0])
    assert diff_schemas(read_schema(database), target, planes="all", exact=True).differences == ()


ONLY_SQL = (
    "ALTER TABLE public.t ADD CONSTRAINT positive CHECK ((n > 0)) NOT VALID",
    "ALTER TABLE public.t ADD CONSTRAINT t_pkey PRIMARY KEY USING INDEX two",
    "ALTER TABLE ONLY public.t DROP COLUMN n",
    "DROP INDEX CONCURRENTLY IF EXISTS public.one",
    # the column is NOT NULL and has a default in the end; here it is neither yet
    "ALTER TABLE public.t ADD COLUMN a character varying(20)",
    "ALTER TABLE public.t ALTER COLUMN n TYPE public.mood USING n::text::public.mood",
    "ALTER TABLE public.t RENAME CONSTRAINT a TO b",
    "ALTER TYPE public.mood ADD VALUE 'glad'",
)


def test_what_alembic_has_no_words_for_stays_sql(new_database: NewDatabase) -> None:
    after = read_schema(new_database(TABLE + CHANGES["columns"].replace(', DROP "Na%me"', "")))
    assert [sql for sql in ONLY_SQL if Operations(after, after, "public").of(sql)] == []


@pytest.mark.parametrize(
    ("sql", "compiled"),
    [
        ("ALTER TABLE public.t DROP COLUMN a", ["ALTER TABLE t DROP COLUMN b"]),
        ("ALTER TABLE other.t DROP COLUMN a", ["ALTER TABLE t DROP COLUMN a"]),
        ("ALTER TABLE public.t DROP COLUMN a", ["ALTER TABLE t DROP COLUMN a", "DROP TYPE mood"]),
        ("ALTER TABLE public.t DROP COLUMN a", []),
        ("CREATE UNIQUE INDEX i ON public.t USING btree (a)", ["CREATE INDEX i ON t (a)"]),
    ],
)
def test_an_operation_that_makes_something_else_is_not_taken(sql: str, compiled: list[str]) -> None:
    assert not is_made_by(sql, compiled, "public")
