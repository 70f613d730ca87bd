"""The page about trouble, for whoever has the package and not the repository."""

from __future__ import annotations

import difflib
import re

from drift_pipeline.errors import ConfigError
from drift_pipeline.packaged import packaged


def entries() -> dict[str, str]:
    """Topic → its entry, as Markdown. Topics are what messages name: `connection-refused`."""
    found: dict[str, str] = {}
    for section in re.split(r"(?m)^(?=## )", packaged("troubleshooting.md"))[1:]:
        heading = section.partition("\n")[0].removeprefix("## ")
        found[re.sub(r"[^a-z0-9]+", "-", heading.strip().lower()).strip("-")] = section.strip() + "\n"
    return found


def explain(topic: str) -> str:
    """The entry of a topic, or of `docs/troubleshooting.md#topic`, as messages write it; else ConfigError."""
    found = entries()
    name = topic.rpartition("#")[2].strip("() ").lower()
    if name in found:
        return found[name]
    close = difflib.get_close_matches(name, found, n=1, cutoff=0.4)
    known = ", ".join(found)
    raise ConfigError(
        f"there is no entry {topic!r} on the page about trouble",
        hint=f"did you mean {close[0]}?" if close else f"there are {known}",
    )
