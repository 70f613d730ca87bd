"""drift.toml: found where people stand, read, and every mistake in it said with its place and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from drift_pipeline.config import IgnoreRule, Settings, load_settings, require_models
from drift_pipeline.errors import ConfigError

NOTHING: dict[str, str] = {}


def loaded(folder: Path, text: str, variables: dict[str, str] | None = None) -> Settings:
    (folder / "drift.toml").write_text(text, encoding="utf-8")
    return load_settings(folder, environ=variables or {})


def test_without_a_file_the_defaults_hold_and_both_environments_exist(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, environ=NOTHING)

    assert settings.source == ""
    assert settings.root == tmp_path
    assert {name: item.prefix for name, item in settings.environments.items()} == {
        "production": "PROD",
        "staging": "STAGING",
    }
    assert settings.engine_timeout == 30
    assert settings.fail_on == "major"


def test_the_nearest_file_upwards_counts_and_paths_are_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "drift.toml").write_text("read_timeout = 7")
    deep = tmp_path / "src" / "app"
    deep.mkdir(parents=True)

    settings = load_settings(deep, environ=NOTHING)

    assert settings.read_timeout == 7
    assert settings.root == tmp_path
    assert settings.source == str(tmp_path / "drift.toml")


def test_pyproject_counts_only_with_a_section_of_ours(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.drift]\nmodels = "app.models:Base"\n[tool.other]\nx = 1')
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[tool.other]\nx = 1")

    assert load_settings(inner, environ=NOTHING).models.targets == ("app.models:Base",)


def test_drift_toml_wins_over_pyproject_beside_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.drift]\nread_timeout = 1")

    assert loaded(tmp_path, "read_timeout = 2").read_timeout == 2


def test_a_file_can_be_named(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("read_timeout = 9")

    assert load_settings(other, environ=NOTHING).read_timeout == 9


def test_shorthands_mean_what_they_say(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        """
        models = ["app.models:Base", "app.audit"]
        planes = "structure"
        ignore = ["public.tmp_*", {kind = "index", pattern = "*_old", reason = "later"}]
        """,
    )

    assert settings.models.targets == ("app.models:Base", "app.audit")
    assert settings.planes == ("structure",)
    assert settings.ignore == (IgnoreRule("*", "public.tmp_*"), IgnoreRule("index", "*_old", "later"))


def test_further_environments_have_a_prefix_and_inherit_the_default_schema(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        """
        default_schema = "shop"
        [environments.qa-eu]
        [environments.tenant]
        prefix = "T1"
        default_schema = "tenant_1"
        """,
    )

    found = {name: (item.prefix, item.default_schema) for name, item in settings.environments.items()}
    assert found == {
        "production": ("PROD", "shop"),
        "staging": ("STAGING", "shop"),
        "qa-eu": ("QA_EU", "shop"),
        "tenant": ("T1", "tenant_1"),
    }


MISTAKES = [
    ("x =", "drift.toml is not valid TOML", "drift.toml"),
    ("engin_timeout = 3", "unknown setting 'engin_timeout'", "did you mean 'engine_timeout'?"),
    ("[models]\ntarget = 'x'", "unknown setting 'models.target'", "did you mean 'targets'?"),
    ("[environments.qa]\nprefx = 'x'", "unknown setting 'environments.qa.prefx'", "did you mean 'prefix'?"),
    ("ignore = [{patern = 'x'}]", "unknown setting 'ignore.patern'", "did you mean 'pattern'?"),
    ("[environments.qa]\nhost = 'h'", "unknown setting 'environments.qa.host'", "QA_DB_HOST"),
    ("colour = 'red'", "unknown setting 'colour'", "known here: models"),
    ("engine_timeout = '30'", "engine_timeout must be a valid number", ""),
    ("connect_timeout = 1.5", "connect_timeout must be a valid integer", ""),
    ("strict = 'yes'", "strict must be a valid boolean", ""),
    ("manage = [1]", "manage.0 must be a valid string", ""),
    ("[models.env]\nA = 1", "models.env.A must be a valid string", ""),
    ("models = 3", "models must be an object", ""),
    ("environments = 3", "environments must be tables", "[environments.NAME]"),
    ("engine_timeout = -1", "engine_timeout must be above 0", ""),
    ("[models]\ntimeout = 0", "models.timeout must be above 0", ""),
    (
        "fail_on = 'majr'",
        "fail_on: 'majr' is not one of critical, major, minor, breaks, never",
        "did you mean 'major'?",
    ),
    ("planes = ['all']", "planes: 'all' is not one of", ""),
    ("source = 'x'", "unknown setting 'source'", ""),
    ("[schedule]\ncron = '0 25 * * *'", "schedule.cron: '0 25 * * *' '25' is no hour (0 to 23)", "cron line"),
    ("[schedule]\ncron = '0 2 * *'", "schedule.cron: '0 2 * *' has 4 fields instead of five", "cron line"),
    ("[schedule]\ncron = '0 2 30 2 *'", "names a day that no such month has", "cron line"),
    ("[schedule]\ntimezone = 'Mars/Olympus'", "schedule.timezone: 'Mars/Olympus' is no time zone", "time zone"),
    ("[schedule]\nsilence_hours = 0", "schedule.silence_hours must be above 0", ""),
    ("[schedule]\ncorn = 'x'", "unknown setting 'schedule.corn'", "did you mean 'cron'?"),
    ("remind_after = -1", "remind_after: must be a number of days, or 0 for no reminders", "docs/settings.md"),
    ("[retention]\nlogs = -1", "retention.logs: must be a number of days, or 0 for ever", "docs/settings.md"),
    ("[retention]\nruns = 1.5", "retention.runs must be a valid integer", ""),
    ("owners = ['dba']", "owners: 'dba' is neither an address of mail nor team:name", "docs/settings.md"),
]


@pytest.mark.parametrize(("text", "said", "hint"), MISTAKES, ids=[text for text, _, _ in MISTAKES])
def test_a_mistake_is_named_with_file_key_and_way_out(tmp_path: Path, text: str, said: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)

    assert said in caught.value.message
    assert caught.value.message.startswith("drift.toml")
    assert hint in caught.value.hint
    assert caught.value.hint


CREDENTIALS = [
    ("[environments.production]\npassword = 's3cr3t'", "PROD_DB_PASSWORD"),
    ("[environments.qa]\ndatabase_url = 'postgresql://u:s3cr3t@h/d'", "QA_DATABASE_URL"),
    ("artifacts = 's3://key:s3cr3t@bucket/x'", "DRIFT_ARTIFACTS"),
    ("scratch_url = 'postgresql://h/s3cr3t'", "DRIFT_SCRATCH_URL"),
    ("[telegram]\ntoken = 's3cr3t'", "DRIFT_TELEGRAM_TOKEN"),
]


@pytest.mark.parametrize(("text", "variable"), CREDENTIALS, ids=[text for text, _ in CREDENTIALS])
def test_a_credential_in_the_file_is_refused_and_not_repeated(tmp_path: Path, text: str, variable: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)

    assert "holds a credential" in caught.value.message
    assert variable in caught.value.hint
    assert "s3cr3t" not in f"{caught.value}{caught.value.hint}"


def test_what_an_application_needs_to_be_imported_may_look_like_a_credential(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "[models.env]\nSECRET_KEY = 'x'\nDATABASE_URL = 'postgresql://a:b@localhost/x'")

    assert settings.models.env["SECRET_KEY"] == "x"


def test_a_variable_wins_over_the_file_and_has_the_settings_type(tmp_path: Path) -> None:
    variables = {
        "DRIFT_MODELS": "app.models:Base, app.audit",
        "DRIFT_MODELS_PATH": "src:lib",
        "DRIFT_ENGINE_TIMEOUT": "2.5",
        "DRIFT_CONNECT_TIMEOUT": "3",
        "DRIFT_STRICT": "Yes",
        "DRIFT_PLANES": "structure,owners",
        "DRIFT_ARTIFACTS": "s3://bucket/drift",
        "DRIFT_READ_TIMEOUT": "",
    }

    settings = loaded(tmp_path, "engine_timeout = 1\nread_timeout = 5\nartifacts = 'x'", variables)

    assert settings.models.targets == ("app.models:Base", "app.audit")
    assert settings.models.path == ("src", "lib")
    assert settings.engine_timeout == 2.5
    assert settings.connect_timeout == 3
    assert settings.strict is True
    assert settings.planes == ("structure", "owners")
    assert settings.artifacts == "s3://bucket/drift"
    assert settings.read_timeout == 5  # an empty variable is none: CI sets unknown secrets to ""


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DRIFT_ENGINE_TIMEOUT", "soon", "DRIFT_ENGINE_TIMEOUT must be a number"),
        ("DRIFT_STRICT", "maybe", "DRIFT_STRICT must be true or false"),
        ("DRIFT_FAIL_ON", "majr", "DRIFT_FAIL_ON: 'majr' is not one of"),
        ("DRIFT_READ_TIMEOUT", "-3", "DRIFT_READ_TIMEOUT must be above 0"),
        ("DRIFT_READ_TIMEOUT", "nan", "DRIFT_READ_TIMEOUT must be above 0"),
        ("DRIFT_SCHEDULE_CRON", "daily", "DRIFT_SCHEDULE_CRON: 'daily' has 1 fields instead of five"),
        ("DRIFT_RETENTION_RUNS", "-3", "DRIFT_RETENTION_RUNS: must be a number of days"),
    ],
)
def test_a_mistake_in_a_variable_names_the_variable(tmp_path: Path, variable: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path, environ={variable: value})

    assert said in caught.value.message


def test_the_scratch_server_comes_from_a_variable_and_stays_out_of_repr(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, environ={"DRIFT_SCRATCH_URL": "postgresql://u:s3cr3t@h/postgres"})

    assert settings.scratch_url == "postgresql://u:s3cr3t@h/postgres"
    assert "s3cr3t" not in repr(settings)


def test_without_models_it_is_said_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        require_models(load_settings(tmp_path, environ=NOTHING))

    assert "there is no drift.toml" in caught.value.message
    assert "drift demo" in caught.value.hint
    require_models(loaded(tmp_path, "[models]\nalembic = 'alembic.ini'"))


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "drift.toml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match="not UTF-8"):
        load_settings(tmp_path, environ=NOTHING)
