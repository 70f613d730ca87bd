"""One set of the shop's databases, and one checkout in which everything was checked once, for all tests of a run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from drift_pipeline.scratch.server import ScratchServer
from tests.base.shop import Ended, Shop, copy_of_the_example, drift, shop_on, variables_of


@pytest.fixture(scope="session")
def shop(server: ScratchServer) -> Iterator[Shop]:
    """The databases. Look, and change nothing: copy them by `new_database(template=…)`."""
    with shop_on(server) as databases:
        yield databases


@dataclass(frozen=True)
class Checked:
    """A checkout, and how `drift check` ended there for each of the shop's databases."""

    folder: Path
    ended: Mapping[str, Ended]


@pytest.fixture(scope="session")
def checked(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """Every database, checked once. Look, and change nothing."""
    folder = copy_of_the_example(tmp_path_factory.mktemp("checked") / "shop")
    ended = {}
    for name in ("production", "staging", "current", "waiting"):
        ended[name] = drift(
            folder,
            *("check", "--env", "production", "--export", f"{name}.json"),
            variables={**variables_of(getattr(shop, name)), "DRIFT_ARTIFACTS": str(folder / "kept" / name)},
        )
        assert ended[name].code != 3, ended[name].err
    return Checked(folder, ended)


@pytest.fixture
def checkout(checked: Checked, tmp_path: Path) -> Path:
    """The repository of the shop's team, with what drift remembers of its models, and no report."""
    folder = copy_of_the_example(tmp_path / "shop")
    shutil.copytree(checked.folder / ".drift" / "cache", folder / ".drift" / "cache")
    return folder
