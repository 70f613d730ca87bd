"""Credentials: from variables and .env files, in the order that people expect, and never guessed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from drift_pipeline.config import Settings, database_for, load_settings, variables_for
from drift_pipeline.errors import ConfigError

FIVE = {
    "PROD_DB_HOST": "db.example.com",
    "PROD_DB_PORT": "5433",
    "PROD_DB_NAME": "shop",
    "PROD_DB_USER": "reader",
    "PROD_DB_PASSWORD": "s3cr3t",
}
DATABASE = {"host": "db.example.com", "port": "5433", "dbname": "shop", "user": "reader", "password": "s3cr3t"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "drift.toml").write_text("[environments.qa]\n")
    return load_settings(tmp_path, environ={})


def test_the_five_variables_are_the_database(settings: Settings) -> None:
    assert dict(database_for(settings, "production", FIVE).parameters) == DATABASE


def test_staging_and_further_environments_have_their_own(settings: Settings) -> None:
    for environment, prefix in (("staging", "STAGING"), ("qa", "QA")):
        variables = {name.replace("PROD", prefix): value for name, value in FIVE.items()}

        assert dict(database_for(settings, environment, variables).parameters) == DATABASE


def test_tls_is_set_by_variables(settings: Settings) -> None:
    tls = {"PROD_DB_SSLMODE": "verify-full", "PROD_DB_SSLROOTCERT": "/etc/ca.pem"}

    parameters = database_for(settings, "production", {**FIVE, **tls}).parameters

    assert (parameters["sslmode"], parameters["sslrootcert"]) == ("verify-full", "/etc/ca.pem")


def test_a_url_alone_suffices_and_variables_add_what_it_leaves_open(settings: Settings) -> None:
    url = {"PROD_DATABASE_URL": "postgresql+asyncpg://reader@db.example.com:5433/shop"}

    assert "password" not in database_for(settings, "production", url).parameters
    added = database_for(settings, "production", {**url, "PROD_DB_PASSWORD": "s3cr3t"})
    assert dict(added.parameters) == DATABASE


def test_url_and_variables_that_contradict_each_other_are_refused(settings: Settings) -> None:
    variables = {**FIVE, "PROD_DATABASE_URL": "postgresql://reader:s3cr3t@other:5433/shop"}

    with pytest.raises(ConfigError, match="PROD_DATABASE_URL and PROD_DB_HOST contradict each other"):
        database_for(settings, "production", variables)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"PROD_DB_HOST": None}, "production: PROD_DB_HOST is not set"),
        ({"PROD_DB_HOST": ""}, "production: PROD_DB_HOST is not set"),
        ({"PROD_DB_NAME": None, "PROD_DB_USER": " "}, "production: PROD_DB_NAME, PROD_DB_USER are not set"),
        ({"PROD_DB_PORT": "54x"}, "production: PROD_DB_PORT is no port number"),
        ({"PROD_DB_PORT": "0"}, "production: PROD_DB_PORT is no port number"),
        ({"PROD_DB_PORT": "99999"}, "production: PROD_DB_PORT is no port number"),
        ({"PROD_DB_HOST": "postgresql://u:s3cr3t@h/d"}, "production: PROD_DB_HOST holds a URL"),
        ({"PROD_DATABASE_URL": "mysql://u:s3cr3t@h/d"}, "production (PROD_DATABASE_URL): mysql:// is no PostgreSQL"),
    ],
)
def test_what_is_missing_or_wrong_is_named_without_its_value(
    settings: Settings, change: dict[str, str | None], said: str
) -> None:
    variables = {name: value for name, value in {**FIVE, **change}.items() if value is not None}

    with pytest.raises(ConfigError) as caught:
        database_for(settings, "production", variables)

    assert caught.value.message.startswith(said)
    assert caught.value.hint
    assert "s3cr3t" not in f"{caught.value}{caught.value.hint}"


def test_without_a_password_and_a_port_libpq_decides(settings: Settings) -> None:
    variables = {name: FIVE[name] for name in ("PROD_DB_HOST", "PROD_DB_NAME", "PROD_DB_USER")}

    assert set(database_for(settings, "production", variables).parameters) == {"host", "dbname", "user"}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("prod", "did you mean production?"),
        ("Production", "did you mean production?"),
        ("stagging", "did you mean staging?"),
        ("zz", "known are production, qa, staging; add [environments.zz] to drift.toml"),
        ("", "known are production, qa, staging"),
    ],
)
def test_an_unknown_environment_is_told_the_nearest(settings: Settings, name: str, hint: str) -> None:
    with pytest.raises(ConfigError, match="unknown environment") as caught:
        database_for(settings, name, FIVE)

    assert hint in caught.value.hint


def test_a_variable_wins_over_the_environments_file_and_that_over_the_common_one(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PROD_DB_HOST=common\nPROD_DB_NAME=common\nPROD_DB_USER=common\nDRIFT_STRICT=true\n")
    (tmp_path / ".env.production").write_text("PROD_DB_NAME=production\nPROD_DB_USER=production\n")
    before = dict(os.environ)

    settings = load_settings(tmp_path, environ={})
    parameters = database_for(settings, "production", {"PROD_DB_USER": "process"}).parameters

    assert dict(parameters) == {"host": "common", "dbname": "production", "user": "process"}
    assert settings.strict
    assert dict(os.environ) == before


def test_settings_in_the_environments_file_count_for_it_alone(tmp_path: Path) -> None:
    (tmp_path / ".env.staging").write_text("DRIFT_READ_TIMEOUT=5\n")

    assert load_settings(tmp_path, environ={}, environment="staging").read_timeout == 5
    assert load_settings(tmp_path, environ={}, environment="production").read_timeout == 60


def test_a_named_file_replaces_the_usual_ones(tmp_path: Path) -> None:
    (tmp_path / ".env.production").write_text("PROD_DB_HOST=usual\n")
    named = tmp_path / "my.env"
    named.write_text("# ours\nexport PROD_DB_NAME='n n'\nPROD_DB_USER=\"u\"\nPROD_DB_HOST=h # comment\n")

    settings = load_settings(tmp_path, named, environ={})

    assert dict(database_for(settings, "production", {}).parameters) == {"host": "h", "dbname": "n n", "user": "u"}


def test_a_named_file_must_exist_and_every_file_be_readable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file: .*missing\.env"):
        load_settings(tmp_path, tmp_path / "missing.env", environ={})
    broken = tmp_path / ".env"
    broken.write_text("A=1\n= s3cr3t 'x\n")
    with pytest.raises(ConfigError, match="line 2") as caught:
        load_settings(tmp_path, environ={})
    assert "s3cr3t" not in f"{caught.value}{caught.value.hint}"


def test_other_variables_of_the_files_can_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TELEGRAM_CHAT_ID=7\n")

    settings = load_settings(tmp_path, environ={})

    assert variables_for(settings, "production", {"X": "y", "EMPTY": ""}) == {"TELEGRAM_CHAT_ID": "7", "X": "y"}
