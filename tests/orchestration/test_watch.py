"""Sensors that look after the pipeline: runs that failed unseen, told once; checks that stay away, told once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from drift_pipeline.config import Database
from drift_pipeline.errors import NotifyError
from drift_pipeline.notify.silence import Watched, from_state, silence_alert, to_state
from drift_pipeline.orchestration.watch import environment_of, failed_runs_sensor, silence_sensor
from tests.notify.bot_api import TOKEN, BotApi, bot_api
from tests.orchestration.project import AS_DECLARED, Project

NAMES = {"production": "production", "staging": "staging", "eu-1": "eu_1"}

KILLED = "This run has been marked as failed from outside the execution context."


@pytest.fixture
def telegram() -> Iterator[BotApi]:
    with bot_api() as api:
        yield api


@pytest.fixture
def watched(project: Project, telegram: BotApi) -> Project:
    """A project that tells Telegram."""
    project.variables |= telegram.variables()
    project.save_variables()
    return project


# ---------------------------------------------------------------- runs that failed unseen


def failed_run(
    project: Project, instance: dg.DagsterInstance, *, started: bool = True, tags: Mapping[str, str] | None = None
) -> dg.DagsterRun:
    """A run of the staging job, as Dagster leaves it when its worker is gone."""
    job = project.definitions.resolve_job_def("drift_check_staging")
    run = instance.create_run_for_job(job, tags={**job.tags, **(tags or {})}, status=dg.DagsterRunStatus.STARTING)
    if started:
        instance.report_dagster_event(dg.DagsterEvent("PIPELINE_START", job_name=job.name), run_id=run.run_id)
    instance.report_run_failed(run, KILLED)
    found = instance.get_run_by_id(run.run_id)
    assert found
    return found


def look(project: Project, instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.SkipReason | None:
    """One tick of the sensor, on the end of this run."""
    (end,) = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records
    assert end.event_log_entry.dagster_event
    with dg.build_run_status_sensor_context(
        sensor_name="failed_runs",
        dagster_event=end.event_log_entry.dagster_event,
        dagster_instance=instance,
        dagster_run=run,
        resources={"drift": project.resource},
    ) as context:
        return failed_runs_sensor(NAMES)(context.for_run_failure())  # type: ignore[return-value]


def test_a_run_whose_worker_was_killed_is_told_of_once(
    watched: Project, instance: dg.DagsterInstance, telegram: BotApi
) -> None:
    run = failed_run(watched, instance)
    assert look(watched, instance, run) is None
    seen = telegram.sent[0]["seen"]
    assert seen.startswith(
        "❌ Schema Drift Check Failed\n\n🗄️ Environment: staging\n🔧 Stage: run of drift_check_staging"
    )
    assert f"its process ended without a word: killed, out of memory, or restarted. Dagster says: {KILLED}" in seen
    assert "Next step: read the run's log" in seen

    again = look(watched, instance, run)
    assert again is not None
    assert "was told of by its sensor" in (again.skip_message or "")
    assert len(telegram.sent) == 1


def test_a_run_that_never_started_says_so(watched: Project, instance: dg.DagsterInstance, telegram: BotApi) -> None:
    look(watched, instance, failed_run(watched, instance, started=False))
    assert "Could not look: it never started. Dagster says:" in telegram.sent[0]["seen"]


def test_a_failure_that_the_hook_told_of_is_not_told_again(
    watched: Project, instance: dg.DagsterInstance, telegram: BotApi
) -> None:
    result = watched.execute(instance, "drift_check_staging")
    run = instance.get_run_by_id(result.run_id)
    assert run
    assert len(telegram.sent) == 1
    told = look(watched, instance, run)
    assert told is not None
    assert "was told of by its hook" in (told.skip_message or "")
    assert len(telegram.sent) == 1


def test_a_rerun_that_fails_as_well_is_told_of_though_it_has_the_tags_of_the_first(
    watched: Project, instance: dg.DagsterInstance, telegram: BotApi
) -> None:
    first = failed_run(watched, instance)
    look(watched, instance, first)
    told = instance.get_run_by_id(first.run_id)
    assert told
    rerun = failed_run(watched, instance, tags={**told.tags, "dagster/parent_run_id": first.run_id})
    assert look(watched, instance, rerun) is None
    assert len(telegram.sent) == 2


def test_what_the_hook_could_not_deliver_the_sensor_delivers_in_the_same_words(
    watched: Project, instance: dg.DagsterInstance, telegram: BotApi
) -> None:
    there = dict(watched.variables)
    watched.variables["TELEGRAM_API_URL"] = "http://127.0.0.1:1/nobody"
    watched.variables["TELEGRAM_BOT_TOKEN"] = ""
    result = watched.execute(instance, "drift_check_staging")
    run = instance.get_run_by_id(result.run_id)
    assert run
    assert telegram.sent == []

    watched.variables = there
    watched.save_variables()
    look(watched, instance, run)
    (message,) = telegram.sent
    assert "🔧 Stage: live_schema" in message["seen"]
    assert "STAGING_DB_HOST" in message["seen"]


def test_a_run_that_is_started_once_more_is_not_told_of_yet(
    watched: Project, instance: dg.DagsterInstance, telegram: BotApi
) -> None:
    waiting = look(watched, instance, failed_run(watched, instance, tags={"dagster/will_retry": "true"}))
    assert waiting is not None
    assert "started once more" in (waiting.skip_message or "")
    look(watched, instance, failed_run(watched, instance, tags={"dagster/will_retry": "false"}))
    assert len(telegram.sent) == 1


def test_a_failure_that_nobody_took_is_a_failed_tick_without_secrets(
    watched: Project, instance: dg.DagsterInstance, telegram: BotApi
) -> None:
    telegram.script += [(403, {"ok": False, "description": "Forbidden: bot was blocked"})] * 8
    run = failed_run(watched, instance)
    with pytest.raises(NotifyError) as caught:
        look(watched, instance, run)
    assert "nobody could be told of a failed run" in str(caught.value)
    assert TOKEN not in str(caught.value)
    found = instance.get_run_by_id(run.run_id)
    assert found
    assert "drift/notified_by" not in found.tags


def test_without_a_channel_it_is_quiet(project: Project, instance: dg.DagsterInstance) -> None:
    project.save_variables()
    said = look(project, instance, failed_run(project, instance))
    assert said is not None
    assert said.skip_message == "no channel for alerts is configured"


def test_the_environment_of_a_run_is_found_by_tag_job_or_assets() -> None:
    def run(**fields: object) -> dg.DagsterRun:
        return dg.DagsterRun(**{"job_name": "drift_check", **fields})  # type: ignore[arg-type]

    report = dg.AssetKey(["eu_1", "drift_report"])
    models, other = dg.AssetKey("model_schema"), dg.AssetKey(["staging", "drift_report"])
    assert environment_of(run(tags={"drift/env": "eu-1"}), NAMES) == "eu-1"
    assert environment_of(run(job_name="drift_check_eu_1"), NAMES) == "eu-1"
    assert environment_of(run(job_name="__ASSET_JOB", asset_selection=frozenset({report, models})), NAMES) == "eu-1"
    assert environment_of(run(job_name="__ASSET_JOB", asset_selection=frozenset({report, other})), NAMES) == ""
    assert environment_of(run(), NAMES) == ""


# ---------------------------------------------------------------- checks that stay away

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LIMIT = timedelta(hours=26)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_silence_begins_after_twenty_six_hours_and_not_before() -> None:
    watched = Watched(NOON - hours(500))
    assert watched.news(NOON - hours(25.9), NOON, LIMIT) == ""
    assert watched.news(NOON - hours(26.1), NOON, LIMIT) == "late"


def test_an_environment_that_was_never_checked_has_as_long_from_when_it_is_watched() -> None:
    assert Watched(NOON - hours(20)).news(None, NOON, LIMIT) == ""
    assert Watched(NOON - hours(27)).news(None, NOON, LIMIT) == "late"


def test_silence_is_told_once_and_its_end_once() -> None:
    watched = Watched(NOON - hours(500))
    watched = watched.after("late", NOON)
    assert watched.news(NOON - hours(30), NOON + hours(5), LIMIT) == ""
    assert watched.news(NOON + hours(6), NOON + hours(6), LIMIT) == "again"
    watched = watched.after("again", NOON + hours(6))
    assert watched.news(NOON + hours(6), NOON + hours(7), LIMIT) == ""
    assert watched.news(NOON + hours(6), NOON + hours(40), LIMIT) == "late"


def test_what_is_known_survives_as_json_and_a_damaged_note_is_none() -> None:
    known = {"production": Watched(NOON, NOON + hours(1)), "staging": Watched(NOON)}
    assert from_state(json.loads(json.dumps(to_state(known)))) == known
    for damaged in (None, [], 3, {"production": 1}, {"production": {"since": "yesterday", "told": None}}):
        assert from_state(damaged) == {}


def test_the_alert_of_silence_says_since_when_and_what_to_do() -> None:
    message = silence_alert("production", NOON - hours(30), NOON, LIMIT, link="http://dagster.example/assets/x")
    assert message.to_text() == (
        "🔇 Schema Drift Check Overdue\n"
        "\n"
        "🗄️ Environment: production\n"
        "🕑 Last successful check: 2026-03-01 06:00 UTC (30 hours ago)\n"
        "\n"
        "No check succeeded for more than 26 hours: drift would go unnoticed.\n"
        "\n"
        "➡️ Next step: see in Dagster's UI whether the schedule is on, the daemon runs, and what the last runs say\n"
        "\n"
        "🔗 View Checks: http://dagster.example/assets/x"
    )
    assert not message.silent
    assert "check: never" in silence_alert("production", None, NOON, LIMIT).to_text()


def tick(project: Project, instance: dg.DagsterInstance, cursor: str | None, silence_hours: float) -> dg.SensorResult:
    sensor = silence_sensor({"production": "production"}, silence_hours)
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources={"drift": project.resource}) as context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_silence_and_its_end_reach_people_once_each(
    watched: Project,
    instance: dg.DagsterInstance,
    telegram: BotApi,
    new_database: Callable[..., Database],
) -> None:
    watched.connect("PROD", new_database(AS_DECLARED))
    assert watched.execute(instance, "drift_check_production").success
    at_once = tick(watched, instance, None, 26)
    assert at_once.skip_reason is not None
    assert at_once.skip_reason.skip_message == "every environment was checked in time"
    assert telegram.sent == []

    # a limit so short that the check of just now is too long ago
    late = tick(watched, instance, at_once.cursor, 1e-6)
    assert late.skip_reason is not None
    assert late.skip_reason.skip_message == "overdue: production"
    still = tick(watched, instance, late.cursor, 1e-6)
    assert [sent["seen"].splitlines()[0] for sent in telegram.sent] == ["🔇 Schema Drift Check Overdue"]

    assert watched.execute(instance, "drift_check_production").success
    again = tick(watched, instance, still.cursor, 26)
    tick(watched, instance, again.cursor, 26)
    assert [sent["seen"].splitlines()[0] for sent in telegram.sent[1:]] == ["✅ Schema Drift Checks Resumed"]


def test_silence_that_nobody_took_is_told_at_the_next_tick(
    watched: Project, instance: dg.DagsterInstance, telegram: BotApi
) -> None:
    telegram.script += [(403, {"ok": False, "description": "Forbidden: bot was blocked"})]
    long_ago = json.dumps(to_state({"production": Watched(datetime(2020, 1, 1, tzinfo=UTC))}))
    first = tick(watched, instance, long_ago, 26)
    second = tick(watched, instance, first.cursor, 26)
    tick(watched, instance, second.cursor, 26)
    assert len(telegram.sent) == 1
    assert "Last successful check: never" in telegram.sent[0]["seen"]


def test_both_sensors_run_from_the_start(project: Project) -> None:
    sensors = {
        sensor.name: sensor for sensor in project.definitions.sensors or () if isinstance(sensor, dg.SensorDefinition)
    }
    assert set(sensors) == {"new_commits", "failed_runs", "overdue_checks"}
    assert {sensor.default_status for sensor in sensors.values()} == {dg.DefaultSensorStatus.RUNNING}
