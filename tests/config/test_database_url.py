"""Every spelling of an address leads to the database that is meant, and no mistake shows a password."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import parse_dsn

from drift_pipeline.config import parse_database_url
from drift_pipeline.errors import ConfigError

PLAIN = {"host": "h", "port": "5433", "user": "u", "password": "pw", "dbname": "d"}
LOCAL = {"user": "u", "password": "pw", "dbname": "d"}

SPELLINGS = [
    # schemes and drivers
    ("postgres://u:pw@h:5433/d", PLAIN),
    ("postgresql://u:pw@h:5433/d", PLAIN),
    ("POSTGRESQL://u:pw@h:5433/d", PLAIN),
    ("postgresql+psycopg2://u:pw@h:5433/d", PLAIN),
    ("postgresql+psycopg://u:pw@h:5433/d", PLAIN),
    ("postgresql+psycopg_async://u:pw@h:5433/d", PLAIN),
    ("postgresql+asyncpg://u:pw@h:5433/d", PLAIN),
    ("postgresql+pg8000://u:pw@h:5433/d", PLAIN),
    ("postgis://u:pw@h:5433/d", PLAIN),
    ("jdbc:postgresql://h:5433/d?user=u&password=pw", PLAIN),
    ("  postgresql://u:pw@h:5433/d\n", PLAIN),
    ("'postgresql://u:pw@h:5433/d'", PLAIN),
    # libpq's own words
    ("host=h port=5433 user=u password=pw dbname=d", PLAIN),
    ("host=h port=5433 user=u password='pw' dbname='d'", PLAIN),
    ("service=shop", {"service": "shop"}),
    # no port, no password, no user: libpq's defaults, .pgpass and certificates hold
    ("postgresql://u@h/d", {"host": "h", "user": "u", "dbname": "d"}),
    ("postgresql://h/d", {"host": "h", "dbname": "d"}),
    ("postgresql://u:@h:/d", {"host": "h", "user": "u", "dbname": "d"}),
    # TLS
    ("postgresql+asyncpg://u:pw@h:5433/d?ssl=require", {**PLAIN, "sslmode": "require"}),
    ("postgresql+asyncpg://u:pw@h:5433/d?ssl=verify-full", {**PLAIN, "sslmode": "verify-full"}),
    ("postgres://u:pw@h:5433/d?ssl=true", {**PLAIN, "sslmode": "require"}),
    ("postgres://u:pw@h:5433/d?ssl=False", {**PLAIN, "sslmode": "disable"}),
    ("postgres://u:pw@h:5433/d?sslmode=no-verify", {**PLAIN, "sslmode": "require"}),
    (
        "postgres://u:pw@h:5433/d?sslmode=verify-ca&sslrootcert=%2Fetc%2Fca.pem",
        {**PLAIN, "sslmode": "verify-ca", "sslrootcert": "/etc/ca.pem"},
    ),
    # what drivers and pools put there says nothing about where the database is
    ("postgresql+asyncpg://u:pw@h:5433/d?prepared_statement_cache_size=0&command_timeout=60", PLAIN),
    ("postgresql://u:pw@h:5433/d?schema=public&connection_limit=5&pgbouncer=true", PLAIN),
    ("postgres://u:pw@h:5433/d?pool_timeout=10&pool_max_conns=4", PLAIN),
    # what libpq understands stays
    ("postgres://u:pw@h:5433/d?application_name=a+b", {**PLAIN, "application_name": "a+b"}),
    ("postgres://u:pw@h:5433/d?options=-c%20search_path%3Dx", {**PLAIN, "options": "-c search_path=x"}),
    # hosts
    ("postgresql://u:pw@[2001:db8::1]:5433/d", {**PLAIN, "host": "2001:db8::1"}),
    ("postgresql://u:pw@[::1]/d", {**LOCAL, "host": "::1"}),
    ("postgresql:///d?host=/var/run/postgresql&user=u&password=pw", {**LOCAL, "host": "/var/run/postgresql"}),
    ("postgresql://u:pw@/d?host=/cloudsql/project:region:name", {**LOCAL, "host": "/cloudsql/project:region:name"}),
    ("postgresql://u:pw@%2Fvar%2Frun%2Fpostgresql/d", {**LOCAL, "host": "/var/run/postgresql"}),
    ("postgresql://u:pw@h1:1,h2:2/d", {**LOCAL, "host": "h1,h2", "port": "1,2"}),
    ("postgresql+psycopg2://u:pw@/d?host=h1:1&host=h2:2", {**LOCAL, "host": "h1,h2", "port": "1,2"}),
    # passwords and users
    ("postgresql://u:p%40%2F%3A%25@h/d", {"host": "h", "user": "u", "password": "p@/:%", "dbname": "d"}),
    ("postgresql://u:p@ss@h/d", {"host": "h", "user": "u", "password": "p@ss", "dbname": "d"}),
    ("postgresql://u:p/w?x#y@h/d", {"host": "h", "user": "u", "password": "p/w?x#y", "dbname": "d"}),
    ("postgresql://u:p:w@h/d", {"host": "h", "user": "u", "password": "p:w", "dbname": "d"}),
    ("postgresql://u:100%@h/d", {"host": "h", "user": "u", "password": "100%", "dbname": "d"}),
    ("postgresql://u:a+b@h/d", {"host": "h", "user": "u", "password": "a+b", "dbname": "d"}),
    ("postgresql://me%40tenant:pw@h/d", {"host": "h", "user": "me@tenant", "password": "pw", "dbname": "d"}),
    ("postgresql://me@tenant:pw@h/d", {"host": "h", "user": "me@tenant", "password": "pw", "dbname": "d"}),
    ("postgresql://h/d?user=me@tenant", {"host": "h", "user": "me@tenant", "dbname": "d"}),
    ("postgresql://h:5433/d?user=me@tenant", {"host": "h", "port": "5433", "user": "me@tenant", "dbname": "d"}),
    ("postgresql://u:p%C3%A9@h/d%20b", {"host": "h", "user": "u", "password": "pé", "dbname": "d b"}),
]


@pytest.mark.parametrize(("url", "expected"), SPELLINGS, ids=[url.strip() for url, _ in SPELLINGS])
def test_each_spelling_names_the_database_that_is_meant(url: str, expected: dict[str, str]) -> None:
    database = parse_database_url(url, "production")

    assert dict(database.parameters) == expected
    assert database.name == "production"


PART = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
HOST = st.from_regex(r"[a-z][a-z0-9-]{0,8}(\.[a-z]{2,3})?", fullmatch=True)


@given(user=PART, password=PART, host=HOST, port=st.integers(1, 65535), database=PART)
def test_what_libpq_reads_is_read_as_libpq_reads_it(
    user: str, password: str, host: str, port: int, database: str
) -> None:
    url = f"postgresql://{quote(user, '')}:{quote(password, '')}@{host}:{port}/{quote(database, '')}?sslmode=require"

    if "@" in database:
        return  # refused on purpose: it is mostly a password that was not encoded
    assert dict(parse_database_url(url, "x").parameters) == parse_dsn(url)


@given(password=PART, host=HOST)
def test_a_raw_password_is_read_as_it_is_or_refused_but_never_becomes_host_or_database(
    password: str, host: str
) -> None:
    try:
        parameters = parse_database_url(f"postgresql://reader:{password}@{host}/shop", "x").parameters
    except ConfigError:
        return
    assert parameters["host"] == host
    assert parameters["dbname"] == "shop"


REFUSED = [
    ("mysql://u:s3cr3t@h/d", "mysql:// is no PostgreSQL database"),
    ("sqlite:///s3cr3t.db", "sqlite:// is no PostgreSQL database"),
    ("mssql+pyodbc://u:s3cr3t@h/d", "mssql:// is no PostgreSQL database"),
    ("s3cr3t", "neither a PostgreSQL URL nor a key=value string"),
    ("host=h pasword=s3cr3t", "neither a PostgreSQL URL nor a key=value string"),
    ("host=h password='s3cr3t", "neither a PostgreSQL URL nor a key=value string"),
    ("postgresql://u:s3cr3t@h", "names no database"),
    ("postgresql://u:s3cr3t@h:54x/d", "host and port in the URL cannot be read"),
    ("postgresql://u:s3@cr3t/x@h/d", "cannot tell where the password ends"),
    ("postgresql://u:1/s3?cr3t@h/d", "cannot tell where the password ends"),
    ("postgresql://u:1/s3?cr3t=x@h/d", "cannot tell where the password ends"),
    ("postgresql://u:s3cr3t@h/d?sslmod=require", "unknown parameter 'sslmod'"),
    ("postgresql://u:s3cr3t@h/d?colour=red", "unknown parameter 'colour'"),
    ("", "neither a PostgreSQL URL nor a key=value string"),
]


@pytest.mark.parametrize(("url", "said"), REFUSED, ids=[url for url, _ in REFUSED])
def test_what_is_no_address_is_refused_in_one_line_without_the_password(url: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_database_url(url, "production")

    assert said in caught.value.message
    assert caught.value.message.startswith("production: ")
    assert caught.value.hint
    assert "cr3t" not in f"{caught.value.message}{caught.value.hint}"
    assert "\n" not in f"{caught.value.message}{caught.value.hint}"


def test_the_nearest_parameter_is_proposed() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_database_url("postgresql://h/d?sslmod=require", "x")

    assert caught.value.hint == "did you mean sslmode?"


def test_no_secret_is_in_what_python_prints_of_a_database() -> None:
    database = parse_database_url("postgresql://u:s3cr3t@h/d", "production")

    assert "s3cr3t" not in f"{database!r} {database} {database.display}"
    assert database.display == "h:5432/d"
