"""Whatever is wrong: one clear line, the next step, exit 3; no traceback, no secret, earlier artifacts as they were.

Exit codes 1 and 2 mean drift. None of this may end with them, nor with 0.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from drift_pipeline.config import Database
from tests.cli.conftest import PASSWORD, Drift, Ended, variables_of

UNREACHABLE = {
    "PROD_DB_HOST": "127.0.0.1",
    "PROD_DB_PORT": "1",
    "PROD_DB_NAME": "shop",
    "PROD_DB_USER": "reader",
    "PROD_DB_PASSWORD": PASSWORD,
}


def assert_one_clear_line(ended: Ended, *said: str) -> None:
    """Exit 3, nothing on stdout; what happened and what to do next, one line each, on stderr."""
    assert ended.code == 3, ended
    assert ended.out == ""
    lines = ended.err.splitlines()
    assert len(lines) == 2, ended.err
    assert lines[0].startswith("drift: ")
    assert lines[1].startswith("  next: ")
    for words in said:
        assert words in ended.err
    assert "Traceback" not in ended.err
    assert PASSWORD not in ended.err


MISTYPED = [
    ((), "Usage"),
    (("chek",), "no such command 'chek'. Did you mean 'check'?"),
    (("check",), "missing option '--env'"),
    (("check", "--env"), "option '--env' requires an argument"),
    (("check", "--env", "production", "--exprot", "x"), "no such option '--exprot'"),
    (("check", "--env", "production", "extra"), "unexpected extra argument"),
    (("check", "--env", "production", "--format", "xml"), "'xml' is not one of"),
    (("check", "--env", "production", "--fail-on", "majr"), "'majr' is not one of"),
    (("check", "--env", "production", "--planes", "privilege"), "'privilege' is none of structure, privileges"),
    (("diff", "models"), "missing argument 'TARGET'"),
    (("snapshot",), "missing argument 'SOURCE'"),
    (("trends", "--env", "production", "--last", "0"), "0 is not in the range"),
    (("doctor", "--wrong"), "no such option '--wrong'"),
    (("demo", "--wrong"), "no such option '--wrong'"),
]


@pytest.mark.parametrize(("arguments", "said"), MISTYPED, ids=[" ".join(arguments) for arguments, _ in MISTYPED])
def test_a_mistyped_command_is_no_drift(drift: Drift, arguments: tuple[str, ...], said: str) -> None:
    ended = drift(*arguments, variables=UNREACHABLE)

    assert ended.code == 3
    assert ended.out == ""
    assert said in ended.err
    if arguments:
        assert_one_clear_line(ended, "--help")


def test_an_unknown_environment(drift: Drift) -> None:
    assert_one_clear_line(
        drift("check", "--env", "prod"), "drift: unknown environment 'prod'", "next: did you mean production?"
    )


def test_a_missing_variable(drift: Drift) -> None:
    variables = {**UNREACHABLE, "PROD_DB_USER": ""}

    assert_one_clear_line(
        drift("check", "--env", "production", variables=variables),
        "drift: production: PROD_DB_USER is not set",
        ".env.production",
    )


def test_a_missing_env_file(drift: Drift) -> None:
    assert_one_clear_line(drift("check", "--env", "production", "--env-file", "nope"), "no such file: nope")


def test_a_host_that_does_not_listen(drift: Drift) -> None:
    with socket.socket() as taken:  # and never listens
        taken.bind(("127.0.0.1", 0))
        variables = {**UNREACHABLE, "PROD_DB_PORT": str(taken.getsockname()[1])}
        ended = drift("check", "--env", "production", variables=variables)

    assert_one_clear_line(ended, "production", "Connection refused", "firewall")


def test_a_host_that_is_unknown(drift: Drift) -> None:
    variables = {**UNREACHABLE, "PROD_DB_HOST": "db.invalid"}

    assert_one_clear_line(drift("check", "--env", "production", variables=variables), "db.invalid", "PROD_DB_HOST")


def test_a_wrong_password(drift: Drift, locked_server: Database) -> None:
    wrong = "not-" + PASSWORD
    variables = {**variables_of(locked_server), "PROD_DB_PASSWORD": wrong}

    ended = drift("check", "--env", "production", variables=variables)

    assert_one_clear_line(ended, "production", "password authentication failed", "PROD_DB_PASSWORD")
    assert wrong not in ended.err


def test_a_missing_database(drift: Drift, locked_server: Database) -> None:
    variables = {**variables_of(locked_server), "PROD_DB_NAME": "nowhere"}

    assert_one_clear_line(
        drift("check", "--env", "production", variables=variables),
        "production",
        '"nowhere" does not exist',
        "PROD_DB_NAME",
    )


def test_a_url_of_another_kind_of_database(drift: Drift) -> None:
    variables = {"PROD_DATABASE_URL": f"mysql://root:{PASSWORD}@127.0.0.1/shop"}

    assert_one_clear_line(
        drift("check", "--env", "production", variables=variables), "mysql:// is no PostgreSQL database"
    )


def test_a_url_of_another_kind_of_database_as_argument(drift: Drift) -> None:
    assert_one_clear_line(
        drift("diff", f"mysql://root:{PASSWORD}@127.0.0.1/shop", "models"), "mysql:// is no PostgreSQL database"
    )


def test_a_source_that_is_nothing(drift: Drift) -> None:
    assert_one_clear_line(drift("diff", "nothing", "models"), "'nothing' is no environment", "drift snapshot")


def test_a_snapshot_file_that_is_none(drift: Drift, project: Path) -> None:
    (project / "old.json").write_text('{"x": 1}')

    assert_one_clear_line(drift("diff", "old.json", "old.json"), "old.json")


BROKEN_SETTINGS = [
    ("models =", "drift.toml is not valid TOML"),
    ("[modles]\ntargets = 'x'", "unknown setting 'modles'"),
    ("engine_timeout = 'x'", "engine_timeout must be a valid number"),
    (f"[environments.production]\npassword = '{PASSWORD}'", "holds a credential"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN_SETTINGS, ids=[text for text, _ in BROKEN_SETTINGS])
def test_a_broken_settings_file(drift: Drift, project: Path, text: str, said: str) -> None:
    (project / "drift.toml").write_text(text)

    assert_one_clear_line(drift("check", "--env", "production", variables=UNREACHABLE), said)


def test_no_settings_at_all(drift: Drift, tmp_path: Path) -> None:
    assert_one_clear_line(
        drift("check", "--env", "production", variables=UNREACHABLE, folder=tmp_path),
        "there is no drift.toml here",
        "[models]",
        "drift demo",
    )


def test_a_revision_without_alembic_settings(drift: Drift) -> None:
    assert_one_clear_line(
        drift("check", "--env", "production", "--generate-migration", variables=UNREACHABLE), "alembic.ini"
    )


def test_an_export_that_cannot_be_written_is_said_before_anything_else(drift: Drift, project: Path) -> None:
    (project / "file").write_text("")

    for target in (".", "file/report.json"):
        assert_one_clear_line(drift("check", "--env", "prod", "--export", target), f"cannot write {target}")


MODELS = [
    ("import nonsense_module", "nonsense_module"),
    ("metadata = 1 / 0", "ZeroDivisionError"),
    ("def broken(:", "SyntaxError"),
    ("import sys; sys.exit(1)", "shop_models"),
    ("other = 1", "metadata"),
    ("from sqlalchemy import MetaData\nmetadata = MetaData()", "no tables"),
]


@pytest.mark.parametrize(("text", "said"), MODELS, ids=[text for text, _ in MODELS])
def test_models_that_cannot_be_loaded(
    drift: Drift, project: Path, locked_server: Database, text: str, said: str
) -> None:
    (project / "shop_models.py").write_text(text)

    assert_one_clear_line(drift("check", "--env", "production", variables=variables_of(locked_server)), said)


def test_earlier_artifacts_stay_when_a_check_cannot_look(drift: Drift, project: Path) -> None:
    earlier: Mapping[Path, str] = {
        project / ".drift/artifacts/production/latest/drift-report.json": '{"earlier": true}',
        project / "report.json": "earlier",
    }
    for path, text in earlier.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    assert_one_clear_line(drift("check", "--env", "production", "--export", "report.json", variables=UNREACHABLE))

    assert {path: path.read_text() for path in earlier} == earlier
    assert sorted(path.name for path in project.iterdir() if "report" in path.name) == ["report.json"]


def test_debug_shows_the_traceback_but_no_secret(drift: Drift) -> None:
    ended = drift("check", "--env", "production", "--debug", variables=UNREACHABLE)

    assert ended.code == 3
    assert "Traceback" in ended.err
    assert ended.err.splitlines()[-2].startswith("drift: ")
    assert PASSWORD not in ended.err
