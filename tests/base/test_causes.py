"""The four causes of drift, each on a database to which just that happened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.base.shop import Shop, drift, variables_of
from tests.conftest import NewDatabase, run_sql

pytestmark = pytest.mark.slow


def causes(checkout: Path, database: Any) -> dict[str, str]:
    """What differs -> where it comes from."""
    ended = drift(checkout, "check", "--env", "production", "--format", "json", variables=variables_of(database))
    assert ended.code in {0, 1, 2}, ended.err
    findings = json.loads(ended.out)["findings"]
    return {".".join(finding["name"]): ", ".join(finding["causes"]) for finding in findings}


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("ALTER TABLE customers ALTER COLUMN phone TYPE text", "public.customers.phone"),
        ("CREATE INDEX ix_by_hand ON orders (status); REINDEX INDEX ix_by_hand", "public.orders.ix_by_hand"),
    ],
    ids=["a change by hand", "SQL run directly on production"],
)
def test_what_somebody_did_on_production(
    checkout: Path, shop: Shop, new_database: NewDatabase, sql: str, name: str
) -> None:
    assert causes(checkout, new_database(sql, template=shop.current)) == {name: "manual change"}


def test_a_migration_that_is_not_applied(checkout: Path, shop: Shop) -> None:
    assert causes(checkout, shop.waiting) == {
        "public.products.weight_grams": "pending migration",
        "public.reviews": "pending migration",
    }


def test_code_that_was_deployed_without_its_migration(checkout: Path, shop: Shop) -> None:
    models = checkout / "shop" / "models.py"
    text = models.read_text()
    line = "    phone: Mapped[str | None] = mapped_column(String(32))\n"
    assert line in text
    models.write_text(text.replace(line, line + "    newsletter: Mapped[bool | None]\n"))
    assert causes(checkout, shop.current) == {"public.customers.newsletter": "unmigrated model"}


def test_without_a_word_on_the_revision_the_cause_is_unknown_and_the_report_says_why(
    checkout: Path, shop: Shop, new_database: NewDatabase
) -> None:
    database = new_database("DROP TABLE alembic_version", template=shop.production)
    assert run_sql(database, "SELECT to_regclass('alembic_version')") == [(None,)]
    ended = drift(checkout, "check", "--env", "production", variables=variables_of(database))
    assert ended.code == 2
    assert "the cause of drift stays unknown: the database has no version table of Alembic" in ended.out
    assert "manual change" not in ended.out
