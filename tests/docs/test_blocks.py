"""Every command, SQL, TOML and Python in the documentation runs, and prints what is shown under it.

The folder is the shop's checkout, with the variables of its two databases on a server that asks for passwords; `psql`
speaks to the first as its administrator. The blocks of a page run in their order, each page in a folder of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from drift_pipeline.config import Database
from tests.base.shop import EXAMPLE, TOP, copy_of_the_example, upgrade, variables_of
from tests.cli.conftest import locked_server as locked_server  # noqa: PLC0414 - a fixture
from tests.conftest import installation_for, run_sql
from tests.docs.blocks import RUN, Block, blocks, commands, shows

PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
WITH_BLOCKS = [page for page in PAGES if any(block.language in RUN for block in blocks(page, TOP))]
FINDS = {"drift check": {0, 1, 2}, "drift diff": {0, 1}}
"""Commands whose exit code is a result."""

MARK = "\x01"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_not_run_has_a_reason_and_what_looks_like_a_command_is_marked_as_one(page: Path) -> None:
    for block in blocks(page, TOP):
        assert len(block.marks.get("not run", "a reason")) >= 8, block.place
        assert block.language in (*RUN, "text", "yaml", "json", "html", "ini"), block.place
        if block.language == "console":
            assert commands(block), f"{block.place}: no command after a $"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_says_what_language_it_is_in(page: Path) -> None:
    fences = [line.strip() for line in page.read_text(encoding="utf-8").splitlines() if line.strip().startswith("```")]

    assert [each for each in fences[::2] if each == "```"] == []
    assert len(fences) == 2 * len(blocks(page, TOP))


def test_shown_output_is_compared_part_by_part() -> None:
    assert shows("a …\nd", "a b\nc d e") == ""
    assert shows("a\nb", "a   b") == ""
    assert shows("c … a", "a b c") == "a"


@dataclass(frozen=True)
class World:
    """The folder that a page's blocks run in, and their variables."""

    folder: Path
    variables: Mapping[str, str]

    def run(self, *command: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            list(command),
            cwd=self.folder,
            env=dict(self.variables),
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )


MADE = {"shop": ("production", "0003"), "shop_staging": ("staging", "head")}
"""Databases, each with whose it is and how far it was migrated before somebody changed it by hand."""


@pytest.fixture(scope="module")
def templates(locked_server: Database) -> Iterator[Database]:
    """The server, with a template of each database as `drift demo` makes it."""
    for name, (environment, revision) in MADE.items():
        run_sql(locked_server, f"CREATE DATABASE {name}_as_made")
        database = named(locked_server, f"{name}_as_made")
        upgrade(EXAMPLE, database, revision)
        run_sql(database, (EXAMPLE / "drift" / f"{environment}.sql").read_text())
    yield locked_server
    for name in MADE:
        run_sql(locked_server, f"DROP DATABASE {name}_as_made WITH (FORCE)")


@pytest.fixture
def databases(templates: Database) -> Iterator[Mapping[str, Database]]:
    """`shop`, which is production, and `shop_staging`, of this page alone."""
    for name in MADE:
        run_sql(templates, f"CREATE DATABASE {name} TEMPLATE {name}_as_made")
    yield {environment: named(templates, name) for name, (environment, _) in MADE.items()}
    for name in MADE:
        run_sql(templates, f"DROP DATABASE {name} WITH (FORCE)")
    for (role,) in run_sql(templates, "SELECT rolname FROM pg_roles WHERE rolname LIKE 'drift%'"):
        run_sql(templates, f"DROP ROLE {role}")


def named(server: Database, name: str) -> Database:
    """Another database of the server."""
    return replace(server, parameters={**server.parameters, "dbname": name})


@pytest.fixture
def world(databases: Mapping[str, Database], tmp_path: Path) -> World:
    folder = copy_of_the_example(tmp_path / "shop")
    shutil.copy(TOP / "docs" / "read-only-role.sql", folder)
    installation = installation_for(18)
    assert installation is not None
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "DRIFT_", "GIT_"))}
    if "DRIFT_SCRATCH_HOME" in os.environ:
        kept["DRIFT_SCRATCH_HOME"] = os.environ["DRIFT_SCRATCH_HOME"]
    administrator = databases["production"].parameters
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "dbname"}
    variables = {
        **kept,
        **variables_of(databases["production"]),
        **variables_of(databases["staging"], "STAGING"),
        **{name: administrator[key] for name, key in names.items()},
        "PATH": f"{Path(sys.executable).parent}:{installation.bin}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(TOP),
    }
    return World(folder, variables)


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: page.name)
def test_the_blocks_of_the_page_run_and_print_what_is_shown(page: Path, world: World) -> None:
    for block in blocks(page, TOP):
        if block.language in RUN and "not run" not in block.marks:
            for name in block.marks.get("fresh", "").split():
                (world.folder / name).unlink(missing_ok=True)
            _RUNNERS[block.language](block, world)


def _console(block: Block, world: World) -> None:
    given = commands(block)
    # each command sees the exit code of the one before; its output is followed by a mark with its own
    script = "".join(
        f"(exit ${{__code:-0}})\n{each.line}\n__code=$?; printf '{MARK}%s{MARK}' $__code\n" for each in given
    )
    printed = world.run("bash", "-c", script).stdout.split(MARK)
    for number, each in enumerate(given):
        output, code = printed[2 * number], printed[2 * number + 1]
        allowed = FINDS.get(" ".join(each.line.split()[:2]), {int(block.marks.get("exit", 0))})
        assert int(code) in allowed, f"{block.place}: {each.line}: {output}"
        part = shows(each.shown, output)
        assert not part, f"{block.place}: {each.line} does not print {part!r} but:\n{output}"


def _shell(block: Block, world: World) -> None:
    ended = world.run("bash", "-e", "-c", block.text)
    assert ended.returncode == int(block.marks.get("exit", 0)), f"{block.place}: {ended.stdout}"


def _sql(block: Block, world: World) -> None:
    ended = world.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", stdin=block.text)
    assert ended.returncode == 0, f"{block.place}: {ended.stdout}"


def _python(block: Block, world: World) -> None:
    ended = world.run(sys.executable, "-c", block.text)
    assert ended.returncode == 0, f"{block.place}: {ended.stdout}"


def _toml(block: Block, world: World) -> None:
    """As the file that it is a part of: `drift rules` reads the settings and the waivers, and checks nothing else."""
    name = "drift-waivers.toml" if "[[waiver]]" in block.text else "drift.toml"
    if "[tool.drift" in block.text:
        name = "pyproject.toml"
    folder = world.folder.parent / f"toml-{block.line}"
    folder.mkdir()
    (folder / name).write_text(block.text, encoding="utf-8")
    ended = replace(world, folder=folder).run("drift", "rules")
    assert ended.returncode == 0, f"{block.place}: {ended.stdout}"


_RUNNERS = {"console": _console, "sh": _shell, "bash": _shell, "sql": _sql, "toml": _toml, "python": _python}
