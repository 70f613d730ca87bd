"""Plans that were proven already. The same pair of schemas is not planned twice."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from drift_pipeline.diff.differences import SchemaDiff
from drift_pipeline.plan.statements import Alternative, Cost, OnlinePlan, Plan, Proof, Statement, Step, TableLock
from drift_pipeline.schema.facts import Schema

RULES_VERSION = 5
"""Raise it with every change that lets the same pair of schemas have another plan."""


class Memory:
    """Proven plans in a folder, one file each. Losing it costs time and nothing else, so no fault of it is an error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @staticmethod
    def key(source: Schema, target: Schema, diff: SchemaDiff, engines: Sequence[str], scratch_version: int) -> str:
        """What a plan depends on: both schemas, what is compared, the rules, the engines and the server."""
        parts = [
            RULES_VERSION,
            target.fingerprint,
            _beside(source, target),
            sorted(diff.planes),
            sorted(difference.key for difference in diff.differences),
            list(engines),
            scratch_version,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]

    def recall(self, key: str) -> Plan | None:
        """The plan that was proven for this key, or None."""
        try:
            return _plan_from(json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def keep(self, key: str, plan: Plan) -> None:
        """Remembers a proven plan; others are worth another try."""
        if plan.proof is not Proof.PROVEN:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(asdict(plan), file, sort_keys=True)
            Path(name).replace(self._folder / f"{key}.json")
        except OSError:
            return


def _beside(source: Schema, target: Schema) -> list[Any]:
    """What the source states otherwise than the target, and what it lacks: with the target, that is all of it."""
    other = target.facts
    unlike = sorted(
        key
        for key, fact in source.facts.items()
        if (twin := other.get(key)) is not fact and (twin is None or twin.stated != fact.stated)
    )
    return [
        [[*key, source.facts[key].stated] for key in unlike],
        sorted(list(key) for key in other.keys() - source.facts.keys()),
    ]


def _plan_from(data: dict[str, Any]) -> Plan:
    return Plan(
        statements=tuple(_statement_from(each) for each in data["statements"]),
        proof=Proof(data["proof"]),
        open=tuple(data["open"]),
        refused=tuple(_statement_from(each) for each in data["refused"]),
        engine=data["engine"],
        notes=tuple(data["notes"]),
        cost=Cost(**data["cost"]),
        alternatives=tuple(
            Alternative(
                each["engine"],
                Proof(each["proof"]),
                Cost(**each["cost"]),
                each["note"],
                tuple(each["rewrites"]),
                tuple(each["reads"]),
            )
            for each in data["alternatives"]
        ),
        online=None if data["online"] is None else _online_from(data["online"]),
    )


def _online_from(data: dict[str, Any]) -> OnlinePlan:
    return OnlinePlan(
        steps=tuple(
            Step(**{**each, "statements": tuple(_statement_from(item) for item in each["statements"])})
            for each in data["steps"]
        ),
        proof=Proof(data["proof"]),
        open=tuple(data["open"]),
        notes=tuple(data["notes"]),
        cost=Cost(**data["cost"]),
    )


def _statement_from(data: dict[str, Any]) -> Statement:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return Statement(**{**fields, "holds": tuple(TableLock(**each) for each in data["holds"])})
