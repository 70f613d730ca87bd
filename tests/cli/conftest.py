"""The command as people run it, in a project folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from drift_pipeline import cli
from drift_pipeline.config import Database
from drift_pipeline.scratch.account import service_account
from drift_pipeline.scratch.cluster import Cluster
from tests.conftest import installation_for
from tests.ports import free_port

PASSWORD = "hunter22-s3cr3t"

MODELS = """
from sqlalchemy import Column, Integer, MetaData, String, Table

metadata = MetaData()
Table("customers", metadata, Column("id", Integer, primary_key=True), Column("name", String(80), nullable=False))
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


Drift = Callable[..., Ended]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with models of one table and the drift.toml that names them."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "shop_models.py").write_text(MODELS)
    (folder / "drift.toml").write_text('models = "shop_models:metadata"\n')
    return folder


@pytest.fixture
def drift(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Drift:
    """`drift("check", "--env", "production", variables={…})`: runs the command in the project's folder.

    In this process, which is quicker; test_process.py runs it in one of its own.
    """

    def run(*arguments: str, variables: Mapping[str, str] | None = None, folder: Path = project) -> Ended:
        with monkeypatch.context() as patch:
            for name in os.environ:
                if name.startswith(("PROD_", "STAGING_", "DRIFT_")) and name != "DRIFT_SCRATCH_HOME":
                    patch.delenv(name)
            for name, value in (variables or {}).items():
                patch.setenv(name, value)
            patch.chdir(folder)
            capsys.readouterr()
            code = cli.run(list(arguments))
            out, err = capsys.readouterr()
        return Ended(code, out, err)

    return run


def variables_of(database: Database, prefix: str = "PROD") -> dict[str, str]:
    """The five variables that lead to this database."""
    parameters = database.parameters
    return {
        f"{prefix}_DB_HOST": parameters["host"],
        f"{prefix}_DB_PORT": parameters.get("port", "5432"),
        f"{prefix}_DB_NAME": parameters["dbname"],
        f"{prefix}_DB_USER": parameters["user"],
        f"{prefix}_DB_PASSWORD": parameters.get("password", PASSWORD),
    }


@pytest.fixture(scope="session")
def locked_server() -> Iterator[Database]:
    """A server on TCP that asks for passwords, as production does; its superuser's database."""
    installation = installation_for(18)
    assert installation is not None
    with contextlib.ExitStack() as stack:
        cluster = Cluster(installation)
        cluster.acquire()  # unpacks the programs to where the server's user may run them
        stack.callback(cluster.release)
        programs, account = cluster._usable_programs(), service_account()
        folder = Path(tempfile.mkdtemp(prefix="drift-test-", dir="/tmp"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        secret = folder / "secret"
        secret.write_text(PASSWORD)
        for path in (folder, secret):
            os.chown(path, account.uid, account.gid)

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [programs / program, *arguments],
                check=True,
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=60,
                **account.popen,  # type: ignore[call-overload]  # user, group and extra_groups of subprocess.run
            )

        data, port = str(folder / "data"), free_port()
        common = ["-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"]
        run("initdb", "-D", data, "-A", "scram-sha-256", f"--pwfile={secret}", *common)
        options = f"-p {port} -h 127.0.0.1 -k {folder} -F"
        run("pg_ctl", "start", "-w", "-s", "-D", data, "-l", str(folder / "log"), "-o", options)
        stack.callback(run, "pg_ctl", "stop", "-m", "immediate", "-s", "-D", data)
        yield Database(
            "locked",
            {"host": "127.0.0.1", "port": str(port), "dbname": "postgres", "user": "postgres", "password": PASSWORD},
        )
