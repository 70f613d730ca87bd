"""The table of rules: how facts of each kind are created, altered, dropped. A new kind is a new row."""

from __future__ import annotations

from collections.abc import Mapping

from drift_pipeline.plan.native.rules import (
    catalog,
    columns,
    constraints,
    outside,
    privileges,
    programs,
    remarks,
    sequences,
    tables,
    types,
)
from drift_pipeline.plan.native.steps import Rule

RULES: Mapping[str, Rule] = {
    **remarks.RULES,
    **types.RULES,
    **sequences.RULES,
    **tables.RULES,
    **columns.RULES,
    **constraints.RULES,
    **programs.RULES,
    **catalog.RULES,
    **outside.RULES,
    **privileges.RULES,
}
