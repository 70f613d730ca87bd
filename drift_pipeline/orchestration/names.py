"""Names of environments as Dagster takes them: asset keys, groups and jobs know letters, digits and `_` alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

MODELS_GROUP = "models"
TREND_GROUP = "trend"
"""Groups that are no environment's."""


def identifiers(environments: Iterable[str]) -> dict[str, str]:
    """Environment -> identifier. Names that fall together (`eu-1`, `eu_1`) are numbered in their order."""
    taken = {MODELS_GROUP, TREND_GROUP}
    result = {}
    for environment in environments:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", environment)[:80] or "_"
        candidate, number = plain, 1
        while candidate in taken:
            number += 1
            candidate = f"{plain}_{number}"
        taken.add(candidate)
        result[environment] = candidate
    return result


def pool_of(identifier: str) -> str:
    """The pool of an environment's stages, in which dagster.yaml lets one run be at a time."""
    return f"drift_{identifier}"


def tag_value(text: str) -> str:
    """Text as the value of a tag: what it cannot hold becomes `_`."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)[:63]
