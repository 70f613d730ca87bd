"""What `drift diff` prints beside the SQL: the differences as JSON, and what of the plan is not proven."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from drift_pipeline.plan.statements import OnlinePlan, Plan, Proof
from drift_pipeline.report.online import plain_script

if TYPE_CHECKING:
    from drift_pipeline.comparison import Comparison
    from drift_pipeline.diff.differences import Difference
    from drift_pipeline.schema.facts import Fact, FactId


def to_json(comparison: Comparison) -> str:
    """The differences, in their order, as one JSON object. `before` is SOURCE, `after` is TARGET."""
    content = {
        "differences": [_difference(item) for item in comparison.differences],
        "proof": comparison.plan.proof.value,
        "open": list(comparison.plan.open),
    }
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)


def to_sql(comparison: Comparison) -> str:
    """All SQL of the plan, nothing commented out; where it was asked for, that of its steps for a database in use."""
    online = comparison.plan.online
    return plain_script(online) if online is not None else comparison.plan.sql


def unproven(plan: Plan | OnlinePlan) -> list[str]:
    """Lines for standard error about statements that were not proven on scratch."""
    if plan.proof is not Proof.UNPROVEN:
        return []
    return ["drift: this SQL is not proven to do everything; still different after it:", *(f"  {x}" for x in plan.open)]


def _difference(item: Difference) -> dict[str, Any]:
    return {
        "key": item.key,
        "change": item.change.value,
        "plane": item.plane,
        **_id(item.id),
        "before": _fact(item.before),
        "after": _fact(item.after),
        "attributes": {change.name: {"before": change.before, "after": change.after} for change in item.attributes},
        "contains": [_id(contained) for contained in item.contains],
        "hint": item.hint,
    }


def _id(fact_id: FactId) -> dict[str, Any]:
    return {"kind": fact_id.kind, "name": list(fact_id.name)}


def _fact(fact: Fact | None) -> dict[str, Any] | None:
    return None if fact is None else {**_id(fact.id), "attributes": fact.stated}
