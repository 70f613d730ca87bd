"""The sentences about a fleet that every output shares."""

from __future__ import annotations

from collections.abc import Sequence

from drift_pipeline.fleet.result import FleetReport, FleetSchema, databases_text
from drift_pipeline.judge.findings import Impact
from drift_pipeline.judge.words import visible
from drift_pipeline.report.verdict import NOW, counts_text, differences

NAMED = 5
"""Databases of a schema that are named; the others are counted, and stand in the JSON."""


def fleet_verdict(fleet: FleetReport) -> str:
    """One line that says how the fleet stands, with those that nobody could look at."""
    name, total = visible(fleet.environment), databases_text(fleet.databases)
    unread = f" {databases_text(len(fleet.unread))} could not be looked at." if fleet.unread else ""
    if not fleet.drifted:
        looked = f"all {total}" if not fleet.unread and fleet.databases > 1 else f"{fleet.read:,} of {total}"
        return f"No drift in {name}: {looked} as the models have {'it' if fleet.read == 1 else 'them'}.{unread}"
    drifted = [schema for schema in fleet.schemas if schema.report.drift_detected]
    kinds = f"{len(drifted)} schema{'s' * (len(drifted) > 1)}"
    if fleet.impact in (Impact.BREAKS, Impact.EXPOSES):
        worst = sum(len(schema.databases) for schema in drifted if schema.report.impact is fleet.impact)
        beside = f" Drift in {fleet.drifted:,} ({kinds})."
        return f"{NOW[fleet.impact]} in {worst:,} of {total} of {name}.{beside}{unread}"
    now = f"{NOW[fleet.impact]}." if fleet.impact in NOW else "Nothing breaks now."
    level = fleet.severity.value.capitalize()
    return f"{level} drift in {fleet.drifted:,} of {total} of {name} ({kinds}). {now}{unread}"


def found_text(schema: FleetSchema) -> str:
    """What is wrong with one schema, in a few words: `3 differences (1 critical, 2 minor)`."""
    count = len(schema.report.counting)
    faults = " (models not wholly built)" if schema.report.model_faults else ""
    return f"{differences(count)} ({counts_text(schema.report.counts)}){faults}" if count else f"no drift{faults}"


def impact_text(schema: FleetSchema) -> str:
    """`breaks`, or `–` where nothing happens now."""
    return "–" if schema.report.impact is Impact.NONE else schema.report.impact.value


def names_text(names: Sequence[str], limit: int = NAMED) -> str:
    """The first names, and how many more."""
    more = f" and {len(names) - limit:,} more" if len(names) > limit else ""
    return ", ".join(map(visible, names[:limit])) + more
