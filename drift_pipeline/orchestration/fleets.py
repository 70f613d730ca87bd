"""A fleet in Dagster: one report on all of its databases, and a partition for each of them.

A run for each database would take a thousand times the start of a process. So one run reads all of them, judges each
schema once, and notes beside each database what became of it; one database alone can be looked at from its partition.

No `from __future__ import annotations` here: Dagster looks at the annotations of the functions themselves.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

import drift_pipeline
from drift_pipeline.config import Settings
from drift_pipeline.fleet.check import check_fleet, look_at_member
from drift_pipeline.fleet.kept import FLEET, fleet_files, keep_fleet
from drift_pipeline.fleet.output import summary_table, unread_table
from drift_pipeline.fleet.result import FleetReport, FleetSchema, databases_text
from drift_pipeline.fleet.words import fleet_verdict, names_text
from drift_pipeline.notify.alerts import Failure
from drift_pipeline.notify.deliver import tell_failure
from drift_pipeline.orchestration import checks, metadata
from drift_pipeline.orchestration.alerts import alert, channels_of, failure_hook, log_deliveries, run_link
from drift_pipeline.orchestration.assets import (
    ENVIRONMENT_TAG,
    MODEL_SCHEMA,
    READ_RETRIES,
    REPORT_TYPE,
    SEVERITY_TAG,
    settings_of_run,
    tag_run,
    version_of,
)
from drift_pipeline.orchestration.failures import could_not_look
from drift_pipeline.orchestration.names import pool_of, tag_value
from drift_pipeline.orchestration.resources import DriftResource
from drift_pipeline.orchestration.traits import PLAIN, Traits
from drift_pipeline.report.verdict import verdict

DATABASE = "database"
"""Last part of the key of the partitioned asset."""

EVERY_DATABASE_READ = "every_database_read"

_NO_KEY = re.compile(r"[\x00\x07-\x0d]|\.\.\.")
"""What Dagster does not take in the key of a partition. A database of such a name stands in the report alone."""


def partitions_of(identifier: str) -> dg.DynamicPartitionsDefinition:
    """The databases of a fleet; each check adds those that came and removes those that went."""
    return dg.DynamicPartitionsDefinition(name=f"databases_of_{identifier}")


def database_key(identifier: str) -> dg.AssetKey:
    """The asset whose partitions are the databases of a fleet."""
    return dg.AssetKey([identifier, DATABASE])


def fleet_assets(environment: str, identifier: str, traits: Traits = PLAIN) -> list[dg.AssetsDefinition]:
    """The report on the whole fleet, and the databases as partitions, under its name as key prefix and group."""
    return [_report(environment, identifier, traits), _database(environment, identifier, traits)]


def _report(environment: str, identifier: str, traits: Traits) -> dg.AssetsDefinition:
    key = dg.AssetKey([identifier, "drift_report"])

    @dg.asset(
        key=key,
        deps=[MODEL_SCHEMA],
        group_name=identifier,
        owners=traits.owners,
        pool=pool_of(identifier),
        kinds={"postgres", "report"},
        tags={ENVIRONMENT_TAG: tag_value(environment)},
        code_version=drift_pipeline.__version__,
        hooks={failure_hook(identifier, environment)},
        check_specs=[
            *checks.check_specs(key),
            dg.AssetCheckSpec(
                EVERY_DATABASE_READ, asset=key, description="Every database of the fleet could be looked at."
            ),
        ],
        freshness_policy=traits.freshness,
        metadata=traits.code,
        dagster_type=REPORT_TYPE,
        description=f"How the databases of {environment} stand: each is read, and databases with the same schema are "
        "judged once. `fleet-report.json` and `drift-summary.md` in the artifact store.",
    )
    def drift_report(context: dg.AssetExecutionContext, drift: DriftResource) -> dg.MaterializeResult:  # type: ignore[type-arg]  # with a parameter, Dagster expects one output alone
        run_id = context.run.run_id
        with could_not_look(environment), settings_of_run(context, drift) as settings:
            store = drift.store(settings)
            before = _Before.of(store.latest(environment, FLEET))
            fleet = check_fleet(environment, settings=settings)
            kept = keep_fleet(store, fleet, run_id, allow_destructive=settings.allow_destructive)
            told = alert(context.log, settings, store, kept, run_id)
            if told is not kept:
                # with what became of the alert, the report was written again as that of one database
                store.write(environment, run_id, fleet_files(fleet, allow_destructive=settings.allow_destructive))
            _tell_of_unread(context, settings, fleet, before)
        _note_databases(context, identifier, fleet, before.known)
        context.log.info("%s", fleet_verdict(fleet))
        tag_run(context, told.report)
        shown = {**metadata.of_report(told.report, kept.movement, kept.locations, traits.website), **of_fleet(fleet)}
        return dg.MaterializeResult(
            value=told.report,
            metadata=shown,
            data_version=version_of(*(f"{schema.fingerprint}:{len(schema.databases)}" for schema in fleet.schemas)),
            tags={SEVERITY_TAG: fleet.severity.value},
            check_results=[*checks.evaluate(key, told.report), _read_check(key, fleet)],
        )

    return drift_report


def _database(environment: str, identifier: str, traits: Traits) -> dg.AssetsDefinition:
    @dg.asset(
        key=database_key(identifier),
        deps=[MODEL_SCHEMA],
        partitions_def=partitions_of(identifier),
        group_name=identifier,
        owners=traits.owners,
        pool=pool_of(identifier),
        kinds={"postgres"},
        tags={ENVIRONMENT_TAG: tag_value(environment)},
        code_version=drift_pipeline.__version__,
        retry_policy=READ_RETRIES,
        hooks={failure_hook(identifier, environment)},
        description=f"Each database of {environment}, as the last check that found it changed left it. Materialize a "
        "partition to look at this one database now.",
    )
    def database(context: dg.AssetExecutionContext, drift: DriftResource) -> dg.MaterializeResult[None]:
        name = context.partition_key
        with could_not_look(f"{environment}/{name}"), settings_of_run(context, drift) as settings:
            report = look_at_member(settings, environment, name)
        return dg.MaterializeResult(
            metadata={
                "verdict": dg.MetadataValue.text(verdict(report)),
                "findings": metadata.findings_table(report.findings, report.context.checked_at),
                "sql": metadata.code_block(report.plan.sql, "sql"),
                **{level: dg.MetadataValue.int(count) for level, count in report.counts.items()},
            },
            data_version=version_of(report.context.live_fingerprint, report.severity.value),
            tags={SEVERITY_TAG: report.severity.value},
        )

    return database


def of_fleet(fleet: FleetReport) -> dict[str, dg.MetadataValue]:
    """What the UI shows of a fleet: numbers to plot, the schemas, and the databases that nobody could look at."""
    shown: dict[str, dg.MetadataValue] = {
        "verdict": dg.MetadataValue.md(f"{fleet.severity.emoji} {fleet_verdict(fleet)}"),
        "schemas": dg.MetadataValue.md(summary_table(fleet)),
        "databases": dg.MetadataValue.int(fleet.databases),
        "distinct_schemas": dg.MetadataValue.int(len(fleet.schemas)),
        "comparisons": dg.MetadataValue.int(fleet.comparisons),
        "databases_with_drift": dg.MetadataValue.int(fleet.drifted),
        "could_not_look": dg.MetadataValue.int(len(fleet.unread)),
        **{f"databases_{level}": dg.MetadataValue.int(count) for level, count in fleet.counts.items()},
        "seconds": dg.MetadataValue.float(round(fleet.seconds, 3)),
    }
    if fleet.unread:
        shown["not_looked_at"] = dg.MetadataValue.md(unread_table(fleet))
    return shown


def _read_check(key: dg.AssetKey, fleet: FleetReport) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=EVERY_DATABASE_READ,
        passed=not fleet.unread,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "offenders": dg.MetadataValue.int(len(fleet.unread)),
            **({"which": dg.MetadataValue.md(unread_table(fleet))} if fleet.unread else {}),
        },
    )


@dataclass(frozen=True)
class _Before:
    """What the check before found. `known`: database -> fingerprint and severity. `unread`: who could not be read."""

    known: Mapping[str, str] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()

    @classmethod
    def of(cls, text: str | None) -> "_Before":
        """From fleet-report.json; empty where that is missing or cannot be read."""
        try:
            data = json.loads(text or "{}")
            known = {
                str(name): f"{schema['fingerprint']} {schema['report']['summary']['severity']}"
                for schema in data.get("schemas", [])
                for name in schema["databases"]
            }
            return cls(known, frozenset(str(each["database"]) for each in data.get("could_not_look", [])))
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()


def _tell_of_unread(context: dg.AssetExecutionContext, settings: Settings, fleet: FleetReport, before: _Before) -> None:
    """Alerts of databases that could be looked at in the check before, and no longer can. No run fails for it."""
    fresh = [each for each in fleet.unread if each.database not in before.unread]
    if not fresh:
        return
    names = names_text([each.database for each in fresh])
    what = f"{databases_text(len(fresh))} could not be looked at: {names}. {fresh[0].database}: {fresh[0].problem}"
    failure = Failure(fleet.environment, "drift_report", what, fresh[0].hint)
    deliveries = tell_failure(failure, channels_of(settings, fleet.environment), link=run_link(context.run.run_id))
    log_deliveries(context.log, deliveries)


def _note_databases(
    context: dg.AssetExecutionContext, identifier: str, fleet: FleetReport, before: Mapping[str, str]
) -> None:
    """Partitions as the databases are now, and an event for each that is new or is no longer what it was.

    An event for every database in every check would fill the event log with what nobody reads: 365,000 a year.
    """
    names = [*fleet.by_database, *(each.database for each in fleet.unread)]
    came = sync_partitions(context.instance, partitions_of(identifier).name or "", names)
    for name, schema in fleet.by_database.items():
        known = f"{schema.fingerprint} {schema.report.severity.value}"
        if _NO_KEY.search(name) is None and (name in came or before.get(name) != known):
            context.log_event(_event(identifier, name, schema))


def _event(identifier: str, name: str, schema: FleetSchema) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        asset_key=database_key(identifier),
        partition=name,
        description=f"Schema {schema.short}, as in {databases_text(len(schema.databases))} of the fleet.",
        metadata={
            "schema": dg.MetadataValue.text(schema.fingerprint),
            "severity": dg.MetadataValue.text(schema.report.severity.value),
            "impact": dg.MetadataValue.text(schema.report.impact.value),
            **{level: dg.MetadataValue.int(count) for level, count in schema.report.counts.items()},
        },
        tags={SEVERITY_TAG: schema.report.severity.value},
    )


def sync_partitions(instance: dg.DagsterInstance, partitions: str, names: Sequence[str]) -> frozenset[str]:
    """Adds and removes partitions until they are these databases; returns those that came."""
    wanted = {name for name in names if _NO_KEY.search(name) is None}
    there = set(instance.get_dynamic_partitions(partitions))
    came = frozenset(wanted - there)
    if came:
        instance.add_dynamic_partitions(partitions, sorted(came))
    for gone in sorted(there - wanted):
        instance.delete_dynamic_partition(partitions, gone)
    return came
