"""The job, run on real databases: what people see, what is kept, what happens when one cannot look."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import dagster as dg
import psycopg2
import pytest

from drift_pipeline.config import Database
from drift_pipeline.orchestration import assets
from drift_pipeline.orchestration.metadata import SHOWN_AT_ONCE, bullets
from tests.notify.bot_api import TOKEN, BotApi, bot_api
from tests.orchestration.conftest import Finished
from tests.orchestration.project import AS_DECLARED, DRIFTED, Project, failures, number


@pytest.fixture
def telegram() -> Iterator[BotApi]:
    with bot_api() as api:
        yield api


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between tries of the read there are seconds; in tests there need not be."""
    policy = dg.RetryPolicy(max_retries=assets.READ_RETRIES.max_retries, delay=0)
    monkeypatch.setattr(assets, "READ_RETRIES", policy)


def everything_kept(project: Project) -> str:
    """All bytes that a run left anywhere: event logs, stored values, captured output, artifacts."""
    folders = (project.home, project.artifacts)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return "".join(path.read_bytes().decode("utf-8", "replace") for path in files)


def test_one_run_answers_for_every_environment(finished: Finished) -> None:
    result = finished.first
    assert result.success
    counted = {name: number(result, "production__drift_report", name) for name in ("critical", "major", "minor")}
    # the column and the table that nobody declared; the name that may be NULL
    assert counted == {"critical": 2, "major": 1, "minor": 0}
    assert number(result, "production__drift_report", "total") == 3
    assert number(result, "staging__drift_report", "total") == 0
    assert "leftovers" in str(number(result, "production__drift_report", "findings"))
    assert str(number(result, "production__drift_report", "sql")).startswith("```sql\n")
    assert "DROP COLUMN" in str(number(result, "production__schema_diff", "sql")).upper()
    assert number(result, "production__live_schema", "tables") == 2
    assert number(result, "model_schema", "tables") == 1


def test_counts_are_numbers_so_that_they_are_plotted(finished: Finished) -> None:
    (materialization,) = finished.first.asset_materializations_for_node("production__drift_report")
    for name in ("critical", "major", "minor", "total", "breaks", "new", "resolved"):
        assert isinstance(materialization.metadata[name], dg.IntMetadataValue), name
    assert materialization.tags is not None
    assert materialization.tags["drift/severity"] == "critical"


def test_runs_can_be_found_by_environment_severity_and_commit(finished: Finished) -> None:
    def found(**tags: str) -> set[str]:
        return {run.run_id for run in finished.instance.get_runs(dg.RunsFilter(tags=tags))}

    both = {finished.first.run_id, finished.second.run_id}
    assert found(**{"drift/severity": "critical"}) == both
    assert found(**{"drift/severity": "none"}) == set()


def test_a_report_tells_in_numbers_what_a_person_asks_and_a_plot_shows(finished: Finished) -> None:
    (materialization,) = finished.second.asset_materializations_for_node("production__drift_report")
    shown = materialization.metadata
    numbers = {name: value.value for name, value in shown.items() if isinstance(value, dg.IntMetadataValue)}
    assert {name: numbers[name] for name in ("breaks", "degrades", "exposes", "set_aside", "pending")} == {
        "breaks": 0,
        "degrades": 1,
        "exposes": 0,
        "set_aside": 0,
        "pending": 0,
    }
    assert sum(count for name, count in numbers.items() if name.startswith("cause_")) == 3
    for stage in ("models", "live", "diff", "plan"):
        assert isinstance(shown[f"seconds_{stage}"], dg.FloatMetadataValue), stage
    assert str(shown["server_version"].value).split(".")[0].isdigit()
    table = str(shown["findings"].value)
    assert table.startswith("| severity | impact now | finding | cause | why | what to do | since | model |")
    assert "decide first" in table
    assert "seen in 2 checks" in table
    assert "shop/models.py:" in table


def test_the_models_asset_leads_to_each_table(finished: Finished) -> None:
    (materialization,) = finished.first.asset_materializations_for_node("model_schema")
    (reference,) = materialization.metadata["dagster/code_references"].code_references
    assert reference.source.startswith(f"{finished.project.root}/shop/models.py:")
    assert "public.customers" in str(materialization.metadata["declared_in"].value)


def test_the_trend_shows_every_environment_as_a_picture_in_numbers_and_on_a_page(finished: Finished) -> None:
    (materialization,) = finished.second.asset_materializations_for_node("drift_trend")
    shown = materialization.metadata
    assert len(str(shown["at_a_glance"].value)) < 1000
    for name in ("at_a_glance", "trend", "trend_production", "trend_staging"):
        alt, _, data = str(shown[name].value).partition("](data:image/svg+xml;base64,")
        assert alt.startswith("![Findings "), name
        svg = ElementTree.fromstring(base64.b64decode(data.removesuffix(")"), validate=True))
        assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert shown["production_critical"].value == 2
    assert shown["staging_critical"].value == 0
    assert isinstance(shown["production_oldest_days"], dg.FloatMetadataValue)
    page = Path(str(shown["drift-trend.html"].value)).read_text()
    assert page == finished.project.store.page("drift-trend.html")
    assert page.count("<svg ") == 3
    assert "<script" not in page
    assert finished.project.store.environments() == ["production", "staging"]


def test_artifacts_lie_where_the_metadata_says_and_are_the_latest(finished: Finished) -> None:
    store = finished.project.store
    for node, name in [
        ("production__drift_report", "drift-report.json"),
        ("production__drift_report", "drift-summary.md"),
        ("production__drift_report", "schema-diff.sql"),
        ("production__migration", "migration.py"),
    ]:
        place = Path(str(number(finished.second, node, name)))
        assert place.read_text() == store.latest("production", name)
        assert finished.second.run_id in str(place)
    assert json.loads(store.latest("production", "drift-report.json") or "")["summary"]["drift_detected"] is True
    assert store.latest("staging", "migration.py") is None
    assert number(finished.second, "staging__migration", "status") == "not needed"


def test_nothing_is_written_into_the_checkout(finished: Finished) -> None:
    after = set(finished.project.root.rglob("*"))
    new = {path for path in after - finished.before if not {".drift", "__pycache__"} & set(path.parts)}
    assert new == set()


def test_checks_say_error_for_critical_and_warn_for_major_and_stop_nothing(finished: Finished) -> None:
    found = {
        (check.asset_key.path[0], check.check_name): (check.passed, check.severity)
        for check in finished.first.get_asset_check_evaluations()
    }
    assert found["production", "no_critical_drift"] == (False, dg.AssetCheckSeverity.ERROR)
    assert found["production", "no_major_drift"] == (False, dg.AssetCheckSeverity.WARN)
    assert found["production", "plan_proven"][0] is True
    assert all(passed for (environment, _), (passed, _) in found.items() if environment == "staging")
    assert number(finished.first, "production__migration", "status") == "written"


def versions(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Step -> data version; without the trend, which every check adds to."""
    events = result.get_asset_materialization_events()
    return {
        event.step_key or "": (event.materialization.tags or {})["dagster/data_version"]
        for event in events
        if event.step_key != "drift_trend"
    }


def test_unchanged_schemas_give_the_same_data_versions_and_the_same_revision(finished: Finished) -> None:
    first, second = finished.first, finished.second
    assert len(versions(first)) == 9
    assert versions(first) == versions(second)
    assert number(first, "production__migration", "revision") == number(second, "production__migration", "revision")
    texts = {finished.project.store.read("production", run.run_id, "migration.py") for run in (first, second)}
    assert len(texts) == 1


def test_the_second_check_knows_the_first(finished: Finished) -> None:
    assert number(finished.second, "production__drift_report", "new") == 0
    assert [check.total for check in finished.project.store.checks("production")] == [3, 3]
    assert number(finished.second, "production__drift_report", "oldest_days") == 0.0


def test_history_in_the_event_log_is_kept_from_run_to_run(finished: Finished) -> None:
    records = finished.instance.fetch_materializations(dg.AssetKey(["production", "drift_report"]), limit=10).records
    assert [record.run_id for record in records] == [finished.second.run_id, finished.first.run_id]


def test_a_change_in_one_database_is_new_there_and_leaves_the_other_environment_fresh(
    both: Project, instance: dg.DagsterInstance, new_database: Callable[..., Database]
) -> None:
    first = both.execute(instance)
    database = new_database(DRIFTED.replace("vip_note text", "other_note text"))
    both.connect("PROD", database)
    second = both.execute(instance)

    before, after = versions(first), versions(second)
    changed = {step for step in before if before[step] != after[step]}
    assert changed == {
        "production__live_schema",
        "production__schema_diff",
        "production__drift_report",
        "production__migration",
    }
    assert number(second, "production__drift_report", "new") == 1
    assert number(second, "production__drift_report", "resolved") == 1


def test_a_check_that_fails_names_what_it_counted(finished: Finished) -> None:
    found = {
        each.check_name: each.metadata
        for each in finished.first.get_asset_check_evaluations()
        if each.asset_key == dg.AssetKey(["production", "drift_report"])
    }
    shown = html.unescape(str(found["no_critical_drift"]["which"].value)).splitlines()
    assert [line.partition(" exists in production")[0] for line in shown] == [
        "- column public.customers.vip_note",
        "- table public.leftovers",
    ]
    assert "which" not in found["plan_proven"]


def test_a_long_list_is_cut_to_what_the_ui_shows_at_once() -> None:
    lines = [f'table public."{"x" * 40}_{number}"' for number in range(500)]
    shown = str(bullets(lines).value)
    assert len(shown) <= SHOWN_AT_ONCE
    *_, last, more = shown.splitlines()
    assert more == f"- and {500 - len(shown.splitlines()) + 1} more"
    assert last.startswith("- table public")
    assert len(str(bullets(["y" * 5000]).value)) < SHOWN_AT_ONCE


def test_a_waiver_that_is_over_is_a_check_that_warns(both: Project, instance: dg.DagsterInstance) -> None:
    waiver = (
        '[[waiver]]\nname = "public.leftovers"\nreason = "goes with the next release"\nowner = "ann"\nexpires = {}\n'
    )

    def outcome(expires: str) -> tuple[bool, object, dg.AssetCheckSeverity]:
        both.write("drift-waivers.toml", waiver.format(expires))
        result = both.execute(instance, "drift_check_production")
        (found,) = (each for each in result.get_asset_check_evaluations() if each.check_name == "no_expired_waiver")
        return found.passed, found.metadata["offenders"].value, found.severity

    assert outcome("2999-12-31") == (True, 0, dg.AssetCheckSeverity.WARN)
    assert outcome("2020-01-31") == (False, 1, dg.AssetCheckSeverity.WARN)


def test_a_staging_that_cannot_be_reached_does_not_stop_production(both: Project, instance: dg.DagsterInstance) -> None:
    both.variables["STAGING_DB_HOST"] = "127.0.0.1"
    both.variables["STAGING_DB_PORT"] = "1"
    result = both.execute(instance)

    assert not result.success
    assert set(failures(result)) == {"staging__live_schema"}
    assert number(result, "production__drift_report", "critical") == 2
    assert both.store.latest("production", "migration.py")
    assert both.store.latest("staging", "drift-report.json") is None
    said = failures(result)["staging__live_schema"]
    assert "staging" in (said.description or "")
    assert said.metadata["subject"].value == "staging"
    assert said.metadata["next step"].value
    retries = [event for event in result.all_events if event.is_step_restarted]
    assert {event.step_key for event in retries} == {"staging__live_schema"}
    assert len(retries) == assets.READ_RETRIES.max_retries


def test_missing_credentials_are_one_clear_failure_that_nobody_tries_again(
    both: Project, instance: dg.DagsterInstance
) -> None:
    del both.variables["STAGING_DB_HOST"]
    result = both.execute(instance, "drift_check_staging")
    said = failures(result)["staging__live_schema"]
    assert "STAGING_DB_HOST" in (said.description or "")
    assert said.metadata["kind"].value == "ConfigError"
    assert not any(event.is_step_restarted for event in result.all_events)


def test_models_that_do_not_import_fail_where_they_belong(both: Project, instance: dg.DagsterInstance) -> None:
    both.write("shop/models.py", "import nothing_of_that_name\n")
    result = both.execute(instance)
    assert set(failures(result)) == {"model_schema"}
    assert "nothing_of_that_name" in (failures(result)["model_schema"].description or "")


def test_a_checkout_without_settings_fails_with_the_message_that_says_how_to_start(
    project: Project, instance: dg.DagsterInstance
) -> None:
    (project.root / "drift.toml").unlink()
    result = project.execute(instance)
    said = failures(result)
    assert set(said) == {"model_schema", "production__live_schema", "staging__live_schema"}
    assert "drift.toml" in (said["model_schema"].description or "")
    assert "drift.toml" in str(said["model_schema"].metadata["next step"].value)


def test_broken_settings_fail_every_environment_with_the_line_that_is_wrong(
    both: Project, instance: dg.DagsterInstance
) -> None:
    both.write("drift.toml", "[models\n")
    result = both.execute(instance)
    assert all("drift.toml" in (said.description or "") for said in failures(result).values())


def test_a_store_that_cannot_be_written_is_a_failure_and_leaves_what_was_there(
    both: Project, instance: dg.DagsterInstance
) -> None:
    both.execute(instance, "drift_check_production")
    kept = both.store.latest("production", "drift-report.json")
    blocked = both.artifacts / "production" / "runs"
    os.rename(blocked, blocked.with_name("moved"))
    blocked.write_text("in the way")
    result = both.execute(instance, "drift_check_production")
    assert "artifacts of production could not be written" in (
        failures(result)["production__drift_report"].description or ""
    )
    assert both.store.latest("production", "drift-report.json") == kept


@pytest.mark.slow
def test_no_secret_is_in_anything_that_a_run_leaves(both: Project, instance_on_disk: dg.DagsterInstance) -> None:
    both.variables["STAGING_DB_HOST"] = "127.0.0.1"
    both.variables["STAGING_DB_PORT"] = "1"
    both.variables["TELEGRAM_BOT_TOKEN"] = TOKEN
    both.variables["TELEGRAM_CHAT_ID"] = "1"
    both.variables["TELEGRAM_API_URL"] = "http://127.0.0.1:1"
    result = both.execute(instance_on_disk)
    assert not result.success
    kept = everything_kept(both)
    assert "production" in kept
    assert "hunter2" not in kept
    assert TOKEN not in kept


def test_hostile_names_reach_the_metadata_as_text(
    project: Project, instance: dg.DagsterInstance, new_database: Callable[..., Database]
) -> None:
    project.connect("PROD", new_database(AS_DECLARED + 'create table "a\'b--<b>`|*x*" (id int);'))
    result = project.execute(instance, "drift_check_production")
    table = str(number(result, "production__drift_report", "findings"))
    rows = [line for line in table.splitlines() if line.startswith("| ") and "critical" in line]
    assert len(rows) == 1
    assert "<b>" not in rows[0]
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 9
    assert result.success


def test_what_passes_between_assets_is_json_that_a_later_run_can_read(finished: Finished) -> None:
    storage = Path(finished.instance.storage_directory())
    stored = {str(path.relative_to(storage)): path for path in storage.rglob("*.json")}
    for name in ("model_schema", "production/live_schema", "production/schema_diff", "production/drift_report"):
        json.loads(stored[f"{name}.json"].read_text())
    # only the last stage is run again, on what the run before left
    job = finished.project.definitions.resolve_implicit_global_asset_job_def()
    again = job.execute_in_process(
        instance=finished.instance, asset_selection=[dg.AssetKey(["production", "migration"])]
    )
    assert again.success


def test_a_stored_value_of_another_release_is_a_failure_that_says_what_to_materialize(
    both: Project, instance: dg.DagsterInstance
) -> None:
    stored = Path(instance.storage_directory())
    (stored / "production").mkdir(parents=True)
    for name in ("model_schema", "production/live_schema", "production/drift_report"):
        (stored / f"{name}.json").write_text('{"old": 1}')
    job = both.definitions.resolve_implicit_global_asset_job_def()
    again = job.execute_in_process(
        instance=instance, asset_selection=[dg.AssetKey(["production", "migration"])], raise_on_error=False
    )
    said = failures(again)["production__migration"]
    assert "is of another release" in (said.description or "")
    assert "materialize" in str(said.metadata["next step"].value)


def test_a_stage_whose_input_was_never_made_says_what_to_materialize(
    both: Project, instance: dg.DagsterInstance
) -> None:
    job = both.definitions.resolve_implicit_global_asset_job_def()
    again = job.execute_in_process(
        instance=instance, asset_selection=[dg.AssetKey(["production", "migration"])], raise_on_error=False
    )
    said = failures(again)["production__migration"]
    assert "was not materialized here yet" in (said.description or "")


def test_a_failure_is_told_once_after_the_last_try_from_the_job_and_from_the_ui(
    both: Project, instance: dg.DagsterInstance, telegram: BotApi
) -> None:
    both.variables |= {**telegram.variables(), "STAGING_DB_HOST": "127.0.0.1", "STAGING_DB_PORT": "1"}
    both.execute(instance, "drift_check_staging")
    assert len(telegram.sent) == 1
    seen = telegram.sent[0]["seen"]
    assert seen.startswith("❌ Schema Drift Check Failed\n\n🗄️ Environment: staging\n🔧 Stage: live_schema\n")
    assert "Next step" in seen

    # what Materialize in the UI runs
    job = both.definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=instance, asset_selection=[dg.AssetKey(["staging", "live_schema"])], raise_on_error=False
    )
    assert not result.success
    assert len(telegram.sent) == 2
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags["drift/notified_by"] == "hook"


def test_drift_is_told_once_and_its_end_as_well(
    both: Project, instance: dg.DagsterInstance, telegram: BotApi, new_database: Callable[..., Database]
) -> None:
    both.variables |= telegram.variables()
    first = both.execute(instance)
    both.execute(instance)
    assert [sent["seen"].splitlines()[0] for sent in telegram.sent] == ["🔴 Schema Drift Alert - CRITICAL"]
    (page,) = (file["document"] for file in telegram.documents)
    assert page["name"] == "schema-drift-production.html"
    assert page["content"].decode() == both.store.read("production", first.run_id, "drift-report.html")
    assert "🗄️ Environment: production\n📊 Severity: critical\n" in telegram.sent[0]["seen"]

    # years later nobody has resolved it
    told = json.loads(both.store.latest("production", "alerts.json") or "")
    told["telegram"]["at"] = "2020-01-01T02:00:00+00:00"
    both.store.write("production", "years-ago", {"alerts.json": json.dumps(told)})
    both.execute(instance)
    assert "⏰ Still the same as on 20" in telegram.sent[-1]["seen"]
    assert len(telegram.sent) == len(telegram.documents) == 2

    both.connect("PROD", new_database(AS_DECLARED))
    both.execute(instance)
    assert telegram.sent[-1]["seen"].startswith("✅ Schema Drift Resolved")


@pytest.mark.slow
def test_telegram_that_is_down_fails_no_check(both: Project, instance: dg.DagsterInstance) -> None:
    both.variables |= {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_CHAT_ID": "1",
        "TELEGRAM_API_URL": "http://127.0.0.1:1",
    }
    assert both.execute(instance).success
    # and the report of the environment that has drifted says that nobody was told
    for name in ("drift-report.json", "drift-summary.md", "drift-report.html"):
        text = (both.store.latest("production", name) or "").replace("&#45;", "-")
        assert "alert by telegram: Telegram did not take the alert: the connection failed" in text, name
        assert TOKEN not in text
    assert len(both.store.checks("production")) == 1
    assert "alert by" not in (both.store.latest("staging", "drift-report.json") or "")


def test_a_crash_is_told_without_secrets_and_not_tried_again(
    both: Project, instance_on_disk: dg.DagsterInstance, telegram: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.variables |= telegram.variables()

    # not written out where it is raised: the stack shows the source
    text = "bad dsn postgresql://me:{}@db/x".format("hunter2-of-PROD")

    def crash(*_arguments: Any) -> None:
        raise psycopg2.Error(text)

    monkeypatch.setattr("drift_pipeline.use_case.read_live_schema", crash)
    result = both.execute(instance_on_disk, "drift_check_production")
    assert "hunter2" not in (failures(result)["production__live_schema"].description or "")
    assert "postgresql://me:***@db/x" in telegram.sent[0]["seen"]
    assert not any(event.is_step_restarted for event in result.all_events)
    assert "hunter2" not in everything_kept(both)
