"""`scripts/check_schema_drift.py` as teams have it in their hooks, and the trend that its checks leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from drift_pipeline.config import Database
from tests.base.shop import TOP, Shop, drift, variables_of

ARTIFACTS = {"schema-diff.sql", "drift-report.json", "drift-summary.md"}


def script(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The script in a process of its own; credentials come from the checkout's .env files alone."""
    return subprocess.run(
        [sys.executable, TOP / "scripts" / "check_schema_drift.py", *arguments],
        cwd=checkout,
        env={name: value for name, value in os.environ.items() if not name.startswith(("PROD_", "STAGING_"))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def credentials(checkout: Path, environment: str, prefix: str, database: Database) -> None:
    """Writes `.env.<environment>`."""
    lines = [f"{name}={value}\n" for name, value in variables_of(database, prefix).items()]
    (checkout / f".env.{environment}").write_text("".join(lines))


def test_the_exit_code_is_the_severity_and_the_trend_remembers_every_check(checkout: Path, shop: Shop) -> None:
    credentials(checkout, "staging", "STAGING", shop.staging)
    done = script(checkout, "--env", "staging", "--export", "staging.json")
    assert done.returncode == 1, done.stderr
    assert json.loads((checkout / "staging.json").read_text())["summary"]["severity"] == "major"

    for database, code in ((shop.waiting, 0), (shop.production, 2), (shop.current, 0)):
        credentials(checkout, "production", "PROD", database)
        done = script(checkout, "--env", "production")
        assert done.returncode == code, done.stderr
    latest = checkout / ".drift" / "artifacts" / "production" / "latest"
    assert {path.name for path in latest.iterdir()} >= ARTIFACTS

    credentials(
        checkout, "production", "PROD", Database("", {"host": "127.0.0.1", "port": "1", "dbname": "x", "user": "x"})
    )
    assert script(checkout, "--env", "production").returncode == 3

    # critical, major, minor, breaks, new, resolved: written by hand after examples/shop/drift
    expected = [("minor", 0, 0, 2, 2, 0, 0), ("critical", 2, 3, 3, 3, 6, 0), ("none", 0, 0, 0, 0, 0, 8)]
    shown = drift(checkout, "trends", "--env", "production")
    assert shown.code == 0, shown.err
    rows = [line.split()[2:9] for line in shown.out.splitlines()[1:]]
    assert rows == [[str(cell) for cell in row] for row in expected]
    as_json = json.loads(drift(checkout, "trends", "--env", "production", "--json", "--last", "1").out)
    assert [(row["severity"], row["resolved"]) for row in as_json] == [("none", 8)]
    assert "staging" not in shown.out
    assert len(drift(checkout, "trends", "--env", "staging").out.splitlines()) == 2


def test_the_three_artifacts_hold_what_the_base_asks_for(checkout: Path, shop: Shop) -> None:
    ended = drift(checkout, "check", "--env", "production", variables=variables_of(shop.production))
    assert ended.code == 2, ended.err
    latest = checkout / ".drift" / "artifacts" / "production" / "latest"
    assert {path.name for path in latest.iterdir()} >= ARTIFACTS
    sql = (latest / "schema-diff.sql").read_text()
    for statement in (
        "-- ALTER TABLE public.customers DROP COLUMN vip_note;",  # would lose data: a comment, and yet there
        "-- DROP TABLE public.orders_backup_2025;",
        "ALTER TABLE public.customers ALTER COLUMN email SET NOT NULL;",
        "ALTER TABLE public.order_items ALTER COLUMN unit_price TYPE numeric(12,2);",
        "ALTER TABLE billing.invoices ADD CONSTRAINT uq_invoices_number UNIQUE (number);",
        "ALTER TABLE public.products ADD COLUMN weight_grams integer;",
        "CREATE TABLE public.reviews (",
        "CREATE INDEX ix_orders_open ON public.orders",
    ):
        assert f"\n{statement}" in sql, statement
    summary = json.loads((latest / "drift-report.json").read_text())["summary"]
    assert (summary["environment"], summary["drift_detected"], summary["severity"]) == ("production", True, "critical")
    assert {level: summary["counts"][level] for level in ("critical", "major", "minor")} == {
        "critical": 2,
        "major": 3,
        "minor": 3,
    }
    text = (latest / "drift-summary.md").read_text()
    for words in (
        "# 🔴 Schema drift: production",
        "| Drift | yes |",
        "| Severity | 🔴 critical |",
        "| 🔴 Critical | 2 |",
        "- Review every DROP before anything is applied.",
        "- Deploy it when traffic is low.",
        "- Let it go out with the next regular release.",
    ):
        assert words in text, words
