"""The documentation as a site: built strictly, whole, and without anything from elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.base.shop import TOP

pytestmark = pytest.mark.slow

DOCS = TOP / "docs"


def build(configuration: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """`make docs`, into another folder. (With --quiet, MkDocs counts no warnings, and --strict nothing.)"""
    return subprocess.run(
        [Path(sys.executable).with_name("mkdocs"), "build", "--strict", "-f", configuration, "-d", target],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    ended = build(TOP / "mkdocs.yml", target)
    assert ended.returncode == 0, ended.stderr
    assert "WARNING" not in ended.stderr
    return target


def test_every_page_is_in_it(site: Path) -> None:
    wanted = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}

    assert {path for path in wanted if not (site / path).is_file()} == set()
    assert len(wanted) > 300  # one for each rule among them


def test_it_loads_nothing_from_elsewhere(site: Path) -> None:
    loaded = re.compile(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//[^\"' >]+")
    styles = re.compile(r"@import|url\(\s*[\"']?(?:https?:)?//")

    for page in site.rglob("*.html"):
        assert loaded.findall(page.read_text(encoding="utf-8")) == [], page
    for sheet in site.rglob("*.css"):
        assert styles.findall(sheet.read_text(encoding="utf-8")) == [], sheet


def test_files_that_pages_include_are_in_them(site: Path) -> None:
    assert "NOCREATEROLE" in (site / "read-only-role.html").read_text(encoding="utf-8")
    assert "0.1.0" in (site / "changelog.html").read_text(encoding="utf-8")
    for page in site.glob("*.html"):
        assert "--8&lt;--" not in page.read_text(encoding="utf-8"), page


@pytest.mark.parametrize("link", ["[x](nowhere.md)", "[x](index.md#nowhere)"])
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path, link: str) -> None:
    configuration = yaml.safe_load((TOP / "mkdocs.yml").read_text())
    configuration["nav"] = ["index.md"]
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Page\n\n{link}\n")
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(configuration))
    shutil.copy(TOP / "CHANGELOG.md", tmp_path)

    ended = build(tmp_path / "mkdocs.yml", tmp_path / "site")

    assert ended.returncode == 1
    assert "nowhere" in ended.stderr
