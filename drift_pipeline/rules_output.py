"""The rules for `drift rules`: one line each, or JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from drift_pipeline.judge.rules.levels import Levels
from drift_pipeline.judge.rules.listing import listed_rules


def to_text(levels: Levels) -> str:
    """One line for each rule: id, level, the repair it is about, when it holds. grep finds whole rules."""
    lines = []
    for rule in listed_rules(levels):
        mark = " (set by the project)" if rule.set else " (fixed)" if rule.fixed else ""
        about = f"{rule.repair} [{rule.when}]" if rule.repair else rule.when
        lines.append(f"{rule.id:<5} {rule.sort:<8} {rule.level + mark:<16} {about}: {rule.reason}")
    return "\n".join(lines)


def to_json(levels: Levels) -> str:
    """The rules as a JSON list of objects."""
    return json.dumps([asdict(rule) for rule in listed_rules(levels)], indent=2, ensure_ascii=False)
