"""The asset of the trend: the history of all environments as pictures, numbers and one page.

No `from __future__ import annotations` here: Dagster looks at the annotations of the functions themselves.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import dagster as dg

import drift_pipeline
from drift_pipeline.history.trend_page import PAGE, EnvironmentTrend, to_page, trends_of
from drift_pipeline.orchestration import metadata
from drift_pipeline.orchestration.alerts import failure_hook
from drift_pipeline.orchestration.failures import could_not_look
from drift_pipeline.orchestration.names import TREND_GROUP
from drift_pipeline.orchestration.resources import DriftResource
from drift_pipeline.orchestration.traits import Traits

DRIFT_TREND = dg.AssetKey("drift_trend")


def drift_trend_asset(names: Mapping[str, str], traits: Traits) -> dg.AssetsDefinition:
    """The trend of these environments (environment -> identifier), made anew after each report."""

    @dg.asset(
        key=DRIFT_TREND,
        deps=[dg.AssetKey([identifier, "drift_report"]) for identifier in names.values()],
        group_name=TREND_GROUP,
        kinds={"report"},
        owners=traits.owners,
        code_version=drift_pipeline.__version__,
        hooks={failure_hook(TREND_GROUP)},
        freshness_policy=traits.freshness,
        description="The drift of all environments over time: findings by severity, the age of the oldest one, and the "
        f"time that repairs took. `{PAGE}` in the artifact store shows each environment.",
    )
    def drift_trend(drift: DriftResource) -> dg.MaterializeResult[None]:
        now = datetime.now(UTC)
        with could_not_look("the trend"):
            store = drift.store(drift.settings())
            trends = trends_of(store, names)
            place = store.write_page(PAGE, to_page(trends, now))
        return dg.MaterializeResult(
            metadata=metadata.of_trends(trends, names, now, {PAGE: place}),
            data_version=_version(trends),
        )

    return drift_trend


def _version(trends: tuple[EnvironmentTrend, ...]) -> dg.DataVersion:
    said = repr([(each.environment, each.checks, each.points) for each in trends])
    return dg.DataVersion(hashlib.sha256(said.encode()).hexdigest()[:32])
