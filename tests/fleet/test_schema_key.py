"""What makes two databases of a fleet the same: what is compared, and nothing else."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from drift_pipeline.config import Database, IgnoreRule, Settings, load_settings
from drift_pipeline.fleet.check import schema_key
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.schema.version_table import LiveRevisions
from drift_pipeline.stage_values import LiveSchema
from tests.conftest import NewDatabase, run_sql

WHOLE = """
CREATE EXTENSION pgcrypto;
CREATE TYPE state AS ENUM ('new', 'paid');
CREATE DOMAIN euros AS numeric(10, 2) CHECK (VALUE >= 0);
CREATE SEQUENCE numbers;
CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL DEFAULT 'x', born date CHECK (born > '1900-01-01'));
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int REFERENCES customers,
    state state NOT NULL DEFAULT 'new', total euros, twice numeric GENERATED ALWAYS AS (total * 2) STORED,
    at timestamptz DEFAULT now()) ;
CREATE INDEX orders_at ON orders (at DESC) WHERE state = 'new';
CREATE VIEW open_orders AS SELECT * FROM orders WHERE state = 'new';
CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(total) FROM orders GROUP BY 1;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ begin new.at := now(); return new; end $$;
CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE events (at date, what text) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON customers USING (name = current_user);
COMMENT ON TABLE orders IS 'what was bought';
"""


def key(database: Database, settings: Settings) -> str:
    live = LiveSchema("tenants", read_schema(database), database.display)
    return schema_key(settings, ("public",), live)


@pytest.fixture
def settings(project_settings: Settings) -> Settings:
    return project_settings


@pytest.fixture
def project_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(tmp_path_factory.mktemp("settings"), environ={})


def test_the_same_schema_in_databases_of_other_names_made_in_another_order_for_another_owner(
    new_database: NewDatabase, settings: Settings
) -> None:
    first, second = new_database(), new_database()
    # other names, other object ids: what was there before and is gone
    owner = f"key_test_owner_{os.getpid()}"
    run_sql(second, f"CREATE TABLE gone (id serial, t text); DROP TABLE gone; CREATE ROLE {owner}")
    try:
        for database in (first, second):
            run_sql(database, WHOLE)
        run_sql(second, f"ALTER TABLE orders OWNER TO {owner}; GRANT SELECT ON customers TO {owner}")
        run_sql(second, "ALTER TABLE orders SET (fillfactor = 70); ALTER SEQUENCE numbers RESTART 500")
        run_sql(second, "CREATE SCHEMA backup; CREATE TABLE backup.old (id int); CREATE TABLE public.tmp_7 (id int)")
        ignoring = replace(settings, ignore=(IgnoreRule("*", "public.tmp_*"),))
        assert key(first, ignoring) == key(second, ignoring)
        assert key(first, settings) != key(second, settings)
        privileges = replace(ignoring, planes=("structure", "privileges"))
        assert key(first, privileges) != key(second, privileges)
        tuning = replace(ignoring, planes=("structure", "tuning"))
        assert key(first, tuning) != key(second, tuning)
    finally:
        run_sql(second, f"DROP OWNED BY {owner} CASCADE; DROP ROLE {owner}")


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE customers ALTER name DROP NOT NULL",
        "ALTER TABLE customers ALTER name SET DEFAULT 'y'",
        "ALTER TABLE customers ADD vip bool",
        "ALTER TABLE customers DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE orders DISABLE TRIGGER touched",
        "ALTER TYPE state ADD VALUE 'sent'",
        "DROP INDEX orders_at",
        "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ begin return new; end $$",
        "COMMENT ON TABLE orders IS 'something else'",
        "CREATE TABLE more (id int)",
        "CREATE EXTENSION citext",
        "CREATE PUBLICATION all_of_it FOR ALL TABLES",
    ],
)
def test_what_a_person_can_change_makes_another_schema(
    change: str, new_database: NewDatabase, settings: Settings
) -> None:
    database = new_database(WHOLE)
    before = key(database, settings)
    run_sql(database, change)
    assert key(database, settings) != before


def test_another_revision_is_another_case_because_causes_depend_on_it(
    new_database: NewDatabase, settings: Settings
) -> None:
    live = LiveSchema("tenants", read_schema(new_database(WHOLE)), "somewhere")
    keys = {
        schema_key(settings, ("public",), replace(live, revisions=LiveRevisions(ids)))
        for ids in (None, ("0001",), ("0002",))
    }
    assert len(keys) == 3
