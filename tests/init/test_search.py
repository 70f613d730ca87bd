"""What the source alone tells: where the MetaData is, which modules declare tables, what they are imported by."""

from __future__ import annotations

from pathlib import Path

import pytest

from drift_pipeline.init.search import Found, proposals, search
from drift_pipeline.init.sources import read_repository
from tests.init import projects


def found_in(folder: Path, files: projects.Files) -> Found:
    return search(read_repository(projects.written(folder, files)))


@pytest.mark.parametrize(
    ("files", "targets", "path", "tables"),
    [
        (projects.ONE_FILE, ["models:Base.metadata"], (".",), {"orders"}),
        (projects.SRC_LAYOUT, ["shop.db:Base.metadata"], ("src",), {"customers", "orders"}),
        (projects.NO_INIT_FILES, ["app.db:Base.metadata"], (".",), {"orders"}),
        (projects.FLASK, ["shop.extensions:db"], (".",), {"class User", "tags"}),
        (projects.OWN_FLASK, ["shop.core.database:db"], (".",), {"class User", "tags"}),
        (projects.NAMESPACE, ["company.shop.db:Base.metadata"], (".",), {"orders"}),
        (projects.TWO_BASES, ["app.audit:metadata", "app.sales:SalesBase.metadata"], (".",), {"orders", "entries"}),
        (projects.NOTHING, [], (".",), set()),
    ],
    ids=[
        "one file",
        "src layout",
        "packages without __init__",
        "Flask-SQLAlchemy",
        "its own",
        "namespace",
        "two bases",
        "nothing",
    ],
)
def test_it_finds_what_each_layout_declares(
    tmp_path: Path, files: projects.Files, targets: list[str], path: tuple[str, ...], tables: set[str]
) -> None:
    found = found_in(tmp_path, files)

    assert [holder.target for holder in found.holders] == targets
    assert found.path == path
    assert found.tables == tables


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy.orm import DeclarativeBase as D\nclass Base(D): pass",
        "import sqlalchemy.orm\nclass Base(sqlalchemy.orm.DeclarativeBase): pass",
        "from sqlalchemy import orm\nclass Base(orm.MappedAsDataclass, orm.DeclarativeBase): pass",
        "from sqlalchemy.ext.declarative import declarative_base\nBase: object = declarative_base()",
        "if 1:\n    from sqlalchemy.orm import declarative_base\n    Base = declarative_base()",
        "from sqlalchemy.orm import registry\nBase = registry().generate_base()",
    ],
)
def test_every_spelling_of_a_base_is_one(tmp_path: Path, source: str) -> None:
    assert [each.target for each in found_in(tmp_path, {"m.py": source}).holders] == ["m:Base.metadata"]


@pytest.mark.parametrize(
    "source",
    [
        "class MetaData: pass\nmetadata = MetaData()",  # its own, and of no library
        "import sqlalchemy\ndef reflect():\n    metadata = sqlalchemy.MetaData()",
        "from sqlalchemy import MetaData\n# metadata = MetaData()",
        "def sqlalchemy(:\n",  # no Python
    ],
)
def test_what_only_looks_like_one_is_none(tmp_path: Path, source: str) -> None:
    assert found_in(tmp_path, {"m.py": source}).holders == ()


@pytest.mark.parametrize(
    ("files", "module", "path"),
    [
        (["app/__init__.py", "app/data/source/__init__.py", "app/data/source/m.py"], "app.data.source.m", "."),
        (["app/app/__init__.py", "app/app/m.py"], "app.m", "app"),
        (["project/app/m.py"], "app.m", "project"),
        (["app/app/m.py"], "app.m", "app"),
        (["server/other/__init__.py", "server/other/m.py"], "other.m", "server"),
        (["my-scripts/m.py"], "m", "my-scripts"),
    ],
)
def test_a_module_is_called_as_it_is_imported(tmp_path: Path, files: list[str], module: str, path: str) -> None:
    names = dict.fromkeys(files, "") | {"main.py": "import app\n"}
    names[files[-1]] = "from sqlalchemy import MetaData\nm = MetaData()\n"

    found = found_in(tmp_path, names)

    assert ([each.target for each in found.holders], found.path) == ([f"{module}:m"], (path,))


def test_virtual_environments_tests_and_revisions_are_not_searched(tmp_path: Path) -> None:
    base = "from sqlalchemy import MetaData\nmetadata = MetaData()\n"
    files = {
        "env39/pyvenv.cfg": "",
        "env39/lib/m.py": base,
        ".hidden/m.py": base,
        "tests/m.py": base,
        "migrations/env.py": base,
        "migrations/versions/m.py": base,
    }

    repository = read_repository(projects.written(tmp_path, files))

    assert (repository.seen, search(repository).holders) == (0, ())


def test_tables_in_a_package_are_proposed_as_the_package_so_that_new_files_count(tmp_path: Path) -> None:
    assert list(proposals(found_in(tmp_path, projects.SRC_LAYOUT))) == [
        ("shop.db:Base.metadata",),
        ("shop.models",),
        ("shop.models.customers", "shop.models.orders"),
    ]
