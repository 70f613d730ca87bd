"""What other tools show about a rule: the text of its page, and the page's address where the documentation has one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata

from drift_pipeline.judge.rules.listing import listed_rules
from drift_pipeline.judge.rules.pages import file_name, pages
from drift_pipeline.judge.rules.rule import ListedRule

PACKAGE = "drift-pipeline"
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?://)([^)\s]+)\)")


@cache
def rules() -> Mapping[str, ListedRule]:
    """Every rule by its id, with the level of the tables."""
    return {rule.id: rule for rule in listed_rules()}


@cache
def documentation() -> str:
    """Address of the documentation, as the installed package's metadata name it; empty without one."""
    try:
        named = metadata(PACKAGE).get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    addresses = dict(entry.split(", ", 1) for entry in named if ", " in entry)
    return str(addresses.get("Documentation", "")).rstrip("/")


def address(rule: str) -> str:
    """Where the rule's page is on the web; empty where the documentation has no address."""
    base = documentation()
    return f"{base}/rules/{file_name(rule).removesuffix('.md')}.html" if base and rule in rules() else ""


@cache
def page(rule: str) -> str:
    """The rule's page as Markdown; links within the documentation are words, since they lead nowhere from elsewhere."""
    known = rules().get(rule)
    return _LINK.sub(r"\1", pages([known])[file_name(rule)]) if known else ""
