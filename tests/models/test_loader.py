"""Loading models: what they declare comes out, and whatever they do besides stays where it is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from drift_pipeline.errors import ConfigError, ModelsError
from drift_pipeline.models import subprocesses
from drift_pipeline.models.loader import LoadedModels, load_models
from tests.models.applications import PLAIN, Application


def load(application: Application, *targets: str, **others: object) -> LoadedModels:
    return load_models(application.settings(*targets, **others), application.root, cache=application.cache)


@pytest.mark.parametrize(
    "target",
    ["shop:Base.metadata", "shop:Base", "shop:everything", "shop:make", "shop", "shop:Base.registry", "shop:Customer"],
)
def test_every_way_to_name_the_models_finds_the_same_tables(application: Application, target: str) -> None:
    application.write(
        "shop.py", PLAIN + "\n    everything = [Base.metadata]\n\n\n    def make():\n        return Base.metadata\n"
    )
    loaded = load(application, target)
    assert sorted(loaded.tables) == ["public.customers", "public.orders"]
    assert loaded.source == target


def test_tables_and_columns_carry_file_and_line_of_their_declaration(application: Application) -> None:
    path = application.write("shop/models.py", PLAIN)
    lines = path.read_text().splitlines()

    def line(text: str) -> str:
        return f"shop/models.py:{next(at for at, each in enumerate(lines, 1) if text in each)}"

    loaded = load(application, "shop.models:Base")
    assert loaded.tables == {"public.customers": line("class Customer"), "public.orders": line("class Order")}
    assert loaded.columns["public.customers.email"] == line("email = ")
    assert loaded.columns["public.orders.customer_id"] == line("customer_id = ")
    key = next(each for each in loaded.statements if each.kind == "constraint")
    assert key.location == line("customer_id = ")


def test_core_tables_and_mixins_are_located_too(application: Application) -> None:
    application.write(
        "core.py",
        """
        import sqlalchemy as sa
        metadata = sa.MetaData()
        parts = sa.Table(
            "parts",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("weight", sa.Integer),
        )
        """,
    )
    application.write(
        "mixed.py",
        """
        from sqlalchemy import Column, Integer, DateTime
        from sqlalchemy.orm import declarative_base
        Base = declarative_base()

        class Stamped:
            created = Column(DateTime)

        class Thing(Stamped, Base):
            __tablename__ = "things"
            key = Column("id", Integer, primary_key=True)
        """,
    )
    loaded = load(application, "core:metadata", "mixed:Base")
    assert loaded.columns["public.parts.weight"] == "core.py:8"
    assert loaded.columns["public.things.created"] == "mixed.py:7"
    assert loaded.columns["public.things.id"] == "mixed.py:11"


def test_a_package_as_target_imports_all_its_modules(application: Application) -> None:
    application.write("app/__init__.py", "")
    application.write("app/base.py", PLAIN.replace("class Order(Base)", "class Order(Base)"))
    application.write(
        "app/deep/invoices.py",
        """
        from sqlalchemy import Column, Integer
        from app.base import Base

        class Invoice(Base):
            __tablename__ = "invoices"
            id = Column(Integer, primary_key=True)
        """,
    )
    application.write("app/deep/__init__.py", "")
    application.write("app/tests/__init__.py", "raise SystemExit('tests are not imported')")
    assert "public.invoices" in load(application, "app").tables


def test_what_the_application_prints_does_not_spoil_the_answer(application: Application) -> None:
    noise = (
        "\n    import sys, os\n    print('{\"tables\": []}')\n    os.write(1, b'x' * 100000)\n    sys.stdout.close()\n"
    )
    application.write("shop.py", PLAIN + noise)
    assert len(load(application, "shop:Base").tables) == 2


def test_side_effects_of_the_import_stay_outside(application: Application) -> None:
    application.declare("""
    import atexit, logging, os, sys, threading, time
    os.chdir("/")
    logging.disable(logging.CRITICAL)
    os.environ["FROM_APPLICATION"] = "1"
    sys.path.clear()
    atexit.register(time.sleep, 600)
    threading.Thread(target=time.sleep, args=(600,)).start()
    """)
    before = (os.getcwd(), dict(os.environ), list(sys.path))
    began = time.monotonic()
    assert len(load(application, "shop:Base").tables) == 2
    assert time.monotonic() - began < 300
    assert (os.getcwd(), dict(os.environ), list(sys.path)) == before
    assert "sqlalchemy_of_the_application" not in sys.modules


def test_our_own_modules_shadow_none_of_the_application(application: Application) -> None:
    for name in ("loader", "build", "run", "ddl", "guard", "targets", "history", "faults"):
        application.write(f"{name}.py", f"mine = {name!r}\n")
    application.write(
        "shop.py",
        PLAIN + "    import loader, build, run, ddl, guard, targets, history, faults\n    assert run.mine == 'run'\n",
    )
    assert load(application, "shop:Base").tables


# -- faults of the import ---------------------------------------------------------------------------------------


def failure(application: Application, *targets: str, **others: object) -> ModelsError:
    with pytest.raises(ModelsError) as caught:
        load(application, *targets, **others)
    message = f"{caught.value}"
    assert "\n" not in message
    assert "Traceback" not in message
    assert caught.value.hint
    return caught.value


def test_an_import_error_is_one_line_that_names_module_place_and_reason(application: Application) -> None:
    application.write("shop.py", "import os\nimport not_installed_anywhere\n")
    error = failure(application, "shop:Base")
    assert "shop:Base" in error.message
    assert "ModuleNotFoundError: No module named 'not_installed_anywhere'" in error.message
    assert "shop.py:2" in error.message
    assert "models.python" in error.hint
    assert "Traceback (most recent call last)" in str(error.__cause__)


def test_a_circular_import_is_no_matter_of_the_interpreter(application: Application) -> None:
    application.write("shop.py", "from other import thing\nbase = 1\n")
    application.write("other.py", "from shop import base\nthing = 1\n")
    error = failure(application, "shop:Base")
    assert "circular import" in error.message
    assert "name the module that the application imports first" in error.hint


def test_a_long_list_of_targets_is_told_by_its_first_ones(application: Application) -> None:
    for number in range(9):
        application.write(f"part{number}.py", "raise RuntimeError('no')\n")
    error = failure(application, *[f"part{number}" for number in range(9)])
    assert "the models of part0, part1, part2 and 6 more could not be loaded" in error.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import sys; sys.exit('no configuration')", "SystemExit: no configuration"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def broken(:", "SyntaxError"),
        ("raise RuntimeError('first\\nsecond')", "RuntimeError: first second"),
    ],
)
def test_whatever_the_import_raises_is_told(application: Application, text: str, said: str) -> None:
    application.write("shop.py", text)
    assert said in failure(application, "shop:Base").message


def test_a_process_that_dies_at_import_is_told_with_its_last_words(application: Application) -> None:
    application.write("shop.py", "import os\nprint('licence expired', flush=True)\nos._exit(7)\n")
    message = failure(application, "shop:Base").message
    assert "ended with status 7" in message
    assert "licence expired" in message
    application.write("shop.py", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    assert "killed by signal 11" in failure(application, "shop:Base").message


def test_an_import_that_hangs_is_stopped_with_everything_that_it_started(application: Application) -> None:
    application.write("quick.py", PLAIN)
    began = time.monotonic()
    load(application, "quick:Base")
    # enough for it to begin, on any machine
    limit = round(2 + 5 * (time.monotonic() - began))
    application.write(
        "shop.py",
        """
        import pathlib, subprocess, signal, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        pathlib.Path(__file__).with_name("child").write_text(str(child.pid))
        print("waiting for the message queue", flush=True)
        time.sleep(600)
        """,
    )
    began = time.monotonic()
    message = failure(application, "shop:Base", timeout=float(limit)).message
    assert time.monotonic() - began < 300
    assert f" {limit} s" in message
    assert "waiting for the message queue" in message
    child = int((application.root / "child").read_text())
    assert _gone(child)


def test_a_target_that_is_no_metadata_says_what_it_is(application: Application) -> None:
    application.write("shop.py", PLAIN + "\n    number = 5\n")
    assert "shop:number is a int" in failure(application, "shop:number").message
    error = failure(application, "shop:Bse")
    assert "no attribute Bse; it has Base" in error.message
    assert "module:attribute" in error.hint


def test_metadata_without_tables_is_an_error_and_no_empty_schema(application: Application) -> None:
    application.write("shop.py", "from sqlalchemy import MetaData\nmetadata = MetaData()\n")
    assert "declares no tables" in failure(application, "shop:metadata").message


def test_no_models_at_all_is_a_matter_of_configuration(application: Application) -> None:
    with pytest.raises(ConfigError, match=r"name no models"):
        load(application)


def test_an_interpreter_that_is_none_is_named(application: Application) -> None:
    application.declare()
    assert "does not exist" in failure(application, "shop:Base", python="/nowhere/python").message
    assert "false" in failure(application, "shop:Base", python="/bin/false").hint


def test_an_interpreter_without_sqlalchemy_is_told_so(application: Application, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    application.write("shop.py", "")
    error = failure(application, "shop:Base", python=str(tmp_path / "venv/bin/python"))
    assert "this interpreter has no sqlalchemy" in error.hint


# -- safety -----------------------------------------------------------------------------------------------------


def test_credentials_of_ours_never_reach_the_application(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "s3cr3t-of-production"
    names = ("PROD_DB_PASSWORD", "STAGING_DATABASE_URL", "PGPASSWORD", "DRIFT_SCRATCH_URL", "TELEGRAM_BOT_TOKEN")
    for name in names:
        monkeypatch.setenv(name, secret)
    monkeypatch.setenv("DATABASE_URL", f"postgresql+asyncpg://app:{secret}@production/db")
    monkeypatch.setenv("LANGUAGE_OF_APP", "sv")
    application.write(
        "shop.py",
        PLAIN
        + "    import json, os, pathlib\n"
        + "    pathlib.Path(__file__).with_name('seen.json').write_text(json.dumps(dict(os.environ)))\n",
    )
    load(application, "shop:Base", env={"SHOP_SETTING": "42"})
    seen = json.loads((application.root / "seen.json").read_text())
    assert secret not in json.dumps(seen)
    assert seen["DATABASE_URL"].startswith("postgresql+asyncpg://nobody@127.0.0.1:1/")
    assert seen["SHOP_SETTING"] == "42"
    assert seen["LANGUAGE_OF_APP"] == "sv"


def test_a_variable_that_is_missing_since_it_is_withheld_is_named_in_the_hint(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DB_HOST", "production")
    application.write("shop.py", "import os\nos.environ['SHOP_DB_HOST']\n")
    error = failure(application, "shop:Base")
    assert "SHOP_DB_HOST" in error.hint
    assert "models.env" in error.hint


def test_secrets_in_what_the_import_raises_are_hidden(application: Application) -> None:
    application.write("shop.py", "raise RuntimeError('cannot reach postgresql://app:hunter2@db/x')\n")
    error = failure(application, "shop:Base")
    assert "hunter2" not in error.message
    assert "hunter2" not in str(error.__cause__)


def test_a_module_that_connects_at_import_is_refused_and_nothing_is_written(application: Application, server) -> None:
    host, port = server.parameters["host"], server.parameters["port"]
    with server.create(label="victim") as victim:
        url = (
            f"postgresql+psycopg2://{victim.parameters['user']}@/{victim.parameters['dbname']}?host={host}&port={port}"
        )
        application.write(
            "shop.py",
            PLAIN + f"    from sqlalchemy import create_engine\n    Base.metadata.create_all(create_engine({url!r}))\n",
        )
        error = failure(application, "shop:Base")
        assert "was refused" in error.message
        assert victim.parameters["dbname"] in error.message
        with psycopg2.connect(**victim.parameters) as connection, connection.cursor() as cursor:
            cursor.execute("select count(*) from pg_class where relname in ('customers', 'orders')")
            assert cursor.fetchone() == (0,)
        connection.close()


def test_an_engine_with_options_of_its_own_is_made_as_without_us(application: Application) -> None:
    made = "create_engine('postgresql+psycopg2://a/b', echo=False, hide_parameters=True, pool_pre_ping=True)"
    application.write("shop.py", PLAIN + f"    from sqlalchemy import create_engine\n    engine = {made}\n")
    assert load(application, "shop:Base").tables


def test_models_with_a_database_in_memory_may_use_it(application: Application) -> None:
    application.write(
        "shop.py",
        PLAIN + "    from sqlalchemy import create_engine\n    Base.metadata.create_all(create_engine('sqlite://'))\n",
    )
    assert load(application, "shop:Base").tables


# -- kept answers ---------------------------------------------------------------------------------------------


def test_a_second_load_starts_no_process(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    application.declare()
    first = load(application, "shop:Base")

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocesses, "opened", refuse)
    second = load(application, "shop:Base")
    assert second == first
    assert second.cached


def test_a_copy_elsewhere_with_the_same_content_gives_the_same_fingerprint(
    application: Application, tmp_path: Path
) -> None:
    application.declare()
    other = Application(tmp_path / "elsewhere")
    other.root.mkdir()
    other.write("shop.py", PLAIN)
    first, second = load(application, "shop:Base"), load(other, "shop:Base")
    assert first.fingerprint == second.fingerprint
    assert first.tables == second.tables


@pytest.mark.parametrize(
    "change",
    ["the module", "what it imports", "a file that it reads", "a new module beside it", "models.env", "a variable"],
)
def test_whatever_the_models_are_made_from_makes_them_load_again(
    application: Application, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    application.write("names.py", "suffix = 'a'\n")
    application.write("shop.toml", "one")
    text = (
        "    import os, pathlib, pkgutil, names\n"
        "    extra = pathlib.Path(__file__).with_name('shop.toml').read_text()\n"
        "    found = [each.name for each in pkgutil.iter_modules([str(pathlib.Path(__file__).parent)])]\n"
        "    given = os.environ.get('SHOP_TENANT', '') + os.environ.get('SHOP_PLAN', '')\n"
        "    title = '_'.join(['t', names.suffix, extra, given, *found])\n"
        "    Table(title, Base.metadata, Column('id', Integer, primary_key=True))\n"
    )
    application.write("shop.py", PLAIN + text)
    first = load(application, "shop:Base")
    assert load(application, "shop:Base").cached
    env = {}
    if change == "the module":
        application.write("shop.py", PLAIN + text.replace("'t'", "'changed'"))
    elif change == "what it imports":
        application.write("names.py", "suffix = 'another'\n")  # of another length: bytecode knows full seconds only
    elif change == "a file that it reads":
        application.write("shop.toml", "two")
    elif change == "a new module beside it":
        application.write("plugin.py", "")
    elif change == "models.env":
        env = {"SHOP_TENANT": "x"}
    else:
        monkeypatch.setenv("SHOP_PLAN", "gold")
    second = load(application, "shop:Base", env=env)
    assert not second.cached
    assert set(second.tables) != set(first.tables)


def test_a_spoiled_or_unwritable_cache_is_no_fault(application: Application) -> None:
    application.declare()
    load(application, "shop:Base")
    for entry in application.cache.glob("*.json"):
        entry.write_text("{ not json")
    assert not load(application, "shop:Base").cached
    assert load(application, "shop:Base").cached
    in_the_way = application.root / "file"
    in_the_way.write_text("")
    settings = application.settings("shop:Base")
    assert load_models(settings, application.root, cache=in_the_way / "cache").tables


def test_no_secret_is_written_into_the_cache(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "k3y-k3y-k3y")
    application.declare()
    load(application, "shop:Base", env={"APP_PASSWORD": "pa55w0rd"})
    text = "".join(each.read_text() for each in application.cache.glob("*.json"))
    assert "customers" in text
    assert "k3y-k3y-k3y" not in text
    assert "pa55w0rd" not in text


def loading_what_hangs(application: Application, **options: Any) -> subprocess.Popen[bytes]:
    """A process that loads models whose import does not come to an end, and leaves its id in the file `pid`."""
    application.write(
        "shop.py",
        "import os, pathlib, time\n"
        "pathlib.Path(__file__).with_name('pid').write_text(str(os.getpid()))\ntime.sleep(600)\n",
    )
    code = (
        "from pathlib import Path; from drift_pipeline.config import ModelSettings;"
        "from drift_pipeline.models.loader import load_models;"
        f"load_models(ModelSettings(targets=('shop:Base',)), Path({str(application.root)!r}))"
    )
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL, **options)


def test_an_interrupted_load_ends_the_applications_process(application: Application) -> None:
    process = loading_what_hangs(application)
    pid = _written(application.root / "pid")
    process.send_signal(signal.SIGINT)
    process.wait(120)
    assert _gone(pid)


def test_a_killed_check_leaves_no_import_that_hangs(application: Application) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux ends a process with its parent")
    environment = {**os.environ, "TMPDIR": str(application.root.parent)}
    process = loading_what_hangs(application, env=environment)
    pid = _written(application.root / "pid")
    process.kill()
    process.wait(120)
    assert _gone(pid)


def test_what_a_killed_check_left_is_swept_after_a_day(
    application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    old, young = tmp_path / "drift-models-old", tmp_path / "drift-models-young"
    for each in (old, young):
        each.mkdir()
    os.utime(old, (0, 0))
    application.declare()
    load(application, "shop:Base")
    assert not old.exists()
    assert young.exists()


def test_a_flask_application_is_a_target_too(application: Application) -> None:
    application.declare("""
    class Db:
        metadatas = {None: Base.metadata}

    class App:
        extensions = {"sqlalchemy": Db()}

    def create_app():
        return App()
    """)
    assert set(load(application, "shop:create_app").tables) == {"public.customers", "public.orders"}


def _written(path: Path) -> int:
    deadline = time.monotonic() + 120
    while not (path.exists() and path.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return int(path.read_text())


def _gone(pid: int) -> bool:
    deadline = time.monotonic() + 60
    status = Path(f"/proc/{pid}/stat")
    while time.monotonic() < deadline:
        try:
            if status.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False
