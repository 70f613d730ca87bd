"""The page about trouble quotes what the program says today: provoked where it can be, else found in the source."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import drift_pipeline
from drift_pipeline.config import Database
from tests.base.shop import TOP, Shop, copy_of_the_example, drift, variables_of
from tests.cli.conftest import locked_server as locked_server  # noqa: PLC0414 - a fixture
from tests.cli.conftest import variables_of as variables_with_password
from tests.conftest import NewDatabase, run_sql

PAGE = TOP / "docs" / "troubleshooting.md"


def quotes() -> dict[str, list[str]]:
    """Entry -> the messages in its first paragraph."""
    found = {}
    for section in re.split(r"(?m)^#{2,3} ", PAGE.read_text())[1:]:
        heading, _, body = section.partition("\n")
        first = body.strip().partition("\n\n")[0]
        if first.startswith("`"):
            found[heading.strip().lower().replace(" ", "-")] = re.findall(r"`([^`]+)`", first)
    return found


QUOTES = quotes()
SOURCE = {path: path.read_text() for path in Path(drift_pipeline.__file__).parent.rglob("*.py")}


def constant_parts(quote: str) -> list[str]:
    """The words of a quoted message that are always the same."""
    filled_in = r"…|drift\.toml|production|PROD_DB_HOST,|are(?= not)|ModuleNotFoundError|migra\b|pkg_resources|written"
    parts = re.split(filled_in + r"|(?<=cannot run: )", quote)
    return [part.strip(" :,()") for part in parts if len(part.strip(" :,()")) > 3]


@pytest.mark.parametrize(("entry", "quote"), [(entry, quote) for entry, listed in QUOTES.items() for quote in listed])
def test_every_quoted_message_is_one_that_the_program_has(entry: str, quote: str) -> None:
    for part in constant_parts(quote):
        assert any(part in re.sub(r'"\s*\n\s*f?"', "", text) for text in SOURCE.values()), part


def as_pattern(quote: str) -> str:
    return ".*".join(re.escape(part.strip()) for part in quote.split("…"))


def assert_quoted(entry: str, said: str) -> None:
    """One of the entry's quotes is what was said, and the message names the entry."""
    flat = " ".join(said.split())
    assert any(re.search(as_pattern(quote), flat) for quote in QUOTES[entry]), flat
    assert f"(docs/troubleshooting.md#{entry})" in said


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Without a cache: a plan that is remembered asks no engine."""
    return copy_of_the_example(tmp_path / "shop")


def at_port(port: str) -> dict[str, str]:
    return variables_of(Database("", {"host": "127.0.0.1", "port": port, "dbname": "shop", "user": "drift"}))


def refused(_locked: Database) -> dict[str, str]:
    return at_port("1")


def unknown_host(_locked: Database) -> dict[str, str]:
    return {**at_port("1"), "PROD_DB_HOST": "db.invalid"}


def wrong_password(locked: Database) -> dict[str, str]:
    return {**variables_with_password(locked), "PROD_DB_PASSWORD": "another"}


def missing_database(locked: Database) -> dict[str, str]:
    return {**variables_with_password(locked), "PROD_DB_NAME": "nothing"}


def nothing_set(_locked: Database) -> dict[str, str]:
    return {}


def read_limit(locked: Database) -> dict[str, str]:
    return {**variables_with_password(locked), "DRIFT_READ_TIMEOUT": "0.001"}


def models_that_are_not_there(locked: Database) -> dict[str, str]:
    return {**variables_with_password(locked), "DRIFT_MODELS": "shop.nothing:Base"}


def unreachable_scratch(locked: Database) -> dict[str, str]:
    return {**variables_with_password(locked), "DRIFT_SCRATCH_URL": "postgresql://a@127.0.0.1:1/x"}


@pytest.mark.parametrize(
    ("entry", "provoke"),
    [
        ("connection-refused", refused),
        ("connection-refused", unknown_host),
        ("connection-refused", wrong_password),
        ("connection-refused", missing_database),
        ("configuration", nothing_set),
        ("timeout", read_limit),
        ("models", models_that_are_not_there),
        ("scratch", unreachable_scratch),
    ],
    ids=lambda value: value.__name__ if callable(value) else value,
)
def test_what_a_check_says_is_what_its_entry_quotes(
    entry: str, provoke: Callable[[Database], dict[str, str]], locked_server: Database, checkout: Path
) -> None:
    ended = drift(checkout, "check", "--env", "production", variables=provoke(locked_server))
    assert ended.code == 3
    assert_quoted(entry, ended.err)


def test_a_role_that_may_not_connect_or_log_in_finds_its_entry(locked_server: Database, checkout: Path) -> None:
    run_sql(locked_server, "CREATE DATABASE closed")
    run_sql(locked_server, "REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
    run_sql(locked_server, "CREATE ROLE nobody_here LOGIN PASSWORD 'x'")
    variables = {
        **variables_with_password(locked_server),
        "PROD_DB_NAME": "closed",
        "PROD_DB_USER": "nobody_here",
        "PROD_DB_PASSWORD": "x",
    }
    try:
        for change in ("", "ALTER ROLE nobody_here NOLOGIN"):
            if change:
                run_sql(locked_server, change)
            ended = drift(checkout, "check", "--env", "production", variables=variables)
            assert ended.code == 3
            assert_quoted("permission-denied", ended.err)
    finally:
        run_sql(locked_server, "DROP DATABASE closed")
        run_sql(locked_server, "DROP ROLE nobody_here")


def test_what_is_no_snapshot_no_settings_and_no_artifact_store_finds_its_entry(checkout: Path) -> None:
    assert_quoted("snapshot", drift(checkout, "diff", "drift.toml", "drift.toml").err)
    assert_quoted("artifacts", drift(checkout, "ci", "--env", "production").err)
    assert_quoted("configuration", drift(checkout, "check", "--env", "prod").err)
    (checkout / "drift.toml").write_text("[modles]\n")
    assert_quoted("configuration", drift(checkout, "check", "--env", "production").err)


@pytest.mark.parametrize("trouble", ["timeout", "missing"])
def test_migra_at_its_limit_or_missing_is_said_in_the_report_which_stands(
    trouble: str, checkout: Path, shop: Shop, tmp_path: Path
) -> None:
    variables = variables_of(shop.staging, "STAGING")
    if trouble == "timeout":
        variables["DRIFT_ENGINE_TIMEOUT"] = "0.001"  # a quick machine is done in 0.1 s
    else:
        (tmp_path / "migra.py").write_text("raise ModuleNotFoundError('no migra', name='migra')\n")
        variables["PYTHONPATH"] = str(tmp_path)
    ended = drift(checkout, "check", "--env", "staging", variables=variables)
    assert ended.code == 1, ended.err
    flat = " ".join(ended.out.split())
    entry = {"timeout": "timeout", "missing": "migra-missing"}[trouble]
    assert any(re.search(as_pattern(quote), flat) for quote in QUOTES[entry]), flat
    assert "The plan was proven on a scratch copy" in flat
    if trouble == "timeout":
        assert "time limit of 0.001 s" in flat
        assert "engine_timeout" in flat
    else:
        assert "pip install 'migra" in flat


def test_what_looks_like_drift_and_is_none_is_none(checkout: Path, shop: Shop, new_database: NewDatabase) -> None:
    # the base's list: time zones, sequence values, enum types, collations
    database = new_database(template=shop.current)
    name = database.parameters["dbname"]
    for statement in (
        f"ALTER DATABASE {name} SET timezone = 'Asia/Kathmandu'",
        f"ALTER DATABASE {name} SET search_path = billing, public",
        f"ALTER DATABASE {name} SET datestyle = 'German'",
        "INSERT INTO categories (name) SELECT 'c' || n FROM generate_series(1, 50) n",
        "ALTER TABLE orders ALTER COLUMN status TYPE public.order_status",
        'ALTER TABLE customers ALTER COLUMN full_name TYPE varchar(200) COLLATE "default"',
    ):
        run_sql(database, statement)
    ended = drift(checkout, "check", "--env", "production", variables=variables_of(database))
    assert ended.code == 0, ended.err
    assert ended.out.startswith("✅ No drift"), ended.out
    # a time zone in the type is something else
    run_sql(database, "ALTER TABLE customers ALTER COLUMN created_at TYPE timestamp")
    ended = drift(checkout, "check", "--env", "production", variables=variables_of(database))
    assert ended.code == 1
    assert "timestamp" in ended.out
