"""The HTML pages' templates: everything in them is escaped, and what cannot be seen is made visible by `visible`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from drift_pipeline.judge.words import visible

if TYPE_CHECKING:
    from jinja2 import Template


def page_template(name: str, **filters: Callable[..., object]) -> Template:
    """The template of this name in `templates/`. A value that the page asks for and nobody gave is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - 0.1 s that other outputs save

    environment = Environment(
        loader=PackageLoader("drift_pipeline.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(visible=visible, **filters)
    return environment.get_template(name)
