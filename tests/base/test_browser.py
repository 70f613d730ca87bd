"""The UI as a person uses it: groups, a check by a click, verdict, checks and plots. Pictures are kept."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.base.shop import TOP, Shop
from tests.browser import shoot
from tests.orchestration.project import Project
from tests.orchestration.test_processes import dagster_dev
from tests.ports import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE = 240_000
"""Milliseconds for what a run or a daemon on a busy machine may take."""


@pytest.mark.slow
def test_production_is_checked_by_a_click_and_its_state_is_read_in_the_ui(
    checkout: Path, shop: Shop, tmp_path: Path, page: Page
) -> None:
    project = Project(checkout, tmp_path / "artifacts", tmp_path / "home")
    project.connect("PROD", shop.production)
    project.connect("STAGING", shop.staging)
    project.home.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(TOP / name, project.home / name)
    page.set_default_timeout(PATIENCE)

    with dagster_dev(project, project.home, free_port()) as graphql:
        url = graphql.removesuffix("/graphql")
        finds_the_groups(page, url)
        materializes(page, "drift_check_production", url)
        reads_the_verdict(page, url)
        reads_the_checks(page, url)
        materializes(page, "drift_check_staging", url)
        sees_the_plots(page, url)
        sees_the_lineage(page, url)


def finds_the_groups(page: Page, url: str) -> None:
    page.goto(f"{url}/asset-groups")
    for group in ("models", "production", "staging", "trend"):
        page.locator("foreignObject", has_text=group).first.wait_for()
    page.locator("foreignObject", has_text="production").last.click()
    for stage in ("live_schema", "schema_diff", "drift_report", "migration"):
        page.get_by_text(stage, exact=True).first.wait_for()


def materializes(page: Page, job: str, url: str) -> None:
    """By the button of the environment's job; waits until the run is over."""
    page.goto(f"{url}/jobs")
    page.get_by_role("link", name=job).first.click()
    page.get_by_role("button", name=re.compile("Materialize")).first.click()
    confirm = page.get_by_role("button", name="Confirm")
    # the trend comes after the reports of all environments: the UI asks when one of them was never made
    started = page.get_by_text(re.compile("Launched run|View run|Run launched", re.IGNORECASE))
    confirm.or_(started).first.wait_for()
    if confirm.is_visible():
        confirm.click()
        started.first.wait_for()  # whoever leaves the page before takes the request back
    page.goto(f"{url}/runs")
    row = page.locator("tr, [role=row], div", has_text=job).filter(has_text=re.compile("Success|Failure")).last
    row.wait_for()
    assert "Failure" not in (row.text_content() or "")


def reads_the_verdict(page: Page, url: str) -> None:
    page.goto(f"{url}/assets/production/drift_report")
    page.get_by_text("Breaks the application now: column public.order_items.unit_price").first.wait_for()
    page.get_by_text("[Show Markdown]").first.click()
    page.get_by_role("cell", name="column public.customers.vip_note exists in production").first.wait_for()
    shoot(page, "findings")
    page.get_by_role("button", name="Close").click()


def reads_the_checks(page: Page, url: str) -> None:
    page.goto(f"{url}/assets/production/drift_report?view=checks")
    page.get_by_text("no_critical_drift", exact=True).first.wait_for()
    failed = dict.fromkeys(("no_critical_drift", "no_major_drift", "nothing_breaks"), "Failed")
    expected = {*failed.items(), *dict.fromkeys(("plan_proven", "everything_covered"), "Succeeded").items()}
    states: set[tuple[str, str]] = set()
    until = time.monotonic() + PATIENCE / 1000
    while not expected <= states:  # names come before their states
        assert time.monotonic() < until, states
        page.wait_for_timeout(200)
        states = set(re.findall(r"(?m)^(\w+_\w+)\n(Succeeded|Failed)$", page.inner_text("body")))
    shoot(page, "checks")


def sees_the_plots(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 1500, "height": 820})
    page.goto(f"{url}/assets/production/drift_report")
    page.get_by_text("Latest check results").first.wait_for()
    page.get_by_text("Breaks the application now").first.wait_for()
    page.wait_for_timeout(2000)  # what comes from the daemon comes last
    shoot(page, "drift-report")
    page.get_by_text("Plots", exact=True).first.click()
    for number in ("critical", "major", "minor", "breaks", "oldest_days"):
        page.get_by_text(number, exact=True).first.wait_for()
    assert page.locator("canvas").count() >= 5
    shoot(page, "plots")


def sees_the_lineage(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 1400, "height": 720})
    page.goto(f"{url}/asset-groups")
    page.locator("foreignObject", has_text="trend").first.wait_for()
    page.get_by_text("Hide navigation").click()
    page.wait_for_timeout(2000)  # colours come after the boxes
    shoot(page, "lineage")
