"""`--generate-migration`: the revision that it writes is one that a team can use, on each of its databases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from drift_pipeline.config import Database
from tests.base.shop import TOP, Shop, drift, upgrade, variables_of
from tests.conftest import NewDatabase

VERSIONS = Path("migrations") / "versions"


def revisions(checkout: Path) -> dict[str, str]:
    """The files of the history, with their text."""
    return {path.name: path.read_text() for path in (checkout / VERSIONS).glob("*.py")}


def findings(checkout: Path, database: Database) -> set[str]:
    """What a check finds; the exit code must agree on whether there is anything."""
    ended = drift(checkout, "check", "--env", "production", "--format", "json", variables=variables_of(database))
    assert ended.code in {0, 1, 2}, ended.err
    return {".".join(finding["name"]) for finding in json.loads(ended.out)["findings"]}


@pytest.mark.slow
def test_the_script_writes_a_revision_that_mends_production_and_fits_every_other_database(
    checkout: Path, shop: Shop, new_database: NewDatabase, tmp_path: Path
) -> None:
    before = revisions(checkout)
    exported = tmp_path / "report.json"
    script = [sys.executable, TOP / "scripts" / "check_schema_drift.py", "--env", "production"]
    done = subprocess.run(
        [*script, "--generate-migration", "--allow-destructive", "--export", exported],
        cwd=checkout,
        env={**os.environ, **variables_of(shop.production)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert json.loads(exported.read_text())["summary"]["severity"] == "critical"

    after = revisions(checkout)
    (name,) = after.keys() - before.keys()
    assert {key: after[key] for key in before} == before
    assert name in done.stderr
    assert "0004" in after[name].partition("down_revision")[2].splitlines()[0]
    # it repeats nothing of the migration that waits
    assert "CREATE TABLE public.reviews" not in after[name]
    assert "pending: 0004 reviews and weights" in done.stderr

    production = new_database(template=shop.production)
    upgrade(checkout, production)
    assert findings(checkout, production) == set()
    fresh = new_database()
    upgrade(checkout, fresh)
    assert findings(checkout, fresh) == set()
    staging = new_database(template=shop.staging)
    drift_of_staging = findings(checkout, shop.staging)
    upgrade(checkout, staging)
    assert len(drift_of_staging) == 4
    assert findings(checkout, staging) == drift_of_staging


@pytest.mark.slow
def test_what_would_lose_data_is_left_as_it_is_and_told(checkout: Path, shop: Shop, new_database: NewDatabase) -> None:
    before = revisions(checkout)
    ended = drift(
        checkout, "check", "--env", "production", "--generate-migration", variables=variables_of(shop.production)
    )
    assert ended.code == 2, ended.err
    (name,) = revisions(checkout).keys() - before.keys()
    assert "vip_note" not in revisions(checkout)[name].partition("def upgrade")[2]
    assert "left as it is, because data or objects would be lost: column public.customers.vip_note" in ended.err
    production = new_database(template=shop.production)
    upgrade(checkout, production)
    assert findings(checkout, production) == {"public.customers.vip_note", "public.orders_backup_2025"}


@pytest.mark.parametrize("state", ["current", "waiting"])
def test_nothing_is_written_where_no_revision_is_needed(checkout: Path, shop: Shop, state: str) -> None:
    before = revisions(checkout)
    ended = drift(
        *(checkout, "check", "--env", "production", "--generate-migration"),
        variables=variables_of(getattr(shop, state)),
    )
    assert ended.code == 0, ended.err
    assert revisions(checkout) == before
    # the same migration is not written twice: it is named, with what applies it
    assert ("0004 reviews and weights" in ended.err) is (state == "waiting")
    assert ("alembic upgrade head" in ended.err) is (state == "waiting")


@pytest.mark.slow
def test_a_revision_that_was_written_is_not_overwritten(checkout: Path, shop: Shop) -> None:
    command = ("check", "--env", "staging", "--generate-migration")
    variables = variables_of(shop.staging, "STAGING")
    before = revisions(checkout)
    assert drift(checkout, *command, variables=variables).code == 1
    (name,) = revisions(checkout).keys() - before.keys()
    path = checkout / VERSIONS / name
    path.write_text(path.read_text() + "# reviewed\n")
    again = drift(checkout, *command, variables=variables)
    assert path.read_text().endswith("# reviewed\n")
    # what that revision does is waiting now, and nothing else is written
    assert revisions(checkout).keys() == before.keys() | {name}, again.err
    assert name.partition("_")[0] in again.err
