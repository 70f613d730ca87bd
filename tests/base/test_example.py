"""The example finds what was planted in it, all of it and nothing else, and its parts agree with each other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.base.conftest import Checked
from tests.base.shop import EXAMPLE, Shop, alembic

# written by hand after examples/shop/drift/*.sql and the migration that production waits for:
# what differs -> (severity, what it does now, where it comes from)
PLANTED = {
    "production": {
        ("column", "public.customers.vip_note", "removed"): ("critical", "none", "manual change"),
        ("table", "public.orders_backup_2025", "removed"): ("critical", "none", "manual change"),
        ("column", "public.order_items.unit_price", "changed"): ("major", "breaks", "manual change"),
        ("column", "public.customers.email", "changed"): ("major", "degrades", "manual change"),
        ("unique", "billing.invoices.uq_invoices_number", "added"): ("major", "degrades", "manual change"),
        ("column", "public.products.weight_grams", "added"): ("minor", "breaks", "pending migration"),
        ("table", "public.reviews", "added"): ("minor", "breaks", "pending migration"),
        ("index", "public.orders.ix_orders_open", "added"): ("minor", "degrades", "manual change"),
    },
    "staging": {
        ("index", "public.orders.ix_orders_note", "removed"): ("major", "none", "manual change"),
        ("check", "public.products.ck_products_net_price_not_negative", "added"): (
            "major",
            "degrades",
            "manual change",
        ),
        ("unique", "public.reviews.uq_reviews_customer_id_product_id", "renamed"): ("minor", "none", "manual change"),
        ("column", "public.addresses.country", "changed"): ("minor", "degrades", "manual change"),
    },
    "waiting": {
        ("column", "public.products.weight_grams", "added"): ("minor", "breaks", "pending migration"),
        ("table", "public.reviews", "added"): ("minor", "breaks", "pending migration"),
    },
    "current": {},
}
EXIT_CODES = {"production": 2, "staging": 1, "waiting": 0, "current": 0}


def report_of(checked: Checked, name: str) -> Any:
    return json.loads((checked.folder / f"{name}.json").read_text())


@pytest.mark.parametrize("name", PLANTED)
def test_the_planted_drift_is_found_completely_and_nothing_else(checked: Checked, name: str) -> None:
    ended = checked.ended[name]
    assert ended.code == EXIT_CODES[name], ended.err
    found = {
        (finding["kind"], ".".join(finding["name"]), finding["change"]): (
            finding["severity"],
            finding["impact"],
            ", ".join(finding["causes"]),
        )
        for finding in report_of(checked, name)["findings"]
    }
    assert found == PLANTED[name]


@pytest.mark.parametrize("name", [name for name, planted in PLANTED.items() if planted])
def test_the_plan_is_proven(checked: Checked, name: str) -> None:
    plan = report_of(checked, name)["plan"]
    assert (plan["proof"], plan["open"]) == ("proven", [])


def test_an_undrifted_copy_has_no_finding_and_says_what_was_compared(checked: Checked) -> None:
    report, ended = report_of(checked, "current"), checked.ended["current"]
    assert report["findings"] == []
    assert report["summary"]["drift_detected"] is False
    assert ended.out.startswith("✅ No drift in production")
    assert "Compared: " in ended.out


def test_the_migration_that_is_not_applied_is_named(checked: Checked) -> None:
    for name in ("production", "waiting"):
        assert report_of(checked, name)["pending"] == ["0004 reviews and weights"]
        assert "0004 reviews and weights" in checked.ended[name].out
    assert report_of(checked, "staging")["pending"] == []


def test_alembic_itself_finds_no_difference_between_models_and_history(shop: Shop) -> None:
    done = alembic(EXAMPLE, shop.current, "check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No new upgrade operations detected" in done.stdout + done.stderr
