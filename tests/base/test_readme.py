"""The README shows what the program prints, and its Python works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.base.conftest import Checked
from tests.base.shop import TOP, Shop, variables_of

README = (TOP / "README.md").read_text()


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_sample_is_what_a_check_of_the_example_prints(checked: Checked) -> None:
    match = re.search(r"```console\n\$ drift check --env production\n(.*?)\$ echo \$\?\n(\d)\n```", README, re.DOTALL)
    assert match
    ended = checked.ended["production"]
    assert ended.code == int(match[2])
    printed = flat(ended.out)
    place = 0
    for fragment in match[1].split("…"):
        # what is shown comes in this order; what is left out is marked
        found = printed.find(flat(fragment), place)
        assert found >= 0, fragment
        place = found


def test_the_python_of_the_readme_runs(checked: Checked, shop: Shop, tmp_path: Path) -> None:
    match = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert match
    old, new = (variables_of(database) for database in (shop.waiting, shop.current))

    def url(variables: dict[str, str]) -> str:
        return "postgresql://{PROD_DB_USER}@/{PROD_DB_NAME}?host={PROD_DB_HOST}&port={PROD_DB_PORT}".format_map(
            variables
        )

    script = match[1].replace("postgresql://…/shop_old", url(old)).replace("postgresql://…/shop_new", url(new))
    assert "…" not in script
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=checked.folder,
        env={**os.environ, **variables_of(shop.production)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("critical breaks {'critical': 2, 'major': 3, 'minor': 3}\n")
    assert "added public.reviews" in done.stdout or "reviews" in done.stdout
    assert "CREATE TABLE public.reviews" in done.stdout
