"""A fleet in Dagster: one report for all of its databases, a partition for each, and none left behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import dagster as dg
import pytest

from drift_pipeline.config import Database
from drift_pipeline.orchestration.fleets import sync_partitions
from tests.conftest import run_sql
from tests.notify.bot_api import BotApi
from tests.notify.conftest import telegram as telegram  # noqa: PLC0414 - a fixture
from tests.orchestration.project import AS_DECLARED, DRIFTED, SETTINGS, Project

PARTITIONS = "databases_of_tenants"
REPORT, DATABASE = dg.AssetKey(["tenants", "drift_report"]), dg.AssetKey(["tenants", "database"])

NewDatabase = Callable[..., Database]


def be_tenants(project: Project, *databases: Database, more: str = "") -> list[str]:
    """Let the environment `tenants` be these databases; returns their names."""
    names = [database.parameters["dbname"] for database in databases]
    listed = ", ".join(f'"{name}"' for name in [*names, *([more] if more else [])])
    project.write("drift.toml", f"{SETTINGS}\n[environments.tenants]\ndatabases = [{listed}]\n")
    project.connect("TENANTS", databases[0])
    return names


def materialized(instance: dg.DagsterInstance) -> dict[str, dict[str, object]]:
    """Partition -> metadata of its latest materialization."""
    found: dict[str, dict[str, object]] = {}
    records = instance.fetch_materializations(DATABASE, limit=100).records
    for record in reversed(records):
        event = record.asset_materialization
        assert event is not None
        found[event.partition or ""] = {name: value.value for name, value in event.metadata.items()}
    return found


def reported(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    """What the report on the fleet shows in the UI."""
    events = result.asset_materializations_for_node("tenants__drift_report")
    (own,) = [event for event in events if event.asset_key == REPORT]
    return {name: value.value for name, value in own.metadata.items()}


def test_a_fleet_has_its_report_and_its_databases_and_no_other_assets(
    project: Project, new_database: NewDatabase
) -> None:
    be_tenants(project, new_database(AS_DECLARED))
    defs = project.definitions
    graph = defs.resolve_asset_graph()

    tenants = {key for key in graph.get_all_asset_keys() if key.path[0] == "tenants"}
    assert tenants == {REPORT, DATABASE}
    partitions = graph.get(DATABASE).partitions_def
    assert isinstance(partitions, dg.DynamicPartitionsDefinition)
    assert partitions.name == PARTITIONS
    # a run of everything names no partition
    assert "tenants__database" not in {node.name for node in defs.resolve_job_def("drift_check").nodes}
    assert {node.name for node in defs.resolve_job_def("drift_check_tenants").nodes} == {
        "model_schema",
        "tenants__drift_report",
        "drift_trend",
    }
    (schedule,) = (each for each in defs.schedules or () if each.name == "daily_drift_check")
    assert isinstance(schedule, dg.ScheduleDefinition)
    with dg.DagsterInstance.ephemeral() as instance:
        tick = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=datetime(2026, 5, 1, 2, 0, tzinfo=UTC),
            repository_def=defs.get_repository_def(),
        )
        requests = {each.tags["drift/env"]: each for each in schedule.evaluate_tick(tick).run_requests or ()}
    assert REPORT in (requests["tenants"].asset_selection or ())
    assert DATABASE not in (requests["tenants"].asset_selection or ())


def test_one_run_tells_of_all_and_partitions_come_and_go_with_the_databases(
    project: Project, instance: dg.DagsterInstance, new_database: NewDatabase, telegram: BotApi
) -> None:
    project.variables.update(telegram.variables())
    first, second = new_database(AS_DECLARED), new_database(DRIFTED)
    one, two = be_tenants(project, first, second, more="was_dropped")

    result = project.execute(instance, "drift_check_tenants")

    assert result.success  # who could not be looked at is said, and fails no run
    shown = reported(result)
    assert shown["databases"] == 3
    assert shown["distinct_schemas"] == 2
    assert shown["comparisons"] == 2
    assert shown["databases_with_drift"] == 1
    assert shown["could_not_look"] == 1
    assert "was_dropped" in str(shown["not_looked_at"])
    assert "1 of 3 databases of tenants" in str(shown["verdict"])
    checks = {each.check_name: each.passed for each in result.get_asset_check_evaluations()}
    assert (checks["every_database_read"], checks["no_critical_drift"]) == (False, False)
    assert set(instance.get_dynamic_partitions(PARTITIONS)) == {one, two, "was_dropped"}
    told = materialized(instance)
    assert {name: shown["severity"] for name, shown in told.items()} == {one: "none", two: "critical"}
    alerts = [message["text"] for message in telegram.sent]
    assert [text for text in alerts if "1 database could not be looked at: was_dropped" in text] == alerts[-1:]
    assert "customers" in alerts[0]

    # nothing changed: nothing is told again. Then one goes, one comes, and one follows the models again.
    project.execute(instance, "drift_check_tenants")
    assert len(telegram.sent) == len(alerts)
    assert len(instance.fetch_materializations(DATABASE, limit=100).records) == 2
    third = new_database(AS_DECLARED)
    run_sql(second, "drop table customers, leftovers")
    run_sql(second, AS_DECLARED)
    (_, three) = be_tenants(project, second, third)
    project.execute(instance, "drift_check_tenants")
    assert set(instance.get_dynamic_partitions(PARTITIONS)) == {two, three}
    told = materialized(instance)
    assert told[two]["severity"] == "none"
    assert told[three]["severity"] == "none"


def test_one_database_is_looked_at_from_its_partition(
    project: Project, instance: dg.DagsterInstance, new_database: NewDatabase
) -> None:
    one, _two = be_tenants(project, new_database(DRIFTED), new_database(AS_DECLARED))
    project.save_variables()
    instance.add_dynamic_partitions(PARTITIONS, [one])

    defs = project.definitions
    job = defs.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=instance, asset_selection=[DATABASE], partition_key=one, raise_on_error=False
    )

    assert result.success
    shown = materialized(instance)[one]
    assert shown["critical"] == 2
    assert "vip_note" in str(shown["findings"])
    assert "leftovers" in str(shown["sql"])


def test_a_fleet_of_which_nothing_can_be_read_fails_with_the_reason_and_partitions_stay(
    project: Project, instance: dg.DagsterInstance, new_database: NewDatabase
) -> None:
    database = new_database(AS_DECLARED)
    be_tenants(project, database)
    project.execute(instance, "drift_check_tenants")
    before = instance.get_dynamic_partitions(PARTITIONS)
    project.variables["TENANTS_DB_PORT"] = "1"

    result = project.execute(instance, "drift_check_tenants")

    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "not even the one database of tenants could be looked at" in str(failure.event_specific_data)
    assert "hunter2" not in str(failure.event_specific_data)
    assert instance.get_dynamic_partitions(PARTITIONS) == before


@pytest.mark.parametrize("name", ["line\nbreak", "dots...dots", "\0"])
def test_a_name_that_dagster_takes_for_no_key_makes_no_partition(name: str) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert sync_partitions(instance, "some", [name, "plain"]) == {"plain"}
        assert sync_partitions(instance, "some", [name]) == frozenset()
        assert instance.get_dynamic_partitions("some") == []
