"""A real browser for the tests that look at pages: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TOP = Path(__file__).parent.parent
SHOTS = TOP / "test-artifacts"
"""Where pictures are kept: CI uploads them, git ignores them."""

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

# as root in a closed network: no sandbox, and no calls to anybody
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """The browser of this machine: $DRIFT_TEST_BROWSER, or what is found on the PATH; empty if there is none."""
    return os.environ.get("DRIFT_TEST_BROWSER") or next(filter(None, map(shutil.which, NAMES)), "")


# Not for the whole session: while Playwright runs, this thread has a running event loop, and asyncio.run fails in it.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window, with a profile of its own that is thrown away; one for each test module."""
    executable = chromium()
    if not executable:
        pytest.skip("no Chromium on this machine: apt-get install chromium, or set DRIFT_TEST_BROWSER")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only who looks at pages pays for it

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """An empty page in a context of its own. A test that fails leaves a picture of it in test-artifacts/."""
    with browser.new_context(viewport={"width": 1400, "height": 900}) as context:
        opened = context.new_page()
        failed_before = request.session.testsfailed
        yield opened
        if request.session.testsfailed > failed_before:
            shoot(opened, f"failed-{request.node.name}")


def shoot(page: Page, name: str, *, full: bool = False) -> Path:
    """Keep a picture of the page as test-artifacts/<name>.png. `full`: to its end, and not only what is in view."""
    SHOTS.mkdir(exist_ok=True)
    place = SHOTS / f"{name}.png"
    page.screenshot(path=place, full_page=full, animations="disabled")  # what fades in is there
    return place
