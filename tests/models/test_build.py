"""Building the models: the same database as create_all makes, and as much of it as PostgreSQL accepts."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from drift_pipeline.config import Database
from drift_pipeline.errors import ScratchError
from drift_pipeline.models.build import BuildResult, build_models
from drift_pipeline.models.faults import without_faulty
from drift_pipeline.models.loader import load_models
from drift_pipeline.schema.reader import read_schema
from drift_pipeline.scratch.installations import embedded
from drift_pipeline.scratch.server import ScratchServer, scratch_server
from tests.conftest import installation_for
from tests.models import rich
from tests.models.applications import PLAIN, Application

NewDatabase = Callable[..., Database]
Ask = Callable[..., list[tuple[Any, ...]]]


def dump(database: Database) -> str:
    """What pg_dump makes of a schema, without the key that it draws anew for each dump."""
    own = embedded()
    assert own is not None
    parameters = database.parameters
    command = [
        str(own.bin / "pg_dump"), "--schema-only", "-h", parameters["host"], "-U", parameters["user"],
        parameters["dbname"],
    ]  # fmt: skip
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.sub(r"^\\(un)?restrict .*$", "", found, flags=re.MULTILINE)


def engine_of(database: Database) -> Any:
    parameters = database.parameters
    query = {"host": parameters["host"], "port": parameters["port"]}
    url = URL.create("postgresql+psycopg2", parameters["user"], database=parameters["dbname"], query=query)
    return create_engine(url)


def build(
    application: Application,
    database: Database,
    *targets: str,
    default_schema: str = "public",
    extensions: Mapping[str, str] | tuple[str, ...] = (),
    **settings: Any,
) -> BuildResult:
    loaded = load_models(
        application.settings(*targets, **settings),
        application.root,
        cache=application.cache,
        default_schema=default_schema,
    )
    return build_models(loaded, database, default_schema=default_schema, extensions=extensions)


def test_the_built_database_is_what_create_all_makes(application: Application, new_database: NewDatabase) -> None:
    by_create_all, by_us = new_database(), new_database()
    engine = engine_of(by_create_all)
    with engine.begin() as connection:
        connection.execute(text('CREATE SCHEMA "Sch%ema"'))
        rich.metadata.create_all(connection)
    engine.dispose()
    shutil.copy(Path(rich.__file__), application.root / "rich.py")
    result = build(application, by_us, "rich:metadata")
    assert result == BuildResult()
    expected = dump(by_create_all)
    assert "%(name)s" in expected
    assert dump(by_us) == expected


def test_what_postgresql_refuses_is_a_fault_with_its_place_and_the_rest_is_built(
    application: Application, new_database: NewDatabase, run_sql: Ask
) -> None:
    application.declare("""
    from sqlalchemy import CheckConstraint, Index, JSON
    from sqlalchemy.types import NullType, UserDefinedType


    class Odd(UserDefinedType):
        def get_col_spec(self, **options):
            return "NO_SUCH_TYPE"


    class Broken(Base):
        __tablename__ = "broken"
        id = Column(Integer, primary_key=True)
        odd = Column(Odd, index=True, comment="odd")
        order_id = Column(ForeignKey("orders.id"))


    class Typeless(Base):
        __tablename__ = "typeless"
        id = Column(Integer, primary_key=True)
        what = Column(NullType)


    class Sound(Base):
        __tablename__ = "sound"
        __table_args__ = (
            Index("ix_json", "data", postgresql_using="gin"),
            Index("ix_customers_email", "n"),
            Index("ix_empty"),
        )
        id = Column(Integer, primary_key=True)
        n = Column(Integer)
        data = Column(JSON)
        email = Column(ForeignKey("customers.email"))
        ghost = Column(Integer, ForeignKey("ghosts.id"))
        broken_id = Column(ForeignKey("broken.id"))
    """)
    database = new_database()
    faults = {each.what: each for each in build(application, database, "shop:Base").faults}
    tables = "select tablename from pg_tables where schemaname = 'public' order by 1"
    assert run_sql(database, tables) == [("customers",), ("orders",), ("sound",)]
    lines = (application.root / "shop.py").read_text().splitlines()

    def place(fragment: str) -> str:
        return f"shop.py:{next(at for at, each in enumerate(lines, 1) if fragment in each)}"

    assert 'type "no_such_type" does not exist' in faults["table broken"].message
    assert faults["table broken"].location == place("class Broken")
    assert faults["table typeless"].location == place("class Typeless")
    assert "gin" in faults["index ix_json"].message
    assert faults["index ix_json"].location == place("data = Column(JSON)")
    assert "no unique constraint" in faults["foreign key sound (email)"].message
    assert faults["foreign key sound (ghost)"].location == place("ghost = ")
    assert "broken" in faults["foreign key sound (broken_id)"].message
    # the index of the same name on another table was there first
    assert "already exists" in faults["index ix_customers_email"].message
    assert set(faults) == {
        "table broken",
        "table typeless",
        "index ix_json",
        "index ix_customers_email",
        "index ix_empty",
        "foreign key sound (email)",
        "foreign key sound (ghost)",
        "foreign key sound (broken_id)",
    }


def test_nothing_is_said_about_what_could_not_be_built(application: Application, new_database: NewDatabase) -> None:
    application.declare("""
    from sqlalchemy import Index
    from sqlalchemy.types import UserDefinedType

    class Odd(UserDefinedType):
        def get_col_spec(self, **options):
            return "no_such_type"

    Table("odd", Base.metadata, Column("a", Odd), Column("b", Integer), Index("ix_b", "b"), comment="odd")
    Table("keyed", Base.metadata, Column("email", ForeignKey("customers.email")))
    Index("ix_bad", Customer.__table__.c.id, postgresql_using="gin")
    """)
    models, live = (
        new_database(),
        new_database(
            "create table customers (id serial primary key, email varchar(200) unique);"
            "create table odd (a serial, b integer); create index ix_b on odd (b); comment on table odd is 'odd';"
            "create table keyed (email varchar(200) references customers (email));"
            "create index ix_bad on customers (id)"
        ),
    )
    faults = build(application, models, "shop:Base").faults
    kept = {str(each) for each in without_faulty(read_schema(live), faults).facts}
    assert {
        "table public.customers",
        "column public.keyed.email",
        "unique public.customers.customers_email_key",
    } <= kept
    assert not {each for each in kept if "odd" in each or "ix_bad" in each or each.startswith("foreign_key")}


def test_a_listener_that_fails_does_not_take_the_tables_with_it(
    application: Application, new_database: NewDatabase, run_sql: Ask
) -> None:
    application.declare("""
    from sqlalchemy import event

    @event.listens_for(Order.__table__, "before_create")
    def ask(target, connection, **options):
        connection.this_is_no_method()
    """)
    database = new_database()
    faults = build(application, database, "shop:Base").faults
    assert "this_is_no_method" in " ".join(each.message for each in faults)
    assert run_sql(database, "select to_regclass('customers') is not null") == [(True,)]


def test_order_among_statements_does_not_matter(
    application: Application, new_database: NewDatabase, run_sql: Ask
) -> None:
    application.declare("""
    from sqlalchemy import DDL, Index, event

    # a default that calls a function which is only made after all tables
    Table("aaa", Base.metadata, Column("id", Integer, server_default=text("next_one()")))
    event.listen(
        Base.metadata, "after_create", DDL("CREATE FUNCTION next_one() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    )
    # a foreign key to an index that is unique, and no constraint
    Index("uq_email", Customer.__table__.c.email, unique=True)
    Table("bbb", Base.metadata, Column("email", ForeignKey("customers.email")))
    """)
    database = new_database()
    assert build(application, database, "shop:Base").faults == ()
    assert run_sql(database, "select count(*) from pg_constraint where contype = 'f'") == [(2,)]


def test_unqualified_tables_go_into_the_default_schema(
    application: Application, new_database: NewDatabase, run_sql: Ask
) -> None:
    application.write("shop.py", PLAIN + "\n    Base.metadata.tables['orders'].append_column(Column('n', Integer))\n")
    database = new_database()
    schema = 'My "App" %s'
    assert build(application, database, "shop:Base", default_schema=schema).faults == ()
    found = run_sql(database, "select schemaname, tablename from pg_tables where tableowner = current_user"
                    " and schemaname !~ '^pg_|information' order by 2")  # fmt: skip
    assert found == [(schema, "customers"), (schema, "orders")]


def test_schema_translate_map_moves_tables_types_and_keys(
    application: Application, new_database: NewDatabase, run_sql: Ask
) -> None:
    application.declare("""
    from sqlalchemy import Enum
    Table(
        "sized", Base.metadata, Column("size", Enum("s", "m", name="size", schema="shared")),
        Column("customer", ForeignKey("customers.id")), schema="shared",
    )
    """)
    database = new_database()
    translate = {"": "tenant 1", "shared": "common"}
    result = build(application, database, "shop:Base", schema_translate_map=translate)
    assert result.faults == ()
    found = run_sql(database, "select relnamespace::regnamespace::text, relname from pg_class where relkind = 'r'"
                    " and relnamespace::regnamespace::text !~ '^pg_|information' order by 2")  # fmt: skip
    assert found == [('"tenant 1"', "customers"), ('"tenant 1"', "orders"), ("common", "sized")]
    assert run_sql(database, "select typnamespace::regnamespace::text from pg_type where typname = 'size'") == [
        ("common",)
    ]
    loaded = load_models(
        application.settings("shop:Base", schema_translate_map=translate), application.root, cache=application.cache
    )
    assert sorted(loaded.tables) == ["common.sized", "tenant 1.customers", "tenant 1.orders"]
    assert loaded.schemas == ("common", "tenant 1")


def test_two_metadata_share_one_database(application: Application, new_database: NewDatabase, run_sql: Ask) -> None:
    application.declare()
    application.write(
        "other.py",
        """
        from sqlalchemy import Column, Enum, Integer, MetaData, Table
        one, two = MetaData(), MetaData()
        for metadata in (one, two):
            Table("t%s" % id(metadata), metadata, Column("e", Enum("a", name="shared_enum")))
        """,
    )
    database = new_database()
    assert build(application, database, "shop:Base", "other:one", "other:two").faults == ()
    assert run_sql(database, "select count(*) from pg_type where typname = 'shared_enum'") == [(1,)]


def test_a_table_that_two_metadata_declare_alike_is_built_once(
    application: Application, new_database: NewDatabase, run_sql: Ask
) -> None:
    application.write(
        "other.py",
        """
        from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, Table
        one, two, three = MetaData(), MetaData(), MetaData()
        for metadata in (one, two):
            Table("alike", metadata, Column("id", Integer, primary_key=True), Column("up", ForeignKey("alike.id")))
            Index("ix_alike", metadata.tables["alike"].c.up)
        Table("alike", three, Column("id", Integer, primary_key=True))
        """,
    )
    database = new_database()
    assert build(application, database, "other:one", "other:two").faults == ()
    assert run_sql(database, "select count(*) from pg_constraint where contype = 'f'") == [(1,)]
    (fault,) = build(application, new_database(), "other:one", "other:three").faults
    assert fault.message == 'relation "alike" already exists'


# -- extensions -----------------------------------------------------------------------------------------------

EXTENDED = """
    from sqlalchemy import Column, Index, Integer, MetaData, Table, Text, text
    from sqlalchemy.dialects.postgresql import CITEXT, HSTORE, TSTZRANGE, UUID, ExcludeConstraint
    metadata = MetaData()
    Table(
        "t", metadata,
        Column("id", UUID, primary_key=True, server_default=text("uuid_generate_v4()")),
        Column("token", Text, server_default=text("encode(gen_random_bytes(16), 'hex')")),
        Column("email", CITEXT), Column("more", HSTORE), Column("room", Integer), Column("during", TSTZRANGE),
        Column("digest", Text), Column("vector", Text),
        Index("ix_trgm", "token", postgresql_using="gin", postgresql_ops={"token": "gin_trgm_ops"}),
        ExcludeConstraint(("room", "="), ("during", "&&"), using="gist", name="no_double_booking"),
    )
"""


def test_extensions_that_the_models_need_are_made_and_no_others(
    application: Application, new_database: NewDatabase, run_sql: Ask
) -> None:
    application.write("shop.py", EXTENDED)
    database = new_database()
    result = build(application, database, "shop:metadata")
    assert result.faults == ()
    assert result.stand_ins == ("pgcrypto", "uuid-ossp")
    installed = {name for (name,) in run_sql(database, "select extname from pg_extension")}
    assert installed == {"plpgsql", "uuid-ossp", "pgcrypto", "citext", "hstore", "pg_trgm", "btree_gist"}
    default = "select pg_get_expr(adbin, adrelid) from pg_attrdef order by adnum"
    assert run_sql(database, default) == [
        ("uuid_generate_v4()",),
        ("encode(gen_random_bytes(16), 'hex'::text)",),
    ]


def test_stand_ins_belong_to_their_extension_and_have_the_signatures_of_the_real_ones(
    new_database: NewDatabase, run_sql: Ask
) -> None:
    database = new_database('create extension pgcrypto; create schema e; create extension "uuid-ossp" schema e')
    members = "select count(*) from pg_proc p where not exists (select from pg_depend d where d.objid = p.oid"
    assert run_sql(
        database, members + " and d.deptype = 'e') and p.pronamespace::regnamespace::text in ('public', 'e')"
    ) == [(0,)]
    assert run_sql(database, "select e.uuid_nil() is null, digest('a', 'md5') is null") == [(True, True)]


@pytest.mark.slow
def test_stand_ins_have_exactly_the_functions_of_the_real_extensions(server: ScratchServer, run_sql: Ask) -> None:
    listing = """
        create extension pgcrypto; create extension "uuid-ossp";
        select p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.proisstrict,
               p.proparallel, p.proretset
        from pg_proc p join pg_depend d on d.objid = p.oid and d.deptype = 'e'
        join pg_extension e on e.oid = d.refobjid where e.extname <> 'plpgsql'
    """
    debian = installation_for(15)
    if debian is None:
        pytest.skip("PostgreSQL 15 with contrib is not installed on this machine")
    with scratch_server(installation=debian) as real, real.create() as theirs, server.create() as ours:
        expected, found = set(run_sql(theirs, listing)), set(run_sql(ours, listing))
    # 1.4 has one more than the 1.3 of PostgreSQL 15
    assert found - {("fips_mode", "", "boolean", "v", True, "s", False)} == expected


def test_extensions_lie_where_live_has_them(application: Application, new_database: NewDatabase, run_sql: Ask) -> None:
    application.write("shop.py", EXTENDED)
    database = new_database()
    live = {"citext": "ext 1", "uuid-ossp": "ext 1", "pg_trgm": "public", "plpgsql": "pg_catalog", "no_such": "public"}
    assert build(application, database, "shop:metadata", extensions=live).faults == ()
    where = "select extnamespace::regnamespace::text from pg_extension where extname = %s"
    assert run_sql(database, where, ("citext",)) == [('"ext 1"',)]
    assert run_sql(database, where, ("uuid-ossp",)) == [('"ext 1"',)]
    shown = "select format_type(atttypid, atttypmod) from pg_attribute where attname = 'email'"
    assert run_sql(database, "set search_path = ''; " + shown) == [('"ext 1".citext',)]


def test_an_extension_that_nobody_can_stand_in_for_names_the_way_out(
    application: Application, new_database: NewDatabase
) -> None:
    application.declare("""
    from sqlalchemy import DDL, event
    from sqlalchemy.types import UserDefinedType

    class Geometry(UserDefinedType):
        def get_col_spec(self, **options):
            return "geometry(POINT, 4326)"

    Table("places", Base.metadata, Column("at", Geometry))
    event.listen(Base.metadata, "before_create", DDL('CREATE EXTENSION IF NOT EXISTS "timescaledb" CASCADE'))
    """)
    faults = {each.what: each.message for each in build(application, new_database(), "shop:Base").faults}
    assert set(faults) == {"table places", "extension timescaledb"}
    assert "lacks the extension postgis" in faults["table places"]
    assert all("DRIFT_SCRATCH_URL" in message for message in faults.values())


def test_a_ddl_event_that_makes_an_extension_is_followed(
    application: Application, new_database: NewDatabase, run_sql: Ask
) -> None:
    application.declare("""
    from sqlalchemy import DDL, event
    event.listen(Base.metadata, "before_create", DDL('create extension if not exists "hstore" with schema "My ext"'))
    """)
    database = new_database()
    assert build(application, database, "shop:Base").faults == ()
    where = "select extnamespace::regnamespace::text from pg_extension where extname = 'hstore'"
    assert run_sql(database, where) == [('"My ext"',)]


def test_a_listener_that_makes_the_schemas_of_the_tables_is_no_fault(
    application: Application, new_database: NewDatabase, run_sql: Ask
) -> None:
    application.write(
        "shop.py",
        """
        from sqlalchemy import Column, DDL, Integer, MetaData, Table, event, text
        from sqlalchemy.schema import CreateSchema

        metadata = MetaData()
        Table("visits", metadata, Column("id", Integer, primary_key=True), schema="log")
        Table("rooms", metadata, Column("id", Integer, primary_key=True), schema="house")

        @event.listens_for(metadata, "before_create")
        def make_schema(target, connection, **options):
            if not connection.execute(text("select 1 from pg_namespace where nspname = 'log'")).scalar():
                connection.execute(CreateSchema("log"))

        event.listen(metadata, "before_create", DDL("CREATE SCHEMA house;"))
        """,
    )
    database = new_database()
    assert build(application, database, "shop:metadata").faults == ()
    there = "select to_regclass('log.visits') is not null and to_regclass('house.rooms') is not null"
    assert run_sql(database, there) == [(True,)]


def test_a_listener_that_inspects_the_connection_finds_nothing_there(
    application: Application, new_database: NewDatabase, run_sql: Ask
) -> None:
    application.declare("""
    from sqlalchemy import DDL, event, inspect

    @event.listens_for(Base.metadata, "after_create")
    def make_view(target, connection, **options):
        inspector = inspect(connection)
        if not inspector.has_table("everybody") and "everybody" not in inspector.get_view_names():
            connection.execute(DDL("CREATE VIEW everybody AS SELECT email FROM customers"))
    """)
    database = new_database()
    assert build(application, database, "shop:Base").faults == ()
    assert run_sql(database, "select to_regclass('everybody') is not null") == [(True,)]


def test_a_server_that_goes_away_is_no_fault_of_the_models(application: Application, new_database: NewDatabase) -> None:
    application.declare("""
    from sqlalchemy import DDL, event
    event.listen(Base.metadata, "before_create", DDL("SELECT pg_terminate_backend(pg_backend_pid())"))
    """)
    with pytest.raises(ScratchError, match="could not be built on scratch"):
        build(application, new_database(), "shop:Base")
